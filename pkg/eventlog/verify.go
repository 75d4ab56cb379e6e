package eventlog

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// gatherPushed gathers through a pushed filter. It returns nil if the filter
// turns out to be ignored or mishandled: the query then goes on without it.
func (q *inquiry) gatherPushed(base gathered) (*gathered, error) {
	p := q.push
	h := base.demand.feed.habits
	v := h.verdict(p.key())
	var failed error
	check := func(known view, _ float64) bool {
		if v.trusted || p.unseen || failed != nil {
			return false
		}
		if v, failed = q.verify(base, known); failed == nil {
			h.judge(p.key(), v)
		}
		return v.fault != "" || failed != nil
	}
	d := q.open(p.params)
	g, err := q.gather(d, check)
	if err == nil && g.ending != outOfTime && g.ending != switched {
		check(g.view, 0)
	}
	if failed != nil && err == nil {
		err = failed
	}
	if err == nil && v.fault == "" {
		return &g, nil
	}
	d.release()
	if refused(err) {
		v = verdict{fault: faultRefuses}
		h.judge(p.key(), v)
	} else if err != nil {
		return nil, err
	}
	q.push = nil
	q.notices = append(q.notices, Notice{Info, fmt.Sprintf(
		"Cloudflare %s the filter on %s. It is applied here from now on, which can take more calls.", v.fault, p.filter.Field.Name)})
	return nil, nil
}

// Faults of a filter that Cloudflare applies.
const (
	faultIgnores    = "ignores"
	faultMishandles = "leaves out events that match"
	faultRefuses    = "refuses"
)

// verify compares what a pushed filter gave with rows that were fetched without
// it. Where none of those match, one more call asks for a value that they have.
func (q *inquiry) verify(base gathered, pushed view) (verdict, error) {
	f := q.push.filter
	l := base.demand.feed.layout
	got := survey(l, f, pushed)
	if got.hits < got.rows-got.unjudged {
		return verdict{fault: faultIgnores}, nil
	}
	both := base.view.span.clip(pushed.span)
	expected := rowKeys(base.demand.look(both), newMatcher(l, []*query.Filter{f}))
	if len(expected) > 0 {
		if !holdsAll(pushed, expected) {
			return verdict{fault: faultMishandles}, nil
		}
		return verdict{trusted: true}, nil
	}
	return q.verifyByProbe(base)
}

// verifyByProbe asks, once a data source and filter, for a value that is in the
// known rows. A filter that cannot be asked so stays unverified until rows match.
func (q *inquiry) verifyByProbe(base gathered) (verdict, error) {
	f := q.push.filter
	if f.Operator != catalogue.Equal && f.Operator != catalogue.Contains {
		return verdict{}, nil
	}
	l := base.demand.feed.layout
	value, at, ok := commonValue(l.reader(f.Field), base.view)
	if !ok {
		return verdict{}, nil
	}
	probe := *f
	probe.Values = []string{value}
	params := pushParams(&probe)
	if params == nil {
		return verdict{}, nil
	}
	b := newBuilder(l)
	p := pager{fetch: calling(q.source), habits: newHabits(), now: q.log.config.Now, pushed: params}
	s := span{floorTo(at, second), floorTo(at, second) + second}
	if _, _, err := p.ask(q.ctx, b, p.bounds(s)); err != nil {
		if fatal(err) && !refused(err) {
			return verdict{}, err
		}
		return verdict{fault: faultRefuses}, nil
	}
	rows, _ := b.freeze()
	found := cellsAt(l.reader(f.Field), rows, at)
	for _, c := range found {
		if c == value {
			return verdict{trusted: true}, nil
		}
	}
	return verdict{fault: faultMishandles}, nil
}

func refused(err error) bool {
	var e *cloudflare.Error
	return errors.As(err, &e) && e.Kind == cloudflare.KindBadRequest
}

// commonValue is a value of the newest row that has one, and that row's time.
func commonValue(r reader, v view) (value string, at int64, ok bool) {
	if r.column < 0 {
		return "", 0, false
	}
	for i := len(v.parts) - 1; i >= 0; i-- {
		p := v.parts[i]
		for row := p.hi - 1; row >= p.lo; row-- {
			col := &p.rows.cols[r.column]
			if c := r.cell(col.cell(col.code(row), row)); c.Valid && strings.TrimSpace(c.Text) != "" {
				return c.Text, p.rows.times[row], true
			}
		}
	}
	return "", 0, false
}

// cellsAt are the values of the rows of an instant.
func cellsAt(r reader, c *chunk, at int64) []string {
	var out []string
	lo, hi := c.rows(span{at, at + 1})
	for row := lo; row < hi; row++ {
		col := &c.cols[r.column]
		out = append(out, r.cell(col.cell(col.code(row), row)).Text)
	}
	return out
}

// rowKeys are the rows of a view that pass, as texts that only equal rows share.
func rowKeys(v view, m *matcher) map[string]struct{} {
	keys := map[string]struct{}{}
	for _, p := range v.parts {
		rows, unjudged := m.match(p.rows, p.lo, p.hi)
		if unjudged > 0 {
			continue
		}
		for _, row := range rows {
			keys[rowKey(p.rows, int(row))] = struct{}{}
		}
	}
	return keys
}

func rowKey(c *chunk, row int) string {
	cells := make([]Cell, len(c.cols))
	for i := range c.cols {
		cells[i] = c.cols[i].cell(c.cols[i].code(row), row)
	}
	return fmt.Sprintf("%d %s", c.times[row], KeyText(cells))
}

func holdsAll(v view, expected map[string]struct{}) bool {
	found := 0
	for _, p := range v.parts {
		for row := p.lo; row < p.hi; row++ {
			if _, ok := expected[rowKey(p.rows, row)]; ok {
				found++
			}
		}
	}
	return found >= len(expected)
}

// nobody is an identifier that nothing has.
const nobody = "00000000-0000-4000-8000-000000000000"

// verifyOnlyUpstream finds out whether Cloudflare ignores a filter on a field
// that no row carries: a value that nothing has must give no rows. It costs a
// call, once a data source and filter.
func (q *inquiry) verifyOnlyUpstream(g gathered) error {
	at := g.view.newest()
	if at == 0 {
		return nil
	}
	for _, f := range q.r.Filters {
		if !f.Field.FilterOnly || f.Operator != catalogue.Equal {
			continue
		}
		h := g.demand.feed.habits
		v := h.verdict(f.String())
		if !v.trusted && v.fault == "" {
			probe := *f
			probe.Values = []string{nobody}
			p := pager{fetch: calling(q.source), habits: newHabits(), now: q.log.config.Now, pushed: pushParams(&probe)}
			d, _, err := p.ask(q.ctx, newBuilder(g.demand.feed.layout), p.bounds(span{floorTo(at, second), floorTo(at, second) + second}))
			if err != nil {
				return err
			}
			if v = (verdict{trusted: true}); d.rows > 0 {
				v = verdict{fault: faultIgnores}
			}
			h.judge(f.String(), v)
		}
		if v.fault != "" {
			return &cloudflare.Error{Kind: cloudflare.KindBadRequest, Message: fmt.Sprintf(
				"Cloudflare %s the filter on %s, and events do not carry the field, so that it cannot be applied here either. Remove the filter", v.fault, f.Field.Name)}
		}
	}
	return nil
}
