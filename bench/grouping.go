package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// groupingBuckets and the ten countries are the size of the answer.
const groupingBuckets = 300

// runGrouping measures counting over stored events: a series that needs no call.
func runGrouping(ctx context.Context, b *bench) error {
	b.section("Grouping")
	b.paragraph("Stored events into %d buckets by 10 countries. The loop is the plainest there is over a column of times and one of codes, "+
		"in the measuring process. What is measured over gRPC includes gRPC and the frame.", groupingBuckets)
	var table [][]string
	var sizes []int
	var figures []float64
	for _, n := range b.rows {
		if n < 10_000 {
			continue
		}
		loop, warm, err := b.group(ctx, n)
		if err != nil {
			return fmt.Errorf("%d logins: %w", n, err)
		}
		sizes, figures = append(sizes, n), append(figures, ms(warm.wall))
		table = append(table, []string{number(n), duration(warm.wall), duration(warm.cpu), duration(loop), times(float64(warm.wall) / float64(loop)),
			fmt.Sprintf("%.1f ns", float64(warm.wall.Nanoseconds())/float64(n))})
		if n == 1_000_000 {
			b.atMost("grouping 1,000,000 events, of the plain loop", float64(warm.wall)/float64(loop), 3, times)
		}
	}
	if len(table) == 0 {
		b.paragraph("No size of at least 10,000 logins.")
		return nil
	}
	b.table([]string{"events", "over gRPC", "CPU", "plain loop", "ratio", "an event"}, table)
	if len(sizes) > 1 {
		b.paragraph("Grows as %s.", growth(sizes, figures))
	}
	return nil
}

func (b *bench) group(ctx context.Context, n int) (loop time.Duration, warm cost, err error) {
	// Buckets' edges are multiples of their length since 1970. The end lies before
	// the live edge, so that all is sealed.
	interval := retention / groupingBuckets
	sealed := time.Now().Add(-time.Hour).UnixNano()
	end := time.Unix(0, sealed-sealed%interval.Nanoseconds())
	start := end.Add(-retention)
	logins := account.NewLogins(n, start, end, account.Even)
	s, err := b.open(account.Config{Logins: logins}, rowsFor(n))
	if err != nil {
		return 0, warm, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	q := question{name: "grouping", format: "time_series", groupBy: []string{"country"},
		from: start, to: end.Add(-time.Millisecond), interval: interval}
	if _, err := s.checked(ctx, q); err != nil {
		return 0, warm, err
	}
	warm, answers, err := s.repeated(ctx, q)
	if err == nil {
		err = s.check(answers...)
	}
	if err != nil {
		return 0, warm, err
	}
	if calls := warm.counts.Calls(); calls > 0 {
		return 0, warm, fmt.Errorf("%d calls for events that are stored", calls)
	}
	loop, err = plainLoop(logins, start, interval)
	return loop, warm, err
}

// plainLoop is the least time of the floor of grouping.
func plainLoop(l *account.Logins, start time.Time, interval time.Duration) (time.Duration, error) {
	codes, values := l.Column("country")
	took := make([]time.Duration, repeats)
	for i := range took {
		started := time.Now()
		counts := make([]int64, groupingBuckets*len(values))
		first, length := start.UnixNano(), interval.Nanoseconds()
		for row, at := range l.Times {
			counts[int((at-first)/length)*len(values)+int(codes[row])]++
		}
		took[i] = time.Since(started)
		total := int64(0)
		for _, n := range counts {
			total += n
		}
		if total != int64(len(l.Times)) {
			return 0, fmt.Errorf("the plain loop counts %d of %d", total, len(l.Times))
		}
	}
	return slices.Min(took), nil
}
