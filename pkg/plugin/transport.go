package plugin

import (
	"net/http"

	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
)

// newHTTPClient makes the SDK's client, such that its idle connections can be
// closed: the SDK wraps the transport that holds them, and what it wraps it in
// does not pass the wish on (net/http: Client.CloseIdleConnections).
func newHTTPClient(options httpclient.Options) (*http.Client, error) {
	var connections *http.Transport
	configure := options.ConfigureTransport
	options.ConfigureTransport = func(o httpclient.Options, t *http.Transport) {
		connections = t
		if configure != nil {
			configure(o, t)
		}
	}
	client, err := httpclient.New(options)
	if err != nil {
		return nil, err
	}
	client.Transport = closableTransport{client.Transport, connections}
	return client, nil
}

// closableTransport makes calls with one round tripper whose connections another
// one holds.
type closableTransport struct {
	http.RoundTripper
	connections *http.Transport
}

// CloseIdleConnections closes the connections that no call uses.
func (t closableTransport) CloseIdleConnections() { t.connections.CloseIdleConnections() }
