package plugin

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
)

// lg is a login_groups query with more keys over a span of the trios' time.
func lg(refID, more string, from, to time.Duration) backend.DataQuery {
	q := dataQuery(refID, `{"queryType":"login_groups"`+more+`}`)
	q.TimeRange = backend.TimeRange{From: trioRange.From.Add(from), To: trioRange.From.Add(to)}
	return q
}

func TestLoginGroupsAreAskedForOnce(t *testing.T) {
	u := loadUpstream(t, "testdata/login_groups/upstream.json")
	d := named(t, "groups", u.serve(t))
	whole := lg("A", "", 0, 10*time.Minute)
	first := ask(t, d, nil, whole)["A"]
	require.NoError(t, first.Error)
	require.Equal(t, int64(2), u.calls.Load(), "the settings and the groups")
	require.Zero(t, coverageOf(t, first).CachedRows)
	for _, q := range []backend.DataQuery{
		whole,
		lg("A", `,"format":"logs"`, 0, 10*time.Minute),
		lg("A", `,"limit":2`, 0, 10*time.Minute),
		lg("A", `,"direction":"asc","limit":2`, time.Minute, 8*time.Minute),
		lg("A", "", 30*time.Second, 5*time.Minute),
	} {
		answer := ask(t, d, nil, q)["A"]
		require.NoError(t, answer.Error)
		c := coverageOf(t, answer)
		require.Equal(t, int64(2), u.calls.Load(), string(q.JSON))
		require.Positive(t, c.Rows)
		require.Equal(t, c.Rows, c.CachedRows)
		require.Zero(t, c.UpstreamCalls)
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
	u := loadUpstream(t, "testdata/login_groups/upstream.json")
	d := named(t, "counted groups", u.serve(t))
	series := ask(t, d, nil, lg("A", `,"format":"time_series","groupBy":["outcome"]`, 0, 10*time.Minute))["A"]
	require.NoError(t, series.Error)
	calls := u.calls.Load()
	list := ask(t, d, nil, lg("A", `,"fields":["datetimeMinute","outcome"]`, time.Minute, 9*time.Minute-time.Millisecond))["A"]
	require.NoError(t, list.Error)
	require.Equal(t, calls, u.calls.Load())
	require.Positive(t, list.Frames[0].Rows())
	require.Equal(t, coverageOf(t, list).Rows, coverageOf(t, list).CachedRows)
}

// behind serves the account with a gate before it, which says false where it
// answered itself.
func (u *upstream) behind(t *testing.T, gate func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gate(w, r) {
			u.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/client/v4"
}

func TestUserWhoLeavesTakesNobodysLoginGroupsAlong(t *testing.T) {
	u := loadUpstream(t, "testdata/login_groups/upstream.json")
	entered, proceed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	d := named(t, "leaving", u.behind(t, func(http.ResponseWriter, *http.Request) bool {
		if u.calls.Load() == 1 { // after the settings
			once.Do(func() {
				close(entered)
				<-proceed
			})
		}
		return true
	}))
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
	<-entered
	var wait sync.WaitGroup
	var rows atomic.Int64
	for range 5 {
		wait.Go(func() {
			if answer := ask(t, d, nil, q)["A"]; answer.Error == nil {
				rows.Add(int64(answer.Frames[0].Rows()))
			}
		})
	}
	leave()
	require.Error(t, <-gone)
	close(proceed)
	wait.Wait()
	require.Equal(t, int64(5*len(u.LoginGroups)), rows.Load())
	require.LessOrEqual(t, u.calls.Load(), int64(3), "the settings, the groups, and those of the user who left")
}

func TestFailedLoginGroupsAreNoAnswer(t *testing.T) {
	u := loadUpstream(t, "testdata/login_groups/upstream.json")
	var failing atomic.Bool
	d := named(t, "failing groups", u.behind(t, func(w http.ResponseWriter, _ *http.Request) bool {
		if failing.Load() {
			write(w, http.StatusOK, row{"data": nil, "errors": []row{{"message": "not authorized for that account"}}})
			return false
		}
		return true
	}))
	require.NoError(t, ask(t, d, nil, lg("A", `,"limit":1`, 0, time.Minute))["A"].Error) // the settings are known
	failing.Store(true)
	for range 2 {
		answer := ask(t, d, nil, lg("A", "", 0, 10*time.Minute))["A"]
		require.Error(t, answer.Error)
		require.Empty(t, answer.Frames)
	}
	failing.Store(false)
	answer := ask(t, d, nil, lg("A", "", 0, 10*time.Minute))["A"]
	require.NoError(t, answer.Error)
	require.True(t, coverageOf(t, answer).Complete)
	require.Equal(t, len(u.LoginGroups), answer.Frames[0].Rows())
}

func TestOneLimitForAllQueryTypes(t *testing.T) {
	u := loadUpstream(t, "testdata/access_requests/upstream.json")
	groups := loadUpstream(t, "testdata/login_groups/upstream.json")
	u.Settings = groups.Settings
	copied := func(from row, changes row) row {
		to := row{}
		for key, value := range from {
			to[key] = value
		}
		for key, value := range changes {
			to[key] = value
		}
		return to
	}
	event, group := u.AccessRequests[0], groups.LoginGroups[0]
	u.AccessRequests = nil
	for i := range 9000 {
		at := trioRange.From.Add(time.Duration(i) * 60 * time.Millisecond).Format(time.RFC3339Nano)
		u.AccessRequests = append(u.AccessRequests, copied(event, row{"created_at": at, "ray_id": fmt.Sprintf("%016x", i), "user_email": fmt.Sprintf("user%d@example.com", i)}))
		u.LoginGroups = append(u.LoginGroups, copied(group, row{"dimensions": copied(group["dimensions"].(row),
			row{"datetime": at[:19] + "Z", "cfRayId": fmt.Sprintf("%016x", i), "ipAddress": fmt.Sprintf("2001:db8::%x", i)})}))
	}
	d := instance(t, u.serve(t), `,"cacheLimitMb":1`)
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
	u := loadUpstream(t, "testdata/login_groups/upstream.json")
	d := named(t, "users", u.serve(t))
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
	require.LessOrEqual(t, u.calls.Load(), int64(3), "the settings, the groups, and at most once more")
}

func TestWithoutCacheLoginGroupsAreNotKept(t *testing.T) {
	u := loadUpstream(t, "testdata/login_groups/upstream.json")
	d := instance(t, u.serve(t), `,"cacheLimitMb":0`)
	for range 2 {
		require.NoError(t, ask(t, d, nil, lg("A", "", 0, 10*time.Minute))["A"].Error)
	}
	require.Equal(t, int64(3), u.calls.Load(), "the settings, and the groups each time")
	require.Zero(t, d.surfaces.Stats().Bytes)
}
