package surface

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func hasNotice(result *eventlog.Result, text string) bool {
	return slices.ContainsFunc(result.Notices, func(n eventlog.Notice) bool { return strings.Contains(n.Text, text) })
}

// checkCounts compares a series or a grouped table with the events.
func checkCounts(t tester, n *fakeNode, r *query.Request, result *eventlog.Result) {
	t.Helper()
	if result.Series != nil {
		if diff := cmp.Diff(wantSeries(n, r), gotSeries(result.Series)); diff != "" {
			t.Error(diff)
		}
	} else if diff := cmp.Diff(wantGroups(n, r), gotGroups(result.Groups)); diff != "" {
		t.Error(diff)
	}
	if !result.Coverage.Complete && !uncertain(n, result) {
		t.Errorf("not complete: %+v", result.Notices)
	}
}

// uncertain says that an answer is held back for groups that stand in it twice.
func uncertain(n *fakeNode, result *eventlog.Result) bool {
	return n.repeat && result.Coverage.Reason == eventlog.ReasonUnverified
}

func TestMonthOfMinutesInFewCalls(t *testing.T) {
	n := newFakeNode(t, nil)
	base := n.now.Add(-30 * 24 * time.Hour)
	for at := base; at.Before(n.now); at = at.Add(time.Minute) {
		n.events = append(n.events, newLogin(at, "isSuccessfulLogin", 0), newLogin(at.Add(7*time.Second), "isSuccessfulLogin", 1))
	}
	s := n.start(1 << 28)
	r := question{Format: "time_series"}.request(t, n, base, n.now, time.Hour)
	result := ask(t, s, r)
	checkCounts(t, n, r, result)
	if total := n.calls + n.settings; total > 8 || result.Coverage.UpstreamCalls != total {
		t.Errorf("%d calls, %d in the coverage; want at most 8", total, result.Coverage.UpstreamCalls)
	}
	before := n.calls
	checkCounts(t, n, r, ask(t, s, r))
	if n.calls-before > 0 {
		t.Errorf("%d calls for the same again", n.calls-before)
	}
	n.now = n.now.Add(30 * time.Second)
	n.events = append(n.events, newLogin(n.now.Add(-time.Second)))
	moved := question{Format: "time_series"}.request(t, n, base.Add(30*time.Second), n.now, time.Hour)
	checkCounts(t, n, moved, ask(t, s, moved))
	if n.calls-before > 1 {
		t.Errorf("%d calls for a refresh half a minute later", n.calls-before)
	}
	if len(n.refusals) > 0 {
		t.Errorf("refused upstream: %v", n.refusals)
	}
}

func TestFullPagesAreCutAndAskedAgain(t *testing.T) {
	base := time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)
	events := someLogins(6, base, 20*time.Hour, 5000)
	for name, change := range map[string]func(n *fakeNode){
		"declared":           func(n *fakeNode) { n.pageSize = 150 },
		"not declared":       func(n *fakeNode) { n.pageSize, n.settingsFail = 800, true },
		"silent cap of 500":  func(n *fakeNode) { n.silentCap = 500 },
		"silent cap of 100":  func(n *fakeNode) { n.silentCap = 100 },
		"out of order":       func(n *fakeNode) { n.pageSize, n.ignoreOrder = 150, true },
		"groups repeated":    func(n *fakeNode) { n.repeat = true },
		"nine pages a hour":  func(n *fakeNode) { n.pageSize = 30 },
		"short duration":     func(n *fakeNode) { n.maxDuration = time.Hour },
		"duration not known": func(n *fakeNode) { n.maxDuration, n.settingsFail = 3*time.Hour, true },
		"one node a request": func(n *fakeNode) { n.maxNodes, n.maxDuration = 1, 5*time.Hour },
	} {
		for _, q := range []question{
			{Format: "time_series", GroupBy: []string{"country"}}, {Format: "table", GroupBy: []string{"ipAddress"}}, {Format: "table", GroupBy: []string{"cfRayId"}, Limit: 100000},
		} {
			t.Run(name+" "+q.Format+" "+q.GroupBy[0], func(t *testing.T) {
				n := newFakeNode(t, events)
				change(n)
				r := q.request(t, n, base.Add(123*time.Millisecond), n.now, time.Minute)
				result := ask(t, n.start(1<<24), r)
				checkCounts(t, n, r, result)
			})
		}
	}
}

func TestMoreGroupsInASecondThanAPage(t *testing.T) {
	base := time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC)
	n := newFakeNode(t, nil)
	r := rand.New(rand.NewPCG(9, 9))
	for range 400 {
		n.events = append(n.events, newLogin(base, "cfRayId", fmt.Sprintf("%016x", r.Uint64())))
	}
	n.pageSize = 33
	s := n.start(0)
	for _, q := range []question{{Format: "table", GroupBy: []string{"cfRayId"}, Limit: 1000}, {Format: "table", Limit: 1000}} {
		request := q.request(t, n, base.Add(-time.Hour), n.now, 0)
		result := ask(t, s, request)
		if result.Coverage.Rows != 400 || !result.Coverage.Complete {
			t.Errorf("%d logins, %+v", result.Coverage.Rows, result.Notices)
		}
	}
}

func TestSecondThatCannotBeCutIsIncomplete(t *testing.T) {
	base := time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC)
	n := newFakeNode(t, nil)
	for i := range 16 {
		n.events = append(n.events, newLogin(base, "hasWarpEnabled", i&1, "hasGatewayEnabled", i>>1&1, "hasExistingJWT", i>>2&1, "isSuccessfulLogin", i>>3&1))
	}
	n.pageSize = 5
	r := question{Format: "table", GroupBy: []string{"hasWarpEnabled", "hasGatewayEnabled", "hasExistingJWT", "outcome"}}.request(t, n, base, base.Add(time.Second), 0)
	result := ask(t, n.start(0), r)
	if result.Coverage.Complete || result.Coverage.Reason != eventlog.ReasonPageSize || !hasNotice(result, "2026-03-31 10:00:00") {
		t.Errorf("coverage %+v, notices %+v", result.Coverage, result.Notices)
	}
}

func TestDurationIsNotPassedByASecond(t *testing.T) {
	for _, duration := range []time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour} {
		for _, offset := range []time.Duration{0, time.Millisecond, 500 * time.Millisecond, 999 * time.Millisecond} {
			n := newFakeNode(t, someLogins(7, time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC), 10*24*time.Hour, 300))
			n.maxDuration = duration
			to := n.now.Add(-offset)
			r := question{Format: "table", GroupBy: []string{"country"}}.request(t, n, to.Add(-duration), to, 0)
			checkCounts(t, n, r, ask(t, n.start(0), r))
			if len(n.refusals) > 0 {
				t.Errorf("%s from %s: refused upstream: %v", duration, offset, n.refusals)
			}
		}
	}
}

func TestRetention(t *testing.T) {
	n := newFakeNode(t, nil)
	n.notOlderThan = 10 * 24 * time.Hour
	n.events = someLogins(8, n.now.Add(-20*24*time.Hour), 20*24*time.Hour, 500)
	for name, fail := range map[string]bool{"declared": false, "learned": true} {
		t.Run(name, func(t *testing.T) {
			n.t, n.settingsFail = t, fail
			s := n.start(1 << 24)
			r := question{Format: "table", GroupBy: []string{"country"}}.request(t, n, n.now.Add(-15*24*time.Hour), n.now, 0)
			result := ask(t, s, r)
			if result.Coverage.Complete || result.Coverage.Reason != eventlog.ReasonRetention || result.Coverage.Rows == 0 || !hasNotice(result, "10 days") {
				t.Errorf("coverage %+v, notices %+v", result.Coverage, result.Notices)
			}
			old := question{Format: "table", GroupBy: []string{"country"}}.request(t, n, n.now.Add(-15*24*time.Hour), n.now.Add(-12*24*time.Hour), 0)
			var invalid *query.InvalidError
			if _, err := s.Query(context.Background(), old); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "10 days") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFieldsThatAreNotOffered(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	events := someLogins(9, base, 12*time.Hour, 50)
	for name, c := range map[string]struct {
		change  func(n *fakeNode)
		q       question
		columns int
		says    string
		err     string
	}{
		"left out of all":         {func(n *fakeNode) { n.unavailable = []string{"appId", "date"} }, question{Format: "table"}, 18, "appId, date", ""},
		"refused, left out":       {func(n *fakeNode) { n.denied = "appId" }, question{Format: "table"}, 19, "appId", ""},
		"asked for":               {func(n *fakeNode) { n.unavailable = []string{"appId"} }, question{Format: "table", Fields: []string{"appId"}}, 0, "", "appId"},
		"asked for, refused":      {func(n *fakeNode) { n.denied = "appId" }, question{Format: "table", GroupBy: []string{"appId"}}, 0, "", "appId"},
		"too many, dropped":       {func(n *fakeNode) { n.maxFields = 10 }, question{Format: "table"}, 9, "mtlsStatus", ""},
		"too many, learned":       {func(n *fakeNode) { n.maxFields, n.settingsFail = 10, true }, question{Format: "table"}, 9, "mtlsStatus", ""},
		"too many":                {func(n *fakeNode) { n.maxFields = 4 }, question{Format: "table", Fields: []string{"appId", "country", "datetime"}}, 0, "", "allows this account 2"},
		"settings unread":         {func(n *fakeNode) { n.settingsFail = true }, question{Format: "table"}, 20, "", ""},
		"logs without their time": {func(n *fakeNode) { n.unavailable = []string{"datetime"} }, question{Format: "logs"}, 0, "", "table"},
		"series by seconds":       {func(n *fakeNode) { n.unavailable = []string{"datetimeMinute"} }, question{Format: "time_series"}, 0, "", ""},
		"not for the account":     {func(n *fakeNode) { n.disabled = true }, question{Format: "time_series"}, 0, "", "access_requests"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newFakeNode(t, events)
			c.change(n)
			r := c.q.request(t, n, base, n.now, time.Minute)
			result, err := n.start(0).Query(context.Background(), r)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if result.Series != nil {
				checkCounts(t, n, r, result)
				return
			}
			if len(result.Table.Columns) != c.columns || result.Coverage.Rows != 50 || (c.says != "") != hasNotice(result, c.says) && c.says != "" {
				t.Errorf("%d columns, %d logins, notices %+v", len(result.Table.Columns), result.Coverage.Rows, result.Notices)
			}
		})
	}
}

func TestSamplingIsShown(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(10, base, 12*time.Hour, 50))
	n.sample = 10
	r := question{Format: "time_series"}.request(t, n, base, n.now, time.Hour)
	result := ask(t, n.start(0), r)
	checkCounts(t, n, r, result)
	if !result.Coverage.Sampled || result.Coverage.SampleInterval != 10 || !hasNotice(result, "sample") {
		t.Errorf("coverage %+v, notices %+v", result.Coverage, result.Notices)
	}
}

func TestPartsThatFailAreNamed(t *testing.T) {
	n := newFakeNode(t, nil)
	n.events = someLogins(11, n.now.Add(-20*24*time.Hour), 20*24*time.Hour, 2000)
	n.maxDuration = 24 * time.Hour
	for name, c := range map[string]struct {
		status int
		body   string
		reason eventlog.Reason
	}{
		"refused for the rate":  {200, `{"data":null,"errors":[{"message":"rate limiter budget depleted, try again after 5 minutes","extensions":{"code":"budget"}}]}`, eventlog.ReasonRateLimit},
		"429":                   {429, ``, eventlog.ReasonRateLimit},
		"truncated":             {200, `{"data":{"viewer":{"acc`, eventlog.ReasonUpstream},
		"unavailable":           {503, `<html>`, eventlog.ReasonUpstream},
		"a group without count": {200, `{"data":{"viewer":{"accounts":[{"w0":[{"dimensions":{}}]}]}}}`, eventlog.ReasonUpstream},
	} {
		t.Run(name, func(t *testing.T) {
			n.t, n.calls = t, 0
			n.fault = func(call int) (int, string) {
				if call == 1 || call == 2 {
					return 0, ""
				}
				return c.status, c.body
			}
			s := n.start(0)
			r := question{Format: "table", GroupBy: []string{"country"}}.request(t, n, n.now.Add(-20*24*time.Hour), n.now, 0)
			result, err := s.Query(context.Background(), r)
			if err != nil {
				t.Fatal(err)
			}
			if result.Coverage.Complete || result.Coverage.Reason != c.reason || !hasNotice(result, "missing (2026-03-") {
				t.Errorf("coverage %+v, notices %+v", result.Coverage, result.Notices)
			}
			if (c.reason == eventlog.ReasonRateLimit) != (result.Coverage.RetryAt != nil) {
				t.Errorf("retry at %v", result.Coverage.RetryAt)
			}
		})
	}
}

func TestWholeFailureIsAnError(t *testing.T) {
	n := newFakeNode(t, nil)
	n.fault = func(int) (int, string) { return 503, "<html>" }
	for _, q := range []question{{Format: "table", GroupBy: []string{"country"}}, {Format: "logs"}, {Format: "time_series"}} {
		_, err := n.start(0).Query(context.Background(), q.request(t, n, n.now.Add(-time.Hour), n.now, time.Minute))
		var e *cloudflare.Error
		if !errors.As(err, &e) || e.Kind != cloudflare.KindUnavailable {
			t.Errorf("%s: got %v", q.Format, err)
		}
	}
}

func TestSettingsAreReadOnceAnHour(t *testing.T) {
	n := newFakeNode(t, nil)
	s := n.start(0)
	r := question{Format: "table", GroupBy: []string{"country"}}.request(t, n, n.now.Add(-time.Hour), n.now, 0)
	var wait sync.WaitGroup
	for range 10 {
		wait.Go(func() { ask(t, s, r) })
	}
	wait.Wait()
	n.now = n.now.Add(59 * time.Minute)
	ask(t, s, r)
	if n.settings != 1 {
		t.Errorf("settings were read %d times", n.settings)
	}
	n.now = n.now.Add(2 * time.Minute)
	ask(t, s, r)
	if n.settings != 2 {
		t.Errorf("settings were read %d times after an hour", n.settings)
	}
}

// TestAnyAccountAnyQuery draws an account's limits and manners, and a query, and
// compares what comes with the events.
func TestAnyAccountAnyQuery(t *testing.T) {
	base := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		n := newFakeNode(t, someLogins(rapid.Uint64().Draw(rt, "seed"), base, 72*time.Hour, rapid.IntRange(0, 800).Draw(rt, "events")))
		n.cleanup = rt.Cleanup // an account for each check is too many to stay open
		n.pageSize = rapid.SampledFrom([]int{60, 100, 1000, 10000}).Draw(rt, "page size")
		n.silentCap = rapid.SampledFrom([]int{0, 0, 100, 500}).Draw(rt, "silent cap")
		n.maxDuration = rapid.SampledFrom([]time.Duration{3 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}).Draw(rt, "duration")
		n.maxNodes = rapid.SampledFrom([]int{1, 3, 10}).Draw(rt, "nodes")
		n.settingsFail = rapid.Bool().Draw(rt, "settings fail")
		n.repeat = rapid.Bool().Draw(rt, "repeat")
		n.wholeSeconds = rapid.Bool().Draw(rt, "whole seconds")
		s := n.start(rapid.SampledFrom([]int64{0, 1 << 16, 1 << 24}).Draw(rt, "cache"))
		for range 3 {
			q := question{Format: rapid.SampledFrom([]string{"time_series", "table"}).Draw(rt, "format"), Limit: 100000}
			q.GroupBy = rapid.SampledFrom([][]string{{"outcome"}, {"country"}, {"country", "outcome"}, {"ipAddress"}}).Draw(rt, "group by")
			if rapid.Bool().Draw(rt, "filtered") {
				q.Filters = []map[string]any{where("country", rapid.SampledFrom([]string{"=", "!="}).Draw(rt, "operator"), "GB", "DE")}
			}
			from := base.Add(time.Duration(rapid.IntRange(0, 70).Draw(rt, "hour"))*time.Hour +
				rapid.SampledFrom([]time.Duration{0, 123 * time.Millisecond, 17*time.Minute + 30*time.Second}).Draw(rt, "offset"))
			to := from.Add(rapid.SampledFrom([]time.Duration{0, 10 * time.Minute, 3 * time.Hour, 25*time.Hour + time.Millisecond, 72 * time.Hour}).Draw(rt, "length"))
			r := q.request(rt, n, from, to, rapid.SampledFrom([]time.Duration{5 * time.Minute, time.Hour, 24 * time.Hour, 5000 * time.Second}).Draw(rt, "interval"))
			result, err := s.Query(context.Background(), r)
			if err != nil {
				rt.Fatal(err)
			}
			checkCounts(rt, n, r, result)
		}
	})
}
