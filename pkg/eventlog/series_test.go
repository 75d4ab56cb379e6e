package eventlog_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func seriesRequest(t *testing.T, queryType string, groupBy []string, filters ...map[string]any) *query.Request {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"queryType": queryType, "format": "time_series", "groupBy": groupBy, "filters": filters})
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 3, 1, 12, 0, 30, 0, time.UTC)
	r, err := query.Parse(raw, query.Options{Window: query.Window{From: from, To: from.Add(2 * time.Minute)}, Interval: time.Minute, MaxLimit: 1000, Now: from})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// keys lists the series' groups as texts, with their totals.
func keys(s *eventlog.Series) map[string]int64 {
	out := map[string]int64{}
	for _, g := range s.Groups {
		var total int64
		for _, n := range g.Counts {
			total += n
		}
		text := "(no key)"
		if len(g.Key) > 0 {
			text = g.Key[0].Text
		}
		out[text] = total
	}
	return out
}

func TestNoEventsIsASeriesOfZeros(t *testing.T) {
	for name, c := range map[string]struct {
		queryType string
		groupBy   []string
		filters   []map[string]any
		want      map[string]int64
	}{
		"by outcome":         {"login_groups", []string{"outcome"}, nil, map[string]int64{"allowed": 0, "blocked": 0}},
		"outcome filtered":   {"login_groups", []string{"outcome"}, []map[string]any{{"field": "outcome", "operator": "=", "values": []any{"blocked"}}}, map[string]int64{"blocked": 0}},
		"source filtered":    {"login_groups", []string{"outcome"}, []map[string]any{{"field": "isSuccessfulLogin", "operator": "!=", "values": []any{false}}}, map[string]int64{"allowed": 0}},
		"contradiction":      {"login_groups", []string{"outcome"}, []map[string]any{{"field": "isSuccessfulLogin", "operator": "=", "values": []any{true}}, {"field": "outcome", "operator": "=", "values": []any{"blocked"}}}, map[string]int64{"(no key)": 0}},
		"other outcomes":     {"scim_updates", []string{"outcome"}, nil, map[string]int64{"success": 0, "failure": 0}},
		"no group":           {"login_groups", []string{}, nil, map[string]int64{"(no key)": 0}},
		"other group":        {"login_groups", []string{"country"}, nil, map[string]int64{"(no key)": 0}},
		"outcome and others": {"login_groups", []string{"outcome", "country"}, nil, map[string]int64{"(no key)": 0}},
	} {
		t.Run(name, func(t *testing.T) {
			r := seriesRequest(t, c.queryType, c.groupBy, c.filters...)
			s := eventlog.NewSeriesBuilder(r).Series()
			if diff := cmp.Diff(c.want, keys(s)); diff != "" {
				t.Error(diff)
			}
			for _, g := range s.Groups {
				if len(g.Counts) != 3 {
					t.Errorf("%d counts, want one for each of 3 buckets", len(g.Counts))
				}
			}
		})
	}
}

func TestSeriesBuilderCountsByBucket(t *testing.T) {
	r := seriesRequest(t, "login_groups", []string{"country"})
	b := eventlog.NewSeriesBuilder(r)
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	add := func(country string, at time.Time, count int64, counted bool) {
		t.Helper()
		got, err := b.Add([]eventlog.Cell{{Text: country, Valid: true}}, at, count)
		if err != nil || got != counted {
			t.Errorf("Add(%s, %s) = %v, %v; want %v", country, at, got, err, counted)
		}
	}
	add("GB", start, 1, true)
	add("US", start.Add(time.Minute-time.Millisecond), 2, true)
	add("US", start.Add(time.Minute), 3, true)
	add("DE", start.Add(3*time.Minute-time.Nanosecond), 1, true)
	add("US", start.Add(-time.Nanosecond), 100, false)
	add("US", start.Add(3*time.Minute), 100, false)
	var got []any
	for _, g := range b.Series().Groups {
		got = append(got, g.Key[0].Text, g.Counts)
	}
	want := []any{"US", []int64{2, 3, 0}, "DE", []int64{0, 0, 1}, "GB", []int64{1, 0, 0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSeriesOfListedValuesKeepTheirOrder(t *testing.T) {
	for name, c := range map[string]struct {
		groupBy []string
		keys    [][]string
		want    []string
	}{
		"an outcome":         {[]string{"outcome"}, [][]string{{"blocked"}}, []string{"allowed", "blocked"}},
		"more blocked":       {[]string{"outcome"}, [][]string{{"blocked"}, {"blocked"}, {"allowed"}}, []string{"allowed", "blocked"}},
		"unlisted come last": {[]string{"outcome"}, [][]string{{"unheard of"}, {"unheard of"}, {"blocked"}}, []string{"allowed", "blocked", "unheard of"}},
		"one field unlisted": {[]string{"outcome", "country"}, [][]string{{"blocked", "GB"}, {"blocked", "GB"}, {"allowed", "US"}}, []string{"blocked", "allowed"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := seriesRequest(t, "login_groups", c.groupBy)
			b := eventlog.NewSeriesBuilder(r)
			for _, key := range c.keys {
				cells := make([]eventlog.Cell, len(key))
				for i, text := range key {
					cells[i] = eventlog.Cell{Text: text, Valid: true}
				}
				if _, err := b.Add(cells, r.Span().Start(), 1); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, g := range b.Series().Groups {
				got = append(got, g.Key[0].Text)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSeriesBuilderRefusesMoreThanFits(t *testing.T) {
	r := seriesRequest(t, "login_groups", []string{"cfRayId"})
	b := eventlog.NewSeriesBuilder(r)
	for i := range 2_000_000 {
		text := time.Duration(i).String()
		if _, err := b.Add([]eventlog.Cell{{Text: text, Valid: true}}, r.Span().Start(), 1); err != nil {
			return
		}
	}
	t.Error("two million groups of three buckets were accepted")
}
