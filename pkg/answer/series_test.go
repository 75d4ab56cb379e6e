package answer_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func seriesRequest(t *testing.T, queryType string, groupBy []string, filters ...map[string]any) *query.Request {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"queryType": queryType, "format": "time_series", "groupBy": groupBy, "filters": filters})
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 3, 1, 12, 0, 30, 0, time.UTC)
	r, err := query.Parse(raw, query.Options{From: from, To: from.Add(2 * time.Minute), Interval: time.Minute, MaxLimit: 1000, Now: from})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// keys lists the series' groups as texts, with their totals.
func keys(s *answer.Series) map[string]int64 {
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
			s := answer.NewSeries(r, nil)
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

func TestSeriesOfListedValuesKeepTheirOrder(t *testing.T) {
	type counted struct {
		key   []string
		count int64
	}
	for name, c := range map[string]struct {
		groupBy []string
		groups  []counted
		want    []string
	}{
		"an outcome":         {[]string{"outcome"}, []counted{{[]string{"blocked"}, 1}}, []string{"allowed", "blocked"}},
		"more blocked":       {[]string{"outcome"}, []counted{{[]string{"blocked"}, 2}, {[]string{"allowed"}, 1}}, []string{"allowed", "blocked"}},
		"unlisted come last": {[]string{"outcome"}, []counted{{[]string{"unheard of"}, 2}, {[]string{"blocked"}, 1}}, []string{"allowed", "blocked", "unheard of"}},
		"one field unlisted": {[]string{"outcome", "country"}, []counted{{[]string{"allowed", "US"}, 1}, {[]string{"blocked", "GB"}, 2}}, []string{"blocked", "allowed"}},
		"equal totals":       {[]string{"country"}, []counted{{[]string{"US"}, 1}, {[]string{"GB"}, 1}}, []string{"GB", "US"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := seriesRequest(t, "login_groups", c.groupBy)
			var groups []answer.SeriesGroup
			for _, g := range c.groups {
				cells := make([]query.Cell, len(g.key))
				for i, text := range g.key {
					cells[i] = query.Cell{Text: text, Valid: true}
				}
				groups = append(groups, answer.SeriesGroup{Key: cells, Counts: []int64{0, g.count, 0}})
			}
			var got []string
			for _, g := range answer.NewSeries(r, groups).Groups {
				got = append(got, g.Key[0].Text)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMoreGroupsThanFitAreRefused(t *testing.T) {
	const most = 4 << 20
	if err := answer.CheckSeriesSize(most/3, 3); err != nil {
		t.Error(err)
	}
	var wrong *query.InvalidError
	if err := answer.CheckSeriesSize(most/3+1, 3); !errors.As(err, &wrong) {
		t.Errorf("got %v", err)
	}
}

func TestTheFirstReasonStays(t *testing.T) {
	r := answer.Result{Coverage: answer.Coverage{Complete: true}}
	r.Incomplete(answer.ReasonUpstream, "one")
	r.Incomplete(answer.ReasonMaxRows, "two")
	if c := r.Coverage; c.Complete || c.Reason != answer.ReasonUpstream {
		t.Errorf("%+v", c)
	}
	want := []answer.Notice{{Severity: answer.Warning, Text: "one"}, {Severity: answer.Warning, Text: "two"}}
	if diff := cmp.Diff(want, r.Notices); diff != "" {
		t.Error(diff)
	}
}

func TestAColumnHoldsEachValueOnce(t *testing.T) {
	a, none := query.Cell{Text: "a", Valid: true}, query.Cell{}
	empty := query.Cell{Text: "", Valid: true}
	c := answer.NewColumn(nil, []query.Cell{a, none, a, empty, none})
	if diff := cmp.Diff([]query.Cell{a, none, empty}, c.Values); diff != "" {
		t.Error(diff)
	}
	table := answer.Table{Times: []time.Time{time.Unix(0, 500).UTC()}}
	if diff := cmp.Diff([]uint32{0, 1, 0, 2, 1}, c.Codes); diff != "" || table.Cell(&c, 3) != empty {
		t.Error(diff)
	}
	if got := table.Cell(&answer.Column{}, 0).Text; got != "1970-01-01T00:00:00.0000005Z" {
		t.Errorf("the time is %s", got)
	}
}
