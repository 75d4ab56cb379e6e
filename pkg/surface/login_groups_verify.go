package surface

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Faults of a filter that Cloudflare applies.
const (
	filterIgnores = "ignores the filter on {field}"
	filterEmpties = "leaves out groups that match the filter on {field}"
)

// openFor is how long a check that had nothing to judge by is not made again.
const (
	openFor = time.Minute
	maxOpen = 1000
)

// filterVerdicts are what was found out about pushed filters, by filterKey: a
// fault, or "" for those that can be trusted. open are the checks of the last
// minute that had nothing to judge by, and what they looked at.
type filterVerdicts struct {
	mu     sync.Mutex
	known  map[string]string
	open   map[string]timeRange // by the filter's text
	flight singleflight.Group
}

// filterKey is equal for filters that Cloudflare treats alike.
func filterKey(f *query.Filter) string { return f.Field.Name + " " + string(f.Operator) }

func (v *filterVerdicts) fault(f *query.Filter) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.known[filterKey(f)]
}

// faults are the filters that Cloudflare mishandles.
func (v *filterVerdicts) faults() map[string]string {
	v.mu.Lock()
	defer v.mu.Unlock()
	faults := maps.Clone(v.known)
	maps.DeleteFunc(faults, func(_, fault string) bool { return fault == "" })
	return faults
}

// judged says that a filter need not be checked, or not again over a range.
func (v *filterVerdicts) judged(f *query.Filter, r timeRange) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, ok := v.known[filterKey(f)]; ok {
		return true
	}
	seen, ok := v.open[f.String()]
	return ok && !r.from.Before(seen.from) && !r.to.After(seen.to.Add(openFor))
}

// leave remembers a check without a verdict for a while.
func (v *filterVerdicts) leave(f *query.Filter, r timeRange) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.open) >= maxOpen || v.open == nil {
		v.open = map[string]timeRange{}
	}
	v.open[f.String()] = r
}

func (v *filterVerdicts) judge(f *query.Filter, fault string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known == nil {
		v.known = map[string]string{}
	}
	v.known[filterKey(f)] = fault
}

// verify checks the pushed filters of a plan that are not judged yet, each once
// for the data source. The error is errReplan where one is mishandled: it is
// applied here from then on. What could not be checked is said in the result.
func (s *loginGroups) verify(ctx context.Context, p *groupPlan, ranges []timeRange, result *eventlog.Result) error {
	l := s.limits.current()
	// The newest part of what was asked for: one node takes no longer a range.
	r := ranges[len(ranges)-1]
	r.from = later(r.from, r.to.Add(-l.step()))
	for _, f := range p.pushed {
		if s.verdicts.judged(f, r) {
			continue
		}
		if !l.offers(sourceField(p.request.Type, f.Field)) {
			result.Incomplete(eventlog.ReasonUnverified, fmt.Sprintf(
				"Only Cloudflare can apply the filter on %s: it does not offer the field to this account, so that it cannot be checked.", f.Field.Name))
			continue
		}
		// Who asks the same at the same time waits for the same check.
		shared := s.verdicts.flight.DoChan(f.String(), func() (any, error) {
			return guarded(func() (any, error) { return nil, s.check(ctx, p, f, r) })
		})
		var err error
		select {
		case done := <-shared:
			err = done.Err
		case <-ctx.Done():
			err = ctx.Err()
		}
		switch {
		case errors.Is(err, errReplan), s.verdicts.fault(f) != "":
			return errReplan
		case err != nil:
			reason, retryAt := reasonOf(err)
			if !retryAt.IsZero() {
				result.Coverage.RetryAt = &retryAt
			}
			result.Incomplete(reason, fmt.Sprintf("Whether Cloudflare applies the filter on %s could not be checked. %s", f.Field.Name, err))
		}
	}
	return nil
}

// check asks for the values of a filter's field with the filter and without it,
// in one request, and judges the filter if there is anything to judge by.
func (s *loginGroups) check(ctx context.Context, p *groupPlan, f *query.Filter, r timeRange) error {
	if s.verdicts.judged(f, r) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), listCallTimeout)
	defer cancel()
	l := s.limits.current()
	condition, _ := pushGroupFilter(f)
	probe := &groupPlan{request: p.request, dims: []string{sourceField(p.request.Type, f.Field)}, endpoint: p.endpoint, sampling: p.sampling, lessons: l.lessons}
	with := &groupPiece{timeRange: r, splits: []map[string]any{condition}}
	without := &groupPiece{timeRange: r}
	for pieces := range slices.Chunk([]*groupPiece{with, without}, min(2, l.aliases)) {
		if err := s.ask(ctx, probe, pieces, l.maxPageSize); err != nil {
			return err
		}
	}
	matches := func(page *groupPage) (pass map[string]bool, fails bool) {
		pass = map[string]bool{}
		for row := range page.rows() {
			text := page.texts[0][page.codes[0][row]]
			if cell := groupCell(p.request.Type, f.Field, text); f.Match(cell.Text, cell.Valid) {
				pass[text] = true
			} else {
				fails = true
			}
		}
		return pass, fails
	}
	got, wrong := matches(with.page)
	want, others := matches(without.page)
	maps.DeleteFunc(want, func(text string, _ bool) bool { return got[text] })
	// A page that was cut, and a sample, can lack what matches.
	partial := isFull(with.page.listed, &l) || looksCut(with.page) || without.page.sampled > float64(without.page.events)
	switch {
	case wrong:
		s.verdicts.judge(f, filterIgnores)
	case len(want) > 0 && (len(got) == 0 || !partial):
		s.verdicts.judge(f, filterEmpties)
	case len(got) > 0 && others:
		s.verdicts.judge(f, "")
	default:
		s.verdicts.leave(f, r)
	}
	return nil
}

// noteFaults says which filters are applied here because Cloudflare mishandles
// them.
func (p *groupPlan) noteFaults(result *eventlog.Result) {
	for _, f := range p.request.Filters {
		if fault := p.faults[filterKey(f)]; fault != "" {
			result.Notices = append(result.Notices, eventlog.Notice{Severity: eventlog.Info, Text: "Cloudflare " +
				strings.Replace(fault, "{field}", f.Field.Name, 1) + ". It is applied here from now on, which can take more calls."})
		}
	}
}
