package plugin

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// Otherwise each change of the settings would leave connections, and goroutines
// that read them, for as long as they may be idle.
func TestDisposeClosesConnections(t *testing.T) {
	server := httptest.NewUnstartedServer(account.New(upstreamOf(t, "access_requests")))
	opened, closed := make(chan net.Conn, 100), make(chan net.Conn, 100)
	server.Config.ConnState = func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			opened <- c
		case http.StateClosed:
			closed <- c
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	i, err := atTrioTime(t.Context(), *pluginContext(server.URL+"/client/v4", "").DataSourceInstanceSettings)
	require.NoError(t, err)
	d := i.(*Datasource)
	require.NoError(t, ask(t, d, nil, dataQuery("A", ar("")))["A"].Error)
	d.Dispose()
	require.NotEmpty(t, opened)
	for range len(opened) {
		<-closed
	}
}
