package surface_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func oneOf[T any](t *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, label)
}

// anyAccount draws an account's limits, and logins since a time.
func anyAccount(t *rapid.T, base time.Time, span time.Duration) account.Config {
	seed, n := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 800).Draw(t, "logins")
	c := limited(account.NewLoginEvents(n, base, span, seed), account.GraphQL{
		MaxPageSize:  oneOf(t, "page size", 60, 100, 1000, 10_000),
		MaxDuration:  oneOf(t, "duration", 3*time.Hour, day, 7*day),
		MaxNodes:     oneOf(t, "nodes", 1, 3, 10),
		WholeSeconds: rapid.Bool().Draw(t, "whole seconds"),
		SettingsFail: rapid.Bool().Draw(t, "settings fail"),
	})
	c.Latency = time.Millisecond // Questions at the same time find each other at work.
	return c
}

// TestAnyAccountAnyQuery draws an account, and counts over it at one moment.
func TestAnyAccountAnyQuery(t *testing.T) {
	base := noon.Add(-84 * time.Hour)
	property(t, func(t *rapid.T) {
		s := open(t, oneOf(t, "cache", uncached, 1<<16, cached), anyAccount(t, base, 72*time.Hour))
		for range 3 {
			q := question{Format: oneOf(t, "format", "time_series", "table"), Limit: 100_000}
			q.GroupBy = oneOf(t, "group by", []string{"outcome"}, []string{"country"}, []string{"country", "outcome"}, []string{"ipAddress"})
			if rapid.Bool().Draw(t, "filtered") {
				q.Filters = []filter{where("country", oneOf(t, "operator", "=", "!="), "GB", "DE")}
			}
			from := base.Add(time.Duration(rapid.IntRange(0, 70).Draw(t, "hour"))*time.Hour +
				oneOf(t, "offset", 0, 123*time.Millisecond, 17*time.Minute+30*time.Second))
			to := from.Add(oneOf(t, "length", 0, 10*time.Minute, 3*time.Hour, 25*time.Hour+time.Millisecond, 72*time.Hour))
			s.checked(t, q.over(t, s, from, to, oneOf(t, "interval", 5*time.Minute, time.Hour, day, 5000*time.Second)))
		}
	})
}

// goOn lets time pass, or not, while logins arrive, some of them late.
func (s *source) goOn(t *rapid.T, step int) {
	if !rapid.Bool().Draw(t, "time goes on") {
		return
	}
	s.pass(oneOf(t, "by", 11*time.Second, time.Minute, 20*time.Minute))
	for i := range rapid.IntRange(0, 30).Draw(t, "arrivals") {
		back := time.Duration(i*13%31) * 27 * time.Second // in no order, and before they are taken to be all there
		e := account.NewLoginEvent(s.now().Add(-back), "country", "JP", "cfRayId", fmt.Sprintf("%016x", step<<8+i))
		e.Count = int64(i % 3)
		s.arrive(e)
	}
}

// anyRange draws a time range that moves on with time.
func (s *source) anyRange(t *rapid.T) (from, to time.Time) {
	to = s.now().Add(oneOf(t, "ends", 0, -time.Millisecond, -61*time.Second, -16*time.Minute, -26*time.Hour))
	return to.Add(-oneOf(t, "length", 0, 10*time.Minute, 3*time.Hour, 25*time.Hour+time.Millisecond, 80*time.Hour)), to
}

// together asks a few questions at the same time, as a dashboard does.
func (s *source) together(t *rapid.T, limit int64, draw func() *query.Request) {
	requests := make([]*query.Request, rapid.IntRange(1, 3).Draw(t, "panels"))
	for i := range requests {
		requests[i] = draw()
	}
	results, failed := make([]*answer.Result, len(requests)), make([]error, len(requests))
	var wait sync.WaitGroup
	for i, r := range requests {
		wait.Go(func() { results[i], failed[i] = s.try(context.Background(), r) })
	}
	wait.Wait()
	for i, r := range requests {
		if failed[i] != nil {
			t.Fatal(failed[i])
		}
		s.check(t, r, results[i])
	}
	if kept := s.Stats().Bytes; kept > limit {
		t.Errorf("%d bytes of %d", kept, limit)
	}
}

// TestAnyListAnyMoment draws an account, and a chain of lists and counts over it
// while time goes on and logins arrive.
func TestAnyListAnyMoment(t *testing.T) {
	property(t, func(t *rapid.T) {
		limit := oneOf(t, "cache", uncached, 1<<14, 1<<16, cached)
		s := open(t, limit, anyAccount(t, noon.Add(-84*time.Hour), 84*time.Hour))
		for step := range 6 {
			s.goOn(t, step)
			s.together(t, limit, func() *query.Request {
				from, to := s.anyRange(t)
				q := question{
					Fields: oneOf(t, "fields", []string{"datetime", "country"}, []string{"datetime", "cfRayId", "userUuid"},
						[]string{"datetimeMinute", "outcome"}, []string{"outcome", "datetimeMinute"}, []string{"date", "country"}, []string{"country", "outcome"}),
					Limit:     oneOf(t, "limit", 1, 7, 50, 300, 100_000),
					Direction: oneOf(t, "direction", "desc", "asc"),
				}
				switch rapid.IntRange(0, 4).Draw(t, "filter") {
				case 0:
					q.Filters = []filter{where("country", "!=", "GB", "DE")}
				case 1:
					q.Filters = []filter{where("datetime", "<", to.Add(-time.Hour))}
				case 2:
					q.Filters = []filter{where("datetimeMinute", "!=", from.Add(time.Hour).Truncate(time.Minute))}
				}
				if rapid.IntRange(0, 3).Draw(t, "counted") == 0 {
					// These intervals are counted by the minute, the day and the second.
					q = question{Format: "time_series", GroupBy: []string{oneOf(t, "group by", "outcome", "country")}, Filters: q.Filters}
				}
				return q.over(t, s, from, to, oneOf(t, "interval", 10*time.Minute, day, 5000*time.Second))
			})
		}
	})
}

// TestAnyGroupsAnyMoment draws an account, and a chain of counts without a time
// over it, of the same few groups, while time goes on and logins arrive.
func TestAnyGroupsAnyMoment(t *testing.T) {
	property(t, func(t *rapid.T) {
		limit := oneOf(t, "cache", uncached, 1<<14, cached)
		s := open(t, limit, anyAccount(t, noon.Add(-84*time.Hour), 84*time.Hour))
		for step := range 8 {
			s.goOn(t, step)
			s.together(t, limit, func() *query.Request {
				from, to := s.anyRange(t)
				q := question{GroupBy: oneOf(t, "group by", []string{"outcome"}, []string{"country"}, []string{"outcome", "country"}, []string{"country", "outcome"}), Limit: 100_000}
				switch rapid.IntRange(0, 5).Draw(t, "kind") {
				case 0:
					q.Filters = []filter{where("datetimeMinute", oneOf(t, "operator", "!=", ">", "<="), from.Add(time.Hour).Truncate(time.Minute))}
				case 1:
					q = question{Fields: q.GroupBy, Limit: 3}
				case 2:
					q.Format, q.Limit = "time_series", 0
				}
				return q.over(t, s, from, to, 10*time.Minute)
			})
		}
	})
}
