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

// Match returns the rows of a run that pass all filters. The slice holds until
// the next call.
func (m *Matcher) Match(r Run) []uint32 {
	m.rows = m.rows[:0]
	if len(m.conditions) == 0 {
		for row := r.Lo; row < r.Hi; row++ {
			m.rows = append(m.rows, uint32(row))
		}
		return m.rows
	}
	m.passes = m.passes[:0]
	for range r.Rows() {
		m.passes = append(m.passes, true)
	}
	for i := range m.conditions {
		m.apply(&m.conditions[i], r)
	}
	for i, passes := range m.passes {
		if passes {
			m.rows = append(m.rows, uint32(r.Lo+i))
		}
	}
	return m.rows
}

func (m *Matcher) apply(c *condition, r Run) {
	switch c.reader.column {
	case timeColumn:
		for i := range m.passes {
			m.passes[i] = m.passes[i] && c.filter.MatchTime(interval.Instant(r.times[r.Lo+i]))
		}
		return
	case noColumn: // a constant
		if !c.judge(query.Cell{}) {
			clear(m.passes)
		}
		return
	}
	col := c.reader.of(r.Chunk)
	table := c.table(col)
	m.codes = col.expand(m.codes, r.Lo, r.Hi)
	for i, code := range m.codes {
		switch {
		case !m.passes[i]:
		case code == codeRay:
			m.passes[i] = c.judge(col.cell(code, r.Lo+i))
		default:
			m.passes[i] = table[code]
		}
	}
}

// table judges each entry of a column's dictionary once.
func (c *condition) table(col *column) []bool {
	table := make([]bool, int(codeFirst)+col.dict.len())
	for code := range table {
		if uint32(code) != codeRay {
			table[code] = c.judge(col.cell(uint32(code), 0))
		}
	}
	return table
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

// NewestValue is the field's value in the newest row that has one, and that row's
// instant. The runs are oldest first.
func (l *Layout) NewestValue(f *catalogue.Field, runs []Run) (value string, at int64, ok bool) {
	r := l.reader(f)
	if r.column < 0 {
		return "", 0, false
	}
	for _, run := range slices.Backward(runs) {
		col := r.of(run.Chunk)
		for row := run.Hi - 1; row >= run.Lo; row-- {
			if c := r.cell(col.cell(col.code(row), row)); c.Valid && strings.TrimSpace(c.Text) != "" {
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
