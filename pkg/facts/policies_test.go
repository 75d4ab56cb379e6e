package facts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
)

// Which policy let the login in is told by its name, also where the application has
// lost it since.
func TestNamesAPolicyThatTheApplicationNoLongerHas(t *testing.T) {
	const former = "0f5e9c1a-9999-4222-8333-000000000009"
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(func(c *account.Config) {
			c.Events[0].Row["allowed"] = true
			c.Groups[0].Dimensions["isSuccessfulLogin"], c.Groups[0].Dimensions["approvingPolicyId"] = 1, former
			c.Organisation.Policies = []account.Row{{"id": former, "name": "Former staff", "decision": "allow", "include": []account.Row{}}}
		}))
		v := verdict(t, ask(t, l, byRay(ray)))
		require.Equal(t, []string{"allowed_by_policy", "certain", former, "Former staff"}, []string{v["verdict"], v["certainty"], v["policy_id"], v["policy_name"]})
	})
}

// Cloudflare lists the reusable policies and groups of all applications. What those of
// others name is not asked for, nor are their earlier versions.
func TestReadsNothingForPoliciesOfOtherApplications(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(func(c *account.Config) {
			for i := range 6 {
				c.Organisation.Policies = append(c.Organisation.Policies, account.Row{"id": fmt.Sprint("other-", i), "name": "Other", "decision": "allow",
					"updated_at": lab.Noon.Format("2006-01-02T15:04:05Z07:00"), "include": []account.Row{{"ip_list": account.Row{"id": fmt.Sprint("theirs-", i)}}}})
			}
			c.Organisation.Groups = append(c.Organisation.Groups, account.Row{"id": "their-group", "name": "Theirs", "updated_at": lab.Noon.Format("2006-01-02T15:04:05Z07:00"), "include": []account.Row{}})
			c.Organisation.Policies = append(c.Organisation.Policies, c.Apps[0]["policies"].([]account.Row)...)
			c.Apps[0]["policies"] = []string{staff}
		}))
		res := ask(t, l, byRay(ray))
		require.Equal(t, "no_policy_matched", verdict(t, res)["verdict"])
		require.Equal(t, "certain", verdict(t, res)["certainty"])
		require.Empty(t, l.AskedFor("/gateway/lists/theirs-0"))
		require.Len(t, l.AskedFor("/logs/audit"), 1)
		require.LessOrEqual(t, l.Calls(), 15)
	})
}

func TestSaysWhichListsItDidNotRead(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(func(c *account.Config) {
			var rules []account.Row
			for i := range 20 {
				id := fmt.Sprint("list-", i)
				rules = append(rules, account.Row{"ip_list": account.Row{"id": id}})
				c.Organisation.Lists[id] = account.List{Row: account.Row{"name": id}, Items: []string{"192.0.2.0/24"}}
			}
			c.Apps[0]["policies"].([]account.Row)[0]["require"] = rules
		}))
		res := ask(t, l, byRay(ray))
		require.False(t, res.Coverage.Complete)
		require.Contains(t, cell(t, res, "checks", "note", 20), "did not ask for a list")
		require.Empty(t, cell(t, res, "checks", "note", 1), "the first ones were read")
	})
}

// IDs are written in either case.
func TestReadsTheListsOfAGroupWhateverTheCaseOfItsID(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(func(c *account.Config) {
			policy := c.Apps[0]["policies"].([]account.Row)[0]
			policy["include"], policy["require"] = []account.Row{{"group": account.Row{"id": strings.ToUpper(leavers)}}}, []account.Row{}
			c.Organisation.Groups[0]["require"] = []account.Row{{"ip_list": account.Row{"id": offices}}}
		}))
		v := verdict(t, ask(t, l, byRay(ray)))
		require.Equal(t, "certain", v["certainty"], v["reason"])
	})
}

// What a policy named before it was changed is read, too, and found by the path alone:
// the audit log need not say which resource it is about.
func TestReadsWhatAFormerPolicyNamed(t *testing.T) {
	const former = "0f5e9c1a-8888-4222-8333-000000000008"
	for _, since := range []time.Duration{24 * time.Hour, 40 * 24 * time.Hour} {
		lab.Test(t, func(t *testing.T) {
			l := lab.New(t, world(func(c *account.Config) {
				policy := c.Apps[0]["policies"].([]account.Row)[0]
				before := account.Row{"id": staff, "name": "Staff", "decision": "allow", "precedence": 1, "require": []account.Row{}, "exclude": []account.Row{},
					"include": []account.Row{{"group": account.Row{"id": former}}}}
				policy["include"], policy["require"] = []account.Row{{"everyone": account.Row{}}}, []account.Row{}
				policy["updated_at"] = login().Add(2 * time.Hour).Format(time.RFC3339)
				c.Organisation.Groups = []account.Row{{"id": former, "name": "Former staff", "created_at": policy["created_at"], "updated_at": policy["created_at"],
					"include": []account.Row{{"email_list": account.Row{"id": "leavers"}}}}}
				c.Organisation.Lists["leavers"] = account.List{Row: account.Row{"name": "Leavers"}, Items: []string{"kim@example.com"}}
				for at, doc := range map[time.Time]account.Row{login().Add(-since): before, login().Add(2 * time.Hour): policy} {
					e := account.AuditEntry(at, "entry-"+at.String(), "/accounts/"+account.ID+"/access/apps/"+wiki+"/policies/"+staff)
					e.Row["resource"] = account.Row{"id": nil, "request": doc}
					if since > 7*24*time.Hour {
						e.Row["resource"].(account.Row)["id"] = staff
					}
					c.AuditLog = append(c.AuditLog, e)
				}
			}))
			v := verdict(t, ask(t, l, byRay(ray)))
			require.Equal(t, "no_policy_matched", v["verdict"], v["reason"])
			require.Equal(t, "certain", v["certainty"], v["reason"])
			require.Contains(t, v["rule"], "Former staff")
			require.LessOrEqual(t, l.Calls(), 15)
		})
	}
}

// A policy that was deleted since stood in force at the login.
func TestReadsAPolicyThatWasDeletedSince(t *testing.T) {
	const gone = "0f5e9c1a-8888-4222-8333-000000000009"
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(func(c *account.Config) {
			path := "/accounts/" + account.ID + "/access/apps/" + wiki + "/policies"
			made := account.AuditEntry(login().AddDate(0, -3, 0), "made", path)
			made.Row["raw"].(account.Row)["method"] = "POST"
			made.Row["resource"] = account.Row{"id": gone, "response": account.Row{"id": gone, "name": "Nobody from there", "decision": "deny", "precedence": 0,
				"include": []account.Row{{"geo": account.Row{"country_code": "GB"}}}}}
			deleted := account.AuditEntry(login().Add(time.Hour), "deleted", path+"/"+gone)
			deleted.Row["raw"].(account.Row)["method"] = "DELETE"
			deleted.Row["resource"] = account.Row{"id": gone}
			c.AuditLog = append(c.AuditLog, made, deleted)
		}))
		v := verdict(t, ask(t, l, byRay(ray)))
		require.Equal(t, "blocked_by_policy", v["verdict"], v["reason"])
		require.Equal(t, "Nobody from there", v["policy_name"])
	})
}
