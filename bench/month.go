package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// runMonth measures GraphQL: minutes of 30 days, where an answer holds 10,000
// groups of at most 7 days.
func runMonth(ctx context.Context, b *bench) error {
	b.section("GraphQL month")
	b.paragraph("Series over 30 days, whose source has every minute; `maxDuration` is 7 days, `maxPageSize` 10,000. " +
		"The first request of a data source reads the account's limits.")
	end := time.Now().Truncate(hourly)
	minutes := account.NewMinutes(end.Add(-retention), end)
	var table [][]string
	for _, latency := range b.latencies {
		for _, groupBy := range [][]string{{}, {"outcome"}} {
			cold, again, err := b.month(ctx, account.Config{Minutes: minutes, Latency: latency}, end, groupBy)
			if err != nil {
				return fmt.Errorf("by %v at %s: %w", groupBy, duration(latency), err)
			}
			name := "one series"
			if len(groupBy) > 0 {
				name = "by outcome"
			}
			table = append(table, []string{name, duration(latency), number(cold.counts.GraphQL), duration(cold.wall), duration(cold.cpu),
				mib(float64(cold.peak)), number(again.counts.GraphQL), duration(again.wall)})
			b.atMost(fmt.Sprintf("GraphQL month, %s, %s: requests", name, duration(latency)), float64(cold.counts.GraphQL), 8, plain)
		}
	}
	b.table([]string{"series", "latency", "requests", "wall", "CPU", "peak", fmt.Sprintf("requests, %d times", repeats), "again"}, table)
	return nil
}

func (b *bench) month(ctx context.Context, config account.Config, end time.Time, groupBy []string) (cold, again cost, err error) {
	s, err := b.open(config, nil)
	if err != nil {
		return cold, again, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	q := question{name: "month", queryType: "login_groups", format: "time_series", groupBy: groupBy,
		from: end.Add(-retention), to: end.Add(-time.Millisecond), interval: hourly}
	cold, first, err := s.timed(ctx, q)
	if err != nil {
		return cold, again, err
	}
	again, second, err := s.repeated(ctx, q)
	for _, a := range append(first, second...) {
		err = errors.Join(err, checkMonth(a, config.Minutes))
	}
	return cold, again, err
}

// checkMonth holds every bucket against the truth.
func checkMonth(a *answer, m *account.Minutes) error {
	f, coverage, err := a.decode()
	if err != nil {
		return err
	}
	if !coverage.Complete {
		return fmt.Errorf("the answer is not complete: %s", coverage.Reason)
	}
	got, counting, err := readSeries(f, a.question)
	if err != nil {
		return err
	}
	for i := range counting.Buckets {
		start := counting.From.Add(time.Duration(i) * a.question.interval)
		allowed, blocked := m.Count(start, start.Add(a.question.interval))
		truth := map[string]int64{"": allowed + blocked}
		if len(a.question.groupBy) > 0 {
			truth = map[string]int64{"allowed": allowed, "blocked": blocked}
		}
		for key, n := range truth {
			counts := got[key]
			if counts == nil {
				return fmt.Errorf("no series %q", key)
			}
			if counts[i] != n {
				return fmt.Errorf("bucket %d of %q is %d, the truth %d", i, key, counts[i], n)
			}
		}
	}
	return nil
}
