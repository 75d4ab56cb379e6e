package eventlog

import (
	"context"
	"sync"
	"time"
)

const (
	// maxLanes is how many calls one scan makes at a time.
	maxLanes = 8
	// flushRows is how many rows a lane collects before it hands them over.
	flushRows = 16384
	// laneRetries is how often a lane asks again, beyond the client's own retries,
	// before it gives up the rest of its span.
	laneRetries = 1
)

// failure is a span that could not be fetched, and why.
type failure struct {
	span span
	err  error
}

// piece is a settled span with its rows.
type piece struct {
	span    span
	rows    *chunk
	fetched int64
	bad     int
	// repeats are rows that a single page had more than once.
	repeats int
	// apart are parts of the span whose rows cannot be trusted to be all.
	apart []failure
}

// scan fetches spans in lanes: each lane pages through a span of its own, with
// full pages, newest first, and one that is done takes over the older half of
// what the busiest has left. So calls are hardly more than the rows need, however
// unevenly they are spread over time.
type scan struct {
	layout *layout
	habits *habits
	fetch  func(ctx context.Context, p PageRequest) (*Page, error)
	now    func() time.Time
	pushed map[string]string
	// deliver takes a piece; it is called from several goroutines.
	deliver func(piece)
	// maxRows ends the scan once that many rows were fetched.
	maxRows int

	mu       sync.Mutex
	changed  sync.Cond
	lanes    []*lane
	queue    []span
	rows     int
	settled  int64
	failures []failure
	// stopped is set when no further call is to be made; err is why, if a fatal
	// error did it.
	stopped bool
	err     error
}

// run fetches the spans, newest first. density is the expected number of rows a
// nanosecond.
func (sc *scan) run(ctx context.Context, spans []span, density float64) {
	sc.changed.L = &sc.mu
	sc.spread(spans, density)
	for range maxLanes { // those without a span wait for one to take over
		sc.lanes = append(sc.lanes, &lane{
			builder: newBuilder(sc.layout),
			pager:   pager{fetch: sc.fetch, habits: sc.habits, now: sc.now, pushed: sc.pushed},
		})
	}
	var wg sync.WaitGroup
	for _, l := range sc.lanes {
		wg.Go(func() {
			defer sc.survive(l)
			sc.work(ctx, l)
		})
	}
	wg.Wait()
	sc.failures = append(sc.failures, failures(sc.queue, sc.err)...)
}

// survive makes a panic in a lane the scan's error: the queries that wait for it
// fail, the others go on.
func (sc *scan) survive(l *lane) {
	if r := recover(); r != nil {
		sc.mu.Lock()
		defer sc.mu.Unlock()
		sc.stopped, sc.err = true, panicked(r)
		sc.failures = append(sc.failures, failures(l.todo, sc.err)...)
		l.todo = nil
		sc.changed.Broadcast()
	}
}

func failures(spans []span, err error) []failure {
	out := make([]failure, len(spans))
	for i, s := range spans {
		out[i] = failure{s, err}
	}
	return out
}

// clipFailures are the failures within a span.
func clipFailures(all []failure, s span) []failure {
	var out []failure
	for _, f := range all {
		if f.span = f.span.clip(s); !f.span.empty() {
			out = append(out, f)
		}
	}
	return out
}

// spread cuts the spans so that each lane gets about the same number of rows,
// but no lane less than a page or so.
func (sc *scan) spread(spans []span, density float64) {
	total := int64(0)
	for _, s := range spans {
		total += s.length()
	}
	pages := density * float64(total) / float64(sc.habits.page())
	parts := min(maxLanes, max(1, int(pages/1.5)))
	each := max(total/int64(parts)+1, second)
	for _, s := range spans {
		for !s.empty() {
			cut := max(s.from, floorTo(s.to-each, second))
			if cut-s.from < each/2 {
				cut = s.from
			}
			sc.queue = append(sc.queue, span{cut, s.to})
			s.to = cut
		}
	}
}

func (sc *scan) work(ctx context.Context, l *lane) {
	for sc.take(l) {
		for {
			s, ok := sc.current(l)
			if !ok {
				break
			}
			sc.advance(ctx, l, s)
		}
		sc.flush(l)
		l.pager.joint = 0
	}
}

// take gives an idle lane a span; false once nothing is left to do.
func (sc *scan) take(l *lane) bool {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	for !sc.stopped {
		if len(sc.queue) > 0 {
			l.todo = append(l.todo, sc.queue[0])
			sc.queue = sc.queue[1:]
			return true
		}
		if sc.steal(l) {
			return true
		}
		busy := false
		for _, other := range sc.lanes {
			busy = busy || len(other.todo) > 0
		}
		if !busy {
			return false
		}
		sc.changed.Wait()
	}
	return false
}

// advance makes the next call of a lane.
func (sc *scan) advance(ctx context.Context, l *lane, s span) {
	if n := len(l.done); n > 0 && l.done[n-1].to != s.from && l.done[n-1].from != s.to {
		sc.flush(l)
	}
	st, err := l.pager.next(ctx, l.builder, s, false)
	sc.book(ctx, l, st, err)
	if l.builder.len() >= flushRows {
		sc.flush(l)
	}
}

// book takes over what a call of a lane came to.
func (sc *scan) book(ctx context.Context, l *lane, st step, err error) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	defer sc.changed.Broadcast()
	if err != nil {
		l.builder.truncate(st.first)
		sc.fail(ctx, l, err)
		return
	}
	l.tries = 0
	top := len(l.todo) - 1
	if st.split != nil {
		l.todo = append(l.todo[:top], clipAll(st.split, l.todo[top])...)
		return
	}
	cur := &l.todo[top]
	covered := st.covered.clip(*cur)
	if covered.empty() { // a thief has it now
		covered = span{cur.to, cur.to}
	}
	l.builder.keep(st.first, covered)
	rows := l.builder.len() - st.first
	if covered.to == cur.to {
		cur.to = covered.from
	} else {
		cur.from = covered.to
	}
	if cur.empty() {
		l.todo = l.todo[:top]
		l.pager.joint = 0
	}
	if !st.apart.empty() {
		l.apart = append(l.apart, failure{st.apart, st.fault})
	}
	l.book(covered, st, rows)
	sc.rows += rows
	sc.settled += covered.length()
	sc.stopped = sc.stopped || sc.maxRows > 0 && sc.rows > sc.maxRows
}

// fail books an error of a lane. The mutex is held.
func (sc *scan) fail(ctx context.Context, l *lane, err error) {
	l.pager.trying = false
	if fatal(err) || ctx.Err() != nil {
		if !sc.stopped || sc.err == nil {
			sc.err = err
		}
		sc.stopped = true
		return
	}
	if l.tries++; l.tries <= laneRetries {
		return
	}
	l.tries, l.pager.joint = 0, 0
	sc.failures = append(sc.failures, failures(l.todo, err)...)
	l.todo = nil
}

// flush hands over what the lane has collected.
func (sc *scan) flush(l *lane) {
	if len(l.done) > 0 {
		rows, repeats := l.builder.freeze()
		for i, s := range l.done {
			own := rows
			if len(l.done) > 1 {
				lo, hi := rows.rows(s)
				own = join(sc.layout, part{rows, lo, hi})
			}
			p := piece{span: s, rows: own, fetched: l.fetched, apart: clipFailures(l.apart, s)}
			if i == 0 {
				p.bad, p.repeats = l.bad, repeats
			}
			sc.deliver(p)
		}
	}
	l.done, l.apart, l.fetched, l.bad = l.done[:0], nil, 0, 0
}

func clipAll(spans []span, to span) []span {
	var out []span
	for _, s := range spans {
		if s = s.clip(to); !s.empty() {
			out = append(out, s)
		}
	}
	return out
}
