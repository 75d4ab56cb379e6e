// Package query is the question a panel asks: its JSON, checked against the
// catalogue, and its filters, compiled. It knows neither Cloudflare's wire nor
// Grafana's frames.
package query

import (
	"fmt"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// Format is the shape of the answer.
type Format string

// The formats of the contract.
const (
	FormatTable      Format = "table"
	FormatTimeSeries Format = "time_series"
	FormatLogs       Format = "logs"
)

// Formats lists every format.
var Formats = []Format{FormatTable, FormatTimeSeries, FormatLogs}

// FormatsOf are those that answers of a query type can have.
func FormatsOf(q *catalogue.QueryType) []Format {
	if len(q.Formats) == 0 {
		return Formats
	}
	formats := make([]Format, len(q.Formats))
	for i, name := range q.Formats {
		formats[i] = Format(name)
	}
	return formats
}

// Limits that hold for every query.
const (
	DefaultLimit = 1000
	// MaxFilters, MaxValues, MaxValueLength and MaxPatternLength keep one query's
	// work, and the address it makes upstream, bounded.
	MaxFilters       = 50
	MaxValues        = 1000
	MaxValueLength   = 2048
	MaxPatternLength = 1000
	// MaxBuckets is Grafana's customary number of points in a series.
	MaxBuckets = 11000
)

// InvalidError says what is wrong with a query and what is allowed instead. Its
// text is for the person who wrote the query.
type InvalidError struct{ Message string }

func (e *InvalidError) Error() string { return e.Message }

func invalid(format string, args ...any) error {
	return &InvalidError{Message: fmt.Sprintf(format, args...)}
}

// Request is a checked query. It is read-only once made.
type Request struct {
	Type    *catalogue.QueryType
	Format  Format
	Filters []*Filter
	// GroupBy are the fields to count by. A time series without any is one
	// series; a table without any is a plain table.
	GroupBy []*catalogue.Field
	// Fields are the columns of a plain table in their order; empty means all.
	// Other says whether the column with unknown keys is asked for by name.
	Fields []*catalogue.Field
	Other  bool
	// Labels are the fields that log lines have as labels, LabelOther whether the
	// unknown keys are one; without any all are.
	Labels     []*catalogue.Field
	LabelOther bool
	Ascending  bool
	// Measure is the field whose different values are counted in place of events; nil
	// for events. Without GroupBy a table of it is one number.
	Measure *catalogue.Field
	// Having keeps groups by their measure; nil for all.
	Having *Having
	// FirstSeen and Sequence keep some of the events that pass the filters; at most
	// one of them is set.
	FirstSeen *FirstSeen
	Sequence  *Sequence
	// Compare sets a time series beside its own past; nil where it stands alone. Shift
	// is how much earlier than Range the buckets of such a past lie; 0 for what users ask.
	Compare *Compare
	Shift   time.Duration
	// Part is the name of the one part asked for; empty for all. Only query types
	// whose answers have parts have one.
	Part string
	// Limit is the most rows of a plain table or logs, or groups of a grouped
	// table. It is 0 for time series, which are never cut.
	Limit int
	// Range is the panel's. A time series covers whole buckets: see Needed.
	Range interval.Interval
	// Interval is the length of a bucket; 0 unless Format is time_series.
	Interval time.Duration
	// FromAlert is set for alert evaluations, which must be complete or fail.
	FromAlert bool
	// MaxRows bounds the events that are scanned below the data source's own bound,
	// for who asks on behalf of another question and would rather have a part than
	// wait; 0 for what users ask.
	MaxRows int
	// AsSent is set by who has no use for names that rows don't come with: the list of
	// them costs a call. Filters on names still need it.
	AsSent bool
	// Unpushed is set by who knows that it is of no use to have Cloudflare filter.
	Unpushed bool
	// Disguise is what is shown of values where identities are masked; nil where they
	// are not. What is counted is counted by it.
	Disguise func(field *catalogue.Field, value string) string
}

// Show is what the answer shows of a personal value that stands in a text.
func (r *Request) Show(value string) string {
	if r.Disguise == nil {
		return value
	}
	return r.Disguise(personal, value)
}

// personal stands for a field whose values are masked.
var personal = &catalogue.Field{Personal: true}

// Grouped says whether the answer counts events instead of listing them.
func (r *Request) Grouped() bool {
	return r.Format == FormatTimeSeries || len(r.GroupBy) > 0 || r.Measure != nil
}

// Filtered are the fields that the answer is filtered by, by the steps of a sequence
// as well.
func (r *Request) Filtered() []*catalogue.Field {
	filters := slices.Clone(r.Filters)
	if r.Sequence != nil {
		filters = append(filters, r.Sequence.Filters()...)
	}
	fields := make([]*catalogue.Field, len(filters))
	for i, f := range filters {
		fields[i] = f.Field
	}
	return fields
}

// Needed is the range whose events are needed: the panel's own, or for a time
// series that of its whole buckets, as much earlier as Shift says.
func (r *Request) Needed() interval.Interval {
	if r.Format != FormatTimeSeries {
		return r.Range
	}
	bucket, shift := int64(r.Interval), int64(r.Shift)
	return interval.Interval{From: interval.Floor(r.Range.From, bucket) - shift, To: interval.Floor(r.Range.To-1, bucket) + bucket - shift}
}

// Buckets is the number of whole buckets of a time series: from the one that
// holds the start of Range to the one that holds its end.
func (r *Request) Buckets() int { return int(r.Needed().Length() / int64(r.Interval)) }
