package surface_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
)

// failing has the calls for lists fail from now on.
func (s *source) failing(failure error) {
	s.account.Change(func(c *account.Config) {
		c.Before = func(r *http.Request) error {
			if account.AsksList(r.URL.Path) {
				return failure
			}
			return nil
		}
	})
}

func TestWithoutNamesTheIDsStand(t *testing.T) {
	forbidden := account.Refusal(http.StatusForbidden, 10000, "Authentication error")
	limited := account.Refusal(http.StatusTooManyRequests, 971, "Please wait")
	for name, c := range map[string]struct {
		failure error
		says    []string
	}{
		"no permission": {forbidden, []string{"app_name, serviceTokenName", "Access: Apps and Policies Read", "Access: Service Tokens Read"}},
		"rate limit":    {limited, []string{"rate limit"}},
		"broken":        {account.Refusal(http.StatusInternalServerError, 1, "no"), []string{"could not read the account's applications"}},
		"cut off":       {errors.New("reset"), []string{"could not read the account's applications"}},
	} {
		bubbled(t, name, func(t *testing.T) {
			s := open(t, cached, namedAccount())
			s.failing(c.failure)
			result := s.ask(t, s.lastHour(t, question{Fields: []string{"appId", "app_name", "serviceTokenName"}}))
			if got := result.Coverage; !got.Complete || got.Rows != 5 || !slices.Equal(texts(t, result, "app_name"), texts(t, result, "appId")) {
				t.Errorf("coverage %+v, names %v", got, texts(t, result, "app_name"))
			}
			for _, text := range append(c.says, "IDs in the place of names") {
				if !hasNotice(result, text) {
					t.Errorf("no notice says %q: %v", text, result.Notices)
				}
			}
			lists := s.account.Counts().Lists
			grouped := s.ask(t, s.lastHour(t, question{GroupBy: []string{"app_name"}}))
			if got := counts(t, grouped); !grouped.Coverage.Complete || !slices.Contains(got, "app-2=1") {
				t.Errorf("%v, coverage %+v", got, grouped.Coverage)
			}
			if got := s.account.Counts().Lists; got != lists {
				t.Errorf("asked %d times again within a minute", got-lists)
			}
			filtered := s.ask(t, s.lastHour(t, question{Format: "time_series", Filters: []filter{where("app_name", "=", "Wiki")}}))
			if got := filtered.Coverage; got.Complete || got.Reason != answer.ReasonUnverified {
				t.Errorf("a filter that cannot be applied: coverage %+v", got)
			}
			s.heal()
			s.pass(5*time.Minute + time.Second)
			healed := s.ask(t, s.lastHour(t, question{GroupBy: []string{"app_name"}}))
			if got := counts(t, healed); got[0] != "Wiki=2" || len(healed.Notices) > 0 {
				t.Errorf("%v, notices %v", got, healed.Notices)
			}
		})
	}
}

// A list that hangs costs a query five seconds, and the next ones none.
func TestNamesThatDoNotComeAreNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, namedAccount())
		s.account.Change(func(c *account.Config) {
			c.Before = func(r *http.Request) error {
				if account.AsksList(r.URL.Path) {
					<-r.Context().Done()
				}
				return nil
			}
		})
		for _, patience := range []time.Duration{5 * time.Second, 0} {
			began := time.Now()
			result := s.ask(t, s.lastHour(t, question{GroupBy: []string{"app_name"}}))
			if !result.Coverage.Complete || !hasNotice(result, "in time") || time.Since(began) != patience {
				t.Errorf("coverage %+v, notices %v, after %s", result.Coverage, result.Notices, time.Since(began))
			}
		}
		s.renew(t, cached)
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		result, err := s.try(ctx, s.lastHour(t, question{GroupBy: []string{"app_name"}}))
		if err != nil || !result.Coverage.Complete || ctx.Err() != nil {
			t.Errorf("%v: a deadline leaves no time to show the answer", err)
		}
		time.Sleep(2 * time.Minute) // what is under way ends
	})
}

// A dashboard that reads days keeps the queue full for longer than names are waited for.
func TestNamesDoNotQueueBehindScans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const days = 16
		c := namedAccount()
		c.Events = account.NewEvents(days*1600, noon.AddDate(0, 0, -days), noon, 1)
		c.Quirks.PageCap = 100
		slow := lab.Slow(time.Second)
		c.Before = func(r *http.Request) error {
			if asksEvents(r) {
				return slow(r)
			}
			return nil
		}
		s := open(t, cached, c)
		scans := make([]chan error, days)
		for day := range scans {
			from := noon.AddDate(0, 0, -day-1)
			scans[day] = s.inBackground(t.Context(), question{Type: "access_requests", GroupBy: []string{"country"}}.over(t, s, from, from.AddDate(0, 0, 1).Add(-time.Minute)))
		}
		time.Sleep(5 * time.Second)
		result := s.ask(t, s.lastHour(t, question{GroupBy: []string{"app_name"}}))
		if got := counts(t, result); !slices.Contains(got, "Wiki=2") || len(result.Notices) > 0 {
			t.Errorf("%v, notices %v", got, result.Notices)
		}
		if busy := len(scans[0]) == 0; !busy {
			t.Error("the scans have ended before")
		}
		for _, scan := range scans {
			if err := <-scan; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestNamesChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, namedAccount())
		ask := func() string {
			return strings.Join(counts(t, s.ask(t, s.lastHour(t, question{GroupBy: []string{"app_name"}}))), " ")
		}
		ask()
		s.account.Change(func(c *account.Config) {
			c.Apps = []account.Row{{"id": "app-1", "name": "Handbook"}, {"id": "app-2", "name": "Wiki"}}
		})
		s.pass(11 * time.Minute)
		if got := ask(); !strings.Contains(got, "Handbook=1") || !strings.Contains(got, "Wiki=1") || !strings.Contains(got, "app-3=1") {
			t.Errorf("after the change: %s", got)
		}
		s.failing(account.Refusal(http.StatusInternalServerError, 1, "no"))
		s.pass(11 * time.Minute)
		if got := ask(); !strings.Contains(got, "Handbook=1") {
			t.Errorf("one failure takes names away that were known: %s", got)
		}
		s.pass(2 * time.Hour)
		if got := ask(); strings.Contains(got, "Handbook") {
			t.Errorf("names from two hours ago: %s", got)
		}
	})
}

func TestListsThatDoNotTellAllNames(t *testing.T) {
	bubbled(t, "an empty one", func(t *testing.T) {
		c := namedAccount()
		c.Apps = nil
		s := open(t, cached, c)
		result := s.ask(t, s.lastHour(t, question{Format: "time_series", Filters: []filter{where("app_name", "=", "Wiki")}}))
		if result.Coverage.Complete || !hasNotice(result, "shows these credentials no applications") {
			t.Errorf("coverage %+v, notices %v", result.Coverage, result.Notices)
		}
	})
	bubbled(t, "a long one", func(t *testing.T) {
		c := namedAccount()
		c.Users = nil
		for i := range 12_000 {
			c.Users = append(c.Users, account.Row{"id": fmt.Sprintf("user-%d", i), "email": fmt.Sprintf("u%d@example.com", i)})
		}
		c.Groups = append(c.Groups, account.NewLoginEvent(noon.Add(-time.Minute), "userUuid", "user-11000"))
		s := open(t, cached, c)
		result := s.ask(t, s.lastHour(t, question{GroupBy: []string{"user_email"}}))
		if got := counts(t, result); !slices.Contains(got, "u1@example.com=1") || !slices.Contains(got, "user-11000=1") || !result.Coverage.Complete || !hasNotice(result, "more users than") {
			t.Errorf("%v, notices %v", got, result.Notices)
		}
		if n := len(s.account.AskedFor("/users")); n != 10 {
			t.Errorf("%d calls for users", n)
		}
	})
}
