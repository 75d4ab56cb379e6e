package facts_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func TestAnswersColdInFewCallsAndAtOnceInFewer(t *testing.T) {
	for name, change := range map[string]func(c *account.Config){
		"plain":                       func(*account.Config) {},
		"a filter that is ignored":    filterQuirk(account.FilterIgnored),
		"a filter that gives nothing": filterQuirk(account.FilterEmptied),
		"a filter that is refused":    filterQuirk(account.FilterRefused),
		"every rule type":             everything,
		"a list whose items lie apart": func(c *account.Config) {
			filterQuirk(account.FilterIgnored)(c)
			list := c.Organisation.Lists[offices]
			list.Apart = true
			c.Organisation.Lists[offices] = list
		},
	} {
		t.Run(name, func(t *testing.T) {
			lab.Test(t, func(t *testing.T) {
				l := lab.New(t, world(crowd(100, 3), change, func(c *account.Config) { c.Latency = 100 * time.Millisecond }))
				started := time.Now()
				res := ask(t, l, byRay(ray))
				require.Equal(t, "blocked", verdict(t, res)["outcome"])
				require.Equal(t, "Wiki", verdict(t, res)["app_name"])
				for _, n := range res.Notices {
					require.NotContains(t, n.Text, "Cloudflare", "nothing failed")
				}
				require.LessOrEqual(t, time.Since(started), 2*time.Second)
				require.LessOrEqual(t, l.Calls(), 15)
				require.Equal(t, l.Calls(), res.Coverage.UpstreamCalls)
				before := l.Calls()
				again := ask(t, l, byRay(ray))
				require.LessOrEqual(t, l.Calls()-before, 3)
				require.Equal(t, res.Parts, again.Parts)
			})
		})
	}
}

func filterQuirk(q account.FilterQuirk) func(c *account.Config) {
	return func(c *account.Config) { c.Quirks.Filters = map[string]account.FilterQuirk{"ray_id": q} }
}

// everything adds policies that name all there is to be read.
func everything(c *account.Config) {
	old := c.Apps[0]["created_at"]
	c.Apps[0]["policies"] = append(c.Apps[0]["policies"].([]account.Row), account.Row{
		"id": "0f5e9c1a-7777-4222-8333-000000000001", "name": "Contractors", "decision": "allow", "precedence": 2, "approval_required": true,
		"created_at": old, "updated_at": old, "exclude": []account.Row{},
		"include": []account.Row{{"service_token": account.Row{"token_id": "t1"}}, {"email_list": account.Row{"id": "emails"}}},
		"require": []account.Row{{"device_posture": account.Row{"integration_uid": "p1"}}, {"certificate": account.Row{}}},
	})
	c.Organisation.PostureRules = []account.Row{{"id": "p1", "name": "Disk", "type": "disk_encryption"}}
	c.ServiceTokens = []account.Row{{"id": "t1", "name": "Robot"}}
	c.Organisation.Certificates = []account.Row{{"id": "c1", "name": "Root"}}
	c.Organisation.Lists["emails"] = account.List{Row: account.Row{"name": "Emails", "updated_at": old}, Items: []string{"kim@example.com"}}
}

func TestFindsALoginWhereverItIs(t *testing.T) {
	noGroups := func(c *account.Config) { c.Groups = nil }
	noRequests := func(c *account.Config) { c.Events = c.Events[1:] }
	for name, changes := range map[string][]func(c *account.Config){
		"filter applied":                         {crowd(100, 3)},
		"filter ignored, told by GraphQL":        {crowd(2000, 2), filterQuirk(account.FilterIgnored)},
		"filter ignored, no GraphQL":             {crowd(50, 2), filterQuirk(account.FilterIgnored), noGroups},
		"filter gives nothing, no GraphQL":       {crowd(50, 2), filterQuirk(account.FilterEmptied), noGroups},
		"in GraphQL alone":                       {crowd(100, 3), noRequests},
		"in GraphQL alone, in a quiet account":   {noRequests, noRequests},
		"long ago":                               {longAgo, crowd(100, 3)},
		"GraphQL in small windows":               {longAgo, noRequests, func(c *account.Config) { c.GraphQL.MaxDuration = 30 * 24 * time.Hour }},
		"filter ignored and far beyond one page": {longAgo, crowd(500, 3), filterQuirk(account.FilterIgnored)},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "in GraphQL alone, in a quiet account" {
				changes = changes[:1]
			}
			lab.Test(t, func(t *testing.T) {
				l := lab.New(t, world(changes...))
				v := verdict(t, ask(t, l, byRay(ray)))
				require.Equal(t, "no_policy_matched", v["verdict"], v["reason"])
				require.Equal(t, "Staff", v["policy_name"])
				require.Equal(t, ray, v["ray_id"])
				require.LessOrEqual(t, l.Calls(), 15)
			})
		})
	}
}

// longAgo moves the login to a month before.
func longAgo(c *account.Config) {
	at := lab.Noon.AddDate(0, -1, 0)
	c.Events[0].At, c.Groups[0].At = at, at
	c.Events[0].Row["created_at"] = at.Format(time.RFC3339Nano)
	c.Organisation.Identities[sam]["iat"] = at.Unix()
}

func TestAnUnknownRayIsNeverCertainUnlessAllWasRead(t *testing.T) {
	const other = "ffffffffffffffff"
	for name, c := range map[string]struct {
		change    func(*account.Config)
		certainty string
	}{
		"all was read":          {func(*account.Config) {}, "certain"},
		"Cloudflare filters":    {crowd(2000, 2), "certain"},
		"too much to be read":   {func(c *account.Config) { crowd(2000, 2)(c); filterQuirk(account.FilterIgnored)(c) }, "unknown"},
		"filter gives nothing":  {func(c *account.Config) { crowd(2000, 2)(c); filterQuirk(account.FilterEmptied)(c) }, "unknown"},
		"logins refused":        {refusing("logs/access_requests", http.StatusForbidden), "unknown"},
		"login groups refused":  {refusing("/graphql", http.StatusForbidden), "unknown"},
		"login groups disabled": {func(c *account.Config) { c.GraphQL.Disabled = true }, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			lab.Test(t, func(t *testing.T) {
				l := lab.New(t, world(c.change))
				res := ask(t, l, byRay(other))
				v := verdict(t, res)
				require.Contains(t, []string{"not_found", "unknown"}, v["verdict"])
				require.Equal(t, c.certainty == "certain", v["certainty"] == "certain", "%v", v)
				require.Equal(t, c.certainty == "certain", res.Coverage.Complete)
				require.Zero(t, rows(res, "checks"))
			})
		})
	}
}

// refusing answers calls whose path has an ending with a status; 0 hangs.
func refusing(path string, status int) func(c *account.Config) {
	return func(c *account.Config) {
		c.Before = func(r *http.Request) error {
			switch {
			case !strings.Contains(r.URL.Path, path):
				return nil
			case status == 0:
				<-r.Context().Done()
				return r.Context().Err()
			}
			refusal := account.Refusal(status, 10000, "Authentication error")
			if status == http.StatusTooManyRequests {
				refusal = account.Refusal(status, 971, "Please wait")
				refusal.Header.Set("Retry-After", "60")
			}
			return refusal
		}
	}
}

// Any one source that fails leaves an answer, in time, that names what it lacks.
func TestOneSourceThatFailsLeavesAnAnswer(t *testing.T) {
	for _, path := range []string{"logs/access_requests", "/graphql", "/access/apps/", "/access/groups", "/access/identity_providers",
		"/last_seen_identity", "/failed_logins", "/logs/audit", "/gateway/lists", "/scim/updates", "/jit_requests",
		"/service_tokens", "/certificates", "/devices/posture"} {
		for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests, http.StatusInternalServerError, 0} {
			t.Run(fmt.Sprint(path, " ", status), func(t *testing.T) {
				lab.Test(t, func(t *testing.T) {
					l := lab.New(t, world(everything, refusing(path, status)))
					ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
					defer cancel()
					res, err := l.Query(ctx, lab.Request(t, byRay(ray), lab.Noon.Add(-time.Hour), lab.Noon))
					require.NoError(t, err)
					v := verdict(t, res)
					require.NotEqual(t, "not_found", v["verdict"])
					require.False(t, res.Coverage.Complete)
					require.NotEmpty(t, res.Notices)
					t.Log(v["verdict"], v["certainty"], v["reason"], res.Coverage.Reason)
					for _, n := range res.Notices {
						t.Log(n.Text)
					}
				})
			})
		}
	}
}

func TestExplainsAUserAtAnApplication(t *testing.T) {
	model := func(user, field, app string) string {
		return fmt.Sprintf(`{"queryType":"explain","filters":[{"field":"user_email","operator":"=","values":[%q]},{"field":%q,"operator":"=","values":[%q]}]}`, user, field, app)
	}
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(crowd(100, 3)))
		from := lab.Noon.AddDate(0, 0, -3)
		for _, q := range []string{model(samEmail, "app_uid", wiki), model(samEmail, "app_name", "Wiki"), model("SAM@Example.com", "app_name", "wIKI"), model(samEmail, "app_uid", strings.ToUpper(wiki))} {
			res := l.Ask(t, q, from, lab.Noon)
			require.Equal(t, ray, verdict(t, res)["ray_id"])
			require.Equal(t, "no_policy_matched", verdict(t, res)["verdict"])
		}
		res := ask(t, l, model(samEmail, "app_name", "Wiki")) // no login in the last hour
		v := verdict(t, res)
		require.Empty(t, v["outcome"])
		require.Equal(t, "Wiki", v["app_name"])
		require.NotEqual(t, "certain", v["certainty"], "the identity is a day old")
		require.NotZero(t, rows(res, "checks"))
		_, err := l.Query(context.Background(), lab.Request(t, model(samEmail, "app_name", "Nothing"), from, lab.Noon))
		var wrong *query.InvalidError
		require.ErrorAs(t, err, &wrong)
		require.Contains(t, err.Error(), "application")
	})
}

func TestJudgesByTheConfigurationOfTheMoment(t *testing.T) {
	changed := func(withPast bool) func(c *account.Config) {
		return func(c *account.Config) {
			policy := c.Apps[0]["policies"].([]account.Row)[0]
			before := account.Row{}
			for name, value := range policy {
				before[name] = value
			}
			before["name"], before["require"] = "Staff before", []account.Row{{"geo": account.Row{"country_code": "US"}}}
			policy["updated_at"] = login().Add(2 * time.Hour).Format(time.RFC3339)
			if !withPast {
				return
			}
			for at, doc := range map[time.Time]account.Row{login().AddDate(0, -2, 0): before, login().Add(2 * time.Hour): policy} {
				e := account.AuditEntry(at, "entry-"+at.String(), "/client/v4/accounts/"+account.ID+"/access/apps/"+wiki+"/policies/"+staff)
				e.Row["resource"] = account.Row{"id": staff, "product": "access", "type": "policy", "scope": "accounts", "request": doc}
				c.AuditLog = append(c.AuditLog, e)
			}
		}
	}
	lab.Test(t, func(t *testing.T) {
		v := verdict(t, ask(t, lab.New(t, world(changed(true))), byRay(ray)))
		require.Equal(t, "no_policy_matched", v["verdict"])
		require.Contains(t, v["rule"], "US", "%v", v)
		v = verdict(t, ask(t, lab.New(t, world(changed(false))), byRay(ray)))
		require.NotEqual(t, "certain", v["certainty"], "%v", v)
	})
}

func TestShowsNobodyWhereIdentitiesAreMasked(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(everything, crowd(10, 3)))
		res := ask(t, l, byRay(ray), lab.Masked)
		for _, p := range res.Parts {
			for _, column := range p.Columns {
				for _, value := range column.Values {
					for _, clear := range []string{samEmail, sam, "203.0.113.9", "192.0.2.0/24", "kim@example.com", "alex@example.com"} {
						require.NotContains(t, strings.ToLower(value.Text), clear, "%s.%s", p.Name, column.Field.Name)
					}
				}
			}
		}
		require.Equal(t, lab.Pseudonym(samEmail), verdict(t, res)["user_email"])
		masked := fmt.Sprintf(`{"queryType":"explain","filters":[{"field":"user_email","operator":"=","values":[%q]},{"field":"app_uid","operator":"=","values":[%q]}]}`, lab.Pseudonym(samEmail), wiki)
		require.Equal(t, lab.Pseudonym(samEmail), verdict(t, ask(t, l, masked, lab.Masked))["user_email"])
	})
}
