package eventlog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// selectivePages is how many pages a scan must be expected to take for a filter
// on one user or one request to be pushed instead. Less is better scanned as a
// whole: the other panels of a dashboard need it too.
const selectivePages = 10

// push is a filter that Cloudflare applies.
type push struct {
	filter *query.Filter
	params map[string]string
	// unseen says that no row carries the field, so that nothing can be checked.
	unseen bool
}

// pushParams are the upstream parameters of a filter; nil if it cannot be pushed:
// the access log takes one value a parameter, and an empty one for none.
func pushParams(f *query.Filter) map[string]string {
	sets, ok := f.Pushdown()
	if !ok || len(sets) != 1 {
		return nil
	}
	params := map[string]string{}
	for name, value := range sets[0] {
		text, ok := value.(string)
		if !ok || text == "" || strings.HasPrefix(name, "{") {
			return nil
		}
		params[name] = text
	}
	return params
}

// checkUpstreamOnly refuses filters on fields that no row carries where Cloudflare
// cannot apply them either: it takes one value, once.
func (e *execution) checkUpstreamOnly() error {
	n := 0
	for _, f := range e.request.Filters {
		if !f.Field.FilterOnly || e.source.Pushing == nil {
			continue
		}
		if n++; n > 1 || pushParams(f) == nil {
			return &query.InvalidError{Message: fmt.Sprintf("only Cloudflare can apply the filter on %s, and it takes one filter with exactly one value", f)}
		}
	}
	return nil
}

// choosePush picks the filter to push instead of a scan of about so many rows;
// nil where the scan is the better way.
func (e *execution) choosePush(known view, rows float64) *push {
	if p := e.unseen(known); p != nil {
		return p
	}
	tooMany := rows > float64(e.most(interval.Interval{From: e.wanted[0].From})) || e.tooMany(known)
	long := rows > selectivePages*float64(e.source.Scanner.PageSize())
	var best *push
	least := 0.9
	for _, filter := range e.request.Filters {
		params := pushParams(filter)
		if params == nil || e.verdict(filter).fault != "" {
			continue
		}
		narrow := filter.Operator == catalogue.Equal && (filter.Field.Kind == catalogue.KindRayID || filter.Field.Kind == catalogue.KindEmail)
		if !tooMany && (!long || !narrow) {
			continue
		}
		share := float64(e.hits(filter, known)) / float64(max(known.rows(), 1))
		if narrow {
			share /= 2
		}
		if share < least {
			best, least = &push{filter: filter, params: params}, share
		}
	}
	return best
}

// hits counts the rows that pass a filter.
func (e *execution) hits(f *query.Filter, v view) int {
	m := e.matching(f)
	n := 0
	for _, p := range v.parts {
		n += len(m.Match(p.run))
	}
	return n
}

// unseen is a filter on a field that no row of the view carries: only Cloudflare
// can apply it.
func (e *execution) unseen(known view) *push {
	for _, filter := range e.request.Filters {
		if !filter.Field.FilterOnly && !e.absent(filter.Field, known) {
			continue
		}
		if params := pushParams(filter); params != nil {
			return &push{filter: filter, params: params, unseen: true}
		}
	}
	return nil
}

// absent says that a view has rows, and none of them has a field that events
// usually have.
func (e *execution) absent(f *catalogue.Field, v view) bool {
	return !f.Optional && v.rows() > 0 && e.layout.Absent(f, v.runs())
}

// gatherPushed gathers through a pushed filter. It returns nil if the filter
// turns out to be ignored or mishandled: the query then goes on without it.
func (e *execution) gatherPushed(base gathered) (*gathered, error) {
	p := e.push
	v := e.verdict(p.filter)
	var failed error
	check := func(known view, _ float64) bool {
		if v.trusted || p.unseen || failed != nil {
			return false
		}
		if v, failed = e.verify(base, known); failed == nil {
			failed = e.work.Err() // what was found is of no use
		}
		if failed == nil {
			e.judge(p.filter, v)
		}
		return v.fault != "" || failed != nil
	}
	d := e.open(p.params, e.wanted...)
	g, err := e.gather(d, check)
	if err == nil && g.ending != outOfTime && g.ending != switched {
		check(g.view, 0)
	}
	if failed != nil && err == nil {
		err = failed
	}
	if err == nil && v.fault == "" {
		if p.unseen {
			// Rows that lack the field passed Cloudflare's filter, not ours.
			others := slices.DeleteFunc(slices.Clone(e.request.Filters), func(f *query.Filter) bool { return f == p.filter })
			e.matcher = e.matching(others...)
		}
		return &g, nil
	}
	d.release()
	if refused(err) {
		v = verdict{fault: faultRefuses}
		e.judge(p.filter, v)
	} else if err != nil {
		return nil, err
	}
	e.push = nil
	e.notices = append(e.notices, answer.Notice{Severity: answer.Info, Text: fmt.Sprintf(
		"Cloudflare %s the filter on %s. The data source applies it from now on, which can take more calls.", v.fault, p.filter.Field.Name)})
	return nil, nil
}

// verdict is what was found out about a filter that Cloudflare applies: it does
// not document the value filters of access requests.
type verdict struct {
	trusted bool
	// fault is what is wrong with it, as the middle of a sentence; "" if nothing.
	fault string
}

func (e *execution) verdict(f *query.Filter) verdict {
	known, _ := e.log.verdicts.Load(e.source.Key + "\x00" + f.String())
	v, _ := known.(verdict)
	return v
}

func (e *execution) judge(f *query.Filter, v verdict) {
	e.log.verdicts.Store(e.source.Key+"\x00"+f.String(), v)
}

// Faults of a filter that Cloudflare applies.
const (
	faultIgnores    = "ignores"
	faultMishandles = "leaves out events that match"
	faultRefuses    = "refuses"
)

// verify compares what a pushed filter gave with rows that were fetched without
// it. Where none of those match, one more call asks for a value that they have.
func (e *execution) verify(base gathered, pushed view) (verdict, error) {
	f := e.push.filter
	if e.hits(f, pushed) < pushed.rows() {
		return verdict{fault: faultIgnores}, nil
	}
	both := base.view.Clip(pushed.Interval)
	expected := map[string]struct{}{}
	m := e.matching(f)
	for _, p := range base.demand.look(both).parts {
		for _, row := range m.Match(p.run) {
			expected[p.run.RowKey(int(row))] = struct{}{}
		}
	}
	if len(expected) == 0 {
		return e.verifyByProbe(base)
	}
	for _, p := range pushed.parts {
		for row := p.run.Lo; row < p.run.Hi; row++ {
			delete(expected, p.run.RowKey(row))
		}
	}
	if len(expected) > 0 {
		return verdict{fault: faultMishandles}, nil
	}
	return verdict{trusted: true}, nil
}

// verifyByProbe asks, once a data source and filter, for a value that is in the
// known rows. A filter that cannot be asked so stays unverified until rows match.
func (e *execution) verifyByProbe(base gathered) (verdict, error) {
	f := e.push.filter
	if f.Operator != catalogue.Equal && f.Operator != catalogue.Contains {
		return verdict{}, nil
	}
	value, at, ok := e.layout.NewestValue(f.Field, base.view.runs())
	if !ok {
		return verdict{}, nil
	}
	probe, err := f.With(value)
	if err != nil {
		return verdict{}, err
	}
	found, err := e.probe(probe, at)
	switch {
	case err != nil && cloudflare.Refusal(err) && !refused(err):
		return verdict{}, err
	case err != nil:
		return verdict{fault: faultRefuses}, nil
	}
	if e.hits(probe, found) > 0 {
		return verdict{trusted: true}, nil
	}
	return verdict{fault: faultMishandles}, nil
}

// probe asks for the rows of a second through a filter on one value.
func (e *execution) probe(f *query.Filter, at int64) (view, error) {
	second := interval.Floor(at, interval.Second)
	d := e.open(pushParams(f), interval.Interval{From: second, To: second + interval.Second})
	defer d.release()
	g, err := e.gatherRows(d, nil)
	return g.view, err
}

func refused(err error) bool {
	var e *cloudflare.Error
	return errors.As(err, &e) && e.Kind == cloudflare.KindBadRequest
}
