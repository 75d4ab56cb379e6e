package detect_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/detect"
)

// firstOfTheirKind is what the contract says, event by event.
func firstOfTheirKind(stream []login, passes func(login) bool, history, from int) []int {
	picked := []int{}
	for i, e := range stream {
		first := passes(e) && e.at >= from
		for _, before := range stream[:i] {
			if passes(before) && before.user == e.user && before.kind == e.kind && e.at-history <= before.at {
				first = false
			}
		}
		if first {
			picked = append(picked, e.number)
		}
	}
	return picked
}

func TestFirstSeenIsWhatALoopOverAllEventsFinds(t *testing.T) {
	layout := columnar.NewLayout(lookup())
	rapid.Check(t, func(t *rapid.T) {
		stream := drawStream(t)
		history := rapid.IntRange(1, 200).Draw(t, "history")
		from := rapid.IntRange(0, 400).Draw(t, "from")
		r := request(t, map[string]any{
			"filters":   []any{filter("app_name", "!=", "x")},
			"firstSeen": map[string]any{"by": []string{"user_email", "app_name"}, "history": seconds(history)},
		})
		want := firstOfTheirKind(stream, func(e login) bool { return e.kind != "x" }, history, from)

		f := detect.NewFirstSeen(r.FirstSeen, eventsOf(layout, r, instant(from-history), instant(from)))
		got := []int{}
		for _, run := range runsOf(layout, since(stream, from-history), func(int) bool { return rapid.Bool().Draw(t, "cut") }) {
			for _, row := range f.Pick(run) {
				got = append(got, number(layout, run, row))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("picked %v, want %v", got, want)
		}
	})
}
