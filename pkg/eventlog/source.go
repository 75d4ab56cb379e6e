package eventlog

import (
	"context"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Source is an upstream list of events, or of groups of events.
type Source struct {
	// Key tells sources apart whose events differ: by address and parameters.
	Key    string
	Type   *catalogue.QueryType
	Layout *columnar.Layout
	// Grain is the unit of the rows' times, in nanoseconds: what is kept can be cut
	// at its multiples only. Rows of Timeless sources stand for all of the interval
	// that they came with.
	Grain   int64
	Scanner Scanner
	// Pushing makes the scanner that has Cloudflare apply parameters; nil where
	// filters are not pushed, or always are.
	Pushing func(params map[string]string) Scanner
	// Applied are the filters that the scanner has Cloudflare apply.
	Applied []*query.Filter
	// Columns are the fields of a plain table; nil for those of the request.
	Columns []*catalogue.Field
	// Whole says that the upstream has neither a time range nor documented pages:
	// it answers with all it has.
	Whole bool
	// Changing says that rows change after they came, such as how a request stands:
	// what is known of them is never final.
	Changing bool
	// Counting says that a scan needs no first page to be planned by.
	Counting bool
	// Oldest is the first instant that Cloudflare still has, 0 if that is not known.
	Oldest int64
	// MaxRows is the most rows that one query scans, 0 for the data source's own.
	MaxRows int
}

// Timeless is the Grain of a source whose rows have no times.
const Timeless = 0

// Scanner fetches from an upstream. What it brings, and what it cannot, it tells
// the sink before it returns. It is called from several goroutines.
type Scanner interface {
	// First fetches the newest part of an interval, or the oldest one: about a page.
	First(ctx context.Context, i interval.Interval, ascending bool, to Sink)
	// Fill fetches intervals whole, in their order.
	Fill(ctx context.Context, list []interval.Interval, plan Plan, to Sink)
	// PageSize is the most rows that a call brings, as far as is known.
	PageSize() int
}

// Plan is what a query knows of the scan that it asks for.
type Plan struct {
	// Density is the expected number of rows a nanosecond, 0 if it is not known.
	Density float64
	// MaxRows ends the scan once that many rows were fetched.
	MaxRows int
}

// Sink takes what a scan brings. It is safe for concurrent use.
type Sink interface {
	Deliver(Piece)
	// Fail says what could not be fetched, and why. Without an error it was left out
	// because there were more rows than asked for.
	Fail(err error, list ...interval.Interval)
}

// Piece is an interval that was fetched, with its rows.
type Piece struct {
	interval.Interval
	Rows *columnar.Chunk
	// Fetched is when the oldest of its rows were asked for, in nanoseconds.
	Fetched int64
	// Bad is the number of rows that could not be placed in time.
	Bad int
	// Partial are parts whose rows cannot be trusted to be all.
	Partial []Failure
}

// Failure is an interval that could not be fetched, or not for certain, and why.
type Failure struct {
	interval.Interval
	Err error
}

func failures(err error, list ...interval.Interval) []Failure {
	out := make([]Failure, len(list))
	for i, own := range list {
		out[i] = Failure{own, err}
	}
	return out
}

// clipFailures are the failures within an interval.
func clipFailures(all []Failure, i interval.Interval) []Failure {
	var out []Failure
	for _, f := range all {
		if f.Interval = f.Clip(i); !f.Empty() {
			out = append(out, f)
		}
	}
	return out
}

// PartialError is why an answer lacks a part, where that is no error of a call.
type PartialError struct {
	Reason  answer.Reason
	Message string
}

func (e *PartialError) Error() string { return e.Message }
