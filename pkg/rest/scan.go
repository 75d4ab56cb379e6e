package rest

import (
	"context"
	"sync"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

const (
	// maxLanes is how many calls one scan makes at a time.
	maxLanes = 8
	// flushRows and flushBytes, of texts, are what a lane collects before it hands
	// it over.
	flushRows  = 16384
	flushBytes = 1 << 20
	// laneRetries is how often a lane asks again, beyond the client's own retries,
	// before it gives up the rest of its interval.
	laneRetries = 1
)

// scan fetches intervals in lanes: each lane pages through an interval of its own,
// with full pages, newest first, and one that is done takes over the older half of
// what the busiest has left. So calls are hardly more than the rows need, however
// unevenly they are spread over time.
type scan struct {
	*scanner
	to eventlog.Sink
	// maxRows ends the scan once that many rows were fetched.
	maxRows int

	mu      sync.Mutex
	changed sync.Cond
	lanes   []*lane
	queue   []interval.Interval
	rows    int
	settled int64
	// stopped is set when no further call is to be made; err is why, if an error
	// did it.
	stopped bool
	err     error
}

// run fetches the intervals, newest first. density is the expected number of rows
// a nanosecond.
func (sc *scan) run(ctx context.Context, list []interval.Interval, density float64) {
	sc.changed.L = &sc.mu
	sc.spread(list, density)
	for range maxLanes { // those without an interval wait for one to take over
		sc.lanes = append(sc.lanes, &lane{builder: columnar.NewBuilder(sc.list.layout), pager: pager{scanner: sc.scanner}})
	}
	var wg sync.WaitGroup
	for _, l := range sc.lanes {
		wg.Go(func() {
			defer sc.survive(l)
			sc.work(ctx, l)
		})
	}
	wg.Wait()
	if len(sc.queue) > 0 {
		sc.to.Fail(sc.err, sc.queue...)
	}
}

// survive makes a panic in a lane the scan's error: the queries that wait for it
// fail, the others go on.
func (sc *scan) survive(l *lane) {
	if r := recover(); r != nil {
		sc.mu.Lock()
		defer sc.mu.Unlock()
		sc.stopped, sc.err = true, eventlog.Panicked(r)
		sc.drop(l, sc.err)
	}
}

// drop gives up what a lane has left. The mutex is held.
func (sc *scan) drop(l *lane, err error) {
	if !l.todo.Empty() {
		sc.to.Fail(err, l.todo)
	}
	l.todo = interval.Interval{}
	sc.changed.Broadcast()
}

// spread cuts the intervals so that each lane gets about the same number of rows,
// but no lane less than a page or so.
func (sc *scan) spread(list []interval.Interval, density float64) {
	total := int64(0)
	for _, i := range list {
		total += i.Length()
	}
	pages := density * float64(total) / float64(sc.PageSize())
	parts := min(maxLanes, max(1, int(pages/1.5)))
	each := max(total/int64(parts)+1, interval.Second)
	for _, i := range list {
		for !i.Empty() {
			cut := max(i.From, interval.Floor(i.To-each, interval.Second))
			if cut-i.From < each/2 {
				cut = i.From
			}
			sc.queue = append(sc.queue, interval.Interval{From: cut, To: i.To})
			i.To = cut
		}
	}
}

func (sc *scan) work(ctx context.Context, l *lane) {
	for sc.take(l) {
		for {
			i, ok := sc.current(l)
			if !ok {
				break
			}
			sc.advance(ctx, l, i)
		}
		l.flush(sc.to)
		l.pager.joint = 0
	}
}

// take gives an idle lane an interval; false once nothing is left to do.
func (sc *scan) take(l *lane) bool {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	for !sc.stopped {
		if len(sc.queue) > 0 {
			l.todo, sc.queue = sc.queue[0], sc.queue[1:]
			return true
		}
		if sc.steal(l) {
			return true
		}
		busy := false
		for _, other := range sc.lanes {
			busy = busy || !other.todo.Empty()
		}
		if !busy {
			return false
		}
		sc.changed.Wait()
	}
	return false
}

// current is the interval at which a lane is.
func (sc *scan) current(l *lane) (interval.Interval, bool) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.stopped {
		sc.drop(l, sc.err)
	}
	if l.todo.Empty() {
		sc.changed.Broadcast()
		return interval.Interval{}, false
	}
	return l.todo, true
}

// advance makes the next call of a lane.
func (sc *scan) advance(ctx context.Context, l *lane, i interval.Interval) {
	if !l.done.Empty() && l.done.From != i.To {
		l.flush(sc.to)
	}
	st, err := l.pager.next(ctx, l.builder, i, false)
	sc.book(ctx, l, st, err)
	if l.builder.Len() >= flushRows || l.builder.Bytes() >= flushBytes {
		l.flush(sc.to)
	}
}

// book takes over what a call of a lane came to.
func (sc *scan) book(ctx context.Context, l *lane, st step, err error) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	defer sc.changed.Broadcast()
	if err != nil {
		l.builder.Truncate(st.first)
		sc.fail(ctx, l, err)
		return
	}
	l.tries = 0
	covered := st.covered.Clip(l.todo)
	if covered.Empty() { // another lane has taken it over
		covered = interval.Interval{From: l.todo.To, To: l.todo.To}
	}
	l.builder.Keep(st.first, covered)
	rows := l.builder.Len() - st.first
	if l.todo.To = covered.From; l.todo.Empty() {
		l.pager.joint = 0
	}
	l.book(covered, st, rows)
	sc.rows += rows
	sc.settled += covered.Length()
	sc.stopped = sc.stopped || sc.rows > sc.maxRows
}

// fail books an error of a lane. The mutex is held.
func (sc *scan) fail(ctx context.Context, l *lane, err error) {
	l.pager.trying = false
	if !cloudflare.Transient(err) || ctx.Err() != nil {
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
	sc.drop(l, err)
}

// lane is one worker's part of a scan. todo is the interval at which it works, if
// any; the scan's mutex guards it, all else is the worker's.
type lane struct {
	todo    interval.Interval
	rows    int
	settled int64
	// recent is the density of the last page: it says more of the next one than
	// the average of a quiet evening and busy hours.
	recent float64

	pager   pager
	builder *columnar.Builder
	// done is what has been settled since the last flush, in one piece.
	done    interval.Interval
	partial []eventlog.Failure
	fetched int64
	bad     int
	tries   int
}

// steal takes the older half of what the lane with the most rows to come has
// left, if that is worth the call that the cut costs.
func (sc *scan) steal(l *lane) bool {
	if sc.settled == 0 {
		return false
	}
	average := float64(sc.rows) / float64(sc.settled)
	worth := 2 * float64(sc.PageSize())
	var busiest *lane
	for _, other := range sc.lanes {
		if other.todo.Length() < 2*interval.Second {
			continue
		}
		density := average
		if other.settled > 0 {
			density = max(float64(other.rows)/float64(other.settled), other.recent)
		}
		if left := density * float64(other.todo.Length()); left > worth {
			busiest, worth = other, left
		}
	}
	if busiest == nil {
		return false
	}
	i := &busiest.todo
	half := interval.Floor(i.From+i.Length()/2, interval.Second)
	if half <= i.From || half >= i.To {
		return false
	}
	l.todo = interval.Interval{From: i.From, To: half}
	i.From = half
	l.rows, l.settled, l.recent = 0, 0, 0
	return true
}

// book takes in what a call settled: the newest part of what the lane has left.
func (l *lane) book(covered interval.Interval, st step, rows int) {
	if l.done.Empty() {
		l.done = covered
	}
	l.done.From = covered.From
	if st.fault != nil {
		l.partial = append(l.partial, eventlog.Failure{Interval: st.partial, Err: st.fault})
	}
	if l.fetched == 0 {
		l.fetched = st.asked
	}
	l.bad += st.bad
	l.rows += rows
	l.settled += covered.Length()
	if !covered.Empty() {
		l.recent = float64(rows) / float64(covered.Length())
	}
}

// flush hands over what the lane has collected.
func (l *lane) flush(to eventlog.Sink) {
	if !l.done.Empty() {
		to.Deliver(eventlog.Piece{Interval: l.done, Rows: l.builder.Freeze(), Fetched: l.fetched, Bad: l.bad, Partial: l.partial})
	}
	l.done, l.partial, l.fetched, l.bad = interval.Interval{}, nil, 0, 0
}
