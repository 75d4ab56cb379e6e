package plugin

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// named is a data source of its own on an account, so that its metrics are. Its
// clock goes on by a millisecond whenever it is read, so that what was kept is older.
func named(t *testing.T, uid string, a *account.Account) *Datasource {
	t.Helper()
	s := *pluginContext(inMemoryURL, "").DataSourceInstanceSettings
	s.UID = uid
	var read atomic.Int64
	return made(t, a, s, func() time.Time { return trioTime().Add(time.Duration(read.Add(1)) * time.Millisecond) })
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
	c := upstreamOf(t, "access_requests")
	a := account.New(c)
	d := named(t, "counted", a)
	ask(t, d, nil, dataQuery("A", ar("")))
	ask(t, d, nil, dataQuery("A", ar("")), dataQuery("B", ar(`"limit":2`)), dataQuery("C", ar(`"fields":["nope"]`)))
	ask(t, d, map[string]string{"FromAlert": "true"}, dataQuery("A", ar(`"limit":2`)))
	seen := metricsSeen(t, "counted")
	calls := float64(a.Counts().Calls())
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
	require.Equal(t, float64(len(c.Events)), seen["event_log_events{}"])
	require.Equal(t, float64(d.surfaces.Stats().Bytes), seen["event_log_bytes{}"])
	require.Positive(t, seen["received_bytes_total{api=rest}"])
	require.GreaterOrEqual(t, seen["fetched_rows_total{query_type=access_requests}"], 5.0)
	require.Positive(t, seen["cached_rows_total{query_type=access_requests}"])
}

// TestStats is what Grafana's inspector shows of a query.
func TestStats(t *testing.T) {
	d := named(t, "inspected", account.New(upstreamOf(t, "access_requests")))
	stats := func() map[string]float64 {
		out := map[string]float64{}
		for _, s := range ask(t, d, nil, dataQuery("A", ar("")))["A"].Frames[0].Meta.Stats {
			out[s.DisplayName] = s.Value
		}
		return out
	}
	first := stats()
	require.Positive(t, first["Calls made to Cloudflare"])
	require.NotContains(t, first, "Age of the oldest part from memory")
	second := stats()
	require.Zero(t, second["Calls made to Cloudflare"])
	require.Positive(t, second["Calls saved"])
	require.Equal(t, 5.0, second["Rows from memory"])
	require.Positive(t, second["Age of the oldest part from memory"])
}

func TestMetricsNameTheFault(t *testing.T) {
	c := upstreamOf(t, "access_requests")
	c.Before = denying("/scim/")
	d := named(t, "faulty", account.New(c))
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
	c := upstreamOf(t, "access_requests")
	a, kept := account.New(c), float64(len(c.Events))
	old := named(t, "replaced", a)
	ask(t, old, nil, dataQuery("A", ar("")))
	other := named(t, "other", a)
	ask(t, other, nil, dataQuery("A", ar("")))
	const queries = "queries_total{format=table,query_type=access_requests,reason=none,result=complete}"
	const events = "event_log_events{}"
	require.Equal(t, kept, metricsSeen(t, "replaced")[events])

	next := named(t, "replaced", a)
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
	again := named(t, "other", a)
	ask(t, again, nil, dataQuery("A", ar("")))
	require.Equal(t, 1.0, metricsSeen(t, "other")[queries], "a data source that comes back starts at 0")
}

// TestMetricsLabelsAreBounded asks for many different things: the series are as
// few as the names that there are.
func TestMetricsLabelsAreBounded(t *testing.T) {
	d := named(t, "bounded", account.New(upstreamOf(t, "access_requests")))
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
	ask(t, named(t, "linted", account.New(upstreamOf(t, "access_requests"))), nil, dataQuery("A", ar("")))
	families, err := prometheus.DefaultGatherer.Gather()
	require.NoError(t, err)
	families = slices.DeleteFunc(families, func(f *dto.MetricFamily) bool { return !strings.HasPrefix(f.GetName(), "cfaccess_") })
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

// TestMetricsTellOrganisationsApart: a UID is unique in its organisation only.
func TestMetricsTellOrganisationsApart(t *testing.T) {
	for _, namespace := range []string{"default", "org-2"} {
		pc := pluginContext(inMemoryURL, "")
		pc.Namespace, pc.DataSourceInstanceSettings.UID = namespace, "twice"
		i, err := New(backend.WithPluginContext(t.Context(), pc), *pc.DataSourceInstanceSettings)
		require.NoError(t, err)
		t.Cleanup(i.(*Datasource).Dispose)
	}
	require.Equal(t, []string{"default", "org-2"}, namespaces(t, "twice"))
}

// TestMetricsAreServed asks over gRPC, where the SDK tells the instance its
// namespace.
func TestMetricsAreServed(t *testing.T) {
	plugin, err := served()
	require.NoError(t, err)
	pc := pluginContext(start(t, upstreamOf(t, "access_requests")), "")
	pc.DataSourceInstanceSettings.UID = "served"
	_, err = plugin.Client.QueryData(t.Context(), &backend.QueryDataRequest{PluginContext: pc, Queries: []backend.DataQuery{dataQuery("A", ar(""))}})
	require.NoError(t, err)
	require.Equal(t, []string{"default"}, namespaces(t, "served"))
}

// namespaces are those that have a data source of the UID.
func namespaces(t *testing.T, uid string) []string {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	require.NoError(t, err)
	var found []string
	for _, family := range families {
		if family.GetName() != "cfaccess_event_log_events" {
			continue
		}
		for _, m := range family.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels[labelDatasource] == uid {
				found = append(found, labels[labelNamespace])
			}
		}
	}
	slices.Sort(found)
	return found
}

var documentedMetric = regexp.MustCompile("(?m)^\\| `(cfaccess_\\w+)` *\\| (\\w+) *\\| ([^|]*)\\|")

// TestMetricsAreDocumented holds the table in the documentation, which the
// dashboard is checked against, against the code.
func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/sources/troubleshooting.md")
	require.NoError(t, err)
	documented := map[string]string{}
	for _, row := range documentedMetric.FindAllStringSubmatch(string(page), -1) {
		labels := strings.FieldsFunc(row[3], func(r rune) bool { return strings.ContainsRune("`, ", r) })
		slices.Sort(labels)
		documented[row[1]] = row[2] + " " + strings.Join(labels, " ")
	}
	d := named(t, "documented", account.New(upstreamOf(t, "access_requests")))
	ask(t, d, nil, dataQuery("A", ar("")))
	d.metrics.observeCall(notQueried, cloudflare.Observation{API: "rest", Refused: true, Kind: cloudflare.KindRateLimit})
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(d.metrics)
	families, err := registry.Gather()
	require.NoError(t, err)
	is := map[string]string{}
	for _, family := range families {
		var labels []string
		for _, l := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		is[family.GetName()] = strings.ToLower(family.GetType().String()) + " " + strings.Join(labels, " ")
	}
	require.Equal(t, is, documented)
}
