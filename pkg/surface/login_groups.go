package surface

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/spans"
)

func init() {
	register("login_groups", func(c Config, _ *Directory) Surface { return newLoginGroups(c) })
}

// maxPlans bounds how often a query is planned anew after a limit was learned.
const maxPlans = 12

// loginGroups answers from Cloudflare's GraphQL node
// accessLoginRequestsAdaptiveGroups, which counts logins by any combination of
// its dimensions.
type loginGroups struct {
	client    *cloudflare.Client
	accountID string
	sealAfter time.Duration
	maxRows   int
	now       func() time.Time
	limits    *limitsKeeper
	verdicts  filterVerdicts
	cache     *groupCache
}

func newLoginGroups(c Config) *loginGroups {
	q, ok := catalogue.Lookup("login_groups")
	if !ok {
		panic("catalogue: login_groups is missing")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &loginGroups{
		client: c.Client, accountID: c.AccountID, sealAfter: c.SealAfter, maxRows: c.MaxRows, now: c.Now,
		limits: &limitsKeeper{client: c.Client, accountID: c.AccountID, endpoint: q.Endpoint, now: c.Now},
		cache:  newGroupCache(c.events, c.CacheLimit),
	}
}

// Close implements Surface.
func (s *loginGroups) Close() { s.cache.close() }

// Query implements Surface.
func (s *loginGroups) Query(ctx context.Context, r *query.Request) (*eventlog.Result, error) {
	trace := cloudflare.TraceOf(ctx)
	if trace == nil {
		trace = &cloudflare.Trace{}
		ctx = cloudflare.WithTrace(ctx, trace)
	}
	before := trace.Calls()
	for range maxPlans {
		inner, span := spans.Start(ctx, "scan")
		result, err := s.answer(inner, r)
		if errors.Is(err, errReplan) {
			span.End()
			continue
		}
		spans.End(span, err)
		if err != nil {
			return nil, explain(err)
		}
		result.Coverage.UpstreamCalls = trace.Calls() - before
		result.Coverage.SavedCalls = max(result.Coverage.SavedCalls-result.Coverage.UpstreamCalls, 0)
		result.Calls = trace.Requests()
		return result, nil
	}
	return nil, &cloudflare.Error{Kind: cloudflare.KindBadRequest, Message: "Cloudflare's GraphQL keeps changing its limits for this query. Ask for a shorter time range or fewer columns."}
}

// explain adds the remedy to a refusal that only this API gives.
func explain(err error) error {
	var e *cloudflare.Error
	if errors.As(err, &e) && e.Kind == cloudflare.KindPermission && len(e.GraphQLMessages()) > 0 {
		told := *e
		told.Message += " Login groups need the permission Account Analytics Read."
		return &told
	}
	return err
}

// answer plans a request with the limits known now, fetches and counts.
func (s *loginGroups) answer(ctx context.Context, r *query.Request) (*eventlog.Result, error) {
	limits, err := s.limits.get(ctx)
	if err != nil {
		return nil, err
	}
	if limits.disabled {
		return nil, &query.InvalidError{Message: "Cloudflare does not offer login groups (" + r.Type.Endpoint + ") to this account; use access_requests instead"}
	}
	plan, err := newGroupPlan(r, &limits, s.verdicts.faults())
	if err != nil {
		return nil, err
	}
	span := r.Span()
	ranges, err := windowRanges(span, r.Filters)
	if err != nil {
		return nil, err
	}
	kept, oldest, clipped := limits.clipRetention(ranges, s.now())
	if clipped && len(kept) == 0 {
		return nil, &query.InvalidError{Message: fmt.Sprintf(
			"Cloudflare keeps login groups of this account for %s; choose a time range after %s", days(limits.notOlderThan), oldest.Format("2006-01-02 15:04 UTC"))}
	}
	totals := newGroupTotals(plan, kept)
	result := &eventlog.Result{Coverage: eventlog.Coverage{From: span.From, To: span.To, Complete: true, FilteredHere: append([]string{}, plan.filteredHere...)}}
	if clipped {
		result.Coverage.From = kept[0].from
		result.Incomplete(eventlog.ReasonRetention, fmt.Sprintf(
			"Cloudflare keeps login groups of this account for %s. What was before %s is not in the answer; choose a later start.", days(limits.notOlderThan), oldest.Format("2006-01-02 15:04 UTC")))
	}
	if len(kept) > 0 {
		if err := s.fill(ctx, plan, &limits, totals, result); err != nil {
			return nil, err
		}
		if err := s.verify(ctx, plan, kept, result); err != nil {
			return nil, err
		}
	}
	stage := "list"
	if r.Grouped() {
		stage = "count"
	}
	_, traced := spans.Start(ctx, stage)
	finish(totals, result)
	plan.noteFaults(result)
	traced.End()
	return result, nil
}

func days(d time.Duration) string {
	if d%(24*time.Hour) == 0 && d > 0 {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return d.String()
}

// fill fetches the ranges of the totals and counts them.
func (s *loginGroups) fill(ctx context.Context, p *groupPlan, l *groupLimits, totals *groupTotals, result *eventlog.Result) error {
	if p.listing() && p.timeDim != "" {
		scan := s.newListScan(p, totals)
		stopped, err := s.fetchList(ctx, scan)
		if err != nil {
			return err
		}
		result.Coverage.SavedCalls = s.needed(scan)
		noteGaps(result, []*groupPart{&scan.lack})
		if stopped {
			result.Incomplete(eventlog.ReasonMaxRows, fmt.Sprintf("The scan ended after %d groups, the data source's maximum, before the limit was reached. Use a shorter time range, or filters that Cloudflare can apply.", s.maxRows))
		}
		return nil
	}
	held, err := s.fetchShared(ctx, p, s.cellRanges(p, l, totals.ranges))
	if err != nil {
		return err
	}
	parts := make([]*groupPart, len(held))
	pages := 0
	for i, h := range held {
		parts[i] = h.groupPart
		pages += h.pages
		if err := totals.add(h); err != nil {
			return err
		}
	}
	if err := wholeFailure(parts); err != nil {
		return err
	}
	result.Coverage.SavedCalls = (pages + maxAliases - 1) / maxAliases
	noteGaps(result, parts)
	return nil
}

// wholeFailure is the error of a fetch that brought nothing at all.
func wholeFailure(parts []*groupPart) error {
	var err error
	for _, part := range parts {
		if len(part.pages) > 0 {
			return nil
		}
		if len(part.missing) > 0 && err == nil {
			err = part.missing[0].err
		}
	}
	return err
}

// noteGaps says what the answer lacks, and names the ranges.
func noteGaps(result *eventlog.Result, parts []*groupPart) {
	var crowded, overflow []timeRange
	failed := map[string][]timeRange{}
	errs := map[string]error{}
	for _, part := range parts {
		crowded = append(crowded, part.crowded...)
		overflow = append(overflow, part.overflow...)
		for _, m := range part.missing {
			text := m.err.Error()
			failed[text] = append(failed[text], m.timeRange)
			errs[text] = m.err
		}
	}
	for _, text := range slices.Sorted(maps.Keys(failed)) {
		ranges := failed[text]
		reason, retryAt := reasonOf(errs[text])
		result.Incomplete(reason, fmt.Sprintf("A part of the time range is missing (%s): %s", rangeTexts(ranges), text))
		if !retryAt.IsZero() {
			result.Coverage.RetryAt = &retryAt
		}
	}
	if len(crowded) > 0 {
		result.Incomplete(eventlog.ReasonPageSize, fmt.Sprintf(
			"Cloudflare has more groups in one second than it gives at once (%s). Group by fewer fields, ask for fewer columns, or filter.", rangeTexts(crowded)))
	}
	if len(overflow) > 0 {
		result.Incomplete(eventlog.ReasonMaxRows, fmt.Sprintf(
			"There are too many groups to count them all: a part of the time range is missing (%s). Group by fewer fields, filter, or choose a shorter time range.", rangeTexts(overflow)))
	}
}

func rangeTexts(ranges []timeRange) string {
	ranges = union(slices.Clone(ranges))
	texts := make([]string, 0, 3)
	for i, r := range ranges {
		if i == 3 {
			texts = append(texts, fmt.Sprintf("and %d more", len(ranges)-i))
			break
		}
		texts = append(texts, r.String())
	}
	return strings.Join(texts, ", ")
}

// finish gives the result its rows, sampling and notices.
func finish(t *groupTotals, result *eventlog.Result) {
	r := t.plan.request
	cutRows, cutGroups := false, 0
	switch {
	case r.Format == query.FormatTimeSeries:
		result.Series = t.series.Series()
	case r.Grouped():
		result.Groups, cutGroups = t.groups(r.Limit)
	default:
		result.Table, cutRows = t.table(r.Limit)
	}
	c := &result.Coverage
	c.Rows, c.CachedRows = t.events, t.cached
	if !t.cachedAt.IsZero() {
		c.CachedAt = &t.cachedAt
	}
	if !t.newest.IsZero() {
		c.Newest = &t.newest
	}
	if cutRows {
		result.Incomplete(eventlog.ReasonLimit, fmt.Sprintf("There are more groups than the limit of %d. Raise the limit, filter, or choose a shorter time range.", r.Limit))
	}
	if t.bad > 0 {
		result.Incomplete(eventlog.ReasonBadRows, fmt.Sprintf("%d groups came without a time that can be read; they are not in the answer.", t.bad))
	}
	if t.twice > 0 {
		result.Incomplete(eventlog.ReasonUnverified, fmt.Sprintf(
			"Cloudflare listed %d groups again in the same answer, so that their counts are not certain: the largest of each is shown.", t.twice))
	}
	if t.strays > 0 {
		result.Incomplete(eventlog.ReasonUnverified, fmt.Sprintf(
			"Cloudflare gave %d groups of other times than were asked for, so that the counts at the ends of what was asked are not certain. Choose a time range on whole minutes.", t.strays))
	}
	inform := func(format string, args ...any) {
		result.Notices = append(result.Notices, eventlog.Notice{Severity: eventlog.Info, Text: fmt.Sprintf(format, args...)})
	}
	if cutGroups > 0 {
		inform("%d smaller groups are not shown. Raise the limit to see them.", cutGroups)
	}
	if t.counted > 0 && t.weight > 0 {
		c.SampleInterval = t.weight / float64(t.counted)
		c.Sampled = c.SampleInterval > 1
	}
	if c.Sampled {
		inform("Cloudflare counted a sample: one event stands for %.1f on average, and the counts are scaled accordingly.", c.SampleInterval)
	}
	if len(t.plan.dropped) > 0 {
		inform("Left out, as Cloudflare does not offer them to this account or allows no more fields at once: %s.", strings.Join(t.plan.dropped, ", "))
	}
}
