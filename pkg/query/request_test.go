package query

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func options() Options {
	return Options{
		From: noon.Add(-time.Hour), To: noon,
		Interval: time.Minute,
		MaxLimit: 100_000,
		Now:      noon,
	}
}

func TestParseRefusesWithWhatIsAllowed(t *testing.T) {
	tests := []struct {
		name, json string
		change     func(*Options)
		want       []string
	}{
		{name: "no JSON", json: `{`, want: []string{"invalid structure"}},
		{name: "query type missing", json: `{}`, want: []string{"unknown query type", "access_requests, failed_logins, scim_updates, login_groups"}},
		{name: "query type unknown", json: `{"queryType":"audit"}`, want: []string{`"audit"`, "login_groups"}},
		{name: "format unknown", json: `{"queryType":"access_requests","format":"heatmap"}`, want: []string{`"heatmap"`, "table, time_series, logs"}},
		{name: "field unknown", json: ar(`"filters":[{"field":"nope","operator":"=","values":["x"]}]`), want: []string{`"nope"`, "user_email"}},
		{name: "operator unknown", json: ar(`"filters":[{"field":"country","operator":"like","values":["x"]}]`), want: []string{`"like"`, "= != contains"}},
		{name: "operator not for the kind", json: ar(`"filters":[{"field":"country","operator":"<","values":["GB"]}]`), want: []string{`"<"`, "allowed are"}},
		{name: "no values", json: ar(`"filters":[{"field":"country","operator":"=","values":[]}]`), want: []string{"no value"}},
		{name: "object as value", json: ar(`"filters":[{"field":"country","operator":"=","values":[{}]}]`), want: []string{"not a string, a number, or a boolean"}},
		{name: "values not a list", json: ar(`"filters":[{"field":"country","operator":"=","values":"GB"}]`), want: []string{"filters.values", "string"}},
		{name: "boolean", json: ar(`"filters":[{"field":"allowed","operator":"=","values":["maybe"]}]`), want: []string{"true or false"}},
		{name: "time", json: ar(`"filters":[{"field":"created_at","operator":">","values":["yesterday"]}]`), want: []string{"RFC 3339"}},
		{name: "which of several", json: ar(`"filters":[{"field":"country","operator":"=","values":["GB","Britain"]}]`), want: []string{"two-letter", "value 2 of 2"}},
		{name: "country", json: ar(`"filters":[{"field":"country","operator":"=","values":["Britain"]}]`), want: []string{"two-letter"}},
		{name: "personal value", json: ar(`"filters":[{"field":"ip_address","operator":"=","values":["secret@example.com"]}]`), want: []string{"IP addresses"}},
		{name: "personal pattern", json: ar(`"filters":[{"field":"user_email","operator":"=~","values":["(secret@example.com"]}]`), want: []string{"missing closing )"}},
		{name: "ip", json: ar(`"filters":[{"field":"ip_address","operator":"=","values":["300.1.1.1"]}]`), want: []string{"IP addresses"}},
		{name: "ray id", json: ar(`"filters":[{"field":"ray_id","operator":"=","values":["not a ray"]}]`), want: []string{"hexadecimal"}},
		{name: "outcome", json: ar(`"filters":[{"field":"outcome","operator":"=","values":["denied"]}]`), want: []string{"allowed or blocked"}},
		{name: "number", json: `{"queryType":"failed_logins","filters":[{"field":"user_id","operator":"=","values":["x"]},{"field":"expiration","operator":">","values":["soon"]}]}`, want: []string{"takes a number"}},
		{name: "regular expression", json: ar(`"filters":[{"field":"user_email","operator":"=~","values":["a(b"]}]`), want: []string{"broken regular expression: missing closing )", "RE2"}},
		{name: "long regular expression", json: ar(`"filters":[{"field":"user_email","operator":"=~","values":["` + strings.Repeat("a", 1001) + `"]}]`), want: []string{"1001 characters", "1000"}},
		{name: "long value", json: ar(`"filters":[{"field":"user_email","operator":"=","values":["` + strings.Repeat("a", 2049) + `"]}]`), want: []string{"2049 bytes"}},
		{name: "10,000 values", json: ar(`"filters":[{"field":"user_email","operator":"=","values":[` + strings.Repeat(`"a",`, 9999) + `"a"]}]`), want: []string{"10000 values", "1000"}},
		{name: "too many filters", json: ar(`"filters":[` + strings.Repeat(`{"field":"country","operator":"=","values":["GB"]},`, 50) + `{"field":"country","operator":"=","values":["GB"]}]`), want: []string{"51 filters", "50"}},
		{name: "user missing", json: `{"queryType":"failed_logins"}`, want: []string{"user_id", "UUID or an email address"}},
		{name: "group by unknown", json: ar(`"groupBy":["nope"]`), want: []string{"cannot be grouped", "outcome"}},
		{name: "group by time", json: ar(`"groupBy":["created_at"]`), want: []string{"cannot be grouped"}},
		{name: "group logs", json: ar(`"format":"logs","groupBy":["country"]`), want: []string{"logs cannot be grouped"}},
		{name: "column unknown", json: ar(`"fields":["nope"]`), want: []string{`"nope"`, "created_at"}},
		{name: "column filter only", json: ar(`"fields":["idp"]`), want: []string{`"idp"`}},
		{name: "direction", json: ar(`"direction":"up"`), want: []string{"desc (newest first) and asc"}},
		{name: "limit 0", json: ar(`"limit":0`), want: []string{"limit 0", "1 to 100000"}},
		{name: "limit -1", json: ar(`"limit":-1`), want: []string{"limit -1"}},
		{name: "limit 10^9", json: ar(`"limit":1000000000`), want: []string{"1 to 100000"}},
		{name: "limit 1.5", json: ar(`"limit":1.5`), want: []string{"whole number"}},
		{name: "limit text", json: ar(`"limit":"many"`), want: []string{"whole number"}},
		{name: "reversed window", json: ar(``), change: func(o *Options) { o.From, o.To = o.To, o.From }, want: []string{"before it starts"}},
		{name: "no window", json: ar(``), change: func(o *Options) { o.From, o.To = time.Time{}, time.Time{} }, want: []string{"choose a time range"}},
		{name: "before retention", json: ar(``), change: func(o *Options) {
			o.From, o.To = noon.AddDate(-1, 0, 0), noon.AddDate(0, 0, -181)
		}, want: []string{"at most 180 days"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := options()
			if test.change != nil {
				test.change(&o)
			}
			_, err := Parse([]byte(test.json), o)
			var wrong *InvalidError
			require.ErrorAs(t, err, &wrong)
			for _, want := range test.want {
				require.Contains(t, err.Error(), want)
			}
			require.NotContains(t, err.Error(), "secret@example.com", "errors are logged")
			require.Less(t, len(err.Error()), 1000, "a message is read by a person")
		})
	}
}

// ar is an access_requests query with more keys.
func ar(more string) string {
	if more != "" {
		more = "," + more
	}
	return `{"queryType":"access_requests"` + more + `}`
}

func TestParseDefaults(t *testing.T) {
	r, err := Parse([]byte(ar("")), options())
	require.NoError(t, err)
	require.Equal(t, FormatTable, r.Format)
	require.Equal(t, DefaultLimit, r.Limit)
	require.False(t, r.Ascending)
	require.False(t, r.Grouped())

	r, err = Parse([]byte(ar(`"format":"time_series"`)), options())
	require.NoError(t, err)
	require.Equal(t, "outcome", r.GroupBy[0].Name)
	require.Zero(t, r.Limit, "a time series is never cut")

	r, err = Parse([]byte(ar(`"format":"time_series","groupBy":[]`)), options())
	require.NoError(t, err)
	require.Empty(t, r.GroupBy, "an empty list asks for one series")

	r, err = Parse([]byte(ar(`"format":"logs","fields":["country","other"]`)), options())
	require.NoError(t, err)
	require.Empty(t, r.Fields, "a line is made of all fields")
	require.Equal(t, "country", r.Labels[0].Name)
	require.True(t, r.LabelOther && !r.Other)

	o := options()
	o.QueryType = "access_requests"
	_, err = Parse([]byte(`{"limit":null,"filters":null,"fields":null}`), o)
	require.NoError(t, err)
}

func TestIntervalIsThePanelsUnlessItCannotBe(t *testing.T) {
	tests := []struct {
		name     string
		kind     string
		length   time.Duration
		interval time.Duration
		want     time.Duration
	}{
		{"exactly the panel's", "access_requests", time.Hour, 17 * time.Second, 17 * time.Second},
		{"at least a minute for GraphQL", "login_groups", time.Hour, 17 * time.Second, time.Minute},
		{"odd minutes stay odd", "login_groups", time.Hour, 90 * time.Second, 90 * time.Second},
		{"raised for too many buckets", "access_requests", 11 * time.Hour, time.Second, 3601 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := options()
			o.From, o.Interval = noon.Add(-test.length), test.interval
			r, err := Parse(fmt.Appendf(nil, `{"queryType":%q,"format":"time_series"}`, test.kind), o)
			require.NoError(t, err)
			require.Equal(t, test.want, r.Interval)
			require.LessOrEqual(t, r.Buckets(), MaxBuckets)
		})
	}
}

func TestBucketEdgesStayPutAndCoverTheRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(0, noon.UnixMilli()).Draw(t, "from")
		length := rapid.Int64Range(0, 40*24*3600*1000).Draw(t, "length")
		o := options()
		o.From, o.To = time.UnixMilli(from), time.UnixMilli(from+length)
		o.Now = o.To
		o.Interval = time.Duration(rapid.Int64Range(0, 48*3600*1000).Draw(t, "interval")) * time.Millisecond
		r, err := Parse([]byte(ar(`"format":"time_series"`)), o)
		if err != nil {
			t.Fatal(err)
		}
		needed, bucket := r.Needed(), int64(r.Interval)
		if needed.From%bucket != 0 || needed.To%bucket != 0 {
			t.Fatalf("edges are not multiples of %s", r.Interval)
		}
		if needed.From > o.From.UnixNano() || needed.To <= o.To.UnixNano() {
			t.Fatal("the range is not covered")
		}
		if o.From.UnixNano()-needed.From >= bucket || needed.To-o.To.UnixNano() > bucket {
			t.Fatal("there is a bucket that the range does not touch")
		}
		if n := r.Buckets(); n < 1 || n > MaxBuckets {
			t.Fatalf("%d buckets", n)
		}
	})
}

func TestATableNeedsBothEndsOfItsRange(t *testing.T) {
	r, err := Parse([]byte(ar("")), options())
	require.NoError(t, err)
	require.Equal(t, interval.Inclusive(noon.Add(-time.Hour), noon), r.Range)
	require.Equal(t, r.Range, r.Needed())
}

func FuzzParse(f *testing.F) {
	for _, q := range catalogue.All() {
		f.Add(fmt.Sprintf(`{"queryType":%q,"format":"time_series","groupBy":["outcome"],"filters":[{"field":"user_id","operator":"=","values":["a@example.com"]}],"limit":10}`, q.Name))
	}
	f.Add(ar(`"filters":[{"field":"ray_id","operator":"=~","values":["^8d(3f|40)"]},{"field":"created_at","operator":">=","values":[1]}]`))
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse([]byte(text), options())
		if err != nil {
			var wrong *InvalidError
			require.ErrorAs(t, err, &wrong)
			return
		}
		require.True(t, json.Valid([]byte(text)))
		for _, filter := range r.Filters {
			filter.Match("x", true)
			filter.Match("", false)
		}
	})
}
