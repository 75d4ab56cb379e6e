// Package plugin is what Grafana sees: one file a capability. It turns
// Grafana's requests into questions to the surfaces and their answers into
// frames; what happens in between is theirs.
package plugin

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/frame"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/settings"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

// ID is the plugin's id in Grafana.
const ID = "cfaccess-logs-datasource"

var (
	_ backend.QueryDataHandler      = (*Datasource)(nil)
	_ backend.CheckHealthHandler    = (*Datasource)(nil)
	_ backend.CallResourceHandler   = (*Datasource)(nil)
	_ instancemgmt.InstanceDisposer = (*Datasource)(nil)
)

// Datasource is one configured data source. It owns everything that it keeps:
// client, budget, event log. Nothing is shared with another instance.
type Datasource struct {
	uid, name string
	now       func() time.Time
	settings  *settings.DataSource
	// problem is why the settings cannot be used; every call then answers it.
	// An instance exists all the same, so that Save & test can say so.
	problem  error
	client   *cloudflare.Client
	surfaces *surface.Set
	// find is the surfaces' own look-up by query type.
	find      func(queryType string) (surface.Surface, bool)
	masker    *frame.Masker
	refreshes *refreshDetector
	resources backend.CallResourceHandler
	// trust is nil until there are surfaces.
	trust *trust
	// metrics are the data source's, which its instances share.
	key     metricsKey
	metrics *metrics
}

// New makes an instance for the settings. Grafana calls it again, and disposes
// of the old one, when they change.
func New(ctx context.Context, s backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	return newDatasource(ctx, s, time.Now, newHTTPClient)
}

// newDatasource makes an instance with a clock and a way to make its HTTP client.
func newDatasource(ctx context.Context, s backend.DataSourceInstanceSettings, now func() time.Time, newClient clientMaker) (instancemgmt.Instance, error) {
	d := &Datasource{uid: s.UID, name: s.Name, now: now, masker: frame.NewMasker(frame.MaskNone, ""), refreshes: newRefreshDetector(now)}
	d.resources = newResources(d)
	d.settings, d.problem = settings.Load(s)
	if d.settings != nil && d.settings.CanConnect {
		if err := d.connect(ctx, s, newClient); err != nil {
			return nil, err
		}
	}
	d.key = metricsKey{namespace: backend.PluginConfigFromContext(ctx).Namespace, uid: s.UID}
	d.metrics = metricsOf.join(d.key, d)
	return d, nil
}

// connect makes what needs Cloudflare. It calls nothing yet.
func (d *Datasource) connect(ctx context.Context, s backend.DataSourceInstanceSettings, newClient clientMaker) error {
	options, err := s.HTTPClientOptions(ctx)
	if err != nil {
		return fmt.Errorf("the HTTP settings cannot be used: %w", err)
	}
	options.Middlewares = withoutAddresses()
	client, err := newClient(options)
	if err != nil {
		return fmt.Errorf("the HTTP client cannot be made: %w", err)
	}
	d.client = cloudflare.New(cloudflare.Config{
		BaseURL:          d.settings.APIURL,
		Credentials:      d.settings.Credentials,
		HTTP:             client,
		Reserve:          d.settings.Reserve,
		AccountRateLimit: d.settings.AccountRateLimit,
		Discreet:         d.settings.Mask != frame.MaskNone,
		Now:              d.now,
		Observer:         d.observeCall,
	})
	if d.problem != nil {
		return nil
	}
	d.masker = frame.NewMasker(d.settings.Mask, d.settings.MaskKey)
	d.surfaces = surface.NewSet(surface.Config{
		Client:    d.client,
		AccountID: d.settings.AccountID,
		Config:    eventlog.Config{Limit: d.settings.CacheLimit, SealAfter: d.settings.SealAfter, KeepFor: d.settings.KeepFor, MaxRows: d.settings.MaxRows, Now: d.now},
	})
	d.find = d.surfaces.Surface
	d.trust = &trust{client: d.client, accountID: d.settings.AccountID, byToken: d.settings.Credentials.Token != "", now: d.now, forget: d.surfaces.Forget}
	return nil
}

// Dispose frees what the instance holds.
func (d *Datasource) Dispose() {
	metricsOf.leave(d.key, d)
	if d.surfaces != nil {
		d.surfaces.Close()
	}
	if d.client != nil {
		d.client.Close()
	}
}

// inTime ends a little before the caller's deadline. What is answered after that
// is lost, and with it the answers to the other queries of the request.
func inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(time.Until(deadline)/20, time.Second/2)))
}

// clientMaker makes the HTTP client of the options.
type clientMaker func(httpclient.Options) (*http.Client, error)

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
