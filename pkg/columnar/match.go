package columnar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// condition is a filter with the way to its field's values.
type condition struct {
	filter *query.Filter
	reader reader
}

// Matcher applies filters to chunks. It is used by one goroutine.
type Matcher struct {
	conditions []condition
	work       *query.Work
	codes      []uint32
	passes     []bool
	rows       []uint32
}

// NewMatcher makes a Matcher of the filters whose fields the layout keeps: the
// others are Cloudflare's to apply.
func NewMatcher(l *Layout, filters ...*query.Filter) *Matcher {
	m := &Matcher{}
	for _, f := range filters {
		if l.Keeps(f.Field) {
			m.conditions = append(m.conditions, condition{f, l.reader(f.Field)})
		}
	}
	return m
}

// On has the Matcher spend from a query's work. Once that has ended, no row passes:
// whoever uses the rows must look at its Err.
func (m *Matcher) On(w *query.Work) *Matcher {
	m.work = w
	return m
}

// Match returns the rows of a run that pass all filters. The slice holds until
// the next call.
func (m *Matcher) Match(r Run) []uint32 {
	m.rows = m.rows[:0]
	if !m.work.Spend(int64(r.Rows())) {
		return m.rows
	}
	if r.picked != nil {
		m.rows = append(m.rows, r.picked...)
		return m.rows
	}
	if len(m.conditions) == 0 {
		m.rows = slices.Grow(m.rows, r.Rows())[:r.Rows()]
		for i := range m.rows {
			m.rows[i] = uint32(r.Lo + i)
		}
		return m.rows
	}
	m.passes = m.passes[:0]
	for range r.Rows() {
		m.passes = append(m.passes, true)
	}
	for i := range m.conditions {
		if !m.apply(&m.conditions[i], r) {
			return m.rows
		}
	}
	for i, passes := range m.passes {
		if passes {
			m.rows = append(m.rows, uint32(r.Lo+i))
		}
	}
	return m.rows
}

// apply takes out the rows that do not pass; it is false where the work has ended.
func (m *Matcher) apply(c *condition, r Run) bool {
	switch c.reader.column {
	case timeColumn:
		if !m.work.Spend(c.filter.Cost(0) * int64(r.Rows())) {
			return false
		}
		for i := range m.passes {
			m.passes[i] = m.passes[i] && c.filter.MatchTime(interval.Instant(r.times[r.Lo+i]))
		}
		return true
	case noColumn: // a constant
		if !c.judge(query.Cell{}) {
			clear(m.passes)
		}
		return true
	}
	col := c.reader.of(r.Chunk)
	table, ok := m.table(c, col)
	if !ok {
		return false
	}
	m.codes = col.expand(m.codes, r.Lo, r.Hi)
	for i, code := range m.codes {
		switch {
		case !m.passes[i]:
		case code != codeRay:
			m.passes[i] = table[code]
		case m.work.Spend(c.filter.Cost(rayDigits)):
			m.passes[i] = c.judge(col.cell(code, r.Lo+i))
		default:
			return false
		}
	}
	return true
}

// table judges each entry of a column's dictionary once.
func (m *Matcher) table(c *condition, col *column) (table []bool, ok bool) {
	table = make([]bool, int(codeFirst)+col.dict.len())
	for i := range table {
		code := uint32(i)
		if code == codeRay {
			continue
		}
		cell := col.cell(code, 0)
		if !m.work.Spend(c.filter.Cost(len(cell.Text))) {
			return nil, false
		}
		table[code] = c.judge(cell)
	}
	return table, true
}

func (c *condition) judge(cell query.Cell) bool {
	v := c.reader.cell(cell)
	return c.filter.Match(v.Text, v.Valid)
}

// Absent says that no row of the runs has the key that a field is read from.
func (l *Layout) Absent(f *catalogue.Field, runs []Run) bool {
	own := l.reader(f)
	if own.column < 0 {
		return false
	}
	for _, r := range runs {
		col := own.of(r.Chunk)
		for row := r.Lo; row < r.Hi; row++ {
			if col.code(row) != codeAbsent {
				return false
			}
		}
	}
	return true
}

// Unreadable are the fields of which a row of the runs has a value that is not of
// the field's kind, or that says nothing of a field derived from it: whatever is
// filtered or counted by them can be wrong.
func (l *Layout) Unreadable(runs []Run) []*catalogue.Field {
	var out []*catalogue.Field
	for _, f := range l.queryType.Fields {
		r := l.reader(f)
		if r.column < 0 {
			continue
		}
		if slices.ContainsFunc(runs, func(run Run) bool { return run.doubts(r) }) {
			out = append(out, f)
		}
	}
	return out
}

// doubts says whether a row has a value that a reader cannot read: each entry of the
// dictionary is judged once, and rows are only looked at where one is in doubt.
func (r Run) doubts(reader reader) bool {
	col := &r.cols[reader.column]
	doubted := func(code uint32) bool { return col.unreadable(code) }
	if reader.derived != nil {
		doubted = func(code uint32) bool {
			return !col.unreadable(code) && !query.Understood(reader.derived, col.cell(code, 0))
		}
	} else if !col.doubtful {
		return false
	}
	codes := map[uint32]bool{}
	for i := range col.dict.len() {
		if code := codeFirst + uint32(i); doubted(code) {
			codes[code] = true
		}
	}
	for row := r.Lo; row < r.Hi && len(codes) > 0; row++ {
		if codes[col.code(row)] {
			return true
		}
	}
	return false
}

// NewestValue is the field's value in the newest row that has a readable one, and
// that row's instant. The runs are oldest first.
func (l *Layout) NewestValue(f *catalogue.Field, runs []Run) (value string, at int64, ok bool) {
	r := l.reader(f)
	if r.column < 0 {
		return "", 0, false
	}
	for _, run := range slices.Backward(runs) {
		col := r.of(run.Chunk)
		for row := run.Hi - 1; row >= run.Lo; row-- {
			code := col.code(row)
			if c := r.cell(col.cell(code, row)); c.Valid && strings.TrimSpace(c.Text) != "" && !col.unreadable(code) {
				return c.Text, run.times[row], true
			}
		}
	}
	return "", 0, false
}

// RowKey is a text that only rows share that agree in everything.
func (c *Chunk) RowKey(row int) string {
	var b strings.Builder
	b.WriteString(strconv.FormatInt(c.times[row], 10))
	for i := range c.cols {
		cell := c.cols[i].cell(c.cols[i].code(row), row)
		fmt.Fprintf(&b, " %t%d:%s", cell.Valid, len(cell.Text), cell.Text)
	}
	return b.String()
}
