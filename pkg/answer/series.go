package answer

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// maxSeriesCells bounds a time series' groups × buckets: 32 MiB of counts, and
// more than any panel can draw.
const maxSeriesCells = 4 << 20

// CheckSeriesSize refuses more groups than a series can have. The error is a
// *query.InvalidError.
func CheckSeriesSize(groups, buckets int) error {
	if groups*buckets <= maxSeriesCells {
		return nil
	}
	return &query.InvalidError{Message: fmt.Sprintf(
		"the time series has more than %d groups at %d points each; group by fewer fields, add filters, increase the interval, or use the format table",
		groups-1, buckets)}
}

// NewSeries makes the series of counted groups: in the catalogue's order of
// values where it lists those of every field, so that a legend stays the same;
// otherwise largest total first, then by key. No events is a series of zeros:
// grouped by the outcome alone, the series of every outcome that the filters
// allow are always there; grouped otherwise, no events is one series without a
// key.
func NewSeries(r *query.Request, groups []SeriesGroup) *Series {
	s := &Series{Fields: r.GroupBy, Start: r.Needed().Start(), Interval: r.Interval, Buckets: r.Buckets(), Groups: groups}
	if len(r.GroupBy) == 1 && r.GroupBy[0].Name == r.Type.Outcome.Field {
		for _, outcome := range possibleOutcomes(r) {
			if !slices.ContainsFunc(s.Groups, func(g SeriesGroup) bool { return g.Key[0].Valid && g.Key[0].Text == outcome }) {
				s.Groups = append(s.Groups, SeriesGroup{Key: []query.Cell{{Text: outcome, Valid: true}}, Counts: make([]int64, s.Buckets)})
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
func compareListed(fields []*catalogue.Field, a, b []query.Cell) int {
	for i, f := range fields {
		if c := cmp.Compare(place(f, a[i]), place(f, b[i])); c != 0 {
			return c
		}
	}
	return 0
}

func place(f *catalogue.Field, cell query.Cell) int {
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
