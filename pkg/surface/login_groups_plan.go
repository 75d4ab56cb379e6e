package surface

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// groupPlan is how a request is asked of the GraphQL node: by which dimensions,
// under which conditions, and what is left to do here.
type groupPlan struct {
	request *query.Request
	// columns are the fields of the answer: the table's, or those grouped by.
	columns []*catalogue.Field
	dims    []string
	// timeDim is the dimension that places groups in time, "" if none does; unit
	// is its precision.
	timeDim string
	unit    time.Duration
	// where are the pushed conditions besides time; all must hold.
	where []map[string]any
	// here are the filters whose fields are among the dimensions: each is applied
	// again, whether it was pushed or not.
	here         []*query.Filter
	filteredHere []string // fields whose filters are applied here alone
	// pushed are the filters that Cloudflare applies; faults those that it
	// mishandles, by filterKey.
	pushed    []*query.Filter
	faults    map[string]string
	dropped   []string // fields left out of "all columns"
	ascending bool
	endpoint  string
	sampling  bool
	key       string // equal for plans that ask the same
	// lessons are how many refusals had taught when it was made.
	lessons int
}

// listing says that the plan lists groups as rows, which a limit cuts.
func (p *groupPlan) listing() bool { return !p.request.Grouped() }

func newGroupPlan(r *query.Request, l *groupLimits, faults map[string]string) (*groupPlan, error) {
	p := &groupPlan{request: r, faults: faults, lessons: l.lessons, ascending: r.Ascending, endpoint: r.Type.Endpoint, sampling: l.offersSampling()}
	p.chooseColumns(l)
	for _, f := range p.columns {
		p.addDimension(sourceField(r.Type, f))
	}
	if r.Format == query.FormatTimeSeries {
		if err := p.chooseBucketDimension(l); err != nil {
			return nil, err
		}
	}
	for _, f := range r.Filters {
		if f.Masked() || faults[filterKey(f)] != "" {
			p.addDimension(sourceField(r.Type, f.Field))
		}
	}
	if err := p.checkDimensions(l); err != nil {
		return nil, err
	}
	p.placeInTime()
	if err := p.pushFilters(); err != nil {
		return nil, err
	}
	where, err := json.Marshal(p.where)
	if err != nil {
		return nil, err
	}
	slices.Sort(p.dims)
	p.key = fmt.Sprintf("%s|%v|%s", strings.Join(p.dims, ","), p.sampling, where)
	return p, nil
}

// sourceField is the upstream dimension that a field is read from.
func sourceField(q *catalogue.QueryType, f *catalogue.Field) string {
	if f.Derived != nil && f.Derived.From != "" {
		if from, ok := q.Field(f.Derived.From); ok {
			f = from
		}
	}
	if len(f.Path) > 0 {
		return f.Path[0]
	}
	return f.Name
}

func (p *groupPlan) addDimension(name string) {
	if !slices.Contains(p.dims, name) {
		p.dims = append(p.dims, name)
	}
}

// chooseColumns takes the fields asked for. Where all are, it leaves out what
// the account does not offer, and what Cloudflare's limit of fields has no room
// for: first the coarser times, then from the end of the catalogue.
func (p *groupPlan) chooseColumns(l *groupLimits) {
	r := p.request
	switch {
	case r.Grouped():
		p.columns = r.GroupBy
		return
	case len(r.Fields) > 0 && r.Format != query.FormatLogs:
		p.columns = r.Fields
		return
	}
	all := r.Type.Columns(true)
	p.columns = slices.DeleteFunc(all, func(f *catalogue.Field) bool {
		if l.offers(sourceField(r.Type, f)) {
			return false
		}
		p.dropped = append(p.dropped, f.Name)
		return true
	})
	most := l.maxDimensions()
	for most > 0 && p.countDimensions() > most {
		i := p.leastUseful()
		if i < 0 {
			return
		}
		p.dropped = append(p.dropped, p.columns[i].Name)
		p.columns = slices.Delete(p.columns, i, i+1)
	}
}

func (p *groupPlan) countDimensions() int {
	names := map[string]bool{}
	for _, f := range p.columns {
		names[sourceField(p.request.Type, f)] = true
	}
	return len(names)
}

// leastUseful is the column to do without first; -1 if none can be spared.
func (p *groupPlan) leastUseful() int {
	for i, f := range p.columns {
		if f.Kind == catalogue.KindTime && f.Name != p.request.Type.TimeFieldName {
			return i
		}
	}
	for i := len(p.columns) - 1; i >= 0; i-- {
		f := p.columns[i]
		needed := slices.ContainsFunc(p.request.Filters, func(x *query.Filter) bool {
			return sourceField(p.request.Type, x.Field) == sourceField(p.request.Type, f)
		})
		if f.Name != p.request.Type.TimeFieldName && f.Name != "outcome" && f.Name != "isSuccessfulLogin" && !needed {
			return i
		}
	}
	return -1
}

// chooseBucketDimension takes the coarsest time whose units fill the buckets
// exactly. Cloudflare has no hours or five minutes here, so that buckets are
// made of minutes or days; of the events' own times where minutes do not fit.
func (p *groupPlan) chooseBucketDimension(l *groupLimits) error {
	for _, name := range []string{"date", "datetimeMinute", "datetime"} {
		if l.offers(name) && p.request.Interval%unitOf(name) == 0 {
			p.addDimension(name)
			return nil
		}
	}
	return &query.InvalidError{Message: "Cloudflare does not offer this account the time of login groups, so there is no time series; use the format table"}
}

// checkDimensions refuses, by name, what was asked for and is not to be had.
func (p *groupPlan) checkDimensions(l *groupLimits) error {
	for _, name := range p.dims {
		if !l.offers(name) {
			return &query.InvalidError{Message: fmt.Sprintf("Cloudflare does not offer this account the field %s of login groups; leave it out", name)}
		}
	}
	if p.request.Format == query.FormatLogs && !slices.Contains(p.dims, p.request.Type.TimeFieldName) {
		return &query.InvalidError{Message: "Cloudflare does not offer this account the time of login groups, so they cannot be shown as logs; use the format table"}
	}
	if most := l.maxDimensions(); most > 0 && len(p.dims) > most {
		return &query.InvalidError{Message: fmt.Sprintf(
			"the query needs %d fields of login groups, but Cloudflare allows this account %d; ask for fewer columns or groups", len(p.dims), most)}
	}
	return nil
}

// placeInTime finds the finest time among the dimensions.
func (p *groupPlan) placeInTime() {
	for _, name := range []string{"datetime", "datetimeMinute", "date"} {
		if slices.Contains(p.dims, name) {
			p.timeDim, p.unit = name, unitOf(name)
			return
		}
	}
}

// pushFilters pushes what GraphQL can do. What it cannot is applied here if the
// field is among the dimensions: groups hold nothing of a field that is not.
// Filters on times are the window's: see windowRanges.
func (p *groupPlan) pushFilters() error {
	for _, f := range p.request.Filters {
		selected := slices.Contains(p.dims, sourceField(p.request.Type, f.Field))
		if selected {
			p.here = append(p.here, f)
		}
		if f.Field.Kind == catalogue.KindTime {
			continue
		}
		condition, ok := pushGroupFilter(f)
		switch {
		case ok && p.faults[filterKey(f)] == "":
			p.pushed = append(p.pushed, f)
			p.where = append(p.where, condition)
		case !selected:
			return errNotPushable(p.request, f)
		case !slices.Contains(p.filteredHere, f.Field.Name):
			p.filteredHere = append(p.filteredHere, f.Field.Name)
		}
	}
	return nil
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
	why := "Cloudflare cannot filter login groups by " + f.String()
	if _, ok := f.Field.Upstream[f.Operator]; ok {
		why += " with a value that holds %, _ or \\"
	}
	return &query.InvalidError{Message: fmt.Sprintf("%s; %s, or use one of the operators %s", why, remedy, strings.Join(able, " "))}
}
