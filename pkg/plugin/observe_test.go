package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

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
	refused := upstreamOf(t, "access_requests")
	refused.Before = func(r *http.Request) error {
		return account.Refusal(http.StatusForbidden, 9109, "wilhelmina@example.com may not "+r.URL.String())
	}
	for uid, c := range map[string]account.Config{"personal": upstreamOf(t, "access_requests"), "refused": refused} {
		d := named(t, uid, account.New(c))
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
	d := named(t, "logged", account.New(upstreamOf(t, "access_requests")))
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

type failing struct{}

func (failing) Query(context.Context, *query.Request) (*answer.Result, error) {
	return nil, &cloudflare.Error{Kind: cloudflare.KindUnavailable, Message: "down"}
}

type partial struct{}

func (partial) Query(context.Context, *query.Request) (*answer.Result, error) {
	result := &answer.Result{Table: &answer.Table{}, Coverage: answer.Coverage{Complete: true}}
	result.Incomplete(answer.ReasonUpstream, "a part is missing")
	return result, nil
}

func TestSpansOfEveryStage(t *testing.T) {
	spans := captureSpans(t)
	d := named(t, "traced", account.New(upstreamOf(t, "access_requests")))
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
