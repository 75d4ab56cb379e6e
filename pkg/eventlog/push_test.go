package eventlog_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

func byRay(ray string) string {
	return fmt.Sprintf(`{"filters":[{"field":"ray_id","operator":"=","values":[%q]}]}`, ray)
}

// denseWeek has fifty pages. The newest events come last.
func denseWeek() account.Config {
	from, to := week()
	return spread(50_000, from, to)
}

// pushed are the calls that ask Cloudflare to filter by a parameter.
func pushed(l *lab.Lab, parameter string) []url.Values {
	return slices.DeleteFunc(l.AskedFor("/access_requests"), func(q url.Values) bool { return !q.Has(parameter) })
}

func TestARayIDInADenseWeekTakesFewCalls(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := week()
		config := denseWeek()
		l := lab.New(t, config)
		wanted := config.Events[20_000]
		res := l.Ask(t, byRay(wanted.RayID), from, to)
		if got := lab.Rays(t, res.Table); len(got) != 1 || got[0] != wanted.RayID || !res.Coverage.Complete {
			t.Errorf("%v %+v %v", got, res.Coverage, res.Notices)
		}
		// The newest page, the filtered rows (and their confirmation), one to verify.
		if l.Calls() > 5 {
			t.Errorf("%d calls", l.Calls())
		}
		before := l.Calls()
		other := config.Events[10_000]
		if res := l.Ask(t, byRay(other.RayID), from, to); len(res.Table.Times) != 1 || l.Calls()-before > 3 {
			t.Errorf("%d calls for %d rows of a verified filter", l.Calls()-before, len(res.Table.Times))
		}
	})
}

func TestAMishandledFilterIsFoundOutOnce(t *testing.T) {
	from, to := week()
	events := account.NewEvents(20_000, from, to, 1)
	for name, quirk := range map[string]account.FilterQuirk{
		"ignores the filter":             account.FilterIgnored,
		"leaves out events that match":   account.FilterEmptied,
		"refuses the filter":             account.FilterRefused,
		"applies the filter as it ought": account.FilterApplied,
	} {
		t.Run(name, func(t *testing.T) {
			lab.Test(t, func(t *testing.T) {
				l := lab.New(t, account.Config{Events: events, Quirks: account.Quirks{Filters: map[string]account.FilterQuirk{"ray_id": quirk}}})
				res := l.Ask(t, byRay(events[5000].RayID), from, to)
				if got := lab.Rays(t, res.Table); len(got) != 1 || got[0] != events[5000].RayID || !res.Coverage.Complete {
					t.Errorf("%v %+v", got, res.Coverage)
				}
				calls := len(pushed(l, "ray_id"))
				if quirk == account.FilterApplied {
					if calls == 0 || len(res.Notices) != 0 {
						t.Errorf("%d calls with the filter, notices %v", calls, res.Notices)
					}
					return
				}
				if len(res.Notices) != 1 || !strings.Contains(res.Notices[0].Text, "ray_id") || !strings.Contains(res.Notices[0].Text, name) {
					t.Errorf("notices %v", res.Notices)
				}
				if calls > 3 || calls == 0 {
					t.Errorf("%d calls with the filter", calls)
				}
				time.Sleep(time.Hour)
				again := l.Ask(t, byRay(events[4000].RayID), from, to)
				if len(again.Table.Times) != 1 || len(again.Notices) != 0 || len(pushed(l, "ray_id")) != calls {
					t.Errorf("the second time: %d rows, notices %v", len(again.Table.Times), again.Notices)
				}
			})
		})
	}
}

func TestAFilterIsPushedWhereAScanIsTooLong(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := week()
		l := lab.New(t, spread(30_000, from, to), func(c *surface.Config) { c.MaxRows = 10_000 })
		r := lab.Request(t, `{"format":"time_series","filters":[{"field":"outcome","operator":"=","values":["blocked"]}]}`, from, to)
		res, err := l.Query(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if want := l.Truth(r, func(e account.Event) bool { return !e.Allowed }); res.Coverage.Rows != int64(len(want)) || !res.Coverage.Complete {
			t.Errorf("%+v, want %d rows", res.Coverage, len(want))
		}
		if len(pushed(l, "allowed")) == 0 {
			t.Error("the filter was not pushed")
		}
	})
}

func TestAFieldThatRowsLackIsLeftToCloudflare(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := week()
		config := spread(1000, from, to)
		config.Quirks.Withholds = []string{"country"}
		l := lab.New(t, config)
		r := lab.Request(t, `{"limit":10000,"filters":[{"field":"country","operator":"=","values":["GB"]}]}`, from, to)
		res, err := l.Query(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		want := account.RayIDs(l.Truth(r, func(e account.Event) bool { return e.Country == "GB" }))
		if got := lab.Rays(t, res.Table); !sameSet(got, want) || res.Coverage.Complete || res.Coverage.Reason != answer.ReasonUnverified {
			t.Errorf("%d rows of %d, %+v", len(got), len(want), res.Coverage)
		}
	})
}

func TestAFilterOnlyCloudflareKnowsIsMarked(t *testing.T) {
	from, to := week()
	const idp = "6b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e5f"
	model := `{"filters":[{"field":"idp","operator":"=","values":["` + idp + `"]}]}`
	lab.Test(t, func(t *testing.T) {
		// An account whose logins have no idp ignores the parameter, as Cloudflare
		// ignores user_id. Nothing in the rows tells.
		l := lab.New(t, spread(100, from, to))
		res := l.Ask(t, model, from, to)
		if c := res.Coverage; c.Complete || c.Reason != answer.ReasonUnverified || c.Rows != 100 || len(res.Notices) != 1 {
			t.Errorf("%+v %v", c, res.Notices)
		}
		// The first page is asked for without it: it shows how many rows there are.
		if calls := pushed(l, "idp"); len(calls) != l.Calls()-1 || calls[0].Get("idp") != idp {
			t.Errorf("%d calls of %d have the filter", len(calls), l.Calls())
		}
		two := `{"filters":[{"field":"idp","operator":"=","values":["a","b"]}]}`
		if _, err := l.Query(t.Context(), lab.Request(t, two, from, to)); err == nil {
			t.Error("two values were accepted")
		}
	})
	lab.Test(t, func(t *testing.T) {
		config := spread(150, from, to)
		for i := range config.Events {
			row := config.Events[i].Members()
			row["idp"] = idp
			if i < 50 {
				row["idp"] = "another"
			}
			config.Events[i].Row = row
		}
		config.Quirks.Withholds = []string{"idp"}
		res := lab.New(t, config).Ask(t, model, from, to)
		if res.Coverage.Rows != 100 || res.Coverage.Reason != answer.ReasonUnverified {
			t.Errorf("%+v", res.Coverage)
		}
	})
}

// Under a mask, people filter by what they see. Cloudflare has no such values, and
// answers a filter by one with nothing.
func TestAMaskedFilterIsNotPushed(t *testing.T) {
	from, to := week()
	config := denseWeek()
	newest := config.Events[len(config.Events)-1500:]
	absent := func(email string) bool {
		return !slices.ContainsFunc(newest, func(e account.Event) bool { return e.Email == email })
	}
	i := slices.IndexFunc(config.Events, func(e account.Event) bool { return absent(e.Email) })
	email := config.Events[i].Email
	for _, c := range []struct{ operator, shape string }{
		{"=", `"limit":100000`}, {"=", `"format":"time_series"`}, {"=", `"groupBy":["outcome"]`},
		{"!=", `"format":"time_series"`},
	} {
		t.Run(c.operator+" "+c.shape, func(t *testing.T) {
			lab.Test(t, func(t *testing.T) {
				l := lab.New(t, config)
				model := fmt.Sprintf(`{"filters":[{"field":"user_email","operator":%q,"values":[%q]}],%s}`, c.operator, lab.Pseudonym(email), c.shape)
				r := lab.Request(t, model, from, to, lab.Masked)
				res, err := l.Query(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				want := l.Truth(r, func(e account.Event) bool { return (e.Email == email) == (c.operator != "!=") })
				if cov := res.Coverage; cov.Rows != int64(len(want)) || !cov.Complete || len(want) < 100 {
					t.Errorf("%+v, want %d rows", cov, len(want))
				}
				if calls := pushed(l, "email"); len(calls) > 0 {
					t.Errorf("Cloudflare was asked %v", calls[0])
				}
			})
		})
	}
}

// A scan that is too long for a masked filter is cut: it must not look complete.
func TestAMaskedFilterThatAScanIsTooLongForIsIncomplete(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := week()
		config := denseWeek()
		l := lab.New(t, config, func(c *surface.Config) { c.MaxRows = 10_000 })
		model := fmt.Sprintf(`{"format":"time_series","filters":[{"field":"user_email","operator":"=","values":[%q]}]}`, lab.Pseudonym(config.Events[0].Email))
		res := l.Ask(t, model, from, to, lab.Masked)
		if c := res.Coverage; c.Complete || c.Reason != answer.ReasonMaxRows || len(pushed(l, "email")) > 0 {
			t.Errorf("%+v", c)
		}
	})
}

// The same filter in the clear shows that the week is long enough for a push.
func TestAFilterOnAUserIsPushedInTheClear(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := week()
		config := denseWeek()
		email := config.Events[0].Email
		l := lab.New(t, config)
		r := lab.Request(t, fmt.Sprintf(`{"limit":100000,"filters":[{"field":"user_email","operator":"=","values":[%q]}]}`, email), from, to)
		res, err := l.Query(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		want := account.RayIDs(l.Truth(r, func(e account.Event) bool { return e.Email == email }))
		if !sameSet(lab.Rays(t, res.Table), want) || !res.Coverage.Complete || len(pushed(l, "email")) == 0 || l.Calls() > 8 {
			t.Errorf("%d rows of %d, %d calls, %+v", len(res.Table.Times), len(want), l.Calls(), res.Coverage)
		}
	})
}

// An address is found whatever the letter case that it was logged in: the filter is
// pushed in lower case, unless addresses are logged in others and Cloudflare tells them
// apart.
func TestAFilterOnAUserFindsAllLetterCases(t *testing.T) {
	for _, logged := range []func(i int) func(string) string{
		func(int) func(string) string { return strings.ToLower },
		func(i int) func(string) string {
			if i%3 == 0 {
				return strings.ToUpper
			}
			return strings.ToLower
		},
	} {
		lab.Test(t, func(t *testing.T) {
			from, to := week()
			config := denseWeek()
			email := strings.ToLower(config.Events[0].Email)
			mixed := logged(0)("a") == "A"
			for i := range config.Events {
				e := &config.Events[i]
				e.Email = logged(i)(e.Email)
			}
			l := lab.New(t, config)
			for range 2 {
				r := lab.Request(t, fmt.Sprintf(`{"limit":100000,"filters":[{"field":"user_email","operator":"=","values":[%q]}]}`, strings.ToTitle(email)), from, to)
				res, err := l.Query(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				want := account.RayIDs(l.Truth(r, func(e account.Event) bool { return strings.EqualFold(e.Email, email) }))
				if !sameSet(lab.Rays(t, res.Table), want) || !res.Coverage.Complete {
					t.Errorf("%d rows of %d, %+v %v", len(res.Table.Times), len(want), res.Coverage, res.Notices)
				}
			}
			if !mixed && l.Calls() > 10 {
				t.Errorf("%d calls", l.Calls())
			}
		})
	}
}
