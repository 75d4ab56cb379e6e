package plugin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/spans"
)

// Results of a query in metrics.
const (
	resultComplete   = "complete"
	resultIncomplete = "incomplete"
	resultError      = "error"
	// reasonCanceled is an error that is nobody's fault.
	reasonCanceled = "canceled"
)

// sighting is one query as metrics, traces and the log see it: never what it
// filters by, nor what came back.
type sighting struct {
	d       *Datasource
	ctx     context.Context
	span    trace.Span
	refID   string
	started time.Time
	// request is nil until the query is understood, result until it is answered.
	request *query.Request
	result  *eventlog.Result
	calls   *cloudflare.Trace
}

func (d *Datasource) sight(ctx context.Context, refID string) *sighting {
	s := &sighting{d: d, refID: refID, started: time.Now(), calls: &cloudflare.Trace{}}
	s.ctx, s.span = spans.Start(ctx, "query")
	return s
}

// end tells of the answer.
func (s *sighting) end(answer backend.DataResponse) {
	took := time.Since(s.started)
	queryType, format := notQueried, notQueried
	if s.request != nil {
		queryType, format = s.request.Type.Name, string(s.request.Format)
	}
	result, reason := s.verdict(answer)
	var c eventlog.Coverage
	if s.result != nil {
		c = s.result.Coverage
	}
	m := s.d.metrics
	m.queries.WithLabelValues(queryType, format, result, reason).Inc()
	m.querySeconds.WithLabelValues(queryType).Observe(took.Seconds())
	if s.result != nil {
		m.served.WithLabelValues(queryType).Add(float64(c.Rows))
		m.cached.WithLabelValues(queryType).Add(float64(c.CachedRows))
		m.saved.WithLabelValues(queryType).Add(float64(c.SavedCalls))
	}
	s.span.SetAttributes(attribute.String("query_type", queryType), attribute.String("format", format),
		attribute.Int64("rows", c.Rows), attribute.Int("calls", s.calls.Calls()),
		attribute.Bool("complete", result == resultComplete), attribute.String("reason", reason))
	if answer.Error != nil {
		s.span.SetStatus(codes.Error, reason)
	}
	s.span.End()
	fields := []any{"refId", s.refID, "queryType", queryType, "format", format, "rows", c.Rows, "cachedRows", c.CachedRows,
		"calls", s.calls.Calls(), "ms", took.Milliseconds(), "complete", result == resultComplete, "reason", reason}
	s.log(answer, reason, fields)
}

func (s *sighting) verdict(answer backend.DataResponse) (result, reason string) {
	switch {
	case answer.Error != nil && answer.Status == statusCanceled:
		return resultError, reasonCanceled
	case answer.Error != nil:
		return resultError, string(answer.ErrorSource)
	case s.result != nil && !s.result.Coverage.Complete:
		return resultIncomplete, string(s.result.Coverage.Reason)
	}
	return resultComplete, notQueried
}

// log writes what is worth a look at warn: what Cloudflare did not deliver. What
// the user chose, such as a limit, or got wrong, is at debug. The error's text is
// the user's alone, as it can repeat the query.
func (s *sighting) log(answer backend.DataResponse, reason string, fields []any) {
	logger := log.DefaultLogger.FromContext(s.ctx)
	var wrong *query.InvalidError
	var panicked *eventlog.PanicError
	switch {
	case answer.Error == nil && (reason == notQueried || reason == string(eventlog.ReasonLimit)):
		logger.Debug("query answered", fields...)
	case answer.Error == nil:
		logger.Warn("query answered in part", fields...)
	case reason == reasonCanceled, errors.As(answer.Error, &wrong), s.d.problem != nil:
		logger.Debug("query not answered", append(fields, "status", int(answer.Status))...)
	case errors.As(answer.Error, &panicked):
		logger.Error("a shared fetch panicked", append(fields, "panic", panicked.Kind, "stack", string(panicked.Stack))...)
	default:
		logger.Warn("query failed", append(fields, "status", int(answer.Status), "kind", spans.KindOf(answer.Error))...)
	}
}

type queryTypeKey struct{}

// asking makes calls under the context count for a query type: those, too, that
// other queries share and that outlive this one.
func (d *Datasource) asking(ctx context.Context, queryType string, calls *cloudflare.Trace) context.Context {
	fetched := d.metrics.fetched.WithLabelValues(queryType)
	calls.OnRows = func(n int) { fetched.Add(float64(n)) }
	return cloudflare.WithTrace(context.WithValue(ctx, queryTypeKey{}, queryType), calls)
}

func (d *Datasource) observeCall(ctx context.Context, o cloudflare.Observation) {
	queryType, ok := ctx.Value(queryTypeKey{}).(string)
	if !ok {
		queryType = notQueried
	}
	d.metrics.observeCall(queryType, o)
}

// withoutAddresses are the SDK's middlewares, with a span of our own for each
// call: the SDK's holds the whole address, and with it what is filtered by.
func withoutAddresses() []httpclient.Middleware {
	middlewares := slices.DeleteFunc(httpclient.DefaultMiddlewares(), func(m httpclient.Middleware) bool {
		named, ok := m.(httpclient.MiddlewareName)
		return ok && named.MiddlewareName() == httpclient.TracingMiddlewareName
	})
	return append([]httpclient.Middleware{httpclient.NamedMiddlewareFunc("Calls", traceCalls)}, middlewares...)
}

func traceCalls(_ httpclient.Options, next http.RoundTripper) http.RoundTripper {
	return httpclient.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
		api := "rest"
		if strings.HasSuffix(r.URL.Path, "/graphql") {
			api = "graphql"
		}
		ctx, span := spans.Start(r.Context(), "call", attribute.String("api", api), attribute.String("http.request.method", r.Method))
		response, err := next.RoundTrip(r.WithContext(ctx))
		if response != nil {
			span.SetAttributes(attribute.Int("http.response.status_code", response.StatusCode))
		}
		spans.End(span, err)
		return response, err
	})
}
