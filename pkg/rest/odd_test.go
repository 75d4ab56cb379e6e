package rest_test

import (
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
)

// What an upstream does that nobody documents must not lose events.
func TestOddUpstreamsLoseNothing(t *testing.T) {
	day := account.NewEvents(5000, noon.Add(-24*time.Hour), noon, 1)
	burst := account.NewEvents(1500, noon.Add(-2*time.Hour), noon.Add(-2*time.Hour+500*time.Millisecond), 2)
	for name, c := range map[string]struct {
		quirks account.Quirks
		events []account.Event
	}{
		"pages of another size than is said":  {account.Quirks{PageCap: 250, EchoesPerPage: true}, day},
		"small pages that say nothing":        {account.Quirks{PageCap: 25, NoResultInfo: true}, day[:1000]},
		"a limit for all of odd pages":        {account.Quirks{Limit: account.LimitBoundsAll, PageCap: 37}, burst},
		"a limit for all, and no size":        {account.Quirks{Limit: account.LimitBoundsAll, PageCap: 100, NoResultInfo: true}, burst},
		"pages of changing sizes, as is said": {account.Quirks{Flaps: true}, day},
		"bounds that are cut and exclusive":   {account.Quirks{Bounds: account.CutToSecondsExclusive, PageCap: 100}, append(burst, day...)},
	} {
		t.Run(name, func(t *testing.T) {
			lab.Test(t, func(t *testing.T) {
				l := lab.New(t, account.Config{Events: c.events, Quirks: c.quirks})
				r := lab.Request(t, `{"limit":200000}`, noon.Add(-23*time.Hour), noon.Add(-90*time.Minute))
				res, err := l.Query(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if got, want := lab.Rays(t, res.Table), account.RayIDs(l.Truth(r, nil)); !sameSet(got, want) || !res.Coverage.Complete || len(want) == 0 {
					t.Errorf("%d rows of %d, %+v", len(got), len(want), res.Coverage)
				}
			})
		})
	}
}

// A page that brings nothing new counts as well: its rows took the place of
// others, where the order changes between calls.
func TestPagesThatOverlapAreAskedForAgain(t *testing.T) {
	complete := 0
	for seed := range uint64(8) {
		lab.Test(t, func(t *testing.T) {
			l := lab.New(t, account.Config{Events: account.TiedEvents(1025, noon.Add(-2*time.Hour), 1), Quirks: account.Quirks{ShufflesTies: true}, Seed: seed})
			res := l.Ask(t, `{"limit":200000}`, noon.Add(-3*time.Hour), noon.Add(-time.Hour))
			if n := len(res.Table.Times); res.Coverage.Complete && n != 1025 {
				t.Errorf("complete with %d rows of 1025", n)
			}
			if res.Coverage.Complete {
				complete++
			}
			if l.Calls() < 4 {
				t.Errorf("%d calls cannot tell", l.Calls())
			}
		})
	}
	if complete == 0 {
		t.Error("no scan found out that it has all rows")
	}
}
