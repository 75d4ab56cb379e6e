package surface

import (
	"slices"
	"time"
)

// groupPart is what is known of one range of time. It is read-only once made.
type groupPart struct {
	timeRange
	pages   []*groupPage
	missing []missingPart
	// crowded are seconds with more groups than Cloudflare gives, overflow the
	// ranges that were not asked for because there was too much already.
	crowded  []timeRange
	overflow []timeRange
	// at is when it was fetched.
	at time.Time
}

// missingPart is a range that failed for good.
type missingPart struct {
	timeRange
	err error
}

func (p *groupPart) complete() bool {
	return len(p.missing) == 0 && len(p.crowded) == 0 && len(p.overflow) == 0
}

// rows is the number of groups in the part.
func (p *groupPart) rows() int {
	n := 0
	for _, page := range p.pages {
		n += page.rows()
	}
	return n
}

// flawed says that the part has groups that cannot be placed in time, or that are
// not certain.
func (p *groupPart) flawed() bool {
	return slices.ContainsFunc(p.pages, func(page *groupPage) bool { return page.bad+page.twice+page.strays > 0 })
}

// size is about the bytes that the part occupies.
func (p *groupPart) size() int64 {
	n := int64(200)
	for _, page := range p.pages {
		n += page.size()
	}
	return n
}

// usable is what the part can answer of a range. Its groups stand for a unit of
// time each: inside the part a range can begin and end on whole units only.
func (p *groupPart) usable(r timeRange, unit time.Duration) timeRange {
	u := r.clip(p.timeRange)
	if !u.from.Equal(p.from) {
		u.from = ceilTime(u.from, unit)
	}
	if !u.to.Equal(p.to) {
		u.to = floorTime(u.to, unit)
	}
	return u
}

// within is a copy of a complete part's groups in a range that is usable. Each
// group of the part must have a time.
func (p *groupPart) within(r timeRange, unit time.Duration) *groupPart {
	cut := &groupPart{timeRange: r, at: p.at}
	for _, page := range p.pages {
		var rows []int
		for row, at := range page.times {
			if r.touches(time.UnixMilli(at), unit) {
				rows = append(rows, row)
			}
		}
		if len(rows) > 0 {
			cut.pages = append(cut.pages, page.pick(rows))
		}
	}
	return cut
}

// join is a complete part together with one that it borders on.
func (p *groupPart) join(o *groupPart) *groupPart {
	if o.from.Before(p.from) {
		p, o = o, p
	}
	both := &groupPart{timeRange: timeRange{p.from, o.to}, at: earlier(p.at, o.at)}
	if pages := slices.Concat(p.pages, o.pages); len(pages) > 0 {
		both.pages = []*groupPage{joinPages(pages)}
	}
	return both
}

// heldPart is a part, or what of it lies in clip, as one query has it.
type heldPart struct {
	*groupPart
	clip   timeRange
	cached bool // it was there before the query
	// pages is how many pages the query would have had to ask for instead.
	pages int
}

// next is the piece that tells most of a range from its end at the front on:
// the oldest end where ascending, else the newest. ok is false if none does.
func next(parts []*groupPart, r timeRange, unit time.Duration, ascending bool) (part *groupPart, clip timeRange, ok bool) {
	for _, p := range parts {
		u := p.usable(r, unit)
		if u.empty() || ascending && !u.from.Equal(r.from) || !ascending && !u.to.Equal(r.to) {
			continue
		}
		if !ok || u.length() > clip.length() || u.length() == clip.length() && p.at.After(part.at) {
			part, clip, ok = p, u, true
		}
	}
	return part, clip, ok
}

// gapAt is what of a range no part tells, from its end at the front on.
func gapAt(parts []*groupPart, r timeRange, unit time.Duration, ascending bool) timeRange {
	gap := r
	for _, p := range parts {
		u := p.usable(r, unit)
		switch {
		case u.empty():
		case ascending:
			gap.to = earlier(gap.to, u.from)
		default:
			gap.from = later(gap.from, u.to)
		}
	}
	return gap
}

// cover finds pieces that together tell all of a range, each instant once; nil
// if there are none.
func cover(parts []*groupPart, r timeRange, unit time.Duration) []heldPart {
	var held []heldPart
	for !r.empty() {
		part, clip, ok := next(parts, r, unit, true)
		if !ok {
			return nil
		}
		held = append(held, heldPart{groupPart: part, clip: clip, cached: true})
		r.from = clip.to
	}
	return held
}

// count is the number of groups in the piece.
func (h heldPart) count(unit time.Duration) int {
	if h.clip == h.timeRange {
		return h.rows()
	}
	n := 0
	for _, page := range h.groupPart.pages {
		for _, at := range page.times {
			if h.clip.touches(time.UnixMilli(at), unit) {
				n++
			}
		}
	}
	return n
}

// frontRows narrows a piece of a complete part to about its first n groups, on a
// whole unit of time: a list needs no more of a long one.
func (h heldPart) frontRows(n int, unit time.Duration, ascending bool) timeRange {
	if h.rows() <= 2*n || h.flawed() || !h.complete() {
		return h.clip
	}
	var times []int64
	for _, page := range h.groupPart.pages {
		for _, at := range page.times {
			if h.clip.touches(time.UnixMilli(at), unit) {
				times = append(times, at)
			}
		}
	}
	if len(times) <= n {
		return h.clip
	}
	slices.Sort(times)
	clip := h.clip
	if ascending {
		clip.to = earlier(clip.to, floorTime(time.UnixMilli(times[n]), unit).Add(unit))
	} else {
		clip.from = later(clip.from, floorTime(time.UnixMilli(times[len(times)-1-n]), unit))
	}
	return clip
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
