package plugin

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

func TestARefreshGivesWayToAQuestion(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	anna, ben := &backend.User{Login: "anna"}, &backend.User{Login: "ben"}
	hour := func(after time.Duration) backend.TimeRange {
		return backend.TimeRange{From: now.Add(after - time.Hour), To: now.Add(after)}
	}
	model := []byte(`{"queryType":"access_requests"}`)
	for name, c := range map[string]struct {
		user  *backend.User
		json  []byte
		later time.Duration
		from  time.Duration // moves the start of the range
		alert bool
		want  cloudflare.Priority
	}{
		"the same, 30 seconds later":      {anna, model, 30 * time.Second, 0, false, cloudflare.Background},
		"the same range again":            {anna, model, 0, 0, false, cloudflare.Background},
		"a range that grows at its end":   {anna, model, time.Minute, -time.Minute, false, cloudflare.Background},
		"somebody else":                   {ben, model, 30 * time.Second, 0, false, cloudflare.Interactive},
		"nobody in particular":            {nil, model, 30 * time.Second, 0, false, cloudflare.Interactive},
		"another query":                   {anna, []byte(`{"queryType":"scim_updates"}`), 30 * time.Second, 0, false, cloudflare.Interactive},
		"a longer range":                  {anna, model, 30 * time.Second, -time.Hour, false, cloudflare.Interactive},
		"a range that ends earlier":       {anna, model, -time.Minute, 10 * time.Minute, false, cloudflare.Interactive},
		"long after the first":            {anna, model, 20 * time.Minute, 0, false, cloudflare.Interactive},
		"an alert evaluation, repeatedly": {nil, model, 30 * time.Second, 0, true, cloudflare.Alert},
		"somebody who says to be one":     {anna, model, 30 * time.Second, 0, true, cloudflare.Interactive},
	} {
		t.Run(name, func(t *testing.T) {
			clock := now
			d := newRefreshDetector(func() time.Time { return clock })
			first := backend.DataQuery{JSON: model, TimeRange: hour(0)}
			require.Equal(t, cloudflare.Interactive, d.priority(anna, first, false))
			clock = now.Add(max(c.later, 0))
			window := hour(c.later)
			window.From = window.From.Add(c.from)
			require.Equal(t, c.want, d.priority(c.user, backend.DataQuery{JSON: c.json, TimeRange: window}, c.alert))
		})
	}
}

func TestRecentQueriesAreBounded(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	d := newRefreshDetector(func() time.Time { return now })
	for i := range 3 * maxRecentQueries {
		d.priority(nil, backend.DataQuery{JSON: fmt.Appendf(nil, `{"n":%d}`, i)}, false)
		require.LessOrEqual(t, d.recent.Len(), maxRecentQueries)
	}
}

// asked answers nothing, and remembers how urgently it was asked.
type asked struct{ priorities []cloudflare.Priority }

func (a *asked) Query(ctx context.Context, _ *query.Request) (*answer.Result, error) {
	a.priorities = append(a.priorities, cloudflare.PriorityOf(ctx))
	return &answer.Result{Series: &answer.Series{}, Coverage: answer.Coverage{Complete: true}}, nil
}

func TestARefreshedPanelAsksInTheBackground(t *testing.T) {
	d := instance(t, account.New(upstreamOf(t, "access_requests")), "")
	a := &asked{}
	d.find = func(string) (surface.Surface, bool) { return a, true }
	for i, headers := range []map[string]string{nil, nil, {backend.FromAlertHeaderName: "true"}} {
		q := dataQuery("A", ar(`"format":"time_series"`))
		q.TimeRange.From = q.TimeRange.From.Add(time.Duration(i) * 30 * time.Second)
		q.TimeRange.To = q.TimeRange.To.Add(time.Duration(i) * 30 * time.Second)
		require.NoError(t, ask(t, d, headers, q)["A"].Error)
	}
	require.Equal(t, []cloudflare.Priority{cloudflare.Interactive, cloudflare.Background, cloudflare.Alert}, a.priorities)
}
