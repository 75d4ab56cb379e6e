package rest

import (
	"context"
	"slices"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// Errors of cursors that lead nowhere.
var (
	errCursorLoops   = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's cursor leads back to a page that it sent before. Narrow the time range."}
	errCursorEndless = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's cursor leads to one page without events after the other. Narrow the time range."}
)

// maxEmptyPages is how many pages without rows a cursor may lead to in a row.
const maxEmptyPages = 100

// follow settles a part of the interval of a list that has cursors. As with page
// numbers, the page after a full one is the first page of the rest; a cursor is
// followed only until a part is settled: through pages that are all of one second,
// or empty. A page that leads on is no last one, however short it is.
func (p *pager) follow(ctx context.Context, b *columnar.Builder, i interval.Interval, ascending bool, st step) (step, error) {
	request := p.bounds(i)
	request.Ascending = ascending
	joint := p.joint
	joined := joint == 0
	p.joint = 0
	var seen reach
	cursors := map[string]struct{}{}
	for empty := 0; empty < maxEmptyPages && len(cursors) < maxWalkPages; {
		d, page, err := p.ask(ctx, b, request)
		if err != nil {
			return st, err
		}
		rows := d.Rows + len(page.Others)
		p.list.habits.hold(d.Rows, rows)
		joined = joined || slices.Contains(b.Times(d.First), joint) || slices.Contains(page.Others, joint)
		seen.add(d, page.Others)
		st.bad += d.Bad
		if page.Doubt != nil {
			st.partial, st.fault = i, page.Doubt
		}
		// Without a cursor nothing follows, unless this upstream was never seen to give any.
		last := page.Cursor == "" && (p.list.habits.isLast(rows, 0) || len(cursors) > 0)
		if st.covered = i; !last {
			st.covered = seen.settled(i, ascending)
		}
		if page.Cursor == "" && st.covered.Empty() {
			if rows >= PageSize {
				return doubted(i, errPagesDiffer, st), nil
			}
			st.covered = i
		}
		if !st.covered.Empty() {
			if !ascending && st.covered.From > i.From {
				p.joint = seen.oldest
			}
			if !joined {
				second := interval.Floor(joint, interval.Second)
				st.partial, st.fault = interval.Interval{From: second, To: second + interval.Second}, errPagesApart
			}
			return st, nil
		}
		if _, again := cursors[page.Cursor]; again || page.Cursor == request.Cursor {
			return doubted(i, errCursorLoops, st), nil
		}
		cursors[page.Cursor] = struct{}{}
		request.Cursor = page.Cursor
		if empty++; rows > 0 {
			empty = 0
		}
	}
	return doubted(i, errCursorEndless, st), nil
}

// doubted is a step over an interval whose rows may not be all.
func doubted(i interval.Interval, err error, st step) step {
	st.covered, st.partial, st.fault = i, i, err
	return st
}

// reach is how far pages went: the times of all they held.
type reach struct {
	some           bool
	oldest, newest int64
}

func (r *reach) add(d columnar.Page, others []int64) {
	if d.Placed() > 0 {
		others = append([]int64{d.Oldest, d.Newest}, others...)
	}
	for _, at := range others {
		if !r.some {
			r.some, r.oldest, r.newest = true, at, at
		}
		r.oldest, r.newest = min(r.oldest, at), max(r.newest, at)
	}
}

// settled is the part of an interval of which pages that went so far are sure to
// hold all, in whole seconds.
func (r *reach) settled(i interval.Interval, ascending bool) interval.Interval {
	switch {
	case !r.some:
		return interval.Interval{From: i.To, To: i.To}
	case ascending && r.newest < i.To:
		i.To = interval.Floor(r.newest, interval.Second)
	case !ascending && r.oldest >= i.From:
		i.From = interval.Floor(r.oldest, interval.Second) + interval.Second
	}
	return i
}
