package eventlog

import (
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// ref is a row of a chunk.
type ref struct {
	chunk *chunk
	row   uint32
}

// tally is what was found while rows were listed or counted.
type tally struct {
	// rows pass the filters; unjudged ones lack a key that a filter needs;
	// ungrouped ones lack a key that they are grouped by.
	rows, unjudged, ungrouped int64
	newest                    int64
	// more says that the limit cut rows, or groups.
	more bool
}

// pick finds the rows that pass, in the order asked for, up to the limit.
func pick(r *query.Request, m *matcher, v view) ([]ref, tally) {
	most := v.rows()
	if r.Limit > 0 {
		most = min(most, r.Limit)
	}
	if len(m.bounds) > 0 {
		most = 0 // filters may leave few
	}
	refs := make([]ref, 0, most)
	var t tally
	for i := range v.parts {
		p := v.parts[i]
		if !r.Ascending {
			p = v.parts[len(v.parts)-1-i]
		}
		rows, unjudged := m.match(p.rows, p.lo, p.hi)
		t.unjudged += int64(unjudged)
		if !r.Ascending {
			slices.Reverse(rows)
		}
		for _, row := range rows {
			if r.Limit > 0 && len(refs) == r.Limit {
				t.more = true
				break
			}
			refs = append(refs, ref{p.rows, row})
		}
		if t.more {
			break
		}
	}
	t.rows = int64(len(refs))
	for _, at := range refs {
		t.newest = max(t.newest, at.chunk.times[at.row])
	}
	return refs, t
}

// newTable makes the columns of the rows.
func newTable(r *query.Request, l *layout, refs []ref) *Table {
	fields := r.Fields
	if len(fields) == 0 && !r.Other {
		fields = r.Type.Columns(false)
	}
	t := &Table{Times: make([]time.Time, len(refs)), Columns: make([]Column, len(fields))}
	for i, at := range refs {
		t.Times[i] = instant(at.chunk.times[at.row])
	}
	for i, f := range fields {
		t.Columns[i] = columnOf(f, l.reader(f), refs)
	}
	if r.Other || len(r.Fields) == 0 {
		t.Other = othersOf(l.other(), refs, r.Other)
	}
	return t
}

// columnOf reads a field of the rows. Rows of the same chunk share the values of
// its dictionary; each is looked at once.
func columnOf(f *catalogue.Field, r reader, refs []ref) Column {
	out := Column{Field: f}
	switch r.column {
	case timeColumn:
		return out
	case noColumn:
		out.Values, out.Codes = []Cell{r.constant()}, make([]uint32, len(refs))
		return out
	}
	out.Codes = make([]uint32, len(refs))
	var rays rayTexts
	var from *chunk
	// seen has, for each code of the chunk, 1 + where its value stands.
	var seen []uint32
	for i, at := range refs {
		col := &at.chunk.cols[r.column]
		if at.chunk != from {
			from = at.chunk
			seen = slices.Grow(seen[:0], int(codeFirst)+col.dict.len())[:int(codeFirst)+col.dict.len()]
			clear(seen)
		}
		code := col.code(int(at.row))
		if code == codeRay && r.derived == nil {
			if rays.digits == nil { // almost every row has one
				rays.grow(len(refs) - i)
				out.Values = slices.Grow(out.Values, len(refs)-i)
			}
			out.Codes[i] = uint32(len(out.Values))
			rays.add(len(out.Values), col.rays[at.row])
			out.Values = append(out.Values, Cell{Valid: true})
			continue
		}
		if code == codeRay || seen[code] == 0 {
			out.Values = append(out.Values, r.cell(col.cell(code, int(at.row))))
			seen[code] = uint32(len(out.Values))
		}
		out.Codes[i] = seen[code] - 1
	}
	rays.fill(out.Values)
	return out
}

// rayTexts writes the texts of many Ray IDs into one piece of memory.
type rayTexts struct {
	values []int
	digits []byte
}

func (r *rayTexts) grow(n int) {
	r.values, r.digits = make([]int, 0, n), make([]byte, 0, n*rayDigits)
}

func (r *rayTexts) add(value int, ray uint64) {
	r.values = append(r.values, value)
	r.digits = appendRay(r.digits, ray)
}

func (r *rayTexts) fill(values []Cell) {
	all := string(r.digits)
	for i, value := range r.values {
		values[value].Text = all[i*rayDigits : (i+1)*rayDigits]
	}
}

// othersOf is nil if no row has unknown keys, unless the column was asked for.
func othersOf(column int, refs []ref, asked bool) []string {
	var texts []string
	if asked {
		texts = make([]string, len(refs))
	}
	for i, at := range refs {
		col := &at.chunk.cols[column]
		text := col.cell(col.code(int(at.row)), int(at.row)).Text
		if text == "" {
			continue
		}
		if texts == nil {
			texts = make([]string, len(refs))
		}
		texts[i] = text
	}
	return texts
}
