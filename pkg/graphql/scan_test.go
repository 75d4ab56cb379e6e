package graphql_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/graphql"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

var noon = time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	rapid.TB
	Cleanup(cleanup func())
}

// ask makes a node of an account. The test runs in a bubble.
func ask(t tester, c account.Config) (*graphql.Node, *account.Account) {
	c.Now, c.Limit = clock, account.Unlimited
	a := account.New(c)
	client := cloudflare.New(cloudflare.Config{BaseURL: a.URL(), Credentials: cloudflare.Credentials{Token: account.Token},
		HTTP: &http.Client{Transport: a.Transport()}, Now: clock})
	t.Cleanup(client.Close)
	return graphql.NewNode(client, account.ID, "accessLoginRequestsAdaptiveGroups", clock), a
}

// request is a query of login groups over the day before noon.
func request(t tester, text string) *query.Request {
	t.Helper()
	r, err := query.Parse([]byte(text), query.Options{QueryType: "login_groups", From: noon.Add(-24 * time.Hour), To: noon,
		Interval: time.Minute, MaxLimit: 100_000, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func plan(t tester, n *graphql.Node, text string) eventlog.Source {
	t.Helper()
	p, err := n.Plan(context.Background(), request(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return p.Source()
}

// sink keeps what a scan tells.
type sink struct {
	mu     sync.Mutex
	pieces []eventlog.Piece
	failed []interval.Interval
	errs   []error
}

func (s *sink) Deliver(p eventlog.Piece) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pieces = append(s.pieces, p)
}

func (s *sink) Fail(err error, list ...interval.Interval) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed, s.errs = append(s.failed, list...), append(s.errs, err)
}

// check holds the pieces against the account's logins: they do not overlap, and
// each has all of its own.
func (s *sink) check(t tester, a *account.Account) (told []interval.Interval) {
	t.Helper()
	for _, p := range s.pieces {
		if p.Empty() || len(interval.Intersect(told, p.Interval)) > 0 || len(interval.Intersect(s.failed, p.Interval)) > 0 {
			t.Errorf("%s to %s came twice, or is empty", p.Start(), p.End())
		}
		told = append(told, p.Interval)
		want := int64(len(a.LoginTruth(p.Start(), p.Last(), nil)))
		if got := p.Rows.Events(0, p.Rows.Len()); got != want || p.Rows.Within(p.Interval).Rows() != p.Rows.Len() {
			t.Errorf("%d logins from %s to %s, want %d", got, p.Start(), p.End(), want)
		}
	}
	return told
}

// TestAnyScanIsWhole draws an account and intervals, and scans them as a whole,
// and for the newest or oldest groups.
func TestAnyScanIsWhole(t *testing.T) {
	const lists = `{"fields":["datetime","cfRayId"],"limit":20}`
	texts := []string{lists, `{"groupBy":["country"]}`, `{"groupBy":["ipAddress"]}`, `{"format":"time_series"}`, `{"fields":["date","appId"]}`}
	synctest.Test(t, func(t *testing.T) {
		// A bubble does not tell rapid the deadline of a *testing.T.
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) {
			time.Sleep(20 * time.Millisecond) // lets rapid come to an end when it shrinks
			n, a := ask(t, account.Config{
				Groups: account.NewLoginEvents(rapid.IntRange(0, 900).Draw(t, "logins"), noon.Add(-24*time.Hour), 24*time.Hour, rapid.Uint64().Draw(t, "seed")),
				GraphQL: account.GraphQL{
					MaxPageSize: rapid.SampledFrom([]int{60, 100, 1000, 10_000}).Draw(t, "page size"),
					MaxDuration: rapid.SampledFrom([]time.Duration{90 * time.Minute, 7 * 24 * time.Hour}).Draw(t, "duration"),
				},
			})
			source := plan(t, n, rapid.SampledFrom(texts).Draw(t, "query"))
			instant := rapid.Int64Range(noon.Add(-25*time.Hour).UnixMilli(), noon.UnixMilli())
			at := rapid.SliceOfNDistinct(instant, 4, 4, rapid.ID).Draw(t, "instants")
			slices.Sort(at)
			list := []interval.Interval{{From: at[0] * interval.Millisecond, To: at[1] * interval.Millisecond}, {From: at[2] * interval.Millisecond, To: at[3] * interval.Millisecond}}
			var whole sink
			source.Scanner.Fill(context.Background(), list, eventlog.Plan{MaxRows: 1 << 20}, &whole)
			if missing := interval.Subtract(list, whole.check(t, a)...); len(missing) > 0 || len(whole.errs) > 0 {
				t.Errorf("missing %v, failed %v: %v", missing, whole.failed, whole.errs)
			}
			if source.Grain == eventlog.Timeless {
				return // nothing comes first, so nobody asks
			}
			ascending := rapid.Bool().Draw(t, "ascending")
			var first sink
			source.Scanner.First(context.Background(), list[0], ascending, &first)
			told := interval.Union(first.check(t, a))
			if len(told) != 1 || ascending && told[0].From != list[0].From || !ascending && told[0].To != list[0].To || told[0].Clip(list[0]) != told[0] {
				t.Errorf("the first page tells %v of %v", told, list[0])
			}
			if refused := a.Refusals(); len(refused) > 0 {
				t.Errorf("refused upstream: %v", refused)
			}
		})
	})
}

// TestALimitThatAnotherQueryLearnedIsNoError has two plans that were made before
// a refusal taught the node a limit.
func TestALimitThatAnotherQueryLearnedIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, a := ask(t, account.Config{Groups: account.NewLoginEvents(30, noon.Add(-20*time.Hour), 20*time.Hour, 6),
			GraphQL: account.GraphQL{MaxFields: 5, SettingsFail: true}})
		day := []interval.Interval{interval.Inclusive(noon.Add(-24*time.Hour), noon)}
		before := []eventlog.Source{plan(t, n, `{}`), plan(t, n, `{}`)}
		for i, source := range before {
			var whole, first sink
			source.Scanner.Fill(context.Background(), day, eventlog.Plan{MaxRows: 1 << 20}, &whole)
			source.Scanner.First(context.Background(), day[0], false, &first)
			for _, err := range append(whole.errs, first.errs...) {
				if !errors.Is(err, graphql.ErrReplan) {
					t.Errorf("plan %d: got %v", i, err)
				}
			}
			if len(whole.errs) == 0 || len(first.errs) == 0 || len(whole.pieces)+len(first.pieces) > 0 {
				t.Errorf("plan %d has an answer", i)
			}
		}
		var after sink
		plan(t, n, `{}`).Scanner.Fill(context.Background(), day, eventlog.Plan{MaxRows: 1 << 20}, &after)
		if told := after.check(t, a); len(told) != 1 || len(after.errs) > 0 {
			t.Errorf("%v, failed %v", told, after.errs)
		}
	})
}

// TestAnErrorThatTeachesNothingIsNoReasonToReplan has a plan that is older than
// what was learned meet an error of another kind.
func TestAnErrorThatTeachesNothingIsNoReasonToReplan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, a := ask(t, account.Config{GraphQL: account.GraphQL{MaxFields: 5, SettingsFail: true}})
		day := interval.Inclusive(noon.Add(-24*time.Hour), noon)
		old, teaching := plan(t, n, `{"groupBy":["country"]}`), plan(t, n, `{}`)
		teaching.Scanner.First(context.Background(), day, false, &sink{})
		a.Change(func(c *account.Config) {
			c.Before = func(*http.Request) error { return &account.Failure{Status: http.StatusTooManyRequests} }
		})
		var told sink
		old.Scanner.First(context.Background(), day, false, &told)
		if len(told.errs) != 1 || errors.Is(told.errs[0], graphql.ErrReplan) {
			t.Errorf("got %v", told.errs)
		}
	})
}

func TestPlansOfTheSameDimensionsAreTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, a := ask(t, account.Config{})
		day := interval.Inclusive(noon.Add(-24*time.Hour), noon)
		var keys []string
		for _, text := range []string{
			`{"format":"time_series","groupBy":["outcome","country"]}`, `{"format":"time_series","groupBy":["country","outcome"]}`,
			`{"fields":["country","datetimeMinute","outcome"]}`, `{"fields":["isSuccessfulLogin","datetimeMinute","country"]}`,
		} {
			source := plan(t, n, text)
			source.Scanner.First(context.Background(), day, false, &sink{})
			keys = append(keys, source.Key)
		}
		if len(slices.Compact(keys)) != 1 {
			t.Errorf("keys %q", keys)
		}
		for _, node := range a.Nodes() {
			if !slices.Equal(node.Dimensions, a.Nodes()[0].Dimensions) || !slices.Equal(node.OrderBy, []string{"datetimeMinute_DESC"}) {
				t.Errorf("asked for %v by %v", node.Dimensions, node.OrderBy)
			}
		}
	})
}

func TestFiltersAsGraphQLTakesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, a := ask(t, account.Config{})
		for filter, want := range map[string]string{
			`{"field":"serviceTokenVersion","operator":"=","values":["3"]}`:    `[{"serviceTokenVersion":3}]`,
			`{"field":"serviceTokenVersion","operator":">=","values":[10]}`:    `[{"serviceTokenVersion_geq":10}]`,
			`{"field":"serviceTokenVersion","operator":"=","values":["3",20]}`: `[{"OR":[{"serviceTokenVersion":20},{"serviceTokenVersion":3}]}]`,
			`{"field":"serviceTokenVersion","operator":"!=","values":[3,4]}`:   `[{"AND":[{"serviceTokenVersion_neq":3},{"serviceTokenVersion_neq":4}]}]`,
			`{"field":"outcome","operator":"=","values":["blocked"]}`:          `[{"isSuccessfulLogin":0}]`,
			`{"field":"hasWarpEnabled","operator":"!=","values":[true]}`:       `[{"hasWarpEnabled_neq":1}]`,
			`{"field":"appId","operator":"=","values":["b","a"]}`:              `[{"appId_in":["a","b"]}]`,
			`{"field":"country","operator":"!=","values":["gb"]}`:              `[{"country_notin":["GB","Gb","gB","gb"]}]`,
			`{"field":"appId","operator":"!contains","values":["b"]}`:          `[{"appId_notlike":"%b%"}]`,
			`{"field":"datetime","operator":"<","values":["2026-03-31"]}`:      `null`, // the time range says it
		} {
			before := len(a.Nodes())
			plan(t, n, fmt.Sprintf(`{"groupBy":["country"],"filters":[%s]}`, filter)).Scanner.
				First(context.Background(), interval.Inclusive(noon.Add(-time.Hour), noon), false, &sink{})
			asked := a.Nodes()[before:]
			if len(asked) != 1 {
				t.Fatalf("%s: %d nodes", filter, len(asked))
			}
			if got, err := json.Marshal(asked[0].Filter["AND"]); err != nil || string(got) != want {
				t.Errorf("%s: asked with %s, want %s", filter, got, want)
			}
		}
		if refused := a.Refusals(); len(refused) > 0 {
			t.Errorf("refused upstream: %v", refused)
		}
	})
}

// TestNoValueStandsInTheText has values that would end a string.
func TestNoValueStandsInTheText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, a := ask(t, account.Config{Groups: []account.LoginEvent{account.NewLoginEvent(noon.Add(-time.Minute), "appId", `a"}) { x`)}})
		var told sink
		plan(t, n, `{"groupBy":["outcome"],"filters":[{"field":"appId","operator":"=","values":["a\"}) { x"]}]}`).Scanner.
			First(context.Background(), interval.Inclusive(noon.Add(-time.Hour), noon), false, &told)
		told.check(t, a)
		if len(told.errs) > 0 || len(told.pieces) == 0 || strings.Contains(fmt.Sprint(a.Refusals()), "parsing") {
			t.Errorf("got %v, %v", told.errs, a.Refusals())
		}
	})
}
