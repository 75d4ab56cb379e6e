package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// rowsAnswer lists the newest logins of an account.
func rowsAnswer(t *testing.T, n int) (*session, *answer, *data.Frame) {
	t.Helper()
	s, a, _ := seriesAnswer(t)
	a.question.format, a.question.groupBy = "table", nil
	newest, err := s.logins.Newest(nil, a.question.from, a.question.to, n)
	if err != nil {
		t.Fatal(err)
	}
	f := data.NewFrame("", data.NewField("created_at", nil, make([]time.Time, len(newest))))
	for i, at := range newest {
		f.Fields[0].Set(i, time.Unix(0, at).UTC())
	}
	return s, a, f
}

func TestAPartMayLackRowsButHasNoOthers(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(f *data.Frame)
		wrong bool
	}{
		{"right", func(*data.Frame) {}, false},
		{"rows are missing", func(f *data.Frame) { f.DeleteRow(5) }, false},
		{"a row of another instant", func(f *data.Frame) { f.Fields[0].Set(5, f.Fields[0].At(5).(time.Time).Add(time.Nanosecond)) }, true},
		{"a row too often", func(f *data.Frame) {
			for range 3 {
				f.Fields[0].Append(f.Fields[0].At(0))
			}
		}, true},
	} {
		s, a, f := rowsAnswer(t, 100)
		c.spoil(f)
		if err := s.compareSomeRows(a, f); (err != nil) != c.wrong {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestAPartMayCountLessButNotMore(t *testing.T) {
	s, a, _ := seriesAnswer(t)
	a.question.format = "table"
	counts, err := s.logins.Count(account.Counting{GroupBy: []string{"outcome"}, From: a.question.from, To: a.question.to, Until: a.question.to, Buckets: 1})
	if err != nil {
		t.Fatal(err)
	}
	for more, wrong := range map[int64]bool{-1: false, 0: false, 1: true} {
		f := data.NewFrame("", data.NewField("outcome", nil, []string{"blocked"}), data.NewField("logins", nil, []float64{float64(counts["blocked"][0] + more)}))
		if err := s.compareSomeGroups(a, f); (err != nil) != wrong {
			t.Errorf("%+d: %v", more, err)
		}
	}
}

func TestMinutesAreHeldAgainstTheTruth(t *testing.T) {
	to := time.Now().Add(-time.Hour).Truncate(time.Hour)
	from := to.Add(-time.Hour)
	minutes := account.NewMinutes(from, to)
	a := &answer{asked: time.Now(), arrived: time.Now(), question: question{format: "time_series", groupBy: []string{"outcome"},
		from: from, to: to.Add(-time.Millisecond), interval: time.Minute}}
	series := func(more float64) *data.Frame {
		f := data.NewFrame("", data.NewField("time", nil, make([]time.Time, 60)), data.NewField("logins", data.Labels{"outcome": "allowed"}, make([]float64, 60)),
			data.NewField("logins", data.Labels{"outcome": "blocked"}, make([]float64, 60)))
		for i := range 60 {
			start := from.Add(time.Duration(i) * time.Minute)
			allowed, blocked := minutes.Count(start, start.Add(time.Minute))
			f.SetRow(i, start, float64(allowed), float64(blocked))
		}
		f.Fields[1].Set(30, f.Fields[1].At(30).(float64)+more)
		return f
	}
	for _, c := range []struct {
		more         float64
		whole, wrong bool
	}{{0, true, false}, {1, true, true}, {-1, true, true}, {1, false, true}, {-1, false, false}} {
		if err := compareMinutes(a, series(c.more), minutes, c.whole); (err != nil) != c.wrong {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if err := compareMinutes(a, series(1), minutes, true); err == nil || !strings.Contains(err.Error(), "the truth") {
		t.Errorf("no word of the truth: %v", err)
	}
}

func TestSuggestionsAreTheAccountsOrASentence(t *testing.T) {
	has := func(value string) bool { return value == "GB" }
	for _, c := range []struct {
		name           string
		values         []string
		err            error
		refused, wrong int
	}{
		{"right", []string{"GB"}, nil, 0, 0},
		{"none", nil, nil, 0, 0},
		{"one that nobody has", []string{"GB", "XX"}, nil, 0, 1},
		{"refused with a sentence", nil, errors.New("Too many suggestions were asked for. Try again in a minute."), 1, 0},
		{"refused without a word", nil, errors.New("429"), 1, 1},
	} {
		k := &soak{bench: &bench{report: report{out: io.Discard}}}
		k.judgeSuggestions("suggestions", c.values, has, c.err)
		if k.tally.suggested != 1 || k.tally.suggestionsRefused != c.refused || k.tally.answersWrong != c.wrong {
			t.Errorf("%s: %d asked, %d refused, %d wrong", c.name, k.tally.suggested, k.tally.suggestionsRefused, k.tally.answersWrong)
		}
	}
}

func TestTenUsersHaveEveryHabitAndALoginOfTheirOwn(t *testing.T) {
	counts, logins := map[habit]int{}, map[string]bool{}
	for number := range 10 {
		u := newVisitor(number)
		counts[u.habit]++
		logins[u.login] = true
	}
	if counts[watchingLogins] != 3 || counts[watchingSurfaces] != 3 || counts[exploring] != 3 || counts[alerting] != 1 || len(logins) != 10 {
		t.Errorf("%v, %v", counts, logins)
	}
}
