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

// lane is one worker's part of a scan. todo is the stack of its spans; the last
// one is at work. It is guarded by the scan's mutex, all else is the worker's.
type lane struct {
	todo    []span
	rows    int
	settled int64

	pager   pager
	builder *builder
	done    []span
	fetched int64
	bad     int
	tries   int
}

// run fetches the spans, newest first. density is the expected number of rows a
// nanosecond.
func (sc *scan) run(ctx context.Context, spans []span, density float64) {
	sc.changed.L = &sc.mu
	sc.spread(spans, density)
	workers := min(maxLanes, len(sc.queue))
	var wg sync.WaitGroup
	for range workers {
		l := &lane{
			builder: newBuilder(sc.layout),
			pager:   pager{fetch: sc.fetch, habits: sc.habits, now: sc.now, pushed: sc.pushed},
		}
		sc.lanes = append(sc.lanes, l)
		wg.Go(func() { sc.work(ctx, l) })
	}
	wg.Wait()
	for _, s := range sc.queue {
		sc.failures = append(sc.failures, failure{s, sc.err})
	}
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

// steal takes the older half of what the lane with the most rows to come has
// left, if that is worth the call that the cut costs.
func (sc *scan) steal(l *lane) bool {
	if sc.settled == 0 {
		return false
	}
	average := float64(sc.rows) / float64(sc.settled)
	worth := 2 * float64(sc.habits.page())
	var victim *lane
	for _, other := range sc.lanes {
		if len(other.todo) == 0 || other.todo[0].length() < 2*second {
			continue
		}
		density := average
		if other.settled > 0 {
			density = float64(other.rows) / float64(other.settled)
		}
		if left := density * float64(other.todo[0].length()); left > worth {
			victim, worth = other, left
		}
	}
	if victim == nil {
		return false
	}
	s := &victim.todo[0]
	half := floorTo(s.from+s.length()/2, second)
	if half <= s.from || half >= s.to {
		return false
	}
	l.todo = append(l.todo, span{s.from, half})
	s.from = half
	l.rows, l.settled = 0, 0
	return true
}

func (sc *scan) current(l *lane) (span, bool) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.stopped || len(l.todo) == 0 {
		if sc.stopped {
			for _, s := range l.todo {
				sc.failures = append(sc.failures, failure{s, sc.err})
			}
			l.todo = nil
		}
		sc.changed.Broadcast()
		return span{}, false
	}
	return l.todo[len(l.todo)-1], true
}

// advance makes the next call of a lane and books what it settled.
func (sc *scan) advance(ctx context.Context, l *lane, s span) {
	if n := len(l.done); n > 0 && l.done[n-1].to != s.from && l.done[n-1].from != s.to {
		sc.flush(l)
	}
	st, err := l.pager.next(ctx, l.builder, s, false)
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
		sc.failures = append(sc.failures, failure{st.apart, errPagesApart})
	}
	l.book(covered, st, rows)
	sc.rows += rows
	sc.settled += covered.length()
	sc.stopped = sc.stopped || sc.maxRows > 0 && sc.rows > sc.maxRows
	if l.builder.len() >= flushRows {
		sc.mu.Unlock()
		sc.flush(l)
		sc.mu.Lock()
	}
}

func (l *lane) book(covered span, st step, rows int) {
	if n := len(l.done); n > 0 && l.done[n-1].from == covered.to {
		l.done[n-1].from = covered.from
	} else if n > 0 && l.done[n-1].to == covered.from {
		l.done[n-1].to = covered.to
	} else if !covered.empty() {
		l.done = append(l.done, covered)
	}
	if l.fetched == 0 {
		l.fetched = st.asked
	}
	l.bad += st.bad
	l.rows += rows
	l.settled += covered.length()
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
	for _, s := range l.todo {
		sc.failures = append(sc.failures, failure{s, err})
	}
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
			p := piece{span: s, rows: own, fetched: l.fetched}
			if i == 0 {
				p.bad, p.repeats = l.bad, repeats
			}
			sc.deliver(p)
		}
	}
	l.done, l.fetched, l.bad = l.done[:0], 0, 0
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
