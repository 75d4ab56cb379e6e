package eventlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/spans"
)

// finish lists or counts what was gathered and says what it covers.
func (q *inquiry) finish(g gathered) (*Result, error) {
	stage := "list"
	if q.r.Grouped() {
		stage = "count"
	}
	_, traced := spans.Start(q.ctx, stage)
	defer traced.End()
	span := q.r.Span()
	res := &Result{Coverage: Coverage{From: span.From, To: span.To, Complete: true, FilteredHere: []string{}}, Notices: q.notices}
	l := g.demand.feed.layout
	m := newMatcher(l, q.r.Filters)
	if q.push != nil {
		m.trust(q.push)
	}
	var t tally
	switch {
	case q.r.Format == query.FormatTimeSeries:
		var err error
		if res.Series, t, err = countSeries(q.r, l, m, g.view); err != nil {
			return nil, err
		}
	case len(q.r.GroupBy) > 0:
		res.Groups, t = countGroups(q.r, l, m, g.view)
	default:
		var refs []ref
		refs, t = pick(q.r, m, g.view)
		res.Table = newTable(q.r, l, refs)
	}
	q.cover(res, g, t)
	q.explain(res, g, t)
	return res, nil
}

// cover fills the figures of the coverage.
func (q *inquiry) cover(res *Result, g gathered, t tally) {
	c := &res.Coverage
	c.Rows = t.rows
	if t.newest > 0 {
		at := instant(t.newest)
		c.Newest = &at
	}
	for _, p := range g.view.parts {
		if p.segment.fetched >= q.start {
			continue
		}
		c.CachedRows += int64(p.hi - p.lo)
		if at := instant(p.segment.fetched); c.CachedAt == nil || at.Before(*c.CachedAt) {
			c.CachedAt = &at
		}
	}
	for _, f := range q.r.Filters {
		if !f.Field.FilterOnly && (q.push == nil || q.push.filter != f) && !slices.Contains(c.FilteredHere, f.Field.Name) {
			c.FilteredHere = append(c.FilteredHere, f.Field.Name)
		}
	}
}

// callsNeeded is how many calls the answer would have taken without the log.
func (q *inquiry) callsNeeded(res *Result) int {
	rows := max(res.Coverage.Rows, res.Coverage.CachedRows)
	return max(1, int((rows+PageSize-1)/PageSize))
}

// explain says what the answer lacks, and what to do about it.
func (q *inquiry) explain(res *Result, g gathered, t tally) {
	many := q.r.Type.Noun.Many
	q.explainFailures(res, g)
	if g.ending == tooManyRows {
		res.Incomplete(ReasonMaxRows, fmt.Sprintf(
			"The time range holds more %s than one query may scan (%d). Only those %s are counted in. Narrow the time range, or raise the maximum rows in the data source's settings.",
			many, q.log.config.MaxRows, q.side(g.view.span)))
	}
	if bad, repeats := g.view.flaws(); bad > 0 {
		res.Incomplete(ReasonBadRows, fmt.Sprintf("Cloudflare sent %d %s without a time that can be read. They are left out.", bad, many))
	} else if repeats > 0 {
		res.Notices = append(res.Notices, Notice{Info, fmt.Sprintf("Cloudflare sent %d %s more than once in one answer. Each is counted once.", repeats, many)})
	}
	if t.unjudged > 0 {
		res.Incomplete(ReasonUnverified, fmt.Sprintf("%d %s came without a field that a filter needs (%s), so the filter could not be checked on them.",
			t.unjudged, many, q.filterNames()))
	}
	if g.demand.feed.pushed != nil && q.push == nil {
		res.Incomplete(ReasonUnverified, fmt.Sprintf("Only Cloudflare can apply a filter of this query: %s do not carry its field, so that it cannot be checked.", many))
	}
	if t.ungrouped > 0 {
		res.Incomplete(ReasonUnverified, fmt.Sprintf("%d %s came without a field that they are grouped by (%s). They are counted without a value.",
			t.ungrouped, many, catalogue.FieldNames(q.r.GroupBy)))
	}
	q.explainLimit(res, t)
	q.explainRetention(res, g)
}

func (q *inquiry) explainLimit(res *Result, t tally) {
	switch {
	case !t.more:
	case q.r.Grouped():
		res.Notices = append(res.Notices, Notice{Info, fmt.Sprintf("Only the %d largest groups are shown. Raise the limit to see more.", q.r.Limit)})
	default:
		if res.Coverage.Complete {
			res.Coverage.Complete, res.Coverage.Reason = false, ReasonLimit
		}
		which := "newest"
		if q.r.Ascending {
			which = "oldest"
		}
		res.Notices = append(res.Notices, Notice{Info, fmt.Sprintf("Only the %s %d %s are shown. Raise the limit, narrow the time range or add a filter to see the others.",
			which, q.r.Limit, q.r.Type.Noun.Many)})
	}
}

func (q *inquiry) side(s span) string {
	if q.oldestFirst() {
		return "before " + clock(s.to)
	}
	return "from " + clock(s.from) + " on"
}

func clock(ns int64) string { return instant(ns).Format(time.RFC3339) }

func (q *inquiry) filterNames() string {
	var names []string
	for _, f := range q.r.Filters {
		if !slices.Contains(names, f.Field.Name) {
			names = append(names, f.Field.Name)
		}
	}
	return strings.Join(names, ", ")
}

// lacks is a part of the answer that is missing, or old: as it was at a time.
type lacks struct {
	failure
	asOf int64 // 0: missing
}

// lacking are the parts that could not be fetched, newest first. What is known of
// them all the same is in the answer.
func (g gathered) lacking() []lacks {
	var out []lacks
	failed := clipFailures(g.demand.failures, g.view.span)
	missing := failed
	for _, p := range g.view.parts {
		var rest []failure
		for _, f := range missing {
			rest = append(rest, failures(subtract([]span{f.span}, p.segment.span), f.err)...)
		}
		missing = rest
		for _, f := range clipFailures(p.segment.apart, g.view.span) {
			out = append(out, lacks{f, 0})
		}
		if !g.demand.fresh(p.segment) {
			for _, f := range clipFailures(failed, p.segment.span) {
				out = append(out, lacks{f, p.segment.fetched})
			}
		}
	}
	for _, f := range missing {
		out = append(out, lacks{f, 0})
	}
	slices.SortFunc(out, func(a, b lacks) int { return cmp.Compare(b.span.from, a.span.from) })
	return out
}

// explainFailures names the spans that are missing or old. Of several reasons the
// one of the first span counts.
func (q *inquiry) explainFailures(res *Result, g gathered) {
	lacking := g.lacking()
	for i, f := range lacking {
		reason, retryAt := reasonOf(f.err)
		if at := res.Coverage.RetryAt; !retryAt.IsZero() && (at == nil || retryAt.After(*at)) {
			res.Coverage.RetryAt = &retryAt
		}
		if i >= maxFailureNotices {
			continue
		}
		what := "are missing"
		if f.asOf > 0 {
			what = "are shown as they were at " + clock(f.asOf) + "; later ones may be missing"
		}
		res.Incomplete(reason, fmt.Sprintf("%s from %s to %s %s. %s",
			capital(q.r.Type.Noun.Many), clock(max(f.span.from, q.want.from)), clock(f.span.to), what, f.err.Error()))
	}
	if more := len(lacking) - maxFailureNotices; more > 0 {
		res.Notices = append(res.Notices, Notice{Warning, fmt.Sprintf("%d more parts of the time range are missing or old.", more)})
	}
}

const maxFailureNotices = 5

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func reasonOf(err error) (Reason, time.Time) {
	var e *cloudflare.Error
	if !errors.As(err, &e) {
		return ReasonUpstream, time.Time{}
	}
	switch e.Kind {
	case cloudflare.KindRateLimit:
		return ReasonRateLimit, e.RetryAt
	case cloudflare.KindTimeout, cloudflare.KindCanceled:
		return ReasonTimeout, e.RetryAt
	}
	return ReasonUpstream, e.RetryAt
}

// explainRetention says that an empty past need not be an eventless one:
// Cloudflare answers with nothing for times beyond the plan's retention.
func (q *inquiry) explainRetention(res *Result, g gathered) {
	const day = int64(24 * time.Hour)
	if q.r.Type.Retention.MaxDays == 0 || g.ending != everything || g.demand.feed.pushed != nil || q.want.from > q.start-day {
		return
	}
	oldest := g.view.oldest()
	if oldest != 0 && oldest-q.want.from < max(day, q.want.length()/4) {
		return
	}
	since := "in this time range"
	if oldest != 0 {
		since = "before " + clock(oldest)
	}
	res.Notices = append(res.Notices, Notice{Info, fmt.Sprintf(
		"Cloudflare has no %s %s. It answers with nothing for times beyond the plan's retention (%s).", q.r.Type.Noun.Many, since, q.r.Type.Retention.Text)})
}

// Empty answers a request that no event can fit.
func Empty(r *query.Request) (*Result, error) {
	q := &inquiry{log: &Log{}, ctx: context.Background(), r: r, want: spanOf(r.Span())}
	q.start = q.want.from // the past is not known to be empty, it is
	f := &feed{layout: newLayout(r.Type)}
	return q.finish(gathered{demand: &demand{feed: f}, view: view{span: q.want}})
}
