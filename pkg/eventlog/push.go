package eventlog

import (
	"fmt"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
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

// key tells apart what is verified once.
func (p *push) key() string { return p.filter.String() }

// verdict is what was found out about a filter that Cloudflare applies.
type verdict struct {
	trusted bool
	// fault is what is wrong with it, as the middle of a sentence; "" if nothing.
	fault string
}

func (h *habits) verdict(key string) verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v := h.verdicts[key]; v != nil {
		return *v
	}
	return verdict{}
}

func (h *habits) judge(key string, v verdict) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.verdicts[key] = &v
}

// pushParams are the upstream parameters of a filter; nil if it cannot be
// pushed. The access log takes one value a parameter.
func pushParams(f *query.Filter) map[string]string {
	push, ok := f.Field.Upstream[f.Operator]
	if !ok || len(f.Values) != 1 || f.Values[0] == "" {
		return nil
	}
	params := map[string]string{}
	for name, v := range push {
		if v.List || strings.HasPrefix(name, "{") {
			return nil
		}
		value := f.Values[0]
		if d := f.Field.Derived; d != nil && d.From == name && strings.Contains(v.Template, "{value}") {
			source, ok := sourceOf(d, value)
			if !ok {
				return nil
			}
			value = source
		}
		params[name] = strings.ReplaceAll(v.Template, "{value}", value)
	}
	return params
}

// sourceOf is the one value that a derived value comes from.
func sourceOf(d *catalogue.Derived, derived string) (string, bool) {
	found := ""
	for from, to := range d.Values {
		if to == derived {
			if found != "" {
				return "", false
			}
			found = from
		}
	}
	return found, found != ""
}

// onlyUpstream are the parameters of filters on fields that no row carries; nil
// if there are none.
func (q *inquiry) onlyUpstream() (map[string]string, error) {
	var params map[string]string
	for _, f := range q.r.Filters {
		if !f.Field.FilterOnly || !q.source.Push {
			continue
		}
		own := pushParams(f)
		if own == nil {
			return nil, &query.InvalidError{Message: fmt.Sprintf("the filter on %s takes exactly one value: only Cloudflare can apply it, and it takes one", f)}
		}
		if params == nil {
			params = map[string]string{}
		}
		for name, value := range own {
			if params[name] != "" && params[name] != value {
				return nil, &query.InvalidError{Message: fmt.Sprintf("%s can be filtered only once: Cloudflare takes one value", f.Field.Name)}
			}
			params[name] = value
		}
	}
	return params, nil
}

// census counts how a filter fares on rows that were fetched without it.
type census struct{ rows, hits, unjudged int }

func survey(l *layout, f *query.Filter, v view) census {
	m := newMatcher(l, []*query.Filter{f})
	var c census
	for _, p := range v.parts {
		rows, unjudged := m.match(p.rows, p.lo, p.hi)
		c.rows += p.hi - p.lo
		c.hits += len(rows)
		c.unjudged += unjudged
	}
	return c
}

// choosePush picks the filter to push instead of a scan of about so many rows;
// nil where the scan is the better way.
func (q *inquiry) choosePush(f *feed, known view, rows float64) *push {
	if p := q.unseen(f, known); p != nil {
		return p
	}
	tooMany := rows > float64(q.log.config.MaxRows)
	long := rows > selectivePages*float64(f.habits.page())
	var best *push
	least := 0.9
	for _, filter := range q.r.Filters {
		params := pushParams(filter)
		if params == nil || filter.Field.FilterOnly || f.habits.verdict(filter.String()).fault != "" {
			continue
		}
		narrow := filter.Operator == catalogue.Equal && (filter.Field.Kind == catalogue.KindRayID || filter.Field.Kind == catalogue.KindEmail)
		if !tooMany && (!long || !narrow) {
			continue
		}
		c := survey(f.layout, filter, known)
		share := float64(c.hits) / float64(max(c.rows, 1))
		if narrow {
			share /= 2
		}
		if share < least {
			best, least = &push{filter: filter, params: params}, share
		}
	}
	return best
}

// unseen is a filter on a field that no row of the view carries: only Cloudflare
// can apply it.
func (q *inquiry) unseen(f *feed, known view) *push {
	for _, filter := range q.r.Filters {
		if filter.Field.FilterOnly || filter.Field.Optional {
			continue
		}
		params := pushParams(filter)
		if params == nil {
			continue
		}
		if c := survey(f.layout, filter, known); c.rows > 0 && c.unjudged == c.rows {
			return &push{filter: filter, params: params, unseen: true}
		}
	}
	return nil
}

// trust keeps the rows that lack the key of a filter that Cloudflare applied.
func (m *matcher) trust(p *push) {
	for i := range m.bounds {
		if m.bounds[i].filter == p.filter {
			m.bounds[i].trusted = p.unseen
		}
	}
}
