package surface_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
)

func TestSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := noon.Add(-60 * time.Hour)
		s := open(t, cached, counted(account.NewLoginEvents(4000, base, 48*time.Hour, 2)))
		for name, c := range map[string]struct {
			q        question
			from, to time.Duration
			interval time.Duration
		}{
			"minutes":           {question{}, time.Hour, 4 * time.Hour, time.Minute},
			"moved a little":    {question{}, time.Hour + 30*time.Second, 4*time.Hour + 30*time.Second, time.Minute},
			"hours":             {question{}, 0, 48 * time.Hour, time.Hour},
			"days":              {question{GroupBy: []string{"country"}}, 0, 48 * time.Hour, 24 * time.Hour},
			"odd interval":      {question{}, 17*time.Minute + 123*time.Millisecond, 9 * time.Hour, 77*time.Second + 500*time.Millisecond},
			"no group":          {question{GroupBy: []string{}}, 0, 48 * time.Hour, 10 * time.Minute},
			"two groups":        {question{GroupBy: []string{"outcome", "country"}}, 0, 30 * time.Hour, 15 * time.Minute},
			"filtered":          {question{Filters: []filter{where("country", "=", "US")}}, 0, 30 * time.Hour, 15 * time.Minute},
			"filtered, blocked": {question{Filters: []filter{where("outcome", "=", "blocked")}}, 0, 30 * time.Hour, 15 * time.Minute},
			"time filter":       {question{Filters: []filter{where("datetime", "!=", base.Add(16*time.Hour))}}, 0, 30 * time.Hour, 15 * time.Minute},
		} {
			c.q.Format = "time_series"
			r := c.q.over(t, s, base.Add(c.from), base.Add(c.to), c.interval)
			s.checked(t, r)
			if result, calls := s.checked(t, r); calls != 0 || result.Coverage.UpstreamCalls != 0 {
				t.Errorf("%s: %d calls for the same again, %+v", name, calls, result.Coverage)
			}
			if t.Failed() {
				t.Fatal(name)
			}
		}
		s.checkNotRefused(t)
	})
}

func TestNoLoginsAreZeros(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, uncached, account.Config{})
		r := question{Format: "time_series"}.over(t, s, noon.Add(-time.Hour), noon, time.Minute)
		result, _ := s.checked(t, r)
		if len(result.Series.Groups) != 2 || len(result.Series.Groups[0].Counts) != 61 || result.Series.Groups[0].Key[0].Text != "allowed" {
			t.Errorf("got %+v", result.Series)
		}
	})
}

func TestEveryUpstreamPrecisionOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := noon.Add(-2 * time.Hour)
		var events []account.LoginEvent
		for i := range 10 {
			events = append(events, account.NewLoginEvent(base.Add(time.Duration(i)*time.Second)))
		}
		for _, wholeSeconds := range []bool{false, true} {
			s := open(t, uncached, limited(events, account.GraphQL{WholeSeconds: wholeSeconds}))
			for _, c := range []struct {
				from, to time.Duration
				want     int64
			}{
				{0, 9 * time.Second, 10}, {time.Second, 2 * time.Second, 2}, {500 * time.Millisecond, 2500 * time.Millisecond, 2},
				{time.Millisecond, 999 * time.Millisecond, 0}, {999 * time.Millisecond, time.Second, 1}, {time.Second, time.Second, 1},
			} {
				r := question{GroupBy: []string{"country"}}.over(t, s, base.Add(c.from), base.Add(c.to))
				if result, _ := s.checked(t, r); result.Coverage.Rows != c.want {
					t.Errorf("whole seconds %v, %s to %s: %d logins, want %d", wholeSeconds, c.from, c.to, result.Coverage.Rows, c.want)
				}
			}
		}
	})
}

func TestTables(t *testing.T) {
	events := account.NewLoginEvents(2500, midnight, 12*time.Hour, 3)
	all := []string{"datetime", "cfRayId", "country", "outcome", "identityProvider"}
	for name, c := range map[string]struct {
		q        question
		complete bool
		rows     int
	}{
		"all":              {question{Limit: 5000}, true, 2500},
		"newest":           {question{Limit: 30}, false, 30},
		"more than a page": {question{Limit: 1200}, false, 1200},
		"oldest":           {question{Limit: 30, Direction: "asc"}, false, 30},
		"oldest, many":     {question{Limit: 1200, Direction: "asc"}, false, 1200},
		"some columns":     {question{Limit: 50, Fields: []string{"cfRayId", "datetime"}}, false, 50},
		"filtered":         {question{Limit: 40, Filters: []filter{where("country", "=", "DE")}}, false, 40},
		"filtered here":    {question{Limit: 40, Filters: []filter{where("identityProvider", "=~", "^okta$")}}, false, 40},
		"exactly as many":  {question{Limit: 2500}, true, 2500},
	} {
		for _, format := range []string{"table", "logs"} {
			bubbled(t, name+" as "+format, func(t *testing.T) {
				s := open(t, uncached, limited(events, account.GraphQL{MaxPageSize: 700}))
				q := c.q
				if q.Fields == nil {
					q.Fields = all
				}
				q.Format = format
				r := q.over(t, s, midnight, noon)
				result := s.ask(t, r)
				q.Format = "table"
				table := q.over(t, s, midnight, noon)
				if format == "table" {
					s.check(t, table, result)
				}
				want := s.truth(table)
				if len(result.Table.Times) != c.rows || result.Coverage.Complete != c.complete || result.Coverage.Rows != int64(c.rows) {
					t.Fatalf("%d rows, coverage %+v; want %d, complete %v", len(result.Table.Times), result.Coverage, c.rows, c.complete)
				}
				if !c.complete && result.Coverage.Reason != answer.ReasonLimit {
					t.Errorf("reason %s", result.Coverage.Reason)
				}
				for i, at := range result.Table.Times {
					e := want[i]
					if !r.Ascending {
						e = want[len(want)-1-i]
					}
					if !at.Equal(e.At.Truncate(time.Second)) {
						t.Fatalf("row %d is of %s, want %s", i, at, e.At)
					}
				}
				s.checkNotRefused(t)
			})
		}
	}
}

func TestTableWithoutTimeIsLargestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, uncached, counted(account.NewLoginEvents(900, midnight, 12*time.Hour, 4)))
		for _, direction := range []string{"desc", "asc"} {
			r := question{Fields: []string{"country", "outcome"}, Limit: 3, Direction: direction}.over(t, s, midnight, noon)
			result, _ := s.checked(t, r)
			if len(result.Table.Counts) != 3 || result.Coverage.Reason != answer.ReasonLimit || !hasNotice(result, "largest 3 rows") {
				t.Errorf("counts %v, %+v, %+v", result.Table.Counts, result.Coverage, result.Notices)
			}
		}
	})
}

func TestGroupedTableCountsAllAndShowsTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, uncached, counted(account.NewLoginEvents(900, midnight, 12*time.Hour, 5)))
		r := question{GroupBy: []string{"country"}, Limit: 1}.over(t, s, midnight, noon)
		result := s.ask(t, r)
		if len(result.Groups.Rows) != 1 || result.Coverage.Rows != 900 || !result.Coverage.Complete || len(result.Notices) != 1 || !hasNotice(result, "1 largest") {
			t.Errorf("got %+v, %+v, %+v", result.Groups.Rows, result.Coverage, result.Notices)
		}
		whole := s.ask(t, question{GroupBy: []string{"country"}}.over(t, s, midnight, noon))
		if result.Groups.Rows[0].Count != whole.Groups.Rows[0].Count {
			t.Errorf("%+v is not the largest of %+v", result.Groups.Rows, whole.Groups.Rows)
		}
	})
}
