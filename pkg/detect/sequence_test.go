package detect_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/detect"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// ending is a login that ends a sequence: which one, when that one began, and how many
// logins it has.
type ending struct{ number, start, events int }

// plan is a sequence: of which kind the logins of each step are, and how many it takes.
type plan struct {
	kinds   []string
	atLeast []int
	within  int
}

func seconds(n int) string { return fmt.Sprintf("%ds", n) }

func drawPlan(t *rapid.T) plan {
	p := plan{within: rapid.SampledFrom([]int{1, 3, 10, 40}).Draw(t, "within")}
	for range rapid.IntRange(2, 4).Draw(t, "steps") {
		p.kinds = append(p.kinds, rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "kind"))
		p.atLeast = append(p.atLeast, rapid.IntRange(1, 3).Draw(t, "atLeast"))
	}
	p.atLeast[len(p.atLeast)-1] = 1
	return p
}

func (p plan) request(t interface{ Fatal(...any) }) *query.Request {
	var steps []any
	for i, kind := range p.kinds {
		steps = append(steps, map[string]any{"filters": []any{filter("app_name", "contains", kind)}, "atLeast": p.atLeast[i]})
	}
	return request(t, map[string]any{"sequence": map[string]any{"by": []string{"user_email"}, "steps": steps, "within": seconds(p.within)}})
}

// endings are what the contract says: each login of the last step is judged by the
// logins within the time before it that no earlier sequence used up.
func (p plan) endings(stream []login) []ending {
	out := []ending{}
	usedUpTo := map[string]int{}
	for i, e := range stream {
		if !e.is(p.kinds[len(p.kinds)-1]) {
			continue
		}
		var own []login
		for _, before := range stream[usedUpTo[e.user]:i] {
			if before.user == e.user && before.at >= e.at-p.within {
				own = append(own, before)
			}
		}
		if start, events, ok := p.walk(own); ok {
			out = append(out, ending{e.number, start, events + 1})
			usedUpTo[e.user] = i + 1
		}
	}
	return out
}

// walk goes through the steps but the last.
func (p plan) walk(own []login) (start, events int, ok bool) {
	step, n := 0, 0
	for _, e := range own {
		switch {
		case n >= p.atLeast[step] && step < len(p.kinds)-2 && e.is(p.kinds[step+1]):
			step, n = step+1, 1
		case e.is(p.kinds[step]):
			n++
		default:
			continue
		}
		if events == 0 {
			start = e.at
		}
		events++
	}
	return start, events, step == len(p.kinds)-2 && n >= p.atLeast[step]
}

// found are the endings from a second on that a Sequence finds, where the stream is
// known since another one.
func (p plan) found(t *rapid.T, layout *columnar.Layout, stream []login, known, from int64) ([]ending, bool) {
	r := p.request(t)
	s := detect.NewSequence(r.Sequence, eventsOf(layout, r, known, from))
	out := []ending{}
	for _, run := range runsOf(layout, stream, func(int) bool { return rapid.Bool().Draw(t, "cut") }) {
		for _, row := range s.Pick(run) {
			m := s.Matches[len(out)]
			out = append(out, ending{number(layout, run, row), int(m.Start.Sub(noon).Seconds()), int(m.Events)})
		}
	}
	if len(s.Matches) != len(out) {
		t.Fatalf("%d matches of %d rows", len(s.Matches), len(out))
	}
	return out, s.Undetermined
}

func TestASequenceIsWhatALoopOverAllEventsFinds(t *testing.T) {
	layout := columnar.NewLayout(lookup())
	rapid.Check(t, func(t *rapid.T) {
		stream, p := drawStream(t), drawPlan(t)
		got, undetermined := p.found(t, layout, stream, allKnown, allKnown)
		if want := p.endings(stream); undetermined || !slices.Equal(got, want) {
			t.Fatalf("found %v, want %v; undetermined: %t", got, want, undetermined)
		}
	})
}

// Two time ranges that overlap must not tell two stories: what is known from some time
// before the range on is either enough, or said not to be.
func TestASequenceIsTheSameFromWhereverItIsKnown(t *testing.T) {
	layout := columnar.NewLayout(lookup())
	rapid.Check(t, func(t *rapid.T) {
		stream, p := drawStream(t), drawPlan(t)
		from := rapid.IntRange(0, 400).Draw(t, "from")
		known := from - p.within*rapid.IntRange(0, 4).Draw(t, "times")
		want := slices.DeleteFunc(p.endings(stream), func(e ending) bool { return stream[e.number].at < from })
		got, undetermined := p.found(t, layout, since(stream, known), instant(known), instant(from))
		if !undetermined && !slices.Equal(got, want) {
			t.Fatalf("found %v, want %v", got, want)
		}
		for _, e := range got {
			if !slices.Contains(want, e) {
				t.Fatalf("found %v, want %v at most", got, want)
			}
		}
	})
}

// A pause tells that nothing is left of earlier sequences; without any, each login can
// be the first or the second of a pair.
func TestWhatAPauseDetermines(t *testing.T) {
	layout := columnar.NewLayout(lookup())
	pairs := plan{kinds: []string{"A", "A"}, atLeast: []int{1, 1}, within: 10}
	var stream []login
	for i := range 20 {
		stream = append(stream, login{at: 5 * i, user: "ada", kind: "A", number: i})
	}
	for name, c := range map[string]struct {
		stream       []login
		known        int64
		undetermined bool
	}{
		"without a pause":      {stream[2:], instant(10), true},
		"the pause is known":   {stream, instant(-10), false},
		"nothing came before":  {stream[2:], allKnown, false},
		"a pause in the range": {slices.Concat(stream[2:6], stream[12:]), instant(10), false},
	} {
		t.Run(name, func(t *testing.T) {
			r := pairs.request(t)
			s := detect.NewSequence(r.Sequence, eventsOf(layout, r, c.known, instant(50)))
			for _, run := range runsOf(layout, c.stream, func(int) bool { return false }) {
				s.Pick(run)
			}
			if s.Undetermined != c.undetermined || len(s.Matches) == 0 != c.undetermined {
				t.Errorf("undetermined: %t, %d matches", s.Undetermined, len(s.Matches))
			}
		})
	}
}
