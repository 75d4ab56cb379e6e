// Package columnar holds events column by column: how rows are decoded into
// columns, packed into immutable chunks, matched by filters, numbered by group
// and read out again. It knows neither where events come from nor how long they
// are kept.
package columnar

import (
	"slices"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Layout says which column keeps which key of an upstream row. Derived fields
// are not kept: they are computed from their source when read. The last column
// keeps, as one JSON object, the keys that the catalogue does not know.
type Layout struct {
	queryType *catalogue.QueryType
	fields    []*catalogue.Field
	byName    map[string]int
	keys      map[string]*node
	// verdicts are the columns in which null is no value that can be read: a boolean
	// has no empty one, and an event whose outcome is null is not one without an
	// outcome. Cloudflare documents neither as nullable.
	verdicts []bool
	// names are those of the account's lists by which name fields are read.
	names map[string]*query.Names
	// weighted rows stand for a number of events each.
	weighted bool
	// timeless rows are all of one instant, as they have no time of their own.
	timeless bool
}

// node is a key of an upstream row: where its value goes, or what is in it.
type node struct {
	target *target
	inner  map[string]*node
}

// target is a column and the rank of the path that leads to it: where a field
// has several paths, the first one that has a value wins.
type target struct {
	column, rank int
	field        *catalogue.Field
}

// timeColumn is where a layout sends the field that places a row in time, and
// noColumn stands for a field that the layout does not keep.
const (
	timeColumn = -1
	noColumn   = -2
)

// NewLayout keeps all fields of a query type.
func NewLayout(q *catalogue.QueryType) *Layout { return newLayout(q, q.Fields, false) }

// NewGroupLayout keeps some fields of a query type whose rows are groups: each
// stands for a number of events.
func NewGroupLayout(q *catalogue.QueryType, fields []*catalogue.Field) *Layout {
	return newLayout(q, fields, true)
}

func newLayout(q *catalogue.QueryType, fields []*catalogue.Field, weighted bool) *Layout {
	l := &Layout{queryType: q, byName: map[string]int{}, keys: map[string]*node{}, weighted: weighted, timeless: q.Inventory}
	// Rows of the same time are in the order of their columns. A mask must not be seen
	// through by that, so personal values decide last, after the IDs of rows.
	fields = slices.Clone(fields)
	slices.SortStableFunc(fields, func(a, b *catalogue.Field) int { return order(a.Personal) - order(b.Personal) })
	for _, f := range fields {
		if len(f.Paths()) == 0 {
			continue
		}
		column := timeColumn
		if f.Name != q.TimeFieldName {
			column = len(l.fields)
			l.fields = append(l.fields, f)
		}
		l.byName[f.Name] = column
		for rank, path := range f.Paths() {
			l.add(strings.Split(path, "."), &target{column, rank, f})
		}
	}
	l.verdicts = make([]bool, l.width())
	outcome, _ := q.Field(q.Outcome.Field)
	for column, f := range l.fields {
		l.verdicts[column] = f.Kind == catalogue.KindBoolean || outcome != nil && outcome.Derived != nil && outcome.Derived.From == f.Name
	}
	return l
}

func order(last bool) int {
	if last {
		return 1
	}
	return 0
}

func (l *Layout) add(path []string, t *target) {
	keys := l.keys
	for i, key := range path {
		n := keys[key]
		if n == nil {
			n = &node{inner: map[string]*node{}}
			keys[key] = n
		}
		if i == len(path)-1 {
			n.target = t
		}
		keys = n.inner
	}
}

// Named is the layout whose fields that are names of IDs are read by the names of
// the account's lists. Without them the IDs stand for themselves: chunks keep IDs
// only, as names change.
func (l *Layout) Named(names map[string]*query.Names) *Layout {
	named := *l
	named.names = names
	return &named
}

// Weighted says whether a row stands for a number of events.
func (l *Layout) Weighted() bool { return l.weighted }

// width is the number of columns, that of the unknown keys included.
func (l *Layout) width() int { return len(l.fields) + 1 }

// other is the column of the unknown keys.
func (l *Layout) other() int { return len(l.fields) }

// reader gives a field's values from the columns.
type reader struct {
	column  int
	derived *catalogue.Derived
	names   *query.Names
	spare   *reader
}

func (l *Layout) reader(f *catalogue.Field) reader {
	source, derived := f.Name, f.Derived
	switch {
	case len(f.Paths()) > 0: // a name that most rows have themselves, or what was added to them
		derived = nil
	case derived != nil:
		source = derived.From
	}
	column, ok := l.byName[source]
	if !ok {
		column = noColumn
	}
	return reader{column, derived, l.names[f.NamesFrom()], l.spare(f)}
}

// Keeps says whether the rows can tell a field's value.
func (l *Layout) Keeps(f *catalogue.Field) bool {
	return l.reader(f).column != noColumn || f.Derived.IsConstant()
}

// cell turns what the column holds into the field's value.
func (r reader) cell(c query.Cell) query.Cell {
	if r.derived == nil {
		return c
	}
	return query.Derive(r.derived, c, r.names)
}
