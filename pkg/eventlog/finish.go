package eventlog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/spans"
)

// finish lists or counts what is shown of what was gathered, and says what it covers.
func (e *execution) finish(g gathered, shown view) (*answer.Result, error) {
	stage := "list"
	if e.request.Grouped() {
		stage = "count"
	}
	_, traced := spans.Start(e.ctx, stage)
	defer traced.End()
	needed := e.request.Needed()
	res := &answer.Result{Coverage: answer.Coverage{From: needed.Start(), To: needed.Last(), Complete: true, FilteredHere: []string{}}, Notices: e.notices, Scanned: g.view.rows()}
	var t tally
	var err error
	switch {
	case e.request.Format == query.FormatTimeSeries:
		res.Series, t, err = e.countSeries(shown)
	case e.request.Grouped():
		res.Groups, t = e.countGroups(shown)
	default:
		res.Table, t = e.list(shown)
	}
	if err != nil {
		return nil, err
	}
	e.cover(&res.Coverage, g, t)
	e.explain(res, g, t)
	return res, nil
}

// learnNames reads the lists that say what the IDs of the view are called. It waits
// until the rows are there: they have the first claim on calls, and often have no IDs
// of some kind, or the names themselves. For an alert, whose labels names can be, they count as part of the
// query. It says whether there was anything to learn.
func (e *execution) learnNames(v view) bool {
	var fields []*catalogue.Field
	named := e.request.Grouped() || len(e.request.Fields) > 0
	for _, f := range slices.Concat(e.request.Filtered(), e.request.Judged(), e.source.Shown(e.request)) {
		// Where rows lack a name that they usually have, it is worth a call only if the
		// query names the field.
		shown := !e.request.AsSent && (len(f.Path) == 0 || named)
		wanted := shown || slices.Contains(e.request.Filtered(), f) || slices.Contains(e.request.Judged(), f)
		if f.NamesFrom() != "" && wanted && e.layout.HasIDs(f, v.runs()) {
			fields = append(fields, f)
		}
	}
	ctx := e.ctx
	if cloudflare.SpenderOf(ctx).Purpose == cloudflare.Queries && !e.request.FromAlert {
		ctx = cloudflare.WithSpender(ctx, cloudflare.Spender{Purpose: cloudflare.Enrichment})
	}
	return e.naming.Learn(ctx, fields)
}

// cover fills the figures of the coverage.
func (e *execution) cover(c *answer.Coverage, g gathered, t tally) {
	c.Rows = t.events
	if t.newest > 0 && e.source.Grain != Timeless {
		at := interval.Instant(t.newest)
		c.Newest = &at
	}
	c.SampleInterval = e.sampleInterval(g, t)
	c.Sampled = c.SampleInterval > 1
	if e.source.Oldest > e.request.Needed().From {
		c.From = interval.Instant(e.source.Oldest)
	}
	for _, p := range g.view.parts {
		if p.segment.fetched >= e.start {
			continue
		}
		c.CachedRows += p.run.Events(p.run.Lo, p.run.Hi)
		if at := interval.Instant(p.segment.fetched); c.CachedAt == nil || at.Before(*c.CachedAt) {
			c.CachedAt = &at
		}
	}
	for _, f := range e.request.Filters {
		if !f.Field.FilterOnly && !slices.Contains(e.source.Applied, f) && (e.push == nil || e.push.filter != f) && !slices.Contains(c.FilteredHere, f.Field.Name) {
			c.FilteredHere = append(c.FilteredHere, f.Field.Name)
		}
	}
	if s := g.demand.scanner; s != nil {
		page := s.PageSize()
		c.SavedCalls = max(1, (g.view.rows()+page-1)/page)
	}
}

// explain says what the answer lacks, and what to do about it.
func (e *execution) explain(res *answer.Result, g gathered, t tally) {
	many := e.request.Type.Noun.Many
	e.explainFailures(res, g)
	if g.ending == tooManyRows {
		e.explainTooMany(res, g)
	}
	if e.source.Oldest > e.request.Needed().From {
		res.Incomplete(answer.ReasonRetention, fmt.Sprintf(
			"Cloudflare no longer has the %s before %s. Choose a later start.", many, clock(e.source.Oldest)))
	}
	e.explainPast(res)
	if g.view.bad() {
		res.Incomplete(answer.ReasonBadRows, fmt.Sprintf("Cloudflare sent %s without a readable time. The answer leaves them out.", many))
	}
	e.explainUnreadable(res, g)
	e.explainUnverified(res, g)
	e.explainSampling(res)
	e.naming.Explain(res, e.source.Shown(e.request), e.request.Filtered())
	e.explainLimit(res, t)
	e.explainRetention(res, g)
}

// explainUnreadable names the fields whose values are not of their kind. Cloudflare
// may apply a pushed filter to such a value in another way than the data source, so
// what was seen before counts too.
func (e *execution) explainUnreadable(res *answer.Result, g gathered) {
	var names []string
	for _, f := range e.source.Layout.Unreadable(slices.Concat(g.view.runs(), e.seen.runs())) {
		names = append(names, f.Name)
	}
	if len(names) > 0 {
		res.Incomplete(answer.ReasonBadRows, fmt.Sprintf(
			"Cloudflare sent %s with values that the data source cannot read, in %s. Filters and counts can be wrong for them. Look them up in Cloudflare's dashboard, and report the problem.",
			e.request.Type.Noun.Many, strings.Join(names, ", ")))
	}
}

// explainUnverified names the fields that no row has: nothing tells whether what
// was asked of them holds.
func (e *execution) explainUnverified(res *answer.Result, g gathered) {
	many := e.request.Type.Noun.Many
	var fields []string
	note := func(f *catalogue.Field) {
		if e.absent(f, g.view) && !slices.Contains(fields, f.Name) {
			fields = append(fields, f.Name)
		}
	}
	for _, f := range slices.Concat(e.request.Filtered(), e.request.GroupBy, e.request.Judged()) {
		note(f)
	}
	for _, f := range e.source.Shown(e.request) {
		if f.Derived != nil && f.Derived.DaysUntil { // An alert rule must not take it for never.
			note(f)
		}
	}
	if len(fields) > 0 {
		res.Incomplete(answer.ReasonUnverified, fmt.Sprintf("None of these %s has the field %s, so the data source cannot apply the query to it. Remove the field from the query.",
			many, strings.Join(fields, ", ")))
	}
	if e.push != nil && e.push.filter.Field.FilterOnly {
		res.Incomplete(answer.ReasonUnverified, fmt.Sprintf(
			"Only Cloudflare can apply a filter of this query: %s do not carry its field, so the data source cannot check it.", many))
	}
}

// explainSampling says what a sample tells: how many events there were, but neither how
// many different values they had nor which of them came first.
func (e *execution) explainSampling(res *answer.Result) {
	switch each := res.Coverage.SampleInterval; {
	case !res.Coverage.Sampled:
	case e.request.Measure != nil || e.request.Ordered():
		res.Incomplete(answer.ReasonSampled, fmt.Sprintf(
			"Cloudflare counted a sample: one event stands for %.1f on average. The others can have further values. Narrow the time range.", each))
	default:
		res.Inform("Cloudflare counted a sample: one event stands for %.1f on average, and the counts are scaled accordingly.", each)
	}
}

func (e *execution) explainLimit(res *answer.Result, t tally) {
	switch {
	case !t.more:
	case e.request.Grouped():
		res.Inform("The answer shows only the %d largest groups. Increase the limit to see more.", e.request.Limit)
	default:
		if res.Coverage.Complete {
			res.Coverage.Complete, res.Coverage.Reason = false, answer.ReasonLimit
		}
		which := "newest"
		switch {
		case e.request.Type.Inventory:
			res.Inform("The answer shows only the first %d rows. Increase the limit, or add a filter to see the others.", e.request.Limit)
			return
		case e.source.Grain == Timeless:
			which = "largest"
		case e.request.Ascending:
			which = "oldest"
		}
		res.Inform("The answer shows only the %s %d rows. Increase the limit, narrow the time range, or add a filter to see the others.", which, e.request.Limit)
	}
}

func (e *execution) side(i interval.Interval) string {
	if e.oldestFirst() {
		return "before " + clock(i.To)
	}
	return "since " + clock(i.From)
}

// explainFailures names the parts that are missing or old. Of several reasons the
// one of the newest part counts.
func (e *execution) explainFailures(res *answer.Result, g gathered) {
	all := g.gaps()
	for i, f := range all {
		reason, retryAt := reasonOf(f.Err)
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
		which := e.request.Type.Noun.Title()
		if f.To <= e.request.Needed().From {
			which += " of the history"
		}
		res.Incomplete(reason, fmt.Sprintf("%s from %s to %s %s. %s",
			which, clock(max(f.From, g.demand.want.From)), clock(f.To), what, f.Err.Error()))
	}
	if more := len(all) - maxFailureNotices; more > 0 {
		res.Notices = append(res.Notices, answer.Notice{Severity: answer.Warning, Text: fmt.Sprintf("%d more parts of the time range are missing or old.", more)})
	}
}

const maxFailureNotices = 5

func reasonOf(err error) (answer.Reason, time.Time) {
	var partial *PartialError
	var e *cloudflare.Error
	switch {
	case errors.As(err, &partial):
		return partial.Reason, time.Time{}
	case !errors.As(err, &e):
		return answer.ReasonUpstream, time.Time{}
	case e.Kind == cloudflare.KindRateLimit:
		return answer.ReasonRateLimit, e.RetryAt
	case e.Kind == cloudflare.KindTimeout || e.Kind == cloudflare.KindCanceled:
		return answer.ReasonTimeout, e.RetryAt
	}
	return answer.ReasonUpstream, e.RetryAt
}

// explainRetention says that an empty past need not be an eventless one:
// Cloudflare answers with nothing for times beyond the plan's retention.
func (e *execution) explainRetention(res *answer.Result, g gathered) {
	want := g.demand.want
	if e.request.Type.Retention.MaxDays == 0 && !e.request.Ordered() || g.ending != everything || e.push != nil || want.From > e.start-interval.Day || e.past.lacking {
		return
	}
	oldest := g.view.oldest()
	if oldest != 0 && oldest-want.From < max(interval.Day, want.Length()/4) {
		return
	}
	since := "in this time range"
	if oldest != 0 {
		since = "before " + clock(oldest)
	}
	if e.request.Ordered() {
		since += ", so the history can be shorter than the query asks for"
	}
	res.Inform("Cloudflare has no %s %s. For times beyond the plan's retention period (%s), it returns nothing.",
		e.request.Type.Noun.Many, since, e.request.Type.Retention.Text)
}
