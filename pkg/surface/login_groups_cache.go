package surface

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/spans"
)

const (
	// liveTTL is how long an answer serves that Cloudflare may still add to.
	liveTTL = 10 * time.Second
	// cacheShare is the part of the data source's cache that login groups use:
	// groups are small beside the events of the other surfaces.
	cacheShare = 8
	// cells is how many cells most windows are cut into; what is left of the last
	// one is cut into parts, so that a refresh asks for little.
	cells     = 3
	cellParts = 4
)

// grids are the lengths of cells, so that windows that move share them.
var grids = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour,
	6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 72 * time.Hour, 144 * time.Hour,
}

// groupCache keeps whole parts of plans by range, least recently used dropped
// first, and lets equal questions at the same time wait for one answer.
type groupCache struct {
	limit   int64
	mu      sync.Mutex
	bytes   int64
	entries map[string]*list.Element
	recent  *list.List // of *groupEntry, last used first
	flights map[string]*groupFlight
	running sync.WaitGroup
	closed  bool
}

type groupEntry struct {
	key     string
	part    *groupPart
	size    int64
	expires time.Time // zero: never
}

// groupFlight is a range that is being fetched. part and err are set before done
// is closed.
type groupFlight struct {
	done  chan struct{}
	part  *groupPart
	err   error
	batch *groupBatch
}

// groupBatch is a scan for the ranges of one query. It ends early only when
// nobody waits for any of them: a query that goes away does not take others
// along.
type groupBatch struct {
	waiters int
	cancel  context.CancelFunc
}

func newGroupCache(limit int64) *groupCache {
	return &groupCache{limit: limit / cacheShare, entries: map[string]*list.Element{}, recent: list.New(), flights: map[string]*groupFlight{}}
}

func (c *groupCache) enabled() bool { return c.limit > 0 }

// get finds a part that still holds. The mutex is held.
func (c *groupCache) get(key string, now time.Time) *groupPart {
	element, ok := c.entries[key]
	if !ok {
		return nil
	}
	entry := element.Value.(*groupEntry)
	if !entry.expires.IsZero() && !now.Before(entry.expires) {
		c.drop(element)
		return nil
	}
	c.recent.MoveToFront(element)
	return entry.part
}

// put keeps a part. The mutex is held.
func (c *groupCache) put(key string, part *groupPart, expires time.Time) {
	if old, ok := c.entries[key]; ok {
		c.drop(old)
	}
	size := int64(len(key)) + 300
	for _, page := range part.pages {
		size += page.size()
	}
	if c.closed || size > c.limit/2 {
		return
	}
	c.entries[key] = c.recent.PushFront(&groupEntry{key: key, part: part, size: size, expires: expires})
	c.bytes += size
	for c.bytes > c.limit {
		c.drop(c.recent.Back())
	}
}

func (c *groupCache) drop(element *list.Element) {
	entry := element.Value.(*groupEntry)
	c.recent.Remove(element)
	delete(c.entries, entry.key)
	c.bytes -= entry.size
}

// close ends all scans, waits for them and forgets everything.
func (c *groupCache) close() {
	c.mu.Lock()
	c.closed = true
	for _, flight := range c.flights {
		flight.batch.cancel()
	}
	c.mu.Unlock()
	c.running.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
	c.recent.Init()
	c.bytes = 0
}

// sharedPart is a part as one query got it.
type sharedPart struct {
	*groupPart
	cached bool // it was there before the query
}

// fetchShared brings a part for each range: from the cache, from a scan that
// another query started, or from its own.
func (s *loginGroups) fetchShared(ctx context.Context, p *groupPlan, ranges []timeRange) ([]sharedPart, error) {
	parts := make([]sharedPart, len(ranges))
	flights, led := s.claim(ctx, p, ranges, parts)
	for i, flight := range flights {
		if flight == nil {
			continue
		}
		select {
		case <-flight.done:
		case <-ctx.Done():
			s.leave(flights[i:])
			return nil, ctx.Err()
		}
		part, err := flight.part, flight.err
		if flight.batch != led && (err != nil && !errors.Is(err, errReplan) || part != nil && !part.complete()) {
			// Another query's scan failed, perhaps for its shorter deadline.
			var own []*groupPart
			if own, err = s.fetchAll(ctx, p, ranges[i:i+1]); err == nil {
				part = own[0]
			}
		}
		s.leave(flights[i : i+1])
		if err != nil {
			s.leave(flights[i+1:])
			return nil, err
		}
		parts[i].groupPart = part
	}
	return parts, nil
}

func cacheKey(p *groupPlan, r timeRange) string {
	return fmt.Sprintf("%s|%d|%d", p.key, r.from.UnixMilli(), r.to.UnixMilli())
}

// claim finds what is cached, joins scans that run, and starts one for the rest.
func (s *loginGroups) claim(ctx context.Context, p *groupPlan, ranges []timeRange, parts []sharedPart) (flights []*groupFlight, led *groupBatch) {
	c := s.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	flights = make([]*groupFlight, len(ranges))
	led = &groupBatch{}
	var own []timeRange
	var keys []string
	for i, r := range ranges {
		key := cacheKey(p, r)
		if part := c.get(key, s.now()); part != nil {
			parts[i] = sharedPart{part, true}
			continue
		}
		flight, ok := c.flights[key]
		if !ok {
			flight = &groupFlight{done: make(chan struct{}), batch: led}
			c.flights[key] = flight
			own = append(own, r)
			keys = append(keys, key)
		}
		flight.batch.waiters++
		flights[i] = flight
	}
	if len(own) > 0 {
		shared := context.WithoutCancel(ctx)
		if deadline, ok := ctx.Deadline(); ok {
			shared, led.cancel = context.WithDeadline(shared, deadline)
		} else {
			shared, led.cancel = context.WithCancel(shared)
		}
		if c.closed {
			led.cancel()
		}
		c.running.Go(func() { s.lead(shared, p, own, keys) })
	}
	return flights, led
}

// lead scans for the ranges that a query claimed and hands them out.
func (s *loginGroups) lead(ctx context.Context, p *groupPlan, ranges []timeRange, keys []string) {
	start := s.now()
	ctx, span := spans.Start(ctx, "fetch", attribute.Int("spans", len(ranges)))
	parts, err := s.fetchAll(ctx, p, ranges)
	spans.End(span, err)
	c := s.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, key := range keys {
		flight := c.flights[key]
		delete(c.flights, key)
		if flight.err = err; err == nil {
			flight.part = parts[i]
			s.keep(key, parts[i], start)
		}
		close(flight.done)
		flight.batch.cancel()
	}
}

// keep caches a part: for good where Cloudflare has delivered all, else for a
// moment. The cache's mutex is held.
func (s *loginGroups) keep(key string, part *groupPart, asked time.Time) {
	if !s.cache.enabled() || !part.complete() {
		return
	}
	var expires time.Time
	if part.to.After(asked.Add(-s.sealAfter)) {
		expires = asked.Add(liveTTL)
	}
	s.cache.put(key, part, expires)
}

// leave says that a query no longer waits for flights.
func (s *loginGroups) leave(flights []*groupFlight) {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	for _, flight := range flights {
		if flight == nil {
			continue
		}
		if flight.batch.waiters--; flight.batch.waiters == 0 {
			flight.batch.cancel()
		}
	}
}

// cellRanges cuts ranges on edges that stay put, so that a later window finds
// what this one fetched. What is not sealed yet stays in one piece. Where groups
// are placed in time, the first cell is fetched whole, and what lies before the
// range is left out when counting.
func (s *loginGroups) cellRanges(p *groupPlan, l *groupLimits, ranges []timeRange) []timeRange {
	if !s.cache.enabled() {
		return ranges
	}
	var out []timeRange
	sealed := s.now().Add(-s.sealAfter)
	for _, r := range ranges {
		grid := gridFor(r.length(), l.step())
		if grid == 0 {
			out = append(out, r)
			continue
		}
		first := floorTime(r.from, grid)
		if len(ranges) == 1 && p.timeDim != "" && aligned(r.from, p.unit) && s.reaches(l, first) && !first.Add(grid).After(sealed) {
			r.from = first
		}
		for _, length := range []time.Duration{grid, grid / cellParts} {
			for end := floorTime(r.from, length).Add(length); end.Before(r.to) && !end.After(sealed); end = end.Add(length) {
				out = append(out, timeRange{r.from, end})
				r.from = end
			}
		}
		out = append(out, r)
	}
	return out
}

// reaches says whether Cloudflare still has what happened at an instant.
func (s *loginGroups) reaches(l *groupLimits, at time.Time) bool {
	return l.notOlderThan == 0 || at.After(s.now().Add(-l.notOlderThan).Add(l.margin))
}

// gridFor is the shortest cell that cuts a length into few; 0 if none fits.
func gridFor(length, step time.Duration) time.Duration {
	var best time.Duration
	for _, grid := range grids {
		if grid > step {
			break
		}
		best = grid
		if length <= grid*cells {
			break
		}
	}
	return best
}
