package surface

import (
	"context"
	"errors"
	"slices"
	"time"
)

// fetchList brings the first groups of a plain table or of logs, in the order of
// time, until there are more than the limit or no more. A full page is in order,
// so that all but its last instant is whole; the rest is asked for anew.
//
// stopped says that the scan ended with maxRows before the limit was reached.
func (s *loginGroups) fetchList(ctx context.Context, p *groupPlan, ranges []timeRange, totals *groupTotals) (part *groupPart, stopped bool, err error) {
	l := s.limits.current()
	f := newGroupFetch([]timeRange{{ranges[0].from, ranges[len(ranges)-1].to}}, s.now())
	scan := &listScan{plan: p, limits: &l, fetch: f, part: f.parts[0], totals: totals, want: p.request.Limit + 1}
	scan.pageSize = l.maxPageSize
	if len(p.filteredHere) == 0 {
		// A tenth more, as the last instant of a full page does not count.
		scan.pageSize = min(l.maxPageSize, scan.want+scan.want/10+20)
	}
	for _, r := range ranges {
		for _, slice := range sliceRange(r, l.step()) {
			scan.pending = append(scan.pending, &groupPiece{timeRange: slice, part: scan.part})
		}
	}
	if !p.ascending {
		slices.Reverse(scan.pending)
	}
	for len(scan.pending) > 0 && len(totals.rows) < scan.want {
		if f.rows >= s.maxRows {
			return scan.part, true, nil
		}
		if err := s.listStep(ctx, scan); err != nil {
			return nil, false, err
		}
	}
	return scan.part, false, nil
}

// listScan is the state of fetchList. pending is in listing order; the pieces
// that have a page were answered already.
type listScan struct {
	plan     *groupPlan
	limits   *groupLimits
	fetch    *groupFetch
	part     *groupPart
	totals   *groupTotals
	pending  []*groupPiece
	pageSize int
	want     int
}

// listStep takes the first piece, after having asked for it and some others.
func (s *loginGroups) listStep(ctx context.Context, c *listScan) error {
	first := c.pending[0]
	if first.page == nil {
		if err := s.askFirst(ctx, c); err != nil {
			return err
		}
		if first.page == nil { // it failed, and is known as missing
			c.pending = c.pending[1:]
			return nil
		}
	}
	c.pending = c.pending[1:]
	if n := first.page.listed; n < c.pageSize && !isFull(n, c.limits) && !isRound(n) {
		return c.keep(first.page)
	}
	whole, rest, ok := cutList(c.plan, first)
	switch {
	case ok:
		c.pending = slices.Insert(c.pending, 0, &groupPiece{timeRange: rest, part: c.part})
		return c.keep(whole)
	case c.pageSize < c.limits.maxPageSize:
		c.pageSize = c.limits.maxPageSize
		first.page = nil
		c.pending = slices.Insert(c.pending, 0, first)
		return nil
	}
	return s.listAll(ctx, c, first.timeRange)
}

// askFirst asks for the first pieces without a page, in one request.
func (s *loginGroups) askFirst(ctx context.Context, c *listScan) error {
	var batch []*groupPiece
	for _, piece := range c.pending {
		if piece.page == nil && len(batch) < batchSize(c.plan, c.limits, c.pageSize) {
			batch = append(batch, piece)
		}
	}
	err := s.ask(ctx, c.plan, batch, c.pageSize)
	c.fetch.requests++
	if err == nil {
		return nil
	}
	if errors.Is(err, errReplan) || fatal(err) || len(c.totals.rows) == 0 {
		return err
	}
	// What comes after a gap would not be the newest: the list ends here.
	for _, piece := range c.pending {
		c.part.missing = append(c.part.missing, missingPart{piece.timeRange, err})
	}
	c.pending = c.pending[:1]
	return nil
}

// listAll brings a range whose page cannot be used in part: it is out of order,
// or one instant fills it.
func (s *loginGroups) listAll(ctx context.Context, c *listScan, r timeRange) error {
	parts, err := s.fetchAll(ctx, c.plan, []timeRange{r})
	if err != nil {
		return err
	}
	for _, page := range parts[0].pages {
		if err := c.keep(page); err != nil {
			return err
		}
	}
	c.part.missing = append(c.part.missing, parts[0].missing...)
	c.part.crowded = append(c.part.crowded, parts[0].crowded...)
	c.part.overflow = append(c.part.overflow, parts[0].overflow...)
	return nil
}

func (c *listScan) keep(page *groupPage) error {
	c.fetch.keep(c.part, page)
	return c.totals.add(page)
}

// cutList divides a full page: the groups before its last instant are whole, the
// range from that instant on is to be asked for again. ok is false where the
// page is not in order or holds one instant only.
func cutList(p *groupPlan, piece *groupPiece) (whole *groupPage, rest timeRange, ok bool) {
	times := piece.page.times
	if len(times) == 0 || piece.page.bad > 0 || !inOrder(times, p.ascending) {
		return nil, timeRange{}, false
	}
	last := times[len(times)-1]
	n := slices.Index(times, last)
	if n == 0 {
		return nil, timeRange{}, false
	}
	rest = piece.timeRange
	if p.ascending {
		rest.from = later(time.UnixMilli(last), rest.from)
	} else {
		rest.to = earlier(time.UnixMilli(last).Add(p.unit), rest.to)
	}
	return piece.page.first(n), rest.utc(), !rest.empty() && rest.length() < piece.length()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (r timeRange) utc() timeRange { return timeRange{r.from.UTC(), r.to.UTC()} }
