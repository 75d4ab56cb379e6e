package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

const (
	// defaultCacheLimit is the data source's, in bytes.
	defaultCacheLimit = 256 << 20
	// leastCacheMB and smallCacheMB are limits under load: a million logins need
	// more than twice the larger.
	leastCacheMB = 1
	smallCacheMB = 16
)

// runStore measures the memory of stored events, and that a limit holds.
func runStore(ctx context.Context, b *bench) error {
	b.section("Store")
	b.paragraph("Memory of stored events: what the executable's live heap (after garbage collection, from its own Go metrics) and its resident " +
		"memory have grown by after a series over all logins. `own figure` is what its metric cfaccess_event_log_bytes says. " +
		"Nearly each login has a Ray ID of its own, 5,000 people sign in from 20,000 addresses.")
	var table [][]string
	for _, n := range b.rows {
		if n < 10_000 {
			continue
		}
		stored, err := b.density(ctx, n)
		if err != nil {
			return fmt.Errorf("%s logins: %w", number(n), err)
		}
		each := stored.heap / float64(n)
		table = append(table, []string{number(n), mib(stored.heap), bytesEach(each), mib(stored.own), bytesEach(stored.own / float64(n)),
			mib(stored.resident), plain(defaultCacheLimit / max(each, stored.own/float64(n)))})
		if n == 1_000_000 {
			b.atMost("store: live heap an event", each, 64, bytesEach)
			b.atMost("store: 4,000,000 events", 4e6*max(each, stored.own/float64(n)), defaultCacheLimit, mib)
		}
	}
	if len(table) == 0 {
		b.paragraph("No size of at least 10,000 logins.")
		return nil
	}
	b.table([]string{"events", "live heap", "an event", "own figure", "an event", "resident", "fit in 256 MiB"}, table)
	return b.limits(ctx, b.rows[len(b.rows)-1])
}

// memory is in bytes.
type memory struct{ heap, resident, own float64 }

// density is by how much memory grows when n logins are stored.
func (b *bench) density(ctx context.Context, n int) (grown memory, err error) {
	// The last whole bucket ends before the live edge, so that all is sealed.
	to := time.Now().Add(-2 * time.Hour).Truncate(time.Millisecond)
	from := to.Add(-retention)
	s, err := b.open(account.Config{Logins: account.NewLogins(n, from, to, account.Even)}, rowsFor(n))
	if err != nil {
		return grown, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	// The first question lets the process come to rest with all it needs.
	small := question{name: "minute", format: "table", groupBy: []string{"country"}, limit: 1000, from: from, to: from.Add(time.Minute)}
	if _, err := s.checked(ctx, small); err != nil {
		return grown, err
	}
	before, err := s.settled(ctx, small)
	if err != nil {
		return grown, err
	}
	all := question{name: "series", format: "time_series", groupBy: []string{"outcome"}, from: from, to: to, interval: hourly}
	if _, err := s.checked(ctx, all); err != nil {
		return grown, err
	}
	after, err := s.settled(ctx, small)
	if err != nil {
		return grown, err
	}
	spent, err := s.checked(ctx, all)
	if err == nil && spent.counts.Calls() > 0 {
		err = fmt.Errorf("%d calls for events that are stored", spent.counts.Calls())
	}
	return memory{after.heap - before.heap, after.resident - before.resident, after.own}, err
}

// collections of garbage are waited for until the heap is taken to have settled;
// the first one can have begun while there was more.
const collections = 5

// settled is the least live heap of some collections, and the resident memory
// after them. Small questions bring the collections about. A collection takes for
// alive what died while it ran, so that the least is nearest to the truth.
func (s *session) settled(ctx context.Context, small question) (settled memory, err error) {
	var first float64
	for i := range 1_000_000 {
		text, err := s.metrics(ctx)
		if err != nil {
			return settled, err
		}
		done, ok := metric(text, "go_gc_duration_seconds_count")
		target, hasTarget := metric(text, "go_memstats_next_gc_bytes")
		if !ok || !hasTarget {
			return settled, errors.New("the executable has no Go metrics")
		}
		if i == 0 {
			first = done
		}
		// With GOGC at 100 the next collection is due at twice the live heap.
		if done >= first+2 && (settled.heap == 0 || target/2 < settled.heap) {
			settled.heap = target / 2
		}
		if done >= first+1+collections {
			used, err := readUsage(s.process.PID())
			settled.resident = float64(used.resident)
			settled.own, _ = metric(text, "cfaccess_event_log_bytes")
			return settled, err
		}
		if _, err := s.askAll(ctx, small); err != nil {
			return settled, err
		}
	}
	return settled, errors.New("the executable does not collect garbage")
}

// limits compares two limits under the same load. The smaller one shows what the
// process keeps besides events.
func (b *bench) limits(ctx context.Context, n int) error {
	var table [][]string
	var heaps []float64
	for _, limit := range []int{leastCacheMB, smallCacheMB} {
		spent, heap, err := b.limitUnderLoad(ctx, n, limit)
		if err != nil {
			return fmt.Errorf("limit of %d MiB under load: %w", limit, err)
		}
		heaps = append(heaps, heap)
		table = append(table, []string{fmt.Sprintf("%d MiB", limit), number(spent.counts.Calls()), duration(spent.wall), mib(heap), mib(float64(spent.peak))})
	}
	b.paragraph("The limit under load: %d panels at once over %s logins.", loadParts*len(panels(time.Time{}, time.Time{})), number(n))
	b.table([]string{"limit", "calls", "wall", "live heap's growth", "peak"}, table)
	if n >= 1_000_000 {
		b.atMost(fmt.Sprintf("store: live heap at a limit of %d MiB", smallCacheMB), heaps[1], smallCacheMB<<20, mib)
	}
	return nil
}

// loadParts is how many dashboards are opened at once, each on a part of the
// retention.
const loadParts = 6

// limitUnderLoad asks for more than a cache holds, and tells by how much the live
// heap has grown when all is answered.
func (b *bench) limitUnderLoad(ctx context.Context, n, limitMB int) (spent cost, heap float64, err error) {
	to := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	from := to.Add(-retention)
	more := rowsFor(n)
	more["cacheLimitMb"] = limitMB
	s, err := b.open(account.Config{Logins: account.NewLogins(n, from, to, account.Even)}, more)
	if err != nil {
		return spent, 0, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	small := question{name: "minute", format: "table", groupBy: []string{"country"}, limit: 1000, from: to.Add(-time.Minute), to: to}
	before, err := s.settled(ctx, small)
	if err != nil {
		return spent, 0, err
	}
	var questions []question
	for i := range loadParts {
		start := from.Add(time.Duration(i) * retention / loadParts)
		questions = append(questions, panels(start, start.Add(retention/loadParts))...)
	}
	if spent, err = s.checked(ctx, questions...); err != nil {
		return spent, 0, err
	}
	after, err := s.settled(ctx, small)
	return spent, after.heap - before.heap, err
}
