package surface

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

const (
	// parallelRequests of one query run at a time.
	parallelRequests = 4
	// maxGroupRequests and maxGroupRows end a query that would never.
	maxGroupRequests = 200
	maxGroupRows     = 2_000_000
	// maxSplits is how often a second that is too full is halved by its values.
	maxSplits = 12
)

// groupFetch is the state of one scan.
type groupFetch struct {
	parts    []*groupPart
	requests int
	rows     int
}

func newGroupFetch(ranges []timeRange, now time.Time) *groupFetch {
	f := &groupFetch{}
	for _, r := range ranges {
		f.parts = append(f.parts, &groupPart{timeRange: r, at: now})
	}
	return f
}

// fatal says that asking for anything else would fail the same way.
func fatal(err error) bool {
	var e *cloudflare.Error
	if !errors.As(err, &e) {
		return true
	}
	switch e.Kind {
	case cloudflare.KindUnavailable, cloudflare.KindMalformed, cloudflare.KindTimeout, cloudflare.KindRateLimit:
		return false
	}
	return true
}

// fetchAll asks for all groups of some ranges and returns a part for each: no
// piece is done before an answer showed fewer groups than the page holds. Pieces
// never overlap, so that equal groups of different pieces are different events
// and their counts add up.
//
// The error is errReplan, or one with which nothing can be shown.
func (s *loginGroups) fetchAll(ctx context.Context, p *groupPlan, ranges []timeRange) ([]*groupPart, error) {
	l := s.limits.current()
	f := newGroupFetch(ranges, s.now())
	var pending []*groupPiece
	step := firstStep(p, &l, ranges)
	for i, r := range ranges {
		for _, slice := range sliceRange(r, step) {
			pending = append(pending, &groupPiece{timeRange: slice, part: f.parts[i]})
		}
	}
	for len(pending) > 0 {
		if f.requests >= maxGroupRequests || f.rows >= maxGroupRows {
			for _, piece := range pending {
				piece.part.overflow = append(piece.part.overflow, piece.timeRange)
			}
			break
		}
		done, err := s.askRound(ctx, p, &l, f, pending)
		if err != nil {
			return nil, err
		}
		pending = s.settle(p, &l, f, done)
	}
	return f.parts, nil
}

// firstStep is the length of a node's range at first. A series of minutes can
// have several groups in each, so that half a page of minutes is a safe start;
// but not for more than one request's worth, as the account may be quiet.
func firstStep(p *groupPlan, l *groupLimits, ranges []timeRange) time.Duration {
	step := l.step()
	if p.unit < time.Minute {
		return step
	}
	var total time.Duration
	for _, r := range ranges {
		total += r.length()
	}
	share := ceilDuration(total/time.Duration(batchSize(p, l, l.maxPageSize)), time.Minute)
	return min(step, max(p.unit*time.Duration(l.maxPageSize*9/20), share))
}

// askRound asks for pieces, several a request and several requests at a time,
// and returns those that were answered.
func (s *loginGroups) askRound(ctx context.Context, p *groupPlan, l *groupLimits, f *groupFetch, pieces []*groupPiece) ([]*groupPiece, error) {
	size := batchSize(p, l, l.maxPageSize)
	batches := slices.Collect(slices.Chunk(pieces, size))
	failures := make([]error, len(batches))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(parallelRequests)
	for i, batch := range batches {
		group.Go(func() error {
			err := s.ask(inner, p, batch, l.maxPageSize)
			if err != nil && (errors.Is(err, errReplan) || fatal(err)) {
				return err
			}
			failures[i] = err
			return nil
		})
	}
	err := group.Wait()
	f.requests += len(batches)
	if err != nil {
		return nil, err
	}
	var done []*groupPiece
	for i, batch := range batches {
		if failures[i] == nil {
			done = append(done, batch...)
			continue
		}
		for _, piece := range batch {
			piece.part.missing = append(piece.part.missing, missingPart{piece.timeRange, failures[i]})
		}
	}
	return done, nil
}

// settle keeps the pages that are whole, and returns the parts to ask for in
// place of the others.
func (s *loginGroups) settle(p *groupPlan, l *groupLimits, f *groupFetch, done []*groupPiece) []*groupPiece {
	var next []*groupPiece
	checks := map[*groupDoubt][]*groupPiece{}
	for _, piece := range done {
		if d := piece.doubt; d != nil {
			checks[d] = append(checks[d], piece)
			continue
		}
		if !isFull(piece.page.listed, l) && looksCut(piece.page) {
			if parts := cutPiece(p, piece); parts != nil {
				d := &groupDoubt{page: piece.page, part: piece.part}
				for _, part := range parts {
					part.doubt = d
				}
				next = append(next, parts...)
				continue
			}
		}
		next = append(next, f.settlePiece(p, l, piece)...)
	}
	for d, parts := range checks {
		again := d.take(p, parts)
		if len(again) > 0 {
			next = append(next, again...)
			continue
		}
		if distinctGroups(d.taken) <= d.page.rows() {
			f.keep(d.part, d.page)
			continue
		}
		size := min(d.page.listed, d.page.rows())
		s.limits.change(func(l *groupLimits) { l.pageCap = size })
		l.pageCap = size
		for _, piece := range d.taken {
			piece.doubt = nil
			next = append(next, f.settlePiece(p, l, piece)...)
		}
	}
	return next
}

// isFull says that an answer may have been cut: it holds as many groups as asked
// for, or as the node was seen to cut at.
func isFull(n int, l *groupLimits) bool {
	return n >= l.maxPageSize || l.pageCap > 0 && n >= l.pageCap
}

func (f *groupFetch) settlePiece(p *groupPlan, l *groupLimits, piece *groupPiece) []*groupPiece {
	if !isFull(piece.page.listed, l) {
		f.keep(piece.part, piece.page)
		return nil
	}
	parts := cutPiece(p, piece)
	if parts == nil {
		f.keep(piece.part, piece.page)
		piece.part.crowded = append(piece.part.crowded, piece.timeRange)
	}
	return parts
}

func (f *groupFetch) keep(part *groupPart, page *groupPage) {
	part.pages = append(part.pages, page)
	f.rows += page.rows()
}

// cutPiece halves a piece that was full, by time down to whole seconds, then by
// the values of a dimension. It is nil where nothing is left to cut by.
func cutPiece(p *groupPlan, piece *groupPiece) []*groupPiece {
	if piece.length() > time.Second {
		parts := 4
		if covered := coveredByPage(p, piece); covered > 0 {
			// A third more than the page's density says, as density varies.
			parts = int(4*piece.length()/(3*covered)) + 1
		}
		parts = min(max(parts, 2), 32)
		length := ceilDuration(piece.length()/time.Duration(parts), time.Second)
		var out []*groupPiece
		for _, r := range sliceRange(piece.timeRange, length) {
			out = append(out, &groupPiece{timeRange: r, splits: piece.splits, part: piece.part})
		}
		if len(out) > 1 {
			return out
		}
	}
	return splitByValue(p, piece)
}

func ceilDuration(d, unit time.Duration) time.Duration {
	return max((d+unit-1)/unit, 1) * unit
}

// coveredByPage is how much of a full piece its page reaches over; 0 if the page
// is not in the order of time.
func coveredByPage(p *groupPlan, piece *groupPiece) time.Duration {
	times := piece.page.times
	if len(times) == 0 || !inOrder(times, p.ascending) {
		return 0
	}
	last := time.UnixMilli(times[len(times)-1])
	if p.ascending {
		return max(last.Sub(piece.from), time.Second)
	}
	return max(piece.to.Sub(last), time.Second)
}

func inOrder(times []int64, ascending bool) bool {
	return slices.IsSortedFunc(times, func(a, b int64) int {
		if ascending {
			return int(max(min(a-b, 1), -1))
		}
		return int(max(min(b-a, 1), -1))
	})
}

// splitByValue cuts a piece in two at the middle value of the dimension with the
// most values. Cloudflare compares the texts itself, so that the two parts hold
// everything once, in whichever order it sorts.
func splitByValue(p *groupPlan, piece *groupPiece) []*groupPiece {
	if len(piece.splits) >= maxSplits {
		return nil
	}
	best := -1
	for i, texts := range piece.page.texts {
		f, ok := p.request.Type.Field(p.dims[i])
		if ok && f.GraphQLType == "string" && len(texts) > 1 && (best < 0 || len(texts) > len(piece.page.texts[best])) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	texts := slices.Sorted(slices.Values(piece.page.texts[best]))
	middle := texts[len(texts)/2]
	var out []*groupPiece
	for _, suffix := range []string{"_lt", "_geq"} {
		splits := append(slices.Clone(piece.splits), map[string]any{p.dims[best] + suffix: middle})
		out = append(out, &groupPiece{timeRange: piece.timeRange, splits: splits, part: piece.part})
	}
	return out
}
