package plugin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
)

// An upstream that never answers must not take the answer to the request along.
func TestAHangingUpstreamIsAnsweredWithErrorsInTime(t *testing.T) {
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) })
	d := instance(t, server.URL+"/client/v4", "")
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
	require.Equal(t, backend.HealthStatusError, health.Status)
}

func TestAnAlertOnRowsThatTheLimitCutSaysWhatToDo(t *testing.T) {
	d := instance(t, loadUpstream(t, "testdata/access_requests/upstream.json").serve(t), "")
	answer := ask(t, d, map[string]string{"FromAlert": "true"}, dataQuery("A", `{"queryType":"access_requests","limit":1}`))["A"]
	require.ErrorContains(t, answer.Error, "Raise the limit")
}
