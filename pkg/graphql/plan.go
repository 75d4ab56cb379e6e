package graphql

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Plan is how a request is asked of a node: by which dimensions, under which
// conditions, and what is left to do here.
type Plan struct {
	node    *Node
	limits  limits
	request *query.Request
	// columns are the fields of the answer: the table's, or those grouped by.
	columns []*catalogue.Field
	// dims are the fields asked for; timeDim is the one that places groups in time,
	// nil if none does.
	dims    []*catalogue.Field
	timeDim *catalogue.Field
	// where are the pushed conditions besides time; all must hold. applied are the
	// filters that they, and the time range, stand for.
	where   []map[string]any
	applied []*query.Filter
	dropped []string // fields left out of "all columns"
}

// Plan plans a request within the limits known now. Errors are
// *query.InvalidError or the context's.
func (n *Node) Plan(ctx context.Context, r *query.Request) (*Plan, error) {
	l, err := n.get(ctx)
	if err != nil {
		return nil, err
	}
	if l.disabled {
		return nil, &query.InvalidError{Message: fmt.Sprintf("Cloudflare does not provide %s (%s) to this account; use access_requests instead", strings.ToLower(r.Type.Title), n.name)}
	}
	if slices.ContainsFunc(r.Filters, func(f *query.Filter) bool {
		return f.Field.Kind == catalogue.KindRayID && f.Operator == catalogue.Equal
	}) {
		l.maxPageSize = min(l.maxPageSize, rayPageSize)
	}
	p := &Plan{node: n, limits: l, request: r}
	p.chooseColumns()
	for _, f := range p.columns {
		p.addDimension(f)
	}
	if r.Format == query.FormatTimeSeries {
		if err := p.chooseBucketDimension(); err != nil {
			return nil, err
		}
	}
	for _, f := range r.Judged() {
		p.addDimension(f)
	}
	if r.Sequence != nil {
		for _, f := range r.Sequence.Filters() { // no condition of the request says when a step is done
			p.addDimension(f.Field)
		}
	}
	if r.Ordered() {
		p.addDimension(r.Type.TimeField())
	}
	for _, f := range r.Filters {
		// Cloudflare knows neither pseudonyms, names, nor blocks of addresses, so these are
		// applied here.
		if f.Masked() || f.Field.NamesFrom() != "" || f.Operator == catalogue.In || f.Operator == catalogue.NotIn {
			p.addDimension(f.Field)
		}
	}
	if err := p.checkDimensions(); err != nil {
		return nil, err
	}
	// Plans with the same dimensions share what is kept, in whichever order they are named.
	slices.SortFunc(p.dims, func(a, b *catalogue.Field) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range p.dims {
		if f.GrainMS > 0 && (p.timeDim == nil || f.GrainMS < p.timeDim.GrainMS) {
			p.timeDim = f
		}
	}
	return p, p.pushFilters()
}

// Source is what the event log fetches the plan's groups from.
func (p *Plan) Source() eventlog.Source {
	s := &scanner{Plan: p, layout: columnar.NewGroupLayout(p.request.Type, p.dims), first: p.limits.maxPageSize}
	grain := int64(eventlog.Timeless)
	if p.timeDim != nil {
		grain = p.timeDim.GrainMS * interval.Millisecond
	} else {
		s.cell = cellOf(p.request.Needed().Length())
	}
	source := eventlog.Source{
		Key: p.key(s.cell), Type: p.request.Type, Layout: s.layout, Grain: grain, Scanner: s,
		Applied: p.applied, Counting: true, Oldest: p.limits.oldest(p.node.now()), MaxRows: maxRows,
	}
	if !p.request.Grouped() {
		source.Columns = p.columns
		if p.timeDim != nil && !p.request.Ordered() {
			source.MaxRows = 0
			if len(p.applied) == len(p.request.Filters) {
				// A tenth more, as the last instant of a full page does not count.
				s.first = min(s.first, p.request.Limit+p.request.Limit/10+20)
			}
		}
	}
	return source
}

// key is equal for plans that ask the same.
func (p *Plan) key(cell int64) string {
	where, _ := json.Marshal(p.where) // texts, numbers and lists of them
	return fmt.Sprintf("%s|%s|%v|%d|%s", p.node.name, strings.Join(p.dimensions(), ","), p.limits.offersSampling(), cell, where)
}

func (p *Plan) dimensions() []string {
	names := make([]string, len(p.dims))
	for i, f := range p.dims {
		names[i] = f.Path[0]
	}
	return names
}

// Note says in an answer what the plan left out.
func (p *Plan) Note(result *answer.Result) {
	if len(p.dropped) > 0 {
		result.Inform("The answer leaves out these fields, because Cloudflare does not provide them to this account or allows no more fields at once: %s.", strings.Join(p.dropped, ", "))
	}
}

// dimensionOf is the field that is asked for to tell another one.
func (p *Plan) dimensionOf(f *catalogue.Field) *catalogue.Field {
	if f.Derived != nil {
		if from, ok := p.request.Type.Field(f.Derived.From); ok {
			return from
		}
	}
	return f
}

func (p *Plan) addDimension(f *catalogue.Field) {
	if f = p.dimensionOf(f); !slices.Contains(p.dims, f) {
		p.dims = append(p.dims, f)
	}
}

// chooseColumns takes the fields asked for. Where all are, it leaves out what
// the account does not offer, and what Cloudflare's limit of fields has no room
// for: first the coarser times, then from the end of the catalogue.
func (p *Plan) chooseColumns() {
	r := p.request
	switch {
	case r.Grouped():
		p.columns = r.GroupBy
		return
	case len(r.Fields) > 0 && r.Format != query.FormatLogs:
		p.columns = r.Fields
		return
	}
	p.columns = slices.DeleteFunc(r.Type.Columns(true), func(f *catalogue.Field) bool {
		if p.limits.offers(p.dimensionOf(f).Path[0]) {
			return false
		}
		p.dropped = append(p.dropped, f.Name)
		return true
	})
	for most := p.limits.maxDimensions(); most > 0 && p.countDimensions() > most; {
		i := p.leastUseful()
		if i < 0 {
			return
		}
		p.dropped = append(p.dropped, p.columns[i].Name)
		p.columns = slices.Delete(p.columns, i, i+1)
	}
}

func (p *Plan) countDimensions() int {
	different := map[*catalogue.Field]bool{}
	for _, f := range p.columns {
		different[p.dimensionOf(f)] = true
	}
	return len(different)
}

// leastUseful is the column to do without first; -1 if none can be spared.
func (p *Plan) leastUseful() int {
	needed := []*catalogue.Field{p.request.Type.TimeField()}
	if outcome, ok := p.request.Type.Field(p.request.Type.Outcome.Field); ok {
		needed = append(needed, p.dimensionOf(outcome))
	}
	for _, f := range slices.Concat(p.request.Filtered(), p.request.Judged()) {
		needed = append(needed, p.dimensionOf(f))
	}
	spare := -1
	for i, f := range p.columns {
		switch {
		case slices.Contains(needed, p.dimensionOf(f)):
		case f.Kind == catalogue.KindTime:
			return i
		default:
			spare = i
		}
	}
	return spare
}

// chooseBucketDimension takes the coarsest time whose units fill the buckets
// exactly. Cloudflare has no hours or five minutes here, so buckets are made of
// minutes or days; of the events' own times where minutes do not fit.
func (p *Plan) chooseBucketDimension() error {
	var best *catalogue.Field
	for _, f := range p.request.Type.Fields {
		grain := time.Duration(f.GrainMS) * time.Millisecond
		if grain > 0 && p.request.Interval%grain == 0 && p.request.Shift%grain == 0 && p.limits.offers(f.Path[0]) && (best == nil || f.GrainMS > best.GrainMS) {
			best = f
		}
	}
	if best == nil {
		return &query.InvalidError{Message: fmt.Sprintf("Cloudflare does not provide the time of %s to this account, so there is no time series; use the format table", strings.ToLower(p.request.Type.Title))}
	}
	p.addDimension(best)
	return nil
}

// checkDimensions refuses, by name, what was asked for and is not to be had.
func (p *Plan) checkDimensions() error {
	title := strings.ToLower(p.request.Type.Title)
	for _, f := range p.dims {
		if !p.limits.offers(f.Path[0]) {
			return &query.InvalidError{Message: fmt.Sprintf("Cloudflare does not provide the field %s of %s to this account; remove it from the query", f.Name, title)}
		}
	}
	if p.request.Format == query.FormatLogs && !slices.Contains(p.dims, p.request.Type.TimeField()) {
		return &query.InvalidError{Message: fmt.Sprintf("Cloudflare does not provide the time of %s to this account, so they cannot be shown as logs; use the format table", title)}
	}
	if most := p.limits.maxDimensions(); most > 0 && len(p.dims) > most {
		return &query.InvalidError{Message: fmt.Sprintf(
			"the query needs %d fields of %s, but Cloudflare allows this account %d; ask for fewer columns or groups", len(p.dims), title, most)}
	}
	return nil
}

// pushFilters pushes what GraphQL can do. What it cannot is applied here if the
// field is among the dimensions: groups hold nothing of a field that is not.
// Filters on the event's time are the time range's: see query.Request.Intervals.
func (p *Plan) pushFilters() error {
	for _, f := range p.request.Filters {
		if f.Field.GrainMS > 0 {
			p.applied = append(p.applied, f)
			continue
		}
		if sets, ok := f.Pushdown(); ok {
			p.where = append(p.where, condition(f, sets))
			p.applied = append(p.applied, f)
		} else if !slices.Contains(p.dims, p.dimensionOf(f.Field)) {
			return errNotPushable(p.request, f)
		}
	}
	return nil
}

// condition joins what a filter's values ask for.
func condition(f *query.Filter, sets []map[string]any) map[string]any {
	switch {
	case len(sets) == 1:
		return sets[0]
	case f.Negative():
		return map[string]any{"AND": sets}
	}
	return map[string]any{"OR": sets}
}

func errNotPushable(r *query.Request, f *query.Filter) error {
	remedy := "group by " + f.Field.Name
	if !r.Grouped() {
		remedy = "add " + f.Field.Name + " to the columns"
	}
	var able []string
	for _, op := range f.Field.Operators {
		if _, ok := f.Field.Upstream[op]; ok {
			able = append(able, string(op))
		}
	}
	why := fmt.Sprintf("Cloudflare cannot filter %s by %s", strings.ToLower(r.Type.Title), f)
	if _, ok := f.Field.Upstream[f.Operator]; ok {
		why += " with a value that contains %, _, or \\"
	}
	return &query.InvalidError{Message: fmt.Sprintf("%s; %s, or use one of the operators %s", why, remedy, strings.Join(able, " "))}
}
