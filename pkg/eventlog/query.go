package eventlog

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/spans"
)

// inquiry is one query on its way to an answer.
type inquiry struct {
	log    *Log
	ctx    context.Context
	r      *query.Request
	source Source
	want   span
	start  int64
	// push is the filter that Cloudflare applies; nil if none.
	push    *push
	notices []Notice
}

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

// Query answers a request from a source. The result is the caller's own. Errors
// are *query.InvalidError, *cloudflare.Error or the context's.
func (l *Log) Query(ctx context.Context, r *query.Request, s Source) (*Result, error) {
	trace := cloudflare.TraceOf(ctx)
	if trace == nil {
		trace = &cloudflare.Trace{}
		ctx = cloudflare.WithTrace(ctx, trace)
	}
	ctx, traced := spans.Start(ctx, "scan")
	q := &inquiry{log: l, ctx: ctx, r: r, source: s, want: spanOf(r.Span()), start: l.config.Now().UnixNano()}
	result, err := q.answer()
	spans.End(traced, err)
	if err != nil {
		return nil, err
	}
	result.Coverage.UpstreamCalls = trace.Calls()
	result.Calls = trace.Requests()
	result.Coverage.SavedCalls = max(0, q.callsNeeded(result)-trace.Calls())
	return result, nil
}

// answer gathers the rows, through a pushed filter where that is the better way.
func (q *inquiry) answer() (*Result, error) {
	params, err := q.onlyUpstream()
	if err != nil {
		return nil, err
	}
	base := q.open(params)
	defer base.release()
	var choose func(view, float64) bool
	if q.source.Push && params == nil {
		choose = func(v view, rows float64) bool {
			q.push = q.choosePush(base.feed, v, rows)
			return q.push != nil
		}
	}
	g, err := q.gather(base, choose)
	if err != nil {
		return nil, err
	}
	if params != nil {
		if err := q.verifyOnlyUpstream(g); err != nil {
			return nil, err
		}
	}
	if q.push == nil && choose != nil && g.ending != outOfTime {
		q.push = q.unseen(base.feed, g.view)
	}
	if q.push != nil {
		pushed, err := q.gatherPushed(g)
		if err != nil {
			return nil, err
		}
		if pushed != nil {
			defer pushed.demand.release()
			return q.finish(*pushed)
		}
		// The filter is not what Cloudflare makes of it: the scan goes on without.
		if g, err = q.gather(base, nil); err != nil {
			return nil, err
		}
	}
	return q.finish(g)
}

func (q *inquiry) open(pushed map[string]string) *demand {
	q.log.mu.Lock()
	defer q.log.mu.Unlock()
	return q.log.newDemand(q.ctx, q.source, q.log.feed(q.source, pushed), q.want)
}

// gather fetches what the query needs, newest first, or oldest first where only
// the oldest rows are asked for. choose is told what a full scan would cost
// before it starts, and can stop it.
func (q *inquiry) gather(d *demand, choose func(known view, rows float64) bool) (gathered, error) {
	m := newMatcher(d.feed.layout, q.r.Filters)
	for range maxStages {
		q.log.mu.Lock()
		d.collect()
		gaps := d.missing(d.want)
		q.log.mu.Unlock()
		if err := d.refusal(); err != nil {
			return gathered{}, err
		}
		if len(gaps) == 0 {
			return q.gatheredAll(d, everything)
		}
		if edge, ok := q.edge(d, gaps); ok {
			if err := d.probe(edge, q.oldestFirst()); err != nil {
				return q.interrupted(d, err)
			}
			continue
		}
		known := d.look(q.known(gaps))
		n := known.rows()
		switch {
		case n > q.log.config.MaxRows:
			return gathered{d, known, tooManyRows}, nil
		case q.limited() && q.passing(m, known) > q.r.Limit:
			return gathered{d, known, enoughRows}, nil
		}
		next := q.next(d, m, known, gaps)
		if choose != nil && choose(known, float64(n)+next.remaining) {
			return gathered{d, known, switched}, nil
		}
		if err := d.settle(next.span, next.density); err != nil {
			return q.interrupted(d, err)
		}
	}
	q.giveUp(d, errNoProgress)
	return q.gatheredAll(d, outOfTime)
}

// maxStages bounds how often a query asks for more.
const maxStages = 200

var errNoProgress = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's answers do not get any further. Narrow the time range"}

// giveUp books what is still missing as failed.
func (q *inquiry) giveUp(d *demand, err error) {
	q.log.mu.Lock()
	defer q.log.mu.Unlock()
	d.collect()
	d.failures = append(d.failures, failures(d.missing(d.want), err)...)
}

// limited says whether the newest, or oldest, rows suffice.
func (q *inquiry) limited() bool { return !q.r.Grouped() && q.r.Limit > 0 }

func (q *inquiry) oldestFirst() bool { return q.limited() && q.r.Ascending && !q.source.Whole }

// edge is the span whose first page is asked for before anything else: it tells
// how dense the events are, and holds what changes.
func (q *inquiry) edge(d *demand, gaps []span) (span, bool) {
	reach := d.reach()
	if q.source.Whole {
		return span{0, max(reach.to, floorTo(q.start, second)+int64(24*time.Hour))}, d.probes < maxProbes
	}
	q.log.mu.Lock()
	open := d.feed.gaps(reach, d.usable)
	q.log.mu.Unlock()
	if len(open) == 0 || d.probes >= maxProbes {
		return span{}, false
	}
	if q.oldestFirst() {
		return span{open[0].from, reach.to}, gaps[0].from == q.want.from
	}
	return span{open[0].from, reach.to}, gaps[len(gaps)-1].to == q.want.to
}

// known is the span up to the first gap, in the direction of the scan.
func (q *inquiry) known(gaps []span) span {
	if q.oldestFirst() {
		return span{q.want.from, gaps[0].from}
	}
	return span{gaps[len(gaps)-1].to, q.want.to}
}

// stage is what to fetch next: enough to answer, as far as can be told.
type stage struct {
	span    span
	density float64
	// remaining is the expected number of rows that are not known yet.
	remaining float64
}

func (q *inquiry) next(d *demand, m *matcher, known view, gaps []span) stage {
	reach := d.reach()
	rest := span{min(reach.from, gaps[0].from), known.span.from}
	if gaps[0].from > q.want.from {
		rest.from = gaps[0].from
	}
	if q.oldestFirst() {
		rest = span{known.span.to, gaps[len(gaps)-1].to}
	}
	n := float64(known.rows())
	seen := span{known.span.from, min(known.span.to, max(q.start, known.span.from))}
	if n == 0 || seen.empty() {
		return stage{span: rest, remaining: n}
	}
	st := stage{span: rest, density: n / float64(seen.length())}
	st.remaining = st.density * float64(rest.length())
	need := float64(q.log.config.MaxRows) - n + PageSize
	if q.limited() {
		want := 8 * max(n, float64(d.feed.habits.page()))
		if hits := q.passing(m, known); hits > 0 {
			want = float64(q.r.Limit+1-hits)*n/float64(hits)*1.2 + float64(d.feed.habits.page())/2
		}
		need = min(need, want)
	}
	length := need / st.density
	if length > 0.8*float64(rest.length()) || length > math.MaxInt64/2 {
		return st
	}
	if q.oldestFirst() {
		st.span.to = ceilTo(rest.from+int64(length)+second, second)
	} else {
		st.span.from = floorTo(rest.to-int64(length)-second, second)
	}
	return st
}

// passing counts the rows that pass the filters, as far as the limit needs.
func (q *inquiry) passing(m *matcher, v view) int {
	n := 0
	for _, p := range v.parts {
		rows, _ := m.match(p.rows, p.lo, p.hi)
		if n += len(rows); n > q.r.Limit {
			break
		}
	}
	return n
}

// interrupted shows what there is when the time is up. Other errors go to the
// caller.
func (q *inquiry) interrupted(d *demand, err error) (gathered, error) {
	if !errors.Is(err, errOutOfTime) {
		return gathered{}, err
	}
	q.giveUp(d, errTimeout)
	return q.gatheredAll(d, outOfTime)
}

var errTimeout = &cloudflare.Error{Kind: cloudflare.KindTimeout, Message: "Cloudflare did not answer in time. Narrow the time range, or raise the data source's timeout"}

// gatheredAll is everything that is known of the span. If that is nothing at all,
// the first failure is the answer.
func (q *inquiry) gatheredAll(d *demand, e ending) (gathered, error) {
	d.stale = len(d.failures) > 0
	g := gathered{d, d.look(d.want), e}
	if len(d.failures) > 0 && len(g.view.parts) == 0 {
		return g, d.failures[0].err
	}
	return g, nil
}
