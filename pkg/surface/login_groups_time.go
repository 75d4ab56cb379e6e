package surface

import (
	"fmt"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// timeRange is a span of time, from included, to excluded, both whole
// milliseconds.
type timeRange struct{ from, to time.Time }

func (r timeRange) empty() bool           { return !r.from.Before(r.to) }
func (r timeRange) length() time.Duration { return r.to.Sub(r.from) }

func (r timeRange) clip(o timeRange) timeRange {
	if o.from.After(r.from) {
		r.from = o.from
	}
	if o.to.Before(r.to) {
		r.to = o.to
	}
	return r
}

// touches says whether a unit of time that starts at an instant has a part in
// the range.
func (r timeRange) touches(start time.Time, unit time.Duration) bool {
	return start.Add(unit).After(r.from) && start.Before(r.to)
}

func (r timeRange) String() string {
	return r.from.UTC().Format("2006-01-02 15:04:05") + " to " + r.to.UTC().Format("2006-01-02 15:04:05")
}

var (
	longAgo = time.Unix(0, 0).UTC()
	farOff  = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
)

// maxTimeRanges bounds how many pieces filters on times may cut a window into.
const maxTimeRanges = 100

// unitOf is the precision that a time field has upstream. datetime has whole
// seconds as far as is known; milliseconds hold for either.
func unitOf(field string) time.Duration {
	switch field {
	case "date":
		return 24 * time.Hour
	case "datetimeMinute":
		return time.Minute
	}
	return time.Millisecond
}

func floorTime(t time.Time, unit time.Duration) time.Time {
	rest := time.Duration(t.UnixNano() % int64(unit))
	if rest < 0 {
		rest += unit
	}
	return t.Add(-rest).UTC()
}

func ceilTime(t time.Time, unit time.Duration) time.Time {
	if floor := floorTime(t, unit); !floor.Equal(t) {
		return floor.Add(unit)
	}
	return t.UTC()
}

func aligned(t time.Time, unit time.Duration) bool { return floorTime(t, unit).Equal(t) }

// windowRanges are the parts of a window that filters on times leave, oldest
// first and disjoint. Such filters are exact this way whether or not their field
// is among the dimensions.
func windowRanges(w query.Window, filters []*query.Filter) ([]timeRange, error) {
	ranges := []timeRange{{w.Start(), w.End()}}
	for _, f := range filters {
		if f.Field.Kind != catalogue.KindTime {
			continue
		}
		allowed, err := filterRanges(f)
		if err != nil {
			return nil, err
		}
		ranges = intersect(ranges, allowed)
		if len(ranges) > maxTimeRanges {
			return nil, &query.InvalidError{Message: fmt.Sprintf("the filter on %s cuts the time range into more than %d pieces; use fewer values", f, maxTimeRanges)}
		}
	}
	return ranges, nil
}

// filterRanges are the instants that a filter on a time allows.
func filterRanges(f *query.Filter) ([]timeRange, error) {
	unit := unitOf(f.Field.Name)
	var ranges []timeRange
	for _, text := range f.Values {
		v, err := query.ParseTime(text)
		if err != nil {
			return nil, err
		}
		next := floorTime(v, unit).Add(unit)
		r := timeRange{longAgo, farOff}
		switch f.Operator {
		case catalogue.Less:
			r.to = ceilTime(v, unit)
		case catalogue.LessOrEqual:
			r.to = next
		case catalogue.Greater:
			r.from = next
		case catalogue.GreaterOrEqual:
			r.from = ceilTime(v, unit)
		default:
			if !aligned(v, unit) {
				continue // no time of the field's precision equals it
			}
			r = timeRange{v, next}
		}
		ranges = append(ranges, r)
	}
	ranges = union(ranges)
	if f.Negative() {
		ranges = complement(ranges)
	}
	return ranges, nil
}

func union(ranges []timeRange) []timeRange {
	slices.SortFunc(ranges, func(a, b timeRange) int { return a.from.Compare(b.from) })
	var out []timeRange
	for _, r := range ranges {
		switch last := len(out) - 1; {
		case r.empty():
		case last >= 0 && !r.from.After(out[last].to):
			if r.to.After(out[last].to) {
				out[last].to = r.to
			}
		default:
			out = append(out, r)
		}
	}
	return out
}

// complement is what a union leaves out.
func complement(ranges []timeRange) []timeRange {
	var out []timeRange
	from := longAgo
	for _, r := range ranges {
		if gap := (timeRange{from, r.from}); !gap.empty() {
			out = append(out, gap)
		}
		from = r.to
	}
	return append(out, timeRange{from, farOff})
}

func intersect(a, b []timeRange) []timeRange {
	var out []timeRange
	for _, x := range a {
		for _, y := range b {
			if both := x.clip(y); !both.empty() {
				out = append(out, both)
			}
		}
	}
	return out
}

// timeCondition says a range in Cloudflare's terms. Bounds on whole seconds are
// exact however Cloudflare compares. A lower bound between seconds is said twice:
// should the column or the comparison know only whole seconds, the second before
// the bound would otherwise slip in. An upper bound between seconds is the last
// millisecond that belongs to the range, included.
func timeCondition(r timeRange) map[string]any {
	condition := map[string]any{"datetime_geq": timeText(r.from)}
	if second := floorTime(r.from, time.Second); !second.Equal(r.from) {
		condition["datetime_gt"] = timeText(second)
	}
	if aligned(r.to, time.Second) {
		condition["datetime_lt"] = timeText(r.to)
	} else {
		condition["datetime_leq"] = timeText(r.to.Add(-time.Millisecond))
	}
	return condition
}

func timeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999Z07:00") }

// sliceRange cuts a range into parts of at most a length, on edges that are
// whole units where the length allows, else whole seconds.
func sliceRange(r timeRange, length time.Duration) []timeRange {
	unit := time.Second
	if length >= 2*time.Minute {
		unit = time.Minute
	}
	var out []timeRange
	for at := r.from; at.Before(r.to); {
		next := floorTime(at.Add(length), unit)
		if !next.After(at) {
			next = floorTime(at, time.Second).Add(max(length, time.Second))
		}
		if !next.Before(r.to) {
			next = r.to
		}
		out = append(out, timeRange{at, next})
		at = next
	}
	return out
}
