package eventlog

import (
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

// timeColumn is where a layout sends the field that places a row in time.
const timeColumn = -1

// layout says which column keeps which key of an upstream row. Derived fields
// are not kept: they are computed from their source when read. The last column
// keeps, as one JSON object, the keys that the catalogue does not know.
type layout struct {
	queryType *catalogue.QueryType
	fields    []*catalogue.Field
	byName    map[string]int
	keys      map[string]target
	nested    map[string]map[string]target
}

// target is a column and the rank of the path that leads to it: where a field
// has several paths, the first one that has a value wins.
type target struct{ column, rank int }

func newLayout(q *catalogue.QueryType) *layout {
	l := &layout{queryType: q, byName: map[string]int{}, keys: map[string]target{}, nested: map[string]map[string]target{}}
	for _, f := range q.Fields {
		if len(f.Path) == 0 {
			continue
		}
		column := timeColumn
		if f.Name != q.TimeFieldName {
			column = len(l.fields)
			l.byName[f.Name] = column
			l.fields = append(l.fields, f)
		}
		for rank, path := range f.Path {
			l.add(path, target{column, rank})
		}
	}
	return l
}

func (l *layout) add(path string, t target) {
	object, key, nested := strings.Cut(path, ".")
	if !nested {
		l.keys[path] = t
		return
	}
	if l.nested[object] == nil {
		l.nested[object] = map[string]target{}
	}
	l.nested[object][key] = t
}

// width is the number of columns, that of the unknown keys included.
func (l *layout) width() int { return len(l.fields) + 1 }

// other is the column of the unknown keys.
func (l *layout) other() int { return len(l.fields) }

// reader gives a field's values from the columns.
type reader struct {
	// column is timeColumn for the time, and noColumn where there is none.
	column  int
	derived *catalogue.Derived
}

const noColumn = -2

func (l *layout) reader(f *catalogue.Field) reader {
	if f.Name == l.queryType.TimeFieldName {
		return reader{column: timeColumn}
	}
	if f.Derived == nil {
		if c, ok := l.byName[f.Name]; ok {
			return reader{column: c}
		}
		return reader{column: noColumn}
	}
	if c, ok := l.byName[f.Derived.From]; ok {
		return reader{column: c, derived: f.Derived}
	}
	return reader{column: noColumn, derived: f.Derived}
}

// cell turns what the column holds into the field's value.
func (r reader) cell(c Cell) Cell {
	if r.derived == nil {
		return c
	}
	if r.derived.Constant != "" {
		return Cell{r.derived.Constant, true}
	}
	if !c.Valid {
		return Cell{}
	}
	if text, ok := r.derived.Values[c.Text]; ok {
		return Cell{text, true}
	}
	if r.derived.Otherwise != nil {
		return Cell{*r.derived.Otherwise, true}
	}
	return Cell{}
}

// constant is the value of a field that no column holds.
func (r reader) constant() Cell { return r.cell(Cell{}) }
