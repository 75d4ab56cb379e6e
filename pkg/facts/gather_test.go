package facts_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

// Wherever Cloudflare has the configuration, the verdict is the same.
func TestFindsTheConfigurationWhereverItIs(t *testing.T) {
	policies := func(c *account.Config) []account.Row { return c.Apps[0]["policies"].([]account.Row) }
	for name, change := range map[string]func(c *account.Config){
		"policies apart": func(c *account.Config) {
			c.Organisation.AppPolicies = map[string][]account.Row{wiki: policies(c)}
			delete(c.Apps[0], "policies")
		},
		"reusable policies": func(c *account.Config) {
			c.Organisation.Policies = policies(c)
			c.Apps[0]["policies"] = []account.Row{{"id": staff, "precedence": 1}}
		},
		"items apart": func(c *account.Config) {
			list := c.Organisation.Lists[offices]
			list.Apart = true
			c.Organisation.Lists[offices] = list
		},
		"a list in a group": func(c *account.Config) {
			group := c.Organisation.Groups[0]
			policies(c)[0]["require"] = []account.Row{}
			group["require"] = []account.Row{{"ip_list": account.Row{"id": offices}}}
		},
		"a login without the application's ID": func(c *account.Config) {
			delete(c.Events[0].Row, "app_uid")
			c.Events[0].Row["app_domain"] = "wiki.example.com/page"
			c.Groups = nil
			c.Apps = append(c.Apps, account.Row{"id": "df7e2a5f-0000-4000-8000-000000000009", "name": "All", "domain": "example.com"})
		},
		"a login without the user's ID": func(c *account.Config) { delete(c.Events[0].Row, "user_id"); c.Groups = nil },
		"lists without result_info":     func(c *account.Config) { c.Quirks.NoResultInfo = true },
	} {
		t.Run(name, func(t *testing.T) {
			lab.Test(t, func(t *testing.T) {
				l := lab.New(t, world(change))
				res := ask(t, l, byRay(ray))
				v := verdict(t, res)
				require.Equal(t, "no_policy_matched", v["verdict"], v["reason"])
				require.Equal(t, "Staff", v["policy_name"])
				require.Contains(t, v["reason"], "Offices")
				require.True(t, res.Coverage.Complete, "%v", res.Notices)
				require.NotEmpty(t, l.AskedFor("/last_seen_identity"))
				require.LessOrEqual(t, l.Calls(), 15)
			})
		})
	}
}

func TestSaysWhichOfSeveralEventsItIsAbout(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(func(c *account.Config) {
			for i, allowed := range []bool{true, false, true} {
				row := account.Row{}
				for name, value := range c.Events[0].Row {
					row[name] = value
				}
				row["created_at"] = login().Add(time.Duration(i+1) * time.Second).Format(time.RFC3339Nano)
				row["allowed"], row["app_domain"] = allowed, fmt.Sprintf("wiki.example.com/%d", i)
				c.Events = append(c.Events, account.EventOf(row))
			}
		}))
		res := ask(t, l, byRay(ray))
		require.Equal(t, login().Add(2*time.Second).Format(time.RFC3339), verdict(t, res)["time"], "the newest blocked one")
		require.Contains(t, res.Notices[0].Text, "4 events have this Ray ID")
		logins := 0
		for row := range rows(res, "timeline") {
			if cell(t, res, "timeline", "what", row) == "login" {
				logins++
			}
		}
		require.Equal(t, 4, logins, "each stands in the timeline once")
	})
}

func TestBoundsWhatItReadsOfTheAuditLog(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(func(c *account.Config) {
			for i := range 5000 {
				at := lab.Noon.Add(-time.Duration(i+20) * time.Minute)
				c.AuditLog = append(c.AuditLog, account.AuditEntry(at, fmt.Sprint(i), "/zones/z/dns_records"))
			}
		}))
		res := ask(t, l, byRay(ray))
		require.LessOrEqual(t, len(l.AskedFor("/logs/audit")), 2)
		require.Equal(t, "no_policy_matched", verdict(t, res)["verdict"])
		require.False(t, res.Coverage.Complete)
		require.Contains(t, res.Notices[0].Text, "audit log")
	})
}

func TestReadsWhenTemporaryAccessWasApproved(t *testing.T) {
	const aud, request = "aud-of-the-wiki", "k1"
	for decided, needed := range map[time.Duration]bool{-time.Minute: false, time.Minute: true} {
		lab.Test(t, func(t *testing.T) {
			l := lab.New(t, world(func(c *account.Config) {
				policy := c.Apps[0]["policies"].([]account.Row)[0]
				policy["approval_required"], policy["require"] = true, []account.Row{}
				c.JITRequests = []account.Row{{"knock_request_id": request, "app_aud": aud, "app_hostname": "wiki.example.com", "requester_email": samEmail,
					"status": "APPROVED", "created_at": login().Add(-time.Hour).Format(time.RFC3339), "expires_at": login().Add(time.Hour).Format(time.RFC3339)}}
				c.Organisation.JITEvents = map[string][]account.Row{request: {{"type": "APPROVER_DECISION", "decision_outcome": "APPROVED",
					"timestamp": login().Add(decided).Format(time.RFC3339)}}}
			}))
			v := verdict(t, ask(t, l, byRay(ray)))
			require.Equal(t, needed, v["verdict"] == "approval_needed", v["reason"])
			require.Len(t, l.AskedFor("/jit_requests/"+request), 1)
		})
	}
}

// Others who ask the same at the same time wait for the one answer.
func TestPanelsThatAskAboutOneLoginShareTheFacts(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(func(c *account.Config) { c.Latency = 100 * time.Millisecond }))
		answered := make(chan error)
		for _, part := range []string{"verdict", "checks", "timeline"} {
			go func() {
				model := strings.Replace(byRay(ray), "{", fmt.Sprintf(`{"part":%q,`, part), 1)
				res, err := l.Query(t.Context(), lab.Request(t, model, lab.Noon.Add(-time.Hour), lab.Noon))
				if err == nil && (len(res.Parts) != 1 || res.Parts[0].Name != part) {
					err = fmt.Errorf("%s answers with %d parts", part, len(res.Parts))
				}
				answered <- err
			}()
		}
		for range 3 {
			require.NoError(t, <-answered)
		}
		require.LessOrEqual(t, l.Calls(), 15)
	})
}

// What fails for a while is asked for again, and nothing else is.
func TestAsksAgainForWhatFailed(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(refusing("/access/groups", http.StatusInternalServerError)))
		require.False(t, ask(t, l, byRay(ray)).Coverage.Complete)
		l.Change(func(c *account.Config) { c.Before = nil })
		before := len(l.AskedFor("/apps/" + wiki))
		require.True(t, ask(t, l, byRay(ray)).Coverage.Complete)
		require.Len(t, l.AskedFor("/apps/"+wiki), before)
	})
}

func TestKeepsNothingWhereTheCacheIsOff(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(), func(c *surface.Config) { c.Limit = 0 })
		ask(t, l, byRay(ray))
		ask(t, l, byRay(ray))
		require.Len(t, l.AskedFor("/apps/"+wiki), 2)
		require.Len(t, l.AskedFor("/last_seen_identity"), 2)
	})
}

func TestForgets(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world())
		ask(t, l, byRay(ray))
		l.Forget()
		ask(t, l, byRay(ray))
		require.Len(t, l.AskedFor("/apps/"+wiki), 2)
	})
}

// An account that lacks some dimensions tells the others.
func TestTakesTheDimensionsThatThereAre(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(func(c *account.Config) {
			c.Events = nil
			c.GraphQL.Unavailable = []string{"mtlsStatus", "serviceTokenId"}
		}))
		require.Equal(t, "no_policy_matched", verdict(t, ask(t, l, byRay(ray)))["verdict"])
	})
}

func TestOldLoginsHaveNoGroups(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(func(c *account.Config) {
			at := lab.Noon.AddDate(0, -4, 0)
			c.Events[0].At, c.Groups = at, nil
			c.Events[0].Row["created_at"] = at.Format(time.RFC3339Nano)
		}))
		res := ask(t, l, byRay(ray))
		require.Equal(t, "no_policy_matched", verdict(t, res)["verdict"])
		require.False(t, res.Coverage.Complete)
		require.Contains(t, res.Notices[0].Text, "Cloudflare does not have the login groups")
	})
}

// A panic costs the question that it happened in, and not the process.
func TestAPanicIsAnError(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world())
		model := fmt.Sprintf(`{"queryType":"explain","filters":[{"field":"user_email","operator":"=","values":[%q]},{"field":"app_uid","operator":"=","values":[%q]}]}`, lab.Pseudonym(samEmail), wiki)
		r := lab.Request(t, model, lab.Noon.Add(-time.Hour), lab.Noon, lab.Masked, func(o *query.Options) {
			show := o.Disguise
			o.Disguise = func(f *catalogue.Field, value string) string {
				if value == samEmail {
					panic("broken")
				}
				return show(f, value)
			}
		})
		_, err := l.Query(t.Context(), r)
		var panicked *eventlog.PanicError
		require.ErrorAs(t, err, &panicked)
	})
}

// Login groups have IDs alone. What the directory knows of them stands in the timeline.
func TestReadsWhatOtherLoginsWereTo(t *testing.T) {
	const mail = "df7e2a5f-0000-4000-8000-000000000002"
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(func(c *account.Config) {
			c.Events, c.Users, c.FailedLogins = nil, nil, nil
			c.Apps = append(c.Apps, account.Row{"id": mail, "name": "Mail", "domain": "mail.example.com"})
			c.ServiceTokens = []account.Row{{"id": "t1", "name": "Robot"}}
			c.Groups[0].Dimensions["userUuid"], c.Groups[0].Dimensions["identityProvider"] = "", "nonidentity"
			c.Groups = append(c.Groups, account.LoginEvent{At: login().Add(time.Minute), Count: 1, Dimensions: account.Row{"appId": mail, "cfRayId": "8d3f0a1b2c3d4e60",
				"userUuid": "", "ipAddress": "203.0.113.9", "country": "GB", "identityProvider": "nonidentity", "isSuccessfulLogin": 1, "serviceTokenId": "t1", "approvingPolicyId": ""}})
		}))
		res := ask(t, l, byRay(ray))
		require.Equal(t, 2, rows(res, "timeline"))
		require.Equal(t, "Blocked to Wiki from 203.0.113.9 (GB)", cell(t, res, "timeline", "title", 0))
		require.Equal(t, "Allowed with the service token “Robot” to Mail from 203.0.113.9 (GB)", cell(t, res, "timeline", "title", 1))
	})
}
