package columnar

import (
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// ids numbers values in the order in which they are met.
type ids[K comparable] struct {
	byValue map[K]uint32
	values  []K
}

func newIDs[K comparable]() ids[K] { return ids[K]{byValue: map[K]uint32{}} }

func (n *ids[K]) of(v K) uint32 {
	id, ok := n.byValue[v]
	if !ok {
		id = uint32(len(n.values))
		n.byValue[v] = id
		n.values = append(n.values, v)
	}
	return id
}

// Keyer gives each row the number of its group. Groups of several fields are
// numbered as pairs: of the group so far, and the next field's value.
type Keyer struct {
	fields []*catalogue.Field
	// show is what a mask shows of a value, nil without one. Groups are those of what
	// is shown: neither their number nor their order tells more.
	show    func(f *catalogue.Field, value string) string
	readers []reader
	cells   []ids[query.Cell]
	rays    []map[uint64]uint32
	pairs   []pairs
	codes   []uint32
}

// NewKeyer numbers groups by fields. show is what a mask shows of a value, nil
// without one.
func NewKeyer(l *Layout, fields []*catalogue.Field, show func(f *catalogue.Field, value string) string) *Keyer {
	k := &Keyer{fields: fields, show: show}
	for _, f := range fields {
		k.readers = append(k.readers, l.reader(f))
		k.cells = append(k.cells, newIDs[query.Cell]())
		k.rays = append(k.rays, map[uint64]uint32{})
		k.pairs = append(k.pairs, pairs{})
	}
	return k
}

// Number writes the group of each of a chunk's rows into out.
func (k *Keyer) Number(c *Chunk, rows []uint32, out []uint32) {
	clear(out)
	for f := range k.fields {
		column := k.readers[f].column
		if column < 0 {
			k.apart(f, c, rows, out)
			continue
		}
		col := k.readers[f].of(c)
		remap := make([]uint32, int(codeFirst)+col.dict.len())
		for code := range remap {
			remap[code] = unnumbered
		}
		k.codes = col.expand(k.codes, 0, c.Len())
		for i, row := range rows {
			code := k.codes[row]
			id := remap[code]
			if id == unnumbered {
				id = k.number(f, col, code, int(row))
				if code != codeRay {
					remap[code] = id
				}
			}
			if f == 0 {
				out[i] = id
			} else if group := k.pairs[f].known(out[i], id); group != unnumbered {
				out[i] = group
			} else {
				out[i] = k.pairs[f].of(out[i], id)
			}
		}
	}
}

const unnumbered = ^uint32(0)

func (k *Keyer) number(f int, col *column, code uint32, row int) uint32 {
	if code != codeRay {
		return k.of(f, k.readers[f].cell(col.cell(code, row)))
	}
	ray := col.rays[row]
	id, ok := k.rays[f][ray]
	if !ok {
		id = k.of(f, k.readers[f].cell(col.cell(code, row)))
		k.rays[f][ray] = id
	}
	return id
}

// of numbers a value. An absent one is the empty one.
func (k *Keyer) of(f int, cell query.Cell) uint32 {
	cell.Valid = true
	if k.show != nil {
		cell.Text = k.show(k.fields[f], cell.Text)
	}
	return k.cells[f].of(cell)
}

// apart numbers fields that no column holds: the time, and constants.
func (k *Keyer) apart(f int, c *Chunk, rows []uint32, out []uint32) {
	for i, row := range rows {
		cell := k.readers[f].cell(query.Cell{})
		if k.readers[f].column == timeColumn {
			cell = query.Cell{Text: interval.Instant(c.times[row]).Format(time.RFC3339Nano), Valid: true}
		}
		out[i] = k.pair(f, out[i], k.of(f, cell))
	}
}

func (k *Keyer) pair(f int, before, id uint32) uint32 {
	if f == 0 {
		return id
	}
	return k.pairs[f].of(before, id)
}

// Key is the values of a group, as they are shown.
func (k *Keyer) Key(group uint32) []query.Cell {
	key := make([]query.Cell, len(k.fields))
	for f := len(key) - 1; f >= 0; f-- {
		id := group
		if f > 0 {
			pair := k.pairs[f].values[group]
			group, id = pair[0], pair[1]
		}
		key[f] = k.cells[f].values[id]
	}
	return key
}

// Counter numbers the rows that a Matcher lets through by group, and adds up what
// they stand for. It is used by one goroutine.
type Counter struct {
	matcher *Matcher
	keyer   *Keyer
	groups  []uint32
	// Events that pass, the sum of their sample intervals, and the instant of the
	// newest row.
	Events  int64
	Sampled float64
	Newest  int64
}

// NewCounter counts by fields; without any all events are one group. show is what a
// mask shows of a value, nil without one.
func NewCounter(l *Layout, m *Matcher, fields []*catalogue.Field, show func(f *catalogue.Field, value string) string) *Counter {
	return &Counter{matcher: m, keyer: NewKeyer(l, fields, show)}
}

// Key is the values of a group, as they are shown.
func (c *Counter) Key(group uint32) []query.Cell { return c.keyer.Key(group) }

// Next gives the rows of a run that pass and the group of each. The slices hold
// until the next call.
func (c *Counter) Next(r Run) (rows, groups []uint32) {
	rows = c.matcher.Match(r)
	c.groups = slices.Grow(c.groups[:0], len(rows))[:len(rows)]
	c.keyer.Number(r.Chunk, rows, c.groups)
	if n := len(rows); n > 0 {
		c.Newest = max(c.Newest, r.times[rows[n-1]])
	}
	if r.weights == nil {
		c.Events += int64(len(rows))
		return rows, c.groups
	}
	for _, row := range rows {
		n := r.RowEvents(row)
		c.Events += n
		c.Sampled += r.weights[row].Sample * float64(n)
	}
	return rows, c.groups
}
