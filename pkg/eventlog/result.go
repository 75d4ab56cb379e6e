// Package eventlog keeps what Cloudflare said: windows of events, the slices
// they are fetched in, what covers them and what does not, and how they are
// filtered, counted and cut. It knows neither Grafana's frames nor which
// address an event came from.
package eventlog

import (
	"cmp"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

// Cell is a value in its normalised text: country codes in upper case, Ray IDs
// in lower case, booleans as true and false, times as RFC 3339. Valid is false
// where the event has no such value.
type Cell struct {
	Text  string
	Valid bool
}

// Column holds one field of the rows of a Table: the values that occur, and for
// each row where its value stands among them. A value may stand there more than
// once. The field that places events in time has neither: Table.Times has it.
type Column struct {
	Field  *catalogue.Field
	Values []Cell
	Codes  []uint32
}

// NewColumn makes a column from a cell a row.
func NewColumn(f *catalogue.Field, cells []Cell) Column {
	c := Column{Field: f, Codes: make([]uint32, len(cells))}
	codes := map[Cell]uint32{}
	for i, cell := range cells {
		code, ok := codes[cell]
		if !ok {
			code = uint32(len(c.Values))
			codes[cell] = code
			c.Values = append(c.Values, cell)
		}
		c.Codes[i] = code
	}
	return c
}

// Table is a list of events in the order asked for. Times has each event's
// instant, Columns their fields in the order asked for. Other is nil, or each
// event's unknown keys as a JSON object ("" where there are none).
type Table struct {
	Times   []time.Time
	Columns []Column
	Other   []string
	// Counts is nil, or for groups of GraphQL the events that each row stands for.
	Counts []int64
}

// Cell is the value of a row in a column of the table.
func (t *Table) Cell(column *Column, row int) Cell {
	if column.Codes == nil {
		return Cell{t.Times[row].Format(time.RFC3339Nano), true}
	}
	return column.Values[column.Codes[row]]
}

// Group is a combination of values of the grouping fields and its events.
type Group struct {
	Key   []Cell
	Count int64
}

// Groups counts events by Fields, largest count first, then by key.
type Groups struct {
	Fields []*catalogue.Field
	Rows   []Group
}

// SeriesGroup has a count for each bucket.
type SeriesGroup struct {
	Key    []Cell
	Counts []int64
}

// Series counts events by bucket and by Fields: bucket i starts at
// Start + i × Interval. A group has as many counts as there are buckets.
type Series struct {
	Fields   []*catalogue.Field
	Start    time.Time
	Interval time.Duration
	Buckets  int
	Groups   []SeriesGroup
}

// Reason says why an answer is not complete.
type Reason string

// Reasons for an answer that does not hold all that was asked for.
const (
	ReasonLimit      Reason = "limit"      // the query's limit cut rows
	ReasonMaxRows    Reason = "max_rows"   // the data source's maxRows ended the scan
	ReasonRetention  Reason = "retention"  // Cloudflare no longer has a part of the range
	ReasonRateLimit  Reason = "rate_limit" // the budget or Cloudflare refused a call
	ReasonUpstream   Reason = "upstream"   // a part of the range failed at Cloudflare
	ReasonUnverified Reason = "unverified" // a filter could not be checked against the rows
	ReasonBadRows    Reason = "bad_rows"   // rows could not be placed in time
	ReasonPageSize   Reason = "page_size"  // more groups in an instant than Cloudflare gives
	ReasonTimeout    Reason = "timeout"    // the caller's deadline came first
)

// Coverage says how much of the question the answer covers. It is in every
// frame as meta.custom.coverage.
type Coverage struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Complete bool      `json:"complete"`
	Reason   Reason    `json:"reason,omitempty"`
	// Rows are the events in the answer: listed, or counted.
	Rows int64 `json:"rows"`
	// UpstreamCalls were made for this query; calls that it shared with another
	// query count for the one that made them.
	UpstreamCalls int `json:"upstreamCalls"`
	// SavedCalls is how many more there would have been without the event log.
	SavedCalls int   `json:"savedCalls"`
	CachedRows int64 `json:"cachedRows"`
	// CachedAt is when the oldest cached part was fetched.
	CachedAt *time.Time `json:"cachedAt,omitempty"`
	// FilteredHere names the fields whose filters the data source applied alone.
	FilteredHere []string `json:"filteredHere"`
	// Sampled says that Cloudflare counted a sample; SampleInterval is its own
	// average interval, 1 where nothing was left out.
	Sampled        bool    `json:"sampled"`
	SampleInterval float64 `json:"sampleInterval,omitempty"`
	// RetryAt is when the next call is possible, where a limit stopped this one.
	RetryAt *time.Time `json:"retryAt"`
	// Newest is the time of the newest event in the answer.
	Newest *time.Time `json:"newest,omitempty"`
}

// Severity of a notice.
type Severity int

// Severities, least first.
const (
	Info Severity = iota
	Warning
)

// Notice tells the user what was cut, sampled, refused or not checked, and what
// to narrow.
type Notice struct {
	Severity Severity
	Text     string
}

// Result answers a request. Exactly one of Table, Groups and Series is set.
type Result struct {
	Table    *Table
	Groups   *Groups
	Series   *Series
	Coverage Coverage
	Notices  []Notice
	// Calls are the calls behind the answer as Cloudflare sees them, without
	// secrets, at most a few dozen.
	Calls []string
}

// Incomplete marks the result as not complete and says why. The first reason
// stays: it is the one whose remedy comes first.
func (r *Result) Incomplete(reason Reason, notice string) {
	if r.Coverage.Complete || r.Coverage.Reason == "" {
		r.Coverage.Complete, r.Coverage.Reason = false, reason
	}
	r.Notices = append(r.Notices, Notice{Severity: Warning, Text: notice})
}

// SortGroups puts the largest count first; equal ones are in the order of their
// keys, so that the same events always give the same order.
func SortGroups(rows []Group) {
	slices.SortFunc(rows, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), CompareKeys(a.Key, b.Key))
	})
}

// CompareKeys orders keys of the same fields; an absent value comes first.
func CompareKeys(a, b []Cell) int {
	return slices.CompareFunc(a, b, func(x, y Cell) int {
		if x.Valid != y.Valid {
			if y.Valid {
				return -1
			}
			return 1
		}
		return cmp.Compare(x.Text, y.Text)
	})
}
