package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	result "github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
)

// groupsEdge is how old the newest part of an answer from GraphQL may be.
const groupsEdge = 15 * time.Second

// tally counts what came back, and keeps the first wrong answers.
type tally struct {
	mu                                sync.Mutex
	asked, whole, part, refused, gone int
	// suggested counts what was asked of the resources.
	suggested, suggestionsRefused int
	answersWrong                  int
	wrong                         error
}

// keptWrong bounds the wrong answers that are described.
const keptWrong = 10

func (t *tally) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprintf("%s asked, %s complete, %s in part, %s refused, %s gone, %s wrong", number(t.asked), number(t.whole),
		number(t.part), number(t.refused), number(t.gone), number(t.answersWrong))
}

// judge counts an answer and holds it against the truth. A caller whose context
// ended gets none.
func (k *soak) judge(s *session, a *answer, err error) {
	into := &k.tally.gone
	if err == nil {
		into, err = k.hold(s, a)
	} else {
		err = nil
	}
	k.tally.mu.Lock()
	defer k.tally.mu.Unlock()
	k.tally.asked++
	*into++
	if err != nil {
		k.isWrong(fmt.Errorf("%s, asked %s: %w", a.question.name, a.asked.UTC().Format(time.TimeOnly), err))
	}
}

// isWrong counts a wrong answer; the tally is locked.
func (k *soak) isWrong(err error) {
	if k.tally.answersWrong++; k.tally.answersWrong <= keptWrong {
		k.tally.wrong = errors.Join(k.tally.wrong, err)
		k.progress("soak: %v", err)
	}
}

// judgeSuggestions counts the answer of a resource: values that the account has,
// or a sentence.
func (k *soak) judgeSuggestions(what string, values []string, has func(value string) bool, err error) {
	k.tally.mu.Lock()
	defer k.tally.mu.Unlock()
	k.tally.suggested++
	if err != nil {
		k.tally.suggestionsRefused++
		if len(err.Error()) < 20 {
			k.isWrong(fmt.Errorf("%s: a refusal that says nothing: %w", what, err))
		}
		return
	}
	for _, value := range values {
		if !has(value) {
			k.isWrong(fmt.Errorf("%s: the account has no %q", what, value))
		}
	}
}

// hold says which count an answer belongs to. One that is complete must be the
// truth; one that is not must say why and hold nothing that is not; a refusal
// must have a sentence.
func (k *soak) hold(s *session, a *answer) (into *int, err error) {
	f, coverage, err := a.decode()
	switch {
	case f == nil:
		if err == nil || len(err.Error()) < 20 || strings.Contains(err.Error(), "plugin failed") {
			return &k.tally.refused, fmt.Errorf("a refusal that says nothing: %w", err)
		}
		return &k.tally.refused, nil
	case err != nil:
		return &k.tally.part, err
	case coverage.Complete || coverage.Reason == result.ReasonLimit:
		return &k.tally.whole, k.compare(s, a, f, true)
	case a.question.alert:
		return &k.tally.part, errors.New("an alert was given a part")
	case coverage.Reason == "" || len(f.Meta.Notices) == 0:
		return &k.tally.part, fmt.Errorf("the answer is a part (%q) with %d notices", coverage.Reason, len(f.Meta.Notices))
	}
	return &k.tally.part, k.compare(s, a, f, false)
}

func (k *soak) compare(s *session, a *answer, f *data.Frame, whole bool) error {
	switch {
	case a.question.queryType == "login_groups":
		return compareMinutes(a, f, k.minutes, whole)
	case a.question.format == "time_series":
		return s.compareSeries(a, f, whole)
	case whole:
		return s.compare(a, f)
	case len(a.question.groupBy) > 0:
		return s.compareSomeGroups(a, f)
	}
	return s.compareSomeRows(a, f)
}

// compareSomeGroups holds groups against the truth, of which they may be a part.
func (s *session) compareSomeGroups(a *answer, f *data.Frame) error {
	q := a.question
	_, most, err := s.countBoth(a, account.Counting{Filters: q.filters, GroupBy: q.groupBy, From: q.from, To: q.to.Add(time.Millisecond), Buckets: 1})
	if err != nil {
		return err
	}
	got, err := readGroups(f)
	for name, n := range got {
		if most[name] == nil || n > most[name][0] {
			return fmt.Errorf("group %q is %d in a part, the truth %v", name, n, most[name])
		}
	}
	return err
}

func readGroups(f *data.Frame) (map[string]int64, error) {
	got := map[string]int64{}
	last := len(f.Fields) - 1
	for row := range f.Rows() {
		key := make([]string, last)
		for i := range key {
			value, _ := f.Fields[i].ConcreteAt(row)
			key[i] = fmt.Sprint(value)
		}
		n, err := f.Fields[last].FloatAt(row)
		if err != nil {
			return nil, err
		}
		got[strings.Join(key, "\x00")] += int64(n)
	}
	return got, nil
}

// compareSomeRows holds listed rows against the truth, of which they may be a
// part: no row may be made up, none may be there twice.
func (s *session) compareSomeRows(a *answer, f *data.Frame) error {
	field := slices.IndexFunc(f.Fields, func(f *data.Field) bool { return f.Type().Time() })
	if field < 0 {
		return errors.New("no time among the columns")
	}
	_, late := a.untils(a.question.to.Add(time.Millisecond))
	truth, err := s.logins.Newest(a.question.filters, a.question.from, late, len(s.logins.Times))
	if err != nil {
		return err
	}
	left := map[int64]int{}
	for _, at := range truth {
		left[at]++
	}
	for i := range f.Rows() {
		at := instant(f.Fields[field], i).UnixNano()
		if left[at]--; left[at] < 0 {
			return fmt.Errorf("row %d of a part is not the truth's, or there twice", i)
		}
	}
	return nil
}

// compareMinutes holds the counts of GraphQL against the truth. They may be
// lower if the answer is a part.
func compareMinutes(a *answer, f *data.Frame, m *account.Minutes, whole bool) error {
	truth := func(from, to, until time.Time) map[string]int64 {
		allowed, blocked := m.Count(from, earliest(to, until))
		if len(a.question.groupBy) == 0 {
			return map[string]int64{"": allowed + blocked}
		}
		return map[string]int64{"allowed": allowed, "blocked": blocked}
	}
	compare := func(got map[string]int64, from, to time.Time) error {
		least := truth(from, to, a.asked.Add(-groupsEdge))
		for name, most := range truth(from, to, a.arrived) {
			if n := got[name]; n > most || whole && n < least[name] {
				return fmt.Errorf("%q from %s is %d, the truth %d", name, from.UTC().Format(time.DateTime), n, most)
			}
		}
		return nil
	}
	if a.question.format == "table" {
		got, err := readGroups(f)
		if err != nil {
			return err
		}
		return compare(got, a.question.from, a.question.to.Add(time.Millisecond))
	}
	series, counting, err := readSeries(f, a.question)
	if err != nil {
		return err
	}
	for i := range counting.Buckets {
		got := map[string]int64{}
		for name, counts := range series {
			got[name] = counts[i]
		}
		start := counting.From.Add(time.Duration(i) * a.question.interval)
		if err := compare(got, start, start.Add(a.question.interval)); err != nil {
			return err
		}
	}
	return nil
}
