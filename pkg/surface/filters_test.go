package surface_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func TestFilters(t *testing.T) {
	base := noon.Add(-36 * time.Hour)
	events := account.NewLoginEvents(3000, base, 24*time.Hour, 1)
	ray := events[7].Text("cfRayId")
	type by []string
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, counted(events))
		for name, c := range map[string]struct {
			groupBy by
			filters []filter
			here    []string
		}{
			"country, any case":       {by{"appId"}, []filter{where("country", "=", "gb", "us")}, nil},
			"not country":             {by{"appId"}, []filter{where("country", "!=", "GB")}, nil},
			"no country":              {by{"appId"}, []filter{where("country", "=", "")}, nil},
			"country, part, grouped":  {by{"country"}, []filter{where("country", "contains", "u")}, []string{"country"}},
			"outcome":                 {by{"appId"}, []filter{where("outcome", "=", "blocked")}, nil},
			"outcome, both":           {by{"appId"}, []filter{where("outcome", "=", "blocked", "allowed")}, nil},
			"not outcome":             {by{"appId"}, []filter{where("outcome", "!=", "blocked")}, nil},
			"outcome by its source":   {by{"isSuccessfulLogin"}, []filter{where("outcome", "=~", "^b")}, []string{"outcome"}},
			"boolean":                 {by{"appId"}, []filter{where("hasWarpEnabled", "=", true)}, nil},
			"boolean, both":           {by{"appId"}, []filter{where("hasWarpEnabled", "=", true, false)}, nil},
			"boolean, neither":        {by{"appId"}, []filter{where("hasWarpEnabled", "!=", true, false)}, nil},
			"contains":                {by{"outcome"}, []filter{where("identityProvider", "contains", "ident", "okt")}, nil},
			"contains not":            {by{"outcome"}, []filter{where("identityProvider", "!contains", "ident", "okt")}, nil},
			"wildcards, grouped":      {by{"identityProvider"}, []filter{where("identityProvider", "contains", "0%_s")}, []string{"identityProvider"}},
			"pattern, grouped":        {by{"identityProvider"}, []filter{where("identityProvider", "=~", "^o|s$")}, []string{"identityProvider"}},
			"pattern not, grouped":    {by{"identityProvider"}, []filter{where("identityProvider", "!~", "^o")}, []string{"identityProvider"}},
			"Ray ID as pasted":        {by{"outcome"}, []filter{where("cfRayId", "=", strings.ToUpper(ray)+"-LHR")}, nil},
			"addresses":               {by{"outcome"}, []filter{where("ipAddress", "=", "192.0.2.7", "192.0.2.9")}, nil},
			"two fields":              {by{"country", "outcome"}, []filter{where("appId", "=", "app-1", "app-2"), where("outcome", "=", "allowed")}, nil},
			"before":                  {by{"outcome"}, []filter{where("datetime", "<", base.Add(10*time.Hour+500*time.Millisecond))}, nil},
			"from and to":             {by{"outcome"}, []filter{where("datetime", ">=", base.Add(10*time.Hour)), where("datetime", "<=", base.Add(11*time.Hour))}, nil},
			"after a minute":          {by{"outcome"}, []filter{where("datetimeMinute", ">", base.Add(8*time.Hour))}, nil},
			"one minute":              {by{"outcome"}, []filter{where("datetimeMinute", "=", base.Add(8*time.Hour), base.Add(9*time.Hour))}, nil},
			"not the crowded minute":  {by{"outcome"}, []filter{where("datetimeMinute", "!=", base.Add(8*time.Hour))}, nil},
			"a day":                   {by{"outcome"}, []filter{where("date", "=", base)}, nil},
			"a minute that is no one": {by{"outcome"}, []filter{where("datetimeMinute", "=", base.Add(8*time.Hour+30*time.Second))}, nil},
			"nothing is left":         {by{"outcome"}, []filter{where("datetime", "<", base), where("outcome", "=", "blocked")}, nil},
		} {
			r := question{GroupBy: c.groupBy, Filters: c.filters}.over(t, s, base, base.Add(24*time.Hour))
			result, _ := s.checked(t, r)
			if !slices.Equal(c.here, result.Coverage.FilteredHere) {
				t.Errorf("filtered here %v, want %v", result.Coverage.FilteredHere, c.here)
			}
			if t.Failed() {
				t.Fatal(name)
			}
		}
		s.checkNotRefused(t)
	})
}

func TestFiltersThatGraphQLCannotDoAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, uncached, account.Config{})
		for _, f := range []filter{
			where("identityProvider", "=~", "^o"), where("identityProvider", "!~", "^o"), where("country", "contains", "G"), where("identityProvider", "contains", "50%"),
		} {
			for _, q := range []question{
				{Format: "time_series", GroupBy: []string{"outcome"}}, {GroupBy: []string{"outcome"}}, {Fields: []string{"outcome"}},
			} {
				q.Filters = []filter{f}
				_, err := s.try(context.Background(), q.over(t, s, noon.Add(-time.Hour), noon))
				remedy := "group by " + f.Field
				if q.GroupBy == nil {
					remedy = "add " + f.Field + " to the columns"
				}
				var invalid *query.InvalidError
				if !errors.As(err, &invalid) || !strings.Contains(err.Error(), remedy) {
					t.Errorf("%v: got %v", f, err)
				}
			}
		}
		if s.calls() != 0 {
			t.Errorf("%d calls were made for refused queries", s.calls())
		}
	})
}

// TestTimeFilters compares each login's time, cut to the field's unit, with an
// instant, and looks at what is counted, drawn and listed.
func TestTimeFilters(t *testing.T) {
	base := noon.Add(-60 * time.Hour) // midnight
	events := account.NewLoginEvents(600, base, 48*time.Hour, 7)
	for i := range 40 { // close to the instants
		events = append(events, account.NewLoginEvent(base.Add(26*time.Hour+time.Duration(i-20)*15*time.Second)), account.NewLoginEvent(base.Add(24*time.Hour+time.Duration(i-20)*time.Second)))
	}
	for _, field := range []string{"datetime", "datetimeMinute", "date"} {
		for _, operator := range []string{"=", "!=", "<", "<=", ">", ">="} {
			bubbled(t, field+" "+operator, func(t *testing.T) {
				s := open(t, cached, counted(events))
				for name, at := range map[string]time.Duration{
					"a day": 24 * time.Hour, "a minute": 26 * time.Hour, "a second": 26*time.Hour + 15*time.Second,
					"within a second": 26*time.Hour + 15*time.Second + 300*time.Millisecond, "before all": -time.Hour, "after all": 49 * time.Hour,
				} {
					f := where(field, operator, base.Add(at))
					for _, q := range []question{
						{GroupBy: []string{"country"}, Filters: []filter{f}},
						{GroupBy: []string{}, Format: "time_series", Filters: []filter{f}},
						{Fields: []string{"datetime", "cfRayId"}, Limit: 5000, Filters: []filter{f}},
						{Fields: []string{"datetimeMinute", "country"}, Limit: 30, Filters: []filter{f}},
						{Fields: []string{"date", "outcome"}, Filters: []filter{f}},
					} {
						r := q.over(t, s, base.Add(123*time.Millisecond), base.Add(48*time.Hour), 10*time.Minute)
						if result, _ := s.checked(t, r); len(result.Coverage.FilteredHere) > 0 || t.Failed() {
							t.Fatalf("%s: %+v, filtered here %v", name, q, result.Coverage.FilteredHere)
						}
					}
				}
				s.checkNotRefused(t)
			})
		}
	}
}

func TestSeveralTimesInOneFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, counted(account.NewLoginEvents(2000, midnight, 12*time.Hour, 8)))
		minute := func(n int) time.Time { return midnight.Add(time.Duration(n) * time.Minute) }
		for _, operator := range []string{"=", "!="} {
			for _, groupBy := range [][]string{{"country"}, {"outcome"}} {
				f := where("datetimeMinute", operator, minute(17), minute(18), minute(240), minute(40), minute(40).Add(time.Second))
				s.checked(t, question{GroupBy: groupBy, Filters: []filter{f}}.over(t, s, midnight, noon))
				s.checked(t, question{Format: "time_series", GroupBy: groupBy, Filters: []filter{f}}.over(t, s, midnight, noon, time.Minute))
			}
		}
		s.checkNotRefused(t)
		if t.Failed() {
			return
		}
		var many []any
		for i := range 101 {
			many = append(many, minute(2*i))
		}
		var invalid *query.InvalidError
		if _, err := s.try(context.Background(), question{GroupBy: []string{"country"}, Filters: []filter{where("datetimeMinute", "=", many...)}}.over(t, s, midnight, noon)); !errors.As(err, &invalid) {
			t.Errorf("got %v", err)
		}
	})
}

func TestVersionsAreComparedAsNumbers(t *testing.T) {
	var events []account.LoginEvent
	for i := range 30 {
		events = append(events, account.NewLoginEvent(midnight.Add(time.Duration(i)*time.Minute), "serviceTokenVersion", i%12, "appId", fmt.Sprint("app-", i%3)))
	}
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, counted(events))
		for _, f := range []filter{
			where("serviceTokenVersion", "=", 9), where("serviceTokenVersion", "=", "1", 10, 11), where("serviceTokenVersion", "!=", 2, 3),
			where("serviceTokenVersion", "<", 10), where("serviceTokenVersion", "<=", 10), where("serviceTokenVersion", ">", "9"), where("serviceTokenVersion", ">=", 9),
		} {
			for _, groupBy := range [][]string{{"appId"}, {"serviceTokenVersion"}} {
				result, _ := s.checked(t, question{GroupBy: groupBy, Filters: []filter{f}}.over(t, s, midnight, noon))
				if len(result.Coverage.FilteredHere) > 0 || result.Coverage.Rows == 0 {
					t.Errorf("%v: %+v", f, result.Coverage)
				}
			}
		}
		s.checkNotRefused(t)
	})
}
