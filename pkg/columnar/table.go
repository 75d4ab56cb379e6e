package columnar

import (
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Ref is a row of a chunk.
type Ref struct {
	Chunk *Chunk
	Row   uint32
}

// Time is the instant of the row.
func (r Ref) Time() int64 { return r.Chunk.times[r.Row] }

// Table reads fields of rows. other asks for the column of the unknown keys: always,
// or where it is not asked for by name only if a row has any.
func (l *Layout) Table(fields []*catalogue.Field, refs []Ref, other, named bool) *answer.Table {
	t := &answer.Table{Times: make([]time.Time, len(refs)), Columns: make([]answer.Column, len(fields))}
	for i, at := range refs {
		t.Times[i] = interval.Instant(at.Time())
	}
	for i, f := range fields {
		t.Columns[i] = columnOf(f, l.reader(f), refs)
	}
	if other {
		t.Other = othersOf(l.other(), refs, named)
	}
	return t
}

// columnOf reads a field of the rows. Rows of the same chunk share the values of
// its dictionary; each is looked at once.
func columnOf(f *catalogue.Field, r reader, refs []Ref) answer.Column {
	out := answer.Column{Field: f}
	switch r.column {
	case timeColumn:
		return out
	case noColumn:
		out.Values, out.Codes = []query.Cell{r.cell(query.Cell{})}, make([]uint32, len(refs))
		return out
	}
	out.Codes = make([]uint32, len(refs))
	var rays rayTexts
	var from *Chunk
	// seen has, for each code of the chunk, 1 + where its value stands.
	var seen []uint32
	var col *column
	for i, at := range refs {
		if at.Chunk != from {
			from, col = at.Chunk, r.of(at.Chunk)
			seen = slices.Grow(seen[:0], int(codeFirst)+col.dict.len())[:int(codeFirst)+col.dict.len()]
			clear(seen)
		}
		code := col.code(int(at.Row))
		if code == codeRay && r.derived == nil {
			if rays.digits == nil { // almost every row has one
				rays.grow(len(refs) - i)
				out.Values = slices.Grow(out.Values, len(refs)-i)
			}
			out.Codes[i] = uint32(len(out.Values))
			rays.add(len(out.Values), col.rays[at.Row])
			out.Values = append(out.Values, query.Cell{Valid: true})
			continue
		}
		if code == codeRay || seen[code] == 0 {
			out.Values = append(out.Values, r.cell(col.cell(code, int(at.Row))))
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

func (r *rayTexts) fill(values []query.Cell) {
	all := string(r.digits)
	for i, value := range r.values {
		values[value].Text = all[i*rayDigits : (i+1)*rayDigits]
	}
}

// othersOf is nil if no row has unknown keys, unless the column was asked for.
func othersOf(column int, refs []Ref, asked bool) []string {
	var texts []string
	if asked {
		texts = make([]string, len(refs))
	}
	for i, at := range refs {
		col := &at.Chunk.cols[column]
		text := col.cell(col.code(int(at.Row)), int(at.Row)).Text
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
