package plugin

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// measured is an account of five days, and a data source at its end.
func measured(t *testing.T, more string) (*account.Account, *Datasource, time.Time) {
	t.Helper()
	end := trioTime()
	a := account.New(account.Config{Token: testToken, Now: trioTime, Events: account.NewEvents(6000, end.Add(-5*24*time.Hour), end, 11)})
	return a, instance(t, a, more), end
}

// over is a query about a time range.
func over(model string, from, to time.Time, every time.Duration) backend.DataQuery {
	q := dataQuery("A", model)
	q.TimeRange, q.Interval = backend.TimeRange{From: from, To: to}, every
	return q
}

// rowsOf are the rows of a frame as texts, its numbers last.
func rowsOf(f *data.Frame) map[string]float64 {
	rows := map[string]float64{}
	for i := range f.Rows() {
		var key []string
		for _, field := range f.Fields[:len(f.Fields)-1] {
			v, _ := field.ConcreteAt(i)
			key = append(key, fmt.Sprint(v))
		}
		n, _ := f.Fields[len(f.Fields)-1].FloatAt(i)
		rows[strings.Join(key, "|")] = n
	}
	return rows
}

func TestDifferentValuesAreCounted(t *testing.T) {
	a, d, end := measured(t, "")
	from := end.Add(-24 * time.Hour)
	users := map[string]map[string]bool{}
	all := map[string]bool{}
	for _, e := range a.Truth(from, end, func(e account.Event) bool { return !e.Allowed }) {
		country := strings.ToUpper(e.Country)
		if users[country] == nil {
			users[country] = map[string]bool{}
		}
		users[country][e.Email], all[e.Email] = true, true
	}
	const blocked = `"filters":[{"field":"outcome","operator":"=","values":["blocked"]}],"measure":{"type":"distinct","field":"user_email"}`
	most := 0
	for _, of := range users {
		most = max(most, len(of))
	}
	want := map[string]float64{}
	for country, of := range users {
		if len(of) >= most-3 {
			want[country] = float64(len(of))
		}
	}
	require.Less(t, len(want), len(users), "having has something to leave out")
	grouped := ask(t, d, nil, over(ar(blocked+`,"groupBy":["country"],"having":{"operator":">=","value":`+fmt.Sprint(most-3)+`}`), from, end, 0))["A"]
	require.NoError(t, grouped.Error)
	require.Equal(t, want, rowsOf(grouped.Frames[0]))
	require.Equal(t, "distinct_user_email", grouped.Frames[0].Fields[1].Name)
	require.Equal(t, data.FrameTypeNumericLong, grouped.Frames[0].Meta.Type)

	number := ask(t, d, nil, over(ar(blocked), from, end, 0))["A"]
	require.Equal(t, map[string]float64{"": float64(len(all))}, rowsOf(number.Frames[0]))
	none := ask(t, d, nil, over(ar(blocked), from, from, 0))["A"]
	require.Equal(t, map[string]float64{"": 0}, rowsOf(none.Frames[0]))
}

func TestDifferentValuesOfEachBucket(t *testing.T) {
	a, d, end := measured(t, "")
	from, bucket := end.Add(-24*time.Hour), time.Hour
	want := map[string]map[int64]map[string]bool{}
	for _, e := range a.Truth(from.Truncate(bucket), end, nil) {
		country := strings.ToUpper(e.Country)
		at := e.At.Truncate(bucket).UnixMilli()
		if want[country] == nil {
			want[country] = map[int64]map[string]bool{}
		}
		if want[country][at] == nil {
			want[country][at] = map[string]bool{}
		}
		want[country][at][e.Email] = true
	}
	answer := ask(t, d, nil, over(ar(`"format":"time_series","groupBy":["country"],"measure":{"type":"distinct","field":"user_email"}`), from, end, bucket))["A"]
	require.NoError(t, answer.Error)
	frame := answer.Frames[0]
	require.Len(t, frame.Fields, len(want)+1)
	for _, f := range frame.Fields[1:] {
		require.Equal(t, "distinct_user_email", f.Name)
		for i := range frame.Rows() {
			at := frame.Fields[0].At(i).(time.Time).UnixMilli()
			require.InDelta(t, len(want[f.Labels["country"]][at]), f.At(i), 0, "%s at %d", f.Labels["country"], at)
		}
	}
}

// Under a mask the number of different people is that of their pseudonyms, so redacted
// people are one.
func TestMaskedPeopleAreCountedAsTheyAreShown(t *testing.T) {
	for mask, want := range map[string]func(n int) float64{"pseudonym": func(n int) float64 { return float64(n) }, "redact": func(int) float64 { return 1 }} {
		a, d, end := measured(t, `,"maskIdentities":"`+mask+`"`)
		people := map[string]bool{}
		for _, e := range a.Truth(end.Add(-time.Hour), end, nil) {
			people[e.Email] = true
		}
		answer := ask(t, d, nil, over(ar(`"measure":{"type":"distinct","field":"user_email"}`), end.Add(-time.Hour), end, 0))["A"]
		require.NoError(t, answer.Error)
		require.Equal(t, map[string]float64{"": want(len(people))}, rowsOf(answer.Frames[0]), mask)
	}
}

// compared is the truth of a series beside its own past, bucket by bucket.
func compared(a *account.Account, country string, at time.Time, bucket, shift time.Duration, times int) (value, baseline, deviation float64) {
	count := func(at time.Time) float64 {
		return float64(len(a.Truth(at, at.Add(bucket-time.Nanosecond), func(e account.Event) bool { return strings.EqualFold(e.Country, country) })))
	}
	value = count(at)
	var past []float64
	for k := range times {
		past = append(past, count(at.Add(-time.Duration(k+1)*shift)))
		baseline += past[k] / float64(times)
	}
	variance := 0.0
	for _, n := range past {
		variance += (n - baseline) * (n - baseline) / float64(times)
	}
	if variance == 0 {
		return value, baseline, math.NaN()
	}
	return value, baseline, (value - baseline) / math.Sqrt(variance)
}

func TestASeriesBesideItsPast(t *testing.T) {
	const times = 3
	a, d, end := measured(t, "")
	from, bucket, shift := end.Add(-6*time.Hour), 30*time.Minute, 25*time.Hour+7*time.Second
	model := func(show string) string {
		return ar(fmt.Sprintf(`"format":"time_series","groupBy":["country"],"compare":{"shift":"%ds","times":%d%s}`, int(shift.Seconds()), times, show))
	}
	answer := ask(t, d, map[string]string{backend.FromAlertHeaderName: "true"}, over(model(""), from, end, bucket))["A"]
	require.NoError(t, answer.Error)
	frame := answer.Frames[0]
	require.Len(t, frame.Fields, 1+3*5)
	empty := 0
	for i := 1; i < len(frame.Fields); i += 3 {
		value, baseline, deviation := frame.Fields[i], frame.Fields[i+1], frame.Fields[i+2]
		require.Equal(t, []string{"logins", "baseline", "deviation"}, []string{value.Name, baseline.Name, deviation.Name})
		require.Equal(t, value.Labels, deviation.Labels)
		for row := range frame.Rows() {
			n, mean, far := compared(a, value.Labels["country"], frame.Fields[0].At(row).(time.Time), bucket, shift, times)
			require.InDelta(t, n, value.At(row), 0)
			require.InDelta(t, mean, *baseline.At(row).(*float64), 1e-9)
			if got := deviation.At(row).(*float64); math.IsNaN(far) {
				require.Nil(t, got)
				empty++
			} else {
				require.InDelta(t, far, *got, 1e-9)
			}
		}
	}
	require.Positive(t, empty)
	for _, show := range []string{"value", "baseline", "deviation"} {
		one := ask(t, d, nil, over(model(`,"show":"`+show+`"`), from, end, bucket))["A"].Frames[0]
		require.Len(t, one.Fields, 1+5)
		require.Equal(t, strings.Replace(show, "value", "logins", 1), one.Fields[1].Name)
	}
}

// A series that is gone is the greatest deviation of all.
func TestASeriesThatIsGoneIsCompared(t *testing.T) {
	end := trioTime()
	gone := account.Event{At: end.Add(-25 * time.Hour), Email: "ada@example.com", Country: "JP", RayID: "8d3f0a1b2c3d4e5f"}
	d := instance(t, account.New(account.Config{Token: testToken, Now: trioTime, Events: []account.Event{gone}}), "")
	frame := ask(t, d, nil, over(ar(`"format":"time_series","groupBy":["country"],"compare":{"shift":"1d","times":2}`), end.Add(-2*time.Hour), end, 2*time.Hour))["A"].Frames[0]
	require.Len(t, frame.Fields, 4)
	require.Equal(t, data.Labels{"country": "JP"}, frame.Fields[1].Labels)
	require.InDelta(t, 0, frame.Fields[1].At(0), 0)
	require.InDelta(t, 0.5, *frame.Fields[2].At(0).(*float64), 0)
	require.InDelta(t, -1, *frame.Fields[3].At(0).(*float64), 0)
}

// A past that Cloudflare no longer has is no past without events.
func TestAPastBeyondTheRetentionIsLeftOut(t *testing.T) {
	_, d, end := measured(t, "")
	model := ar(`"format":"time_series","groupBy":[],"compare":{"shift":"100d","times":2}`)
	q := over(model, end.Add(-2*time.Hour), end, time.Hour)
	answer := ask(t, d, nil, q)["A"]
	require.NoError(t, answer.Error)
	c := coverageOf(t, answer)
	require.False(t, c.Complete)
	require.Equal(t, "retention", string(c.Reason))
	require.Contains(t, shown(t, answer), "The baseline is the mean of 1 of 2 earlier periods.")
	require.Error(t, ask(t, d, map[string]string{backend.FromAlertHeaderName: "true"}, q)["A"].Error)
}

// The past may hold ten times as many events as the time range, and no more.
func TestThePastIsBounded(t *testing.T) {
	end := trioTime()
	for maxRows, complete := range map[int]bool{150: true, 90: false} {
		a := account.New(account.Config{Token: testToken, Now: trioTime, Quirks: account.Quirks{PageCap: 10}, Events: account.NewEvents(6000, end.Add(-5*24*time.Hour), end, 11)})
		d := instance(t, a, fmt.Sprintf(`,"maxRows":%d`, maxRows))
		// Two hours have 100 events, and 120 times as many would be too many.
		answer := ask(t, d, nil, over(ar(`"format":"time_series","groupBy":[],"compare":{"shift":"7h","times":12}`), end.Add(-time.Hour), end.Add(-time.Millisecond), time.Hour))["A"]
		require.NoError(t, answer.Error)
		require.Equal(t, complete, coverageOf(t, answer).Complete, "%d", maxRows)
	}
}

// Days that begin at noon are not those that Cloudflare counts by.
func TestDaysOfLoginGroupsBesideEarlierOnes(t *testing.T) {
	end := trioTime()
	a := account.New(account.Config{Token: testToken, Now: trioTime, Groups: account.NewLoginEvents(4000, end.Add(-7*24*time.Hour), 7*24*time.Hour, 5)})
	d := instance(t, a, "")
	const day, shift = 24 * time.Hour, 36 * time.Hour
	from := end.Truncate(day).Add(-2 * day)
	answer := ask(t, d, nil, over(groupsOf(`"format":"time_series","groupBy":[],"compare":{"shift":"36h","times":2}`), from, end.Truncate(day).Add(-time.Millisecond), day))["A"]
	require.NoError(t, answer.Error)
	count := func(at time.Time) (n float64) {
		for _, e := range a.LoginTruth(at, at.Add(day-time.Second), nil) {
			n += float64(max(e.Count, 1))
		}
		return n
	}
	frame := answer.Frames[0]
	require.Equal(t, 2, frame.Rows())
	for row := range frame.Rows() {
		at := frame.Fields[0].At(row).(time.Time)
		require.InDelta(t, count(at), frame.Fields[1].At(row), 0)
		require.InDelta(t, (count(at.Add(-shift))+count(at.Add(-2*shift)))/2, *frame.Fields[2].At(row).(*float64), 0)
	}
}

func TestDifferentUsersOfLoginGroups(t *testing.T) {
	end := trioTime()
	a := account.New(account.Config{Token: testToken, Now: trioTime, Groups: account.NewLoginEvents(4000, end.Add(-24*time.Hour), 24*time.Hour, 5)})
	d := instance(t, a, "")
	addresses := map[string]map[string]bool{}
	for _, e := range a.LoginTruth(end.Add(-6*time.Hour), end, nil) {
		country := strings.ToUpper(e.Text("country"))
		if addresses[country] == nil {
			addresses[country] = map[string]bool{}
		}
		addresses[country][e.Text("ipAddress")] = true
	}
	want := map[string]float64{}
	for country, of := range addresses {
		want[country] = float64(len(of))
	}
	answer := ask(t, d, nil, over(groupsOf(`"groupBy":["country"],"measure":{"type":"distinct","field":"ipAddress"}`), end.Add(-6*time.Hour), end, 0))["A"]
	require.NoError(t, answer.Error)
	require.Equal(t, want, rowsOf(answer.Frames[0]))
}
