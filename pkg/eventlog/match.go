package eventlog

import (
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// judgement of a value by a filter. A row whose key is absent cannot be judged,
// unless the field is one that events may lack.
type judgement uint8

const (
	fails judgement = iota
	passes
	unjudgedFails
	unjudgedPasses
)

// bound is a filter with the way to its field's values.
type bound struct {
	filter *query.Filter
	reader reader
	// trusted keeps a row that lacks the key: only Cloudflare can have judged it.
	trusted bool
}

// matcher applies a query's filters to chunks. It is used by one goroutine.
type matcher struct {
	bounds []bound
	codes  []uint32
	state  []judgement
	rows   []uint32
}

// newMatcher leaves out filters on fields that events do not carry: they are
// answered upstream or not at all.
func newMatcher(l *layout, filters []*query.Filter) *matcher {
	m := &matcher{}
	for _, f := range filters {
		if !f.Field.FilterOnly {
			m.bounds = append(m.bounds, bound{filter: f, reader: l.reader(f.Field)})
		}
	}
	return m
}

// match returns the rows of a chunk, from lo to hi, that pass all filters, and how
// many rows that pass otherwise lack a key that a filter needs. The slice holds
// until the next call.
func (m *matcher) match(c *chunk, lo, hi int) (rows []uint32, unjudged int) {
	m.rows = m.rows[:0]
	if len(m.bounds) == 0 {
		for i := lo; i < hi; i++ {
			m.rows = append(m.rows, uint32(i))
		}
		return m.rows, 0
	}
	state := m.state[:0]
	for range hi - lo {
		state = append(state, passes)
	}
	m.state = state
	for i := range m.bounds {
		m.apply(&m.bounds[i], c, lo, hi)
	}
	for i, s := range m.state {
		if s == passes || s == unjudgedPasses {
			m.rows = append(m.rows, uint32(lo+i))
		}
		if s >= unjudgedFails {
			unjudged++
		}
	}
	return m.rows, unjudged
}

func (m *matcher) apply(b *bound, c *chunk, lo, hi int) {
	switch b.reader.column {
	case timeColumn:
		for i := range m.state {
			if m.state[i] != fails && !b.filter.MatchTime(instant(c.times[lo+i])) {
				m.state[i] = fails
			}
		}
		return
	case noColumn:
		v := b.reader.constant()
		if !b.filter.Match(v.Text, v.Valid) {
			clear(m.state)
		}
		return
	}
	col := &c.cols[b.reader.column]
	table := b.table(col)
	m.codes = col.expand(m.codes, lo, hi)
	for i, code := range m.codes {
		if m.state[i] == fails {
			continue
		}
		j := table[code]
		if code == codeRay {
			j = b.judge(col.cell(code, lo+i))
		}
		m.state[i] = combine(m.state[i], j)
	}
}

// table judges each entry of a column's dictionary once.
func (b *bound) table(col *column) []judgement {
	table := make([]judgement, int(codeFirst)+col.dict.len())
	for code := range table {
		if uint32(code) != codeRay {
			table[code] = b.judge(col.cell(uint32(code), 0))
		}
	}
	if !b.filter.Field.Optional {
		if table[codeAbsent] == passes || b.trusted {
			table[codeAbsent] = unjudgedPasses
		} else {
			table[codeAbsent] = unjudgedFails
		}
	}
	return table
}

func (b *bound) judge(c Cell) judgement {
	v := b.reader.cell(c)
	if b.filter.Match(v.Text, v.Valid) {
		return passes
	}
	return fails
}

// combine joins the judgements of two filters: a clear failure settles it.
func combine(a, b judgement) judgement {
	switch {
	case a == fails || b == fails:
		return fails
	case a == unjudgedFails || b == unjudgedFails:
		return unjudgedFails
	case a == unjudgedPasses || b == unjudgedPasses:
		return unjudgedPasses
	}
	return passes
}
