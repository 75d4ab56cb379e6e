package main

import (
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// seriesAnswer is a right answer of an account's hours by outcome, and the
// session that checks it.
func seriesAnswer(t *testing.T) (*session, *answer, *data.Frame) {
	t.Helper()
	to := time.Now().Add(-time.Hour).Truncate(hourly)
	from := to.Add(-48 * hourly)
	s := &session{logins: account.NewLogins(5000, from, to, account.Even)}
	a := &answer{asked: time.Now(), arrived: time.Now(), question: question{format: "time_series", groupBy: []string{"outcome"},
		from: from, to: to.Add(-time.Millisecond), interval: hourly}}
	counts, err := s.logins.Count(account.Counting{GroupBy: a.question.groupBy, From: from, To: to, Until: to, Buckets: 48})
	if err != nil {
		t.Fatal(err)
	}
	f := data.NewFrame("", data.NewField("time", nil, make([]time.Time, 48)))
	for i := range 48 {
		f.Fields[0].Set(i, from.Add(time.Duration(i)*hourly))
	}
	for _, outcome := range []string{"allowed", "blocked"} {
		values := make([]float64, 48)
		for i, n := range counts[outcome] {
			values[i] = float64(n)
		}
		f.Fields = append(f.Fields, data.NewField("logins", data.Labels{"outcome": outcome}, values))
	}
	return s, a, f
}

func TestCheckFindsWrongSeries(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(f *data.Frame)
		wrong bool
	}{
		{"right", func(*data.Frame) {}, false},
		{"one too many", func(f *data.Frame) { f.Fields[1].Set(7, f.Fields[1].At(7).(float64)+1) }, true},
		{"one too few", func(f *data.Frame) { f.Fields[1].Set(7, f.Fields[1].At(7).(float64)-1) }, true},
		{"a group is missing", func(f *data.Frame) { f.Fields = f.Fields[:2] }, true},
		{"an invented group", func(f *data.Frame) { f.Fields[2].Labels = data.Labels{"outcome": "other"} }, true},
		{"the last bucket is missing", func(f *data.Frame) {
			for _, field := range f.Fields {
				field.Delete(field.Len() - 1)
			}
		}, true},
	} {
		s, a, f := seriesAnswer(t)
		c.spoil(f)
		if err := s.compare(a, f); (err != nil) != c.wrong {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestCheckFindsWrongGroupsAndRows(t *testing.T) {
	s, a, _ := seriesAnswer(t)
	a.question.format, a.question.limit = "table", 1000
	groups := func() *data.Frame {
		counts, err := s.logins.Count(account.Counting{GroupBy: []string{"outcome"}, From: a.question.from,
			To: a.question.to.Add(time.Millisecond), Until: a.question.to.Add(time.Millisecond), Buckets: 1})
		if err != nil {
			t.Fatal(err)
		}
		return data.NewFrame("", data.NewField("outcome", nil, []string{"allowed", "blocked"}),
			data.NewField("logins", nil, []float64{float64(counts["allowed"][0]), float64(counts["blocked"][0])}))
	}
	if err := s.compare(a, groups()); err != nil {
		t.Error(err)
	}
	f := groups()
	f.Fields[1].Set(1, f.Fields[1].At(1).(float64)+1)
	if s.compare(a, f) == nil {
		t.Error("a group with one too many is not found")
	}
	f = groups()
	f.DeleteRow(1)
	if s.compare(a, f) == nil {
		t.Error("a missing group is not found")
	}

	a.question.groupBy = nil
	newest, err := s.logins.Newest(nil, a.question.from, a.question.to.Add(time.Millisecond), 1000)
	if err != nil {
		t.Fatal(err)
	}
	rows := data.NewFrame("", data.NewField("created_at", nil, make([]time.Time, len(newest))))
	for i, at := range newest {
		rows.Fields[0].Set(i, time.Unix(0, at).UTC())
	}
	if err := s.compare(a, rows); err != nil {
		t.Error(err)
	}
	rows.DeleteRow(500)
	if s.compare(a, rows) == nil {
		t.Error("a missing row is not found")
	}
}
