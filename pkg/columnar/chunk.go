package columnar

import (
	"math/bits"
	"slices"
	"sort"
	"unsafe"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// Chunk is a finished, immutable run of rows, oldest first, column by column.
// It holds its own dictionaries, so that dropping it frees all it needs.
type Chunk struct {
	layout *Layout
	times  []int64
	cols   []column
	// weights is nil where each row is one event.
	weights []Weight
}

// Len is the number of rows.
func (c *Chunk) Len() int { return len(c.times) }

// Time is the instant of a row.
func (c *Chunk) Time(row int) int64 { return c.times[row] }

// Events is the number of events that the rows from lo to hi stand for.
func (c *Chunk) Events(lo, hi int) int64 {
	if c.weights == nil {
		return int64(hi - lo)
	}
	var n int64
	for _, w := range c.weights[lo:hi] {
		n += w.Count
	}
	return n
}

// Size is the memory that the chunk takes, in bytes, with a little for what the
// event log and Go's allocator keep of each of its parts.
func (c *Chunk) Size() int64 {
	n := chunkOverhead + allocated(int(unsafe.Sizeof(Weight{}))*cap(c.weights)) + allocated(8*cap(c.times)) + allocated(int(unsafe.Sizeof(column{}))*cap(c.cols))
	for i := range c.cols {
		k := &c.cols[i]
		n += allocated(len(k.dict.blob)) + allocated(4*cap(k.dict.ends)) +
			allocated(cap(k.narrow)) + allocated(2*cap(k.wide)) + allocated(4*cap(k.full)) + allocated(8*cap(k.rays))
	}
	return n + n/32
}

// chunkOverhead is about what a chunk, and the segment that holds it, take beside
// the elements of their slices.
const chunkOverhead = int64(unsafe.Sizeof(Chunk{})) + 168

// allocated is about what Go takes to hold n bytes: it rounds up to one of eight
// sizes between powers of two, and beyond 32 KiB to whole pages of 8 KiB
// (runtime/sizeclasses.go). That is a tenth of what small chunks take.
func allocated(n int) int64 {
	const large, page = 32 << 10, 8 << 10
	step := page
	if n <= large {
		step = max(1<<bits.Len(uint(max(n-1, 0)))/16, 16)
	}
	return int64((n + step - 1) / step * step)
}

// Run is a run of a chunk's rows, from Lo to Hi.
type Run struct {
	*Chunk
	Lo, Hi int
	// picked are the rows that Only leaves; nil for all.
	picked []uint32
}

// Only is the run without the rows that were not picked, which are in order. Those
// that were have passed every filter, and each is one event, whatever it stood for.
func (r Run) Only(picked []uint32) Run {
	if picked == nil {
		picked = []uint32{}
	}
	r.picked = picked
	return r
}

// RowEvents is the number of events that a row counts for.
func (r Run) RowEvents(row uint32) int64 {
	if r.picked != nil || r.weights == nil {
		return 1
	}
	return r.weights[row].Count
}

// Rows is the number of rows in the run.
func (r Run) Rows() int { return r.Hi - r.Lo }

// Within are the rows in an interval.
func (c *Chunk) Within(i interval.Interval) Run {
	return Run{Chunk: c, Lo: sort.Search(len(c.times), func(row int) bool { return c.times[row] >= i.From }),
		Hi: sort.Search(len(c.times), func(row int) bool { return c.times[row] >= i.To })}
}

// Freeze sorts the rows and packs them. Of rows that agree in everything only one
// is kept: of events they are the same one, and groups of events are added up.
// The Builder is empty after.
func (b *Builder) Freeze() *Chunk {
	order := make([]uint32, b.Len())
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, b.compare)
	order = b.unite(order)
	c := &Chunk{layout: b.layout, times: make([]int64, len(order)), cols: make([]column, len(b.codes))}
	for i, row := range order {
		c.times[i] = b.times[row]
	}
	if b.weights != nil {
		c.weights = make([]Weight, len(order))
		for i, row := range order {
			c.weights[i] = b.weights[row]
		}
	}
	scratch := make([]uint32, len(order))
	for k := range b.codes {
		for i, row := range order {
			scratch[i] = b.codes[k][row]
		}
		var rays []uint64
		if k == b.rayColumn {
			rays = make([]uint64, len(order))
			for i, row := range order {
				rays[i] = b.rays[row]
			}
		}
		d := &b.dicts[k]
		c.cols[k] = packColumn(scratch, func(code uint32) string { return d.texts[code-codeFirst] }, codeFirst+uint32(len(d.texts)), rays)
		d.reset()
	}
	b.Truncate(0)
	return c
}

// unite keeps one row of those that are equal and follow each other, with the
// weight of all.
func (b *Builder) unite(order []uint32) []uint32 {
	kept := order[:0]
	for _, row := range order {
		last := len(kept) - 1
		if last < 0 || b.compare(kept[last], row) != 0 {
			kept = append(kept, row)
		} else if b.weights != nil {
			b.weights[kept[last]] = b.weights[kept[last]].plus(b.weights[row])
		}
	}
	return kept
}

func (w Weight) plus(o Weight) Weight {
	n := w.Count + o.Count
	if n == 0 {
		return w
	}
	return Weight{n, (w.Sample*float64(w.Count) + o.Sample*float64(o.Count)) / float64(n)}
}

// Join packs runs of rows that follow each other in time into one chunk.
func Join(l *Layout, runs ...Run) *Chunk {
	total := 0
	for _, r := range runs {
		total += r.Rows()
	}
	c := &Chunk{layout: l, times: make([]int64, 0, total), cols: make([]column, l.width())}
	for _, r := range runs {
		c.times = append(c.times, r.times[r.Lo:r.Hi]...)
		c.weights = append(c.weights, r.weights[min(r.Lo, len(r.weights)):min(r.Hi, len(r.weights))]...)
	}
	for k := range c.cols {
		c.cols[k] = joinColumn(k, total, runs)
	}
	return c
}
