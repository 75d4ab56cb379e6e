package facts_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

const (
	ray      = "8d3f0a1b2c3d4e5f"
	wiki     = "df7e2a5f-0000-4000-8000-000000000001"
	sam      = "57cf8cf2-f55a-4588-9ac9-f5e41e9f09b4"
	okta     = "0f5e9c1a-1111-4222-8333-000000000001"
	staff    = "0f5e9c1a-2222-4222-8333-000000000002"
	leavers  = "0f5e9c1a-3333-4222-8333-000000000003"
	offices  = "0f5e9c1a-4444-4222-8333-000000000004"
	samEmail = "sam@example.com"
)

// login is when Sam was blocked: long before the time range that is asked about.
func login() time.Time { return lab.Noon.Add(-30 * time.Hour) }

// world is an account in which Sam is blocked by the Wiki: its one policy allows
// the group of the staff from the offices' addresses, and Sam was elsewhere.
func world(change ...func(c *account.Config)) account.Config {
	old := lab.Noon.AddDate(0, -6, 0).Format(time.RFC3339)
	c := account.Config{
		Limit:             account.Unlimited,
		Users:             []account.Row{{"id": sam, "email": samEmail, "name": "Sam"}},
		IdentityProviders: []account.Row{{"id": okta, "name": "Okta", "type": "okta", "scim_config": account.Row{"enabled": true}}},
		Apps: []account.Row{{"id": wiki, "name": "Wiki", "domain": "wiki.example.com", "aud": "aud-of-the-wiki", "type": "self_hosted",
			"created_at": old, "updated_at": old, "policies": []account.Row{{
				"id": staff, "name": "Staff", "decision": "allow", "precedence": 1, "created_at": old, "updated_at": old,
				"include": []account.Row{{"group": account.Row{"id": leavers}}},
				"require": []account.Row{{"ip_list": account.Row{"id": offices}}}, "exclude": []account.Row{},
			}}}},
		Organisation: account.Organisation{
			Groups: []account.Row{{"id": leavers, "name": "Staff", "created_at": old, "updated_at": old,
				"include": []account.Row{{"email_domain": account.Row{"domain": "example.com"}}}}},
			Identities: map[string]account.Row{sam: {"email": samEmail, "user_uuid": sam, "iat": login().Unix(), "ip": "203.0.113.9",
				"geo": account.Row{"country": "GB"}, "idp": account.Row{"id": okta, "type": "okta"}}},
			Lists: map[string]account.List{offices: {Row: account.Row{"name": "Offices", "updated_at": old}, Items: []string{"192.0.2.0/24"}}},
		},
		Events: []account.Event{account.EventOf(account.Row{"created_at": login().Format(time.RFC3339Nano), "action": "login", "allowed": false,
			"app_domain": "wiki.example.com/", "app_name": "Wiki", "app_uid": wiki, "connection": "okta", "ip_address": "203.0.113.9", "country": "gb",
			"ray_id": ray, "user_email": samEmail, "user_id": sam})},
		Groups: []account.LoginEvent{{At: login(), Count: 1, Dimensions: account.Row{"appId": wiki, "cfRayId": ray, "userUuid": sam,
			"ipAddress": "203.0.113.9", "country": "GB", "identityProvider": okta, "isSuccessfulLogin": 0, "approvingPolicyId": ""}}},
		FailedLogins: map[string]account.FailedLoginList{sam: {Rows: []account.Row{account.NewFailedLogin(sam, samEmail, ray, login())}}},
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

// crowd adds other people's logins, so many an hour for days.
func crowd(hourly, days int) func(*account.Config) {
	return func(c *account.Config) {
		c.Events = append(c.Events, account.NewEvents(24*days*hourly, lab.Noon.AddDate(0, 0, -days), lab.Noon, 1)...)
	}
}

func byRay(id string) string {
	return fmt.Sprintf(`{"queryType":"explain","filters":[{"field":"ray_id","operator":"=","values":[%q]}]}`, id)
}

// ask asks about the last hour.
func ask(t *testing.T, l *lab.Lab, model string, change ...func(*query.Options)) *answer.Result {
	t.Helper()
	return l.Ask(t, model, lab.Noon.Add(-time.Hour), lab.Noon, append([]func(*query.Options){func(o *query.Options) { o.QueryType = "explain" }}, change...)...)
}

// cell is what a part says in a column; empty for null.
func cell(t *testing.T, res *answer.Result, part, field string, row int) string {
	t.Helper()
	for _, p := range res.Parts {
		for _, column := range p.Columns {
			if p.Name == part && column.Field.Name == field {
				return column.Values[column.Codes[row]].Text
			}
		}
	}
	t.Fatalf("%s has no column %s", part, field)
	return ""
}

// rows are the number of rows of a part.
func rows(res *answer.Result, part string) int {
	for _, p := range res.Parts {
		if p.Name == part {
			return len(p.Columns[0].Codes)
		}
	}
	return 0
}

// verdict is a part's first row, in the catalogue's order.
func verdict(t *testing.T, res *answer.Result) map[string]string {
	t.Helper()
	q, _ := catalogue.Lookup("explain")
	out := map[string]string{}
	for _, f := range q.FieldsOf(q.Parts[0]) {
		out[f.Name] = cell(t, res, "verdict", f.Name, 0)
	}
	return out
}
