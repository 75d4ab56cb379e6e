package rest

import (
	"context"
	"errors"
	"math"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// number settles the interval by page numbers: it has more rows in an instant
// than a page holds.
//
// It makes passes over the pages of one request. Pages of one pass can overlap or
// leave out rows, where the order of rows with equal times changes between calls;
// a pass whose pages have as many rows together as were ever seen has them all.
// That holds only as long as all passes ask for the same: what other lanes learn
// meanwhile must not change the request.
func (p *pager) number(ctx context.Context, b *columnar.Builder, i interval.Interval, st step) (step, error) {
	b.Truncate(st.first)
	p.trying = false
	request := p.bounds(i)
	st.covered, st.bad = i, 0
	seen := map[string]struct{}{}
	for n, idle := 0, 0; n < maxPasses && idle < maxIdlePasses; n++ {
		before := len(seen)
		total, bad, err := p.pass(ctx, b, request, i, seen)
		if idle++; len(seen) > before {
			idle = 0
		}
		st.bad = max(st.bad, bad)
		switch {
		case errors.Is(err, errPagesRepeat), errors.Is(err, errPagesDiffer):
			st.partial, st.fault = i, err
			return st, nil
		case err != nil:
			b.Truncate(st.first)
			return st, err
		case total == len(seen):
			return st, nil
		}
	}
	st.partial, st.fault = i, errPagesDiffer
	return st, nil
}

// pass asks for all pages of an interval once and keeps the rows that are new to
// seen. total is the number of rows on all pages.
func (p *pager) pass(ctx context.Context, b *columnar.Builder, request PageRequest, i interval.Interval, seen map[string]struct{}) (total, bad int, err error) {
	inPass := map[string]struct{}{}
	// cut are the rows of a page that limit may have cut, where limit bounds all
	// pages together.
	repeated, listed, cut := 0, 0, math.MaxInt
	for request.Number = 1; request.Number <= maxWalkPages; request.Number++ {
		d, page, err := p.ask(ctx, b, request)
		if err != nil {
			return total, bad, err
		}
		last := p.list.habits.isLast(d.Rows, page.PerPage)
		if last && !request.WithoutLimit && !p.list.habits.limitBoundsAll.Load() && fills(listed+d.Rows, request.Number) {
			b.Truncate(d.First)
			request.WithoutLimit, cut = true, d.Rows
			request.Number--
			continue
		}
		if request.WithoutLimit && d.Rows > cut {
			p.list.habits.limitBoundsAll.Store(true)
		}
		cut = math.MaxInt
		bad += d.Bad
		listed += d.Rows
		inPage := map[string]struct{}{}
		fresh := -len(inPass)
		for row := d.First; row < b.Len(); row++ {
			inPage[b.Key(row)], inPass[b.Key(row)] = struct{}{}, struct{}{}
		}
		fresh += len(inPass)
		total += len(inPage)
		b.DropSeen(d.First, seen)
		if b.Len() > MaxListRows || b.Bytes() > maxListBytes {
			return total, bad, errTooManyRows
		}
		if beyond := d.Placed() > 0 && d.Newest < interval.Floor(i.From, interval.Second)-2*interval.Second; last || beyond {
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
