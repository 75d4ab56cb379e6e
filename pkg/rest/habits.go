package rest

import "sync/atomic"

// habits are what was learned of an upstream that it does not document. They
// only ever save calls: each is checked against what pages hold.
type habits struct {
	// largest is the most rows that a page had, followed the most of one that
	// another page followed, although it was shorter than asked.
	largest, followed atomic.Int64
	// sized is set once a page told its size.
	sized atomic.Bool
	// bounds says whether `until` counts fractions of a second.
	bounds atomic.Int64
	// limitBoundsAll is set once `limit` was seen to bound all pages together.
	limitBoundsAll atomic.Bool
	// listed is how many rows pages had together that hold more than events of the
	// query type, and kept how many of those were such events.
	listed, kept atomic.Int64
}

// What bounds says. What contradicted a finer precision once is not believed again.
const (
	_ = iota // not known yet
	fractions
	wholeSeconds
)

// isLast says whether no page can follow one of n rows. A page shorter than asked
// is the last one only if the upstream is known to give larger ones: a smaller
// page cap looks the same. An echo of the size that was asked for proves nothing,
// nor does a page that tells no size where others do.
func (h *habits) isLast(n, perPage int) bool {
	raise(&h.largest, n)
	if perPage > 0 {
		h.sized.Store(true)
	}
	switch {
	case n == 0:
		return true
	case perPage == 0 && h.sized.Load(), perPage > 0 && n >= perPage:
		return false
	case perPage > 0 && perPage < PageSize:
		return true
	}
	return n < int(h.largest.Load())
}

// mayBeLast says that a page is short enough for a look at the next one to be
// worth a call.
func (h *habits) mayBeLast(n int) bool { return n <= fewRows && n > int(h.followed.Load()) }

// hold notes what a page had, and how much of it were events of the query type.
func (h *habits) hold(kept, listed int) {
	raise(&h.largest, listed)
	h.kept.Add(int64(kept))
	h.listed.Add(int64(listed))
}

// page is the number of events that a page has at most, as far as is known; of
// pages that hold other things too, what a full one is expected to have.
func (h *habits) page() int {
	n := int64(PageSize)
	if known := h.largest.Load(); known > 0 {
		n = known
	}
	if listed := h.listed.Load(); listed > 0 {
		n = max(1, n*h.kept.Load()/listed)
	}
	return int(n)
}

func raise(most *atomic.Int64, n int) {
	for known := most.Load(); int64(n) > known && !most.CompareAndSwap(known, int64(n)); known = most.Load() {
	}
}
