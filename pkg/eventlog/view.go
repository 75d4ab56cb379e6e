package eventlog

// view is what is known of a span at one moment: runs of rows that nothing
// changes any more, oldest first.
type view struct {
	span  span
	parts []viewPart
}

type viewPart struct {
	segment *segment
	rows    *chunk
	lo, hi  int
}

// look takes a view of the segments that are good enough for the query, and
// marks them as used.
func (d *demand) look(s span) view {
	l := d.log
	l.mu.Lock()
	defer l.mu.Unlock()
	return d.lookLocked(s)
}

func (d *demand) lookLocked(s span) view {
	v := view{span: s}
	d.log.tick++
	for _, seg := range d.feed.overlapping(s) {
		if !d.usable(seg) {
			continue
		}
		seg.used = d.log.tick
		lo, hi := seg.rows.rows(s)
		v.parts = append(v.parts, viewPart{seg, seg.rows, lo, hi})
	}
	return v
}

// rows in the view.
func (v view) rows() int {
	n := 0
	for _, p := range v.parts {
		n += p.hi - p.lo
	}
	return n
}

// bad rows and repeats that came along with the view's segments.
func (v view) flaws() (bad, repeats int) {
	for _, p := range v.parts {
		bad += p.segment.bad
		repeats += p.segment.repeats
	}
	return bad, repeats
}

// newest is the time of the newest row, 0 if there is none.
func (v view) newest() int64 {
	for i := len(v.parts) - 1; i >= 0; i-- {
		if p := v.parts[i]; p.hi > p.lo {
			return p.rows.times[p.hi-1]
		}
	}
	return 0
}

// oldest is the time of the oldest row, 0 if there is none.
func (v view) oldest() int64 {
	for _, p := range v.parts {
		if p.hi > p.lo {
			return p.rows.times[p.lo]
		}
	}
	return 0
}
