package eventlog

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// demand is one query's need of a part of a feed. It belongs to one goroutine;
// the log's mutex guards what flights see of it.
type demand struct {
	log     *Log
	feed    *feed
	source  *Source
	scanner Scanner
	ctx     context.Context
	// want is what the query asks for as a whole, parts are what filters on times
	// leave of it, and the margin.
	want    interval.Interval
	parts   []interval.Interval
	arrival int64
	// refreshed says that the newest page was asked for since the query came, so
	// that older parts of what is not sealed yet will do: late rows are few. Groups
	// of all of that take a call, so they do not need it, and rows that change need
	// more.
	refreshed bool
	// stale lets parts pass that were to be asked for again, but could not be: what
	// was known is shown, and said to be old.
	stale    bool
	joined   []*flight
	failures []Failure
	probes   int
}

// newDemand takes a lease on the interval: what is fetched of it stays until
// release. The mutex is held.
func (l *Log) newDemand(ctx context.Context, s *Source, pushed map[string]string, wanted []interval.Interval) *demand {
	arrival := l.now()
	l.expire()
	hull := interval.Interval{From: wanted[0].From, To: wanted[len(wanted)-1].To}
	d := &demand{
		log: l, feed: l.feed(s, pushed), source: s, scanner: s.Scanner, ctx: ctx, arrival: arrival,
		want: hull, parts: slices.Clone(wanted),
	}
	if pushed != nil {
		d.scanner = s.Pushing(pushed)
	}
	reach := d.reach()
	d.parts[0].From, d.parts[len(d.parts)-1].To = reach.From, reach.To
	d.feed.leases[d] = reach
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

// reach is the interval that is asked for: the query's own, a little longer so
// that panels with other bucket lengths share it. At the live edge it extends
// beyond now, for the buckets that are not over yet. An end inside a grain stays
// where it is: what lies beyond it could not be told from what lies before.
func (d *demand) reach() interval.Interval {
	i, grain := d.want, d.feed.grain
	if grain == Timeless {
		return i
	}
	if more := i.Length() / 50; more > interval.Second && i.From%grain == 0 {
		earlier := interval.Ceil(max(i.From-more, d.source.Oldest, 0), max(grain, interval.Second))
		i.From = min(i.From, earlier)
	}
	if i.To > d.arrival-interval.Minute && i.To%grain == 0 {
		i.To = max(i.To, interval.Floor(d.arrival+interval.Day, max(grain, interval.Hour)))
	}
	return i
}

// usable says whether a segment is good enough for the query.
func (d *demand) usable(s *segment) bool { return d.stale || d.fresh(s) }

// fresh says whether a segment is as Cloudflare has it, as far as one can know.
func (d *demand) fresh(s *segment) bool {
	if s.sealed || s.fetched >= d.arrival-int64(edgeTTL) {
		return true
	}
	return d.refreshed && !d.source.Counting && !d.source.Changing && s.fetched >= d.arrival-int64(max(d.log.config.SealAfter/2, time.Minute))
}

// missing are the parts of an interval that are neither known nor failed. What is
// known counts as far as look shows it: cut at the ends of the query's own parts,
// not of the interval. The mutex is held.
func (d *demand) missing(i interval.Interval) []interval.Interval {
	var gaps []interval.Interval
	for _, part := range d.parts {
		gaps = append(gaps, interval.Intersect(d.feed.gaps(part, d.usable), i)...)
	}
	for _, f := range d.failures {
		gaps = interval.Subtract(gaps, f.Interval)
	}
	return gaps
}

// collect takes over what the joined flights could not fetch, and says whether
// the newest page is as fresh as the query needs. The mutex is held.
func (d *demand) collect() {
	for _, s := range d.feed.overlapping(interval.Interval{From: d.want.To - 1, To: d.want.To}) {
		d.refreshed = d.refreshed || s.fetched >= d.arrival-int64(edgeTTL)
	}
	for _, fl := range d.joined {
		if !fl.page.Empty() && fl.page.To >= d.want.To && fl.started >= d.arrival-int64(edgeTTL) {
			d.refreshed = true
		}
		if !fl.done {
			continue
		}
		for _, f := range clipFailures(fl.failures, d.reach()) {
			if !cloudflare.OthersMayCall(d.ctx, f.Err) && !slices.Contains(d.failures, f) {
				d.failures = append(d.failures, f)
			}
		}
	}
}

// maxProbes ends the attempts to get the first page of an interval.
const maxProbes = 4

// probe gets the newest page of an interval, or waits for who gets it already.
func (d *demand) probe(i interval.Interval, ascending bool) error {
	l := d.log
	l.mu.Lock()
	fl := d.flightOver(i)
	if fl == nil && l.closed {
		l.mu.Unlock()
		return errClosed
	}
	if fl == nil {
		d.probes++
		fl = l.launch(d, []interval.Interval{i}, l.firstPage(ascending))
	}
	d.join(fl)
	err := d.await(func() bool { return fl.done })
	if err != nil {
		return err
	}
	d.collect()
	l.mu.Unlock()
	return nil
}

// settle gets what the query needs of an interval, or waits for who gets it
// already. The margin around it comes along with what is asked for, but is not
// worth a call by itself.
func (d *demand) settle(i interval.Interval, density float64) error {
	l := d.log
	l.mu.Lock()
	for range maxRounds {
		d.collect()
		gaps := d.missing(i.Clip(d.want))
		if len(gaps) == 0 || l.closed {
			break
		}
		if len(d.alone(gaps)) > 0 {
			alone := d.alone(d.missing(i))
			slices.Reverse(alone)
			l.launch(d, alone, l.fill(density))
		}
		if fl := d.flightOver(gaps...); fl != nil {
			d.join(fl)
			if err := d.await(func() bool { return fl.done || len(d.missing(i.Clip(d.want))) == 0 }); err != nil {
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
func (d *demand) alone(gaps []interval.Interval) []interval.Interval {
	for _, fl := range d.feed.flights {
		if fl.serves() {
			gaps = interval.Subtract(gaps, fl.list...)
		}
	}
	return gaps
}

// maxRounds bounds how often a query asks for an interval: each round either
// settles it, or waits for another query's flight, or fails.
const maxRounds = 50

// flightOver is a flight that fetches a part of the list. The mutex is held.
func (d *demand) flightOver(list ...interval.Interval) *flight {
	for _, fl := range d.feed.flights {
		if fl.serves() && len(interval.Intersect(fl.list, list...)) > 0 {
			return fl
		}
	}
	return nil
}

// errOutOfTime says that the caller's deadline is near.
var errOutOfTime = errors.New("the deadline is near")

// await waits until something is so. It ends a little before the caller's
// deadline, so that what there is can still be shown. The mutex is held, on
// return only where there is no error.
func (d *demand) await(so func() bool) error {
	var late <-chan time.Time
	if deadline, ok := d.ctx.Deadline(); ok {
		left := time.Until(deadline)
		timer := time.NewTimer(left - min(left/10, time.Second))
		defer timer.Stop()
		late = timer.C
	}
	for !so() {
		changed := d.feed.changed
		d.log.mu.Unlock()
		select {
		case <-changed:
		case <-late:
			return errOutOfTime
		case <-d.ctx.Done():
			if errors.Is(d.ctx.Err(), context.DeadlineExceeded) {
				return errOutOfTime
			}
			return d.ctx.Err()
		case <-d.log.ctx.Done():
			return errClosed
		}
		d.log.mu.Lock()
	}
	return nil
}

// refusal is a failure that is the user's to mend, whatever else was fetched.
func (d *demand) refusal() error {
	for _, f := range d.failures {
		var partial *PartialError
		if cloudflare.Refusal(f.Err) && !errors.As(f.Err, &partial) {
			return f.Err
		}
	}
	return nil
}
