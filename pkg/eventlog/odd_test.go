package eventlog_test

import (
	"context"
	"testing"
	"time"
)

// What an upstream does that nobody documents must not lose events.
func TestOddUpstreamsLoseNothing(t *testing.T) {
	day := spread(5000, epoch.Add(-24*time.Hour), epoch, 1)
	burst := spread(1500, epoch.Add(-2*time.Hour), epoch.Add(-2*time.Hour+500*time.Millisecond), 2)
	for name, c := range map[string]struct {
		p      personality
		events []event
	}{
		"pages that are shorter now and then": {personality{NoInfo: true, Flaps: true}, day},
		"a row from before the time range":    {personality{Cap: 25, NoInfo: true, Strays: true}, day[:1000]},
		"a limit for all of odd pages":        {personality{Limit: limitBoundsAll, Cap: 37}, burst},
	} {
		u := newUpstream(c.p, c.events, 1)
		l := newLog(t, u)
		from, to := epoch.Add(-23*time.Hour), epoch.Add(-90*time.Minute)
		r := ask(t, u, `{"limit":200000}`, from, to)
		res, err := l.Query(context.Background(), r, u.source())
		if err != nil {
			t.Fatal(name, err)
		}
		if got, want := raysOf(t, res.Table), u.truth(r.Window, nil); !sameSet(got, want) || !res.Coverage.Complete || len(want) == 0 {
			t.Errorf("%s: %d rows of %d, %+v", name, len(got), len(want), res.Coverage)
		}
	}
}

// A page that brings nothing new counts as well: its rows took the place of
// others, where the order changes between calls.
func TestPagesThatOverlapAreAskedForAgain(t *testing.T) {
	for seed := range uint64(8) {
		u := newUpstream(personality{Order: 3}, spread(1025, epoch.Add(-2*time.Hour), epoch.Add(-2*time.Hour+time.Second), 1), seed)
		l := newLog(t, u)
		r := ask(t, u, `{"limit":200000}`, epoch.Add(-3*time.Hour), epoch.Add(-time.Hour))
		res, err := l.Query(context.Background(), r, u.source())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(res.Table.Times); res.Coverage.Complete && n != 1025 {
			t.Errorf("complete with %d rows of 1025", n)
		}
	}
}
