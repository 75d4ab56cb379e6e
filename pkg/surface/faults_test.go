package surface_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

func kind(err error) cloudflare.Kind {
	var e *cloudflare.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Kind
}

// failures are answers that are of no use, and the reasons of answers that lack a
// part for them.
var failures = map[string]struct {
	answer *account.Failure
	reason answer.Reason
}{
	"refused for the rate":  {account.GraphQLRefusal("rate limiter budget depleted, try again after 5 minutes", "budget"), answer.ReasonRateLimit},
	"429":                   {&account.Failure{Status: http.StatusTooManyRequests}, answer.ReasonRateLimit},
	"truncated":             {&account.Failure{Status: http.StatusOK, Body: `{"data":{"viewer":{"acc`}, answer.ReasonUpstream},
	"unavailable":           {&account.Failure{Status: http.StatusServiceUnavailable, Body: `<html>`}, answer.ReasonUpstream},
	"a group without count": {&account.Failure{Status: http.StatusOK, Body: `{"data":{"viewer":{"accounts":[{"w0":[{"dimensions":{}}]}]}}}`}, answer.ReasonUpstream},
}

func TestPartsThatFailAreNamed(t *testing.T) {
	events := account.NewLoginEvents(2000, noon.Add(-20*day), 20*day, 11)
	for name, c := range failures {
		bubbled(t, name, func(t *testing.T) {
			s := open(t, uncached, limited(events, account.GraphQL{MaxDuration: 5 * time.Hour}))
			s.fail(func(n int) error {
				if n <= 2 {
					return nil
				}
				return c.answer
			})
			r := question{GroupBy: []string{"country"}}.over(t, s, noon.Add(-20*day), noon)
			result := s.ask(t, r)
			if result.Coverage.Complete || result.Coverage.Reason != c.reason || result.Coverage.Rows == 0 || !hasNotice(result, "are missing. ") || !hasNotice(result, "Logins from 2026-03-") {
				t.Errorf("coverage %+v, notices %+v", result.Coverage, result.Notices)
			}
			if (c.reason == answer.ReasonRateLimit) != (result.Coverage.RetryAt != nil) {
				t.Errorf("retry at %v", result.Coverage.RetryAt)
			}
			for name, count := range gotCounts(result) {
				if count > s.wantCounts(r)[name] {
					t.Errorf("%d logins of %q are more than there are", count, name)
				}
			}
		})
	}
}

func TestWholeFailureIsAnError(t *testing.T) {
	for _, q := range []question{{GroupBy: []string{"country"}}, {Format: "logs"}, {Format: "time_series"}} {
		bubbled(t, q.Format, func(t *testing.T) {
			s := open(t, uncached, account.Config{})
			s.fail(func(int) error { return failures["unavailable"].answer })
			if _, err := s.try(context.Background(), q.over(t, s, noon.Add(-time.Hour), noon, time.Minute)); kind(err) != cloudflare.KindUnavailable {
				t.Errorf("got %v", err)
			}
		})
	}
}

var listColumns = []string{"datetime", "country", "cfRayId"}

func TestFailedListIsAskedForAgain(t *testing.T) {
	for _, name := range []string{"unavailable", "refused for the rate", "truncated"} {
		for answered := 1; answered <= 2; answered++ {
			bubbled(t, fmt.Sprint(name, " after ", answered), func(t *testing.T) {
				s := open(t, cached, limited(account.NewLoginEvents(1500, midnight, 12*time.Hour, 26), account.GraphQL{MaxPageSize: 150}))
				s.fail(func(n int) error {
					if n <= answered {
						return nil
					}
					return failures[name].answer
				})
				r := question{Fields: listColumns, Limit: 1000}.over(t, s, midnight, noon)
				result := s.ask(t, r)
				if c := result.Coverage; c.Complete || c.Rows == 0 || answered == 1 && c.Rows > 150 || c.Reason != failures[name].reason ||
					!hasNotice(result, "are missing. ") || !hasNotice(result, "Logins from 2026-03-31T") {
					t.Errorf("coverage %+v, notices %+v", c, result.Notices)
				}
				want, _ := s.wantList(question{Fields: listColumns, Limit: 5000}.over(t, s, midnight, noon))
				got := gotList(result.Table)
				if answered == 1 && !slices.Equal(got, want[:len(got)]) {
					t.Error("what is shown is not the newest")
				}
				for _, line := range got {
					if !slices.Contains(want, line) {
						t.Errorf("%s is shown, but is not there", line)
					}
				}
				s.heal()
				time.Sleep(account.LimitWindow + time.Minute) // The client obeys the refusal.
				if result, _ = s.checked(t, r); answered > 1 && result.Coverage.CachedRows == 0 {
					t.Errorf("nothing was kept of what succeeded: %+v", result.Coverage)
				}
			})
		}
	}
}

// TestEdgeThatFailsIsSaid has a refresh fail. What was known of the edge is shown,
// and said to be old.
func TestEdgeThatFailsIsSaid(t *testing.T) {
	for _, q := range []question{{Fields: listColumns, Limit: 5000}, {GroupBy: []string{}, Format: "time_series"}, {GroupBy: []string{"country"}}} {
		bubbled(t, q.Format, func(t *testing.T) {
			s := open(t, cached, counted(account.NewLoginEvents(900, midnight, 11*time.Hour, 27)))
			s.checked(t, q.over(t, s, midnight, noon, time.Minute))
			s.pass(30 * time.Second)
			s.fail(func(int) error { return failures["unavailable"].answer })
			result := s.ask(t, q.over(t, s, midnight, s.now(), time.Minute))
			if c := result.Coverage; c.Complete || c.Reason != answer.ReasonUpstream || c.Rows != 900 || !hasNotice(result, "later ones may be missing") {
				t.Errorf("coverage %+v, notices %+v", c, result.Notices)
			}
			// Nothing is known of a part: an error, not no data.
			_, err := s.try(context.Background(), question{Fields: []string{"country"}}.over(t, s, s.now().Add(-40*time.Minute), s.now()))
			if kind(err) != cloudflare.KindUnavailable {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestGroupsWithoutTimeAreSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, account.Config{})
		group := func(at, ray string) string {
			return fmt.Sprintf(`{"count":1,"avg":{"sampleInterval":1},"dimensions":{"datetime":%q,"country":"GB","cfRayId":%q}}`, at, ray)
		}
		s.fail(func(int) error {
			return &account.Failure{Status: http.StatusOK, Body: `{"data":{"viewer":{"accounts":[{"w0":[` +
				group(noon.Add(-time.Hour).Format(time.RFC3339), "1") + `,` + group("no time", "2") + `]}]}}}`}
		})
		r := question{Fields: listColumns, Limit: 10}.over(t, s, noon.Add(-5*time.Hour), noon)
		for range 2 { // What is kept is no better than what came.
			result := s.ask(t, r)
			if c := result.Coverage; c.Complete || c.Reason != answer.ReasonBadRows || c.Rows != 1 || !hasNotice(result, "logins without a readable time") {
				t.Errorf("coverage %+v, notices %+v", c, result.Notices)
			}
		}
	})
}
