package plugin

import (
	"slices"
	"sync"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// The labels that every metric has beside its own.
const (
	labelNamespace  = "grafana_namespace"
	labelDatasource = "datasource_uid"
)

// notQueried labels the calls for lists, health checks and the like, and queries
// that name no query type or format that there is.
const notQueried = "none"

// metricsOf are the data sources' metrics in this process; the SDK serves the
// default registry to Grafana.
var metricsOf = newMetricsRegistry(prometheus.DefaultRegisterer)

// metricsKey tells data sources apart: a UID is unique in its
// namespace only, which stands for Grafana's organization.
type metricsKey struct {
	namespace, uid string
}

func (k metricsKey) labels() prometheus.Labels {
	return prometheus.Labels{labelNamespace: k.namespace, labelDatasource: k.uid}
}

// metricsRegistry holds the metrics of each data source as long as it has an
// instance. Grafana makes the next instance before it disposes of the last one,
// and counters go on from one to the other.
type metricsRegistry struct {
	registerer prometheus.Registerer
	mu         sync.Mutex
	live       map[metricsKey]*metrics
}

func newMetricsRegistry(r prometheus.Registerer) *metricsRegistry {
	return &metricsRegistry{registerer: r, live: map[metricsKey]*metrics{}}
}

// join adds an instance and returns its data source's metrics.
func (r *metricsRegistry) join(key metricsKey, d *Datasource) *metrics {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, ok := r.live[key]
	if !ok {
		m = newMetrics()
		if err := prometheus.WrapRegistererWith(key.labels(), r.registerer).Register(m); err != nil {
			log.DefaultLogger.Error("the data source has no metrics", "error", err)
		}
		r.live[key] = m
	}
	m.state.add(d)
	return m
}

// leave removes an instance; with a data source's last one its series go. What
// still runs counts into metrics that nobody sees.
func (r *metricsRegistry) leave(key metricsKey, d *Datasource) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, ok := r.live[key]
	if !ok || m.state.remove(d) > 0 {
		return
	}
	delete(r.live, key)
	prometheus.WrapRegistererWith(key.labels(), r.registerer).Unregister(m)
}

// metrics of one data source. Label values are names of the catalogue and of the
// code, never what was asked or came back.
type metrics struct {
	calls       *prometheus.CounterVec   // by query_type, api, result
	callSeconds *prometheus.HistogramVec // by api
	received    *prometheus.CounterVec   // by api
	waited      *prometheus.CounterVec   // by api
	refused     *prometheus.CounterVec   // by api

	queries      *prometheus.CounterVec   // by query_type, format, result, reason
	querySeconds *prometheus.HistogramVec // by query_type
	// Rows and calls are by query_type.
	fetched, served, cached, saved *prometheus.CounterVec

	state *stateCollector
}

func newMetrics() *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help, label string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help,
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}}, []string{label})
	}
	return &metrics{
		calls:        counter("cfaccess_calls_total", "Calls that Cloudflare saw, tries counted; result is ok or the kind of error.", "query_type", "api", "result"),
		callSeconds:  histogram("cfaccess_call_duration_seconds", "Duration of the HTTP exchange of a call.", "api"),
		received:     counter("cfaccess_received_bytes_total", "Bytes of Cloudflare's answers, decompressed.", "api"),
		waited:       counter("cfaccess_budget_wait_seconds_total", "Time that calls waited for the rate-limit budget.", "api"),
		refused:      counter("cfaccess_budget_refused_calls_total", "Calls that were not made, because the rate-limit budget had none left in time.", "api"),
		queries:      counter("cfaccess_queries_total", "Queries by result: complete, incomplete (reason says why) or error (reason says whose).", "query_type", "format", "result", "reason"),
		querySeconds: histogram("cfaccess_query_duration_seconds", "Duration of a query, from parsing to the frame.", "query_type"),
		fetched:      counter("cfaccess_fetched_rows_total", "Rows in Cloudflare's answers, repeats counted.", "query_type"),
		served:       counter("cfaccess_served_rows_total", "Events in the answers to queries: listed, or counted.", "query_type"),
		cached:       counter("cfaccess_cached_rows_total", "Events behind answers that were kept from earlier queries.", "query_type"),
		saved:        counter("cfaccess_saved_calls_total", "Calls that queries would have taken without what was kept.", "query_type"),
		state:        &stateCollector{},
	}
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.calls, m.callSeconds, m.received, m.waited, m.refused,
		m.queries, m.querySeconds, m.fetched, m.served, m.cached, m.saved, m.state}
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(out chan<- *prometheus.Desc) {
	for _, c := range m.all() {
		c.Describe(out)
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(out chan<- prometheus.Metric) {
	for _, c := range m.all() {
		c.Collect(out)
	}
}

// observeCall counts one attempt of a call.
func (m *metrics) observeCall(queryType string, o cloudflare.Observation) {
	m.waited.WithLabelValues(o.API).Add(o.Wait.Seconds())
	if o.Refused {
		if o.Kind == cloudflare.KindRateLimit {
			m.refused.WithLabelValues(o.API).Inc()
		}
		return
	}
	result := "ok"
	if o.Kind != "" {
		result = string(o.Kind)
	}
	m.calls.WithLabelValues(queryType, o.API, result).Inc()
	m.callSeconds.WithLabelValues(o.API).Observe(o.Duration.Seconds())
	m.received.WithLabelValues(o.API).Add(float64(o.Bytes))
}

// stateCollector reads the newest instance of a data source when Prometheus asks.
type stateCollector struct {
	mu        sync.Mutex
	instances []*Datasource
}

func (c *stateCollector) add(d *Datasource) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.instances = append(c.instances, d)
}

// remove returns how many instances are left.
func (c *stateCollector) remove(d *Datasource) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.instances = slices.DeleteFunc(c.instances, func(o *Datasource) bool { return o == d })
	return len(c.instances)
}

func (c *stateCollector) newest() *Datasource {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.instances) == 0 {
		return nil
	}
	return c.instances[len(c.instances)-1]
}

var (
	descLeft = prometheus.NewDesc("cfaccess_budget_left_calls",
		"Calls that the rate limit still has, as far as known.", []string{"api"}, nil)
	descLimit = prometheus.NewDesc("cfaccess_budget_limit_calls",
		"Calls that the rate limit allows in a window.", []string{"api"}, nil)
	descWindow = prometheus.NewDesc("cfaccess_budget_window_seconds",
		"Length of the rate limit's window.", []string{"api"}, nil)
	descBytes = prometheus.NewDesc("cfaccess_event_log_bytes",
		"Memory of what is kept between queries, of all query types together.", nil, nil)
	descEvents = prometheus.NewDesc("cfaccess_event_log_events",
		"Events that are kept between queries; a group of login groups counts as one.", nil, nil)
	descMost = prometheus.NewDesc("cfaccess_event_log_limit_bytes",
		"The most memory of what is kept between queries; 0 keeps nothing.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c *stateCollector) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{descLeft, descLimit, descWindow, descBytes, descEvents, descMost} {
		out <- desc
	}
}

// Collect implements prometheus.Collector. An instance whose settings cannot be
// used has neither budget nor events.
func (c *stateCollector) Collect(out chan<- prometheus.Metric) {
	d := c.newest()
	if d == nil {
		return
	}
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	if d.client != nil {
		for _, b := range d.client.Budgets() {
			gauge(descLeft, float64(b.Left), b.API)
			gauge(descLimit, float64(b.Limit), b.API)
			gauge(descWindow, float64(b.Window), b.API)
		}
	}
	if d.surfaces != nil {
		kept := d.surfaces.Stats()
		gauge(descBytes, float64(kept.Bytes))
		gauge(descEvents, float64(kept.Rows))
		gauge(descMost, float64(d.settings.CacheLimit))
	}
}
