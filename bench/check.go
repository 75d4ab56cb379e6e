package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	result "github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
)

// edge is how old the newest part of an answer may be: the live edge of the log
// has a short time to live. Logins of the last moments before the question may
// therefore be missing, and those that came while it was answered be there.
const edge = 5 * time.Second

// check holds answers against what the account has.
func (s *session) check(answers ...*answer) error {
	var wrong error
	for _, a := range answers {
		f, coverage, err := a.decode()
		if err == nil && !coverage.Complete && coverage.Reason != result.ReasonLimit {
			err = fmt.Errorf("the answer is not complete: %s", coverage.Reason)
		}
		if err == nil {
			err = s.compare(a, f)
		}
		if err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("%s: %w", a.question.name, err))
		}
	}
	return wrong
}

func (s *session) compare(a *answer, f *data.Frame) error {
	switch {
	case a.question.format == "time_series":
		return s.compareSeries(a, f, true)
	case len(a.question.groupBy) > 0:
		return s.compareGroups(a, f)
	}
	return s.compareRows(a, f)
}

// untils are the earliest and the latest instant at which the answer's rows may
// end.
func (a *answer) untils(windowEnd time.Time) (least, most time.Time) {
	return earliest(windowEnd, a.asked.Add(-edge)), earliest(windowEnd, a.arrived)
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// compareSeries holds each bucket of each group against the truth. Buckets may
// be lower than the truth if the answer is not meant to be whole.
func (s *session) compareSeries(a *answer, f *data.Frame, whole bool) error {
	got, counting, err := readSeries(f, a.question)
	if err != nil {
		return err
	}
	least, most, err := s.countBoth(a, counting)
	if err != nil {
		return err
	}
	for key, upper := range most {
		lower, counts := least[key], got[key]
		if lower == nil || !whole {
			lower = make([]int64, counting.Buckets)
		}
		if counts == nil {
			counts = make([]int64, counting.Buckets)
		}
		for i, n := range counts {
			if n < lower[i] || n > upper[i] {
				return fmt.Errorf("bucket %d of %q is %d, the truth %d", i, key, n, lower[i])
			}
		}
	}
	for key := range got {
		if most[key] == nil && slices.Max(got[key]) > 0 {
			return fmt.Errorf("the account has no %q", key)
		}
	}
	return nil
}

// countBoth counts the truth at the earliest and at the latest end.
func (s *session) countBoth(a *answer, c account.Counting) (least, most map[string][]int64, err error) {
	early, late := a.untils(c.To)
	c.Until = early
	least, leastErr := s.logins.Count(c)
	c.Until = late
	most, mostErr := s.logins.Count(c)
	return least, most, errors.Join(leastErr, mostErr)
}

// readSeries reads a wide frame: counts by group, and the buckets they are of.
func readSeries(f *data.Frame, q question) (map[string][]int64, account.Counting, error) {
	counting := account.Counting{Filters: q.filters, GroupBy: q.groupBy, Buckets: f.Rows()}
	if f.Rows() == 0 || len(f.Fields) == 0 {
		return nil, counting, errors.New("the series has no buckets")
	}
	counting.From = instant(f.Fields[0], 0)
	counting.To = instant(f.Fields[0], f.Rows()-1).Add(q.interval)
	if counting.From.After(q.from) || !counting.To.After(q.to) {
		return nil, counting, fmt.Errorf("the buckets reach from %s to %s only", counting.From, counting.To)
	}
	got := map[string][]int64{}
	for _, field := range f.Fields[1:] {
		key := make([]string, len(q.groupBy))
		for i, name := range q.groupBy {
			key[i] = field.Labels[name]
		}
		counts := make([]int64, field.Len())
		for i := range counts {
			value, err := field.FloatAt(i)
			if err != nil {
				return nil, counting, err
			}
			counts[i] = int64(value)
		}
		got[strings.Join(key, "\x00")] = counts
	}
	return got, counting, nil
}

func instant(field *data.Field, i int) time.Time {
	value, _ := field.ConcreteAt(i)
	t, _ := value.(time.Time)
	return t
}

// compareGroups holds each group against the truth. Where a limit cut the
// groups, those left out must not be larger than those there.
func (s *session) compareGroups(a *answer, f *data.Frame) error {
	q := a.question
	end := q.to.Add(time.Millisecond)
	least, most, err := s.countBoth(a, account.Counting{Filters: q.filters, GroupBy: q.groupBy, From: q.from, To: end, Buckets: 1})
	if err != nil {
		return err
	}
	last := len(f.Fields) - 1
	smallest := int64(0)
	for row := range f.Rows() {
		key := make([]string, last)
		for i := range key {
			value, _ := f.Fields[i].ConcreteAt(row)
			key[i] = fmt.Sprint(value)
		}
		value, err := f.Fields[last].FloatAt(row)
		name, n := strings.Join(key, "\x00"), int64(value)
		if err != nil || most[name] == nil || n > most[name][0] || least[name] != nil && n < least[name][0] {
			return fmt.Errorf("group %q is %d, the truth %v", name, n, most[name])
		}
		if row > 0 && n > smallest {
			return fmt.Errorf("group %q is not in order of size", name)
		}
		smallest = n
		delete(least, name)
	}
	for name, counts := range least {
		if f.Rows() < q.limit || counts[0] > smallest {
			return fmt.Errorf("group %q is missing; the truth is %d", name, counts[0])
		}
	}
	return nil
}

// compareRows holds the times of listed rows against the truth, newest first.
func (s *session) compareRows(a *answer, f *data.Frame) error {
	q := a.question
	field := slices.IndexFunc(f.Fields, func(f *data.Field) bool { return f.Type().Time() })
	if field < 0 {
		return errors.New("no time among the columns")
	}
	early, late := a.untils(q.to.Add(time.Millisecond))
	fresh, freshErr := s.logins.Newest(q.filters, early, late, len(s.logins.Times))
	truth, truthErr := s.logins.Newest(q.filters, q.from, late, q.limit+len(fresh))
	if err := errors.Join(freshErr, truthErr); err != nil {
		return err
	}
	got := make([]int64, f.Rows())
	for i := range got {
		got[i] = instant(f.Fields[field], i).UnixNano()
	}
	for skip := range len(fresh) + 1 {
		rest := truth[min(skip, len(truth)):]
		if slices.Equal(got, rest[:min(q.limit, len(rest))]) {
			return nil
		}
	}
	return fmt.Errorf("%d rows, which are not the newest %d", len(got), min(q.limit, len(truth)))
}
