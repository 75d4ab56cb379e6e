package eventlog

import (
	"cmp"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
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

// keyer gives each row the number of its group. Groups of several fields are
// numbered as pairs: of the group so far, and the next field's value.
type keyer struct {
	fields  []*catalogue.Field
	readers []reader
	cells   []ids[Cell]
	rays    []map[uint64]uint32
	pairs   []ids[[2]uint32]
	codes   []uint32
}

func newKeyer(l *layout, fields []*catalogue.Field) *keyer {
	k := &keyer{fields: fields}
	for _, f := range fields {
		k.readers = append(k.readers, l.reader(f))
		k.cells = append(k.cells, newIDs[Cell]())
		k.rays = append(k.rays, map[uint64]uint32{})
		k.pairs = append(k.pairs, newIDs[[2]uint32]())
	}
	return k
}

// keys writes the group of each of the rows into out. ungrouped counts the rows
// that lack a key which events of that kind should have.
func (k *keyer) keys(c *chunk, rows []uint32, out []uint32) (ungrouped int) {
	clear(out)
	lacking := make([]bool, 0)
	for f := range k.fields {
		column := k.readers[f].column
		if column < 0 {
			k.constant(f, c, rows, out)
			continue
		}
		col := &c.cols[column]
		remap := make([]uint32, int(codeFirst)+col.dict.len())
		for code := range remap {
			remap[code] = unnumbered
		}
		watch := !k.fields[f].Optional
		k.codes = col.expand(k.codes, 0, c.len())
		for i, row := range rows {
			code := k.codes[row]
			id := remap[code]
			if id == unnumbered {
				id = k.number(f, col, code, int(row))
				if code != codeRay {
					remap[code] = id
				}
			}
			if code == codeAbsent && watch {
				if len(lacking) == 0 {
					lacking = make([]bool, len(rows))
				}
				lacking[i] = true
			}
			out[i] = k.pair(f, out[i], id)
		}
	}
	for _, l := range lacking {
		if l {
			ungrouped++
		}
	}
	return ungrouped
}

const unnumbered = ^uint32(0)

func (k *keyer) number(f int, col *column, code uint32, row int) uint32 {
	if code != codeRay {
		return k.cells[f].of(k.readers[f].cell(col.cell(code, row)))
	}
	ray := col.rays[row]
	id, ok := k.rays[f][ray]
	if !ok {
		id = k.cells[f].of(k.readers[f].cell(col.cell(code, row)))
		k.rays[f][ray] = id
	}
	return id
}

// constant numbers fields that no column holds: the time, and constants.
func (k *keyer) constant(f int, c *chunk, rows []uint32, out []uint32) {
	for i, row := range rows {
		cell := k.readers[f].constant()
		if k.readers[f].column == timeColumn {
			cell = Cell{instant(c.times[row]).Format(time.RFC3339Nano), true}
		}
		out[i] = k.pair(f, out[i], k.cells[f].of(cell))
	}
}

func (k *keyer) pair(f int, before, id uint32) uint32 {
	if f == 0 {
		return id
	}
	return k.pairs[f].of([2]uint32{before, id})
}

// key is the cells of a group.
func (k *keyer) key(group uint32) []Cell {
	key := make([]Cell, len(k.fields))
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

// countGroups counts the rows that pass, by group.
func countGroups(r *query.Request, l *layout, m *matcher, v view) (*Groups, tally) {
	var t tally
	k := newKeyer(l, r.GroupBy)
	var counts []int64
	var keys []uint32
	for _, p := range v.parts {
		rows, unjudged := m.match(p.rows, p.lo, p.hi)
		t.book(p, rows, unjudged)
		keys = slices.Grow(keys[:0], len(rows))[:len(rows)]
		t.ungrouped += int64(k.keys(p.rows, rows, keys))
		for _, key := range keys {
			for int(key) >= len(counts) {
				counts = append(counts, 0)
			}
			counts[key]++
		}
	}
	g := &Groups{Fields: r.GroupBy, Rows: make([]Group, len(counts))}
	for i, n := range counts {
		g.Rows[i] = Group{Key: k.key(uint32(i)), Count: n}
	}
	slices.SortFunc(g.Rows, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), CompareKeys(a.Key, b.Key))
	})
	if r.Limit > 0 && len(g.Rows) > r.Limit {
		g.Rows, t.more = g.Rows[:r.Limit:r.Limit], true
	}
	return g, t
}

func (t *tally) book(p viewPart, rows []uint32, unjudged int) {
	t.unjudged += int64(unjudged)
	t.rows += int64(len(rows))
	if n := len(rows); n > 0 {
		t.newest = max(t.newest, p.rows.times[rows[n-1]])
	}
}

// countSeries counts the rows that pass, by bucket and group.
func countSeries(r *query.Request, l *layout, m *matcher, v view) (*Series, tally, error) {
	var t tally
	k := newKeyer(l, r.GroupBy)
	start, interval, buckets := r.Span().Start().UnixNano(), int64(r.Interval), r.Buckets()
	var counts [][]int64
	var keys []uint32
	for _, p := range v.parts {
		rows, unjudged := m.match(p.rows, p.lo, p.hi)
		t.book(p, rows, unjudged)
		keys = slices.Grow(keys[:0], len(rows))[:len(rows)]
		t.ungrouped += int64(k.keys(p.rows, rows, keys))
		bucket, end := 0, start+interval
		for i, row := range rows {
			if at := p.rows.times[row]; at >= end {
				bucket = int((at - start) / interval)
				end = start + int64(bucket+1)*interval
			}
			for int(keys[i]) >= len(counts) {
				if (len(counts)+1)*buckets > maxSeriesCells {
					return nil, t, tooManyGroups(len(counts), buckets)
				}
				counts = append(counts, make([]int64, buckets))
			}
			counts[keys[i]][bucket]++
		}
	}
	groups := make([]SeriesGroup, len(counts))
	for i, n := range counts {
		groups[i] = SeriesGroup{Key: k.key(uint32(i)), Counts: n}
	}
	return NewSeries(r, groups), t, nil
}
