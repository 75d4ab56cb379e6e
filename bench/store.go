package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/bench/account"
)

const (
	// defaultCacheLimit is the data source's, in bytes.
	defaultCacheLimit = 256 << 20
	// smallCacheLimitMB is less than half of what a million logins need.
	smallCacheLimitMB = 16
)

// runStore measures the memory of stored events, and that a limit holds.
func runStore(ctx context.Context, b *bench) error {
	b.section("Store")
	b.paragraph("Memory of stored events: what the executable's live heap (after garbage collection, from its own Go metrics) and its resident " +
		"memory have grown by after a series over all logins. Each has a Ray ID of its own, 5,000 people sign in from 20,000 addresses.")
	var table [][]string
	for _, n := range b.rows {
		if n < 10_000 {
			continue
		}
		heap, resident, err := b.density(ctx, n)
		if err != nil {
			return fmt.Errorf("%d logins: %w", n, err)
		}
		each := heap / float64(n)
		table = append(table, []string{number(n), mib(heap), bytesEach(each), mib(resident), bytesEach(resident / float64(n)), plain(defaultCacheLimit / each)})
		if n == 1_000_000 {
			b.atMost("store: live heap an event", each, 64, bytesEach)
			b.atMost("store: 4,000,000 events", 4e6*each, defaultCacheLimit, mib)
		}
	}
	if len(table) == 0 {
		b.paragraph("No size of at least 10,000 logins.")
		return nil
	}
	b.table([]string{"events", "live heap", "an event", "resident", "an event", "fit in 256 MiB"}, table)
	return b.limitUnderLoad(ctx, b.rows[len(b.rows)-1])
}

// density is by how many bytes memory grows when n logins are stored.
func (b *bench) density(ctx context.Context, n int) (heap, resident float64, err error) {
	to := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	from := to.Add(-retention)
	s, err := b.open(account.Config{Logins: account.NewLogins(n, from, to, account.Even)}, rowsFor(n))
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	// The first question lets the process come to rest with all it needs.
	small := question{name: "minute", format: "table", groupBy: []string{"country"}, limit: 1000, from: from, to: from.Add(time.Minute)}
	if _, err := s.checked(ctx, small); err != nil {
		return 0, 0, err
	}
	heapBefore, residentBefore, err := s.settled(ctx, small)
	if err != nil {
		return 0, 0, err
	}
	all := question{name: "series", format: "time_series", groupBy: []string{"outcome"}, from: from, to: to, interval: hourly}
	if _, err := s.checked(ctx, all); err != nil {
		return 0, 0, err
	}
	heapAfter, residentAfter, err := s.settled(ctx, small)
	if err != nil {
		return 0, 0, err
	}
	spent, err := s.checked(ctx, all)
	if err == nil && spent.counts.Calls() > 0 {
		err = fmt.Errorf("%d calls for events that are stored", spent.counts.Calls())
	}
	return heapAfter - heapBefore, residentAfter - residentBefore, err
}

// settled is the live heap and the resident memory once two garbage collections
// have run, which small questions bring about.
func (s *session) settled(ctx context.Context, small question) (heap, resident float64, err error) {
	const name = "go_gc_duration_seconds_count"
	var first float64
	for i := range 100_000 {
		text, err := s.metrics(ctx)
		if err != nil {
			return 0, 0, err
		}
		collections, ok := metric(text, name)
		target, hasTarget := metric(text, "go_memstats_next_gc_bytes")
		if !ok || !hasTarget {
			return 0, 0, errors.New("the executable has no Go metrics")
		}
		if i == 0 {
			first = collections
		}
		if collections >= first+2 {
			// With GOGC at 100 the next collection is due at twice the live heap.
			used, err := readUsage(s.process.PID())
			return target / 2, float64(used.resident), err
		}
		if _, err := s.askAll(ctx, small); err != nil {
			return 0, 0, err
		}
	}
	return 0, 0, errors.New("the executable does not collect garbage")
}

// limitUnderLoad asks for more than a small cache holds, from several users at
// once, and looks at what stays.
func (b *bench) limitUnderLoad(ctx context.Context, n int) (err error) {
	to := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	from := to.Add(-retention)
	more := rowsFor(n)
	more["cacheLimitMb"] = smallCacheLimitMB
	s, err := b.open(account.Config{Logins: account.NewLogins(n, from, to, account.Even)}, more)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	small := question{name: "minute", format: "table", groupBy: []string{"country"}, limit: 1000, from: to.Add(-time.Minute), to: to}
	before, _, err := s.settled(ctx, small)
	if err != nil {
		return err
	}
	var questions []question
	const parts = 6
	for i := range parts {
		start := from.Add(time.Duration(i) * retention / parts)
		questions = append(questions, panels(start, start.Add(retention/parts))...)
	}
	spent, err := s.checked(ctx, questions...)
	if err != nil {
		return fmt.Errorf("limit under load: %w", err)
	}
	after, _, err := s.settled(ctx, small)
	if err != nil {
		return err
	}
	b.paragraph("With a cache of %d MiB, %d panels at once over %s logins: %s calls in %s, a live heap %s larger afterwards, a peak of %s.",
		smallCacheLimitMB, len(questions), number(n), number(spent.counts.Calls()), duration(spent.wall), mib(after-before), mib(float64(spent.peak)))
	b.atMost(fmt.Sprintf("store: live heap with a cache of %d MiB", smallCacheLimitMB), after-before, smallCacheLimitMB<<20, mib)
	return nil
}
