package columnar

import (
	"cmp"
	"encoding/binary"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// Keep drops the rows from first on that are not in the interval.
func (b *Builder) Keep(first int, i interval.Interval) {
	b.filter(first, func(row int) bool { return i.Contains(b.times[row]) })
}

// DropSeen drops the rows from first on whose like is in seen, and adds the
// others to it. Two rows are alike if they agree in everything that Cloudflare
// sent.
func (b *Builder) DropSeen(first int, seen map[string]struct{}) {
	b.filter(first, func(row int) bool {
		before := len(seen)
		seen[b.Key(row)] = struct{}{}
		return len(seen) > before
	})
}

func (b *Builder) filter(first int, keep func(row int) bool) {
	n := first
	for row := first; row < len(b.times); row++ {
		if keep(row) {
			b.move(row, n)
			n++
		}
	}
	b.Truncate(n)
}

func (b *Builder) move(from, to int) {
	if from == to {
		return
	}
	b.times[to] = b.times[from]
	for c := range b.codes {
		b.codes[c][to] = b.codes[c][from]
	}
	if b.rayColumn != noColumn {
		b.rays[to] = b.rays[from]
	}
	if b.weights != nil {
		b.weights[to] = b.weights[from]
	}
}

// Truncate drops the rows from n on.
func (b *Builder) Truncate(n int) {
	b.times = b.times[:n]
	for c := range b.codes {
		b.codes[c] = b.codes[c][:n]
	}
	if b.rayColumn != noColumn {
		b.rays = b.rays[:n]
	}
	if b.weights != nil {
		b.weights = b.weights[:n]
	}
}

// Key has everything that Cloudflare sent of a row. It holds until Freeze.
func (b *Builder) Key(row int) string {
	key := binary.AppendVarint(make([]byte, 0, 48), b.times[row])
	for _, codes := range b.codes {
		key = binary.AppendUvarint(key, uint64(codes[row]))
	}
	if b.rayColumn != noColumn {
		key = binary.AppendUvarint(key, b.rays[row])
	}
	return string(key)
}

// compare orders rows by time, then by their values. Rows that compare as equal
// agree in everything that Cloudflare sent but their weights.
func (b *Builder) compare(x, y uint32) int {
	if c := cmp.Compare(b.times[x], b.times[y]); c != 0 {
		return c
	}
	for column, codes := range b.codes {
		if column == b.rayColumn && codes[x] == codeRay && codes[y] == codeRay {
			if c := cmp.Compare(b.rays[x], b.rays[y]); c != 0 {
				return c
			}
			continue
		}
		if codes[x] == codes[y] {
			continue
		}
		if c := cmp.Compare(b.text(column, codes[x]), b.text(column, codes[y])); c != 0 {
			return c
		}
		return cmp.Compare(codes[x], codes[y])
	}
	return 0
}

func (b *Builder) text(column int, code uint32) string {
	if code < codeFirst {
		return ""
	}
	return b.dicts[column].texts[code-codeFirst]
}
