package eventlog

import (
	"errors"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// verdict is what was found out about a filter that Cloudflare applies: it does
// not document the value filters of access requests.
type verdict struct {
	trusted bool
	// caseless says that Cloudflare finds addresses whatever their letter case.
	caseless bool
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
	faultCase       = "takes letter case into account in"
)

// verify compares what a pushed filter gave with rows that were fetched without
// it. Where none of those match, one more call asks for a value that they have.
func (e *execution) verify(base gathered, pushed view) (verdict, error) {
	f := e.push.filter
	if e.hits(f, pushed) < pushed.rows() {
		return verdict{fault: faultIgnores}, nil
	}
	if value, at, ok := e.mixedCase(base); ok {
		v, err := e.verifyByProbe(value, at)
		if v.caseless = v.trusted; v.fault == faultMishandles {
			v.fault = faultCase
		}
		return v, err
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
		return e.verifyByNewest(base)
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

// mixedCase is the newest address with capital letters that was seen, where the filter
// is for an address: Cloudflare is asked for it in lower case, and whether it finds
// the other cases is not documented.
func (e *execution) mixedCase(base gathered) (value string, at int64, ok bool) {
	f := e.push.filter
	if !f.Caseless() || f.Operator != catalogue.Equal {
		return "", 0, false
	}
	return e.layout.NewestValue(f.Field, base.view.runs(), func(text string) bool { return text != strings.ToLower(text) })
}

// verifyByNewest asks, once a data source and filter, for a value that is in the
// known rows. A filter that cannot be asked so stays unverified until rows match.
func (e *execution) verifyByNewest(base gathered) (verdict, error) {
	f := e.push.filter
	if f.Operator != catalogue.Equal && f.Operator != catalogue.Contains {
		return verdict{}, nil
	}
	value, at, ok := e.layout.NewestValue(f.Field, base.view.runs(), func(string) bool { return true })
	if !ok {
		return verdict{}, nil
	}
	return e.verifyByProbe(value, at)
}

// verifyByProbe asks for a value that a row of that instant has.
func (e *execution) verifyByProbe(value string, at int64) (verdict, error) {
	f := e.push.filter
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
