package eventlog

import "sync"

// habits are what was learned of an upstream that it does not document. They
// only ever save calls: each is checked against what pages hold.
type habits struct {
	mu      sync.Mutex
	largest int
	// bounds says whether `until` counts fractions of a second.
	bounds precision
	// withoutLimit is set once `limit` was seen to bound all pages together.
	withoutLimit bool
	// sorted is the order of the rows by the direction asked for, ascending or not.
	sorted map[bool]sorting
	// steps are those that dense pages showed so far, to earlier seconds less to
	// later ones, by the direction asked for.
	steps    map[bool]int
	verdicts map[string]*verdict
}

// sorting is the order of an upstream's rows.
type sorting int8

const (
	unknownSorting sorting = iota
	newestFirst
	oldestFirst
	unsorted
)

// repeatShare is the part of a page that rows of the page before, sent again, can
// make it larger than the cap: a page that is shorter by less may be a full one.
const repeatShare = 10

const (
	// enoughSteps is how many steps in one direction, and none in the other, show
	// the order of an upstream's rows.
	enoughSteps = 6
	// denseRows in a few seconds do not step in one direction by chance. Of such
	// pages no single one has enough steps, so they are added up.
	denseRows, denseSteps = 100, 2
)

type precision int8

const (
	unknownPrecision precision = iota
	wholeSeconds
	fractions
)

func newHabits() *habits {
	return &habits{sorted: map[bool]sorting{}, steps: map[bool]int{}, verdicts: map[string]*verdict{}}
}

// isLast says whether no page can follow one of n rows. A page shorter than asked
// is the last one only if the upstream is known to give larger ones: a smaller
// page cap looks the same. An echo of the size that was asked for proves nothing.
// distinct counts the rows of the page that differ: one that repeats rows can be
// larger than the cap.
func (h *habits) isLast(n, perPage int, distinct func() int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n > h.largest {
		h.largest = max(h.largest, distinct())
	}
	switch {
	case n == 0:
		return true
	case perPage > 0 && n >= perPage:
		return false
	case perPage > 0 && perPage < PageSize:
		return true
	}
	return n < h.largest-h.largest/repeatShare && !isRound(n)
}

// isRound says whether a number of rows looks like a page size. A cap can come
// down, also for a single call.
func isRound(n int) bool { return n%50 == 0 || n == 25 || n == 20 }

// page is the number of rows that a page has at most, as far as is known.
func (h *habits) page() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.largest == 0 {
		return PageSize
	}
	return h.largest
}

func (h *habits) precision() precision {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bounds
}

// learnPrecision takes in what joined two pages, or failed to. What contradicted
// a finer precision once is not believed again.
func (h *habits) learnPrecision(p precision) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.bounds == unknownPrecision || p < h.bounds {
		h.bounds = p
	}
}

func (h *habits) limitBoundsAll() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.withoutLimit
}

func (h *habits) learnLimitBoundsAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.withoutLimit = true
}

// sorting learns from a page and says in which order the upstream sends rows. A
// page that shows too little counts for nothing, one in disorder for good.
func (h *habits) sorting(ascending bool, o order) sorting {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch known := h.sorted[ascending]; {
	case known == unsorted:
	case o.falls > 0 && o.rises > 0, known == newestFirst && o.rises > 0, known == oldestFirst && o.falls > 0:
		h.sorted[ascending] = unsorted
	case o.falls >= enoughSteps:
		h.sorted[ascending] = newestFirst
	case o.rises >= enoughSteps:
		h.sorted[ascending] = oldestFirst
	case known == unknownSorting && o.rows >= denseRows && o.falls+o.rises >= denseSteps:
		if h.steps[ascending] += o.falls - o.rises; h.steps[ascending] >= enoughSteps {
			h.sorted[ascending] = newestFirst
		} else if h.steps[ascending] <= -enoughSteps {
			h.sorted[ascending] = oldestFirst
		}
	}
	return h.sorted[ascending]
}
