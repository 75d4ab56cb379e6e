package plugin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// asking is a resource call of somebody.
func asking(t *testing.T, d *Datasource, user *backend.User, url string) (answer *backend.CallResourceResponse) {
	t.Helper()
	err := d.CallResource(t.Context(), &backend.CallResourceRequest{
		Method: http.MethodGet, Path: urlPath(url), URL: url, PluginContext: backend.PluginContext{User: user},
	}, backend.CallResourceResponseSenderFunc(func(r *backend.CallResourceResponse) error { answer = r; return nil }))
	require.NoError(t, err)
	return answer
}

// flood asks for users with different texts, all at once.
func flood(t *testing.T, d *Datasource, user *backend.User) (limited int) {
	var wg sync.WaitGroup
	var refused atomic.Int64
	for i := range 1500 {
		wg.Go(func() {
			answer := asking(t, d, user, fmt.Sprintf("users?search=text%d", i))
			if answer.Status == http.StatusTooManyRequests {
				refused.Add(1)
				require.NotEmpty(t, answer.Headers["Retry-After"])
				require.Contains(t, string(answer.Body), "The next call is possible at")
			} else {
				require.Equal(t, http.StatusOK, answer.Status)
			}
		})
	}
	wg.Wait()
	return int(refused.Load())
}

func restLeft(t *testing.T, d *Datasource) int {
	t.Helper()
	return d.client.Budgets()[0].Left
}

// A Viewer who searches for users as fast as possible takes nothing from queries
// and alerts.
func TestAFloodOfLookupsLeavesTheBudgetToQueries(t *testing.T) {
	for users, want := range map[int]struct{ left, limited int }{
		1_000:  {1_190, 0},     // read as a whole, and searched here
		15_000: {1_140, 1_450}, // searched by Cloudflare, up to what one user may
	} {
		t.Run(fmt.Sprint(users, " users"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := upstreamOf(t, "access_requests")
				c.Limit = 1200
				for i := range users {
					c.Users = append(c.Users, account.Row{"id": fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), "email": fmt.Sprintf("user%d@example.com", i)})
				}
				a := account.New(c)
				d := instance(t, a, "")
				limited := flood(t, d, &backend.User{Login: "viewer"})
				require.GreaterOrEqual(t, restLeft(t, d), want.left)
				require.Equal(t, want.limited > 0, limited >= want.limited && limited > 0, "%d were limited", limited)
				alert := ask(t, d, map[string]string{backend.FromAlertHeaderName: "true"}, dataQuery("A", ar(`"format":"time_series"`)))["A"]
				require.NoError(t, alert.Error)
				other := asking(t, d, &backend.User{Login: "other"}, "users?search=user42")
				require.Equal(t, http.StatusOK, other.Status, "another user still finds users")
				var found []choice
				require.NoError(t, json.Unmarshal(other.Body, &found))
				require.NotEmpty(t, found)
				require.Zero(t, a.Counts().Refused)
			})
		})
	}
}

// Nor does one who asks queries that cost many calls each: explanations of Ray IDs that
// don't exist, and ranges that nobody has asked for, who also says to be an alert rule.
func TestAFloodOfQueriesLeavesCallsToAlerts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := upstreamOf(t, "access_requests")
		c.Limit = 1200
		a := account.New(c)
		d := instance(t, a, "")
		viewer := &backend.User{Login: "viewer", Role: "Viewer"}
		ask := func(user *backend.User, headers map[string]string, q backend.DataQuery) backend.DataResponse {
			r, err := d.QueryData(t.Context(), &backend.QueryDataRequest{Headers: headers,
				PluginContext: backend.PluginContext{User: user}, Queries: []backend.DataQuery{q}})
			require.NoError(t, err)
			return r.Responses["A"]
		}
		fromAlert := map[string]string{backend.FromAlertHeaderName: "true"}
		for i := 0; restLeft(t, d) > 125 && i < 1000; i++ {
			ask(viewer, nil, dataQuery("A", fmt.Sprintf(`{"queryType":"explain","filters":[{"field":"ray_id","operator":"=","values":["%016x"]}]}`, i)))
		}
		emptied := false
		for i := 0; i < 150 && !emptied; i++ {
			q := dataQuery("A", ar(""))
			q.TimeRange.From = trioRange.From.AddDate(0, 0, -i)
			q.TimeRange.To = q.TimeRange.From.Add(time.Hour)
			emptied = ask(viewer, fromAlert, q).Error != nil
		}
		require.True(t, emptied, "the flood must find the limit for the test to mean anything")
		require.Zero(t, a.Counts().Refused)
		for _, q := range []string{ar(`"format":"time_series"`), `{"queryType":"jit_requests","format":"time_series"}`} {
			require.NoError(t, ask(nil, fromAlert, dataQuery("A", q)).Error)
		}
	})
}
