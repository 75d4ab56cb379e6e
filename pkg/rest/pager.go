package rest

import (
	"context"
	"slices"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// Errors of an upstream whose pages do not add up.
var (
	errPagesDiffer = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's pages do not add up: they repeat or leave out events of the same second. Narrow the time range."}
	errPagesRepeat = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare repeats a page instead of sending the next one. Narrow the time range."}
	errPagesApart  = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's pages do not join: an event that was there before is gone. Run the query again."}
)

const (
	// maxPasses, maxIdlePasses (that brought no new row, one after the other) and
	// maxWalkPages bound paging by number.
	maxPasses     = 12
	maxIdlePasses = 3
	maxWalkPages  = 1000
	// worthFractions is how many rows of a page may be asked for twice before
	// bounds finer than a second are tried.
	worthFractions = 30
	// fewRows is a page that can be asked for again at no cost worth a thought.
	fewRows = 20
)

// pager asks for an interval page by page, newest first. It does not count on
// page numbers: the page after a full one is the first page of the rest, cut where
// the full one is sure to be complete. It is used by one goroutine.
type pager struct {
	*scanner
	// joint is the oldest row of the page before, which the next page has to
	// hold as well; 0 if there is none.
	joint int64
	// trying says that the next call tries a bound finer than a second.
	trying bool
}

// step is what one call settled.
type step struct {
	// first is the builder's first row of the step. Rows outside of covered have
	// to be dropped.
	first   int
	covered interval.Interval
	// partial is a part whose rows cannot be trusted to be all, and fault is why.
	partial interval.Interval
	fault   error
	bad     int
	asked   int64
}

// bounds are the times that a call for the interval asks for: with a margin of up
// to a second, because Cloudflare may take them as exclusive, or cut them to
// seconds.
func (p *pager) bounds(i interval.Interval) PageRequest {
	since, until := interval.Floor(i.From, interval.Second), interval.Ceil(i.To, interval.Second)
	if p.trying || p.list.habits.bounds.Load() == fractions {
		since, until = i.From, i.To
	}
	return PageRequest{Since: interval.Instant(since - interval.Millisecond), Until: interval.Instant(until), Number: 1}
}

// next makes the calls that settle a part of the interval: its newest part, or
// its oldest one.
func (p *pager) next(ctx context.Context, b *columnar.Builder, i interval.Interval, ascending bool) (step, error) {
	st := step{first: b.Len(), covered: i, asked: p.list.now().UnixNano()}
	switch {
	case p.list.cursors:
		return p.follow(ctx, b, i, ascending, st)
	case p.list.unordered && ascending: // its oldest page cannot be asked for
		return p.number(ctx, b, i, st)
	}
	request := p.bounds(i)
	request.Ascending = ascending
	d, page, err := p.ask(ctx, b, request)
	if err != nil {
		return st, err
	}
	plain := !p.trying && p.joint == 0
	if p.joint != 0 && !slices.Contains(b.Times(d.First), p.joint) {
		if d, page, err = p.rejoin(ctx, b, i, &request, st.first); err != nil {
			return st, err
		}
		if !slices.Contains(b.Times(d.First), p.joint) {
			second := interval.Floor(p.joint, interval.Second)
			st.partial, st.fault = interval.Interval{From: second, To: second + interval.Second}, errPagesApart
		}
	} else if p.joint != 0 && p.trying {
		raise(&p.list.habits.bounds, fractions)
	}
	p.trying, p.joint = false, 0
	st.bad = d.Bad
	if p.list.habits.isLast(d.Rows, page.PerPage) {
		return st, nil
	}
	if plain && p.list.habits.mayBeLast(d.Rows) && (page.PerPage == 0 || d.Rows < page.PerPage) {
		if last, err := p.peek(ctx, b, request); last || err != nil {
			return st, err
		}
		raise(&p.list.habits.followed, d.Rows)
	}
	return p.settle(ctx, b, i, request, d, st)
}

// peek asks whether a page follows: most often a short one is the last of a quiet
// account.
func (p *pager) peek(ctx context.Context, b *columnar.Builder, r PageRequest) (last bool, err error) {
	r.Number++
	d, _, err := p.ask(ctx, b, r)
	b.Truncate(d.First)
	return err == nil && d.Rows == 0, err
}

// rejoin asks once more, with wider margins in the request, for a page that did
// not hold the last row of the one before.
func (p *pager) rejoin(ctx context.Context, b *columnar.Builder, i interval.Interval, request *PageRequest, first int) (columnar.Page, *Page, error) {
	b.Truncate(first)
	raise(&p.list.habits.bounds, wholeSeconds)
	p.trying = false
	request.Since = interval.Instant(interval.Floor(i.From, interval.Second) - interval.Millisecond)
	request.Until = interval.Instant(interval.Floor(i.To, interval.Second) + interval.Second)
	return p.ask(ctx, b, *request)
}

// settle finds the part of the interval of which a full page is sure to hold all
// rows.
func (p *pager) settle(ctx context.Context, b *columnar.Builder, i interval.Interval, asked PageRequest, d columnar.Page, st step) (step, error) {
	switch {
	case d.Placed() == 0, p.list.unordered && !(d.Descending && d.Oldest < d.Newest):
		return p.number(ctx, b, i, st)
	case asked.Ascending:
		st.covered.To = min(interval.Floor(d.Newest, interval.Second), i.To)
		if st.covered.Empty() {
			return p.number(ctx, b, interval.Interval{From: i.From, To: min(i.To, interval.Floor(i.From, interval.Second)+interval.Second)}, st)
		}
		return st, nil
	case d.Oldest < i.From: // the page reaches beyond the interval
		return st, nil
	}
	unit := p.unit(b, d)
	st.covered.From = interval.Floor(d.Oldest, unit) + unit
	if st.covered.Empty() {
		// Page numbers settle as much as their calls ask for, see bounds: a
		// smaller part would ask for the same rows again for each next one.
		p.trying = false
		if p.list.habits.bounds.Load() != fractions {
			unit = interval.Second
		}
		return p.number(ctx, b, interval.Interval{From: max(i.From, interval.Floor(i.To-1, unit)), To: i.To}, st)
	}
	p.joint = d.Oldest
	return st, nil
}

// unit is how finely the page is cut: at whole seconds, unless that would ask
// for many rows twice and Cloudflare is known, or worth trying, to be finer.
func (p *pager) unit(b *columnar.Builder, d columnar.Page) int64 {
	if !d.Descending {
		return interval.Second
	}
	switch p.list.habits.bounds.Load() {
	case fractions:
		return interval.Millisecond
	case wholeSeconds:
		return interval.Second
	}
	twice := 0
	for _, at := range b.Times(d.First) {
		if at < interval.Floor(d.Oldest, interval.Second)+interval.Second {
			twice++
		}
	}
	if twice < worthFractions || d.Oldest%interval.Second == 0 { // which would prove nothing
		return interval.Second
	}
	p.trying = true
	return interval.Millisecond
}
