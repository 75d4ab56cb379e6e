package surface

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// listScan lists the first groups of a plain table or of logs in the order of
// time, until there are more than the limit or no more. It walks over what is
// known and fetches the gaps, one request at a time, with whoever asks the same.
type listScan struct {
	plan   *groupPlan
	totals *groupTotals
	// todo is what is left of the ranges, in listing order. Its first instant in
	// that order is the front.
	todo     []timeRange
	hull     timeRange // around all
	want     int
	maxRows  int
	pageSize int
	// own are the parts that flights brought, known those and what is kept; cached
	// are those of them that were kept before the query.
	own    []*groupPart
	known  []*groupPart
	cached []*groupPart
	looked bool // for what is kept
	shared bool // the list has something that the query did not fetch
	// led is the last flight that this query started. eager says that waiting for
	// another's did not bring the front forward.
	led   *groupFlight
	eager bool
	// failure ends the fetching: what is not known then is missing.
	failure error
	lack    groupPart // what the answer lacks
	seen    []*groupPart
	rows    int // groups that were walked over, before filters
	chunk   int // groups of a long part to walk over at once
}

// newListScan plans a list. It begins on a whole minute, and at the live edge asks
// beyond now, so that queries which come a little later ask the same.
func (s *loginGroups) newListScan(p *groupPlan, totals *groupTotals) *listScan {
	l := s.limits.current()
	ranges := slices.Clone(totals.ranges)
	if from := floorTime(ranges[0].from, time.Minute); aligned(ranges[0].from, p.unit) && s.reaches(&l, from) {
		ranges[0].from = from
	}
	last := &ranges[len(ranges)-1]
	if now := s.now(); last.to.After(now.Add(-time.Minute)) && aligned(last.to, p.unit) {
		last.to = later(last.to, floorTime(now, time.Hour).Add(time.Hour))
	}
	c := &listScan{
		plan: p, totals: totals, todo: ranges, hull: timeRange{ranges[0].from, last.to},
		want: p.request.Limit + 1, maxRows: s.maxRows, pageSize: l.maxPageSize,
	}
	if len(p.filteredHere) == 0 {
		// A tenth more, as the last instant of a full page does not count.
		c.pageSize = min(l.maxPageSize, c.want+c.want/10+20)
	}
	c.chunk = c.want
	if !p.ascending {
		slices.Reverse(c.todo)
	}
	return c
}

// fetchList lists into the totals. stopped says that the scan ended with maxRows
// before the limit was reached.
func (s *loginGroups) fetchList(ctx context.Context, c *listScan) (stopped bool, err error) {
	for {
		if err := c.advance(); err != nil {
			return false, err
		}
		if len(c.todo) == 0 || c.full() {
			break
		}
		if c.rows >= c.maxRows {
			return true, nil
		}
		flight, err := s.claimList(ctx, c)
		if err != nil {
			return false, err
		}
		if flight == nil {
			continue
		}
		err = awaitFlight(ctx, flight)
		s.cache.leave(flight)
		if err == nil {
			err = c.take(flight)
		}
		if err != nil && (errors.Is(err, errReplan) || fatal(err)) {
			return false, err
		}
		c.failure = err
	}
	if len(c.lack.missing) > 0 && len(c.totals.rows) == 0 {
		return false, c.lack.missing[0].err
	}
	return false, nil
}

// errLate says that the query's time is up while others' may not be.
var errLate = &cloudflare.Error{Kind: cloudflare.KindTimeout, Message: "Cloudflare did not answer within the query's time. Ask for a shorter time range, or raise the timeout."}

// awaitFlight waits until a flight is done. It ends a little before the caller's
// deadline, so that what there is can still be shown.
func awaitFlight(ctx context.Context, flight *groupFlight) error {
	var late <-chan time.Time
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		timer := time.NewTimer(left - min(left/10, time.Second))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-flight.done:
		return nil
	case <-late:
		return errLate
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return errLate
		}
		return ctx.Err()
	}
}

// take takes over what a flight brought. The error is the query's own: what
// another query's flight may have met for its deadline or its place in the queue
// is tried again.
func (c *listScan) take(flight *groupFlight) error {
	own := flight == c.led
	if flight.err != nil {
		if own || errors.Is(flight.err, errReplan) || !personal(flight.err) {
			return flight.err
		}
		return nil
	}
	for _, part := range flight.parts {
		if own || len(part.missing) == 0 {
			c.own = append(c.own, part)
		}
	}
	c.shared = c.shared || !own
	c.known = append(c.known, c.own...)
	_, _, ok := c.front()
	c.eager = !ok
	if own && !ok {
		return errGroups("it does not reach what was asked for")
	}
	return nil
}

// personal says that a failure is of the query that asked: another may succeed.
func personal(err error) bool {
	var e *cloudflare.Error
	if !errors.As(err, &e) {
		return true
	}
	return e.Kind == cloudflare.KindTimeout || e.Kind == cloudflare.KindRateLimit || e.Kind == cloudflare.KindCanceled
}

// needed is how many requests the list would have taken by itself, at least; 0 if
// it did.
func (s *loginGroups) needed(c *listScan) int {
	if !c.shared {
		return 0
	}
	l := s.limits.current()
	each := c.pageSize * min(batchSize(c.plan, &l, c.pageSize), int(c.hull.length()/l.step())+1)
	return max((c.rows+each-1)/each, 1)
}
