package eventlog

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/directory"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/spans"
)

// execution is one query on its way to an answer.
type execution struct {
	log     *Log
	ctx     context.Context
	request *query.Request
	source  *Source
	naming  *directory.Naming
	layout  *columnar.Layout // the source's, with the names that were learned
	wanted  []interval.Interval
	start   int64
	matcher *columnar.Matcher
	work    *query.Work
	maxRows int
	// seen is what was seen before a filter was pushed.
	seen view
	// push is the filter that Cloudflare applies in place of a scan; nil if none.
	push    *push
	notices []answer.Notice
	past    past
}

// Query answers a request from a source. The result is the caller's own. Errors
// are *query.InvalidError, *cloudflare.Error, the context's, or the scanner's own.
func (l *Log) Query(ctx context.Context, r *query.Request, s Source) (*answer.Result, error) {
	return l.execute(ctx, r, s, (*execution).answer)
}

// Present answers a request from rows that read gets, as they were at an instant. No
// time range applies to them, and the log keeps nothing of them. Errors are read's own,
// too.
func (l *Log) Present(ctx context.Context, r *query.Request, s Source, read func(context.Context) (*columnar.Chunk, time.Time, error)) (*answer.Result, error) {
	return l.execute(ctx, r, s, func(e *execution) (*answer.Result, error) {
		rows, at, err := read(e.ctx)
		if err != nil {
			return nil, err
		}
		all := interval.Interval{To: 1} // The rows are all of the first instant.
		present := &segment{Interval: all, fetched: at.UnixNano(), rows: rows}
		known := view{all, []viewPart{{all, present, rows.Within(all)}}}
		return e.finish(gathered{&demand{log: l, want: all}, known, everything}, known)
	})
}

func (l *Log) execute(ctx context.Context, r *query.Request, s Source, answered func(*execution) (*answer.Result, error)) (*answer.Result, error) {
	trace := cloudflare.TraceOf(ctx)
	if trace == nil {
		trace = &cloudflare.Trace{}
		ctx = cloudflare.WithTrace(ctx, trace)
	}
	ctx, traced := spans.Start(ctx, "scan")
	e := &execution{log: l, ctx: ctx, request: r, source: &s, naming: s.Directory.Naming(), start: l.config.Now().UnixNano(), maxRows: cmp.Or(s.MaxRows, l.config.MaxRows)}
	e.past.asked = int64(r.History())
	e.past.length = e.past.asked
	if r.Shift > 0 {
		e.maxRows = e.maxRows * query.HistoryFactor / r.Compare.Times
		s.Oldest = e.kept()
	}
	if r.MaxRows > 0 {
		e.maxRows = min(e.maxRows, r.MaxRows)
	}
	e.layout = s.Layout.Named(e.naming.Names())
	// Names that rows usually have themselves are learned only if some lack theirs.
	e.naming.Learn(ctx, slices.DeleteFunc(r.Filtered(), func(f *catalogue.Field) bool { return len(f.Path) > 0 }))
	e.work = query.NewWork(ctx)
	e.matcher = e.matching(r.Filters...)
	result, err := answered(e)
	if ended := e.work.Err(); ended != nil && err == nil {
		err = ended
	}
	spans.End(traced, err)
	if err != nil {
		return nil, err
	}
	result.Coverage.UpstreamCalls = trace.Calls()
	result.Calls = trace.Requests()
	result.Coverage.SavedCalls = max(0, result.Coverage.SavedCalls-trace.Calls())
	return result, nil
}

// matching makes the matcher of some filters, whose work is the query's.
func (e *execution) matching(filters ...*query.Filter) *columnar.Matcher {
	return columnar.NewMatcher(e.layout, filters...).On(e.work)
}

// want finds the parts of the time range, and of the history before it, to be asked
// for: what filters on times leave, and Cloudflare still has.
func (e *execution) want() error {
	wanted, err := e.request.Intervals()
	if err == nil {
		wanted, err = e.extended(wanted)
	}
	if err != nil {
		return err
	}
	e.wanted = interval.Intersect(wanted, interval.Interval{From: e.source.Oldest, To: math.MaxInt64})
	switch {
	case len(e.wanted) > 0:
	case len(wanted) > 0 && e.request.Shift == 0:
		return &query.InvalidError{Message: fmt.Sprintf("Cloudflare no longer has %s before %s; choose a later time range",
			e.request.Type.Noun.Many, clock(e.source.Oldest))}
	default:
		from := e.request.Needed().From
		e.wanted = []interval.Interval{{From: from, To: from}}
	}
	return nil
}

// answer gathers the rows, through a pushed filter where that is the better way.
func (e *execution) answer() (*answer.Result, error) {
	if err := e.want(); err != nil {
		return nil, err
	}
	if err := e.checkUpstreamOnly(); err != nil {
		return nil, err
	}
	base := e.open(nil, e.wanted...)
	defer base.release()
	var choose func(view, float64) bool
	if e.source.Pushing != nil && !e.request.Unpushed {
		choose = func(v view, rows float64) bool {
			e.push = e.choosePush(v, rows)
			return e.push != nil
		}
	}
	g, err := e.gather(base, choose)
	if err != nil {
		return nil, err
	}
	if e.push == nil && choose != nil && g.ending != outOfTime {
		e.push = e.unseen(g.view)
	}
	if e.push != nil {
		pushed, err := e.gatherPushed(g)
		if err != nil {
			return nil, err
		}
		if pushed != nil {
			defer pushed.demand.release()
			e.seen = g.view
			return e.conclude(*pushed)
		}
		// The filter is not what Cloudflare makes of it: the scan goes on without.
		if g, err = e.gather(base, nil); err != nil {
			return nil, err
		}
	}
	return e.conclude(g)
}

func (e *execution) open(pushed map[string]string, wanted ...interval.Interval) *demand {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	return e.log.newDemand(e.ctx, e.source, pushed, wanted)
}

func clock(ns int64) string { return interval.Instant(ns).Format(time.RFC3339) }

// passing counts the rows of an answer, as far as the limit needs.
func (e *execution) passing(v view) int {
	if e.layout.Weighted() {
		refs, _, _ := e.listGroups(v)
		return len(refs)
	}
	n := 0
	for _, p := range v.parts {
		if n += len(e.matcher.Match(p.run)); n > e.request.Limit {
			break
		}
	}
	return n
}
