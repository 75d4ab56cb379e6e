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

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
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

// observation is one query as metrics, traces and the log see it: never what it
// filters by, nor what came back.
type observation struct {
	metrics *metrics
	span    trace.Span
	refID   string
	started time.Time
	calls   *cloudflare.Trace
	// misconfigured says that the settings cannot be used.
	misconfigured bool
}

func (d *Datasource) observe(ctx context.Context, refID string) (context.Context, *observation) {
	o := &observation{metrics: d.metrics, refID: refID, started: time.Now(), calls: &cloudflare.Trace{}, misconfigured: d.problem != nil}
	ctx, o.span = spans.Start(ctx, "query")
	return ctx, o
}

// reply is what a query came to: request is nil until the query is understood,
// result until it is answered.
type reply struct {
	request  *query.Request
	result   *answer.Result
	response backend.DataResponse
}

// end tells of the answer.
func (o *observation) end(ctx context.Context, r reply) {
	took := time.Since(o.started)
	queryType, format := notQueried, notQueried
	if r.request != nil {
		queryType, format = r.request.Type.Name, string(r.request.Format)
	}
	result, reason := r.verdict()
	var c answer.Coverage
	if r.result != nil {
		c = r.result.Coverage
		o.metrics.served.WithLabelValues(queryType).Add(float64(c.Rows))
		o.metrics.cached.WithLabelValues(queryType).Add(float64(c.CachedRows))
		o.metrics.saved.WithLabelValues(queryType).Add(float64(c.SavedCalls))
	}
	o.metrics.queries.WithLabelValues(queryType, format, result, reason).Inc()
	o.metrics.querySeconds.WithLabelValues(queryType).Observe(took.Seconds())
	o.span.SetAttributes(attribute.String("query_type", queryType), attribute.String("format", format),
		attribute.Int64("rows", c.Rows), attribute.Int("calls", o.calls.Calls()),
		attribute.Bool("complete", result == resultComplete), attribute.String("reason", reason))
	if r.response.Error != nil {
		o.span.SetStatus(codes.Error, reason)
	}
	o.span.End()
	fields := []any{"refId", o.refID, "queryType", queryType, "format", format, "rows", c.Rows, "cachedRows", c.CachedRows,
		"calls", o.calls.Calls(), "ms", took.Milliseconds(), "complete", result == resultComplete, "reason", reason}
	o.log(ctx, r.response, reason, fields)
}

func (r reply) verdict() (result, reason string) {
	switch {
	case r.response.Error != nil && r.response.Status == statusCanceled:
		return resultError, reasonCanceled
	case r.response.Error != nil:
		return resultError, string(r.response.ErrorSource)
	case r.result != nil && !r.result.Coverage.Complete:
		return resultIncomplete, string(r.result.Coverage.Reason)
	}
	return resultComplete, notQueried
}

// log writes what is worth a look at warn: what Cloudflare did not deliver. What
// the user chose, such as a limit, or got wrong, is at debug. The error's text is
// the user's alone, as it can repeat the query.
func (o *observation) log(ctx context.Context, response backend.DataResponse, reason string, fields []any) {
	logger := log.DefaultLogger.FromContext(ctx)
	var wrong *query.InvalidError
	var panicked *eventlog.PanicError
	switch {
	case response.Error == nil && (reason == notQueried || reason == string(answer.ReasonLimit)):
		logger.Debug("query answered", fields...)
	case response.Error == nil:
		logger.Warn("query answered in part", fields...)
	case reason == reasonCanceled, errors.As(response.Error, &wrong), o.misconfigured:
		logger.Debug("query not answered", append(fields, "status", int(response.Status))...)
	case errors.As(response.Error, &panicked):
		logger.Error("a shared fetch panicked", append(fields, "panic", panicked.Kind, "stack", string(panicked.Stack))...)
	default:
		logger.Warn("query failed", append(fields, "status", int(response.Status), "kind", string(cloudflare.KindOf(response.Error)))...)
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
	if d.trust != nil {
		d.trust.observe(o)
	}
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
