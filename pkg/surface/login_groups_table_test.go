package surface

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
)

func TestTables(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(3, base, 12*time.Hour, 2500))
	n.pageSize = 700
	s := n.start(0)
	for name, c := range map[string]struct {
		q        question
		complete bool
		rows     int
	}{
		"all":              {question{Limit: 5000}, true, 2500},
		"newest":           {question{Limit: 30}, false, 30},
		"more than a page": {question{Limit: 1200}, false, 1200},
		"oldest":           {question{Limit: 30, Direction: "asc"}, false, 30},
		"oldest, many":     {question{Limit: 1200, Direction: "asc"}, false, 1200},
		"some columns":     {question{Limit: 50, Fields: []string{"cfRayId", "datetime"}}, false, 50},
		"filtered":         {question{Limit: 40, Filters: []map[string]any{where("country", "=", "DE")}}, false, 40},
		"filtered here":    {question{Limit: 40, Filters: []map[string]any{where("identityProvider", "=~", "^okta$")}}, false, 40},
		"exactly as many":  {question{Limit: 2500}, true, 2500},
	} {
		for _, format := range []string{"table", "logs"} {
			t.Run(name+" as "+format, func(t *testing.T) {
				n.t = t
				c.q.Format = format
				r := c.q.request(t, n, base, n.now, 0)
				result := ask(t, s, r)
				events := truth(n, r)
				slices.SortStableFunc(events, func(a, b loginEvent) int {
					at := a.at.Truncate(time.Second).Compare(b.at.Truncate(time.Second))
					if r.Ascending {
						return at
					}
					return -at
				})
				if len(result.Table.Times) != c.rows || result.Coverage.Complete != c.complete || result.Coverage.Rows != int64(c.rows) {
					t.Fatalf("%d rows, coverage %+v; want %d, complete %v", len(result.Table.Times), result.Coverage, c.rows, c.complete)
				}
				if !c.complete && result.Coverage.Reason != eventlog.ReasonLimit {
					t.Errorf("reason %s", result.Coverage.Reason)
				}
				for i, at := range result.Table.Times {
					if !at.Equal(events[i].at.Truncate(time.Second)) {
						t.Fatalf("row %d is of %s, want %s", i, at, events[i].at)
					}
				}
			})
		}
	}
	if len(n.refusals) > 0 {
		t.Errorf("refused upstream: %v", n.refusals)
	}
}

func TestTableWithoutTimeIsLargestFirst(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(4, base, 12*time.Hour, 900))
	r := question{Format: "table", Fields: []string{"country", "outcome"}, Limit: 3}.request(t, n, base, n.now, 0)
	result := ask(t, n.start(0), r)
	if names := []string{result.Table.Columns[0].Field.Name, result.Table.Columns[1].Field.Name}; !slices.Equal(names, []string{"country", "outcome"}) {
		t.Errorf("columns %v", names)
	}
	counts := result.Table.Counts
	if len(counts) != 3 || !slices.IsSortedFunc(counts, func(a, b int64) int { return int(b - a) }) || result.Coverage.Reason != eventlog.ReasonLimit {
		t.Errorf("counts %v, %+v", counts, result.Coverage)
	}
}

func TestGroupedTableCountsAllAndShowsTheLimit(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(5, base, 12*time.Hour, 900))
	r := question{Format: "table", GroupBy: []string{"country"}, Limit: 1}.request(t, n, base, n.now, 0)
	result := ask(t, n.start(0), r)
	if len(result.Groups.Rows) != 1 || result.Coverage.Rows != 900 || !result.Coverage.Complete || len(result.Notices) != 1 {
		t.Errorf("got %+v, %+v, %+v", result.Groups.Rows, result.Coverage, result.Notices)
	}
}

func TestAccountThatIsNotThere(t *testing.T) {
	n := newFakeNode(t, nil)
	n.fault = func(int) (int, string) { return 200, `{"data":{"viewer":{"accounts":[]}},"errors":null}` }
	_, err := n.start(0).Query(context.Background(), question{Format: "table", GroupBy: []string{"country"}}.request(t, n, n.now.Add(-time.Hour), n.now, 0))
	var e *cloudflare.Error
	if !errors.As(err, &e) || e.Kind != cloudflare.KindPermission {
		t.Errorf("got %v", err)
	}
}
