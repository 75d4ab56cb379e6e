package detect

import (
	"math"
	"slices"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Events are those that a detection is about.
type Events struct {
	Layout *columnar.Layout
	// Matching makes the matcher of some filters, for the query's own and those of steps.
	Matching func(filters ...*query.Filter) *columnar.Matcher
	// Passing lets the events through that the query is about.
	Passing *columnar.Matcher
	// Show is what a mask shows of a value, nil without one. Values that are shown
	// alike are alike.
	Show func(f *catalogue.Field, value string) string
	// Known is the first instant whose events are all there, From the first one whose
	// events are asked for: those before it only decide about those from it on.
	Known, From int64
}

// FirstSeen picks the events before which no other with the same values came within
// the history. It is used by one goroutine.
type FirstSeen struct {
	events  Events
	history int64
	keyer   *columnar.Keyer
	groups  []uint32
	// last is when the last event of each group was.
	last []int64
}

// NewFirstSeen knows of no event yet.
func NewFirstSeen(q *query.FirstSeen, e Events) *FirstSeen {
	return &FirstSeen{events: e, history: int64(q.History), keyer: columnar.NewKeyer(e.Layout, q.By, e.Show)}
}

// never is when the last event was of a group without any.
const never = math.MinInt64

// Pick gives the rows of a run that are the first of their kind. The runs come in
// order, oldest first.
func (f *FirstSeen) Pick(run columnar.Run) []uint32 {
	rows := f.events.Passing.Match(run)
	f.groups = slices.Grow(f.groups[:0], len(rows))[:len(rows)]
	f.keyer.Number(run.Chunk, rows, f.groups)
	var picked []uint32
	for i, row := range rows {
		at, group := run.Time(int(row)), f.groups[i]
		for int(group) >= len(f.last) {
			f.last = append(f.last, never)
		}
		if f.last[group] < at-f.history && at >= f.events.From {
			picked = append(picked, row)
		}
		f.last[group] = at
	}
	return picked
}
