package plugin

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// An upstream that never answers must not take the answer to the request along.
func TestAHangingUpstreamIsAnsweredWithErrorsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		d := instance(t, account.New(account.Config{Before: func(*http.Request) error { <-over; return nil }}), "")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		r, err := d.QueryData(ctx, &backend.QueryDataRequest{Queries: []backend.DataQuery{
			dataQuery("A", `{"queryType":"access_requests"}`),
			dataQuery("B", `{"queryType":"scim_updates"}`),
			dataQuery("C", `{"queryType":"login_groups"}`),
			dataQuery("D", `{"queryType":"failed_logins","filters":[{"field":"user_id","operator":"=","values":["someone@example.com"]}]}`),
		}})
		require.NoError(t, err)
		require.NoError(t, ctx.Err(), "the answer came after the caller's deadline")
		require.Len(t, r.Responses, 4)
		for ref, answer := range r.Responses {
			require.Error(t, answer.Error, ref)
			require.Equal(t, backend.ErrorSourceDownstream, answer.ErrorSource, ref)
		}
		health, err := d.CheckHealth(ctx, &backend.CheckHealthRequest{})
		require.NoError(t, err)
		require.NoError(t, ctx.Err(), "the verdict came after the caller's deadline")
		require.Equal(t, backend.HealthStatusError, health.Status)
		close(over)
		time.Sleep(5 * time.Minute) // Lists that queries share end by themselves.
	})
}

func TestAnAlertOnRowsThatTheLimitCutSaysWhatToDo(t *testing.T) {
	d := instance(t, account.New(upstreamOf(t, "access_requests")), "")
	answer := ask(t, d, map[string]string{"FromAlert": "true"}, dataQuery("A", `{"queryType":"access_requests","limit":1}`))["A"]
	require.ErrorContains(t, answer.Error, "Increase the limit")
}
