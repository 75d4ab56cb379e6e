// Package answer is what every query type answers with: a table, groups or a
// series of counts, or several parts, what they cover, and notices. It knows neither how the events
// were fetched nor Grafana's frames.
package answer

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Column holds one field of the rows of a Table: the values that occur, and for
// each row where its value stands among them. A value may stand there more than
// once. The field that places events in time has neither: Table.Times has it.
type Column struct {
	Field  *catalogue.Field
	Values []query.Cell
	Codes  []uint32
}

// NewColumn makes a column from a cell a row.
func NewColumn(f *catalogue.Field, cells []query.Cell) Column {
	c := Column{Field: f, Codes: make([]uint32, len(cells))}
	codes := map[query.Cell]uint32{}
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
	// Matches is nil, or has the sequence that each event ends.
	Matches []Match
}

// Match is a sequence of events: when its first one was, and of how many it consists.
type Match struct {
	Start  time.Time
	Events int64
}

// Cell is the value of a row in a column of the table.
func (t *Table) Cell(column *Column, row int) query.Cell {
	if column.Codes == nil {
		return query.Cell{Text: t.Times[row].Format(time.RFC3339Nano), Valid: true}
	}
	return column.Values[column.Codes[row]]
}

// Group is a combination of values of the grouping fields and its events.
type Group struct {
	Key   []query.Cell
	Count int64
}

// Groups counts events by Fields, largest count first, then by key.
type Groups struct {
	Fields []*catalogue.Field
	Rows   []Group
}

// SeriesGroup has a count for each bucket. Where the series is compared with its own
// past, each bucket has a baseline and a deviation too; NaN where there is none.
type SeriesGroup struct {
	Key                 []query.Cell
	Counts              []int64
	Baseline, Deviation []float64
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

// Part is one of several tables that an answer consists of.
type Part struct {
	Name    string
	Columns []Column
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

// Result answers a request. Exactly one of Table, Groups, Series and Parts is set.
type Result struct {
	Table    *Table
	Groups   *Groups
	Series   *Series
	Parts    []Part
	Coverage Coverage
	Notices  []Notice
	// Scanned is the number of rows that were looked at, before filters.
	Scanned int
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
func CompareKeys(a, b []query.Cell) int {
	return slices.CompareFunc(a, b, func(x, y query.Cell) int {
		if x.Valid != y.Valid {
			if y.Valid {
				return -1
			}
			return 1
		}
		return cmp.Compare(x.Text, y.Text)
	})
}

// Inform adds a notice on what is good to know.
func (r *Result) Inform(format string, args ...any) {
	r.Notices = append(r.Notices, Notice{Severity: Info, Text: fmt.Sprintf(format, args...)})
}
