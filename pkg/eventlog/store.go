package eventlog

import (
	"slices"
	"sort"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// maxSegmentRows bounds what one segment holds, and so what dropping one loses.
const maxSegmentRows = 32768

// segment is an interval that was fetched, with its rows. It is immutable but
// for used.
type segment struct {
	interval.Interval
	// fetched is when the oldest of its rows were asked for. What happened after
	// that, or was not delivered by then, is not in it.
	fetched int64
	// sealed says that Cloudflare is taken to have delivered all by then.
	sealed bool
	rows   *columnar.Chunk
	// bad says that rows came along that could not be placed in time.
	bad bool
	// partial are its parts whose rows cannot be trusted to be all. A segment with
	// any is never sealed, so that they are asked for again.
	partial []Failure
	size    int64
	used    int64
}

// feed is what is kept of one source, or of a source with pushed filters. The
// log's mutex guards it.
type feed struct {
	key    string
	layout *columnar.Layout
	grain  int64
	// changing lists are states of now: what they said of the past does not stay true.
	changing bool
	// segments are disjoint and sorted.
	segments []*segment
	flights  []*flight
	leases   map[*demand]interval.Interval
	// changed is closed, and replaced, whenever segments or flights change.
	changed chan struct{}
}

func (f *feed) broadcast() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// overlapping are the segments that an interval touches.
func (f *feed) overlapping(i interval.Interval) []*segment {
	lo := sort.Search(len(f.segments), func(n int) bool { return f.segments[n].To > i.From })
	hi := sort.Search(len(f.segments), func(n int) bool { return f.segments[n].From >= i.To })
	return f.segments[lo:max(lo, hi)]
}

// part is what a segment tells of an interval: its rows can be cut at whole
// grains only, and without times not at all.
func (f *feed) part(s *segment, i interval.Interval) interval.Interval {
	own := s.Clip(i)
	if f.grain == Timeless {
		if own != s.Interval {
			return interval.Interval{}
		}
		return own
	}
	if own.From != s.From {
		own.From = interval.Ceil(own.From, f.grain)
	}
	if own.To != s.To {
		own.To = interval.Floor(own.To, f.grain)
	}
	return own
}

// gaps are the parts of an interval that no usable segment tells, oldest first.
func (f *feed) gaps(i interval.Interval, usable func(*segment) bool) []interval.Interval {
	var gaps []interval.Interval
	at := i.From
	for _, s := range f.overlapping(i) {
		own := f.part(s, i)
		if own.Empty() || !usable(s) {
			continue
		}
		if own.From > at {
			gaps = append(gaps, interval.Interval{From: at, To: own.From})
		}
		at = max(at, own.To)
	}
	if at < i.To {
		gaps = append(gaps, interval.Interval{From: at, To: i.To})
	}
	return gaps
}

// insert puts a piece into the store, in place of what was known of its interval.
// The mutex is held.
func (l *Log) insert(f *feed, p Piece) {
	added := []*segment{{Interval: p.Interval, fetched: p.Fetched, rows: p.Rows, bad: p.Bad > 0, partial: clipFailures(p.Partial, p.Interval)}}
	if f.grain != Timeless {
		unit := max(f.grain, interval.Second)
		edges := []int64{interval.Floor(p.Fetched-int64(l.config.SealAfter), unit)}
		for _, part := range p.Partial {
			edges = append(edges, interval.Floor(part.From, unit), interval.Ceil(part.To, unit))
		}
		slices.Sort(edges)
		added = f.cut(added[0], edges...)
	}
	for _, s := range added {
		for _, old := range slices.Clone(f.overlapping(s.Interval)) {
			l.remove(f, old)
			for _, rest := range interval.Subtract([]interval.Interval{old.Interval}, s.Interval) {
				if rest = f.part(old, rest); !rest.Empty() {
					l.add(f, f.within(old, rest))
				}
			}
		}
		l.add(f, s)
	}
	for _, s := range added {
		l.merge(f, s)
	}
	l.evict()
	f.broadcast()
}

// cut splits a segment at instants. Which part bad rows belong to is not known,
// so all may have them.
func (f *feed) cut(s *segment, at ...int64) []*segment {
	var parts []*segment
	for _, own := range s.CutAt(at...) {
		parts = append(parts, f.within(s, own))
	}
	return parts
}

// within is the part of a segment in an interval.
func (f *feed) within(s *segment, own interval.Interval) *segment {
	if own == s.Interval {
		return s
	}
	p := *s
	p.Interval = own
	p.rows = columnar.Join(f.layout, s.rows.Within(own))
	p.partial = clipFailures(s.partial, own)
	return &p
}

func (l *Log) add(f *feed, s *segment) {
	s.size = s.rows.Size()
	s.sealed = !f.changing && len(s.partial) == 0 && (s.sealed || s.To <= s.fetched-int64(l.config.SealAfter))
	l.tick++
	s.used = l.tick
	l.size += s.size
	f.segments = slices.Insert(f.segments, f.place(s), s)
}

func (f *feed) place(s *segment) int {
	return sort.Search(len(f.segments), func(i int) bool { return f.segments[i].From >= s.From })
}

func (l *Log) remove(f *feed, s *segment) {
	if i := f.place(s); i < len(f.segments) && f.segments[i] == s {
		f.segments = slices.Delete(f.segments, i, i+1)
		l.size -= s.size
	}
}

// merge joins a sealed segment with sealed neighbors, as long as the result
// stays small: refreshes leave many short ones.
func (l *Log) merge(f *feed, s *segment) {
	for {
		i := slices.Index(f.segments, s)
		switch {
		case i < 0:
			return
		case i > 0 && f.mergeable(f.segments[i-1], s):
			s = l.mergeTwo(f, f.segments[i-1], s)
		case i+1 < len(f.segments) && f.mergeable(s, f.segments[i+1]):
			s = l.mergeTwo(f, s, f.segments[i+1])
		default:
			return
		}
	}
}

func (f *feed) mergeable(a, b *segment) bool {
	return f.grain != Timeless && a.To == b.From && a.sealed && b.sealed && a.rows.Len()+b.rows.Len() <= maxSegmentRows
}

func (l *Log) mergeTwo(f *feed, a, b *segment) *segment {
	l.remove(f, a)
	l.remove(f, b)
	s := &segment{
		Interval: interval.Interval{From: a.From, To: b.To}, fetched: min(a.fetched, b.fetched), sealed: true,
		rows: columnar.Join(f.layout, a.rows.Within(a.Interval), b.rows.Within(b.Interval)),
		bad:  a.bad || b.bad,
	}
	l.add(f, s)
	return s
}

// evict drops what was used least recently until the limit holds. Segments that
// a query at work needs stay until it is done.
func (l *Log) evict() {
	for l.size > l.config.Limit {
		var owner *feed
		var oldest *segment
		for _, f := range l.feeds {
			for _, s := range f.segments {
				if (oldest == nil || s.used < oldest.used) && !f.leased(s.Interval) {
					owner, oldest = f, s
				}
			}
		}
		if oldest == nil {
			return
		}
		l.remove(owner, oldest)
		l.tidy(owner)
	}
}

func (f *feed) leased(i interval.Interval) bool {
	for _, lease := range f.leases {
		if lease.Overlaps(i) {
			return true
		}
	}
	return false
}

// tidy forgets a feed that holds nothing and that nobody uses.
func (l *Log) tidy(f *feed) {
	if len(f.segments) == 0 && len(f.flights) == 0 && len(f.leases) == 0 {
		delete(l.feeds, f.key)
	}
}
