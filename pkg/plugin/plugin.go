// Package plugin is what Grafana sees: one file a capability. It turns
// Grafana's requests into questions to the surfaces and their answers into
// frames; what happens in between is theirs.
package plugin

import (
	"context"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/frame"
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
	settings  *Settings
	// problem is why the settings cannot be used; every call then answers it.
	// An instance exists all the same, so that Save & test can say so.
	problem  error
	client   *cloudflare.Client
	surfaces *surface.Set
	// find is the surfaces' own look-up by query type.
	find      func(queryType string) (surface.Surface, bool)
	masker    *frame.Masker
	screens   *screens
	resources backend.CallResourceHandler
	// metrics are the data source's, which its instances share.
	key     metricsKey
	metrics *metrics
}

// New makes an instance for the settings. Grafana calls it again, and disposes
// of the old one, when they change.
func New(ctx context.Context, s backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	return newDatasource(ctx, s, time.Now)
}

func newDatasource(ctx context.Context, s backend.DataSourceInstanceSettings, now func() time.Time) (instancemgmt.Instance, error) {
	d := &Datasource{uid: s.UID, name: s.Name, now: now, masker: frame.NewMasker(frame.MaskNone, ""), screens: newScreens(now)}
	d.resources = newResources(d)
	d.settings, d.problem = LoadSettings(s)
	if d.settings != nil && d.settings.CanConnect {
		if err := d.connect(ctx, s); err != nil {
			return nil, err
		}
	}
	d.key = metricsKey{namespace: backend.PluginConfigFromContext(ctx).Namespace, uid: s.UID}
	d.metrics = metricsOf.join(d.key, d)
	return d, nil
}

// connect makes what needs Cloudflare. It calls nothing yet.
func (d *Datasource) connect(ctx context.Context, s backend.DataSourceInstanceSettings) error {
	options, err := s.HTTPClientOptions(ctx)
	if err != nil {
		return fmt.Errorf("the HTTP settings cannot be used: %w", err)
	}
	options.Middlewares = withoutAddresses()
	client, err := newHTTPClient(options)
	if err != nil {
		return fmt.Errorf("the HTTP client cannot be made: %w", err)
	}
	d.client = cloudflare.New(cloudflare.Config{
		BaseURL:          d.settings.APIURL,
		Credentials:      d.settings.Credentials,
		HTTP:             client,
		Reserve:          d.settings.Reserve,
		AccountRateLimit: d.settings.AccountRateLimit,
		Now:              d.now,
		Observer:         d.observeCall,
	})
	if d.problem != nil {
		return nil
	}
	d.masker = frame.NewMasker(d.settings.Mask, d.settings.MaskKey)
	d.surfaces = surface.NewSet(surface.Config{
		Client:     d.client,
		AccountID:  d.settings.AccountID,
		CacheLimit: d.settings.CacheLimit,
		SealAfter:  d.settings.SealAfter,
		MaxRows:    d.settings.MaxRows,
		Now:        d.now,
	})
	d.find = d.surfaces.Surface
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
