package columnar

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// unreadable begins the text of a value that is not of its field's kind. No UTF-8
// text has this byte, and a text that is not UTF-8 cannot be read either.
const unreadable = "\xff"

// column holds a code a row, in as few bytes as its dictionary needs. Of narrow,
// wide and full one is set; if none is, every row has the code only.
type column struct {
	dict dictionary
	// doubtful says that a text of dict is marked as unreadable.
	doubtful bool
	only     uint32
	narrow   []uint8
	wide     []uint16
	full     []uint32
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
func (k *column) cell(code uint32, row int) query.Cell {
	switch {
	case code == codeRay:
		return query.Cell{Text: rayText(k.rays[row]), Valid: true}
	case code < codeFirst:
		return query.Cell{}
	}
	text, marked := strings.CutPrefix(k.dict.text(int(code-codeFirst)), unreadable)
	return query.Cell{Text: text, Valid: !marked || text != ""}
}

// unreadable says whether a code stands for a value that is not of the field's
// kind.
func (k *column) unreadable(code uint32) bool {
	return k.doubtful && code >= codeFirst && strings.HasPrefix(k.dict.text(int(code-codeFirst)), unreadable)
}

// packColumn keeps the codes of the rows with a dictionary of just the texts
// that they use. It may change codes.
func packColumn(codes []uint32, text func(code uint32) string, most uint32, rays []uint64) column {
	remap := make([]uint32, most)
	remap[codeNull], remap[codeRay] = codeNull, codeRay
	var texts []string
	same, hasRay, doubtful := true, false, false
	for i, code := range codes {
		if code >= codeFirst && remap[code] == 0 {
			remap[code] = codeFirst + uint32(len(texts))
			own := text(code)
			texts = append(texts, own)
			doubtful = doubtful || strings.HasPrefix(own, unreadable)
		}
		codes[i] = remap[code]
		same = same && codes[i] == codes[0]
		hasRay = hasRay || code == codeRay
	}
	k := column{dict: newDictionary(texts), doubtful: doubtful}
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

func joinColumn(k, total int, runs []Run) column {
	codes := make([]uint32, 0, total)
	var scratch []uint32
	var texts []string
	var rays []uint64
	index := map[string]uint32{}
	for _, r := range runs {
		from := &r.cols[k]
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
		scratch = from.expand(scratch, r.Lo, r.Hi)
		for _, code := range scratch {
			codes = append(codes, remap[code])
		}
		rays = joinRays(rays, from.rays, r, len(codes))
	}
	return packColumn(codes, func(code uint32) string { return texts[code-codeFirst] }, codeFirst+uint32(len(texts)), rays)
}

// joinRays appends a run's rays so that there is one for each of rows rows; a
// run without any gets zeros, which no code refers to.
func joinRays(rays, from []uint64, r Run, rows int) []uint64 {
	if from == nil && rays == nil {
		return nil
	}
	rays = append(rays, make([]uint64, rows-r.Rows()-len(rays))...)
	if from == nil {
		return append(rays, make([]uint64, r.Rows())...)
	}
	return append(rays, from[r.Lo:r.Hi]...)
}

// rayDigits is the length of a Ray ID of the usual form.
const rayDigits = 16

// parseRay reads the usual form of a Ray ID, 16 hexadecimal digits.
func parseRay(text string) (uint64, bool) {
	if len(text) != rayDigits || text[0] == '+' {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 16, 64)
	return n, err == nil
}

func appendRay(digits []byte, n uint64) []byte {
	var id [rayDigits / 2]byte
	binary.BigEndian.PutUint64(id[:], n)
	return hex.AppendEncode(digits, id[:])
}

func rayText(n uint64) string { return string(appendRay(nil, n)) }
