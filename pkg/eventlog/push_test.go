package eventlog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func byRay(ray string) string {
	return fmt.Sprintf(`{"filters":[{"field":"ray_id","operator":"=","values":[%q]}]}`, ray)
}

func week() (time.Time, time.Time) { return epoch.Add(-7 * 24 * time.Hour), epoch }

func TestARayIDInADenseWeekTakesFewCalls(t *testing.T) {
	from, to := week()
	u := newUpstream(personality{}, spread(50_000, from, to, 1), 1)
	l := newLog(t, u)
	wanted := u.events[30_000]
	res := run(t, l, u, byRay(wanted.ray), from, to)
	if got := raysOf(t, res.Table); len(got) != 1 || got[0] != wanted.ray || !res.Coverage.Complete {
		t.Errorf("%v %+v %v", got, res.Coverage, res.Notices)
	}
	// The newest page, the filtered rows (and their confirmation), one to verify.
	if u.count() > 5 {
		t.Errorf("%d calls", u.count())
	}
	before := u.count()
	other := u.events[40_000]
	if res := run(t, l, u, byRay(other.ray), from, to); len(res.Table.Times) != 1 || u.count()-before > 3 {
		t.Errorf("%d calls for %d rows of a verified filter", u.count()-before, len(res.Table.Times))
	}
}

func TestAMishandledFilterIsFoundOutOnce(t *testing.T) {
	from, to := week()
	for name, set := range map[string]func(*upstream){
		"ignored": func(u *upstream) { u.mishandles = "ray_id" },
		"emptied": func(u *upstream) { u.empties = "ray_id" },
		"refused": func(u *upstream) {
			u.before = func(_ context.Context, r eventlog.PageRequest) error {
				if r.Pushed != nil {
					return &cloudflare.Error{Kind: cloudflare.KindBadRequest, Message: "unknown parameter"}
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUpstream(personality{}, spread(20_000, from, to, 1), 1)
			set(u)
			l := newLog(t, u)
			wanted := u.events[15_000]
			res := run(t, l, u, byRay(wanted.ray), from, to)
			if got := raysOf(t, res.Table); len(got) != 1 || !res.Coverage.Complete {
				t.Errorf("%v %+v", got, res.Coverage)
			}
			if len(res.Notices) != 1 || !strings.Contains(res.Notices[0].Text, "ray_id") {
				t.Errorf("notices %v", res.Notices)
			}
			pushed := 0
			for _, r := range u.asked {
				if r.Pushed != nil {
					pushed++
				}
			}
			if pushed > 3 {
				t.Errorf("%d calls with the filter", pushed)
			}
			u.clock.advance(time.Hour)
			again := run(t, l, u, byRay(u.events[16_000].ray), from, to)
			if len(again.Table.Times) != 1 || len(again.Notices) != 0 {
				t.Errorf("the second time: %d rows, notices %v", len(again.Table.Times), again.Notices)
			}
		})
	}
}

func TestAFilterIsPushedWhereAScanIsTooLong(t *testing.T) {
	from, to := week()
	u := newUpstream(personality{}, spread(30_000, from, to, 1), 1)
	l := newLog(t, u, func(c *eventlog.Config) { c.MaxRows = 10_000 })
	res := run(t, l, u, `{"format":"time_series","filters":[{"field":"outcome","operator":"=","values":["blocked"]}]}`, from, to)
	r := ask(t, u, `{"format":"time_series"}`, from, to)
	if want := u.truth(r.Span(), func(e event) bool { return !e.allowed }); res.Coverage.Rows != int64(len(want)) || !res.Coverage.Complete {
		t.Errorf("%+v, want %d rows", res.Coverage, len(want))
	}
}

func TestAFieldThatRowsLackIsLeftToCloudflare(t *testing.T) {
	from, to := week()
	u := newUpstream(personality{}, spread(1000, from, to, 1), 1)
	inner := u.source()
	s := inner
	s.Fetch = func(ctx context.Context, r eventlog.PageRequest) (*eventlog.Page, error) {
		p, err := inner.Fetch(ctx, r)
		if err == nil {
			p.Rows = []byte(strings.ReplaceAll(string(p.Rows), `"country":`, `"x_country":`))
		}
		return p, err
	}
	r := ask(t, u, `{"limit":10000,"filters":[{"field":"country","operator":"=","values":["GB"]}]}`, from, to)
	res, err := newLog(t, u).Query(context.Background(), r, s)
	if err != nil {
		t.Fatal(err)
	}
	want := u.truth(query.Window{From: from, To: to}, func(e event) bool { return e.country == "GB" })
	if got := raysOf(t, res.Table); !sameSet(got, want) || res.Coverage.Complete || res.Coverage.Reason != eventlog.ReasonUnverified {
		t.Errorf("%d rows of %d, %+v", len(got), len(want), res.Coverage)
	}
}

func TestAFilterOnlyCloudflareKnowsIsMarked(t *testing.T) {
	from, to := week()
	u := newUpstream(personality{}, spread(100, from, to, 1), 1)
	l := newLog(t, u)
	const model = `{"filters":[{"field":"idp","operator":"=","values":["6b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e5f"]}]}`
	// This fake ignores the parameter, as Cloudflare ignores user_id.
	if _, err := l.Query(context.Background(), ask(t, u, model, from, to), u.source()); err == nil || !strings.Contains(err.Error(), "idp") {
		t.Errorf("an ignored filter answered %v", err)
	}
	honest := newUpstream(personality{}, spread(100, from, to, 1), 1)
	inner := honest.source()
	s := inner
	s.Fetch = func(ctx context.Context, r eventlog.PageRequest) (*eventlog.Page, error) {
		if v := r.Pushed["idp"]; v != "6b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e5f" {
			return &eventlog.Page{Rows: []byte("[]")}, nil
		}
		return inner.Fetch(ctx, r)
	}
	res, err := newLog(t, honest).Query(context.Background(), ask(t, honest, model, from, to), s)
	if err != nil {
		t.Fatal(err)
	}
	if res.Coverage.Rows != 100 || res.Coverage.Reason != eventlog.ReasonUnverified {
		t.Errorf("%+v", res.Coverage)
	}
	two := `{"filters":[{"field":"idp","operator":"=","values":["a","b"]}]}`
	if _, err := l.Query(context.Background(), ask(t, u, two, from, to), u.source()); err == nil {
		t.Error("two values were accepted")
	}
}
