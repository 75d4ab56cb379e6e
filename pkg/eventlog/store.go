package eventlog

import (
	"slices"
	"sort"
)

// maxSegmentRows bounds what one segment holds, and so what dropping one loses.
const maxSegmentRows = 2 * flushRows

// segment is a span of time that was fetched, with its rows. It is immutable but
// for used.
type segment struct {
	span span
	// fetched is when the oldest of its rows were asked for. What happened after
	// that, or was not delivered by then, is not in it.
	fetched int64
	// sealed says that Cloudflare is taken to have delivered all by then.
	sealed bool
	rows   *chunk
	// bad are rows that could not be placed in time; repeats are those that one
	// page had more than once.
	bad, repeats int
	// apart are its parts whose rows cannot be trusted to be all. A segment with
	// any is never sealed, so that they are asked for again.
	apart []failure
	size  int64
	used  int64
}

// feed is one source's event log, or that of a source with pushed filters. The
// log's mutex guards it.
type feed struct {
	key    string
	pushed map[string]string
	layout *layout
	habits *habits
	// segments are disjoint and sorted.
	segments []*segment
	flights  []*flight
	leases   map[*demand]span
	// changed is closed, and replaced, whenever segments or flights change.
	changed chan struct{}
}

func (f *feed) broadcast() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// overlapping are the segments that a span touches.
func (f *feed) overlapping(s span) []*segment {
	lo := sort.Search(len(f.segments), func(i int) bool { return f.segments[i].span.to > s.from })
	hi := sort.Search(len(f.segments), func(i int) bool { return f.segments[i].span.from >= s.to })
	return f.segments[lo:max(lo, hi)]
}

// gaps are the parts of a span that no usable segment covers, oldest first.
func (f *feed) gaps(s span, usable func(*segment) bool) []span {
	var gaps []span
	at := s.from
	for _, seg := range f.overlapping(s) {
		if !usable(seg) {
			continue
		}
		if seg.span.from > at {
			gaps = append(gaps, span{at, seg.span.from})
		}
		at = max(at, seg.span.to)
	}
	if at < s.to {
		gaps = append(gaps, span{at, s.to})
	}
	return gaps
}

// ripe says whether a span was old enough, when it was fetched, for Cloudflare to
// have delivered all of it.
func (l *Log) ripe(s span, fetched int64) bool { return s.to <= fetched-int64(l.config.SealAfter) }

// insert puts a piece into the store, in place of what was known of its span.
// The mutex is held.
func (l *Log) insert(f *feed, p piece) {
	edges := []int64{floorTo(p.fetched-int64(l.config.SealAfter), second)}
	for _, f := range p.apart {
		edges = append(edges, f.span.from, f.span.to)
	}
	slices.Sort(edges)
	added := l.cut(&segment{span: p.span, fetched: p.fetched, rows: p.rows, bad: p.bad, repeats: p.repeats, apart: p.apart}, edges...)
	for _, s := range added {
		l.replace(f, s)
	}
	for _, s := range added {
		l.merge(f, s)
	}
	l.evict()
	f.broadcast()
}

// cut splits a segment at instants. Which part bad rows belong to is not known,
// so all keep them.
func (l *Log) cut(s *segment, at ...int64) []*segment {
	spans := cutAt(s.span, at...)
	if len(spans) == 1 {
		return []*segment{s}
	}
	var parts []*segment
	for _, own := range spans {
		parts = append(parts, s.within(own))
	}
	return parts
}

// within is the part of a segment in a span.
func (s *segment) within(own span) *segment {
	p := *s
	p.span = own
	lo, hi := s.rows.rows(own)
	p.rows = join(s.rows.layout, part{s.rows, lo, hi})
	p.apart = clipFailures(s.apart, own)
	return &p
}

// replace inserts a segment; what older ones know of its span goes.
func (l *Log) replace(f *feed, s *segment) {
	for _, old := range slices.Clone(f.overlapping(s.span)) {
		l.remove(f, old)
		for _, rest := range subtract([]span{old.span}, s.span) {
			l.add(f, old.within(rest))
		}
	}
	l.add(f, s)
}

func (l *Log) add(f *feed, s *segment) {
	s.size = s.rows.size()
	s.sealed = len(s.apart) == 0 && (s.sealed || l.ripe(s.span, s.fetched))
	l.tick++
	s.used = l.tick
	l.size += s.size
	i := sort.Search(len(f.segments), func(i int) bool { return f.segments[i].span.from >= s.span.from })
	f.segments = slices.Insert(f.segments, i, s)
}

func (l *Log) remove(f *feed, s *segment) {
	i := sort.Search(len(f.segments), func(i int) bool { return f.segments[i].span.from >= s.span.from })
	if i < len(f.segments) && f.segments[i] == s {
		f.segments = slices.Delete(f.segments, i, i+1)
		l.size -= s.size
	}
}

// merge joins a sealed segment with sealed neighbours, as long as the result
// stays small: refreshes leave many short ones.
func (l *Log) merge(f *feed, s *segment) {
	for {
		i := slices.Index(f.segments, s)
		if i < 0 {
			return
		}
		if i > 0 && l.mergeable(f.segments[i-1], s) {
			s = l.mergeTwo(f, f.segments[i-1], s)
		} else if i+1 < len(f.segments) && l.mergeable(s, f.segments[i+1]) {
			s = l.mergeTwo(f, s, f.segments[i+1])
		} else {
			return
		}
	}
}

func (l *Log) mergeable(a, b *segment) bool {
	return a.span.to == b.span.from && a.sealed && b.sealed && a.rows.len()+b.rows.len() <= maxSegmentRows
}

func (l *Log) mergeTwo(f *feed, a, b *segment) *segment {
	l.remove(f, a)
	l.remove(f, b)
	s := &segment{
		span: span{a.span.from, b.span.to}, fetched: min(a.fetched, b.fetched), sealed: true,
		rows: join(f.layout, part{a.rows, 0, a.rows.len()}, part{b.rows, 0, b.rows.len()}),
		bad:  a.bad + b.bad, repeats: a.repeats + b.repeats,
	}
	l.add(f, s)
	return s
}

// evict drops what was used least recently, segments or what surfaces keep, until
// the limit holds. Segments that a query at work needs stay until it is done.
func (l *Log) evict() {
	if l.size > l.config.Limit {
		l.sweep()
	}
	for l.size > l.config.Limit {
		var owner *feed
		var oldest *segment
		for _, f := range l.feeds {
			for _, s := range f.segments {
				if (oldest == nil || s.used < oldest.used) && !f.leased(s.span) {
					owner, oldest = f, s
				}
			}
		}
		kept := l.leastUsed()
		switch {
		case kept != nil && (oldest == nil || kept.used < oldest.used):
			l.forget(kept)
		case oldest != nil:
			l.remove(owner, oldest)
		default:
			return
		}
	}
}

func (f *feed) leased(s span) bool {
	for _, lease := range f.leases {
		if lease.overlaps(s) {
			return true
		}
	}
	return false
}

// tidy forgets feeds that hold nothing and that nobody uses.
func (l *Log) tidy(f *feed) {
	if len(f.segments) == 0 && len(f.flights) == 0 && len(f.leases) == 0 {
		delete(l.feeds, f.key)
	}
}
