package plugin

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// lg is a login_groups query with more keys over a span of the trios' time.
func lg(refID, more string, from, to time.Duration) backend.DataQuery {
	q := dataQuery(refID, `{"queryType":"login_groups"`+more+`}`)
	q.TimeRange = backend.TimeRange{From: trioRange.From.Add(from), To: trioRange.From.Add(to)}
	return q
}

func TestLoginGroupsAreAskedForOnce(t *testing.T) {
	a := account.New(upstreamOf(t, "login_groups"))
	d := named(t, "groups", a)
	whole := lg("A", "", 0, 10*time.Minute)
	first := ask(t, d, nil, whole)["A"]
	require.NoError(t, first.Error)
	require.Equal(t, 2, a.Counts().GraphQL, "the settings and the groups")
	require.Zero(t, coverageOf(t, first).CachedRows)
	for _, c := range []struct {
		query        backend.DataQuery
		rows, cached int64
	}{
		{whole, 6, 6},
		{lg("A", `,"format":"logs"`, 0, 10*time.Minute), 6, 6},
		{lg("A", `,"limit":2`, 0, 10*time.Minute), 3, 6},
		{lg("A", `,"direction":"asc","limit":2`, time.Minute, 8*time.Minute), 2, 2},
		{lg("A", "", 30*time.Second, 5*time.Minute), 2, 2},
	} {
		answer := ask(t, d, nil, c.query)["A"]
		require.NoError(t, answer.Error)
		got := coverageOf(t, answer)
		require.Equal(t, 2, a.Counts().GraphQL, string(c.query.JSON))
		require.Equal(t, []int64{c.rows, c.cached}, []int64{got.Rows, got.CachedRows}, string(c.query.JSON))
		require.Zero(t, got.UpstreamCalls)
	}
	seen := metricsSeen(t, "groups")
	require.Positive(t, seen["event_log_bytes{}"], "groups count towards the store")
	require.Equal(t, float64(first.Frames[0].Rows()), seen["event_log_events{}"])
	require.Equal(t, float64(256<<20), seen["event_log_limit_bytes{}"])
	require.Positive(t, seen["cached_rows_total{query_type=login_groups}"])
	require.Positive(t, seen["saved_calls_total{query_type=login_groups}"])
	d.Dispose()
	require.Zero(t, d.surfaces.Stats().Bytes)
}

func TestLoginGroupsAreListedFromWhatWasCounted(t *testing.T) {
	a := account.New(upstreamOf(t, "login_groups"))
	d := named(t, "counted groups", a)
	series := ask(t, d, nil, lg("A", `,"format":"time_series","groupBy":["outcome"]`, 0, 10*time.Minute))["A"]
	require.NoError(t, series.Error)
	calls := a.Counts().GraphQL
	list := ask(t, d, nil, lg("A", `,"fields":["datetimeMinute","outcome"]`, time.Minute, 9*time.Minute-time.Millisecond))["A"]
	require.NoError(t, list.Error)
	require.Equal(t, calls, a.Counts().GraphQL)
	require.Positive(t, list.Frames[0].Rows())
	require.Equal(t, coverageOf(t, list).Rows, coverageOf(t, list).CachedRows)
}

func TestUserWhoLeavesTakesNobodysLoginGroupsAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := upstreamOf(t, "login_groups")
		proceed := make(chan struct{})
		var once sync.Once
		c.Before = func(r *http.Request) error {
			if !account.AsksSettings(r) {
				once.Do(func() { <-proceed })
			}
			return nil
		}
		a := account.New(c)
		d := named(t, "leaving", a)
		q := lg("A", "", 0, 10*time.Minute)
		ctx, leave := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() {
			r, err := d.QueryData(ctx, &backend.QueryDataRequest{Queries: []backend.DataQuery{q}})
			if err == nil {
				err = r.Responses["A"].Error
			}
			gone <- err
		}()
		synctest.Wait()
		var wait sync.WaitGroup
		var rows atomic.Int64
		for range 5 {
			wait.Go(func() {
				if answer := ask(t, d, nil, q)["A"]; answer.Error == nil {
					rows.Add(int64(answer.Frames[0].Rows()))
				}
			})
		}
		synctest.Wait()
		leave()
		require.Error(t, <-gone)
		close(proceed)
		wait.Wait()
		require.Equal(t, int64(5*len(c.Groups)), rows.Load())
		require.Equal(t, 2, a.Counts().GraphQL, "the settings and the groups")
	})
}

func TestFailedLoginGroupsAreNoAnswer(t *testing.T) {
	c := upstreamOf(t, "login_groups")
	a := account.New(c)
	d := named(t, "failing groups", a)
	require.NoError(t, ask(t, d, nil, lg("A", `,"limit":1`, 0, time.Minute))["A"].Error) // the settings are known
	a.Change(func(c *account.Config) {
		c.Before = func(*http.Request) error { return account.GraphQLRefusal("not authorized for that account", "") }
	})
	for range 2 {
		answer := ask(t, d, nil, lg("A", "", 0, 10*time.Minute))["A"]
		require.Error(t, answer.Error)
		require.Empty(t, answer.Frames)
	}
	a.Change(func(c *account.Config) { c.Before = nil })
	answer := ask(t, d, nil, lg("A", "", 0, 10*time.Minute))["A"]
	require.NoError(t, answer.Error)
	require.True(t, coverageOf(t, answer).Complete)
	require.Equal(t, len(c.Groups), answer.Frames[0].Rows())
}

// The advice on a permission that is missing comes from the refusal or from the
// query type, and not from both.
func TestPermissionAdviceStandsOnceInAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			queryType string
			refusal   *account.Failure
		}{
			{"login_groups", account.GraphQLRefusal("account does not have access to the path", "authz")},
			{"login_groups", account.GraphQLRefusal("account does not have access to the path", "")},
			{"login_groups", account.GraphQLRefusal("not authorized for that account", "")},
			{"login_groups", account.Refusal(http.StatusForbidden, 10000, "Authentication error")},
			{"access_requests", account.Refusal(http.StatusForbidden, 10000, "Authentication error")},
		} {
			a := account.New(account.Config{Before: func(*http.Request) error { return c.refusal }})
			answer := ask(t, instance(t, a, ""), nil, dataQuery("A", `{"queryType":"`+c.queryType+`"}`))["A"]
			require.Error(t, answer.Error)
			require.Equal(t, backend.StatusForbidden, answer.Status, answer.Error)
			q, _ := catalogue.Lookup(c.queryType)
			require.Equal(t, 1, strings.Count(answer.Error.Error(), q.Permission), answer.Error)
			require.LessOrEqual(t, strings.Count(answer.Error.Error(), "Add the permission"), 1, answer.Error)
		}
	})
}

func TestOneLimitForAllQueryTypes(t *testing.T) {
	c := upstreamOf(t, "access_requests")
	group := upstreamOf(t, "login_groups").Groups[0]
	copied := func(from account.Row, changes account.Row) account.Row {
		to := account.Row{}
		for key, value := range from {
			to[key] = value
		}
		for key, value := range changes {
			to[key] = value
		}
		return to
	}
	event := c.Events[0]
	c.Events, c.Limit = nil, account.Unlimited
	for i := range 9000 {
		at, ray := trioRange.From.Add(time.Duration(i)*60*time.Millisecond), fmt.Sprintf("%016x", i)
		c.Events = append(c.Events, account.EventOf(copied(event.Row, account.Row{
			"created_at": at.Format(time.RFC3339Nano), "ray_id": ray, "user_email": fmt.Sprintf("user%d@example.com", i)})))
		c.Groups = append(c.Groups, account.LoginEvent{At: at, Count: group.Count, Dimensions: copied(group.Dimensions,
			account.Row{"cfRayId": ray, "ipAddress": fmt.Sprintf("2001:db8::%x", i)})})
	}
	d := instance(t, account.New(c), `,"cacheLimitMb":1`)
	most := int64(0)
	for i := range 8 {
		from := time.Duration(i%6) * time.Minute
		for _, q := range []backend.DataQuery{lg("A", `,"limit":5000`, from, from+3*time.Minute), dataQuery("A", ar(`"limit":9000`))} {
			if !strings.Contains(string(q.JSON), "login_groups") {
				q.TimeRange = backend.TimeRange{From: trioRange.From.Add(from), To: trioRange.From.Add(from + 3*time.Minute)}
			}
			answer := ask(t, d, nil, q)["A"]
			require.NoError(t, answer.Error)
			require.InDelta(t, 3000, answer.Frames[0].Rows(), 20)
			kept := d.surfaces.Stats().Bytes
			require.LessOrEqual(t, kept, int64(1<<20))
			most = max(most, kept)
		}
	}
	require.Greater(t, most, int64(1<<19), "the test comes near the limit")
}

func TestTenUsersAskForLoginGroupsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := upstreamOf(t, "login_groups")
		c.Latency = time.Second
		a := account.New(c)
		d := named(t, "users", a)
		var wait sync.WaitGroup
		for i := range 10 {
			wait.Go(func() {
				// The data source's clock is two hours on: this is its live edge.
				more := time.Duration(i) * 17 * time.Millisecond
				answer := ask(t, d, nil, lg("A", `,"limit":100`, more, 2*time.Hour+10*time.Minute+more))["A"]
				if answer.Error != nil || answer.Frames[0].Rows() == 0 {
					t.Errorf("%v", answer.Error)
				}
			})
		}
		wait.Wait()
		require.LessOrEqual(t, a.Counts().GraphQL, 3, "the settings, the groups, and at most once more")
	})
}

func TestWithoutCacheLoginGroupsAreNotKept(t *testing.T) {
	a := account.New(upstreamOf(t, "login_groups"))
	d := instance(t, a, `,"cacheLimitMb":0`)
	for range 2 {
		require.NoError(t, ask(t, d, nil, lg("A", "", 0, 10*time.Minute))["A"].Error)
	}
	require.Equal(t, 3, a.Counts().GraphQL, "the settings, and the groups each time")
	require.Zero(t, d.surfaces.Stats().Bytes)
}

// Cloudflare knows no blocks of addresses, so they are told apart here, whatever is shown.
func TestLoginGroupsOfABlock(t *testing.T) {
	c := account.Config{Token: testToken, Now: trioTime}
	for i := range 60 {
		c.Groups = append(c.Groups, account.NewLoginEvent(trioRange.From.Add(time.Duration(i)*time.Second), "ipAddress", fmt.Sprintf("192.0.2.%d", i)))
	}
	d := instance(t, account.New(c), "")
	for operator, want := range map[string]int64{"in": 16, "!in": 44} {
		answer := ask(t, d, nil, dataQuery("A", groupsOf(`"groupBy":["country"],"filters":[{"field":"ipAddress","operator":"`+operator+`","values":["192.0.2.16/28"]}]`)))["A"]
		require.NoError(t, answer.Error)
		require.Equal(t, want, coverageOf(t, answer).Rows)
	}
}
