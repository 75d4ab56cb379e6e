package surface_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// inBackground asks in a goroutine of its own.
func (s *source) inBackground(ctx context.Context, r *query.Request) (err chan error) {
	err = make(chan error, 1)
	go func() {
		_, failed := s.try(ctx, r)
		err <- failed
	}()
	return err
}

func TestEqualQueriesShareOneScan(t *testing.T) {
	events := account.NewLoginEvents(900, midnight, 12*time.Hour, 12)
	for _, cache := range []int64{cached, uncached} {
		for _, q := range []question{{Format: "time_series"}, {GroupBy: []string{"country"}}, {Fields: listColumns, Limit: 200}} {
			bubbled(t, fmt.Sprint(cache, q.Format, q.GroupBy), func(t *testing.T) {
				s := open(t, cache, counted(events))
				proceed := s.hold(nil)
				r := q.over(t, s, midnight, noon, time.Minute)
				// The first query goes away; the scan goes on for those that joined it.
				leaving, leave := context.WithCancel(context.Background())
				gone := s.inBackground(leaving, r)
				synctest.Wait()
				var wait sync.WaitGroup
				results := make([]*answer.Result, 10)
				for i := range results {
					later := r
					if q.Fields != nil { // Each user's time range is a little later.
						later = q.over(t, s, midnight.Add(time.Duration(i)*13*time.Millisecond), noon.Add(time.Duration(i)*13*time.Millisecond))
					}
					wait.Go(func() {
						results[i] = s.ask(t, later)
						s.check(t, later, results[i])
					})
				}
				synctest.Wait()
				leave()
				if err := <-gone; !errors.Is(err, context.Canceled) {
					t.Errorf("the query that went away got %v", err)
				}
				proceed()
				wait.Wait()
				if s.calls() != 1 {
					t.Errorf("%d calls for eleven equal queries", s.calls())
				}
				for _, result := range results {
					if c := result.Coverage; c.UpstreamCalls > 1 || c.CachedRows != 0 || c.SavedCalls > 1 {
						t.Errorf("coverage %+v", c)
					}
				}
			})
		}
	}
}

func TestNobodyWaitingEndsTheFetch(t *testing.T) {
	for _, q := range []question{{Format: "logs"}, {Format: "time_series"}, {GroupBy: []string{"country"}}} {
		bubbled(t, fmt.Sprint(q.Format), func(t *testing.T) {
			s := open(t, cached, account.Config{})
			ended := make(chan struct{})
			s.account.Change(func(c *account.Config) {
				c.Before = func(r *http.Request) error {
					if asksEvents(r) {
						<-r.Context().Done()
						close(ended)
					}
					return nil
				}
			})
			r := q.over(t, s, noon.Add(-time.Hour), noon, time.Minute)
			began := time.Now()
			first, leaveFirst := context.WithCancel(context.Background())
			second, leaveSecond := context.WithCancel(context.Background())
			gone, goneToo := s.inBackground(first, r), s.inBackground(second, r)
			synctest.Wait()
			leaveFirst()
			synctest.Wait()
			select {
			case <-ended:
				t.Error("the fetch ended although somebody waits")
			case err := <-gone:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
			}
			leaveSecond()
			<-ended
			if err := <-goneToo; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if s.calls() != 1 || time.Since(began) > 0 { // not because the call was out of time
				t.Errorf("%d calls in %s", s.calls(), time.Since(began))
			}
		})
	}
}

func TestCloseEndsQueries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, account.Config{})
		proceed := s.hold(nil)
		defer proceed()
		r := question{Format: "logs"}.over(t, s, noon.Add(-time.Hour), noon)
		gone := s.inBackground(context.Background(), r)
		synctest.Wait()
		s.Close() // waits for the fetch
		if err := <-gone; err == nil || !strings.Contains(err.Error(), "changed or removed") {
			t.Errorf("got %v", err)
		}
		if _, err := s.try(context.Background(), r); err == nil || !strings.Contains(err.Error(), "changed or removed") {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestFailureOfAnotherQueryIsShared(t *testing.T) {
	for _, q := range []question{{Format: "logs"}, {GroupBy: []string{"country"}}} {
		bubbled(t, q.Format, func(t *testing.T) {
			s := open(t, cached, account.Config{})
			proceed := s.hold(&account.Failure{Status: http.StatusOK, Body: `{"data":{"viewer":{"accounts":[]}},"errors":null}`})
			r := q.over(t, s, noon.Add(-time.Hour), noon)
			var wait sync.WaitGroup
			for range 10 {
				wait.Go(func() {
					if _, err := s.try(context.Background(), r); kind(err) != cloudflare.KindPermission {
						t.Errorf("got %v", err)
					}
				})
			}
			synctest.Wait()
			proceed()
			wait.Wait()
			if s.calls() != 1 {
				t.Errorf("%d calls for ten queries that are refused", s.calls())
			}
		})
	}
}

// TestADeadlineIsTheQuerysOwn has a query with a deadline start what another one
// waits for, that has time.
func TestADeadlineIsTheQuerysOwn(t *testing.T) {
	for _, q := range []question{{Fields: listColumns, Limit: 1000}, {GroupBy: []string{"country"}}} {
		bubbled(t, q.Format, func(t *testing.T) {
			s := open(t, cached, counted(account.NewLoginEvents(300, midnight, 12*time.Hour, 16)))
			s.ask(t, question{GroupBy: []string{"appId"}}.over(t, s, midnight, noon)) // The settings are known.
			proceed := s.hold(nil)
			r := q.over(t, s, midnight, midnight.Add(time.Hour))
			short, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			late := s.inBackground(short, r)
			synctest.Wait()
			var wait sync.WaitGroup
			wait.Go(func() { s.checked(t, r) })
			if err := <-late; kind(err) != cloudflare.KindTimeout {
				t.Errorf("got %v", err)
			}
			proceed()
			wait.Wait()
			// A fault that another query met is not this one's.
			s.fail(func(int) error { return failures["unavailable"].answer })
			other := q.over(t, s, midnight.Add(6*time.Hour), midnight.Add(7*time.Hour))
			if _, err := s.try(context.Background(), other); kind(err) != cloudflare.KindUnavailable {
				t.Errorf("got %v", err)
			}
			s.heal()
			s.checked(t, other)
		})
	}
}

// TestAFetchIsAsUrgentAsTheMostUrgentQuery looks at the calls of a fetch that a
// refresh began, before and after somebody who sees nothing yet waits for it too.
func TestAFetchIsAsUrgentAsTheMostUrgentQuery(t *testing.T) {
	for _, q := range []question{{Fields: listColumns, Limit: 5000}, {GroupBy: []string{"ipAddress"}}} {
		bubbled(t, q.Format, func(t *testing.T) {
			s := open(t, cached, limited(account.NewLoginEvents(900, midnight, 12*time.Hour, 25), account.GraphQL{MaxPageSize: 100}))
			entered, proceed := make(chan context.Context), make(chan struct{})
			s.account.Change(func(c *account.Config) {
				c.Before = func(r *http.Request) error {
					if !account.AsksSettings(r) {
						entered <- r.Context()
						<-proceed
					}
					return nil
				}
			})
			r := q.over(t, s, midnight, noon)
			refresh := s.inBackground(cloudflare.WithPriority(context.Background(), cloudflare.Background), r)
			call, calls := <-entered, 1
			if p := cloudflare.PriorityOf(call); p != cloudflare.Background {
				t.Errorf("priority %v", p)
			}
			fresh := s.inBackground(context.Background(), r)
			for done := 0; done < 2; {
				synctest.Wait() // Both wait for what is asked.
				select {
				case proceed <- struct{}{}:
				case call = <-entered:
					calls++
				case err := <-refresh:
					done++
					if refresh = nil; err != nil {
						t.Error(err)
					}
				case err := <-fresh:
					done++
					if fresh = nil; err != nil {
						t.Error(err)
					}
				}
				if p := cloudflare.PriorityOf(call); p != cloudflare.Interactive {
					t.Errorf("priority %v of call %d", p, calls)
				}
			}
			if calls < 2 {
				t.Errorf("%d calls", calls)
			}
		})
	}
}
