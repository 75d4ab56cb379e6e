// Package spans traces the stages of a query with the tracer that Grafana's SDK
// set up. Attributes are numbers and names of the catalogue only: what a query
// filters by, and what comes back, can be personal.
package spans

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// Start begins a stage. The caller ends the span, with End where it can fail.
func Start(ctx context.Context, stage string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	return tracing.DefaultTracer().Start(ctx, "cfaccess "+stage, trace.WithAttributes(attributes...))
}

// End ends a stage. Of an error only the kind is kept, as its text can repeat
// what was asked.
func End(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, string(cloudflare.KindOf(err)))
	}
	span.End()
}
