package eventlog_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

var unavailable = account.Refusal(http.StatusServiceUnavailable, 10000, "Service unavailable")

func TestWhatIsKnownIsShownWhenCloudflareFails(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, spread(3600, noon.Add(-time.Hour), noon.Add(time.Minute)))
		from := noon.Add(-30 * time.Minute)
		before := l.Ask(t, `{"limit":100000}`, from, noon)
		time.Sleep(30 * time.Second)
		l.Change(func(c *account.Config) { c.Before = func(*http.Request) error { return unavailable } })
		res := l.Ask(t, `{"limit":100000}`, from, noon.Add(30*time.Second))
		if res.Coverage.Rows != before.Coverage.Rows || res.Coverage.Complete || res.Coverage.Reason != answer.ReasonUpstream {
			t.Errorf("%d rows of %d, complete %t, reason %q", res.Coverage.Rows, before.Coverage.Rows, res.Coverage.Complete, res.Coverage.Reason)
		}
		if said := fmt.Sprint(res.Notices); !strings.Contains(said, "from 2026-06-01T11:45:00Z to 2026-06-01T12:00:30Z are shown as they were at 2026-06-01T12:00:00Z") {
			t.Error(said)
		}
		// A part that is not new, but not sealed either, is not passed off as current.
		res = l.Ask(t, `{"limit":100000}`, from, noon.Add(-time.Minute))
		if res.Coverage.Complete || res.Coverage.Rows == 0 {
			t.Errorf("%d rows, complete %t", res.Coverage.Rows, res.Coverage.Complete)
		}
		// Sealed parts are.
		if res = l.Ask(t, `{"limit":100000}`, from, noon.Add(-20*time.Minute)); !res.Coverage.Complete {
			t.Errorf("reason %q, %v", res.Coverage.Reason, res.Notices)
		}
	})
}

func TestWhatIsThereIsShownWhenTheTimeIsUp(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		config := spread(5000, noon.Add(-24*time.Hour), noon.Add(-time.Hour))
		var calls atomic.Int64
		config.Before = func(r *http.Request) error {
			if calls.Add(1) == 1 {
				return nil
			}
			<-r.Context().Done()
			return r.Context().Err()
		}
		l := lab.New(t, config, func(c *surface.Config) { c.MaxRows = 100_000 })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		res, err := l.Query(ctx, lab.Request(t, `{"limit":100000}`, noon.Add(-24*time.Hour), noon))
		if err != nil {
			t.Fatal(err)
		}
		if c := res.Coverage; c.Complete || c.Reason != answer.ReasonTimeout || c.Rows == 0 || len(res.Notices) == 0 {
			t.Errorf("%+v %v", c, res.Notices)
		}
		if took := time.Since(noon); took >= 10*time.Second {
			t.Errorf("there was no time left to show it after %s", took)
		}
	})
}

// bounds are the times that a call asks for.
func bounds(q url.Values) (since, until time.Time) {
	since, _ = time.Parse(time.RFC3339Nano, q.Get("since"))
	until, _ = time.Parse(time.RFC3339Nano, q.Get("until"))
	return since, until
}

func TestAFailedPartIsNamed(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		config := spread(20_000, noon.Add(-24*time.Hour), noon.Add(-time.Hour))
		bad := noon.Add(-12 * time.Hour)
		config.Before = func(r *http.Request) error {
			if since, until := bounds(r.URL.Query()); since.Before(bad) && until.After(bad) && until.Sub(since) < 12*time.Hour {
				return unavailable
			}
			return nil
		}
		l := lab.New(t, config)
		res := l.Ask(t, `{"limit":100000}`, noon.Add(-24*time.Hour), noon)
		if c := res.Coverage; c.Complete || c.Reason != answer.ReasonUpstream || c.Rows < 10_000 || c.Rows >= 20_000 {
			t.Errorf("%+v", c)
		}
		if len(res.Notices) == 0 {
			t.Error("no notice names the missing part")
		}
		time.Sleep(time.Minute)
		l.Change(func(c *account.Config) {
			c.Before = func(*http.Request) error { return account.Refusal(http.StatusForbidden, 10000, "Authentication error") }
		})
		_, err := l.Query(t.Context(), lab.Request(t, `{}`, noon.Add(-24*time.Hour), noon))
		if cloudflare.KindOf(err) != cloudflare.KindPermission {
			t.Errorf("a missing permission answered %v", err)
		}
	})
}

func TestRateLimitSaysWhenToComeBack(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		config := spread(20_000, noon.Add(-24*time.Hour), noon.Add(-time.Hour))
		refusal := account.Refusal(http.StatusTooManyRequests, 971, "Please wait and consider throttling your request speed")
		refusal.Header.Set("Retry-After", "300")
		var calls atomic.Int64
		config.Before = func(*http.Request) error {
			if calls.Add(1) > 8 {
				return refusal
			}
			return nil
		}
		res := lab.New(t, config).Ask(t, `{"limit":100000}`, noon.Add(-24*time.Hour), noon)
		if c := res.Coverage; c.Complete || c.Reason != answer.ReasonRateLimit || c.RetryAt == nil || !c.RetryAt.Equal(noon.Add(5*time.Minute)) || c.Rows == 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestLimitedTablesStopEarly(t *testing.T) {
	from, to := week()
	events := account.NewEvents(100_000, from, to, 1)
	for _, direction := range []string{"desc", "asc"} {
		t.Run(direction, func(t *testing.T) {
			lab.Test(t, func(t *testing.T) {
				l := lab.New(t, holding(events))
				r := lab.Request(t, fmt.Sprintf(`{"limit":1000,"direction":%q}`, direction), from, to)
				res, err := l.Query(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				want := account.RayIDs(l.Truth(r, nil))
				if direction == "asc" {
					want = want[:1000]
				} else {
					want = want[len(want)-1000:]
				}
				if !sameSet(lab.Rays(t, res.Table), want) || res.Coverage.Reason != answer.ReasonLimit || res.Coverage.Complete {
					t.Errorf("%+v", res.Coverage)
				}
				if len(res.Notices) != 1 || res.Notices[0].Severity != answer.Info {
					t.Errorf("%v", res.Notices)
				}
				if l.Calls() > 5 {
					t.Errorf("%d calls for 1000 rows", l.Calls())
				}
			})
		})
	}
}

func TestMaxRowsEndsAScan(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := noon.Add(-24*time.Hour), noon
		l := lab.New(t, spread(50_000, from, to), func(c *surface.Config) { c.MaxRows = 5000 })
		for _, model := range []string{`{"format":"time_series"}`, `{"groupBy":["country"]}`} {
			res := l.Ask(t, model, from, to)
			if c := res.Coverage; c.Complete || c.Reason != answer.ReasonMaxRows || c.Rows < 5000 || c.Rows > 10_000 {
				t.Errorf("%s: %+v", model, c)
			}
		}
		if l.Calls() > 15 {
			t.Errorf("%d calls", l.Calls())
		}
	})
}

func TestKeptPartsStaySaidToBeIncomplete(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		config := spread(300, noon.Add(-6*time.Hour), noon.Add(-time.Hour))
		for i := 100; i < 200; i++ {
			config.Events[i].At = config.Events[100].At
		}
		config.Quirks = account.Quirks{PageCap: 25, IgnoresPage: true}
		l := lab.New(t, config)
		for range 2 {
			res := l.Ask(t, `{"limit":1000}`, noon.Add(-6*time.Hour), noon)
			if c := res.Coverage; c.Complete || c.Reason != answer.ReasonUpstream || c.Rows < 200 {
				t.Errorf("%+v", c)
			}
		}
	})
}
