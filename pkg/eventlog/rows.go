package eventlog

import "cmp"

// keep drops the rows from first on that are not in the span.
func (b *builder) keep(first int, s span) {
	n := first
	for i := first; i < len(b.times); i++ {
		if !s.contains(b.times[i]) {
			continue
		}
		if n != i {
			b.move(i, n)
		}
		n++
	}
	b.truncate(n)
}

func (b *builder) move(from, to int) {
	b.times[to] = b.times[from]
	for c := range b.codes {
		b.codes[c][to] = b.codes[c][from]
	}
	if b.rayColumn != noColumn {
		b.rays[to] = b.rays[from]
	}
}

func (b *builder) truncate(n int) {
	b.times = b.times[:n]
	for c := range b.codes {
		b.codes[c] = b.codes[c][:n]
	}
	if b.rayColumn != noColumn {
		b.rays = b.rays[:n]
	}
}

// compare orders rows by time, then by their values. Two rows that compare as
// equal agree in everything that Cloudflare sent.
func (b *builder) compare(x, y uint32) int {
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

func (b *builder) text(column int, code uint32) string {
	if code < codeFirst {
		return ""
	}
	return b.dicts[column].texts[code-codeFirst]
}
