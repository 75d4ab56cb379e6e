package eventlog

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/spans"
)

const (
	// softAge is the age at which a fetch of what is not sealed yet is worth
	// repeating, beside that of the newest page.
	softAge = 20 * time.Second
	// edgeTTL is how long the live edge is taken to be fresh.
	edgeTTL = 3 * time.Second
)

// flight is a fetch that queries share. It lives as long as one of them waits.
type flight struct {
	log     *Log
	feed    *feed
	scanner Scanner
	list    []interval.Interval
	// maxRows is the source's.
	maxRows int
	// started is when it was: what it fetches is at least that fresh.
	started int64
	ctx     *flightContext
	cancel  context.CancelFunc
	// The log's mutex guards these. page is what the first page of the flight's
	// interval covers, once it has arrived.
	waiters  int
	paging   bool
	page     interval.Interval
	done     bool
	failures []Failure
	// capped says that there were more rows than a query may scan.
	capped bool
}

// flightContext has the values of the query that started the flight, and the
// latest deadline, the highest priority, and the most generous allowance of those
// that wait for it.
type flightContext struct {
	context.Context
	mu        sync.Mutex
	deadline  time.Time
	unlimited bool
	priority  cloudflare.Priority
	spender   cloudflare.Spender
}

// Deadline is what calls for the budget go by. The flight ends by itself once
// nobody waits any more.
func (c *flightContext) Deadline() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deadline, !c.unlimited && !c.deadline.IsZero()
}

// urgency is that of the most urgent query that waits.
func (c *flightContext) urgency() cloudflare.Priority {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.priority
}

// payer is who the calls count for.
func (c *flightContext) payer() cloudflare.Spender {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spender
}

func (c *flightContext) extend(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.priority = min(c.priority, cloudflare.PriorityOf(ctx))
	c.spender = c.spender.Join(cloudflare.SpenderOf(ctx))
	deadline, ok := ctx.Deadline()
	if !ok {
		c.unlimited = true
	} else if deadline.After(c.deadline) {
		c.deadline = deadline
	}
}

// launch starts a flight for a query and joins it. The mutex is held.
func (l *Log) launch(d *demand, list []interval.Interval, run func(context.Context, *flight)) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(d.ctx))
	ctx, traced := spans.Start(ctx, "fetch", attribute.Int("intervals", len(list)))
	stop := context.AfterFunc(l.ctx, cancel)
	shared := &flightContext{Context: ctx, priority: cloudflare.PriorityOf(ctx), spender: cloudflare.SpenderOf(ctx)}
	fl := &flight{log: l, feed: d.feed, scanner: d.scanner, maxRows: d.source.MaxRows, list: list, started: l.config.Now().UnixNano(), ctx: shared, cancel: cancel}
	d.feed.flights = append(d.feed.flights, fl)
	d.join(fl)
	l.running.Go(func() {
		defer stop()
		defer cancel()
		defer traced.End()
		defer fl.land()
		defer func() {
			if r := recover(); r != nil {
				fl.Fail(Panicked(r), fl.list...)
			}
		}()
		run(cloudflare.WithSharedSpender(cloudflare.WithSharedPriority(shared, shared.urgency), shared.payer), fl)
	})
	return fl
}

// PanicError is the failure of those who waited for what panicked.
type PanicError struct {
	// Kind is the type of what was panicked with; its text could hold data.
	Kind  string
	Stack []byte
}

func (e *PanicError) Error() string { return "the event log failed; please report it" }

// Panicked is the error of those who waited for what panicked.
func Panicked(r any) error { return &PanicError{Kind: fmt.Sprintf("%T", r), Stack: debug.Stack()} }

// land ends a flight.
func (fl *flight) land() {
	l := fl.log
	l.mu.Lock()
	defer l.mu.Unlock()
	fl.done = true
	fl.feed.flights = slices.DeleteFunc(fl.feed.flights, func(o *flight) bool { return o == fl })
	fl.feed.broadcast()
	l.tidy(fl.feed)
}

// Deliver implements Sink.
func (fl *flight) Deliver(p Piece) {
	fl.log.mu.Lock()
	defer fl.log.mu.Unlock()
	if fl.paging && fl.page.Empty() {
		fl.page = p.Interval
	}
	fl.log.insert(fl.feed, p)
}

// Fail implements Sink.
func (fl *flight) Fail(err error, list ...interval.Interval) {
	fl.log.mu.Lock()
	defer fl.log.mu.Unlock()
	fl.capped = fl.capped || err == nil
	if err != nil {
		fl.failures = append(fl.failures, failures(err, list...)...)
	}
}

// plan of a scan that brings at most about what one query may scan.
func (fl *flight) plan(density float64) Plan {
	return Plan{Density: density, MaxRows: max(fl.log.config.MaxRows, fl.maxRows) * 3 / 2}
}

// fill fetches intervals as a whole.
func (l *Log) fill(density float64) func(context.Context, *flight) {
	return func(ctx context.Context, fl *flight) { fl.scanner.Fill(ctx, fl.list, fl.plan(density), fl) }
}

// firstPage fetches the newest page of the flight's interval, or the oldest. A
// part of what is not sealed yet is asked for again along with it.
func (l *Log) firstPage(ascending bool) func(context.Context, *flight) {
	return func(ctx context.Context, fl *flight) {
		fl.paging = true
		fl.scanner.First(ctx, fl.list[0], ascending, fl)
		l.mu.Lock()
		var again []interval.Interval
		if fl.paging = false; !fl.page.Empty() {
			again = l.due(fl, interval.Interval{From: fl.list[0].From, To: fl.page.From})
		}
		l.mu.Unlock()
		if len(again) > 0 {
			// A failure leaves what was known before, which is no older than before.
			fl.scanner.Fill(ctx, again, fl.plan(0), refetch{fl})
		}
	}
}

// refetch is a flight's sink for what is asked for again.
type refetch struct{ *flight }

// Fail implements Sink.
func (refetch) Fail(error, ...interval.Interval) {}

// due picks what of an interval that is not sealed yet is to be asked for again:
// up to a page, first what has reached the age to be sealed, then what was asked
// for longest ago. So late rows are found at a bounded price. The mutex is held.
func (l *Log) due(fl *flight, i interval.Interval) []interval.Interval {
	now := l.config.Now().UnixNano()
	var open []*segment
	for _, s := range fl.feed.overlapping(i) {
		if !s.sealed && s.fetched < now-int64(softAge) {
			open = append(open, s)
		}
	}
	if i.Empty() || len(open) == 0 {
		return nil
	}
	unripe := func(s *segment) int {
		return cmp.Compare(max(s.From, now-int64(l.config.SealAfter)), now-int64(l.config.SealAfter))
	}
	first := slices.MinFunc(open, func(a, b *segment) int {
		return cmp.Or(unripe(a)-unripe(b), cmp.Compare(a.fetched, b.fetched), cmp.Compare(a.From, b.From))
	})
	budget := fl.scanner.PageSize() * 3 / 4
	start, end := first.From, first.From
	// The oldest page's worth of the segment, and what follows it.
	for _, s := range open {
		if s.From < start || s.From > end && end > start {
			continue
		}
		if n := s.rows.Len(); n <= budget {
			budget -= n
			end = s.To
			continue
		}
		end = max(end, interval.Floor(s.rows.Time(budget), max(fl.feed.grain, interval.Second)))
		break
	}
	if end <= start {
		end = first.To
	}
	return []interval.Interval{interval.Interval{From: start, To: end}.Clip(i)}
}
