package facts_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
)

// Whatever the account is like, a question takes at most fifteen calls, and what
// there are no calls left for is said to be missing.
func TestNoQuestionTakesMoreThanFifteenCalls(t *testing.T) {
	organisations := map[string]func(c *account.Config){
		"plain":           func(*account.Config) {},
		"every rule type": everything,
		"many lists":      func(c *account.Config) { everything(c); manyLists(12)(c) },
		"all that can be": func(c *account.Config) { everything(c); manyLists(5)(c); changedSince(c); nobodysID(c) },
	}
	quirks := map[string]func(c *account.Config){
		"none":                        func(*account.Config) {},
		"ignored filters":             filterQuirk(account.FilterIgnored),
		"filters that give nothing":   filterQuirk(account.FilterEmptied),
		"refused filters":             filterQuirk(account.FilterRefused),
		"small pages":                 func(c *account.Config) { c.Quirks.PageCap = 3 },
		"small pages, blind":          func(c *account.Config) { c.Quirks.PageCap = 20; filterQuirk(account.FilterIgnored)(c) },
		"no result_info":              func(c *account.Config) { c.Quirks.NoResultInfo = true },
		"users that are not searched": func(c *account.Config) { c.Quirks.Users = account.MatchIgnored; crowdOfUsers(c) },
		"no login groups":             func(c *account.Config) { filterQuirk(account.FilterIgnored)(c); c.Groups = nil },
		"failures": func(c *account.Config) {
			var n atomic.Int64
			c.Before = func(*http.Request) error {
				if n.Add(1)%2 == 0 {
					return account.Refusal(http.StatusInternalServerError, 10000, "Internal error")
				}
				return nil
			}
		},
		"short windows of GraphQL": func(c *account.Config) { c.Users = nil; c.GraphQL.MaxDuration = 24 * time.Hour },
	}
	byUser := fmt.Sprintf(`{"queryType":"explain","filters":[{"field":"user_email","operator":"=","values":[%q]},{"field":"app_name","operator":"=","values":["Wiki"]}]}`, samEmail)
	for like, organisation := range organisations {
		for quirk, change := range quirks {
			for _, model := range []string{byRay(ray), byUser, byRay("ffffffffffffffff")} {
				t.Run(fmt.Sprint(like, ", ", quirk, ", ", model[40:60]), func(t *testing.T) {
					lab.Test(t, func(t *testing.T) {
						slow := func(c *account.Config) { c.Latency = 100 * time.Millisecond }
						l := lab.New(t, world(crowd(100, 3), organisation, change, slow))
						started := time.Now()
						res, err := l.Query(context.Background(), lab.Request(t, model, lab.Noon.AddDate(0, 0, -3), lab.Noon))
						require.NoError(t, err)
						require.LessOrEqual(t, l.Calls(), 15)
						if quirk != "failures" { // Another attempt comes after a pause.
							require.LessOrEqual(t, time.Since(started), 2*time.Second)
						}
						if l.Calls() == 15 && !res.Coverage.Complete && quirk != "failures" {
							require.Contains(t, fmt.Sprint(res.Notices), "so many calls")
						}
						before := l.Calls()
						res, err = l.Query(context.Background(), lab.Request(t, model, lab.Noon.AddDate(0, 0, -3), lab.Noon))
						require.NoError(t, err)
						if quirk != "failures" { // What failed is asked for again.
							require.LessOrEqual(t, l.Calls()-before, 3)
						}
						require.LessOrEqual(t, l.Calls()-before, 15)
						require.Equal(t, 1, rows(res, "verdict"))
					})
				})
			}
		}
	}
}

// manyLists has the policy name lists whose items lie apart.
func manyLists(n int) func(c *account.Config) {
	return func(c *account.Config) {
		policy := c.Apps[0]["policies"].([]account.Row)[0]
		require := policy["require"].([]account.Row)
		for i := range n {
			id := fmt.Sprint("list-", i)
			c.Organisation.Lists[id] = account.List{Row: account.Row{"name": id, "updated_at": policy["updated_at"]}, Items: []string{"203.0.113.0/24"}, Apart: true}
			require = append(require, account.Row{"ip_list": account.Row{"id": id}})
		}
		policy["require"] = require
	}
}

// changedSince has everything changed after the login, and long before it.
func changedSince(c *account.Config) {
	for _, document := range append(c.Apps[0]["policies"].([]account.Row), c.Organisation.Groups[0], c.Apps[0]) {
		document["updated_at"] = login().Add(time.Hour).Format(time.RFC3339)
	}
}

// nobodysID has the login not tell the user's ID.
func nobodysID(c *account.Config) {
	delete(c.Events[0].Row, "user_id")
	c.Groups[0].Dimensions["userUuid"] = ""
}

func crowdOfUsers(c *account.Config) {
	for i := range 6000 {
		c.Users = append([]account.Row{{"id": fmt.Sprintf("user-%d", i), "email": fmt.Sprintf("user%d@example.com", i)}}, c.Users...)
	}
}

// Several lists cost a call each, and one for what they are called.
func TestReadsTheNamesOfListsAtOnce(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(manyLists(2)))
		res := ask(t, l, byRay(ray))
		require.True(t, res.Coverage.Complete, "%v", res.Notices)
		require.Len(t, l.AskedFor("/gateway/lists"), 1)
		require.Len(t, l.AskedFor("/items"), 3)
		require.Empty(t, l.AskedFor("/gateway/lists/list-0"))
		require.Contains(t, cell(t, res, "checks", "wanted", 2), "list-0")
	})
	lab.Test(t, func(t *testing.T) { // An account that doesn't tell of them at once.
		l := lab.New(t, world(manyLists(1), func(c *account.Config) {
			c.Before = func(r *http.Request) error {
				if strings.HasSuffix(r.URL.Path, "/gateway/lists") {
					return account.Refusal(http.StatusNotFound, 7003, "no route")
				}
				return nil
			}
		}))
		require.Contains(t, cell(t, ask(t, l, byRay(ray)), "checks", "wanted", 2), "list-0")
	})
}

// Lists that the directory reads for everybody count as the question's calls.
func TestCountsTheListsOfTheDirectory(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, world(func(c *account.Config) {
			policy := c.Apps[0]["policies"].([]account.Row)[0]
			policy["require"] = []account.Row{{"certificate": account.Row{}}, {"service_token": account.Row{"token_id": "t1"}}}
			c.ServiceTokens = []account.Row{{"id": "t1", "name": "Robot"}}
			for i := range 70 { // more than a page
				c.Organisation.Certificates = append(c.Organisation.Certificates, account.Row{"id": fmt.Sprint("c", i), "name": "Root"})
			}
		}))
		res := ask(t, l, byRay(ray))
		require.Len(t, l.AskedFor("/access/service_tokens"), 1)
		require.Len(t, l.AskedFor("/access/certificates"), 2)
		require.Equal(t, l.Calls(), res.Coverage.UpstreamCalls)
	})
}
