package surface

import (
	stdcmp "cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// wantList is what a plain table shows: a line a group, the limit applied.
func wantList(n *fakeNode, r *query.Request, fields []string) (lines []string, cut bool) {
	type line struct {
		at    time.Time
		cells []eventlog.Cell
		count int64
	}
	index := map[string]*line{}
	var all []*line
	for _, e := range truth(n, r) {
		l := &line{}
		for _, name := range fields {
			f, _ := r.Type.Field(name)
			c := groupCell(r.Type, f, fmt.Sprint(e.dims[sourceField(r.Type, f)]))
			l.cells = append(l.cells, c)
		}
		for _, name := range []string{"datetime", "datetimeMinute", "date"} {
			if slices.Contains(fields, name) {
				ms, _ := parseGroupTime(fmt.Sprint(e.dims[name]))
				l.at = time.UnixMilli(ms).UTC()
				break
			}
		}
		key := eventlog.KeyText(l.cells)
		if index[key] == nil {
			index[key] = l
			all = append(all, l)
		}
		index[key].count += n.sample
	}
	slices.SortFunc(all, func(a, b *line) int {
		at := b.at.Compare(a.at)
		if r.Ascending {
			at = -at
		}
		return stdcmp.Or(at, stdcmp.Compare(b.count, a.count), eventlog.CompareKeys(a.cells, b.cells))
	})
	for i, l := range all {
		if i == r.Limit {
			return lines, true
		}
		lines = append(lines, fmt.Sprintf("%s %s %d", l.at.Format(time.RFC3339Nano), cellsKey(l.cells), l.count))
	}
	return lines, false
}

func gotList(table *eventlog.Table) []string {
	var lines []string
	for i, at := range table.Times {
		var cells []eventlog.Cell
		for c := range table.Columns {
			cells = append(cells, table.Cell(&table.Columns[c], i))
		}
		lines = append(lines, fmt.Sprintf("%s %s %d", at.Format(time.RFC3339Nano), cellsKey(cells), table.Counts[i]))
	}
	return lines
}

// checkList compares a plain table with the events.
func checkList(t tester, n *fakeNode, r *query.Request, fields []string, result *eventlog.Result) {
	t.Helper()
	want, cut := wantList(n, r, fields)
	if diff := cmp.Diff(want, gotList(result.Table)); diff != "" {
		t.Errorf("%s", diff)
	}
	c := result.Coverage
	if !uncertain(n, result) && (c.Complete == cut || cut && c.Reason != eventlog.ReasonLimit) {
		t.Errorf("cut %v, coverage %+v, notices %+v", cut, c, result.Notices)
	}
	var rows int64
	for _, count := range result.Table.Counts {
		rows += count
	}
	if c.Rows != rows || c.CachedRows > rows || c.CachedRows > 0 && c.CachedAt == nil {
		t.Errorf("%d logins, coverage %+v", rows, c)
	}
}

// TestAnyListAnyMoment draws an account, and a chain of tables and counts over it
// while time goes on and logins arrive, and compares each with the events.
func TestAnyListAnyMoment(t *testing.T) {
	base := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
	fields := [][]string{{"datetime", "country"}, {"datetime", "cfRayId", "userUuid"}, {"datetimeMinute", "outcome"}, {"date", "country"}, {"country", "outcome"}}
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		n := newFakeNode(t, someLogins(seed, base, 84*time.Hour, rapid.IntRange(0, 800).Draw(rt, "events")))
		n.cleanup = rt.Cleanup // an account for each check is too many to stay open
		n.pageSize = rapid.SampledFrom([]int{60, 100, 1000, 10000}).Draw(rt, "page size")
		n.silentCap = rapid.SampledFrom([]int{0, 0, 100, 500}).Draw(rt, "silent cap")
		n.maxDuration = rapid.SampledFrom([]time.Duration{3 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}).Draw(rt, "duration")
		n.maxNodes = rapid.SampledFrom([]int{1, 3, 10}).Draw(rt, "nodes")
		n.repeat = rapid.Bool().Draw(rt, "repeat")
		n.ignoreOrder = rapid.SampledFrom([]bool{false, false, true}).Draw(rt, "ignore order")
		n.wholeSeconds = rapid.Bool().Draw(rt, "whole seconds")
		limit := rapid.SampledFrom([]int64{0, 1 << 14, 1 << 16, 1 << 24}).Draw(rt, "cache")
		s := n.start(limit)
		for step := range 6 {
			if rapid.Bool().Draw(rt, "time goes on") {
				n.now = n.now.Add(rapid.SampledFrom([]time.Duration{11 * time.Second, time.Minute, 20 * time.Minute}).Draw(rt, "by"))
				for i := range rapid.IntRange(0, 30).Draw(rt, "arrivals") {
					// In no order, so that an account that ignores the order is seen to.
					back := time.Duration(i*13%31) * 27 * time.Second
					n.events = append(n.events, newLogin(n.now.Add(-back), "country", "JP", "cfRayId", fmt.Sprintf("%016x", step<<8+i)))
				}
			}
			to := n.now.Add(rapid.SampledFrom([]time.Duration{0, -time.Millisecond, -61 * time.Second, -16 * time.Minute, -26 * time.Hour}).Draw(rt, "ends"))
			from := to.Add(-rapid.SampledFrom([]time.Duration{0, 10 * time.Minute, 3 * time.Hour, 25*time.Hour + time.Millisecond, 80 * time.Hour}).Draw(rt, "length"))
			columns := rapid.SampledFrom(fields).Draw(rt, "fields")
			q := question{Format: "table", Fields: columns, Limit: rapid.SampledFrom([]int{1, 7, 50, 300, 100000}).Draw(rt, "limit"),
				Direction: rapid.SampledFrom([]string{"desc", "asc"}).Draw(rt, "direction")}
			switch rapid.IntRange(0, 3).Draw(rt, "filter") {
			case 0:
				q.Filters = []map[string]any{where("country", "!=", "GB", "DE")}
			case 1:
				q.Filters = []map[string]any{where("datetime", "<", to.Add(-time.Hour).Format(time.RFC3339))}
			}
			if rapid.IntRange(0, 3).Draw(rt, "counted") == 0 {
				// These intervals are counted by the minute, the day and the second.
				q = question{Format: "time_series", GroupBy: []string{"country"}, Filters: q.Filters}
				if slices.Contains(columns, "outcome") {
					q.GroupBy = []string{"outcome"}
				}
			}
			r := q.request(rt, n, from, to, rapid.SampledFrom([]time.Duration{10 * time.Minute, 24 * time.Hour, 5000 * time.Second}).Draw(rt, "interval"))
			result, err := s.Query(context.Background(), r)
			if err != nil {
				rt.Fatal(err)
			}
			if q.GroupBy != nil {
				checkCounts(rt, n, r, result)
			} else {
				checkList(rt, n, r, columns, result)
			}
			if kept := s.cache.events.Stats().Bytes; kept > limit {
				rt.Errorf("%d bytes of %d", kept, limit)
			}
		}
	})
}
