package surface

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

var listColumns = []string{"datetime", "country", "cfRayId"}

// asked runs a query, checks its list, and returns it with the calls it took.
func asked(t *testing.T, s *loginGroups, n *fakeNode, r *query.Request) (result *eventlog.Result, calls int) {
	t.Helper()
	before := n.calls
	result = ask(t, s, r)
	if r.Format == query.FormatTable {
		checkList(t, n, r, listColumns, result)
	}
	return result, n.calls - before
}

func TestSameListTakesNoCall(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	for _, format := range []string{"table", "logs"} {
		for _, direction := range []string{"desc", "asc"} {
			for name, limit := range map[string]int{"all": 5000, "some": 40} {
				t.Run(format+" "+direction+" "+name, func(t *testing.T) {
					n := newFakeNode(t, someLogins(21, base, 12*time.Hour, 900))
					s := n.start(1 << 24)
					q := question{Format: format, Direction: direction, Limit: limit}
					if format == "table" {
						q.Fields = listColumns
					}
					live := q.request(t, n, base, n.now, 0)
					first, _ := asked(t, s, n, live)
					if c := first.Coverage; c.CachedRows != 0 || c.CachedAt != nil || c.SavedCalls != 0 {
						t.Errorf("the first says that something was kept: %+v", c)
					}
					again, calls := asked(t, s, n, live)
					if c := again.Coverage; calls != 0 || c.UpstreamCalls != 0 || c.CachedRows != c.Rows || c.Rows == 0 || c.SavedCalls < 1 || c.CachedAt == nil || !c.CachedAt.Equal(n.now) {
						t.Errorf("%d calls, coverage %+v", calls, c)
					}
					if again.Coverage.Complete != first.Coverage.Complete || again.Coverage.Reason != first.Coverage.Reason {
						t.Errorf("%+v, at first %+v", again.Coverage, first.Coverage)
					}
				})
			}
		}
	}
}

func TestListIsPartOfWhatIsKnown(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(22, base, 11*time.Hour, 900))
	s := n.start(1 << 24)
	q := question{Format: "table", Fields: listColumns, Limit: 5000}
	asked(t, s, n, q.request(t, n, base, n.now, 0))
	for _, direction := range []string{"desc", "asc"} {
		for _, limit := range []int{3, 5000} {
			q.Direction, q.Limit = direction, limit
			for _, window := range [][2]time.Duration{{0, 12 * time.Hour}, {time.Hour + time.Millisecond, 5*time.Hour + 7*time.Second}, {4 * time.Hour, 4 * time.Hour}} {
				if _, calls := asked(t, s, n, q.request(t, n, base.Add(window[0]), base.Add(window[1]), 0)); calls != 0 {
					t.Errorf("%s, limit %d, %v: %d calls", direction, limit, window, calls)
				}
			}
		}
	}
	// A window that begins before asks for what is missing alone, once.
	q.Direction, q.Limit = "desc", 5000
	n.events = append(n.events, newLogin(base.Add(-time.Minute)))
	n.events = append(n.events, newLogin(base.Add(time.Hour))) // after it was sealed: not asked for again
	r := q.request(t, n, base.Add(-time.Hour), n.now, 0)
	before := n.calls
	if result := ask(t, s, r); n.calls != before+1 || result.Coverage.Rows != 901 || result.Coverage.CachedRows != 900 {
		t.Errorf("%d calls, coverage %+v", n.calls-before, result.Coverage)
	}
}

func TestRefreshOfAListAsksForItsEdge(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	for _, limit := range []int{50, 5000} {
		n := newFakeNode(t, someLogins(23, base, 12*time.Hour, 600))
		s := n.start(1 << 24)
		q := question{Format: "table", Fields: listColumns, Limit: limit}
		asked(t, s, n, q.request(t, n, base, n.now, 0))
		var kept int64
		for i := range 60 {
			n.now = n.now.Add(30 * time.Second)
			n.events = append(n.events, newLogin(n.now.Add(-3*time.Second)), newLogin(n.now.Add(-10*time.Minute), "country", "JP"))
			base := base.Add(time.Duration(i) * 30 * time.Second)
			if _, calls := asked(t, s, n, q.request(t, n, base, n.now, 0)); calls > 1 {
				t.Errorf("%d calls for a refresh", calls)
			}
			if i == 20 {
				kept = int64(s.cache.events.Stats().Events)
			}
		}
		// Refreshes leave few parts, not one each.
		if parts := len(s.cache.events.Kept("login_groups|cfRayId,country,datetime|true|null", base, n.now.Add(time.Hour))); parts == 0 || parts > 12 {
			t.Errorf("%d parts are kept", parts)
		}
		if now := int64(s.cache.events.Stats().Events); now > kept+60*2+100 {
			t.Errorf("%d groups are kept, %d after the first refreshes", now, kept)
		}
	}
}

func TestListAndCountServeEachOther(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(24, base, 12*time.Hour, 900))
	columns := []string{"datetimeMinute", "outcome"}
	list := question{Format: "table", Fields: columns, Limit: 5000}.request(t, n, base, n.now, 0)
	series := question{Format: "time_series", GroupBy: []string{"outcome"}}.request(t, n, base, n.now.Add(-time.Hour), 10*time.Minute)
	subset := question{Format: "table", Fields: columns, Limit: 20}.request(t, n, base.Add(time.Hour), base.Add(5*time.Hour-time.Millisecond), 0)
	counted := n.start(1 << 24)
	checkCounts(t, n, series, ask(t, counted, series))
	before := n.calls
	checkList(t, n, subset, columns, ask(t, counted, subset))
	if n.calls != before {
		t.Errorf("%d calls for a list of what was counted", n.calls-before)
	}
	listed := n.start(1 << 24)
	checkList(t, n, list, columns, ask(t, listed, list))
	before = n.calls
	result := ask(t, listed, series)
	checkCounts(t, n, series, result)
	if c := result.Coverage; n.calls != before || c.CachedRows != c.Rows || c.SavedCalls < 1 {
		t.Errorf("%d calls for a count of what was listed, coverage %+v", n.calls-before, c)
	}
}

// held makes a node wait in its first call until it may proceed.
func (n *fakeNode) held() (entered, proceed chan struct{}) {
	entered, proceed = make(chan struct{}), make(chan struct{})
	var once sync.Once
	n.fault = func(int) (int, string) {
		once.Do(func() {
			close(entered)
			<-proceed
		})
		return 0, ""
	}
	return entered, proceed
}

func TestEqualListsShareOneFetch(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	for name, cache := range map[string]int64{"kept": 1 << 24, "not kept": 0} {
		t.Run(name, func(t *testing.T) {
			n := newFakeNode(t, someLogins(25, base, 12*time.Hour, 900))
			entered, proceed := n.held()
			s := n.start(cache)
			q := question{Format: "table", Fields: listColumns, Limit: 200}
			first := q.request(t, n, base, n.now, 0)
			// The first query goes away; the fetch goes on for those that joined it.
			leaving, leave := context.WithCancel(context.Background())
			gone := make(chan error)
			go func() {
				_, err := s.Query(leaving, first)
				gone <- err
			}()
			<-entered
			var wait sync.WaitGroup
			results := make([]*eventlog.Result, 10)
			for i := range results {
				// Each user's window is a little later.
				r := q.request(t, n, base.Add(time.Duration(i)*13*time.Millisecond), n.now.Add(time.Duration(i)*13*time.Millisecond), 0)
				wait.Go(func() {
					results[i] = ask(t, s, r)
					checkList(t, n, r, listColumns, results[i])
				})
			}
			waitFor(t, s, 11)
			leave()
			if err := <-gone; !errors.Is(err, context.Canceled) {
				t.Errorf("the query that went away got %v", err)
			}
			close(proceed)
			wait.Wait()
			if n.calls != 1 {
				t.Errorf("%d calls for eleven lists", n.calls)
			}
			for _, result := range results {
				if c := result.Coverage; c.UpstreamCalls > 1 || c.CachedRows != 0 || c.SavedCalls > 1 {
					t.Errorf("coverage %+v", c)
				}
			}
		})
	}
}

func TestNobodyWaitingEndsTheFetchOfAList(t *testing.T) {
	n := newFakeNode(t, nil)
	entered, proceed := n.held()
	defer close(proceed)
	s := n.start(1 << 24)
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error)
	r := question{Format: "logs"}.request(t, n, n.now.Add(-time.Hour), n.now, 0)
	go func() {
		_, err := s.Query(ctx, r)
		gone <- err
	}()
	<-entered
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	s.Close() // waits for the fetch
	if _, err := s.Query(context.Background(), r); !errors.Is(err, errChanged) {
		t.Errorf("after Close: %v", err)
	}
}

func TestListJoinsAnInteractiveQuerysPriority(t *testing.T) {
	ctx := cloudflare.WithPriority(context.Background(), cloudflare.Background)
	b := newGroupBatch(ctx)
	b.join(ctx)
	inner := context.WithValue(ctx, batchKey{}, b)
	if p := cloudflare.PriorityOf(urgently(inner)); p != cloudflare.Background {
		t.Errorf("priority %v", p)
	}
	b.join(context.Background())
	if p := cloudflare.PriorityOf(urgently(inner)); p != cloudflare.Interactive {
		t.Errorf("priority %v once somebody waits", p)
	}
}

func TestListOfManyParts(t *testing.T) {
	base := time.Date(2026, 3, 25, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(28, base, 6*24*time.Hour, 300))
	n.maxDuration = time.Hour
	for _, direction := range []string{"desc", "asc"} {
		s := n.start(1 << 24)
		q := question{Format: "table", Fields: listColumns, Limit: 5000, Direction: direction}
		r := q.request(t, n, base, n.now, 0)
		asked(t, s, n, r)
		if result, calls := asked(t, s, n, r); calls != 0 || result.Coverage.CachedRows != 300 {
			t.Errorf("%d calls, coverage %+v", calls, result.Coverage)
		}
	}
}

func TestShortListOfALongPart(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(29, base, 11*time.Hour, 3000))
	s := n.start(1 << 24)
	q := question{Format: "table", Fields: listColumns, Limit: 5000}
	asked(t, s, n, q.request(t, n, base, n.now, 0))
	for _, direction := range []string{"desc", "asc"} {
		for _, limit := range []int{1, 20, 700} {
			q.Limit, q.Direction = limit, direction
			// Few groups pass this filter, which is applied here.
			for _, pattern := range []string{".", "^D"} {
				q.Filters = []map[string]any{where("country", "=~", pattern)}
				if _, calls := asked(t, s, n, q.request(t, n, base, n.now, 0)); calls != 0 {
					t.Errorf("%s, limit %d, %s: %d calls", direction, limit, pattern, calls)
				}
			}
		}
	}
}
