package surface

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
)

// liveTTL is how long an answer serves that Cloudflare may still add to.
const liveTTL = 10 * time.Second

// groupCache keeps parts of plans in the data source's event log, under its
// limit, and lets equal questions at the same time wait for one answer.
type groupCache struct {
	events  *eventlog.Log
	on      bool // parts are kept
	mu      sync.Mutex
	counts  map[string]*groupFlight   // by cacheKey
	lists   map[string][]*groupFlight // by listKey
	running sync.WaitGroup
	closed  bool
}

// groupFlight is a fetch that queries share. parts and err are set before done is
// closed.
type groupFlight struct {
	ranges []timeRange // that it asks for
	done   chan struct{}
	parts  []*groupPart
	err    error
	batch  *groupBatch
}

// groupBatch is a scan for one query. It ends early only when nobody waits for
// any flight of it: a query that goes away does not take others along.
type groupBatch struct {
	waiters int
	cancel  context.CancelFunc
	// priority is the highest of those that wait.
	priority atomic.Int64
}

func newGroupBatch(ctx context.Context) *groupBatch {
	b := &groupBatch{}
	b.priority.Store(int64(cloudflare.PriorityOf(ctx)))
	return b
}

// join makes a query wait for a flight of the batch. The cache's mutex is held.
func (b *groupBatch) join(ctx context.Context) {
	b.waiters++
	b.priority.Store(min(b.priority.Load(), int64(cloudflare.PriorityOf(ctx))))
}

type batchKey struct{}

// urgently makes calls with the priority that the batch has by then.
func urgently(ctx context.Context) context.Context {
	b, ok := ctx.Value(batchKey{}).(*groupBatch)
	if !ok {
		return ctx
	}
	return cloudflare.WithPriority(ctx, cloudflare.Priority(b.priority.Load()))
}

// errChanged answers queries whose data source went while they ran.
var errChanged = errors.New("the data source was changed or removed while the query ran; run it again")

func newGroupCache(events *eventlog.Log, limit int64) *groupCache {
	return &groupCache{events: events, on: limit > 0, counts: map[string]*groupFlight{}, lists: map[string][]*groupFlight{}}
}

// launch runs a batch with the values and the deadline of the query that asks for
// it, but not its cancellation. The mutex is held.
func (c *groupCache) launch(ctx context.Context, b *groupBatch, run func(context.Context)) {
	shared := context.WithValue(context.WithoutCancel(ctx), batchKey{}, b)
	if deadline, ok := ctx.Deadline(); ok {
		shared, b.cancel = context.WithDeadline(shared, deadline)
	} else {
		shared, b.cancel = context.WithCancel(shared)
	}
	c.running.Go(func() { run(shared) })
}

// leave says that a query no longer waits for flights.
func (c *groupCache) leave(flights ...*groupFlight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, flight := range flights {
		if flight == nil {
			continue
		}
		if flight.batch.waiters--; flight.batch.waiters == 0 {
			flight.batch.cancel()
		}
	}
}

// close ends all scans and waits for them. What is kept goes with the event log.
func (c *groupCache) close() {
	c.mu.Lock()
	c.closed = true
	for _, flight := range c.counts {
		flight.batch.cancel()
	}
	for _, flights := range c.lists {
		for _, flight := range flights {
			flight.batch.cancel()
		}
	}
	c.mu.Unlock()
	c.running.Wait()
}

// guarded makes a panic the error of those who wait for what panicked.
func guarded[T any](run func() (T, error)) (result T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &eventlog.PanicError{Kind: fmt.Sprintf("%T", r), Stack: debug.Stack()}
		}
	}()
	return run()
}

// shelf is where the event log keeps the parts of plans that ask the same.
func shelf(p *groupPlan) string { return p.request.Type.Name + "|" + p.key }

// kept are the parts that there are of a range and that still hold.
func (c *groupCache) kept(p *groupPlan, r timeRange) []*groupPart {
	if !c.on {
		return nil
	}
	var parts []*groupPart
	for _, k := range c.events.Kept(shelf(p), r.from, r.to) {
		parts = append(parts, k.Value.(*groupPart))
	}
	return parts
}

// held is what is kept of a whole range, nil if there is not all of it: a part of
// its own, or where groups have times, pieces of others.
func (c *groupCache) held(p *groupPlan, r timeRange) []heldPart {
	parts := c.kept(p, r)
	for _, part := range parts {
		if part.from.Equal(r.from) && part.to.Equal(r.to) {
			return []heldPart{{groupPart: part, clip: r, cached: true, pages: len(part.pages)}}
		}
	}
	if p.timeDim == "" {
		return nil
	}
	pieces := cover(parts, r, p.unit)
	if len(pieces) > 0 {
		pieces[0].pages = 1
	}
	return pieces
}

// keep keeps a part that is whole: for good if Cloudflare had delivered all of it
// when it was asked for, else for a moment. Groups without a readable time are a
// fault of that answer and are not kept.
func (c *groupCache) keep(p *groupPlan, part *groupPart, sealed time.Time, asked time.Time) {
	if !c.on || !part.complete() || part.flawed() {
		return
	}
	var until time.Time
	if part.to.After(sealed) {
		until = asked.Add(liveTTL)
	}
	c.events.Keep(shelf(p), eventlog.Kept{
		From: part.from, To: part.to, Value: part, Bytes: part.size(), Rows: part.rows(), Until: until, Divisible: p.timeDim != "",
	})
}

// keepSplit keeps what of a part is old enough for good, and the rest for a
// moment. Its groups have times.
func (c *groupCache) keepSplit(p *groupPlan, part *groupPart, sealed time.Time, asked time.Time) {
	edge := floorTime(sealed, max(p.unit, time.Minute))
	if !c.on || !part.complete() || part.flawed() || !edge.After(part.from) {
		c.keep(p, part, sealed, asked)
		return
	}
	old := part
	if edge.Before(part.to) {
		old = part.within(timeRange{part.from, edge}, p.unit)
		c.keep(p, part.within(timeRange{edge, part.to}, p.unit), sealed, asked)
	}
	c.keep(p, c.joined(p, old), sealed, asked)
}

// maxJoinedGroups bounds a part that neighbours were joined to, and so what
// dropping it loses.
const maxJoinedGroups = 20_000

// joined is a part together with neighbours that are kept for good, as long as
// they are not much longer: refreshes leave many short ones.
func (c *groupCache) joined(p *groupPlan, part *groupPart) *groupPart {
	for {
		found := c.events.Kept(shelf(p), part.from.Add(-time.Millisecond), part.to.Add(time.Millisecond))
		i := slices.IndexFunc(found, func(k eventlog.Kept) bool {
			next := k.To.Equal(part.from) || k.From.Equal(part.to)
			return next && k.Until.IsZero() && k.Rows <= 2*part.rows()+10 && k.Rows+part.rows() <= maxJoinedGroups
		})
		if i < 0 {
			return part
		}
		part = part.join(found[i].Value.(*groupPart))
	}
}
