package query

import "time"

// Window is a span of time, whole milliseconds, both ends included: an event is
// in it if its time, cut to the millisecond, is neither before From nor after To.
type Window struct{ From, To time.Time }

// Start is the first instant in the window.
func (w Window) Start() time.Time { return w.From }

// End is the first instant after the window.
func (w Window) End() time.Time { return w.To.Add(time.Millisecond) }

// Contains says whether an instant is in the window.
func (w Window) Contains(t time.Time) bool { return !t.Before(w.Start()) && t.Before(w.End()) }

// floor cuts t to a multiple of d since the Unix epoch, so that bucket edges
// stay put however the window moves. (time.Truncate counts from the year 1.)
func floor(t time.Time, d time.Duration) time.Time {
	ns := t.UnixNano()
	rest := ns % int64(d)
	if rest < 0 {
		rest += int64(d)
	}
	return time.Unix(0, ns-rest).UTC()
}

// roundUp raises d to the next multiple of unit, at least one.
func roundUp(d, unit time.Duration) time.Duration {
	if d <= unit {
		return unit
	}
	return (d + unit - 1) / unit * unit
}
