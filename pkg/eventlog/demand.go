package eventlog

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// demand is one query's need of a span of a feed. It belongs to one goroutine;
// the log's mutex guards what flights see of it.
type demand struct {
	log     *Log
	feed    *feed
	source  Source
	ctx     context.Context
	want    span
	arrival int64
	// refreshed says that the newest page was asked for since the query came, so
	// that older parts of what is not sealed yet will do.
	refreshed bool
	// stale lets parts pass that were to be asked for again, but could not be: what
	// was known is shown, and said to be old.
	stale    bool
	joined   []*flight
	failures []failure
	probes   int
	timedOut bool
}

// newDemand takes a lease on the span: what is fetched of it stays until release.
func (l *Log) newDemand(ctx context.Context, s Source, f *feed, want span) *demand {
	d := &demand{log: l, feed: f, source: s, ctx: ctx, want: want, arrival: l.config.Now().UnixNano()}
	f.leases[d] = d.reach()
	return d
}

// release gives up the lease and leaves the flights; those that nobody else
// waits for end.
func (d *demand) release() {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	for _, fl := range d.joined {
		if fl.waiters--; fl.waiters == 0 {
			fl.cancel()
		}
	}
	d.joined = nil
	delete(d.feed.leases, d)
	d.log.evict()
	d.log.tidy(d.feed)
}

func (d *demand) join(fl *flight) {
	if slices.Contains(d.joined, fl) {
		return
	}
	fl.waiters++
	fl.ctx.extend(d.ctx)
	d.joined = append(d.joined, fl)
}

// reach is the span that is asked for: the query's own, a little longer so that
// panels with other bucket lengths share it. At the live edge it extends beyond
// now, for the buckets that are not over yet.
func (d *demand) reach() span {
	s := d.want
	if more := s.length() / 50; more > second {
		s.from = max(0, floorTo(s.from-more, second))
	}
	if s.to > d.arrival-int64(time.Minute) {
		const day = int64(24 * time.Hour)
		s.to = max(s.to, floorTo(d.arrival+day, int64(time.Hour)))
	}
	return s
}

// usable says whether a segment is good enough for the query.
func (d *demand) usable(s *segment) bool { return d.stale || d.fresh(s) }

// fresh says whether a segment is as Cloudflare has it, as far as one can know.
func (d *demand) fresh(s *segment) bool {
	if s.sealed || s.fetched >= d.arrival-int64(edgeTTL) {
		return true
	}
	return d.refreshed && s.fetched >= d.arrival-int64(max(d.log.config.SealAfter/2, time.Minute))
}

// missing are the parts of the span that are neither known nor failed. The mutex
// is held.
func (d *demand) missing(s span) []span {
	gaps := d.feed.gaps(s, d.usable)
	for _, f := range d.failures {
		gaps = subtract(gaps, f.span)
	}
	return gaps
}

// collect takes over what the joined flights could not fetch, and says whether
// the newest page is as fresh as the query needs. The mutex is held.
func (d *demand) collect() {
	for _, s := range d.feed.overlapping(span{d.want.to - 1, d.want.to}) {
		d.refreshed = d.refreshed || s.fetched >= d.arrival-int64(edgeTTL)
	}
	for _, fl := range d.joined {
		if !fl.page.empty() && fl.page.to >= d.want.to && fl.started >= d.arrival-int64(edgeTTL) {
			d.refreshed = true
		}
		if !fl.done {
			continue
		}
		for _, f := range fl.failures {
			f.span = f.span.clip(d.reach())
			if !f.span.empty() && !slices.Contains(d.failures, f) {
				d.failures = append(d.failures, f)
			}
		}
	}
}

// maxProbes ends the attempts to get the first page of a span.
const maxProbes = 4

// probe gets the newest page of a span, or waits for who gets it already.
func (d *demand) probe(s span, ascending bool) error {
	l := d.log
	l.mu.Lock()
	fl := d.flightOver([]span{s})
	if fl == nil && l.closed {
		l.mu.Unlock()
		return errClosed
	}
	if fl == nil {
		d.probes++
		fl = l.launch(d, []span{s}, l.firstPage(d.source.Whole, ascending))
	}
	d.join(fl)
	for !fl.done {
		wait := d.feed.changed
		l.mu.Unlock()
		if err := d.await(wait); err != nil {
			return err
		}
		l.mu.Lock()
	}
	d.collect()
	l.mu.Unlock()
	return nil
}

// settle gets what the query needs of a span, or waits for who gets it already.
// The margin around it comes along with what is asked for, but is not worth a
// call by itself.
func (d *demand) settle(s span, density float64) error {
	l := d.log
	l.mu.Lock()
	for range maxRounds {
		d.collect()
		gaps := d.missing(s.clip(d.want))
		if len(gaps) == 0 {
			l.mu.Unlock()
			return nil
		}
		if l.closed {
			break
		}
		if len(d.alone(gaps)) > 0 {
			alone := d.alone(d.missing(s))
			slices.Reverse(alone)
			l.launch(d, alone, l.fill(density))
		}
		if fl := d.flightOver(gaps); fl != nil {
			d.join(fl)
			if err := d.awaitFlight(fl, s.clip(d.want)); err != nil {
				return err
			}
			if fl.done && fl.capped {
				break
			}
		}
	}
	d.collect()
	l.mu.Unlock()
	return nil
}

// alone are the parts of gaps that no flight fetches. The mutex is held.
func (d *demand) alone(gaps []span) []span {
	for _, fl := range d.feed.flights {
		if fl.ctx.Err() == nil {
			gaps = subtract(gaps, fl.spans...)
		}
	}
	return gaps
}

// maxRounds bounds how often a query asks for a span: each round either settles
// it, or waits for another query's flight, or fails.
const maxRounds = 50

// awaitFlight waits until a flight is done, or the span is settled without it.
// The mutex is held on return without an error.
func (d *demand) awaitFlight(fl *flight, s span) error {
	for !fl.done && len(d.missing(s)) > 0 {
		wait := d.feed.changed
		d.log.mu.Unlock()
		if err := d.await(wait); err != nil {
			return err
		}
		d.log.mu.Lock()
	}
	return nil
}

// flightOver is a flight that fetches a part of the spans, fresh enough. The
// mutex is held.
func (d *demand) flightOver(spans []span) *flight {
	for _, fl := range d.feed.flights {
		for _, own := range fl.spans {
			for _, s := range spans {
				if own.overlaps(s) && fl.ctx.Err() == nil {
					return fl
				}
			}
		}
	}
	return nil
}

// errOutOfTime says that the caller's deadline is near.
var errOutOfTime = errors.New("the deadline is near")

// await waits for a change. It ends a little before the caller's deadline, so
// that what there is can still be shown.
func (d *demand) await(changed <-chan struct{}) error {
	var late <-chan time.Time
	if deadline, ok := d.ctx.Deadline(); ok {
		left := time.Until(deadline)
		timer := time.NewTimer(left - min(left/10, time.Second))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-changed:
		return nil
	case <-late:
		d.timedOut = true
		return errOutOfTime
	case <-d.ctx.Done():
		if errors.Is(d.ctx.Err(), context.DeadlineExceeded) {
			d.timedOut = true
			return errOutOfTime
		}
		return d.ctx.Err()
	case <-d.log.ctx.Done():
		return errClosed
	}
}

// refusal is a failure that is the user's to mend, whatever else was fetched.
func (d *demand) refusal() error {
	for _, f := range d.failures {
		var e *cloudflare.Error
		if !errors.As(f.err, &e) {
			return f.err
		}
		switch e.Kind {
		case cloudflare.KindAuth, cloudflare.KindPermission, cloudflare.KindNotFound, cloudflare.KindBadRequest:
			return e
		}
	}
	return nil
}
