package columnar

import (
	"slices"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

// spare is where the value of a row comes from that lacks its own: a name, by the ID
// in another column.
func (l *Layout) spare(f *catalogue.Field) *reader {
	if f.NamesFrom() == "" || len(f.Path) == 0 {
		return nil
	}
	column, ok := l.byName[f.Derived.From]
	names := l.names[f.NamesFrom()]
	if !ok || names == nil {
		return nil
	}
	return &reader{column: column, derived: f.Derived, names: names}
}

// of is the column of a chunk that has the values. Where rows lack theirs and there
// is a spare one, it is made of both.
func (r reader) of(c *Chunk) *column {
	own := &c.cols[r.column]
	if r.spare == nil || !slices.ContainsFunc(own.expand(nil, 0, c.Len()), isNone) {
		return own
	}
	from := &c.cols[r.spare.column]
	codes := own.expand(nil, 0, c.Len())
	texts := make([]string, own.dict.len())
	for i := range texts {
		texts[i] = own.dict.text(i)
	}
	added := map[uint32]uint32{}
	for row, code := range codes {
		id := from.code(row)
		if !isNone(code) || isNone(id) {
			continue
		}
		name, ok := added[id]
		if !ok {
			name = codeFirst + uint32(len(texts))
			added[id] = name
			texts = append(texts, r.spare.cell(from.cell(id, row)).Text)
		}
		codes[row] = name
	}
	merged := packColumn(codes, func(code uint32) string { return texts[code-codeFirst] }, codeFirst+uint32(len(texts)), nil)
	return &merged
}

func isNone(code uint32) bool { return code == codeAbsent || code == codeNull }

// HasIDs says that some row of the runs has an ID that a field needs the name of.
func (l *Layout) HasIDs(f *catalogue.Field, runs []Run) bool {
	column, ok := l.byName[f.Derived.From]
	if !ok {
		return false
	}
	own, hasOwn := l.byName[f.Name]
	for _, r := range runs {
		ids := &r.cols[column]
		needs := make([]bool, int(codeFirst)+ids.dict.len())
		for i := range ids.dict.len() {
			_, known := f.Derived.Values[ids.dict.text(i)]
			needs[int(codeFirst)+i] = !known && ids.dict.text(i) != ""
		}
		for row := r.Lo; row < r.Hi; row++ {
			if needs[ids.code(row)] && (!hasOwn || isNone(r.cols[own].code(row))) {
				return true
			}
		}
	}
	return false
}
