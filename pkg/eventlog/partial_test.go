package eventlog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

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
