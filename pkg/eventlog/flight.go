package eventlog

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
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
	feed  *feed
	fetch func(context.Context, PageRequest) (*Page, error)
	spans []span
	// started is when it was: what it fetches is at least that fresh.
	started int64
	ctx     *flightContext
	cancel  context.CancelFunc
	// The log's mutex guards these. page is what the first page of the flight's span
	// covers, once it has arrived.
	waiters  int
	page     span
	done     bool
	failures []failure
	// capped says that there were more rows than a query may scan.
	capped bool
}

// flightContext has the values of the query that started the flight, and the
// latest deadline and the highest priority of those that wait for it.
type flightContext struct {
	context.Context
	mu        sync.Mutex
	deadline  time.Time
	unlimited bool
	priority  cloudflare.Priority
}

// Deadline is what calls for the budget go by. The flight ends by itself once
// nobody waits any more.
func (c *flightContext) Deadline() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deadline, !c.unlimited && !c.deadline.IsZero()
}

// urgently makes calls with the priority that the flight has by then.
func (c *flightContext) urgently(fetch func(context.Context, PageRequest) (*Page, error)) func(context.Context, PageRequest) (*Page, error) {
	return func(ctx context.Context, r PageRequest) (*Page, error) {
		c.mu.Lock()
		priority := c.priority
		c.mu.Unlock()
		return fetch(cloudflare.WithPriority(ctx, priority), r)
	}
}

func (c *flightContext) extend(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.priority = min(c.priority, cloudflare.PriorityOf(ctx))
	deadline, ok := ctx.Deadline()
	if !ok {
		c.unlimited = true
	} else if deadline.After(c.deadline) {
		c.deadline = deadline
	}
}

// launch starts a flight for a query and joins it. The mutex is held.
func (l *Log) launch(d *demand, wanted []span, run func(*flight)) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(d.ctx))
	ctx, traced := spans.Start(ctx, "fetch", attribute.Int("spans", len(wanted)))
	stop := context.AfterFunc(l.ctx, cancel)
	shared := &flightContext{Context: ctx, priority: cloudflare.PriorityOf(ctx)}
	fl := &flight{feed: d.feed, fetch: shared.urgently(calling(d.source)), spans: wanted, started: l.config.Now().UnixNano(), ctx: shared, cancel: cancel}
	d.feed.flights = append(d.feed.flights, fl)
	d.join(fl)
	l.running.Go(func() {
		defer stop()
		defer cancel()
		defer traced.End()
		defer l.land(fl)
		defer func() {
			if r := recover(); r != nil {
				l.fail(fl, failures(fl.spans, panicked(r))...)
			}
		}()
		run(fl)
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

func panicked(r any) error { return &PanicError{Kind: fmt.Sprintf("%T", r), Stack: debug.Stack()} }

// land ends a flight.
func (l *Log) land(fl *flight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fl.done = true
	fl.feed.flights = slices.DeleteFunc(fl.feed.flights, func(o *flight) bool { return o == fl })
	fl.feed.broadcast()
	l.tidy(fl.feed)
}

func (l *Log) newScan(fl *flight) *scan {
	return &scan{
		layout: fl.feed.layout, habits: fl.feed.habits, fetch: fl.fetch, now: l.config.Now, pushed: fl.feed.pushed,
		maxRows: l.config.MaxRows + l.config.MaxRows/2 + 2*PageSize,
		deliver: func(p piece) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.insert(fl.feed, p)
		},
	}
}

// fill fetches spans as a whole.
func (l *Log) fill(density float64) func(*flight) {
	return func(fl *flight) {
		sc := l.newScan(fl)
		sc.run(fl.ctx, fl.spans, density)
		l.fail(fl, sc.failures...)
	}
}

// fail books what a flight could not fetch. Spans without an error were left out
// because there were more rows than asked for.
func (l *Log) fail(fl *flight, failures ...failure) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range failures {
		if f.err == nil {
			fl.capped = true
			continue
		}
		fl.failures = append(fl.failures, f)
	}
}

// firstPage fetches the newest page of the flight's span, or the oldest. A part
// of what is not sealed yet is asked for again along with it.
func (l *Log) firstPage(whole, ascending bool) func(*flight) {
	return func(fl *flight) {
		s := fl.spans[0]
		b := newBuilder(fl.feed.layout)
		p := pager{fetch: fl.fetch, habits: fl.feed.habits, now: l.config.Now, pushed: fl.feed.pushed}
		next := func() (step, error) { return p.next(fl.ctx, b, s, ascending) }
		if whole {
			next = func() (step, error) { return p.whole(fl.ctx, b, s) }
		}
		st, err := next()
		if err != nil && !fatal(err) && fl.ctx.Err() == nil {
			b.truncate(0)
			p.trying = false
			st, err = next()
		}
		switch {
		case err != nil:
			l.fail(fl, failure{s, err})
			return
		case st.split != nil:
			sc := l.newScan(fl)
			slices.Reverse(st.split)
			sc.run(fl.ctx, st.split, 0)
			l.fail(fl, sc.failures...)
			return
		}
		b.keep(st.first, st.covered)
		rows, repeats := b.freeze()
		l.mu.Lock()
		l.insert(fl.feed, piece{span: st.covered, rows: rows, fetched: st.asked, bad: st.bad, repeats: repeats,
			apart: clipFailures([]failure{{st.apart, st.fault}}, st.covered)})
		fl.page = st.covered
		again := l.due(fl.feed, span{s.from, st.covered.from})
		l.mu.Unlock()
		if len(again) > 0 {
			// A failure leaves what was known before, which is no older than before.
			l.newScan(fl).run(fl.ctx, again, 0)
		}
	}
}

// due picks what of a span that is not sealed yet is to be asked for again: up to
// a page, first what has reached the age to be sealed, then what was asked for
// longest ago. So late rows are found at a bounded price. The mutex is held.
func (l *Log) due(f *feed, s span) []span {
	if s.empty() {
		return nil
	}
	now := l.config.Now().UnixNano()
	var open []*segment
	for _, seg := range f.overlapping(s) {
		if !seg.sealed && seg.fetched < now-int64(softAge) {
			open = append(open, seg)
		}
	}
	if len(open) == 0 {
		return nil
	}
	first := slices.MinFunc(open, func(a, b *segment) int {
		return l.urgency(a, now).compare(l.urgency(b, now))
	})
	budget := f.habits.page() * 77 / 100 // no round number: that looks like a page that was cut
	start := first.span.from
	// The oldest page's worth of the segment, and what follows it.
	end := start
	for _, seg := range open {
		if seg.span.from < start || seg.span.from > end && end > start {
			continue
		}
		if n := seg.rows.len(); n <= budget {
			budget -= n
			end = seg.span.to
			continue
		}
		end = max(end, floorTo(seg.rows.times[budget], second))
		break
	}
	if end <= start {
		end = first.span.to
	}
	return []span{span{start, end}.clip(s)}
}

type urgency struct {
	unripe  bool
	fetched int64
	from    int64
}

func (u urgency) compare(o urgency) int {
	switch {
	case u.unripe != o.unripe:
		if o.unripe {
			return -1
		}
		return 1
	case u.fetched != o.fetched:
		return int(min(max(u.fetched-o.fetched, -1), 1))
	}
	return int(min(max(u.from-o.from, -1), 1))
}

func (l *Log) urgency(s *segment, now int64) urgency {
	return urgency{unripe: s.span.from > now-int64(l.config.SealAfter), fetched: s.fetched, from: s.span.from}
}

// calling asks a source.
func calling(s Source) func(context.Context, PageRequest) (*Page, error) {
	return func(ctx context.Context, r PageRequest) (*Page, error) {
		page, err := s.Fetch(ctx, r)
		if err == nil && page == nil {
			err = errors.New("a source gave neither a page nor an error")
		}
		return page, err
	}
}
