package surface_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
)

func TestSealedPartsAreNotAskedForAgain(t *testing.T) {
	for _, q := range []question{{GroupBy: []string{"country"}}, {GroupBy: []string{}, Format: "time_series"}, {Fields: listColumns, Limit: 5000}} {
		bubbled(t, q.Format, func(t *testing.T) {
			s := open(t, cached, counted(account.NewLoginEvents(300, midnight, 12*time.Hour, 13)))
			past := q.over(t, s, midnight.Add(time.Minute), midnight.Add(6*time.Hour), time.Minute)
			s.checked(t, past)
			s.pass(50 * time.Minute)
			result, calls := s.checked(t, past)
			if c := result.Coverage; calls != 0 || c.UpstreamCalls != 0 || c.CachedRows != c.Rows || c.CachedAt == nil || !c.CachedAt.Equal(noon) || c.SavedCalls < 1 {
				t.Errorf("%d calls, coverage %+v", calls, c)
			}
			// What is late shows up at the live edge, once a moment has passed.
			s.checked(t, q.over(t, s, midnight, s.now(), time.Minute))
			s.arrive(account.NewLoginEvent(s.now().Add(-5*time.Minute), "country", "JP"))
			s.pass(10 * time.Second)
			s.checked(t, q.over(t, s, midnight, s.now(), time.Minute))
		})
	}
}

// TestAnEdgeThatAnotherQueryAskedForProvesNothing has a login arrive late, and then
// a query ask for the newest minutes alone: the older ones are not known by that.
func TestAnEdgeThatAnotherQueryAskedForProvesNothing(t *testing.T) {
	for _, q := range []question{{GroupBy: []string{"country"}}, {GroupBy: []string{}, Format: "time_series"}, {Fields: listColumns, Limit: 5000}} {
		bubbled(t, q.Format, func(t *testing.T) {
			s := open(t, cached, counted(account.NewLoginEvents(300, midnight, 12*time.Hour, 13)))
			s.checked(t, q.over(t, s, midnight, s.now(), time.Minute))
			s.pass(10 * time.Second)
			s.arrive(account.NewLoginEvent(s.now().Add(-9*time.Minute), "country", "JP"))
			for _, length := range []time.Duration{2 * time.Minute, 12 * time.Hour} {
				s.checked(t, q.over(t, s, s.now().Add(-length), s.now(), time.Minute))
			}
		})
	}
}

func TestNothingIsKeptWithoutCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, uncached, counted(account.NewLoginEvents(300, midnight, 12*time.Hour, 14)))
		for _, q := range []question{{GroupBy: []string{"country"}}, {Format: "time_series"}, {Fields: listColumns, Limit: 5000}} {
			r := q.over(t, s, midnight.Add(2*time.Hour), midnight.Add(7*time.Hour), time.Minute)
			s.checked(t, r)
			result, calls := s.checked(t, r)
			if kept := s.Stats(); calls != 1 || kept != (eventlog.Stats{}) || result.Coverage.CachedRows != 0 {
				t.Errorf("%d calls, %+v kept, coverage %+v", calls, kept, result.Coverage)
			}
		}
	})
}

func TestCacheIsBounded(t *testing.T) {
	const limit = 1 << 16
	base := noon.Add(-36 * time.Hour)
	events := account.NewLoginEvents(3000, base, day, 15)
	for _, q := range []question{{GroupBy: []string{"cfRayId"}, Limit: 10_000}, {Fields: listColumns, Limit: 10_000}} {
		bubbled(t, fmt.Sprint(q.GroupBy), func(t *testing.T) {
			s := open(t, limit, counted(events))
			for i := range 20 {
				from := base.Add(time.Duration(i) * time.Hour)
				s.checked(t, q.over(t, s, from, from.Add(3*time.Hour)))
				// Neighboring parts of a list become one, which is dropped as a whole.
				if kept := s.Stats(); kept.Bytes > limit || q.GroupBy != nil && kept.Rows == 0 {
					t.Fatalf("%+v of %d bytes", kept, limit)
				}
			}
			s.Close()
			if kept := s.Stats(); kept != (eventlog.Stats{}) {
				t.Errorf("%+v after Close", kept)
			}
		})
	}
}

func TestSameListTakesNoCall(t *testing.T) {
	for _, format := range []string{"table", "logs"} {
		for _, direction := range []string{"desc", "asc"} {
			for name, limit := range map[string]int{"all": 5000, "some": 40} {
				bubbled(t, format+" "+direction+" "+name, func(t *testing.T) {
					s := open(t, cached, counted(account.NewLoginEvents(900, midnight, 12*time.Hour, 21)))
					q := question{Format: format, Direction: direction, Limit: limit}
					if format == "table" {
						q.Fields = listColumns
					}
					live := q.over(t, s, midnight, noon)
					first := s.ask(t, live)
					if c := first.Coverage; c.CachedRows != 0 || c.CachedAt != nil || c.SavedCalls != 0 {
						t.Errorf("the first says that something was kept: %+v", c)
					}
					s.pass(time.Second)
					before := s.calls()
					again := s.ask(t, live)
					if format == "table" {
						s.check(t, live, again)
					}
					if c := again.Coverage; s.calls() != before || c.UpstreamCalls != 0 || c.CachedRows < c.Rows || c.Rows == 0 || c.SavedCalls < 1 || c.CachedAt == nil || !c.CachedAt.Equal(noon) {
						t.Errorf("%d calls, coverage %+v", s.calls()-before, c)
					}
					if again.Coverage.Complete != first.Coverage.Complete || again.Coverage.Reason != first.Coverage.Reason {
						t.Errorf("%+v, at first %+v", again.Coverage, first.Coverage)
					}
				})
			}
		}
	}
}

func TestListIsPartOfWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, counted(account.NewLoginEvents(900, midnight, 11*time.Hour, 22)))
		q := question{Fields: listColumns, Limit: 5000}
		s.checked(t, q.over(t, s, midnight, noon))
		s.pass(time.Second)
		for _, direction := range []string{"desc", "asc"} {
			for _, limit := range []int{3, 5000} {
				q.Direction, q.Limit = direction, limit
				for _, part := range [][2]time.Duration{{0, 12 * time.Hour}, {time.Hour + time.Millisecond, 5*time.Hour + 7*time.Second}, {4 * time.Hour, 4 * time.Hour}} {
					if _, calls := s.checked(t, q.over(t, s, midnight.Add(part[0]), midnight.Add(part[1]))); calls != 0 {
						t.Errorf("%s, limit %d, %v: %d calls", direction, limit, part, calls)
					}
				}
			}
		}
		// A range that begins before asks for what is missing alone, once.
		q.Direction, q.Limit = "desc", 5000
		s.arrive(account.NewLoginEvent(midnight.Add(-30 * time.Minute)))
		s.arrive(account.NewLoginEvent(midnight.Add(time.Hour))) // after it was sealed: not asked for again
		before := s.calls()
		result := s.ask(t, q.over(t, s, midnight.Add(-time.Hour), noon))
		// What came may have been joined to what was kept by now, and count as such.
		if c := result.Coverage; s.calls() != before+1 || c.Rows != 901 || c.CachedRows < 900 {
			t.Errorf("%d calls, coverage %+v", s.calls()-before, c)
		}
	})
}

func TestRefreshOfAListAsksForItsEdge(t *testing.T) {
	for _, limit := range []int{50, 5000} {
		bubbled(t, fmt.Sprint(limit), func(t *testing.T) {
			s := open(t, cached, counted(account.NewLoginEvents(600, midnight, 12*time.Hour, 23)))
			q := question{Fields: listColumns, Limit: limit}
			s.checked(t, q.over(t, s, midnight, s.now()))
			var kept int
			for i := range 60 {
				s.pass(30 * time.Second)
				s.arrive(account.NewLoginEvent(s.now().Add(-3*time.Second)), account.NewLoginEvent(s.now().Add(-10*time.Minute), "country", "JP"))
				if _, calls := s.checked(t, q.over(t, s, midnight.Add(time.Duration(i+1)*30*time.Second), s.now())); calls > 1 {
					t.Errorf("%d calls for refresh %d", calls, i)
				}
				if i == 20 {
					kept = s.Stats().Rows
				}
			}
			refreshed := s.Stats()
			if refreshed.Rows > kept+60*2+100 {
				t.Errorf("%d groups are kept, %d after the first refreshes", refreshed.Rows, kept)
			}
			// Refreshes leave few parts, not one each: those would take more memory.
			s.renew(t, cached)
			s.checked(t, q.over(t, s, midnight, s.now()))
			if fresh := s.Stats(); float64(refreshed.Bytes)/float64(refreshed.Rows) > 2*float64(fresh.Bytes)/float64(fresh.Rows) {
				t.Errorf("%+v kept, %+v for the same at once", refreshed, fresh)
			}
		})
	}
}

func TestListAndCountServeEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, counted(account.NewLoginEvents(900, midnight, 12*time.Hour, 24)))
		columns := []string{"datetimeMinute", "outcome"}
		list := question{Fields: columns, Limit: 5000}.over(t, s, midnight, noon)
		series := question{Format: "time_series", GroupBy: []string{"outcome"}}.over(t, s, midnight, noon.Add(-time.Hour), 10*time.Minute)
		part := question{Fields: columns, Limit: 20}.over(t, s, midnight.Add(time.Hour), midnight.Add(5*time.Hour-time.Millisecond))
		s.checked(t, series)
		if _, calls := s.checked(t, part); calls != 0 {
			t.Errorf("%d calls for a list of what was counted", calls)
		}
		s.renew(t, cached)
		s.checked(t, list)
		s.pass(time.Second)
		result, calls := s.checked(t, series)
		if c := result.Coverage; calls != 0 || c.CachedRows != c.Rows || c.SavedCalls < 1 {
			t.Errorf("%d calls for a count of what was listed, coverage %+v", calls, c)
		}
	})
}

func TestListOfManyParts(t *testing.T) {
	base := noon.Add(-6*day - 12*time.Hour)
	for _, direction := range []string{"desc", "asc"} {
		bubbled(t, direction, func(t *testing.T) {
			s := open(t, cached, limited(account.NewLoginEvents(300, base, 6*day, 28), account.GraphQL{MaxDuration: time.Hour}))
			r := question{Fields: listColumns, Limit: 5000, Direction: direction}.over(t, s, base, noon)
			s.checked(t, r)
			s.pass(time.Second)
			if result, calls := s.checked(t, r); calls != 0 || result.Coverage.CachedRows != 300 {
				t.Errorf("%d calls, coverage %+v", calls, result.Coverage)
			}
			s.checkNotRefused(t)
		})
	}
}

func TestShortListOfALongPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, counted(account.NewLoginEvents(3000, midnight, 11*time.Hour, 29)))
		q := question{Fields: listColumns, Limit: 5000}
		s.checked(t, q.over(t, s, midnight, noon))
		s.pass(time.Second)
		for _, direction := range []string{"desc", "asc"} {
			for _, limit := range []int{1, 20, 700} {
				q.Limit, q.Direction = limit, direction
				// Few groups pass this filter, which is applied here.
				for _, pattern := range []string{".", "^D"} {
					q.Filters = []filter{where("country", "=~", pattern)}
					if _, calls := s.checked(t, q.over(t, s, midnight, noon)); calls != 0 {
						t.Errorf("%s, limit %d, %s: %d calls", direction, limit, pattern, calls)
					}
				}
			}
		}
	})
}
