package eventlog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// maxSeriesCells bounds a time series' groups × buckets: 32 MiB of counts, and
// more than any panel can draw.
const maxSeriesCells = 4 << 20

// SeriesBuilder counts events by bucket and group.
type SeriesBuilder struct {
	request *query.Request
	start   time.Time
	buckets int
	byKey   map[string]int
	groups  []SeriesGroup
}

// NewSeriesBuilder starts the series of a time_series request.
func NewSeriesBuilder(r *query.Request) *SeriesBuilder {
	return &SeriesBuilder{request: r, start: r.Span().Start(), buckets: r.Buckets(), byKey: map[string]int{}}
}

// Add counts events of a group at an instant; key has a cell for each field of
// GroupBy and is copied. Instants outside the request's span are not counted,
// and false is returned. The error is a *query.InvalidError.
func (b *SeriesBuilder) Add(key []Cell, at time.Time, count int64) (bool, error) {
	if at.Before(b.start) {
		return false, nil
	}
	bucket := int(at.Sub(b.start) / b.request.Interval)
	if bucket >= b.buckets {
		return false, nil
	}
	text := KeyText(key)
	i, ok := b.byKey[text]
	if !ok {
		if (len(b.groups)+1)*b.buckets > maxSeriesCells {
			return false, tooManyGroups(len(b.groups), b.buckets)
		}
		i = len(b.groups)
		b.byKey[text] = i
		b.groups = append(b.groups, SeriesGroup{Key: slices.Clone(key), Counts: make([]int64, b.buckets)})
	}
	b.groups[i].Counts[bucket] += count
	return true, nil
}

func tooManyGroups(groups, buckets int) error {
	return &query.InvalidError{Message: fmt.Sprintf(
		"the time series has more than %d groups at %d points each; group by fewer fields, filter, raise the interval, or use the format table",
		groups, buckets)}
}

// Series ends the count: see NewSeries.
func (b *SeriesBuilder) Series() *Series { return NewSeries(b.request, b.groups) }

// NewSeries makes the series of counted groups: in the catalogue's order of
// values where it lists those of every field, so that a legend stays the same;
// otherwise largest total first, then by key. No events is a series of zeros: grouped by the outcome alone, the series
// of every outcome that the filters allow are always there; grouped otherwise,
// no events is one series without a key.
func NewSeries(r *query.Request, groups []SeriesGroup) *Series {
	s := &Series{Fields: r.GroupBy, Start: r.Span().Start(), Interval: r.Interval, Buckets: r.Buckets(), Groups: groups}
	if len(r.GroupBy) == 1 && r.GroupBy[0].Name == "outcome" {
		for _, outcome := range possibleOutcomes(r) {
			if !slices.ContainsFunc(s.Groups, func(g SeriesGroup) bool { return g.Key[0].Valid && g.Key[0].Text == outcome }) {
				s.Groups = append(s.Groups, SeriesGroup{Key: []Cell{{Text: outcome, Valid: true}}, Counts: make([]int64, s.Buckets)})
			}
		}
	}
	if len(s.Groups) == 0 {
		s.Fields = nil
		s.Groups = []SeriesGroup{{Counts: make([]int64, s.Buckets)}}
	}
	sortSeries(s.Fields, s.Groups)
	return s
}

func sortSeries(fields []*catalogue.Field, groups []SeriesGroup) {
	type ranked struct {
		group SeriesGroup
		total int64
	}
	listed := !slices.ContainsFunc(fields, func(f *catalogue.Field) bool { return len(f.Values) == 0 })
	order := make([]ranked, len(groups))
	for i, g := range groups {
		order[i] = ranked{g, sum(g.Counts)}
	}
	slices.SortFunc(order, func(a, b ranked) int {
		if listed {
			if c := compareListed(fields, a.group.Key, b.group.Key); c != 0 {
				return c
			}
		}
		return cmp.Or(cmp.Compare(b.total, a.total), CompareKeys(a.group.Key, b.group.Key))
	})
	for i := range order {
		groups[i] = order[i].group
	}
}

// compareListed compares keys by the place of their values in the catalogue;
// values that it does not list come last.
func compareListed(fields []*catalogue.Field, a, b []Cell) int {
	for i, f := range fields {
		if c := cmp.Compare(place(f, a[i]), place(f, b[i])); c != 0 {
			return c
		}
	}
	return 0
}

func place(f *catalogue.Field, cell Cell) int {
	i := slices.IndexFunc(f.Values, func(v catalogue.Value) bool { return cell.Valid && v.Value == cell.Text })
	if i < 0 {
		return len(f.Values)
	}
	return i
}

func sum(counts []int64) int64 {
	var total int64
	for _, n := range counts {
		total += n
	}
	return total
}

// KeyText joins a key's cells into one text that no other key has.
func KeyText(key []Cell) string {
	var b strings.Builder
	for _, c := range key {
		if !c.Valid {
			b.WriteByte('-')
			continue
		}
		fmt.Fprintf(&b, "%d:", len(c.Text))
		b.WriteString(c.Text)
	}
	return b.String()
}

// possibleOutcomes are the outcomes that the filters let through, as far as
// filters on the outcome, or on the field it is derived from, tell.
func possibleOutcomes(r *query.Request) []string {
	field := r.GroupBy[0]
	if field.Derived == nil {
		return nil
	}
	if field.Derived.Constant != "" {
		return passing(r, field, []string{field.Derived.Constant})
	}
	var outcomes []string
	for _, v := range field.Values {
		if sourcePasses(r, field.Derived, v.Value) {
			outcomes = append(outcomes, v.Value)
		}
	}
	return passing(r, field, outcomes)
}

func passing(r *query.Request, field *catalogue.Field, values []string) []string {
	return slices.DeleteFunc(values, func(value string) bool {
		return slices.ContainsFunc(r.Filters, func(f *query.Filter) bool { return f.Field == field && !f.Match(value, true) })
	})
}

// sourcePasses says whether some value of the field that the outcome is derived
// from gives that outcome and passes the filters on that field.
func sourcePasses(r *query.Request, d *catalogue.Derived, outcome string) bool {
	if d.Otherwise != nil && *d.Otherwise == outcome {
		return true
	}
	for text, derived := range d.Values {
		if derived != outcome {
			continue
		}
		if !slices.ContainsFunc(r.Filters, func(f *query.Filter) bool { return f.Field.Name == d.From && !f.Match(text, true) }) {
			return true
		}
	}
	return false
}
