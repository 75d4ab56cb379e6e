package plugin

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// Settings that are saved while a query runs make a new instance, as Grafana's SDK has it. The
// query at work is answered by the old one, the next by the new one, and the old one frees what
// it holds once the SDK disposes of it. (TestMain counts the goroutines that are left.)
func TestSettingsSavedDuringAQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := upstreamOf(t, "access_requests")
		c.Latency = 2 * time.Second // The SDK disposes of the old instance after five.
		a := account.New(c)
		var made []*Datasource
		manager := datasource.NewInstanceManager(func(ctx context.Context, s backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
			i, err := newDatasource(ctx, s, trioTime, inMemory(a))
			made = append(made, i.(*Datasource))
			return i, err
		})
		query := func(jsonData string, updated time.Time) backend.DataResponse {
			ctx := pluginContext(inMemoryURL, jsonData)
			ctx.DataSourceInstanceSettings.Updated = updated
			i, err := manager.Get(t.Context(), ctx)
			require.NoError(t, err)
			return ask(t, i.(*Datasource), nil, dataQuery("A", ar(`"fields":["user_email"],"limit":1`)))["A"]
		}
		first := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			answer := query("", first)
			require.NoError(t, answer.Error)
			require.Equal(t, "eve@example.com", *answer.Frames[0].Fields[0].At(0).(*string), "the settings are those of when it was asked")
		})
		time.Sleep(time.Second)
		wg.Go(func() {
			answer := query(`,"maskIdentities":"redact"`, first.Add(time.Second))
			require.NoError(t, answer.Error)
			require.Equal(t, "[redacted]", *answer.Frames[0].Fields[0].At(0).(*string))
		})
		wg.Wait()
		require.Len(t, made, 2)
		time.Sleep(time.Minute)
		require.Zero(t, made[0].surfaces.Stats())
		require.ErrorContains(t, ask(t, made[0], nil, dataQuery("A", ar("")))["A"].Error, "changed or removed")
		require.NotZero(t, made[1].surfaces.Stats().Rows)
		made[1].Dispose()
	})
}

// A query that still runs when its instance is disposed of ends, and says so.
func TestAnInstanceDisposedOfDuringAQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := upstreamOf(t, "access_requests")
		c.Latency = 5 * time.Second
		d := instance(t, account.New(c), "")
		answered := make(chan backend.DataResponse, 1)
		go func() { answered <- ask(t, d, nil, dataQuery("A", ar("")))["A"] }()
		time.Sleep(time.Second)
		d.Dispose()
		require.Error(t, (<-answered).Error)
		require.Zero(t, d.surfaces.Stats())
	})
}
