package surface

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

// question is a query as a dashboard has it.
type question struct {
	Format    string           `json:"format"`
	GroupBy   []string         `json:"groupBy,omitempty"`
	Fields    []string         `json:"fields,omitempty"`
	Filters   []map[string]any `json:"filters,omitempty"`
	Direction string           `json:"direction,omitempty"`
	Limit     int              `json:"limit,omitempty"`
}

func where(field, operator string, values ...any) map[string]any {
	return map[string]any{"field": field, "operator": operator, "values": values}
}

func (q question) request(t tester, n *fakeNode, from, to time.Time, interval time.Duration) *query.Request {
	t.Helper()
	raw, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	r, err := query.Parse(raw, query.Options{
		QueryType: "login_groups", Window: query.Window{From: from, To: to}, Interval: interval, MaxLimit: 100000, Now: n.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ask(t tester, s *loginGroups, r *query.Request) *eventlog.Result {
	t.Helper()
	result, err := s.Query(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// truth is what of the events a request asks for. A login's time upstream is the
// second that its datetime shows.
func truth(n *fakeNode, r *query.Request) []loginEvent {
	var out []loginEvent
	for _, e := range n.events {
		keep := r.Span().Contains(e.at.Truncate(time.Second))
		for _, f := range r.Filters {
			c := groupCell(r.Type, f.Field, fmt.Sprint(e.dims[sourceField(r.Type, f.Field)]))
			keep = keep && f.Match(c.Text, c.Valid)
		}
		if keep {
			out = append(out, e)
		}
	}
	return out
}

func eventKey(r *query.Request, e loginEvent) string {
	texts := make([]string, len(r.GroupBy))
	for i, f := range r.GroupBy {
		texts[i] = groupCell(r.Type, f, fmt.Sprint(e.dims[sourceField(r.Type, f)])).Text
	}
	return strings.Join(texts, "|")
}

func cellsKey(cells []eventlog.Cell) string {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = c.Text
	}
	return strings.Join(texts, "|")
}

func wantSeries(n *fakeNode, r *query.Request) map[string]int64 {
	want := map[string]int64{}
	for _, e := range truth(n, r) {
		bucket := int(e.at.Truncate(time.Second).Sub(r.Span().Start()) / r.Interval)
		want[fmt.Sprintf("%s@%d", eventKey(r, e), bucket)] += n.sample
	}
	return want
}

func gotSeries(s *eventlog.Series) map[string]int64 {
	got := map[string]int64{}
	for _, g := range s.Groups {
		for i, count := range g.Counts {
			if count != 0 {
				got[fmt.Sprintf("%s@%d", cellsKey(g.Key), i)] = count
			}
		}
	}
	return got
}

func wantGroups(n *fakeNode, r *query.Request) map[string]int64 {
	want := map[string]int64{}
	for _, e := range truth(n, r) {
		want[eventKey(r, e)] += n.sample
	}
	return want
}

func gotGroups(g *eventlog.Groups) map[string]int64 {
	got := map[string]int64{}
	for _, row := range g.Rows {
		got[cellsKey(row.Key)] += row.Count
	}
	return got
}

// someLogins are spread over a span, with a second that is crowded.
func someLogins(seed uint64, from time.Time, span time.Duration, count int) []loginEvent {
	r := rand.New(rand.NewPCG(seed, 1))
	countries := []string{"GB", "gb", "uS", "US", "DE", ""}
	events := make([]loginEvent, 0, count)
	for i := range count {
		at := from.Add(time.Duration(r.Int64N(int64(span)))).Truncate(time.Millisecond)
		if i%10 == 0 {
			at = from.Add(span / 3).Truncate(time.Second)
		}
		events = append(events, newLogin(at,
			"country", countries[r.IntN(len(countries))], "isSuccessfulLogin", r.IntN(2), "hasWarpEnabled", r.IntN(2),
			"appId", fmt.Sprintf("app-%d", r.IntN(4)), "identityProvider", []string{"okta", "nonidentity", "100%_sure"}[r.IntN(3)],
			"ipAddress", fmt.Sprintf("192.0.2.%d", r.IntN(200)), "cfRayId", fmt.Sprintf("%016x", r.Uint64())))
	}
	return events
}

func TestFilters(t *testing.T) {
	base := time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(1, base, 24*time.Hour, 3000))
	s := n.start(1 << 24)
	ray := n.events[7].dims["cfRayId"].(string)
	for name, c := range map[string]struct {
		q    question
		here []string
	}{
		"country, any case":       {question{GroupBy: []string{"appId"}, Filters: []map[string]any{where("country", "=", "gb", "us")}}, nil},
		"not country":             {question{GroupBy: []string{"appId"}, Filters: []map[string]any{where("country", "!=", "GB")}}, nil},
		"no country":              {question{GroupBy: []string{"appId"}, Filters: []map[string]any{where("country", "=", "")}}, nil},
		"country, part, grouped":  {question{GroupBy: []string{"country"}, Filters: []map[string]any{where("country", "contains", "u")}}, []string{"country"}},
		"outcome":                 {question{GroupBy: []string{"appId"}, Filters: []map[string]any{where("outcome", "=", "blocked")}}, nil},
		"outcome, both":           {question{GroupBy: []string{"appId"}, Filters: []map[string]any{where("outcome", "=", "blocked", "allowed")}}, nil},
		"not outcome":             {question{GroupBy: []string{"appId"}, Filters: []map[string]any{where("outcome", "!=", "blocked")}}, nil},
		"outcome by its source":   {question{GroupBy: []string{"isSuccessfulLogin"}, Filters: []map[string]any{where("outcome", "=~", "^b")}}, []string{"outcome"}},
		"boolean":                 {question{GroupBy: []string{"appId"}, Filters: []map[string]any{where("hasWarpEnabled", "=", true)}}, nil},
		"boolean, both":           {question{GroupBy: []string{"appId"}, Filters: []map[string]any{where("hasWarpEnabled", "=", true, false)}}, nil},
		"boolean, neither":        {question{GroupBy: []string{"appId"}, Filters: []map[string]any{where("hasWarpEnabled", "!=", true, false)}}, nil},
		"contains":                {question{GroupBy: []string{"outcome"}, Filters: []map[string]any{where("identityProvider", "contains", "ident", "okt")}}, nil},
		"contains not":            {question{GroupBy: []string{"outcome"}, Filters: []map[string]any{where("identityProvider", "!contains", "ident", "okt")}}, nil},
		"wildcards, grouped":      {question{GroupBy: []string{"identityProvider"}, Filters: []map[string]any{where("identityProvider", "contains", "0%_s")}}, []string{"identityProvider"}},
		"pattern, grouped":        {question{GroupBy: []string{"identityProvider"}, Filters: []map[string]any{where("identityProvider", "=~", "^o|s$")}}, nil},
		"pattern not, grouped":    {question{GroupBy: []string{"identityProvider"}, Filters: []map[string]any{where("identityProvider", "!~", "^o")}}, nil},
		"Ray ID as pasted":        {question{GroupBy: []string{"outcome"}, Filters: []map[string]any{where("cfRayId", "=", strings.ToUpper(ray)+"-LHR")}}, nil},
		"addresses":               {question{GroupBy: []string{"outcome"}, Filters: []map[string]any{where("ipAddress", "=", "192.0.2.7", "192.0.2.9")}}, nil},
		"two fields":              {question{GroupBy: []string{"country", "outcome"}, Filters: []map[string]any{where("appId", "=", "app-1", "app-2"), where("outcome", "=", "allowed")}}, nil},
		"before":                  {question{GroupBy: []string{"outcome"}, Filters: []map[string]any{where("datetime", "<", "2026-03-30T10:00:00.5Z")}}, nil},
		"from and to":             {question{GroupBy: []string{"outcome"}, Filters: []map[string]any{where("datetime", ">=", "2026-03-30T10:00:00Z"), where("datetime", "<=", "2026-03-30T11:00:00Z")}}, nil},
		"after a minute":          {question{GroupBy: []string{"outcome"}, Filters: []map[string]any{where("datetimeMinute", ">", "2026-03-30T08:00:00Z")}}, nil},
		"one minute":              {question{GroupBy: []string{"outcome"}, Filters: []map[string]any{where("datetimeMinute", "=", "2026-03-30T08:00:00Z", "2026-03-30T09:00:00Z")}}, nil},
		"not the crowded minute":  {question{GroupBy: []string{"outcome"}, Filters: []map[string]any{where("datetimeMinute", "!=", "2026-03-30T08:00:00Z")}}, nil},
		"a day":                   {question{GroupBy: []string{"outcome"}, Filters: []map[string]any{where("date", "=", "2026-03-30T00:00:00Z")}}, nil},
		"a minute that is no one": {question{GroupBy: []string{"outcome"}, Filters: []map[string]any{where("datetimeMinute", "=", "2026-03-30T08:00:30Z")}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			n.t = t
			c.q.Format = "table"
			r := c.q.request(t, n, base, base.Add(24*time.Hour), 0)
			result := ask(t, s, r)
			if diff := cmp.Diff(wantGroups(n, r), gotGroups(result.Groups)); diff != "" {
				t.Error(diff)
			}
			if c.here != nil && !slices.Equal(c.here, result.Coverage.FilteredHere) {
				t.Errorf("filtered here %v, want %v", result.Coverage.FilteredHere, c.here)
			}
			if !result.Coverage.Complete {
				t.Errorf("not complete: %+v", result.Notices)
			}
		})
	}
	if len(n.refusals) > 0 {
		t.Errorf("refused upstream: %v", n.refusals)
	}
}

func TestFiltersThatGraphQLCannotDoAreRefused(t *testing.T) {
	n := newFakeNode(t, nil)
	s := n.start(0)
	for _, filter := range []map[string]any{
		where("identityProvider", "=~", "^o"), where("identityProvider", "!~", "^o"), where("country", "contains", "G"), where("identityProvider", "contains", "50%"),
	} {
		for _, format := range []string{"time_series", "table"} {
			q := question{Format: format, GroupBy: []string{"outcome"}, Filters: []map[string]any{filter}}
			_, err := s.Query(context.Background(), q.request(t, n, n.now.Add(-time.Hour), n.now, time.Minute))
			var invalid *query.InvalidError
			if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "group by "+filter["field"].(string)) {
				t.Errorf("%v: got %v", filter, err)
			}
		}
	}
	if n.calls != 0 {
		t.Errorf("%d calls were made for refused queries", n.calls)
	}
}

func TestSeries(t *testing.T) {
	base := time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(2, base, 48*time.Hour, 4000))
	s := n.start(1 << 24)
	for name, c := range map[string]struct {
		q        question
		from, to time.Duration
		interval time.Duration
	}{
		"minutes":           {question{}, time.Hour, 4 * time.Hour, time.Minute},
		"moved a little":    {question{}, time.Hour + 30*time.Second, 4*time.Hour + 30*time.Second, time.Minute},
		"hours":             {question{}, 0, 48 * time.Hour, time.Hour},
		"days":              {question{GroupBy: []string{"country"}}, 0, 48 * time.Hour, 24 * time.Hour},
		"odd interval":      {question{}, 17*time.Minute + 123*time.Millisecond, 9 * time.Hour, 77*time.Second + 500*time.Millisecond},
		"no group":          {question{GroupBy: []string{}}, 0, 48 * time.Hour, 10 * time.Minute},
		"two groups":        {question{GroupBy: []string{"outcome", "country"}}, 0, 30 * time.Hour, 15 * time.Minute},
		"filtered":          {question{Filters: []map[string]any{where("country", "=", "US")}}, 0, 30 * time.Hour, 15 * time.Minute},
		"filtered, blocked": {question{Filters: []map[string]any{where("outcome", "=", "blocked")}}, 0, 30 * time.Hour, 15 * time.Minute},
		"time filter":       {question{Filters: []map[string]any{where("datetime", "!=", "2026-03-29T16:00:00Z")}}, 0, 30 * time.Hour, 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			n.t = t
			c.q.Format = "time_series"
			r := c.q.request(t, n, base.Add(c.from), base.Add(c.to), c.interval)
			for _, temperature := range []string{"cold", "warm"} {
				result := ask(t, s, r)
				if diff := cmp.Diff(wantSeries(n, r), gotSeries(result.Series)); diff != "" {
					t.Errorf("%s: %s", temperature, diff)
				}
				if !result.Coverage.Complete {
					t.Errorf("not complete: %+v", result.Notices)
				}
			}
		})
	}
	if len(n.refusals) > 0 {
		t.Errorf("refused upstream: %v", n.refusals)
	}
}

func TestNoLoginsAreZeros(t *testing.T) {
	n := newFakeNode(t, nil)
	r := question{Format: "time_series"}.request(t, n, n.now.Add(-time.Hour), n.now, time.Minute)
	result := ask(t, n.start(0), r)
	if len(result.Series.Groups) != 2 || len(result.Series.Groups[0].Counts) != r.Buckets() || !result.Coverage.Complete {
		t.Errorf("got %+v", result.Series)
	}
}

func TestEveryUpstreamPrecisionOfTime(t *testing.T) {
	base := time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC)
	for _, wholeSeconds := range []bool{false, true} {
		n := newFakeNode(t, nil)
		n.wholeSeconds = wholeSeconds
		for i := range 10 {
			n.events = append(n.events, newLogin(base.Add(time.Duration(i)*time.Second)))
		}
		s := n.start(0)
		for _, c := range []struct {
			from, to time.Duration
			want     int64
		}{
			{0, 9 * time.Second, 10}, {time.Second, 2 * time.Second, 2}, {500 * time.Millisecond, 2500 * time.Millisecond, 2},
			{time.Millisecond, 999 * time.Millisecond, 0}, {999 * time.Millisecond, time.Second, 1}, {time.Second, time.Second, 1},
		} {
			r := question{Format: "table", GroupBy: []string{"country"}}.request(t, n, base.Add(c.from), base.Add(c.to), 0)
			if result := ask(t, s, r); result.Coverage.Rows != c.want {
				t.Errorf("whole seconds %v, %s to %s: %d logins, want %d", wholeSeconds, c.from, c.to, result.Coverage.Rows, c.want)
			}
		}
	}
}
