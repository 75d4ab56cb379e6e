package eventlog

import (
	"math/bits"
	"slices"
	"sort"
	"strings"
	"unsafe"
)

// chunk is a finished, immutable run of rows, oldest first, column by column.
// It holds its own dictionaries, so that dropping it frees all it needs.
type chunk struct {
	layout *layout
	times  []int64
	cols   []column
}

// column holds a code a row, in as few bytes as its dictionary needs. Of narrow,
// wide and full one is set; if none is, every row has the code only.
type column struct {
	dict   dictionary
	only   uint32
	narrow []uint8
	wide   []uint16
	full   []uint32
	// rays has the values of the rows whose code is codeRay.
	rays []uint64
}

// dictionary holds texts behind each other; ends[i] is where text i ends.
type dictionary struct {
	blob string
	ends []uint32
}

func (d *dictionary) len() int { return len(d.ends) }

func (d *dictionary) text(i int) string {
	start := uint32(0)
	if i > 0 {
		start = d.ends[i-1]
	}
	return d.blob[start:d.ends[i]]
}

func newDictionary(texts []string) dictionary {
	d := dictionary{blob: strings.Join(texts, ""), ends: make([]uint32, len(texts))}
	end := 0
	for i, t := range texts {
		end += len(t)
		d.ends[i] = uint32(end)
	}
	return d
}

func (c *chunk) len() int { return len(c.times) }

// chunkOverhead is what a chunk takes beside its slices' elements.
const chunkOverhead = int(unsafe.Sizeof(chunk{}) + unsafe.Sizeof(segment{}))

// size is the memory that the chunk takes, in bytes, with a little for what the
// log and Go's allocator keep of each of its parts.
func (c *chunk) size() int64 {
	n := int64(chunkOverhead) + allocated(8*cap(c.times)) + allocated(int(unsafe.Sizeof(column{}))*cap(c.cols))
	for i := range c.cols {
		k := &c.cols[i]
		n += allocated(len(k.dict.blob)) + allocated(4*cap(k.dict.ends)) +
			allocated(cap(k.narrow)) + allocated(2*cap(k.wide)) + allocated(4*cap(k.full)) + allocated(8*cap(k.rays))
	}
	return n + n/32
}

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

// code is the code of a row.
func (k *column) code(row int) uint32 {
	switch {
	case k.narrow != nil:
		return uint32(k.narrow[row])
	case k.wide != nil:
		return uint32(k.wide[row])
	case k.full != nil:
		return k.full[row]
	}
	return k.only
}

// expand writes the codes of rows lo to hi into out, which is grown if need be.
func (k *column) expand(out []uint32, lo, hi int) []uint32 {
	out = slices.Grow(out[:0], hi-lo)[:hi-lo]
	switch {
	case k.narrow != nil:
		for i, c := range k.narrow[lo:hi] {
			out[i] = uint32(c)
		}
	case k.wide != nil:
		for i, c := range k.wide[lo:hi] {
			out[i] = uint32(c)
		}
	case k.full != nil:
		copy(out, k.full[lo:hi])
	default:
		for i := range out {
			out[i] = k.only
		}
	}
	return out
}

// cell is the value of a code; row is needed for Ray IDs.
func (k *column) cell(code uint32, row int) Cell {
	switch {
	case code == codeRay:
		return Cell{rayText(k.rays[row]), true}
	case code < codeFirst:
		return Cell{}
	}
	return Cell{k.dict.text(int(code - codeFirst)), true}
}

// rows are the indices of the rows in a span.
func (c *chunk) rows(s span) (lo, hi int) {
	lo = sort.Search(len(c.times), func(i int) bool { return c.times[i] >= s.from })
	hi = sort.Search(len(c.times), func(i int) bool { return c.times[i] >= s.to })
	return lo, hi
}

// packColumn keeps the codes of the rows with a dictionary of just the texts
// that they use. It may change codes.
func packColumn(codes []uint32, text func(code uint32) string, most uint32, rays []uint64) column {
	remap := make([]uint32, most)
	remap[codeNull], remap[codeRay] = codeNull, codeRay
	var texts []string
	same, hasRay := true, false
	for i, code := range codes {
		if code >= codeFirst && remap[code] == 0 {
			remap[code] = codeFirst + uint32(len(texts))
			texts = append(texts, text(code))
		}
		codes[i] = remap[code]
		same = same && codes[i] == codes[0]
		hasRay = hasRay || code == codeRay
	}
	k := column{dict: newDictionary(texts)}
	if hasRay {
		k.rays = rays
	}
	switch top := len(texts) + int(codeFirst); {
	case len(codes) == 0:
	case same:
		k.only = codes[0]
	case top <= 1<<8:
		k.narrow = make([]uint8, len(codes))
		for i, c := range codes {
			k.narrow[i] = uint8(c)
		}
	case top <= 1<<16:
		k.wide = make([]uint16, len(codes))
		for i, c := range codes {
			k.wide[i] = uint16(c)
		}
	default:
		k.full = slices.Clone(codes)
	}
	return k
}

// freeze sorts the rows, drops those that agree in everything with another one,
// and packs them. repeats is how many were dropped. The builder is empty after.
func (b *builder) freeze() (c *chunk, repeats int) {
	order := make([]uint32, b.len())
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, b.compare)
	order = slices.CompactFunc(order, func(x, y uint32) bool { return b.compare(x, y) == 0 })
	repeats = b.len() - len(order)
	c = &chunk{layout: b.layout, times: make([]int64, len(order)), cols: make([]column, len(b.codes))}
	for i, row := range order {
		c.times[i] = b.times[row]
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
		d.raw, d.codes, d.texts = map[string]uint32{}, map[string]uint32{}, nil
	}
	b.truncate(0)
	return c, repeats
}

// part is a run of a chunk's rows.
type part struct {
	chunk  *chunk
	lo, hi int
}

// join packs runs of rows that follow each other in time into one chunk.
func join(l *layout, parts ...part) *chunk {
	total := 0
	for _, p := range parts {
		total += p.hi - p.lo
	}
	c := &chunk{layout: l, times: make([]int64, 0, total), cols: make([]column, l.width())}
	for _, p := range parts {
		c.times = append(c.times, p.chunk.times[p.lo:p.hi]...)
	}
	codes := make([]uint32, 0, total)
	var scratch []uint32
	for k := range c.cols {
		var texts []string
		var rays []uint64
		index := map[string]uint32{}
		codes = codes[:0]
		for _, p := range parts {
			from := &p.chunk.cols[k]
			remap := make([]uint32, int(codeFirst)+from.dict.len())
			remap[codeNull], remap[codeRay] = codeNull, codeRay
			for i := range from.dict.len() {
				text := from.dict.text(i)
				code, ok := index[text]
				if !ok {
					code = codeFirst + uint32(len(texts))
					index[text] = code
					texts = append(texts, text)
				}
				remap[int(codeFirst)+i] = code
			}
			scratch = from.expand(scratch, p.lo, p.hi)
			for _, code := range scratch {
				codes = append(codes, remap[code])
			}
			rays = joinRays(rays, from.rays, p, len(codes))
		}
		c.cols[k] = packColumn(codes, func(code uint32) string { return texts[code-codeFirst] }, codeFirst+uint32(len(texts)), rays)
	}
	return c
}

// joinRays appends a run's rays so that there is one for each of rows rows; a
// run without any gets zeros, which no code refers to.
func joinRays(rays, from []uint64, p part, rows int) []uint64 {
	if from == nil && rays == nil {
		return nil
	}
	before := rows - (p.hi - p.lo)
	rays = append(rays, make([]uint64, before-len(rays))...)
	if from == nil {
		return append(rays, make([]uint64, p.hi-p.lo)...)
	}
	return append(rays, from[p.lo:p.hi]...)
}
