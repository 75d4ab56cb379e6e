package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

const (
	// linesCeiling and hostileCeiling are what the executable may take at most.
	linesCeiling   = 250 << 20
	hostileCeiling = 400 << 20
	// logLines is how many log lines one answer has there.
	logLines = 100_000
	// abandonedAfter is how long a caller waits for an expensive query, and idle how
	// long after that the executable is watched.
	abandonedAfter = time.Second
	idle           = 5 * time.Second
)

// runCeilings measures the memory of what takes the most, and what a query goes on
// to take after its caller has left.
func runCeilings(ctx context.Context, b *bench) error {
	b.section("Ceilings")
	b.paragraph("Each row is a process of its own. `lines` lists %s log lines with all labels, cold. The others ask an upstream that answers every "+
		"call with what the row says, in %d panels of several query types at once.", number(logLines), len(hostilePanels(time.Now())))
	lines, err := b.lines(ctx)
	if err != nil {
		return fmt.Errorf("log lines: %w", err)
	}
	b.atMost("ceilings: log lines: peak memory", float64(lines.peak), linesCeiling, mib)
	table := [][]string{{"lines", duration(lines.wall), duration(lines.cpu), mib(float64(lines.peak))}}
	for _, h := range hostileUpstreams {
		b.progress("ceilings: %s", h.name)
		spent, err := b.hostile(ctx, h)
		if err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
		b.atMost("ceilings: "+h.name+": peak memory", float64(spent.peak), hostileCeiling, mib)
		table = append(table, []string{h.name, duration(spent.wall), duration(spent.cpu), mib(float64(spent.peak))})
	}
	b.table([]string{"what", "wall", "CPU", "peak"}, table)
	return b.abandoned(ctx)
}

// lines lists logins as log lines, in a process that knows nothing yet.
func (b *bench) lines(ctx context.Context) (spent cost, err error) {
	to := time.Now().Truncate(time.Millisecond)
	from := to.Add(-retention)
	s, err := b.open(account.Config{Logins: account.NewLogins(logLines, from, to, account.Even)}, rowsFor(logLines))
	if err != nil {
		return spent, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return s.checked(ctx, question{name: "lines", format: "logs", limit: logLines, from: from, to: to})
}

// abandoned measures what the executable does after the caller of an expensive
// query has left.
func (b *bench) abandoned(ctx context.Context) (err error) {
	to := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	from := to.Add(-retention)
	s, err := b.open(account.Config{Logins: account.NewLogins(logLines, from, to, account.Even)}, rowsFor(logLines))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	// The logins are known by then.
	if _, err := s.checked(ctx, question{name: "series", format: "time_series", groupBy: []string{"outcome"}, from: from, to: to, interval: hourly}); err != nil {
		return err
	}
	var patterns []string
	for i := range 1000 {
		patterns = append(patterns, fmt.Sprintf("[0-9a-f]*%dz", i))
	}
	filters := []account.Filter{{Field: "ray_id", Operator: "!~", Values: patterns}, {Field: "ray_id", Operator: "=~", Values: patterns}}
	left := question{name: "patterns", format: "time_series", filters: filters, from: from, to: to, interval: hourly, patience: abandonedAfter}
	_, _ = s.ask(ctx, left) // nobody waits for the answer
	spent, err := s.measure(func() error { time.Sleep(idle); return nil })
	b.paragraph("Within %s of its caller's leaving after %s, a query with %s regular expressions went on to take %s of CPU time. The process's peak was %s.",
		duration(idle), duration(abandonedAfter), number(2*len(patterns)), duration(spent.cpu), mib(float64(spent.peak)))
	b.atMost("ceilings: CPU time after the caller left", ms(spent.cpu), 500, milliseconds)
	return err
}
