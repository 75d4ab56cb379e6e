package facts_test

import (
	"fmt"
	"strings"
	"testing"

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
			for i := range 6 {
				id := fmt.Sprint("list-", i)
				rules = append(rules, account.Row{"ip_list": account.Row{"id": id}})
				c.Organisation.Lists[id] = account.List{Row: account.Row{"name": id}, Items: []string{"192.0.2.0/24"}}
			}
			c.Apps[0]["policies"].([]account.Row)[0]["require"] = rules
		}))
		res := ask(t, l, byRay(ray))
		require.False(t, res.Coverage.Complete)
		require.Contains(t, cell(t, res, "checks", "note", 6), "did not ask for a list")
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
