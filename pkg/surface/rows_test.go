package surface_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// texts are the values of a column of a table, in the order of the rows.
func texts(t *testing.T, result *answer.Result, field string) []string {
	t.Helper()
	for k := range result.Table.Columns {
		c := &result.Table.Columns[k]
		if c.Field.Name == field {
			out := make([]string, len(result.Table.Times))
			for i := range out {
				out[i] = result.Table.Cell(c, i).Text
			}
			return out
		}
	}
	t.Fatalf("no column %s", field)
	return nil
}

// hour asks about the hour before noon.
func (s *source) hour(t *testing.T, q question) (*answer.Result, error) {
	t.Helper()
	return s.try(context.Background(), q.over(t, s, noon.Add(-time.Hour), noon))
}

func TestAccessRequestsAskAsDocumented(t *testing.T) {
	row := func(at, ray string) account.Event {
		return account.EventOf(account.Row{"created_at": at, "ray_id": ray, "allowed": true})
	}
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, account.Config{Events: []account.Event{
			row("2026-03-31T11:30:00.5Z", "8d3f0a1b2c3d4e5f"), row("2026-03-31T10:59:59.999Z", "8d3f0a1b2c3d4e5e"), row("2026-03-31T11:00:00Z", "8d3f0a1b2c3d4e5d"),
		}})
		result, err := s.hour(t, question{Type: "access_requests"})
		if err != nil {
			t.Fatal(err)
		}
		if got := texts(t, result, "ray_id"); !slices.Equal(got, []string{"8d3f0a1b2c3d4e5f", "8d3f0a1b2c3d4e5d"}) {
			t.Errorf("rows %v", got)
		}
		asked := s.account.AskedFor("/access_requests")
		if c := result.Coverage; !c.Complete || c.UpstreamCalls != len(asked) || len(result.Calls) != c.UpstreamCalls {
			t.Errorf("%+v, calls %v", c, result.Calls)
		}
		q := asked[0]
		for name, want := range map[string]string{"per_page": "1000", "limit": "1000", "page": "1", "direction": "desc"} {
			if q.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, q.Get(name), want)
			}
		}
		since, err := time.Parse(time.RFC3339, q.Get("since"))
		if err != nil || since.After(noon.Add(-time.Hour)) {
			t.Errorf("since is %q", q.Get("since"))
		}
		until, err := time.Parse(time.RFC3339, q.Get("until"))
		if err != nil || until.Before(noon) {
			t.Errorf("until is %q", q.Get("until"))
		}
	})
}

// scimAccount has two identity providers with SCIM, and updates of both.
func scimAccount() account.Config {
	provider := func(id string, scim any) account.Row { return account.Row{"id": id, "scim_config": scim} }
	return account.Config{
		IdentityProviders: []account.Row{provider("idp-b", account.Row{"enabled": true}), provider("idp-x", account.Row{"enabled": false}),
			provider("idp-y", nil), provider("idp-a", account.Row{"enabled": true})},
		SCIMUpdates: []account.Row{
			{"logged_at": "2026-03-31T11:50:00Z", "status": "ERROR", "http_method": "PATCH", "idp_id": "idp-a", "resource_type": "GROUP"},
			{"logged_at": "2026-03-31T11:40:00Z", "status": "SUCCESS", "request_method": "POST", "idp_id": "idp-b", "resource_type": "USER", "request_body": `{"a":1}`},
			{"logged_at": "2026-03-31T11:30:00Z", "status": "SUCCESS", "request_method": "PUT", "idp_id": "idp-y", "resource_type": "USER"},
			{"logged_at": "2026-03-31T10:40:00Z", "status": "SUCCESS", "request_method": "DELETE", "idp_id": "idp-b", "resource_type": "USER"},
		},
	}
}

func TestSCIMUpdatesFindTheProviders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := scimAccount()
		c.Quirks.RequiresIdP = true
		s := open(t, cached, c)
		result, err := s.hour(t, question{Type: "scim_updates"})
		if err != nil {
			t.Fatal(err)
		}
		if got := texts(t, result, "request_method"); !slices.Equal(got, []string{"PATCH", "POST"}) {
			t.Errorf("methods %v", got)
		}
		if got := texts(t, result, "outcome"); !slices.Equal(got, []string{"failure", "success"}) {
			t.Errorf("outcomes %v", got)
		}
		if got := texts(t, result, "request_body"); !json.Valid([]byte(got[1])) || !result.Coverage.Complete {
			t.Errorf("body %q, coverage %+v", got[1], result.Coverage)
		}
		if q := s.account.AskedFor("/updates")[0]; !slices.Equal(q["idp_id"], []string{"idp-a", "idp-b"}) {
			t.Errorf("idp_id %v", q["idp_id"])
		}
		filtered, err := s.hour(t, question{Type: "scim_updates", Filters: []filter{where("idp_id", "=", "idp-a"), where("resource_user_email", "!=", "a@example.com")}})
		if err != nil || filtered.Coverage.Rows != 1 || !filtered.Coverage.Complete {
			t.Errorf("%+v %v", filtered, err)
		}
		asked := s.account.AskedFor("/updates")
		if q := asked[len(asked)-1]; !slices.Equal(q["idp_id"], []string{"idp-a"}) {
			t.Errorf("idp_id %v", q["idp_id"])
		}
		// A provider that is not known is asked for all the same.
		if named, err := s.hour(t, question{Type: "scim_updates", Filters: []filter{where("idp_id", "=", "idp-y")}}); err != nil || named.Coverage.Rows != 1 {
			t.Errorf("%+v %v", named, err)
		}
	})
}

// TestSCIMUpdatesOfNoKnownProvider tries what Cloudflare can do with a call
// without idp_id: the list of providers can be empty because it is filtered.
func TestSCIMUpdatesOfNoKnownProvider(t *testing.T) {
	for name, c := range map[string]struct {
		change func(c *account.Config)
		rows   int64
	}{
		"updates come":     {func(*account.Config) {}, 3},
		"none come":        {func(c *account.Config) { c.SCIMUpdates = nil }, 0},
		"idp_id is needed": {func(c *account.Config) { c.Quirks.RequiresIdP = true }, 0},
	} {
		for _, q := range []question{{}, {Format: "time_series"}, {GroupBy: []string{"outcome"}}, {Format: "logs"}} {
			bubbled(t, name+" "+q.Format, func(t *testing.T) {
				config := scimAccount()
				config.IdentityProviders = nil
				c.change(&config)
				s := open(t, cached, config)
				q := q
				q.Type = "scim_updates"
				result, err := s.hour(t, q)
				if err != nil {
					t.Fatal(err)
				}
				known := c.rows > 0
				if got := result.Coverage; got.Rows != c.rows || got.Complete != known || !known && got.Reason != answer.ReasonUnverified || hasNotice(result, "idp_id") == known {
					t.Errorf("coverage %+v, notices %+v", got, result.Notices)
				}
				for _, asked := range s.account.AskedFor("/updates") {
					if asked.Has("idp_id") {
						t.Errorf("asked for %v", asked)
					}
				}
				if result.Series != nil && len(result.Series.Groups) != 2 {
					t.Errorf("%d series", len(result.Series.Groups))
				}
			})
		}
	}
}

func TestSCIMUpdatesNeedTheProvidersOrAFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, scimAccount())
		s.account.Change(func(c *account.Config) {
			c.Before = func(r *http.Request) error {
				if r.URL.Path == "/client/v4/accounts/"+account.ID+"/access/identity_providers" {
					return account.Refusal(http.StatusForbidden, 9109, "Unauthorized to access requested resource")
				}
				return nil
			}
		})
		if _, err := s.hour(t, question{Type: "scim_updates"}); kind(err) != cloudflare.KindPermission {
			t.Errorf("got %v", err)
		}
		if result, err := s.hour(t, question{Type: "scim_updates", Filters: []filter{where("idp_id", "=", "idp-a")}}); err != nil || result.Coverage.Rows != 1 {
			t.Errorf("%+v %v", result, err)
		}
	})
}

func invalid(err error) bool {
	var i *query.InvalidError
	return errors.As(err, &i)
}
