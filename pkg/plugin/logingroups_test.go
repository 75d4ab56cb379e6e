package plugin

import (
	"sync"
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
