package surface_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

const day = 24 * time.Hour

func TestMonthOfMinutesInFewCalls(t *testing.T) {
	base := noon.Add(-30 * day)
	var events []account.LoginEvent
	for at := base; at.Before(noon); at = at.Add(time.Minute) {
		events = append(events, account.NewLoginEvent(at, "isSuccessfulLogin", 0), account.NewLoginEvent(at.Add(7*time.Second), "isSuccessfulLogin", 1))
	}
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, counted(events))
		q := question{Format: "time_series"}
		r := q.over(t, s, base, noon, time.Hour)
		result, _ := s.checked(t, r)
		// The bench holds the same month to four requests for groups that fit a page.
		if total := s.account.Counts().GraphQL; total > 4 || result.Coverage.UpstreamCalls != total {
			t.Errorf("%d calls, %d in the coverage; want at most 4", total, result.Coverage.UpstreamCalls)
		}
		if _, calls := s.checked(t, r); calls > 0 {
			t.Errorf("%d calls for the same again", calls)
		}
		s.pass(30 * time.Second)
		s.arrive(account.NewLoginEvent(s.now().Add(-time.Second)))
		if _, calls := s.checked(t, q.over(t, s, base.Add(30*time.Second), s.now(), time.Hour)); calls > 1 {
			t.Errorf("%d calls for a refresh half a minute later", calls)
		}
		s.checkNotRefused(t)
	})
}

func TestFullPagesAreCutAndAskedAgain(t *testing.T) {
	base := noon.Add(-36 * time.Hour)
	events := account.NewLoginEvents(5000, base, 20*time.Hour, 6)
	for name, g := range map[string]account.GraphQL{
		"declared":           {MaxPageSize: 150},
		"not declared":       {MaxPageSize: 800, SettingsFail: true},
		"nine pages an hour": {MaxPageSize: 30},
		"short duration":     {MaxDuration: time.Hour},
		"duration not known": {MaxDuration: 3 * time.Hour, SettingsFail: true},
		"one node a request": {MaxNodes: 1, MaxDuration: 5 * time.Hour},
	} {
		for _, q := range []question{
			{Format: "time_series", GroupBy: []string{"country"}}, {GroupBy: []string{"ipAddress"}}, {GroupBy: []string{"cfRayId"}, Limit: 100_000},
		} {
			bubbled(t, name+" "+q.Format+" "+q.GroupBy[0], func(t *testing.T) {
				s := open(t, cached, limited(events, g))
				s.checked(t, q.over(t, s, base.Add(123*time.Millisecond), noon, time.Minute))
			})
		}
	}
}

func TestMoreGroupsInASecondThanAPage(t *testing.T) {
	var events []account.LoginEvent
	r := rand.New(rand.NewPCG(9, 9))
	for range 400 {
		events = append(events, account.NewLoginEvent(midnight, "cfRayId", fmt.Sprintf("%016x", r.Uint64())))
	}
	synctest.Test(t, func(t *testing.T) {
		s := open(t, uncached, limited(events, account.GraphQL{MaxPageSize: 33}))
		for _, q := range []question{{GroupBy: []string{"cfRayId"}, Limit: 1000}, {Fields: []string{"datetime", "cfRayId"}, Limit: 1000}, {Fields: []string{"cfRayId"}, Limit: 7}} {
			s.checked(t, q.over(t, s, midnight.Add(-time.Hour), noon))
		}
		if result := s.ask(t, question{Limit: 1000}.over(t, s, midnight.Add(-time.Hour), noon)); result.Coverage.Rows != 400 || !result.Coverage.Complete {
			t.Errorf("%d logins, %+v", result.Coverage.Rows, result.Notices)
		}
	})
}

func TestSecondThatCannotBeCutIsIncomplete(t *testing.T) {
	var events []account.LoginEvent
	for i := range 16 {
		events = append(events, account.NewLoginEvent(midnight, "hasWarpEnabled", i&1, "hasGatewayEnabled", i>>1&1, "hasExistingJWT", i>>2&1, "isSuccessfulLogin", i>>3&1))
	}
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, limited(events, account.GraphQL{MaxPageSize: 5}))
		q := question{GroupBy: []string{"hasWarpEnabled", "hasGatewayEnabled", "hasExistingJWT", "outcome"}}
		for range 2 { // It is not kept as if it were all.
			result := s.ask(t, q.over(t, s, midnight, midnight.Add(time.Second)))
			c := result.Coverage
			if c.Complete || c.Reason != answer.ReasonPageSize || c.Rows != 5 || !hasNotice(result, "2026-03-31T00:00:00Z") {
				t.Errorf("coverage %+v, notices %+v", c, result.Notices)
			}
		}
	})
}

func TestDurationIsNotPassedByASecond(t *testing.T) {
	events := account.NewLoginEvents(300, noon.Add(-11*day), 11*day, 7)
	for _, duration := range []time.Duration{time.Hour, day, 7 * day} {
		for _, offset := range []time.Duration{0, time.Millisecond, 500 * time.Millisecond, 999 * time.Millisecond} {
			bubbled(t, fmt.Sprint(duration, " ", offset), func(t *testing.T) {
				s := open(t, uncached, limited(events, account.GraphQL{MaxDuration: duration}))
				to := noon.Add(-offset)
				for _, q := range []question{{GroupBy: []string{"country"}}, {Fields: []string{"datetime", "cfRayId"}}, {Format: "time_series"}} {
					s.checked(t, q.over(t, s, to.Add(-duration), to, time.Minute))
				}
				s.checkNotRefused(t)
			})
		}
	}
}

func TestRetention(t *testing.T) {
	events := account.NewLoginEvents(500, noon.Add(-20*day), 20*day, 8)
	for name, fails := range map[string]bool{"declared": false, "learned": true} {
		bubbled(t, name, func(t *testing.T) {
			s := open(t, cached, limited(events, account.GraphQL{NotOlderThan: 10 * day, SettingsFail: fails}))
			q := question{GroupBy: []string{"country"}}
			result := s.ask(t, q.over(t, s, noon.Add(-15*day), noon))
			c := result.Coverage
			oldest := noon.Add(-10*day + 5*time.Second) // a moment, as the edge moves on
			if c.Complete || c.Reason != answer.ReasonRetention || !c.From.Equal(oldest) || !hasNotice(result, "before 2026-03-21T12:00:05Z") {
				t.Errorf("coverage %+v, notices %+v", c, result.Notices)
			}
			if want := s.account.LoginTruth(oldest, noon, nil); c.Rows != int64(len(want)) {
				t.Errorf("%d logins, want %d", c.Rows, len(want))
			}
			var invalid *query.InvalidError
			_, err := s.try(context.Background(), q.over(t, s, noon.Add(-15*day), noon.Add(-12*day)))
			if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "before 2026-03-21T12:00:05Z") {
				t.Errorf("got %v", err)
			}
		})
	}
}
