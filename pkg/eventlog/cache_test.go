package eventlog_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// run answers a query and fails the test on an error.

func run(t testing.TB, l *eventlog.Log, u *upstream, model string, from, to time.Time) *eventlog.Result {
	t.Helper()
	res, err := l.Query(context.Background(), ask(t, u, model, from, to), u.source())
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// panels are twelve different ones, as a dashboard has them.

var panels = []string{
	`{"format":"time_series"}`,
	`{"format":"time_series","groupBy":["country"]}`,
	`{"format":"time_series","groupBy":["user_email"],"filters":[{"field":"outcome","operator":"=","values":["blocked"]}]}`,
	`{"groupBy":["country"]}`,
	`{"groupBy":["app_domain"]}`,
	`{"groupBy":["connection","outcome"]}`,
	`{"groupBy":["user_email"],"limit":10}`,
	`{"filters":[{"field":"outcome","operator":"=","values":["blocked"]}],"limit":20}`,
	`{"filters":[{"field":"country","operator":"!=","values":["GB"]}],"groupBy":["country"]}`,
	`{"limit":50}`,
	`{"format":"logs","limit":100}`,
	`{"groupBy":["outcome"],"filters":[{"field":"user_email","operator":"contains","values":["user1"]}]}`,
}

// dashboard asks all panels at once.

func dashboard(t testing.TB, l *eventlog.Log, u *upstream, from, to time.Time) {
	t.Helper()
	var wg sync.WaitGroup
	for _, p := range panels {
		r := ask(t, u, p, from, to)
		wg.Go(func() {
			if _, err := l.Query(context.Background(), r, u.source()); err != nil {
				t.Errorf("%s: %v", p, err)
			}
		})
	}
	wg.Wait()
}

func TestTwelvePanelsTakeOneScan(t *testing.T) {
	events := spread(20_000, epoch.Add(-24*time.Hour), epoch, 1)
	alone := newUpstream(personality{}, events, 1)
	run(t, newLog(t, alone), alone, `{"limit":100000}`, epoch.Add(-24*time.Hour), epoch)
	u := newUpstream(personality{}, events, 1)
	u.before = func(context.Context, eventlog.PageRequest) error { time.Sleep(time.Millisecond); return nil }
	l := newLog(t, u)
	dashboard(t, l, u, epoch.Add(-24*time.Hour), epoch)
	if most := alone.count() * 12 / 10; u.count() > most {
		t.Errorf("%d calls for twelve panels, %d for one scan", u.count(), alone.count())
	}
}

func TestMarginsAreNotWorthACall(t *testing.T) {
	// The buckets of a series begin before its range. While a table's scan runs,
	// which reaches a little further back as well, a series waits for it.
	synctest.Test(t, func(t *testing.T) {
		from, to := epoch.Add(-30*24*time.Hour+10*time.Minute), epoch
		u := newUpstream(personality{}, spread(20_000, from.Add(-24*time.Hour), to, 1), 1)
		u.before = func(context.Context, eventlog.PageRequest) error { time.Sleep(time.Second); return nil }
		scan := func(l *eventlog.Log, models ...string) int {
			defer l.Close()
			before := u.count()
			var wg sync.WaitGroup
			for i, model := range models {
				r := ask(t, u, model, from, to)
				wg.Go(func() {
					time.Sleep(time.Duration(i) * 1500 * time.Millisecond)
					if _, err := l.Query(context.Background(), r, u.source()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			return u.count() - before
		}
		config := eventlog.Config{Limit: 64 << 20, SealAfter: 15 * time.Minute, MaxRows: 100_000, Now: u.clock.now}
		alone := scan(eventlog.New(config), `{"groupBy":["country"]}`)
		together := scan(eventlog.New(config), `{"groupBy":["country"]}`, `{"format":"time_series"}`)
		if together != alone {
			t.Errorf("%d calls with a series, %d without", together, alone)
		}
	})
}

func TestAQuestionHurriesTheRefreshThatItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(personality{}, spread(20_000, epoch.Add(-24*time.Hour), epoch, 1), 1)
		var mu sync.Mutex
		var seen []cloudflare.Priority
		u.before = func(ctx context.Context, _ eventlog.PageRequest) error {
			mu.Lock()
			seen = append(seen, cloudflare.PriorityOf(ctx))
			mu.Unlock()
			time.Sleep(time.Second)
			return nil
		}
		l := newLog(t, u)
		r := ask(t, u, `{"groupBy":["country"]}`, epoch.Add(-24*time.Hour), epoch)
		var wg sync.WaitGroup
		for i, priority := range []cloudflare.Priority{cloudflare.Background, cloudflare.Interactive} {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 1500 * time.Millisecond)
				if _, err := l.Query(cloudflare.WithPriority(context.Background(), priority), r, u.source()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if seen[0] != cloudflare.Background || seen[len(seen)-1] != cloudflare.Interactive {
			t.Errorf("priorities %v", seen)
		}
	})
}

func TestRefreshTakesTwoCalls(t *testing.T) {
	// Eleven rows a second: the last 15 minutes alone are ten pages.
	events := spread(20_000, epoch.Add(-20*time.Minute), epoch.Add(10*time.Minute), 1)
	u := newUpstream(personality{}, events, 1)
	for i := range u.events {
		u.events[i].arrives = u.events[i].at
	}
	l := newLog(t, u)
	dashboard(t, l, u, epoch.Add(-20*time.Minute), epoch)
	for range 10 {
		u.clock.advance(30 * time.Second)
		before, now := u.count(), u.clock.now()
		dashboard(t, l, u, now.Add(-20*time.Minute), now)
		if calls := u.count() - before; calls > 2 {
			t.Errorf("%d calls for a refresh", calls)
		}
		before = u.count()
		res := run(t, l, u, `{"limit":100000}`, now.Add(-20*time.Minute), now)
		if want := u.truth(query.Window{From: now.Add(-20 * time.Minute), To: now}, nil); !sameSet(raysOf(t, res.Table), want) || u.count() > before+1 {
			t.Errorf("%d rows of %d, %d calls", len(res.Table.Times), len(want), u.count()-before)
		}
	}
}

func TestSealedSpansAreNotAskedForAgain(t *testing.T) {
	u := newUpstream(personality{}, spread(5000, epoch.Add(-24*time.Hour), epoch, 1), 1)
	l := newLog(t, u)
	run(t, l, u, `{}`, epoch.Add(-24*time.Hour), epoch.Add(-time.Hour))
	before := u.count()
	res := run(t, l, u, `{"format":"time_series"}`, epoch.Add(-23*time.Hour), epoch.Add(-2*time.Hour))
	_ = res
	res = run(t, l, u, `{"limit":100000}`, epoch.Add(-23*time.Hour), epoch.Add(-2*time.Hour))
	u.clock.advance(time.Hour)
	calls := u.count()
	again := run(t, l, u, `{"limit":100000}`, epoch.Add(-23*time.Hour), epoch.Add(-2*time.Hour))
	if u.count() != calls || again.Coverage.CachedRows != again.Coverage.Rows || again.Coverage.SavedCalls == 0 {
		t.Errorf("%d calls for what is sealed, coverage %+v", u.count()-calls, again.Coverage)
	}
	if !sameSet(raysOf(t, res.Table), raysOf(t, again.Table)) {
		t.Error("the kept rows differ from the fetched ones")
	}
	if calls == before {
		t.Error("a limited table was expected not to scan the whole range")
	}
}

func TestLateRowsAreFound(t *testing.T) {
	// The dense feed has ten pages in what is not sealed yet: they are asked for
	// again in turn, not all at each refresh.
	for name, n := range map[string]int{"sparse": 500, "dense": 20_000} {
		events := spread(n, epoch.Add(-30*time.Minute), epoch, 1)
		for i := range events {
			if i%10 == 0 {
				events[i].arrives = events[i].at.Add(time.Duration(i%14) * time.Minute)
			}
		}
		u := newUpstream(personality{}, events, 1)
		l := newLog(t, u)
		from, to := epoch.Add(-30*time.Minute), epoch
		first := run(t, l, u, `{"limit":100000}`, from, to)
		for range 50 {
			u.clock.advance(30 * time.Second)
			run(t, l, u, `{"limit":100000}`, from, u.clock.now())
		}
		last := run(t, l, u, `{"limit":100000}`, from, to)
		if want := u.truth(query.Window{From: from, To: to}, nil); !sameSet(raysOf(t, last.Table), want) || len(first.Table.Times) >= len(want) {
			t.Errorf("%s: %d rows at first, %d in the end, the truth has %d", name, len(first.Table.Times), len(last.Table.Times), len(want))
		}
	}
}

func TestWithoutCacheQueriesAtOnceStillShare(t *testing.T) {
	u := newUpstream(personality{}, spread(5000, epoch.Add(-24*time.Hour), epoch.Add(-time.Hour), 1), 1)
	u.before = func(context.Context, eventlog.PageRequest) error { time.Sleep(time.Millisecond); return nil }
	l := newLog(t, u, func(c *eventlog.Config) { c.Limit = 0 })
	var wg sync.WaitGroup
	for range 10 {
		r := ask(t, u, `{"groupBy":["country"]}`, epoch.Add(-24*time.Hour), epoch)
		wg.Go(func() {
			if _, err := l.Query(context.Background(), r, u.source()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if u.count() > 12 {
		t.Errorf("%d calls for ten equal queries", u.count())
	}
	if s := l.Stats(); s.Bytes != 0 || s.Events != 0 {
		t.Errorf("%+v is kept without a cache", s)
	}
}

func TestStoreKeepsItsLimitAndIsDense(t *testing.T) {
	u := newUpstream(personality{}, spread(50_000, epoch.Add(-24*time.Hour), epoch.Add(-time.Hour), 1), 1)
	l := newLog(t, u)
	run(t, l, u, `{"groupBy":["country"]}`, epoch.Add(-24*time.Hour), epoch.Add(-time.Hour))
	s := l.Stats()
	if each := float64(s.Bytes) / float64(s.Events); s.Events < 49_000 || each > 64 {
		t.Errorf("%d events at %.1f bytes", s.Events, each)
	}
	const limit = 500_000
	small := newLog(t, u, func(c *eventlog.Config) { c.Limit = limit })
	for h := 24; h > 1; h-- {
		res := run(t, small, u, `{"limit":100000}`, epoch.Add(-time.Duration(h)*time.Hour), epoch.Add(-time.Duration(h-1)*time.Hour))
		if !res.Coverage.Complete {
			t.Fatalf("%+v", res.Coverage)
		}
		if s := small.Stats(); s.Bytes > limit {
			t.Errorf("%d bytes are kept, %d are allowed", s.Bytes, limit)
		}
	}
}

func TestACancelledWaiterLeavesTheOthersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(personality{}, spread(3000, epoch.Add(-24*time.Hour), epoch.Add(-time.Hour), 1), 1)
		u.before = func(ctx context.Context, _ eventlog.PageRequest) error {
			select {
			case <-time.After(time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		l := eventlog.New(eventlog.Config{Limit: 1 << 20, SealAfter: 15 * time.Minute, MaxRows: 100_000, Now: u.clock.now})
		defer l.Close()
		r := ask(t, u, `{"limit":100000}`, epoch.Add(-24*time.Hour), epoch)
		ctx, cancel := context.WithCancel(context.Background())
		first := make(chan error, 1)
		go func() {
			_, err := l.Query(ctx, r, u.source())
			first <- err
		}()
		synctest.Wait()
		second := make(chan int, 1)
		go func() {
			res, err := l.Query(context.Background(), r, u.source())
			if err != nil {
				t.Error(err)
				second <- -1
				return
			}
			second <- len(res.Table.Times)
		}()
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the cancelled query answered %v", err)
		}
		if n := <-second; n != 3000 {
			t.Errorf("the other query has %d rows", n)
		}
	})
}

func TestNobodyWaitingEndsTheCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(personality{}, nil, 1)
		ended := make(chan error, 1)
		u.before = func(ctx context.Context, _ eventlog.PageRequest) error {
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}
		l := eventlog.New(eventlog.Config{Now: u.clock.now})
		defer l.Close()
		ctx, cancel := context.WithCancel(context.Background())
		go func() { _, _ = l.Query(ctx, ask(t, u, `{}`, epoch.Add(-time.Hour), epoch), u.source()) }()
		synctest.Wait()
		cancel()
		if err := <-ended; err == nil {
			t.Error("the call did not end")
		}
	})
}
