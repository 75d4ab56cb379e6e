package surface

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/spans"
)

// fetchShared brings all groups of some ranges: from the cache, from a scan that
// another query started, or from its own.
func (s *loginGroups) fetchShared(ctx context.Context, p *groupPlan, ranges []timeRange) ([]heldPart, error) {
	held, flights, led, err := s.claim(ctx, p, ranges)
	if err != nil {
		return nil, err
	}
	for i, flight := range flights {
		select {
		case <-flight.done:
		case <-ctx.Done():
			s.cache.leave(flights[i:]...)
			return nil, ctx.Err()
		}
		parts, err := flight.parts, flight.err
		if flight.batch != led && (err != nil && !errors.Is(err, errReplan) || err == nil && !parts[0].complete()) {
			// Another query's scan failed, perhaps for its shorter deadline.
			parts, err = s.fetchAll(ctx, p, flight.ranges)
		}
		s.cache.leave(flight)
		if err != nil {
			s.cache.leave(flights[i+1:]...)
			return nil, err
		}
		held = append(held, heldPart{groupPart: parts[0], clip: parts[0].timeRange, pages: len(parts[0].pages)})
	}
	return held, nil
}

func cacheKey(p *groupPlan, r timeRange) string {
	return fmt.Sprintf("%s|%d|%d", p.key, r.from.UnixMilli(), r.to.UnixMilli())
}

// claim finds what is cached, joins scans that run, and starts one for the rest.
// A flight here has one range and brings one part.
func (s *loginGroups) claim(ctx context.Context, p *groupPlan, ranges []timeRange) (held []heldPart, flights []*groupFlight, led *groupBatch, err error) {
	c := s.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, nil, errChanged
	}
	led = newGroupBatch(ctx)
	var own []*groupFlight
	for _, r := range ranges {
		if known := c.held(p, r); known != nil {
			held = append(held, known...)
			continue
		}
		flight, ok := c.counts[cacheKey(p, r)]
		if !ok {
			flight = &groupFlight{ranges: []timeRange{r}, done: make(chan struct{}), batch: led}
			c.counts[cacheKey(p, r)] = flight
			own = append(own, flight)
		}
		flight.batch.join(ctx)
		flights = append(flights, flight)
	}
	if len(own) > 0 {
		c.launch(ctx, led, func(ctx context.Context) { s.lead(ctx, p, own) })
	}
	return held, flights, led, nil
}

// lead scans for the ranges that a query claimed and hands them out.
func (s *loginGroups) lead(ctx context.Context, p *groupPlan, flights []*groupFlight) {
	asked := s.now()
	ctx, span := spans.Start(ctx, "fetch", attribute.Int("spans", len(flights)))
	c := s.cache
	parts, err := guarded(func() ([]*groupPart, error) {
		var ranges []timeRange
		for _, flight := range flights {
			ranges = append(ranges, flight.ranges[0])
		}
		parts, err := s.fetchAll(ctx, p, ranges)
		for _, part := range parts {
			c.keep(p, part, asked.Add(-s.sealAfter), asked)
		}
		return parts, err
	})
	spans.End(span, err)
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, flight := range flights {
		delete(c.counts, cacheKey(p, flight.ranges[0]))
		if flight.err = err; err == nil {
			flight.parts = parts[i : i+1]
		}
		close(flight.done)
		flight.batch.cancel()
	}
}
