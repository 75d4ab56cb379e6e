package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

func TestWhatIsKnownIsShownWhenCloudflareFails(t *testing.T) {
	u := newUpstream(personality{}, spread(3600, epoch.Add(-time.Hour), epoch.Add(time.Minute), 1), 1)
	for i := range u.events {
		u.events[i].arrives = u.events[i].at
	}
	l := newLog(t, u)
	from := epoch.Add(-30 * time.Minute)
	before := run(t, l, u, `{"limit":100000}`, from, epoch)
	u.clock.advance(30 * time.Second)
	u.p.Faults = 1
	later := epoch.Add(30 * time.Second)
	res := run(t, l, u, `{"limit":100000}`, from, later)
	if res.Coverage.Rows != before.Coverage.Rows || res.Coverage.Complete || res.Coverage.Reason != eventlog.ReasonUpstream {
		t.Errorf("%d rows of %d, complete %t, reason %q", res.Coverage.Rows, before.Coverage.Rows, res.Coverage.Complete, res.Coverage.Reason)
	}
	if said := fmt.Sprint(res.Notices); !strings.Contains(said, "from 2026-06-01T11:45:00Z to 2026-06-01T12:00:30Z are shown as they were at 2026-06-01T12:00:00Z") {
		t.Error(said)
	}
	// A part that is not new, but not sealed either, is not passed off as current.
	res = run(t, l, u, `{"limit":100000}`, from, epoch.Add(-time.Minute))
	if res.Coverage.Complete || res.Coverage.Rows == 0 {
		t.Errorf("%d rows, complete %t", res.Coverage.Rows, res.Coverage.Complete)
	}
	// Sealed parts are.
	if res = run(t, l, u, `{"limit":100000}`, from, epoch.Add(-20*time.Minute)); !res.Coverage.Complete {
		t.Errorf("reason %q, %v", res.Coverage.Reason, res.Notices)
	}
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

func TestWhatIsThereIsShownWhenTheTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(personality{}, spread(5000, epoch.Add(-24*time.Hour), epoch.Add(-time.Hour), 1), 1)
		calls := 0
		u.before = func(ctx context.Context, _ eventlog.PageRequest) error {
			u.mu.Lock()
			calls++
			n := calls
			u.mu.Unlock()
			if n == 1 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		l := eventlog.New(eventlog.Config{Limit: 1 << 20, SealAfter: 15 * time.Minute, MaxRows: 100_000, Now: u.clock.now})
		defer l.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		res, err := l.Query(ctx, ask(t, u, `{"limit":100000}`, epoch.Add(-24*time.Hour), epoch), u.source())
		if err != nil {
			t.Fatal(err)
		}
		if c := res.Coverage; c.Complete || c.Reason != eventlog.ReasonTimeout || c.Rows == 0 || len(res.Notices) == 0 {
			t.Errorf("%+v %v", c, res.Notices)
		}
	})
}

func TestAFailedPartIsNamed(t *testing.T) {
	u := newUpstream(personality{}, spread(20_000, epoch.Add(-24*time.Hour), epoch.Add(-time.Hour), 1), 1)
	bad := epoch.Add(-12 * time.Hour)
	u.before = func(_ context.Context, r eventlog.PageRequest) error {
		if r.Since.Before(bad) && r.Until.After(bad) && r.Until.Sub(r.Since) < 12*time.Hour {
			return &cloudflare.Error{Kind: cloudflare.KindUnavailable, Message: "Cloudflare is unavailable. Try again later."}
		}
		return nil
	}
	l := newLog(t, u)
	res := run(t, l, u, `{"limit":100000}`, epoch.Add(-24*time.Hour), epoch)
	if c := res.Coverage; c.Complete || c.Reason != eventlog.ReasonUpstream || c.Rows < 10_000 || c.Rows >= 20_000 {
		t.Errorf("%+v", c)
	}
	if len(res.Notices) == 0 {
		t.Error("no notice names the missing part")
	}
	u.clock.advance(time.Minute)
	u.before = func(context.Context, eventlog.PageRequest) error {
		return &cloudflare.Error{Kind: cloudflare.KindPermission, Message: "no permission"}
	}
	if _, err := l.Query(context.Background(), ask(t, u, `{}`, epoch.Add(-24*time.Hour), epoch), u.source()); err == nil {
		t.Error("a missing permission is no error")
	}
}

func TestRateLimitSaysWhenToComeBack(t *testing.T) {
	u := newUpstream(personality{}, spread(20_000, epoch.Add(-24*time.Hour), epoch.Add(-time.Hour), 1), 1)
	at := epoch.Add(5 * time.Minute)
	u.before = func(context.Context, eventlog.PageRequest) error {
		if u.count() >= 8 {
			return &cloudflare.Error{Kind: cloudflare.KindRateLimit, Message: "The rate limit is reached.", RetryAt: at}
		}
		return nil
	}
	res := run(t, newLog(t, u), u, `{"limit":100000}`, epoch.Add(-24*time.Hour), epoch)
	if c := res.Coverage; c.Complete || c.Reason != eventlog.ReasonRateLimit || c.RetryAt == nil || !c.RetryAt.Equal(at) || c.Rows == 0 {
		t.Errorf("%+v", c)
	}
}

func TestLimitedTablesStopEarly(t *testing.T) {
	events := spread(100_000, epoch.Add(-7*24*time.Hour), epoch, 1)
	for _, direction := range []string{"desc", "asc"} {
		u := newUpstream(personality{}, events, 1)
		res := run(t, newLog(t, u), u, fmt.Sprintf(`{"limit":1000,"direction":%q}`, direction), epoch.Add(-7*24*time.Hour), epoch)
		want := u.truth(query.Window{From: epoch.Add(-7 * 24 * time.Hour), To: epoch}, nil)
		if direction == "asc" {
			want = want[:1000]
		} else {
			want = want[len(want)-1000:]
		}
		if !sameSet(raysOf(t, res.Table), want) || res.Coverage.Reason != eventlog.ReasonLimit || res.Coverage.Complete {
			t.Errorf("%s: %+v", direction, res.Coverage)
		}
		if u.count() > 5 {
			t.Errorf("%s: %d calls for 1000 rows", direction, u.count())
		}
	}
}

func TestMaxRowsEndsAScan(t *testing.T) {
	u := newUpstream(personality{}, spread(50_000, epoch.Add(-24*time.Hour), epoch, 1), 1)
	l := newLog(t, u, func(c *eventlog.Config) { c.MaxRows = 5000 })
	for _, model := range []string{`{"format":"time_series"}`, `{"groupBy":["country"]}`} {
		res := run(t, l, u, model, epoch.Add(-24*time.Hour), epoch)
		if c := res.Coverage; c.Complete || c.Reason != eventlog.ReasonMaxRows || c.Rows < 5000 || c.Rows > 10_000 {
			t.Errorf("%s: %+v", model, c)
		}
	}
	if u.count() > 15 {
		t.Errorf("%d calls", u.count())
	}
}

func TestKeptPartsStaySaidToBeIncomplete(t *testing.T) {
	events := spread(300, epoch.Add(-6*time.Hour), epoch.Add(-time.Hour), 1)
	for i := 100; i < 200; i++ {
		events[i].at = events[100].at
	}
	u := newUpstream(personality{Cap: 25, IgnoresPage: true}, events, 1)
	l := newLog(t, u)
	for range 2 {
		res := run(t, l, u, `{"limit":1000}`, epoch.Add(-6*time.Hour), epoch)
		if c := res.Coverage; c.Complete || c.Reason != eventlog.ReasonUpstream || c.Rows < 200 {
			t.Errorf("%+v", c)
		}
	}
}
