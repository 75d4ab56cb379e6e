package surface_test

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// mask is what masking shows.
func mask(value string) string {
	return fmt.Sprintf("p_%x", sha256.Sum256([]byte(strings.ToLower(value))))[:18]
}

func disguise(f *catalogue.Field, value string) string {
	if !f.Personal || value == "" {
		return value
	}
	return mask(value)
}

// checkSecret says that no call carried what a masked filter holds, or a parameter
// of its field.
func (s *source) checkSecret(t *testing.T, parameter, value string) {
	t.Helper()
	for _, call := range s.account.Asked() {
		for name, values := range call.URL.Query() {
			if strings.HasPrefix(name, parameter) || slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, value) }) {
				t.Errorf("asked with %s=%v", name, values)
			}
		}
		for _, node := range call.Nodes {
			if text := fmt.Sprint(node.Filter); strings.Contains(text, value) || strings.Contains(text, parameter) {
				t.Errorf("asked with %s", text)
			}
		}
	}
}

// TestMaskedFiltersOfADenseWeek has a user who is not in the newest page, among so
// many rows that Cloudflare would be asked to filter, were the user's address known.
func TestMaskedFiltersOfADenseWeek(t *testing.T) {
	const someone = "someone@example.com"
	events := account.NewEvents(12_000, noon.Add(-7*day), noon, 1)
	want := 0
	for i := range events[:len(events)-2000] {
		if i%70 == 0 {
			events[i].Email = someone
			want++
		}
	}
	for _, c := range []struct {
		filter filter
		want   int
	}{
		{where("user_email", "=", mask(someone)), want},
		{where("user_email", "!=", mask(someone)), len(events) - want},
	} {
		for _, q := range []question{{Limit: 100_000}, {Format: "time_series"}, {GroupBy: []string{"user_email"}, Limit: 1000}, {Format: "logs", Limit: 10_000}} {
			bubbled(t, c.filter.Operator+" "+q.Format, func(t *testing.T) {
				s := open(t, cached, account.Config{Events: events})
				q := q
				q.Type, q.Filters, q.disguise = "access_requests", []filter{c.filter}, disguise
				result := s.ask(t, q.over(t, s, noon.Add(-7*day), noon, time.Hour))
				rows := int64(c.want)
				if q.Format == "logs" {
					rows = min(rows, 10_000)
				}
				if got := result.Coverage; got.Rows != rows || got.Complete != (rows == int64(c.want)) || !slices.Equal(got.FilteredHere, []string{"user_email"}) {
					t.Errorf("%d rows wanted, coverage %+v, notices %+v", c.want, got, result.Notices)
				}
				s.checkSecret(t, "email", mask(someone))
			})
		}
	}
	bubbled(t, "not masked", func(t *testing.T) {
		s := open(t, cached, account.Config{Events: events})
		q := question{Type: "access_requests", Filters: []filter{where("user_email", "=", someone)}, Limit: 100_000}
		result := s.ask(t, q.over(t, s, noon.Add(-7*day), noon))
		pushed := slices.ContainsFunc(s.account.AskedFor("/access_requests"), func(q url.Values) bool { return q.Get("email") == someone })
		if !pushed || result.Coverage.Rows != int64(want) {
			t.Errorf("pushed %v, coverage %+v: the others show nothing", pushed, result.Coverage)
		}
	})
}

func TestMaskedFiltersOfLoginGroups(t *testing.T) {
	events := account.NewLoginEvents(900, midnight, 12*time.Hour, 31)
	byUser := map[string]int64{}
	for i := range events {
		user := fmt.Sprintf("6b3d4f0e-1c2a-4d5b-8e7f-%012d", i%17)
		events[i].Dimensions["userUuid"] = user
		byUser[user]++
	}
	someone := "6b3d4f0e-1c2a-4d5b-8e7f-000000000003"
	for _, q := range []question{
		{GroupBy: []string{"outcome"}}, {GroupBy: []string{"userUuid"}}, {Format: "time_series"}, {Fields: []string{"datetime", "outcome"}, Limit: 5000},
		{Format: "logs", Limit: 5000}, {Fields: []string{"country"}},
	} {
		for operator, want := range map[string]int64{"=": byUser[someone], "!=": 900 - byUser[someone]} {
			bubbled(t, operator+" "+q.Format, func(t *testing.T) {
				s := open(t, cached, counted(events))
				q := q
				q.Filters, q.disguise = []filter{where("userUuid", operator, mask(someone)), where("outcome", "=", "allowed", "blocked")}, disguise
				for range 2 { // the second time from what is kept
					result := s.ask(t, q.over(t, s, midnight, noon))
					if got := result.Coverage; got.Rows != want || !got.Complete || !slices.Equal(got.FilteredHere, []string{"userUuid"}) {
						t.Errorf("%d logins wanted, coverage %+v, notices %+v", want, got, result.Notices)
					}
				}
				s.checkSecret(t, "userUuid", mask(someone))
				s.checkNotRefused(t)
			})
		}
	}
}

func TestMaskedFiltersOfSCIMUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := scimAccount()
		for i, email := range []string{"", "ada@example.com", "", "ada@example.com"} {
			c.SCIMUpdates[i]["resource_user_email"] = email
		}
		s := open(t, cached, c)
		q := question{Type: "scim_updates", Filters: []filter{where("resource_user_email", "=", mask("ada@example.com"))}, disguise: disguise}
		result := s.ask(t, q.over(t, s, noon.Add(-2*time.Hour), noon))
		if got := texts(t, result, "request_method"); !slices.Equal(got, []string{"POST", "DELETE"}) || !result.Coverage.Complete ||
			!slices.Contains(result.Coverage.FilteredHere, "resource_user_email") {
			t.Errorf("%v, coverage %+v", got, result.Coverage)
		}
		s.checkSecret(t, "resource_user_email", mask("ada@example.com"))
	})
}

func TestMaskedFiltersOfFailedLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := failedLogins(t)
		q := ofUsers(mask(ada), mask(bert))
		q.disguise = disguise
		q.Filters = append(q.Filters, where("user_uuid", "=", mask(bert)), where("user_email", "=", mask("x@example.com")))
		result := s.ask(t, q.over(t, s, noon.Add(-time.Hour), noon))
		if got := texts(t, result, "ray_id"); !slices.Equal(got, []string{"8d3f0a1b2c3d4e5d"}) || !result.Coverage.Complete {
			t.Errorf("%v, coverage %+v", got, result.Coverage)
		}
		s.checkSecret(t, "user_uuid", "p_")
	})
}
