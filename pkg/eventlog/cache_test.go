package eventlog_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

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
func dashboard(t *testing.T, l *lab.Lab, from, to time.Time) {
	t.Helper()
	var wg sync.WaitGroup
	for _, p := range panels {
		r := lab.Request(t, p, from, to)
		wg.Go(func() {
			if _, err := l.Query(t.Context(), r); err != nil {
				t.Errorf("%s: %v", p, err)
			}
		})
	}
	wg.Wait()
}

func TestTwelvePanelsTakeOneScan(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		config := spread(20_000, noon.Add(-24*time.Hour), noon)
		config.Before = lab.Slow(time.Second)
		alone := lab.New(t, config)
		alone.Ask(t, `{"limit":100000}`, noon.Add(-24*time.Hour), noon)
		l := lab.New(t, config)
		dashboard(t, l, noon.Add(-24*time.Hour), noon)
		if most := alone.Calls() * 12 / 10; l.Calls() > most {
			t.Errorf("%d calls for twelve panels, %d for one scan", l.Calls(), alone.Calls())
		}
	})
}

func TestMarginsAreNotWorthACall(t *testing.T) {
	// The buckets of a series begin before its range. While a table's scan runs,
	// which reaches a little further back as well, a series waits for it.
	lab.Test(t, func(t *testing.T) {
		from, to := noon.Add(-30*24*time.Hour+10*time.Minute), noon
		config := spread(20_000, from.Add(-24*time.Hour), to)
		config.Before = lab.Slow(time.Second)
		upstream := lab.New(t, config)
		scan := func(models ...string) int {
			l := lab.On(t, upstream.Account, func(c *surface.Config) { c.MaxRows = 100_000 })
			defer l.Close()
			before := l.Calls()
			var wg sync.WaitGroup
			for i, model := range models {
				r := lab.Request(t, model, from, to)
				wg.Go(func() {
					time.Sleep(time.Duration(i) * 1500 * time.Millisecond)
					if _, err := l.Query(t.Context(), r); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			return l.Calls() - before
		}
		alone := scan(`{"groupBy":["country"]}`)
		together := scan(`{"groupBy":["country"]}`, `{"format":"time_series"}`)
		if together != alone {
			t.Errorf("%d calls with a series, %d without", together, alone)
		}
	})
}

func TestAQuestionHurriesTheRefreshThatItWaitsFor(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var seen []cloudflare.Priority
		config := spread(20_000, noon.Add(-24*time.Hour), noon)
		config.Before = func(r *http.Request) error {
			mu.Lock()
			seen = append(seen, cloudflare.PriorityOf(r.Context()))
			mu.Unlock()
			return lab.Wait(r.Context(), time.Second)
		}
		l := lab.New(t, config)
		r := lab.Request(t, `{"groupBy":["country"]}`, noon.Add(-24*time.Hour), noon)
		var wg sync.WaitGroup
		for i, priority := range []cloudflare.Priority{cloudflare.Background, cloudflare.Interactive} {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 1500 * time.Millisecond)
				if _, err := l.Query(cloudflare.WithPriority(t.Context(), priority), r); err != nil {
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
	lab.Test(t, func(t *testing.T) {
		// Eleven rows a second: the last 15 minutes alone are ten pages.
		l := lab.New(t, spread(20_000, noon.Add(-20*time.Minute), noon.Add(10*time.Minute)))
		dashboard(t, l, noon.Add(-20*time.Minute), noon)
		for range 10 {
			time.Sleep(30 * time.Second)
			before, now := l.Calls(), time.Now()
			dashboard(t, l, now.Add(-20*time.Minute), now)
			if calls := l.Calls() - before; calls > 2 {
				t.Errorf("%d calls for a refresh", calls)
			}
			before = l.Calls()
			r := lab.Request(t, `{"limit":100000}`, now.Add(-20*time.Minute), now)
			res, err := l.Query(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if want := account.RayIDs(l.Truth(r, nil)); !sameSet(lab.Rays(t, res.Table), want) || l.Calls() > before+1 {
				t.Errorf("%d rows of %d, %d calls", len(res.Table.Times), len(want), l.Calls()-before)
			}
		}
	})
}

func TestSealedIntervalsAreNotAskedForAgain(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, spread(5000, noon.Add(-24*time.Hour), noon))
		l.Ask(t, `{}`, noon.Add(-24*time.Hour), noon.Add(-time.Hour))
		before := l.Calls()
		l.Ask(t, `{"format":"time_series"}`, noon.Add(-23*time.Hour), noon.Add(-2*time.Hour))
		res := l.Ask(t, `{"limit":100000}`, noon.Add(-23*time.Hour), noon.Add(-2*time.Hour))
		time.Sleep(time.Hour)
		calls := l.Calls()
		again := l.Ask(t, `{"limit":100000}`, noon.Add(-23*time.Hour), noon.Add(-2*time.Hour))
		if l.Calls() != calls || again.Coverage.CachedRows != again.Coverage.Rows || again.Coverage.SavedCalls == 0 {
			t.Errorf("%d calls for what is sealed, coverage %+v", l.Calls()-calls, again.Coverage)
		}
		if at := again.Coverage.CachedAt; at == nil || !at.Equal(noon) {
			t.Errorf("cached at %v", at)
		}
		if !slices.Equal(lab.Rays(t, res.Table), lab.Rays(t, again.Table)) || len(res.Table.Times) == 0 {
			t.Error("the kept rows differ from the fetched ones")
		}
		if calls == before {
			t.Error("a limited table was expected not to scan the whole range")
		}
	})
}

func TestLateRowsAreFound(t *testing.T) {
	// The dense feed has ten pages in what is not sealed yet: they are asked for
	// again in turn, not all at each refresh.
	for name, n := range map[string]int{"sparse": 500, "dense": 20_000} {
		t.Run(name, func(t *testing.T) {
			lab.Test(t, func(t *testing.T) {
				from, to := noon.Add(-30*time.Minute), noon
				config := spread(n, from, to)
				for i := range config.Events {
					if i%10 == 0 {
						config.Events[i].Arrives = config.Events[i].At.Add(time.Duration(i%14) * time.Minute)
					}
				}
				l := lab.New(t, config)
				first := l.Ask(t, `{"limit":100000}`, from, to)
				for range 50 {
					time.Sleep(30 * time.Second)
					l.Ask(t, `{"limit":100000}`, from, time.Now())
				}
				r := lab.Request(t, `{"limit":100000}`, from, to)
				last, err := l.Query(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if want := account.RayIDs(l.Truth(r, nil)); !sameSet(lab.Rays(t, last.Table), want) || len(first.Table.Times) >= len(want) {
					t.Errorf("%d rows at first, %d in the end, the truth has %d", len(first.Table.Times), len(last.Table.Times), len(want))
				}
			})
		})
	}
}

func TestWithoutCacheQueriesAtOnceStillShare(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		config := spread(5000, noon.Add(-24*time.Hour), noon.Add(-time.Hour))
		config.Before = lab.Slow(time.Second)
		l := lab.New(t, config, func(c *surface.Config) { c.Limit = 0 })
		var wg sync.WaitGroup
		for range 10 {
			r := lab.Request(t, `{"groupBy":["country"]}`, noon.Add(-24*time.Hour), noon)
			wg.Go(func() {
				if _, err := l.Query(t.Context(), r); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if l.Calls() > 12 {
			t.Errorf("%d calls for ten equal queries", l.Calls())
		}
		if s := l.Stats(); s.Bytes != 0 || s.Rows != 0 {
			t.Errorf("%+v is kept without a cache", s)
		}
	})
}

func TestACancelledWaiterLeavesTheOthersAlone(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		config := spread(3000, noon.Add(-24*time.Hour), noon.Add(-time.Hour))
		config.Latency = time.Second
		l := lab.New(t, config, func(c *surface.Config) { c.MaxRows = 100_000 })
		r := lab.Request(t, `{"limit":100000}`, noon.Add(-24*time.Hour), noon)
		ctx, cancel := context.WithCancel(t.Context())
		first := asked(ctx, l, r)
		second := asked(t.Context(), l, r)
		cancel()
		if a := <-first; !isCanceled(a.err) {
			t.Errorf("the canceled query answered %v", a.err)
		}
		if a := <-second; a.err != nil || len(a.result.Table.Times) != 3000 {
			t.Errorf("the other query answered %+v", a)
		}
	})
}

func TestNobodyWaitingEndsTheCalls(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		l := lab.New(t, account.Config{Before: func(r *http.Request) error {
			<-r.Context().Done()
			ended <- r.Context().Err()
			return r.Context().Err()
		}})
		ctx, cancel := context.WithCancel(t.Context())
		answered := asked(ctx, l, lab.Request(t, `{}`, noon.Add(-time.Hour), noon))
		cancel()
		if a := <-answered; !isCanceled(a.err) {
			t.Errorf("the canceled query answered %v", a.err)
		}
		if err := <-ended; err == nil {
			t.Error("the call did not end")
		}
	})
}
