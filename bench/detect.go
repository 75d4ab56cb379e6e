package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// detectHistory is how long a user must not have been in a country to be new there.
const detectHistory = 14 * 24 * time.Hour

// runDetect measures detections: what was first seen among stored events, and twelve at
// once from a data source that knows nothing.
func runDetect(ctx context.Context, b *bench) error {
	b.section("Detections")
	b.paragraph("A user's first login from a country in 14 days, among stored events of 30 days. The loop is the plainest there is over a column of times "+
		"and two of codes, with a map of when each pair was last seen, in the measuring process. What is measured over gRPC includes gRPC and the frame. "+
		"Twelve detections are six of what was first seen and six sequences, with histories of different lengths.")
	var table [][]string
	for _, n := range b.rows {
		if n < 10_000 {
			continue
		}
		d, err := b.detect(ctx, n)
		if err != nil {
			return fmt.Errorf("%d logins: %w", n, err)
		}
		table = append(table, []string{number(n), duration(d.warm.wall), duration(d.warm.cpu), duration(d.loop), times(float64(d.warm.wall) / float64(d.loop)),
			number(d.scan), number(d.twelve)})
		if n == 1_000_000 {
			b.atMost("first seen among 1,000,000 events, of the plain loop", float64(d.warm.wall)/float64(d.loop), 3, times)
		}
		b.atMost(number(n)+": calls of twelve detections, of one scan's", float64(d.twelve)/float64(d.scan), 1.2, times)
	}
	if len(table) == 0 {
		b.paragraph("No size of at least 10,000 logins.")
		return nil
	}
	b.table([]string{"events", "over gRPC", "CPU", "plain loop", "ratio", "calls of a scan", "calls of twelve"}, table)
	return nil
}

type detections struct {
	warm cost
	loop time.Duration
	// scan and twelve are the calls of a scan, and of twelve detections.
	scan, twelve int
}

func (b *bench) detect(ctx context.Context, n int) (d detections, err error) {
	end := time.Now().Add(-time.Hour).Truncate(time.Minute) // all is sealed
	start := end.Add(-retention)
	logins := account.NewLogins(n, start, end, account.Even)
	s, err := b.open(account.Config{Logins: logins}, rowsFor(n))
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	scan := question{name: "scan", format: "table", groupBy: []string{"country"}, from: start, to: end.Add(-time.Millisecond)}
	spent, err := s.checked(ctx, scan)
	if err != nil {
		return d, err
	}
	d.scan = spent.counts.Calls()
	first := scan
	first.name, first.from = "first seen", start.Add(detectHistory)
	first.detection = map[string]any{"firstSeen": map[string]any{"by": []string{"user_email", "country"}, "history": "14d"}}
	warm, answers, err := s.repeated(ctx, first)
	if err != nil {
		return d, err
	}
	if calls := warm.counts.Calls(); calls > 0 {
		return d, fmt.Errorf("%d calls for events that are stored", calls)
	}
	d.warm = warm
	var found int64
	d.loop, found = firstSeenLoop(logins, first.from)
	if err = expectRows(answers[0], found); err != nil {
		return d, err
	}
	if err = s.newDataSource(rowsFor(n)); err != nil {
		return d, err
	}
	spent, answers, err = s.timed(ctx, twelve(first)...)
	for _, a := range answers {
		_, coverage, failed := a.decode()
		if failed == nil && !coverage.Complete {
			failed = fmt.Errorf("the answer is not complete: %s", coverage.Reason)
		}
		err = errors.Join(err, failed)
	}
	d.twelve = spent.counts.Calls()
	return d, err
}

// twelve are different detections of which the first one has the longest history.
func twelve(longest question) []question {
	questions := []question{longest}
	for i := 1; i < 12; i++ {
		q := longest
		q.detection = map[string]any{"firstSeen": map[string]any{"by": []string{"user_email", "country"}, "history": fmt.Sprintf("%dd", 14-i)}}
		if i%2 == 1 {
			q.detection = map[string]any{"sequence": map[string]any{"by": []string{"user_email"}, "within": fmt.Sprintf("%dm", 10*i), "steps": []any{
				map[string]any{"atLeast": i, "filters": []account.Filter{{Field: "outcome", Operator: "=", Values: []string{"blocked"}}}},
				map[string]any{"filters": []account.Filter{{Field: "outcome", Operator: "=", Values: []string{"allowed"}}}},
			}}}
		}
		questions = append(questions, q)
	}
	return questions
}

// expectRows holds the number of events of an answer against the truth.
func expectRows(a *answer, want int64) error {
	_, coverage, err := a.decode()
	if err == nil && (coverage.Rows != want || !coverage.Complete) {
		err = fmt.Errorf("%s: %d events, the truth has %d; complete: %t", a.question.name, coverage.Rows, want, coverage.Complete)
	}
	return err
}

// firstSeenLoop is the least time of the floor of detections, and how many logins from an
// instant on are the first of their kind.
func firstSeenLoop(l *account.Logins, from time.Time) (time.Duration, int64) {
	users, _ := l.Column("user_email")
	countries, _ := l.Column("country")
	took := make([]time.Duration, repeats)
	var found int64
	for i := range took {
		started := time.Now()
		found = 0
		last := map[[2]uint32]int64{}
		for row, at := range l.Times {
			pair := [2]uint32{users[row], countries[row]}
			before, seen := last[pair]
			if (!seen || before < at-detectHistory.Nanoseconds()) && at >= from.UnixNano() {
				found++
			}
			last[pair] = at
		}
		took[i] = time.Since(started)
	}
	return slices.Min(took), found
}
