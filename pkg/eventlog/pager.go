package eventlog

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// Errors of an upstream whose pages do not add up.
var (
	errPagesDiffer = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's pages do not add up: events of the same second are repeated or left out"}
	errPagesRepeat = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare repeats a page instead of sending the next one"}
	errPagesApart  = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's pages do not join: an event seen before is gone"}
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

// pager asks for a span page by page, newest first. It does not count on page
// numbers: the page after a full one is the first page of the rest, cut where
// the full one is sure to be complete. It is used by one goroutine.
type pager struct {
	fetch  func(ctx context.Context, p PageRequest) (*Page, error)
	habits *habits
	now    func() time.Time
	pushed map[string]string
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
	covered span
	// split asks for these spans instead, the last one first: the page does not
	// tell which part of the span it holds.
	split []span
	// apart is a span whose rows cannot be trusted to be all, and fault is why.
	apart span
	fault error
	bad   int
	asked int64
	last  bool
}

// ask makes one call for a page of the span and decodes it.
func (p *pager) ask(ctx context.Context, b *builder, r PageRequest) (decoded, *Page, error) {
	r.Pushed = p.pushed
	r.WithoutLimit = r.WithoutLimit || p.habits.limitBoundsAll()
	page, err := p.fetch(ctx, r)
	if err != nil {
		return decoded{}, nil, err
	}
	d, err := b.decode(page.Rows)
	cloudflare.TraceOf(ctx).Received(d.rows)
	if err != nil {
		b.truncate(d.first)
		return d, nil, &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's answer holds no list of events. Check the API URL", Err: err}
	}
	return d, page, nil
}

// bounds are the times that a call for the span asks for: with a margin of up to
// a second, because Cloudflare may take them as exclusive, or cut them to
// seconds.
func (p *pager) bounds(s span) PageRequest {
	since := floorTo(s.from, second)
	until := ceilTo(s.to, second)
	if p.trying || p.habits.precision() == fractions {
		since, until = s.from, s.to
	}
	return PageRequest{Since: instant(since - millisecond), Until: instant(until), Number: 1}
}

// next makes the calls that settle a part of the span: its newest part, unless
// the upstream insists on another order.
func (p *pager) next(ctx context.Context, b *builder, s span, ascending bool) (step, error) {
	st := step{first: b.len(), asked: p.now().UnixNano()}
	request := p.bounds(s)
	request.Ascending = ascending
	d, page, err := p.ask(ctx, b, request)
	if err != nil {
		return st, err
	}
	plain := !p.trying && p.joint == 0
	if p.joint != 0 && !slices.Contains(b.times[d.first:], p.joint) {
		if d, page, err = p.rejoin(ctx, b, s, &request, st.first); err != nil {
			return st, err
		}
		if !slices.Contains(b.times[d.first:], p.joint) {
			second0 := floorTo(p.joint, second)
			st.apart, st.fault = span{second0, second0 + second}, errPagesApart
		}
	} else if p.joint != 0 && p.trying {
		p.habits.learnPrecision(fractions)
	}
	p.trying, p.joint = false, 0
	st.bad = d.bad
	if p.habits.isLast(d.rows, page.PerPage, func() int { return b.distinct(d) }) {
		st.covered, st.last = s, true
		return st, nil
	}
	if d.rows <= fewRows && plain && p.habits.sorting(ascending, d.order) == unknownSorting {
		// Most often it is the last page of a quiet account: the next one tells.
		return p.numberFrom(ctx, b, request, s, st, &d)
	}
	return p.settle(ctx, b, s, request, d, st)
}

// rejoin asks once more, with wider margins in the request, for a page that did
// not hold the last row of the one before.
func (p *pager) rejoin(ctx context.Context, b *builder, s span, request *PageRequest, first int) (decoded, *Page, error) {
	b.truncate(first)
	p.habits.learnPrecision(wholeSeconds)
	p.trying = false
	request.Since, request.Until = instant(floorTo(s.from, second)-millisecond), instant(floorTo(s.to, second)+second)
	return p.ask(ctx, b, *request)
}

// settle finds the part of the span of which a full page is sure to hold all
// rows.
func (p *pager) settle(ctx context.Context, b *builder, s span, asked PageRequest, d decoded, st step) (step, error) {
	ignoresUntil := d.placed() > 0 && d.newest >= asked.Until.UnixNano()+second
	sorted := p.habits.sorting(asked.Ascending, d.order)
	switch {
	case d.placed() == 0 || ignoresUntil || sorted == unknownSorting && d.rows <= fewRows:
		return p.number(ctx, b, s, st)
	case sorted == newestFirst:
		oldest, strays := b.reach(d, s.from)
		unit := p.unit(b, d, oldest)
		cut := floorTo(oldest, unit) + unit
		if strays == d.placed() || cut >= s.to && 2*strays >= d.placed() {
			cut = s.from
		}
		if cut >= s.to {
			// Page numbers settle as much as their calls ask for, see bounds: a
			// smaller part would ask for the same rows again for each next one.
			if p.habits.precision() != fractions {
				unit = second
			}
			return p.number(ctx, b, span{max(s.from, floorTo(s.to-1, unit)), s.to}, st)
		}
		st.covered = span{max(cut, s.from), s.to}
		if cut > s.from {
			p.joint = oldest
		}
	case sorted == oldestFirst:
		cut := min(floorTo(d.newest, second), s.to)
		if cut <= s.from {
			return p.number(ctx, b, span{s.from, min(s.to, floorTo(s.from, second)+second)}, st)
		}
		st.covered = span{s.from, cut}
	default:
		return p.narrow(ctx, b, s, d, st)
	}
	return st, nil
}

// reach is the oldest row of a page that is not older than a time, and how many
// are older: a few of those say nothing of what the page lacks.
func (b *builder) reach(d decoded, from int64) (oldest int64, strays int) {
	oldest = d.newest
	for _, at := range b.times[d.first:] {
		if at < from {
			strays++
		} else {
			oldest = min(oldest, at)
		}
	}
	return oldest, strays
}

// narrow asks for smaller spans where a full page does not tell which part of
// its span it holds.
func (p *pager) narrow(ctx context.Context, b *builder, s span, d decoded, st step) (step, error) {
	if s.length() <= second {
		return p.number(ctx, b, s, st)
	}
	parts := cutAt(s, floorTo(d.oldest, second), floorTo(d.newest, second)+second)
	if len(parts) == 1 {
		parts = cutAt(s, floorTo(s.from+s.length()/2, second))
	}
	if len(parts) == 1 {
		return p.number(ctx, b, s, st)
	}
	b.truncate(st.first)
	st.split = parts
	return st, nil
}

// cutAt cuts a span at instants, oldest part first.
func cutAt(s span, at ...int64) []span {
	var parts []span
	for _, t := range at {
		if left := (span{s.from, min(t, s.to)}); !left.empty() {
			parts = append(parts, left)
			s.from = left.to
		}
	}
	if !s.empty() {
		parts = append(parts, s)
	}
	return parts
}

// unit is how finely the page is cut: at whole seconds, unless that would ask
// for many rows twice and Cloudflare is known, or worth trying, to be finer.
func (p *pager) unit(b *builder, d decoded, oldest int64) int64 {
	if !d.order.desc {
		return second
	}
	switch p.habits.precision() {
	case fractions:
		return millisecond
	case wholeSeconds:
		return second
	}
	twice := 0
	for _, at := range b.times[d.first:] {
		if at < floorTo(oldest, second)+second {
			twice++
		}
	}
	if twice < worthFractions || oldest%second == 0 { // which would prove nothing
		return second
	}
	p.trying = true
	return millisecond
}

// whole settles everything with a source that has no time range. It asks for
// another page only where Cloudflare says that there are pages.
func (p *pager) whole(ctx context.Context, b *builder, s span) (step, error) {
	st := step{first: b.len(), covered: s, asked: p.now().UnixNano(), last: true}
	seen, inPass := map[string]struct{}{}, map[string]struct{}{}
	for n := 1; n <= maxWalkPages; n++ {
		d, page, err := p.ask(ctx, b, PageRequest{Number: n})
		if err != nil {
			return st, err
		}
		_, fresh := b.dropSeen(d.first, inPass, seen)
		if n == 1 || fresh > 0 {
			st.bad += d.bad
		}
		if fresh == 0 || !page.More {
			return st, nil
		}
	}
	return st, errPagesRepeat
}

// fatal says whether an error ends the whole scan: no other call would fare
// better.
func fatal(err error) bool {
	var e *cloudflare.Error
	if !errors.As(err, &e) {
		return true
	}
	switch e.Kind {
	case cloudflare.KindUnavailable, cloudflare.KindMalformed, cloudflare.KindTimeout:
		return false
	}
	return true
}
