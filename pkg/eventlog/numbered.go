package eventlog

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
)

// number settles the span by page numbers: it has more rows in an instant than a
// page holds.
func (p *pager) number(ctx context.Context, b *builder, s span, st step) (step, error) {
	b.truncate(st.first)
	p.trying = false
	return p.numberFrom(ctx, b, p.bounds(s), s, st, nil)
}

// numberFrom makes passes over the pages of one request. Pages of one pass can
// overlap or leave out rows, where the order of rows with equal times changes
// between calls; a pass whose pages have as many rows together as were ever seen
// has them all. That holds only as long as all passes ask for the same: what
// other lanes learn meanwhile must not change the request. first is its first
// page, if it was asked for already; its rows are the builder's last ones.
func (p *pager) numberFrom(ctx context.Context, b *builder, request PageRequest, s span, st step, first *decoded) (step, error) {
	st.covered, st.bad = s, 0
	seen := map[string]struct{}{}
	for n, idle := 0, 0; n < maxPasses && idle < maxIdlePasses; n++ {
		before := len(seen)
		total, bad, err := p.pass(ctx, b, request, s, seen, first)
		first = nil
		if idle++; len(seen) > before {
			idle = 0
		}
		st.bad = max(st.bad, bad)
		if errors.Is(err, errPagesRepeat) || errors.Is(err, errPagesDiffer) {
			st.apart, st.fault = s, err
			return st, nil
		}
		if err != nil {
			b.truncate(st.first)
			return st, err
		}
		if total == len(seen) {
			return st, nil
		}
	}
	st.apart, st.fault = s, errPagesDiffer
	return st, nil
}

// pass asks for all pages of a span once and keeps the rows that are new. total
// is the number of rows on all pages. It starts after first, if that is given.
func (p *pager) pass(ctx context.Context, b *builder, request PageRequest, s span, seen map[string]struct{}, first *decoded) (total, bad int, err error) {
	request.Number = 1
	inPass := map[string]struct{}{}
	// listed counts repeated rows, too; cut are those of a page that limit may have
	// cut, where limit bounds all pages together.
	repeated, listed, cut := 0, 0, 0
	if first != nil {
		total, _ = b.dropSeen(first.first, inPass, seen)
		bad, listed = first.bad, first.rows
		request.Number = 2
	}
	for ; request.Number <= maxWalkPages; request.Number++ {
		d, page, err := p.ask(ctx, b, request)
		if err != nil {
			return total, bad, err
		}
		last := p.habits.isLast(d.rows, page.PerPage, func() int { return b.distinct(d) })
		if last && !request.WithoutLimit && !p.habits.limitBoundsAll() && (fills(listed+d.rows, request.Number) || fills(total+b.distinct(d), request.Number)) {
			b.truncate(d.first)
			request.WithoutLimit, cut = true, d.rows
			request.Number--
			continue
		}
		if request.WithoutLimit && d.rows > cut {
			p.habits.learnLimitBoundsAll()
		}
		cut = math.MaxInt
		bad += d.bad
		listed += d.rows
		beyond := d.placed() > 0 && d.newest < floorTo(s.from, second)-2*second && p.habits.sorting(request.Ascending, d.order) == newestFirst
		unique, fresh := b.dropSeen(d.first, inPass, seen)
		total += unique
		if last || beyond {
			return total, bad, nil
		}
		if fresh > 0 {
			repeated = 0
		} else if repeated++; repeated == 2 {
			return total, bad, errPagesRepeat
		}
	}
	return total, bad, errPagesDiffer
}

// fills says whether a number of rows can be all that limit lets through, and
// perhaps a row on each page that was not asked for.
func fills(rows, pages int) bool { return rows >= PageSize && rows%PageSize <= pages }

// dropSeen drops the rows from first on that were seen before. unique is how
// many differ among themselves, fresh how many the pass did not have yet.
func (b *builder) dropSeen(first int, inPass, seen map[string]struct{}) (unique, fresh int) {
	inPage := map[string]struct{}{}
	n := first
	for i := first; i < len(b.times); i++ {
		key := b.key(i)
		inPage[key] = struct{}{}
		if _, ok := inPass[key]; !ok {
			inPass[key] = struct{}{}
			fresh++
		}
		if _, ok := seen[key]; ok {
			continue
		}
		seen[key] = struct{}{}
		if n != i {
			b.move(i, n)
		}
		n++
	}
	b.truncate(n)
	return len(inPage), fresh
}

// distinct counts the rows of a page that differ, and those without a time.
func (b *builder) distinct(d decoded) int {
	keys := make(map[string]struct{}, d.rows)
	for i := d.first; i < b.len(); i++ {
		keys[b.key(i)] = struct{}{}
	}
	return len(keys) + d.bad
}

// key has everything that Cloudflare sent of a row. It holds until freeze.
func (b *builder) key(row int) string {
	key := binary.AppendVarint(make([]byte, 0, 48), b.times[row])
	for _, codes := range b.codes {
		key = binary.AppendUvarint(key, uint64(codes[row]))
	}
	if b.rayColumn != noColumn {
		key = binary.AppendUvarint(key, b.rays[row])
	}
	return string(key)
}
