package surface

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/spans"
)

// listKey is equal for lists that ask the same, whatever their ranges and limits.
func listKey(p *groupPlan) string { return fmt.Sprintf("%s|%v", p.key, p.ascending) }

// claimList finds out what is known by now. If that does not continue the list,
// it joins a flight that will, or starts one, to be left by the caller.
func (s *loginGroups) claimList(ctx context.Context, c *listScan) (*groupFlight, error) {
	g := s.cache
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, errChanged
	}
	kept := g.kept(c.plan, c.hull)
	if !c.looked {
		c.cached, c.looked = kept, true
	}
	c.known = slices.Concat(c.own, kept)
	if _, _, ok := c.front(); ok {
		return nil, nil
	}
	key := listKey(c.plan)
	for _, flight := range g.lists[key] {
		if c.waitsFor(flight) {
			flight.batch.join(ctx)
			return flight, nil
		}
	}
	l := s.limits.current()
	ranges := c.gaps(batchSize(c.plan, &l, c.pageSize), l.step())
	c.led = &groupFlight{ranges: ranges, done: make(chan struct{}), batch: newGroupBatch(ctx)}
	c.led.batch.join(ctx)
	g.lists[key] = append(g.lists[key], c.led)
	flight, plan, pageSize := c.led, c.plan, c.pageSize
	g.launch(ctx, flight.batch, func(ctx context.Context) { s.leadList(ctx, plan, flight, pageSize) })
	return flight, nil
}

// leadList fetches for a flight and hands out what it got.
func (s *loginGroups) leadList(ctx context.Context, p *groupPlan, flight *groupFlight, pageSize int) {
	asked := s.now()
	ctx, span := spans.Start(ctx, "fetch", attribute.Int("spans", len(flight.ranges)))
	c := s.cache
	parts, err := guarded(func() ([]*groupPart, error) {
		parts, err := s.fetchFirst(ctx, p, flight.ranges, pageSize, asked)
		for _, part := range parts {
			c.keepSplit(p, part, asked.Add(-s.sealAfter), asked)
		}
		return parts, err
	})
	spans.End(span, err)
	c.mu.Lock()
	defer c.mu.Unlock()
	key := listKey(p)
	c.lists[key] = slices.DeleteFunc(c.lists[key], func(o *groupFlight) bool { return o == flight })
	if len(c.lists[key]) == 0 {
		delete(c.lists, key)
	}
	flight.parts, flight.err = parts, err
	close(flight.done)
	flight.batch.cancel()
}

// fetchFirst asks for the first groups of some ranges, and returns the parts of
// them that the answer tells whole. That is a part at the front of the first
// range at least, which can lack something.
func (s *loginGroups) fetchFirst(ctx context.Context, p *groupPlan, ranges []timeRange, pageSize int, asked time.Time) ([]*groupPart, error) {
	l := s.limits.current()
	pieces := make([]*groupPiece, len(ranges))
	for i, r := range ranges {
		pieces[i] = &groupPiece{timeRange: r}
	}
	if err := s.ask(ctx, p, pieces, pageSize); err != nil {
		return nil, err
	}
	var parts []*groupPart
	for i, piece := range pieces {
		part := wholePart(p, &l, piece, pageSize, asked)
		switch {
		case part != nil:
			parts = append(parts, part)
		case i > 0:
			// It is asked for by itself once the list comes to it.
		case pageSize < l.maxPageSize:
			return s.fetchFirst(ctx, p, ranges[:1], l.maxPageSize, asked)
		default:
			return s.fetchAll(ctx, p, ranges[:1])
		}
	}
	return parts, nil
}

// wholePart is what a page tells whole of its piece. A page that may have been
// cut is in the order of time: the groups before its last instant are whole, the
// rest is to be asked for again. It is nil where the page is not in order or holds
// one instant only.
func wholePart(p *groupPlan, l *groupLimits, piece *groupPiece, pageSize int, asked time.Time) *groupPart {
	page := piece.page
	if page.listed < pageSize && !isFull(page.listed, l) && !looksCut(page) {
		return &groupPart{timeRange: piece.timeRange, pages: []*groupPage{page}, at: asked}
	}
	times := page.times
	if len(times) == 0 || page.bad > 0 || !inOrder(times, p.ascending) {
		return nil
	}
	last := time.UnixMilli(times[len(times)-1]).UTC()
	rows := make([]int, slices.Index(times, times[len(times)-1]))
	for i := range rows {
		rows[i] = i
	}
	whole := piece.timeRange
	if p.ascending {
		whole.to = earlier(last, whole.to)
	} else {
		whole.from = later(last.Add(p.unit), whole.from)
	}
	if len(rows) == 0 || whole.empty() || whole.length() >= piece.length() {
		return nil
	}
	return &groupPart{timeRange: whole, pages: []*groupPage{page.pick(rows)}, at: asked}
}
