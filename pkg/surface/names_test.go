package surface_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// namedAccount has logins to two applications of the same name, to one that is not
// in the list, and to none.
func namedAccount() account.Config {
	at := func(minutes int, changes ...any) account.LoginEvent {
		return account.NewLoginEvent(noon.Add(-time.Duration(minutes)*time.Minute), append([]any{"userUuid", "", "identityProvider", "nonidentity"}, changes...)...)
	}
	return account.Config{
		Groups: []account.LoginEvent{
			at(10, "appId", "APP-1", "serviceTokenId", "tok-1", "approvingPolicyId", "pol-1"),
			at(20, "appId", "app-2", "userUuid", "user-1", "identityProvider", "idp-1", "approvingPolicyId", "pol-2", "isSuccessfulLogin", 0),
			at(30, "appId", "app-3", "userUuid", "user-2", "identityProvider", "okta"),
			at(40, "appId", "app-9", "serviceTokenId", "tok-2"),
			at(50, "appId", ""),
		},
		Apps: []account.Row{
			{"id": "app-1", "name": "Wiki", "policies": []account.Row{{"id": "pol-1", "name": "Let CI in"}}}, {"id": "other", "uid": "app-2", "name": "Wiki"},
			{"id": "app-3", "name": "CRM"},
		},
		Organisation:      account.Organisation{Policies: []account.Row{{"id": "pol-2", "name": "Employees"}}},
		ServiceTokens:     []account.Row{{"id": "tok-1", "name": "CI"}, {"id": "tok-2", "name": "Backup"}},
		IdentityProviders: []account.Row{{"id": "idp-1", "name": "Okta of the company"}},
		Users:             []account.Row{{"id": "user-1", "email": "ada@example.com", "name": "Ada"}, {"id": "user-2", "email": "bert@example.com"}},
	}
}

// counts are the groups of an answer by one field, as field=count.
func counts(t *testing.T, result *answer.Result) []string {
	t.Helper()
	var out []string
	for _, row := range result.Groups.Rows {
		out = append(out, fmt.Sprintf("%s=%d", row.Key[0].Text, row.Count))
	}
	return out
}

func (s *source) lastHour(t *testing.T, q question) *query.Request {
	t.Helper()
	return q.over(t, s, noon.Add(-time.Hour), noon, time.Hour)
}

func TestLoginsAreCountedByName(t *testing.T) {
	for field, want := range map[string][]string{
		"app_name":            {"Wiki=2", "=1", "CRM=1", "app-9=1"},
		"approvingPolicyName": {"=3", "Employees=1", "Let CI in=1"},
		"serviceTokenName":    {"=3", "Backup=1", "CI=1"},
		"idp_name":            {"nonidentity=3", "Okta of the company=1", "okta=1"},
		"user_email":          {"=3", "ada@example.com=1", "bert@example.com=1"},
	} {
		bubbled(t, field, func(t *testing.T) {
			s := open(t, cached, namedAccount())
			result := s.ask(t, s.lastHour(t, question{GroupBy: []string{field}}))
			if got := counts(t, result); !slices.Equal(got, want) || !result.Coverage.Complete || len(result.Notices) > 0 {
				t.Errorf("%v, coverage %+v, notices %v", got, result.Coverage, result.Notices)
			}
			if n := len(s.account.Nodes()[0].Dimensions); n != 1 {
				t.Errorf("asked for %d dimensions, the ID alone is needed", n)
			}
		})
	}
}

func TestAFilterOnNamesIsAppliedToWhatHasTheirIDs(t *testing.T) {
	for _, c := range []struct {
		filter  filter
		want    int64
		unnamed bool
	}{
		{where("app_name", "=", "Wiki"), 2, true}, {where("app_name", "!=", "Wiki", "CRM"), 2, true}, {where("app_name", "=~", "^W"), 2, true},
		{where("app_name", "=", "app-9"), 1, true}, {where("app_name", "=", "app-1"), 0, true}, {where("app_name", "=", ""), 1, true},
		{where("serviceTokenName", "contains", "ack"), 1, false}, {where("user_email", "=", "ada@example.com"), 1, false},
	} {
		for _, q := range []question{{Format: "time_series"}, {GroupBy: []string{"country"}}, {Fields: []string{"outcome"}}, {Format: "logs"}} {
			bubbled(t, fmt.Sprint(c.filter, q.Format), func(t *testing.T) {
				s := open(t, cached, namedAccount())
				q := q
				q.Filters = []filter{c.filter}
				result := s.ask(t, s.lastHour(t, q))
				if got := result.Coverage; got.Rows != c.want || !got.Complete || !slices.Contains(got.FilteredHere, c.filter.Field) {
					t.Errorf("%d wanted, coverage %+v, notices %v", c.want, got, result.Notices)
				}
				if hasNotice(result, "is applied to the IDs themselves") != c.unnamed {
					t.Errorf("notices %v", result.Notices)
				}
				s.checkNotRefused(t)
			})
		}
	}
}

// Panels by ID and by name are answered from the same scan.
func TestNamesShareTheScanOfTheirIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, namedAccount())
		var panels sync.WaitGroup
		for range 4 {
			for _, q := range []question{{GroupBy: []string{"app_name"}}, {GroupBy: []string{"appId"}}, {GroupBy: []string{"app_name"}, Filters: []filter{where("app_name", "=", "Wiki")}}} {
				r := s.lastHour(t, q)
				panels.Go(func() { _, _ = s.try(context.Background(), r) })
			}
		}
		panels.Wait()
		if s.calls() != 1 || len(s.account.AskedFor("/apps")) > 2 { // one as a query's, one as what is nice to know
			t.Errorf("%d calls for logins, %d for names", s.calls(), len(s.account.AskedFor("/apps")))
		}
		s.pass(9 * time.Minute)
		lists := s.account.Counts().Lists
		s.ask(t, s.lastHour(t, question{GroupBy: []string{"app_name"}}))
		if got := s.account.Counts().Lists; got != lists {
			t.Errorf("%d more calls for names within ten minutes", got-lists)
		}
	})
}

// Lists are not asked for where no row has an ID for them.
func TestNamesThatNobodyNeedsCostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := namedAccount()
		c.Groups = c.Groups[:1]
		s := open(t, cached, c)
		s.ask(t, s.lastHour(t, question{}))
		for path, asked := range map[string]bool{"/apps": true, "/policies": true, "/service_tokens": true, "/users": false, "/identity_providers": false} {
			if got := len(s.account.AskedFor(path)) > 0; got != asked {
				t.Errorf("%s asked: %v", path, got)
			}
		}
		before := s.account.Counts().Lists
		for _, q := range []question{{Fields: []string{"datetime", "appId"}}, {GroupBy: []string{"serviceTokenId"}}, {Format: "time_series"}} {
			s.ask(t, s.lastHour(t, q))
		}
		if got := s.account.Counts().Lists; got != before {
			t.Errorf("%d calls for names that are not shown", got-before)
		}
	})
}

// Rows that differ in their IDs alone are one by name, so that a limit that looked
// reached is not.
func TestALimitCountsRowsByName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := namedAccount()
		c.Groups = nil
		for i := range 3000 {
			at := noon.Add(-time.Duration(i) * time.Second).Truncate(time.Second)
			c.Groups = append(c.Groups, account.NewLoginEvent(at, "appId", "app-1"), account.NewLoginEvent(at, "appId", "app-2"))
		}
		s := open(t, cached, c)
		q := question{Fields: []string{"datetime", "app_name"}, Filters: []filter{where("mtlsStatus", "=", "NONE")}, Limit: 1000}
		result := s.ask(t, q.over(t, s, noon.Add(-time.Hour), noon))
		if got := result.Coverage; len(result.Table.Times) != 1000 || got.Complete || got.Reason != answer.ReasonLimit || got.Rows != 2000 {
			t.Errorf("%d rows, coverage %+v", len(result.Table.Times), got)
		}
	})
}

func TestNamesOfOtherQueryTypes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := scimAccount()
		c.IdentityProviders[0]["name"], c.IdentityProviders[3]["name"] = "Okta", "Entra ID"
		c.Users = []account.Row{{"id": ada, "email": "ada@example.com"}}
		c.ActiveSessions = map[string][]account.Row{ada: {{"name": "s", "expiration": noon.Unix() + 60, "metadata": account.Row{"iat": noon.Unix() - 60}}}}
		s := open(t, cached, c)
		result := s.ask(t, s.lastHour(t, question{Type: "scim_updates", Filters: []filter{where("idp_name", "!=", "Okta")}}))
		if got := texts(t, result, "idp_name"); !slices.Equal(got, []string{"Entra ID"}) || !result.Coverage.Complete {
			t.Errorf("%v, coverage %+v", got, result.Coverage)
		}
		if n := len(s.account.AskedFor("/identity_providers")); n != 1 {
			t.Errorf("%d calls for one list", n)
		}
		result = s.ask(t, s.lastHour(t, question{Type: "active_sessions", Filters: []filter{where("user_id", "=", ada)}, GroupBy: []string{"user_email"}}))
		if got := counts(t, result); !slices.Equal(got, []string{"ada@example.com=1"}) {
			t.Errorf("%v", got)
		}
	})
}

// Cloudflare does not document that access requests have the application's name.
func TestRequestsWithoutTheNameOfTheirApplicationTakeThatOfItsID(t *testing.T) {
	row := func(minutes int, uid, name any) account.Event {
		return account.EventOf(account.Row{"created_at": noon.Add(-time.Duration(minutes) * time.Minute).Format(time.RFC3339),
			"ray_id": fmt.Sprintf("%016x", minutes), "allowed": true, "app_uid": uid, "app_name": name})
	}
	for name, c := range map[string]struct {
		rows  []account.Event
		want  []string
		lists int
	}{
		"none has one": {[]account.Event{row(1, "app-1", nil), row(2, "app-3", nil), row(3, "app-2", nil)}, []string{"Wiki=2", "CRM=1"}, 1},
		"some have":    {[]account.Event{row(1, "app-1", "Wiki"), row(2, "app-3", nil), row(3, "app-9", nil), row(4, nil, nil)}, []string{"=1", "CRM=1", "Wiki=1", "app-9=1"}, 1},
		"all have":     {[]account.Event{row(1, "app-1", "Old wiki"), row(2, "app-3", "CRM")}, []string{"CRM=1", "Old wiki=1"}, 0},
	} {
		bubbled(t, name, func(t *testing.T) {
			config := namedAccount()
			config.Events = c.rows
			s := open(t, cached, config)
			result := s.ask(t, s.lastHour(t, question{Type: "access_requests", GroupBy: []string{"app_name"}}))
			if got := counts(t, result); !slices.Equal(got, c.want) || !result.Coverage.Complete {
				t.Errorf("%v, coverage %+v, notices %v", got, result.Coverage, result.Notices)
			}
			for _, group := range c.want {
				name, count, _ := strings.Cut(group, "=")
				for _, q := range []question{{Format: "time_series"}, {Limit: 2}, {Format: "logs"}} {
					q.Type, q.Filters = "access_requests", []filter{where("app_name", "=", name)}
					if got := s.ask(t, s.lastHour(t, q)).Coverage; fmt.Sprint(got.Rows) != count || !got.Complete {
						t.Errorf("%s: coverage %+v", group, got)
					}
				}
			}
			if got := s.account.Counts().Lists; got != c.lists {
				t.Errorf("%d calls for names", got)
			}
		})
	}
}
