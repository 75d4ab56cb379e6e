package eventlog

import (
	"slices"
	"time"

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
	var refs []ref
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
		t.Columns[i] = Column{Field: f, Cells: cellsOf(l.reader(f), refs, t.Times)}
	}
	if r.Other || len(r.Fields) == 0 {
		t.Other = othersOf(l.other(), refs, r.Other)
	}
	return t
}

func cellsOf(r reader, refs []ref, times []time.Time) []Cell {
	cells := make([]Cell, len(refs))
	switch r.column {
	case timeColumn:
		for i, at := range times {
			cells[i] = Cell{at.Format(time.RFC3339Nano), true}
		}
	case noColumn:
		for i := range cells {
			cells[i] = r.constant()
		}
	default:
		for i, at := range refs {
			col := &at.chunk.cols[r.column]
			cells[i] = r.cell(col.cell(col.code(int(at.row)), int(at.row)))
		}
	}
	return cells
}

// othersOf is nil if no row has unknown keys, unless the column was asked for.
func othersOf(column int, refs []ref, asked bool) []string {
	texts := make([]string, len(refs))
	any := asked
	for i, at := range refs {
		col := &at.chunk.cols[column]
		texts[i] = col.cell(col.code(int(at.row)), int(at.row)).Text
		any = any || texts[i] != ""
	}
	if !any {
		return nil
	}
	return texts
}
