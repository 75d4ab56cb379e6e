package columnar

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
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Codes that no dictionary entry has. An absent key differs from null: where no
// row has the key, it cannot be told whether a filter on it holds.
const (
	codeAbsent uint32 = iota
	codeNull
	codeRay // the value is in the column's rays
	codeFirst
)

// ErrNotList says that an answer's result is not a list of rows.
var ErrNotList = errors.New("the answer holds no list of events")

// ErrTooMany says that an answer has more rows than it may have.
var ErrTooMany = errors.New("the answer holds too many events")

// Builder collects decoded rows, column by column. It is used by one goroutine.
type Builder struct {
	layout *Layout
	dicts  []dictBuilder
	times  []int64
	codes  [][]uint32
	// rays has the Ray IDs of the column rayColumn, noColumn if there is none.
	rays      []uint64
	rayColumn int
	weights   []Weight // nil unless the layout is weighted
	// guess are the keys of the row before: rows of one feed look alike.
	guess []guessedKey
	row   []slot
	extra []extraKey
}

// Weight is the number of events that a row stands for, and the interval at which
// Cloudflare sampled them: 1 where it counted all.
type Weight struct {
	Count  int64
	Sample float64
}

type guessedKey struct {
	key  string
	node *node // nil if the catalogue does not know the key
}

// slot is what the row at hand has for a column. rank is one more than the rank
// of the path it came from.
type slot struct {
	code uint32
	ray  uint64
	rank int
}

type extraKey struct{ name, raw string }

// NewBuilder makes an empty Builder.
func NewBuilder(l *Layout) *Builder {
	b := &Builder{layout: l, rayColumn: noColumn, dicts: make([]dictBuilder, l.width()), codes: make([][]uint32, l.width()), row: make([]slot, l.width())}
	for i := range b.dicts {
		b.dicts[i] = dictBuilder{raw: map[string]uint32{}, codes: map[string]uint32{}}
		if i < len(l.fields) {
			b.dicts[i].field = l.fields[i]
			if l.fields[i].Kind == catalogue.KindRayID {
				b.rayColumn = i
			}
		}
	}
	if l.weighted {
		b.weights = []Weight{}
	}
	return b
}

// Len is the number of rows.
func (b *Builder) Len() int { return len(b.times) }

// Bytes is about what the texts of the rows take until they are packed.
func (b *Builder) Bytes() int {
	n := 0
	for i := range b.dicts {
		n += b.dicts[i].bytes
	}
	return n
}

// Times are the instants of the rows from first on.
func (b *Builder) Times(first int) []int64 { return b.times[first:] }

// Page describes one page's rows, which are the builder's from First on.
type Page struct {
	First int
	// Rows counts all elements, Bad those that could not be placed in time.
	Rows, Bad int
	// Descending says that the rows are newest first, to the nanosecond.
	Descending bool
	// Oldest and Newest are set if there is a row with a time.
	Oldest, Newest int64
}

// Placed is the number of rows with a time.
func (p Page) Placed() int { return p.Rows - p.Bad }

// Decode appends the rows of an answer's result, which is valid JSON. Where there
// are more than most, it appends none.
func (b *Builder) Decode(result []byte, most int) (Page, error) {
	p := Page{First: b.Len(), Descending: true}
	result = bytes.TrimSpace(result)
	if len(result) == 0 || string(result) == "null" {
		return p, nil
	}
	// The bytes are never changed once the answer has been read.
	list := gjson.Parse(unsafe.String(unsafe.SliceData(result), len(result)))
	if !list.IsArray() {
		return p, ErrNotList
	}
	list.ForEach(func(_, row gjson.Result) bool {
		if p.Rows++; p.Rows > most {
			return false
		}
		at, ok := b.read(row)
		if !ok {
			p.Bad++
			return true
		}
		b.push(at)
		if n := b.Len(); n-p.First == 1 {
			p.Oldest, p.Newest = at, at
		} else {
			p.Descending = p.Descending && at <= b.times[n-2]
			p.Oldest, p.Newest = min(p.Oldest, at), max(p.Newest, at)
		}
		return true
	})
	if p.Rows > most {
		b.Truncate(p.First)
		return Page{First: p.First}, ErrTooMany
	}
	return p, nil
}

// AddGroup appends a group of events at an instant.
func (b *Builder) AddGroup(dimensions gjson.Result, at int64, w Weight) {
	b.read(dimensions)
	b.push(at)
	b.weights = append(b.weights, w)
}

// read takes in a row. ok is false where it has no time that can be read.
func (b *Builder) read(row gjson.Result) (at int64, ok bool) {
	clear(b.row)
	b.extra = b.extra[:0]
	ok = b.layout.timeless
	i := 0
	row.ForEach(func(key, v gjson.Result) bool {
		n := b.find(i, key.Str)
		i++
		if t, placed := b.take(n, key.Str, v, false); placed {
			at, ok = t, true
		}
		return true
	})
	return at, ok
}

// find looks a key up; that of the i-th key of the row before comes first.
func (b *Builder) find(i int, key string) *node {
	if i < len(b.guess) && b.guess[i].key == key {
		return b.guess[i].node
	}
	g := guessedKey{strings.Clone(key), b.layout.keys[key]}
	if i < len(b.guess) {
		b.guess[i] = g
	} else if len(b.guess) < 64 {
		b.guess = append(b.guess, g)
	}
	return g.node
}

// take puts a value where it belongs, and returns it if it is the row's time. An
// object that a field keeps whole can have parts that other fields keep; what else
// is within is kept already.
func (b *Builder) take(n *node, key string, v gjson.Result, kept bool) (at int64, placed bool) {
	switch {
	case n == nil, n.target == nil && !v.IsObject():
		if !kept {
			b.extra = append(b.extra, extraKey{key, v.Raw})
		}
		if n != nil && v.Type != gjson.Null {
			b.doubt(n)
		}
		return 0, false
	case n.target != nil && n.target.column == timeColumn:
		t, err := query.ParseInstant(n.target.field, plain(v))
		return t.UnixNano(), err == nil
	case n.target != nil:
		b.set(n.target, v)
		kept = true
	}
	if kept && len(n.inner) == 0 || !v.IsObject() {
		return 0, false
	}
	v.ForEach(func(key, v gjson.Result) bool {
		if t, ok := b.take(n.inner[key.Str], key.Str, v, kept); ok {
			at, placed = t, true
		}
		return true
	})
	return at, placed
}

// doubt marks the fields within a value that is not the object that they stand in:
// they are not empty, but unreadable.
func (b *Builder) doubt(n *node) {
	if t := n.target; t != nil && t.column != timeColumn && b.row[t.column].rank == 0 {
		b.row[t.column].code = b.dicts[t.column].textCode(unreadable)
	}
	for _, inner := range n.inner {
		b.doubt(inner)
	}
}

func (b *Builder) push(at int64) {
	b.row[b.layout.other()] = slot{code: b.otherCode()}
	b.times = append(b.times, at)
	for c := range b.codes {
		code := b.row[c].code
		if code == codeNull && b.layout.verdicts[c] {
			code = b.dicts[c].textCode(unreadable)
		}
		b.codes[c] = append(b.codes[c], code)
	}
	if b.rayColumn != noColumn {
		b.rays = append(b.rays, b.row[b.rayColumn].ray)
	}
}

func (b *Builder) set(t *target, v gjson.Result) {
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

// otherCode keeps the unknown keys as a JSON object with sorted keys, so that
// equal rows have equal texts. Where a key stands both in the row and in its
// nested object, both are kept.
func (b *Builder) otherCode() uint32 {
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
