package query

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// Pushdown says a filter in the upstream's terms, by the catalogue's templates:
// a set of parameters for each value, of which one must hold, or all where the
// filter is negative; a single set where the upstream takes all values at once.
// ok is false where the upstream cannot apply the filter exactly, or must not
// see it: what stands in a filter under a mask is no value of Cloudflare's.
func (f *Filter) Pushdown() (sets []map[string]any, ok bool) {
	push, ok := f.Field.Upstream[f.Operator]
	if !ok || f.Masked() {
		return nil, false
	}
	values := f.upstreamValues(push)
	for _, value := range values {
		set := map[string]any{}
		lists := 0
		for parameter, template := range push {
			if template.List {
				lists++
				set[parameter] = fillAll(template.Template, values)
				continue
			}
			if set[parameter], ok = f.fill(parameter, template.Template, value); !ok {
				return nil, false
			}
		}
		if sets = append(sets, set); lists == len(push) {
			break
		}
	}
	return sets, len(sets) > 0
}

func fillAll(template string, values []string) []string {
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = strings.ReplaceAll(template, "{value}", value)
	}
	return list
}

// fill puts one value into a template. GraphQL's `like` knows wildcards, and how
// to quote them is not documented: values that hold one cannot be pushed.
func (f *Filter) fill(parameter, template, value string) (any, bool) {
	switch {
	case f.Field.GraphQLType == "uint8":
		return map[string]int{"true": 1, "false": 0}[value], true
	case f.Field.GraphQLType == "uint64":
		n := f.numbers[slices.Index(f.Values, value)]
		return n, n >= 0 && n == math.Trunc(n)
	case strings.HasSuffix(parameter, "like") && strings.ContainsAny(value, `%_\`):
		return nil, false
	}
	return strings.ReplaceAll(template, "{value}", value), true
}

// upstreamValues are the values as Cloudflare has them: those that a derived one
// comes from, where the parameter is that of the source; and in GraphQL every
// spelling of a country's two letters, as Cloudflare's case varies.
func (f *Filter) upstreamValues(push catalogue.Push) []string {
	values := slices.Clone(f.Values)
	if d := f.Field.Derived; d != nil && slices.ContainsFunc(slices.Collect(maps.Keys(push)), func(p string) bool { return strings.HasPrefix(p, d.From) }) {
		values = nil
		for source, derived := range d.Values {
			if slices.Contains(f.Values, derived) {
				values = append(values, source)
			}
		}
	}
	if f.Field.Kind == catalogue.KindCountry && f.Field.GraphQLType != "" {
		var all []string
		for _, code := range values {
			all = append(all, spellings(code)...)
		}
		values = all
	}
	// Cloudflare doesn't say whether case counts in addresses. Mostly, they are in lower
	// case; where some are not, eventlog finds out.
	for i := range values {
		if f.Caseless() {
			values[i] = strings.ToLower(values[i])
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// spellings are all ways to write a short text in upper and lower case.
func spellings(text string) []string {
	out := []string{""}
	for _, r := range text {
		letters := []rune{unicode.ToUpper(r)}
		if lower := unicode.ToLower(r); lower != letters[0] {
			letters = append(letters, lower)
		}
		var next []string
		for _, start := range out {
			for _, letter := range letters {
				next = append(next, start+string(letter))
			}
		}
		out = next
	}
	return out
}

// maxIntervals bounds how many pieces filters on times may cut a range into.
const maxIntervals = 100

// Intervals are the parts of what is needed that filters on the event's time
// leave; see IntervalsIn.
func (r *Request) Intervals() ([]interval.Interval, error) { return r.IntervalsIn(r.Needed()) }

// IntervalsIn are the parts of an interval that filters on the event's time leave,
// oldest first and disjoint. Where the catalogue states a time's grain, such filters
// are exact this way, whether or not the field is in the rows.
func (r *Request) IntervalsIn(i interval.Interval) ([]interval.Interval, error) {
	list := []interval.Interval{i}
	for _, f := range r.Filters {
		if f.Field.GrainMS == 0 {
			continue
		}
		list = interval.Intersect(list, f.intervals()...)
		if len(list) > maxIntervals {
			return nil, invalid("the filter on %s cuts the time range into more than %d pieces; use fewer values", f, maxIntervals)
		}
	}
	return list, nil
}

// intervals are the instants that a filter on the event's time allows.
func (f *Filter) intervals() []interval.Interval {
	grain := f.Field.GrainMS * interval.Millisecond
	var list []interval.Interval
	for _, t := range f.instants {
		v := instantOf(t)
		next := interval.Floor(v, grain) + grain
		i := interval.Always
		switch f.Operator {
		case catalogue.Less:
			i.To = interval.Ceil(v, grain)
		case catalogue.LessOrEqual:
			i.To = next
		case catalogue.Greater:
			i.From = next
		case catalogue.GreaterOrEqual:
			i.From = interval.Ceil(v, grain)
		default:
			if v != next-grain {
				continue // no time of the field's grain equals it
			}
			i = interval.Interval{From: v, To: next}
		}
		list = append(list, i)
	}
	list = interval.Union(list)
	if f.Negative() {
		return interval.Subtract([]interval.Interval{interval.Always}, list...)
	}
	return list
}

// instantOf is a time in nanoseconds. One that they cannot hold is as good as the
// end of Always that is next to it.
func instantOf(t time.Time) int64 {
	switch {
	case t.Before(interval.Always.Start()):
		return interval.Always.From
	case t.After(interval.Always.End()):
		return interval.Always.To
	}
	return t.UnixNano()
}
