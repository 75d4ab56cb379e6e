package eventlog

import (
	"slices"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// view is what is known of an interval at one moment: runs of rows that nothing
// changes any more, oldest first.
type view struct {
	interval.Interval
	parts []viewPart
}

type viewPart struct {
	interval.Interval
	segment *segment
	run     columnar.Run
}

// look takes a view of the segments that are good enough for the query, and
// marks them as used.
func (d *demand) look(i interval.Interval) view {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	v := view{Interval: i}
	d.log.tick++
	for _, wanted := range interval.Intersect(d.parts, i) {
		for _, s := range d.feed.overlapping(wanted) {
			own := d.feed.part(s, wanted)
			if own.Empty() || !d.usable(s) {
				continue
			}
			s.used = d.log.tick
			v.parts = append(v.parts, viewPart{own, s, s.rows.Within(own)})
		}
	}
	return v
}

// within is the part of a view in an interval.
func (v view) within(i interval.Interval) view {
	out := view{Interval: v.Clip(i)}
	for _, p := range v.parts {
		if p.Interval = p.Clip(i); !p.Empty() {
			p.run = p.segment.rows.Within(p.Interval)
			out.parts = append(out.parts, p)
		}
	}
	return out
}

// rows in the view.
func (v view) rows() int {
	n := 0
	for _, p := range v.parts {
		n += p.run.Rows()
	}
	return n
}

// runs of the view's rows, oldest first.
func (v view) runs() []columnar.Run {
	runs := make([]columnar.Run, len(v.parts))
	for i, p := range v.parts {
		runs[i] = p.run
	}
	return runs
}

// bad says that rows without a time came along with the segments.
func (v view) bad() bool {
	return slices.ContainsFunc(v.parts, func(p viewPart) bool { return p.segment.bad })
}

// oldest is the instant of the first row, 0 if there is none.
func (v view) oldest() int64 {
	for _, p := range v.parts {
		if p.run.Rows() > 0 {
			return p.run.Time(p.run.Lo)
		}
	}
	return 0
}
