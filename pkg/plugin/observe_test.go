package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

// named is a data source of its own on an upstream, so that its metrics are. Its
// clock goes on by a millisecond whenever it is read, so that what was kept is older.
func named(t *testing.T, uid, url string) *Datasource {
	t.Helper()
	s := *pluginContext(url, "").DataSourceInstanceSettings
	s.UID = uid
	var read atomic.Int64
	i, err := newDatasource(t.Context(), s, func() time.Time {
		return trioRange.To.Add(2*time.Hour + time.Duration(read.Add(1))*time.Millisecond)
	})
	require.NoError(t, err)
	d := i.(*Datasource)
	t.Cleanup(d.Dispose)
	return d
}

// metricsSeen are the values of a data source's series as Grafana gets them, by
// name and own labels; of a histogram how often it observed.
func metricsSeen(t *testing.T, uid string) map[string]float64 {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	require.NoError(t, err)
	seen := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var labels []string
			own := false
			for _, l := range m.GetLabel() {
				switch {
				case l.GetName() == labelDatasource:
					own = l.GetValue() == uid
				case l.GetName() != labelNamespace:
					labels = append(labels, l.GetName()+"="+l.GetValue())
				}
			}
			if !own || !strings.HasPrefix(family.GetName(), "cfaccess_") {
				continue
			}
			key := strings.TrimPrefix(family.GetName(), "cfaccess_") + "{" + strings.Join(labels, ",") + "}"
			seen[key] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return seen
}

func TestMetricsCountThroughQueryData(t *testing.T) {
	u := loadUpstream(t, "testdata/access_requests/upstream.json")
	d := named(t, "counted", u.serve(t))
	ask(t, d, nil, dataQuery("A", ar("")))
	ask(t, d, nil, dataQuery("A", ar("")), dataQuery("B", ar(`"limit":2`)), dataQuery("C", ar(`"fields":["nope"]`)))
	ask(t, d, map[string]string{"FromAlert": "true"}, dataQuery("A", ar(`"limit":2`)))
	seen := metricsSeen(t, "counted")
	calls := float64(u.calls.Load())
	require.Positive(t, calls)
	for name, want := range map[string]float64{
		"calls_total{api=rest,query_type=access_requests,result=ok}":                            calls,
		"call_duration_seconds{api=rest}":                                                       calls,
		"queries_total{format=table,query_type=access_requests,reason=none,result=complete}":    2,
		"queries_total{format=table,query_type=access_requests,reason=limit,result=incomplete}": 1,
		"queries_total{format=table,query_type=access_requests,reason=downstream,result=error}": 1,
		"queries_total{format=none,query_type=none,reason=downstream,result=error}":             1,
		"query_duration_seconds{query_type=access_requests}":                                    4,
		"served_rows_total{query_type=access_requests}":                                         5 + 5 + 2 + 2,
		"event_log_limit_bytes{}":                                                               256 << 20,
		"budget_limit_calls{api=rest}":                                                          1200,
		"budget_left_calls{api=rest}":                                                           1200 - calls,
		"budget_left_calls{api=graphql}":                                                        300,
		"budget_window_seconds{api=rest}":                                                       300,
	} {
		require.InDelta(t, want, seen[name], 0, name)
	}
	require.Equal(t, float64(len(u.AccessRequests)), seen["event_log_events{}"])
	require.Equal(t, float64(d.surfaces.Stats().Bytes), seen["event_log_bytes{}"])
	require.Positive(t, seen["received_bytes_total{api=rest}"])
	require.GreaterOrEqual(t, seen["fetched_rows_total{query_type=access_requests}"], 5.0)
	require.Positive(t, seen["cached_rows_total{query_type=access_requests}"])
}

// TestStats is what Grafana's inspector shows of a query.
func TestStats(t *testing.T) {
	d := named(t, "inspected", loadUpstream(t, "testdata/access_requests/upstream.json").serve(t))
	stats := func() map[string]float64 {
		out := map[string]float64{}
		for _, s := range ask(t, d, nil, dataQuery("A", ar("")))["A"].Frames[0].Meta.Stats {
			out[s.DisplayName] = s.Value
		}
		return out
	}
	first := stats()
	require.Positive(t, first["Calls made to Cloudflare"])
	require.NotContains(t, first, "Age of the oldest kept part")
	second := stats()
	require.Zero(t, second["Calls made to Cloudflare"])
	require.Positive(t, second["Calls saved"])
	require.Equal(t, 5.0, second["Rows kept from earlier queries"])
	require.Positive(t, second["Age of the oldest kept part"])
}

func TestMetricsNameTheFault(t *testing.T) {
	u := loadUpstream(t, "testdata/access_requests/upstream.json")
	u.deny = "/scim/"
	d := named(t, "faulty", u.serve(t))
	require.Error(t, ask(t, d, nil, dataQuery("A", `{"queryType":"scim_updates","filters":[{"field":"idp_id","operator":"=","values":["11111111-2222-4333-8444-555555555555"]}]}`))["A"].Error)
	require.NoError(t, ask(t, d, nil, dataQuery("A", `{"queryType":"login_groups"}`))["A"].Error)
	seen := metricsSeen(t, "faulty")
	require.Positive(t, seen["calls_total{api=rest,query_type=scim_updates,result=permission}"])
	require.Positive(t, seen["calls_total{api=graphql,query_type=login_groups,result=ok}"])
	require.Equal(t, 1.0, seen["queries_total{format=table,query_type=scim_updates,reason=downstream,result=error}"])
}

func TestMetricsCountTheBudget(t *testing.T) {
	m := newMetrics()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(m)
	m.observeCall("access_requests", cloudflare.Observation{API: "rest", Wait: 2e9, Refused: true, Kind: cloudflare.KindRateLimit})
	m.observeCall("access_requests", cloudflare.Observation{API: "rest", Wait: 1e9, Refused: true, Kind: cloudflare.KindCanceled})
	families, err := registry.Gather()
	require.NoError(t, err)
	got := map[string]float64{}
	for _, f := range families {
		got[f.GetName()] = f.GetMetric()[0].GetCounter().GetValue()
	}
	require.Equal(t, map[string]float64{"cfaccess_budget_wait_seconds_total": 3, "cfaccess_budget_refused_calls_total": 1}, got,
		"a call that was not made is no call")
}

func TestMetricsGoWithTheLastInstance(t *testing.T) {
	u := loadUpstream(t, "testdata/access_requests/upstream.json")
	url, kept := u.serve(t), float64(len(u.AccessRequests))
	old := named(t, "replaced", url)
	ask(t, old, nil, dataQuery("A", ar("")))
	other := named(t, "other", url)
	ask(t, other, nil, dataQuery("A", ar("")))
	const queries = "queries_total{format=table,query_type=access_requests,reason=none,result=complete}"
	const events = "event_log_events{}"
	require.Equal(t, kept, metricsSeen(t, "replaced")[events])

	next := named(t, "replaced", url)
	require.Equal(t, 0.0, metricsSeen(t, "replaced")[events], "gauges are the newest instance's")
	old.Dispose()
	ask(t, next, nil, dataQuery("A", ar("")))
	require.Equal(t, 2.0, metricsSeen(t, "replaced")[queries], "counters go on over a change of the settings")
	require.Equal(t, kept, metricsSeen(t, "replaced")[events])

	next.Dispose()
	_, err := next.QueryData(t.Context(), &backend.QueryDataRequest{Queries: []backend.DataQuery{dataQuery("A", ar(""))}})
	require.NoError(t, err)
	require.Empty(t, metricsSeen(t, "replaced"), "what still runs brings no series back")
	require.Equal(t, 1.0, metricsSeen(t, "other")[queries])
	other.Dispose()
	again := named(t, "other", url)
	ask(t, again, nil, dataQuery("A", ar("")))
	require.Equal(t, 1.0, metricsSeen(t, "other")[queries], "a data source that comes back starts at 0")
}

// TestMetricsLabelsAreBounded asks for many different things: the series are as
// few as the names that there are.
func TestMetricsLabelsAreBounded(t *testing.T) {
	d := named(t, "bounded", loadUpstream(t, "testdata/access_requests/upstream.json").serve(t))
	for n := range 40 {
		ask(t, d, nil, dataQuery(fmt.Sprintf("ref%d", n), ar(fmt.Sprintf(`"filters":[{"field":"user_email","operator":"=","values":["person%d@example.com"]}]`, n))),
			dataQuery("type", fmt.Sprintf(`{"queryType":"type%d"}`, n)), dataQuery("format", ar(fmt.Sprintf(`"format":"format%d"`, n))))
	}
	allowed := map[string][]string{
		"query_type": append(catalogue.Names(), notQueried),
		"format":     {string(query.FormatTable), string(query.FormatTimeSeries), string(query.FormatLogs), notQueried},
		"api":        {"rest", "graphql"},
		"result":     {"ok", resultComplete, resultIncomplete, resultError},
		"reason":     {notQueried, string(backend.ErrorSourceDownstream)},
	}
	seen := metricsSeen(t, "bounded")
	require.NotEmpty(t, seen)
	for key := range seen {
		_, labels, _ := strings.Cut(strings.TrimSuffix(key, "}"), "{")
		for _, label := range strings.FieldsFunc(labels, func(r rune) bool { return r == ',' }) {
			name, value, _ := strings.Cut(label, "=")
			require.Contains(t, allowed[name], value, key)
		}
	}
	require.Less(t, len(seen), 40)
}

func TestMetricsFollowTheConventions(t *testing.T) {
	ask(t, named(t, "linted", loadUpstream(t, "testdata/access_requests/upstream.json").serve(t)), nil, dataQuery("A", ar("")))
	families, err := prometheus.DefaultGatherer.Gather()
	require.NoError(t, err)
	families = slices.DeleteFunc(families, func(f *dto.MetricFamily) bool { return !strings.HasPrefix(f.GetName(), "cfaccess_") })
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

// lines is a logger that keeps what it is told.
type lines struct {
	mu   *sync.Mutex
	said *[]string
	with []any
}

func (l lines) write(level, message string, args []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*l.said = append(*l.said, fmt.Sprint(level, " ", message, " ", slices.Concat(l.with, args)))
}

func (l lines) Debug(message string, args ...any) { l.write("debug", message, args) }
func (l lines) Info(message string, args ...any)  { l.write("info", message, args) }
func (l lines) Warn(message string, args ...any)  { l.write("warn", message, args) }
func (l lines) Error(message string, args ...any) { l.write("error", message, args) }
func (l lines) With(args ...any) log.Logger       { l.with = slices.Concat(l.with, args); return l }
func (l lines) Level() log.Level                  { return log.Debug }
func (l lines) FromContext(ctx context.Context) log.Logger {
	return l.With(log.ContextualAttributesFromContext(ctx)...)
}

// captureLog keeps what is logged until the test ends.
func captureLog(t *testing.T) func() string {
	t.Helper()
	l := lines{mu: &sync.Mutex{}, said: &[]string{}}
	before := log.DefaultLogger
	log.DefaultLogger = l
	t.Cleanup(func() { log.DefaultLogger = before })
	return func() string {
		l.mu.Lock()
		defer l.mu.Unlock()
		return strings.Join(*l.said, "\n")
	}
}

// captureSpans keeps the spans that end until the test does.
func captureSpans(t *testing.T) *tracetest.InMemoryExporter {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	tracing.InitDefaultTracer(provider.Tracer("test"))
	t.Cleanup(func() {
		tracing.InitDefaultTracer(noop.NewTracerProvider().Tracer("none"))
		require.NoError(t, provider.Shutdown(context.WithoutCancel(t.Context())))
	})
	return exporter
}

// personalQueries filter by what must not leave the answer; some fail.
var personalQueries = []string{
	ar(`"filters":[{"field":"user_email","operator":"=","values":["wilhelmina@example.com"]},{"field":"ip_address","operator":"=","values":["192.0.2.10"]}]`),
	ar(`"filters":[{"field":"ip_address","operator":"=","values":["wilhelmina@example.com"]}]`),
	ar(`"format":"time_series","groupBy":["user_email"]`),
	ar(`"limit":1,"format":"logs","filters":[{"field":"user_email","operator":"contains","values":["wilhelmina"]}]`),
	`{"queryType":"failed_logins","filters":[{"field":"user_id","operator":"=","values":["wilhelmina@example.com"]}]}`,
	`{"queryType":"login_groups","filters":[{"field":"ipAddress","operator":"=","values":["192.0.2.10"]}]}`,
}

func TestNothingPersonalIsObserved(t *testing.T) {
	logged, spans := captureLog(t), captureSpans(t)
	refuse := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusForbidden, 9109, "wilhelmina@example.com may not "+r.URL.String())
	}))
	t.Cleanup(refuse.Close)
	for uid, url := range map[string]string{
		"personal": loadUpstream(t, "testdata/access_requests/upstream.json").serve(t),
		"refused":  refuse.URL,
	} {
		d := named(t, uid, url)
		for _, q := range personalQueries {
			ask(t, d, nil, dataQuery("A", q))
		}
		resource(t, d, "users?search=wilhelmina", nil)
		resource(t, d, "values?queryType=access_requests&field=user_email&prefix=wilhelmina", nil)
		d.Dispose()
	}
	families, err := prometheus.DefaultGatherer.Gather()
	require.NoError(t, err)
	said, err := json.Marshal([]any{logged(), spans.GetSpans(), families})
	require.NoError(t, err)
	require.Contains(t, string(said), "queryType access_requests")
	require.Contains(t, string(said), "cfaccess call")
	for _, personal := range []string{"wilhelmina", "@example", "192.0.2", testToken, testAccount} {
		require.NotContains(t, string(said), personal)
	}
}

func TestLogLevels(t *testing.T) {
	logged := captureLog(t)
	d := named(t, "logged", loadUpstream(t, "testdata/access_requests/upstream.json").serve(t))
	ask(t, d, nil, dataQuery("whole", ar("")))
	ask(t, d, nil, dataQuery("cut", ar(`"limit":2`)))
	ask(t, d, nil, dataQuery("wrong", ar(`"limit":0`)))
	d.find = func(string) (surface.Surface, bool) { return failing{}, true }
	ask(t, d, nil, dataQuery("down", ar("")))
	d.find = func(string) (surface.Surface, bool) { return partial{}, true }
	ask(t, d, nil, dataQuery("part", ar("")))
	text := logged()
	for _, want := range []string{
		"debug query answered [refId whole queryType access_requests format table rows 5 ",
		"debug query answered [refId cut queryType access_requests format table rows 2 ",
		"complete false reason limit]",
		"debug query not answered [refId wrong queryType none ",
		"warn query failed [refId down queryType access_requests ",
		"status 502 kind unavailable]",
		"warn query answered in part [refId part ",
		"complete false reason upstream]",
	} {
		require.Contains(t, text, want)
	}
	require.NotRegexp(t, "(?m)^(error|info) (query|a )", text)
}

type failing struct{ panicking }

func (failing) Query(context.Context, *query.Request) (*eventlog.Result, error) {
	return nil, &cloudflare.Error{Kind: cloudflare.KindUnavailable, Message: "down"}
}

type partial struct{ panicking }

func (partial) Query(_ context.Context, r *query.Request) (*eventlog.Result, error) {
	result, err := eventlog.Empty(r)
	if err == nil {
		result.Incomplete(eventlog.ReasonUpstream, "a part is missing")
	}
	return result, err
}

func TestSpansOfEveryStage(t *testing.T) {
	spans := captureSpans(t)
	d := named(t, "traced", loadUpstream(t, "testdata/access_requests/upstream.json").serve(t))
	ask(t, d, nil, dataQuery("A", ar("")), dataQuery("B", ar(`"groupBy":["outcome"]`)), dataQuery("C", `{"queryType":"login_groups","format":"time_series"}`))
	d.Dispose()
	byName := map[string][]tracetest.SpanStub{}
	parents := map[string]string{}
	all := spans.GetSpans()
	for _, s := range all {
		byName[s.Name] = append(byName[s.Name], s)
		for _, p := range all {
			if p.SpanContext.SpanID() == s.Parent.SpanID() {
				parents[s.Name] = p.Name
			}
		}
	}
	require.Equal(t, map[string]string{
		"cfaccess parse": "cfaccess query", "cfaccess scan": "cfaccess query", "cfaccess frame": "cfaccess query",
		"cfaccess fetch": "cfaccess scan", "cfaccess count": "cfaccess scan", "cfaccess list": "cfaccess scan",
		"cfaccess call": parents["cfaccess call"],
	}, parents)
	require.Contains(t, []string{"cfaccess fetch", "cfaccess scan"}, parents["cfaccess call"])
	require.Len(t, byName["cfaccess query"], 3)
	require.Len(t, byName["cfaccess frame"], 3)
	var types []string
	for _, s := range byName["cfaccess query"] {
		attributes := map[string]any{}
		for _, a := range s.Attributes {
			attributes[string(a.Key)] = a.Value.AsInterface()
		}
		types = append(types, attributes["query_type"].(string))
		require.Equal(t, true, attributes["complete"])
		for _, name := range []string{"format", "rows", "calls", "reason"} {
			require.Contains(t, attributes, name)
		}
	}
	require.ElementsMatch(t, []string{"access_requests", "access_requests", "login_groups"}, types)
}
