// Package interval is the one type for a stretch of time, and its algebra.
package interval

import (
	"slices"
	"time"
)

// Interval is a stretch of time in nanoseconds since 1970: From is the first
// instant in it, To the first one after it. Both are whole milliseconds.
type Interval struct{ From, To int64 }

// Units of time in nanoseconds.
const (
	Millisecond = int64(time.Millisecond)
	Second      = int64(time.Second)
	Minute      = int64(time.Minute)
	Hour        = int64(time.Hour)
	Day         = 24 * Hour
)

// Always has every instant that can be computed with.
var Always = Interval{0, 1 << 62}

// Inclusive is the interval of a Grafana time range, which holds both its ends,
// cut to the millisecond.
func Inclusive(from, to time.Time) Interval {
	return Interval{Floor(from.UnixNano(), Millisecond), Floor(to.UnixNano(), Millisecond) + Millisecond}
}

// Start is the first instant in the interval, Last its last millisecond, and End
// the first instant after it.
func (i Interval) Start() time.Time { return Instant(i.From) }
func (i Interval) Last() time.Time  { return Instant(i.To - Millisecond) }
func (i Interval) End() time.Time   { return Instant(i.To) }

func (i Interval) Empty() bool              { return i.From >= i.To }
func (i Interval) Length() int64            { return i.To - i.From }
func (i Interval) Overlaps(o Interval) bool { return i.From < o.To && o.From < i.To }
func (i Interval) Contains(at int64) bool   { return i.From <= at && at < i.To }

// Clip is what both intervals have.
func (i Interval) Clip(o Interval) Interval {
	return Interval{max(i.From, o.From), min(i.To, o.To)}
}

// CutAt cuts an interval at instants, which are in order; the oldest part comes
// first.
func (i Interval) CutAt(at ...int64) []Interval {
	var parts []Interval
	for _, t := range at {
		if left := (Interval{i.From, min(t, i.To)}); !left.Empty() {
			parts = append(parts, left)
			i.From = left.To
		}
	}
	if !i.Empty() {
		parts = append(parts, i)
	}
	return parts
}

// Each cuts an interval at the multiples of a length.
func (i Interval) Each(length int64) []Interval {
	var edges []int64
	for at := Floor(i.From, length) + length; at < i.To; at += length {
		edges = append(edges, at)
	}
	return i.CutAt(edges...)
}

// Floor and Ceil move an instant to a multiple of a unit since 1970, so that
// edges stay put however a time range moves.
func Floor(t, unit int64) int64 {
	rest := t % unit
	if rest < 0 {
		rest += unit
	}
	return t - rest
}

// Ceil is the counterpart of Floor.
func Ceil(t, unit int64) int64 { return -Floor(-t, unit) }

// Instant is the time of an instant, in UTC.
func Instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// Subtract takes what is in others out of the list.
func Subtract(list []Interval, others ...Interval) []Interval {
	for _, o := range others {
		var rest []Interval
		for _, i := range list {
			if !i.Overlaps(o) {
				rest = append(rest, i)
				continue
			}
			if left := (Interval{i.From, o.From}); !left.Empty() {
				rest = append(rest, left)
			}
			if right := (Interval{o.To, i.To}); !right.Empty() {
				rest = append(rest, right)
			}
		}
		list = rest
	}
	return list
}

// Intersect is what both lists have.
func Intersect(a []Interval, b ...Interval) []Interval {
	var out []Interval
	for _, x := range a {
		for _, y := range b {
			if both := x.Clip(y); !both.Empty() {
				out = append(out, both)
			}
		}
	}
	return out
}

// Union is the list in order, with what overlaps or touches joined.
func Union(list []Interval) []Interval {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Interval) int { return int(min(max(a.From-b.From, -1), 1)) })
	var out []Interval
	for _, i := range list {
		switch last := len(out) - 1; {
		case i.Empty():
		case last >= 0 && i.From <= out[last].To:
			out[last].To = max(out[last].To, i.To)
		default:
			out = append(out, i)
		}
	}
	return out
}
