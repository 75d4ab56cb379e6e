package eventlog

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// ending is why the gathering of rows ended.
type ending int

const (
	everything  ending = iota
	enoughRows         // more rows pass than the limit lets through
	tooManyRows        // the query may not scan more
	outOfTime
	switched // a pushed filter is the better way
)

// gathered is what a demand came to: a view without holes but for the failures.
type gathered struct {
	demand *demand
	view   view
	ending ending
}

// gather fetches what the query needs, newest first, or oldest first where only
// the oldest rows are asked for. choose is told what a full scan would cost
// before it starts, and can stop it.
func (e *execution) gather(d *demand, choose func(known view, rows float64) bool) (gathered, error) {
	g, err := e.gatherRows(d, choose)
	if err != nil || !e.learnNames(g.view) {
		return g, err
	}
	// By their names, other rows pass, and rows that differ in their IDs alone are one.
	e.matcher = e.matching(e.request.Filters...)
	if g.ending == enoughRows {
		return e.gatherRows(d, choose)
	}
	return g, nil
}

func (e *execution) gatherRows(d *demand, choose func(known view, rows float64) bool) (gathered, error) {
	for range maxStages {
		e.log.mu.Lock()
		d.collect()
		gaps := d.missing(d.want)
		e.log.mu.Unlock()
		if err := cmp.Or(d.refusal(), e.work.Err()); err != nil {
			return gathered{}, err
		}
		if len(gaps) == 0 {
			return e.gatheredAll(d, everything)
		}
		if edge, ok := e.edge(d, gaps); ok {
			if err := d.probe(edge, e.oldestFirst()); err != nil {
				return e.interrupted(d, err)
			}
			continue
		}
		known := d.look(e.known(d, gaps))
		n := known.rows()
		if e.limited() && e.passing(known) > e.request.Limit {
			return gathered{d, known, enoughRows}, nil
		}
		next := e.next(d, known, gaps)
		// A filter that Cloudflare applies also finds what lies beyond all that may be
		// scanned.
		switch {
		case choose != nil && choose(known, float64(n)+next.remaining):
			return gathered{d, known, switched}, nil
		case e.tooMany(known):
			return gathered{d, known, tooManyRows}, nil
		}
		if err := d.settle(next.Interval, next.density); err != nil {
			return e.interrupted(d, err)
		}
	}
	e.giveUp(d, errNoProgress)
	return e.gatheredAll(d, outOfTime)
}

// maxStages bounds how often a query asks for more.
const maxStages = 200

var errNoProgress = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's answers bring nothing new. Narrow the time range."}

// giveUp books what is still missing as failed.
func (e *execution) giveUp(d *demand, err error) {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	d.collect()
	d.failures = append(d.failures, failures(err, d.missing(d.want)...)...)
}

// limited says whether the newest, or oldest, rows suffice.
func (e *execution) limited() bool {
	return !e.request.Grouped() && !e.request.Ordered() && e.request.Limit > 0 && e.source.Grain != Timeless
}

func (e *execution) oldestFirst() bool {
	return e.limited() && e.request.Ascending && !e.source.Whole
}

// edge is the interval whose first page is asked for before anything else: it
// tells how dense the events are, and holds what changes.
func (e *execution) edge(d *demand, gaps []interval.Interval) (interval.Interval, bool) {
	reach := d.reach()
	if e.source.Whole {
		return interval.Interval{To: max(reach.To, interval.Floor(e.start, interval.Second)+interval.Day)}, d.probes < maxProbes
	}
	e.log.mu.Lock()
	open := d.feed.gaps(reach, d.usable)
	e.log.mu.Unlock()
	if len(open) == 0 || d.probes >= maxProbes || e.source.Counting && !e.limited() {
		return interval.Interval{}, false
	}
	first := interval.Interval{From: open[0].From, To: reach.To}
	if e.oldestFirst() {
		return first, gaps[0].From == d.want.From
	}
	return first, gaps[len(gaps)-1].To == d.want.To
}

// known is what lies before the first gap, in the direction of the scan. It ends
// on a whole grain: a row that stands for more can still grow.
func (e *execution) known(d *demand, gaps []interval.Interval) interval.Interval {
	i := interval.Interval{From: gaps[len(gaps)-1].To, To: d.want.To}
	if e.oldestFirst() {
		i = interval.Interval{From: d.want.From, To: gaps[0].From}
	}
	switch grain := e.source.Grain; {
	case grain == Timeless:
	case e.oldestFirst():
		i.To = interval.Floor(i.To, grain)
	default:
		i.From = interval.Ceil(i.From, grain)
	}
	return i
}

// stage is what to fetch next: enough to answer, as far as can be told.
type stage struct {
	interval.Interval
	density float64
	// remaining is the expected number of rows that are not known yet.
	remaining float64
}

func (e *execution) next(d *demand, known view, gaps []interval.Interval) stage {
	reach := d.reach()
	rest := interval.Interval{From: min(reach.From, gaps[0].From), To: gaps[len(gaps)-1].To}
	if gaps[0].From > d.want.From {
		rest.From = gaps[0].From
	}
	if e.oldestFirst() {
		rest.From = known.To
	}
	n := float64(known.rows())
	seen := interval.Interval{From: known.From, To: min(known.To, max(e.start, known.From))}
	if n == 0 || seen.Empty() {
		return stage{Interval: rest, remaining: n}
	}
	st := stage{Interval: rest, density: n / float64(seen.Length())}
	st.remaining = st.density * float64(rest.Length())
	page := float64(d.scanner.PageSize())
	need := float64(e.most(known.Interval)) - n + page
	if e.limited() {
		want := 8 * max(n, page)
		if hits := e.passing(known); hits > 0 {
			want = float64(e.request.Limit+1-hits)*n/float64(hits)*1.2 + page/2
		}
		need = min(need, want)
	}
	length := need / st.density
	if length > 0.8*float64(rest.Length()) || length > math.MaxInt64/2 {
		return st
	}
	unit := max(e.source.Grain, interval.Second)
	if e.oldestFirst() {
		st.To = interval.Ceil(rest.From+int64(length)+unit, unit)
	} else {
		st.From = interval.Floor(rest.To-int64(length)-unit, unit)
	}
	return st
}

// interrupted shows what there is when the time is up. Other errors go to the
// caller.
func (e *execution) interrupted(d *demand, err error) (gathered, error) {
	if !errors.Is(err, errOutOfTime) {
		return gathered{}, err
	}
	e.giveUp(d, errTimeout)
	return e.gatheredAll(d, outOfTime)
}

var errTimeout = &cloudflare.Error{Kind: cloudflare.KindTimeout, Message: "Cloudflare did not answer in time. Select a shorter time range, or increase the timeout in the data source's settings."}

// gatheredAll is everything that is known of the interval. If that is nothing at
// all, the first failure is the answer.
func (e *execution) gatheredAll(d *demand, end ending) (gathered, error) {
	d.stale = len(d.failures) > 0
	g := gathered{d, d.look(d.want), end}
	var partial *PartialError
	if len(d.failures) > 0 && len(g.view.parts) == 0 && !errors.As(d.failures[0].Err, &partial) {
		return g, d.failures[0].Err
	}
	return g, nil
}

// gap is a part of the answer that is missing, or old: as it was at a time.
type gap struct {
	Failure
	asOf int64 // 0: missing
}

// gaps are the parts that could not be fetched, newest first. What is known of
// them all the same is in the answer.
func (g gathered) gaps() []gap {
	var out []gap
	failed := clipFailures(g.demand.failures, g.view.Interval)
	missing := failed
	for _, p := range g.view.parts {
		var rest []Failure
		for _, f := range missing {
			rest = append(rest, failures(f.Err, interval.Subtract([]interval.Interval{f.Interval}, p.Interval)...)...)
		}
		missing = rest
		for _, f := range clipFailures(p.segment.partial, p.Interval) {
			out = append(out, gap{f, 0})
		}
		if !g.demand.fresh(p.segment) {
			for _, f := range clipFailures(failed, p.Interval) {
				out = append(out, gap{f, p.segment.fetched})
			}
		}
	}
	for _, f := range missing {
		out = append(out, gap{f, 0})
	}
	slices.SortFunc(out, func(a, b gap) int { return cmp.Compare(b.From, a.From) })
	return out
}
