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
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/detect"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/frame"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/handover"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/spans"
)

// maxConcurrentQueries of one request run at a time; the client bounds the calls.
const maxConcurrentQueries = 10

// QueryData answers every query by itself: one that fails, or panics, leaves
// its neighbors alone.
func (d *Datasource) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	alert := isFromAlert(req.Headers)
	ctx, cancel := inTime(ctx)
	defer cancel()
	defer func() { memory.follow(metricsOf.kept()) }()
	return concurrent.QueryData(ctx, req, func(ctx context.Context, q concurrent.Query) backend.DataResponse {
		ctx, o := d.observe(ctx, q.DataQuery.RefID)
		ctx = cloudflare.WithPriority(ctx, d.refreshes.priority(q.PluginContext.User, q.DataQuery, alert))
		r := d.guarded(ctx, q, alert, o.calls)
		o.end(ctx, r)
		return r.response
	}, maxConcurrentQueries)
}

// guarded makes a panic the error of the one query that it happened in.
func (d *Datasource) guarded(ctx context.Context, q concurrent.Query, alert bool, calls *cloudflare.Trace) (r reply) {
	defer func() {
		if p := recover(); p != nil {
			log.DefaultLogger.FromContext(ctx).Error("a query panicked", "refId", q.DataQuery.RefID, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			r.response = backend.DataResponse{Status: backend.StatusInternal, ErrorSource: backend.ErrorSourcePlugin,
				Error: fmt.Errorf("the plugin failed on this query; the Grafana server's log has the details. Please report it")}
		}
	}()
	d.answer(ctx, q, alert, calls, &r)
	return r
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

// answer parses a query, asks its surface and frames what that says.
func (d *Datasource) answer(ctx context.Context, asked concurrent.Query, alert bool, calls *cloudflare.Trace, out *reply) {
	if d.problem != nil {
		out.response = problemFailure(d.problem).response()
		return
	}
	q := asked.DataQuery
	_, span := spans.Start(ctx, "parse")
	options := query.Options{
		QueryType:     q.QueryType,
		From:          q.TimeRange.From,
		To:            q.TimeRange.To,
		Interval:      q.Interval,
		MaxDataPoints: q.MaxDataPoints,
		FromAlert:     alert,
		MaxLimit:      d.settings.MaxRows,
		Now:           d.now(),
		Stopped:       ctx.Err,
		Disguise:      d.masker.Disguise(),
	}
	r, err := query.Parse(q.JSON, options)
	spans.End(span, err)
	if err == nil {
		err = d.permit(roleOf(asked.PluginContext.User, alert), r.Type.Name)
	}
	if err != nil {
		out.response = classify(err).response()
		return
	}
	out.request = r
	if out.result, err = d.run(ctx, r, calls); err != nil {
		out.response = classify(err).needing(r.Type.Permission).response()
		return
	}
	if alert && !out.result.Coverage.Complete {
		out.response = incompleteAlert(out.result).response()
		return
	}
	_, span = spans.Start(ctx, "frame", attribute.Int64("rows", out.result.Coverage.Rows))
	defer span.End()
	origin := frame.Origin{RefID: q.RefID, DatasourceUID: d.uid, DatasourceName: d.name, Now: d.now()}
	out.response = backend.DataResponse{Status: backend.StatusOK}
	files := handover.From(ctx)
	if r.Format != query.FormatLogs || out.result.Table == nil || files == nil {
		out.response.Frames = frame.Build(r, out.result, origin)
		return
	}
	file, err := frame.EncodeLogs(r, out.result, origin)
	if err != nil {
		out.response = classify(err).response()
		return
	}
	files.Put(q.RefID, file)
}

// run asks the surface. Identities are masked in the result itself, so that no
// way out of here can forget to. calls are those that it made.
func (d *Datasource) run(ctx context.Context, r *query.Request, calls *cloudflare.Trace) (*answer.Result, error) {
	s, ok := d.find(r.Type.Name)
	if !ok {
		return nil, fmt.Errorf("the query type %s has no surface", r.Type.Name)
	}
	ask := s.Query
	if r.Compare != nil {
		ask = func(ctx context.Context, r *query.Request) (*answer.Result, error) {
			return detect.Compare(ctx, r, s.Query)
		}
	}
	result, err := ask(d.asking(ctx, r.Type.Name, calls), r)
	switch {
	case err == nil:
		err = d.trust.confirm(ctx)
	case cloudflare.KindOf(err) == cloudflare.KindAuth:
		_ = d.trust.confirm(ctx) // so that what is kept goes, too
	}
	if err != nil {
		return nil, err
	}
	d.masker.Apply(result)
	return result, nil
}

// incompleteAlert is why an alert evaluation fails rather than see a low number.
func incompleteAlert(result *answer.Result) failure {
	texts := make([]string, 0, len(result.Notices))
	for _, n := range result.Notices {
		// That the limit cut the rows is no warning elsewhere.
		if n.Severity == answer.Warning || result.Coverage.Reason == answer.ReasonLimit {
			texts = append(texts, n.Text)
		}
	}
	status := backend.StatusBadGateway
	if result.Coverage.Reason == answer.ReasonRateLimit {
		status = backend.StatusTooManyRequests
	}
	return failure{status, backend.ErrorSourceDownstream, fmt.Errorf(
		"the answer is not complete (%s), so the alert rule cannot use it. %s",
		result.Coverage.Reason, strings.Join(texts, " "))}
}

// countValues counts the values of a field, most frequent first, for suggestions
// and variables.
func (d *Datasource) countValues(ctx context.Context, q *catalogue.QueryType, f *catalogue.Field, within interval.Interval) ([]answer.Group, error) {
	r := &query.Request{
		Type: q, Format: query.FormatTable, GroupBy: []*catalogue.Field{f},
		Limit: d.settings.MaxRows, Range: within, Disguise: d.masker.Disguise(),
	}
	result, err := d.run(ctx, r, &cloudflare.Trace{})
	if err != nil {
		return nil, err
	}
	return result.Groups.Rows, nil
}
