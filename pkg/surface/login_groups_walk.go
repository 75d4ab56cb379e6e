package surface

import (
	"slices"
	"time"
)

// front is the piece of what is known that continues the list.
func (c *listScan) front() (*groupPart, timeRange, bool) {
	return next(c.known, c.todo[0], c.plan.unit, c.plan.ascending)
}

// full says that the list has more groups than the limit and that what follows
// cannot add to them: the front is on a whole unit of the groups' time.
func (c *listScan) full() bool {
	if len(c.totals.rows) < c.want || len(c.todo) == 0 {
		return len(c.totals.rows) >= c.want
	}
	return aligned(c.edge(c.todo[0]), c.plan.unit)
}

// edge is the end of a range at which a list begins.
func (c *listScan) edge(r timeRange) time.Time {
	if c.plan.ascending {
		return r.from
	}
	return r.to
}

// advance lists what is known at the front, until there is a gap or enough. After
// a failure it notes gaps as missing and goes on.
func (c *listScan) advance() error {
	for len(c.todo) > 0 && !c.full() && c.rows < c.maxRows {
		part, clip, ok := c.front()
		if !ok {
			if c.failure == nil {
				return nil
			}
			gap := gapAt(c.known, c.todo[0], c.plan.unit, c.plan.ascending)
			c.lack.missing = append(c.lack.missing, missingPart{gap, c.failure})
			c.todo = consume(c.todo, gap, c.plan.ascending)
			continue
		}
		h := heldPart{groupPart: part, clip: clip, cached: slices.Contains(c.cached, part)}
		h.clip = h.frontRows(c.chunk, c.plan.unit, c.plan.ascending)
		if h.clip != clip {
			// Filters may leave little of it: take more the next time.
			c.chunk = min(2*c.chunk, maxGroupRows)
		}
		if err := c.totals.add(h); err != nil {
			return err
		}
		c.shared = c.shared || h.cached
		c.note(part)
		c.rows += h.count(c.plan.unit)
		c.todo = consume(c.todo, h.clip, c.plan.ascending)
	}
	return nil
}

// note notes what a part lacks, once.
func (c *listScan) note(part *groupPart) {
	if part.complete() || slices.Contains(c.seen, part) {
		return
	}
	c.seen = append(c.seen, part)
	c.lack.missing = append(c.lack.missing, part.missing...)
	c.lack.crowded = append(c.lack.crowded, part.crowded...)
	c.lack.overflow = append(c.lack.overflow, part.overflow...)
}

// consume takes a piece off the front.
func consume(todo []timeRange, r timeRange, ascending bool) []timeRange {
	todo = slices.Clone(todo)
	if ascending {
		todo[0].from = r.to
	} else {
		todo[0].to = r.from
	}
	if todo[0].empty() {
		return todo[1:]
	}
	return todo
}

// gaps are the ranges to ask for in one request, in listing order: the front, and
// others that the list comes to before what is known would be enough.
func (c *listScan) gaps(most int, step time.Duration) []timeRange {
	var out []timeRange
	rows := len(c.totals.rows)
	for todo := c.todo; len(todo) > 0 && len(out) < most && (len(out) == 0 || rows < c.want); {
		part, clip, ok := next(c.known, todo[0], c.plan.unit, c.plan.ascending)
		if ok {
			rows += heldPart{groupPart: part, clip: clip}.count(c.plan.unit)
		} else {
			clip = gapAt(c.known, todo[0], c.plan.unit, c.plan.ascending)
			ranges := sliceRange(clip, step)
			if !c.plan.ascending {
				slices.Reverse(ranges)
			}
			out = append(out, ranges...)
		}
		todo = consume(todo, clip, c.plan.ascending)
	}
	return out[:min(most, len(out))]
}

// waitsFor says that a flight brings the front forward, or if the query is not
// eager that it may.
func (c *listScan) waitsFor(flight *groupFlight) bool {
	at := c.edge(c.todo[0])
	if c.edge(flight.ranges[0]).Equal(at) {
		return true
	}
	return !c.eager && slices.ContainsFunc(flight.ranges, func(r timeRange) bool {
		if c.plan.ascending {
			return !at.Before(r.from) && at.Before(r.to)
		}
		return at.After(r.from) && !at.After(r.to)
	})
}
