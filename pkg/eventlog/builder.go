package eventlog

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

// Codes that no dictionary entry has. An absent key differs from null: a filter
// cannot judge a row that lacks the key.
const (
	codeAbsent uint32 = iota
	codeNull
	codeRay // the value is in the column's rays
	codeFirst
)

// errNotList says that an answer's result is not a list of rows.
var errNotList = errors.New("the answer holds no list of events")

// dictBuilder gives each text of a column a code. raw remembers the JSON that a
// text was read from, so that a value is normalised once.
type dictBuilder struct {
	kind  catalogue.Kind
	raw   map[string]uint32
	codes map[string]uint32
	texts []string
}

func (d *dictBuilder) code(v gjson.Result) uint32 {
	if v.Type == gjson.Null {
		return codeNull
	}
	if c, ok := d.raw[v.Raw]; ok {
		return c
	}
	c := d.textCode(normalize(d.kind, v))
	d.raw[strings.Clone(v.Raw)] = c
	return c
}

func (d *dictBuilder) textCode(text string) uint32 {
	if c, ok := d.codes[text]; ok {
		return c
	}
	c := codeFirst + uint32(len(d.texts))
	text = strings.Clone(text)
	d.codes[text] = c
	d.texts = append(d.texts, text)
	return c
}

// builder collects decoded rows, column by column. It is used by one goroutine.
type builder struct {
	layout *layout
	dicts  []dictBuilder
	times  []int64
	codes  [][]uint32
	// rays has the Ray IDs of the column rayColumn, noColumn if there is none.
	rays      []uint64
	rayColumn int
	// guess are the keys of the row before: rows of one feed look alike.
	guess []keyTarget
	row   []slot
	extra []extraKey
}

type keyTarget struct {
	key    string
	target target
	known  bool
}

// slot is what the row at hand has for a column. rank is one more than the rank
// of the path it came from.
type slot struct {
	code uint32
	ray  uint64
	rank int
}

type extraKey struct{ name, raw string }

func newBuilder(l *layout) *builder {
	b := &builder{layout: l, rayColumn: noColumn, dicts: make([]dictBuilder, l.width()), codes: make([][]uint32, l.width()), row: make([]slot, l.width())}
	for i := range b.dicts {
		kind := catalogue.KindJSON
		if i < len(l.fields) {
			kind = l.fields[i].Kind
		}
		if kind == catalogue.KindRayID {
			b.rayColumn = i
		}
		b.dicts[i] = dictBuilder{kind: kind, raw: map[string]uint32{}, codes: map[string]uint32{}}
	}
	return b
}

func (b *builder) len() int { return len(b.times) }

// decoded is one page's rows, at builder.times[first:].
type decoded struct {
	first int
	// rows counts all elements, bad those that could not be placed in time.
	rows, bad int
	order     order
	// oldest and newest are set if there is a row with a time.
	oldest, newest int64
}

func (d decoded) placed() int { return d.rows - d.bad }

// order is how a page's rows follow each other: desc says to the nanosecond,
// falls and rises count the steps to an earlier and to a later second, rows all
// steps.
type order struct {
	desc               bool
	falls, rises, rows int
}

func (o *order) next(before, at int64) {
	o.rows++
	o.desc = o.desc && at <= before
	switch then, now := floorTo(before, second), floorTo(at, second); {
	case now < then:
		o.falls++
	case now > then:
		o.rises++
	}
}

// decode appends the rows of an answer's result, which is valid JSON.
func (b *builder) decode(result []byte) (decoded, error) {
	d := decoded{first: b.len(), order: order{desc: true}}
	result = bytes.TrimSpace(result)
	if len(result) == 0 || string(result) == "null" {
		return d, nil
	}
	// The bytes are never changed once the answer has been read.
	list := gjson.Parse(unsafe.String(unsafe.SliceData(result), len(result)))
	if !list.IsArray() {
		return d, errNotList
	}
	list.ForEach(func(_, row gjson.Result) bool {
		d.rows++
		at, ok := b.add(row)
		if !ok {
			d.bad++
			return true
		}
		if n := b.len(); n-d.first == 1 {
			d.oldest, d.newest = at, at
		} else {
			d.order.next(b.times[n-2], at)
			d.oldest, d.newest = min(d.oldest, at), max(d.newest, at)
		}
		return true
	})
	return d, nil
}

func (b *builder) add(row gjson.Result) (at int64, ok bool) {
	if !row.IsObject() {
		return 0, false
	}
	clear(b.row)
	b.extra = b.extra[:0]
	i := 0
	row.ForEach(func(key, v gjson.Result) bool {
		t, known := b.find(i, key.Str)
		i++
		switch {
		case known && t.column == timeColumn:
			at, ok = parseInstant(v)
		case known:
			b.set(t, v)
		case b.layout.nested[key.Str] != nil && v.IsObject():
			if t, ok2 := b.flatten(b.layout.nested[key.Str], v); ok2 {
				at, ok = t, true
			}
		default:
			b.extra = append(b.extra, extraKey{key.Str, v.Raw})
		}
		return true
	})
	if !ok {
		return 0, false
	}
	b.row[b.layout.other()] = slot{code: b.otherCode()}
	b.times = append(b.times, at)
	for c := range b.codes {
		b.codes[c] = append(b.codes[c], b.row[c].code)
	}
	if b.rayColumn != noColumn {
		b.rays = append(b.rays, b.row[b.rayColumn].ray)
	}
	return at, true
}

// find looks a key up; that of the i-th key of the row before comes first.
func (b *builder) find(i int, key string) (target, bool) {
	if i < len(b.guess) && b.guess[i].key == key {
		return b.guess[i].target, b.guess[i].known
	}
	t, known := b.layout.keys[key]
	g := keyTarget{strings.Clone(key), t, known}
	if i < len(b.guess) {
		b.guess[i] = g
	} else if len(b.guess) < 64 {
		b.guess = append(b.guess, g)
	}
	return t, known
}

func (b *builder) set(t target, v gjson.Result) {
	s := &b.row[t.column]
	if s.rank != 0 && (s.code != codeNull && s.rank <= t.rank || v.Type == gjson.Null) {
		return
	}
	s.rank = t.rank + 1
	if t.column == b.rayColumn && v.Type == gjson.String {
		if n, ok := parseRay(v.Str); ok {
			s.code, s.ray = codeRay, n
			return
		}
	}
	s.code = b.dicts[t.column].code(v)
}

func (b *builder) flatten(keys map[string]target, object gjson.Result) (at int64, ok bool) {
	object.ForEach(func(key, v gjson.Result) bool {
		t, known := keys[key.Str]
		switch {
		case !known:
			b.extra = append(b.extra, extraKey{key.Str, v.Raw})
		case t.column == timeColumn:
			at, ok = parseInstant(v)
		default:
			b.set(t, v)
		}
		return true
	})
	return at, ok
}

// otherCode keeps the unknown keys as a JSON object with sorted keys, so that
// equal rows have equal texts. Where a key stands both in the row and in its
// nested object, both are kept.
func (b *builder) otherCode() uint32 {
	if len(b.extra) == 0 {
		return codeAbsent
	}
	slices.SortFunc(b.extra, func(x, y extraKey) int { return cmp.Or(cmp.Compare(x.name, y.name), cmp.Compare(x.raw, y.raw)) })
	var out strings.Builder
	for i, e := range b.extra {
		name := e.name
		if i > 0 && b.extra[i-1].name == e.name {
			name = "_" + name
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			continue // a Go string always has a JSON text
		}
		out.WriteByte("{,"[min(i, 1)])
		out.Write(quoted)
		out.WriteByte(':')
		out.WriteString(e.raw)
	}
	out.WriteByte('}')
	return b.dicts[b.layout.other()].textCode(out.String())
}
