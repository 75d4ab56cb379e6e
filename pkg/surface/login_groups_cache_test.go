package surface

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
)

func TestEqualQueriesShareOneScan(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(12, base, 12*time.Hour, 300))
	entered, proceed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	n.fault = func(int) (int, string) {
		once.Do(func() {
			close(entered)
			<-proceed
		})
		return 0, ""
	}
	s := n.start(1 << 24)
	r := question{Format: "time_series"}.request(t, n, base, n.now, time.Minute)
	// The first query goes away; the scan goes on for those that joined it.
	leaving, leave := context.WithCancel(context.Background())
	gone := make(chan error)
	go func() {
		_, err := s.Query(leaving, r)
		gone <- err
	}()
	<-entered
	var wait sync.WaitGroup
	for range 9 {
		wait.Go(func() { checkCounts(t, n, r, ask(t, s, r)) })
	}
	waitFor(t, s, 10)
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the query that went away got %v", err)
	}
	close(proceed)
	wait.Wait()
	if n.calls != 1 {
		t.Errorf("%d calls for ten equal queries", n.calls)
	}
}

// waitFor returns once so many queries wait for the surface's scans.
func waitFor(t *testing.T, s *loginGroups, queries int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		s.cache.mu.Lock()
		waiting := 0
		for _, flight := range s.cache.counts {
			waiting = max(waiting, flight.batch.waiters/len(s.cache.counts))
		}
		for _, flights := range s.cache.lists {
			waiting = max(waiting, flights[0].batch.waiters)
		}
		s.cache.mu.Unlock()
		if waiting == queries {
			return
		}
	}
	t.Fatalf("the queries did not share a scan")
}

func TestSealedPartsAreNotAskedForAgain(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(13, base, 12*time.Hour, 300))
	s := n.start(1 << 24)
	q := question{Format: "table", GroupBy: []string{"country"}}
	past := q.request(t, n, base.Add(time.Minute), base.Add(6*time.Hour), 0)
	checkCounts(t, n, past, ask(t, s, past))
	calls := n.calls
	result := ask(t, s, past)
	checkCounts(t, n, past, result)
	if n.calls != calls || result.Coverage.CachedRows != result.Coverage.Rows || result.Coverage.CachedAt == nil || result.Coverage.SavedCalls < 1 {
		t.Errorf("%d more calls, coverage %+v", n.calls-calls, result.Coverage)
	}
	// What is late shows up at the live edge, once its moment has passed.
	live := q.request(t, n, base, n.now, 0)
	checkCounts(t, n, live, ask(t, s, live))
	n.events = append(n.events, newLogin(n.now.Add(-5*time.Minute), "country", "JP"))
	n.now = n.now.Add(liveTTL)
	checkCounts(t, n, live, ask(t, s, live))
}

func TestNothingIsKeptWithoutCache(t *testing.T) {
	n := newFakeNode(t, someLogins(14, time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC), 12*time.Hour, 300))
	s := n.start(0)
	r := question{Format: "table", GroupBy: []string{"country"}}.request(t, n, n.now.Add(-10*time.Hour), n.now.Add(-5*time.Hour), 0)
	ask(t, s, r)
	ask(t, s, r)
	if kept := s.cache.events.Stats().Bytes; n.calls != 2 || kept != 0 {
		t.Errorf("%d calls, %d bytes kept", n.calls, kept)
	}
}

func TestCacheIsBounded(t *testing.T) {
	base := time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(15, base, 24*time.Hour, 3000))
	const limit = 1 << 16
	s := n.start(limit)
	for i := range 20 {
		from := base.Add(time.Duration(i) * time.Hour)
		r := question{Format: "table", GroupBy: []string{"cfRayId"}, Limit: 10000}.request(t, n, from, from.Add(3*time.Hour), 0)
		checkCounts(t, n, r, ask(t, s, r))
		if kept := s.cache.events.Stats().Bytes; kept > limit || kept == 0 {
			t.Fatalf("%d bytes of %d", kept, limit)
		}
	}
	s.Close()
	s.cache.events.Close()
	if kept := s.cache.events.Stats(); kept != (eventlog.Stats{}) {
		t.Errorf("%+v after Close", kept)
	}
}

func TestFaultOfAnotherQuerysScanIsTriedAgain(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(16, base, 12*time.Hour, 300))
	s := n.start(1 << 24)
	r := question{Format: "table", GroupBy: []string{"country"}}.request(t, n, base, base.Add(time.Hour), 0)
	limits, err := s.limits.get(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := newGroupPlan(r, &limits, nil)
	if err != nil {
		t.Fatal(err)
	}
	ranges := []timeRange{{r.Span().Start(), r.Span().End()}}
	done := make(chan struct{})
	close(done)
	for _, element := range s.cellRanges(plan, &limits, ranges) {
		s.cache.counts[cacheKey(plan, element)] = &groupFlight{ranges: []timeRange{element}, done: done,
			err: &cloudflare.Error{Kind: cloudflare.KindTimeout}, batch: &groupBatch{cancel: func() {}}}
	}
	checkCounts(t, n, r, ask(t, s, r))
}
