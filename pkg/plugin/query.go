package plugin

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/concurrent"
	"go.opentelemetry.io/otel/attribute"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/frame"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/spans"
)

// maxConcurrentQueries of one request run at a time; the client bounds the calls.
const maxConcurrentQueries = 10

// QueryData answers every query by itself: one that fails, or panics, leaves
// its neighbours alone.
func (d *Datasource) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	alert := isFromAlert(req.Headers)
	ctx, cancel := inTime(ctx)
	defer cancel()
	return concurrent.QueryData(ctx, req, func(ctx context.Context, q concurrent.Query) (res backend.DataResponse) {
		s := d.sight(ctx, q.DataQuery.RefID)
		defer func() {
			if r := recover(); r != nil {
				log.DefaultLogger.FromContext(ctx).Error("a query panicked", "refId", q.DataQuery.RefID, "panic", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
				res = backend.DataResponse{Status: backend.StatusInternal, ErrorSource: backend.ErrorSourcePlugin,
					Error: fmt.Errorf("the plugin failed on this query; the Grafana server's log has the details. Please report it")}
			}
			s.end(res)
		}()
		s.ctx = cloudflare.WithPriority(s.ctx, d.screens.priority(q.PluginContext.User, q.DataQuery, alert))
		return d.answer(s, q.DataQuery, alert)
	}, maxConcurrentQueries)
}

// isFromAlert says whether Grafana marked the request as an alert evaluation.
// The mark comes as it is, or as a forwarded HTTP header.
func isFromAlert(headers map[string]string) bool {
	for name, value := range headers {
		name = strings.TrimPrefix(strings.ToLower(name), "http_")
		if name == strings.ToLower(backend.FromAlertHeaderName) && !strings.EqualFold(value, "false") {
			return true
		}
	}
	return false
}

func (d *Datasource) answer(s *sighting, q backend.DataQuery, alert bool) backend.DataResponse {
	if d.problem != nil {
		return problemFailure(d.problem).response()
	}
	_, span := spans.Start(s.ctx, "parse")
	r, err := query.Parse(q.JSON, query.Options{
		QueryType:     q.QueryType,
		Window:        query.Window{From: q.TimeRange.From, To: q.TimeRange.To},
		Interval:      q.Interval,
		MaxDataPoints: q.MaxDataPoints,
		FromAlert:     alert,
		MaxLimit:      d.settings.MaxRows,
		Now:           d.now(),
		Disguise:      d.masker.Disguise(),
	})
	spans.End(span, err)
	if err != nil {
		return classify(err).response()
	}
	s.request = r
	result, err := d.run(s.ctx, r, s.calls)
	if err != nil {
		return classify(err).needing(r.Type.Permission).response()
	}
	s.result = result
	if alert && !result.Coverage.Complete {
		return incompleteAlert(result).response()
	}
	_, span = spans.Start(s.ctx, "frame", attribute.Int64("rows", result.Coverage.Rows))
	defer span.End()
	f := frame.Build(r, result, frame.Origin{RefID: q.RefID, DatasourceUID: d.uid, DatasourceName: d.name, Now: d.now()})
	return backend.DataResponse{Status: backend.StatusOK, Frames: f}
}

// run asks the surface. Identities are masked in the result itself, so that no
// way out of here can forget to. calls are those that it made.
func (d *Datasource) run(ctx context.Context, r *query.Request, calls *cloudflare.Trace) (*eventlog.Result, error) {
	s, ok := d.find(r.Type.Name)
	if !ok {
		return nil, fmt.Errorf("the query type %s has no surface", r.Type.Name)
	}
	result, err := s.Query(d.asking(ctx, r.Type.Name, calls), r)
	if err != nil {
		return nil, err
	}
	d.masker.Apply(result)
	return result, nil
}

// incompleteAlert is why an alert evaluation fails rather than see a low number.
func incompleteAlert(result *eventlog.Result) failure {
	texts := make([]string, 0, len(result.Notices))
	for _, n := range result.Notices {
		// That the limit cut the rows is no warning elsewhere.
		if n.Severity == eventlog.Warning || result.Coverage.Reason == eventlog.ReasonLimit {
			texts = append(texts, n.Text)
		}
	}
	status := backend.StatusBadGateway
	if result.Coverage.Reason == eventlog.ReasonRateLimit {
		status = backend.StatusTooManyRequests
	}
	return failure{status, backend.ErrorSourceDownstream, fmt.Errorf(
		"the answer is not complete (%s), so the alert is not evaluated with it. %s%s",
		result.Coverage.Reason, strings.Join(texts, " "), retryAfter(result.Coverage.RetryAt))}
}

// values of a field, most frequent first, for suggestions and variables.
func (d *Datasource) countValues(ctx context.Context, q *catalogue.QueryType, f *catalogue.Field, w query.Window) ([]eventlog.Group, error) {
	r := &query.Request{
		Type: q, Format: query.FormatTable, GroupBy: []*catalogue.Field{f},
		Limit: d.settings.MaxRows, Window: w,
	}
	result, err := d.run(ctx, r, &cloudflare.Trace{})
	if err != nil {
		return nil, err
	}
	return result.Groups.Rows, nil
}
