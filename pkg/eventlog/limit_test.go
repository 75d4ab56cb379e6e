package eventlog_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

func keeping(bytes int64) func(*surface.Config) {
	return func(c *surface.Config) { c.Limit = bytes }
}

// both is an account with n access requests and m logins that GraphQL counts, on
// the day before noon.
func both(n, m int) account.Config {
	c := spread(n, noon.Add(-24*time.Hour), noon)
	c.Groups = account.NewLoginEvents(m, noon.Add(-24*time.Hour), 24*time.Hour, 1)
	return c
}

// Questions that keep the events, and the login groups, of their time range.
const (
	askEvents = `{"groupBy":["country"]}`
	askGroups = `{"queryType":"login_groups","format":"time_series","groupBy":["cfRayId"]}`
)

func TestStoreKeepsItsLimitAndIsDense(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := day()
		l := lab.New(t, spread(50_000, from, to))
		l.Ask(t, askEvents, from, to)
		s := l.Stats()
		if each := float64(s.Bytes) / float64(s.Rows); s.Rows < 49_000 || each > 64 {
			t.Errorf("%d events at %.1f bytes", s.Rows, each)
		}
		const limit = 500_000
		small := lab.On(t, l.Account, keeping(limit))
		for h := 24; h > 1; h-- {
			res := small.Ask(t, `{"limit":100000}`, noon.Add(-time.Duration(h)*time.Hour), noon.Add(-time.Duration(h-1)*time.Hour))
			if !res.Coverage.Complete {
				t.Fatalf("%+v", res.Coverage)
			}
			if s := small.Stats(); s.Bytes > limit {
				t.Errorf("%d bytes are kept, %d are allowed", s.Bytes, limit)
			}
		}
	})
}

func TestEventsAndLoginGroupsShareOneLimit(t *testing.T) {
	lab.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(0, 400_000).Draw(t, "limit")
		l := lab.New(t, both(rapid.IntRange(0, 4000).Draw(t, "events"), rapid.IntRange(0, 1000).Draw(t, "groups")), keeping(limit))
		for range 8 {
			from := noon.Add(-time.Duration(rapid.IntRange(1, 24).Draw(t, "hours")) * time.Hour)
			l.Ask(t, rapid.SampledFrom([]string{askEvents, askGroups}).Draw(t, "query"), from, from.Add(2*time.Hour))
			time.Sleep(time.Second)
			if s := l.Stats(); s.Bytes > limit || s.Bytes < 0 || limit == 0 && s.Rows > 0 {
				t.Fatalf("%+v is kept, %d bytes are allowed", s, limit)
			}
		}
		l.Close()
		if s := l.Stats(); s != (eventlog.Stats{}) {
			t.Fatalf("%+v after Close", s)
		}
	})
}

func TestTheLimitHoldsWhileAllAreAtWork(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		const limit = 300_000
		config := both(5000, 1000)
		config.Latency = 100 * time.Millisecond
		l := lab.New(t, config, keeping(limit))
		var wg sync.WaitGroup
		for i := range 8 {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			wg.Go(func() {
				for range 30 {
					from := noon.Add(-time.Duration(1+r.IntN(24)) * time.Hour)
					if _, err := l.Query(t.Context(), lab.Request(t, []string{askEvents, askGroups}[i%2], from, from.Add(time.Hour))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if s := l.Stats(); s.Bytes > limit || s.Bytes == 0 {
			t.Errorf("%+v is kept, %d bytes are allowed", s, limit)
		}
	})
}

func TestTheLeastRecentlyUsedGoesFirst(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		upstream := lab.New(t, both(2000, 1000))
		ask := func(l *lab.Lab, model string, hoursAgo int) (calls int) {
			before := l.Counts()
			from := noon.Add(-time.Duration(hoursAgo) * time.Hour)
			l.Ask(t, model, from, from.Add(3*time.Hour))
			asked := l.Counts().Since(before)
			return asked.Calls() - asked.Settings
		}
		sizeOf := func(model string, hoursAgo int) int64 {
			alone := lab.On(t, upstream.Account)
			ask(alone, model, hoursAgo)
			return alone.Stats().Bytes
		}
		for _, more := range []string{askEvents, askGroups} {
			for last, kept := range []string{askEvents, askGroups} {
				l := lab.On(t, upstream.Account, keeping(sizeOf(askEvents, 20)+sizeOf(askGroups, 20)+sizeOf(more, 8)-1))
				ask(l, askEvents, 20)
				ask(l, askGroups, 20)
				if calls := ask(l, kept, 20); calls != 0 {
					t.Fatalf("%d calls for what fits", calls)
				}
				ask(l, more, 8)
				name := fmt.Sprintf("%s last, then %s", kept, more)
				if calls := ask(l, kept, 20); calls != 0 {
					t.Errorf("%s: %d calls for what was used last", name, calls)
				}
				if calls := ask(l, []string{askGroups, askEvents}[last], 20); calls == 0 {
					t.Errorf("%s: what was used least recently is still there", name)
				}
				if s := l.Stats(); s.Bytes == 0 {
					t.Errorf("%s: nothing is kept", name)
				}
			}
		}
	})
}
