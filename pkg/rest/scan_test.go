package rest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
)

func TestColdScanTakesHardlyMoreCallsThanPages(t *testing.T) {
	from, to := noon.Add(-24*time.Hour), noon
	for name, c := range map[string]account.Config{
		"even":   holding(account.NewEvents(100_000, from, noon.Add(-time.Hour), 1)),
		"bursts": holding(account.NewEvents(60_000, from, to, 2), account.NewEvents(40_000, noon.Add(-5*time.Hour), noon.Add(-5*time.Hour+10*time.Minute), 3)),
	} {
		for bounds := range account.BoundsKinds {
			t.Run(fmt.Sprint(name, ", bounds ", bounds), func(t *testing.T) {
				lab.Test(t, func(t *testing.T) {
					c.Quirks.Bounds, c.Before = bounds, lab.Slow(time.Second)
					l := lab.New(t, c)
					r := lab.Request(t, `{"limit":200000}`, from, to)
					res, err := l.Query(t.Context(), r)
					if err != nil {
						t.Fatal(err)
					}
					if got, want := lab.Rays(t, res.Table), account.RayIDs(l.Truth(r, nil)); !sameSet(got, want) || !res.Coverage.Complete {
						t.Errorf("%d rows of %d, coverage %+v", len(got), len(want), res.Coverage)
					}
					if l.Calls() > 125 {
						t.Errorf("%d calls for 100,000 rows", l.Calls())
					}
					t.Logf("%d calls in %s", l.Calls(), time.Since(noon))
				})
			})
		}
	}
}

// A page that spans three seconds does not show the order of rows by itself.
func TestDenseFeedsTakeHardlyMoreCallsThanPages(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := noon.Add(-6*time.Minute), noon.Add(-time.Minute)
		c := holding(account.NewEvents(100_000, from, to, 1))
		c.Before = lab.Slow(time.Second)
		l := lab.New(t, c)
		res := l.Ask(t, `{"groupBy":["country"]}`, from, to)
		if res.Coverage.Rows != 100_000 || l.Calls() > 125 {
			t.Errorf("%d calls for %d rows", l.Calls(), res.Coverage.Rows)
		}
		t.Logf("%d calls", l.Calls())
	})
}

// A quiet evening says nothing of the office hours before it: lanes that have
// nothing to do must take over a part of them.
func TestOfficeHoursAreScannedInParallel(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		quiet := account.NewEvents(4000, noon.Add(-24*time.Hour), noon, 1)
		office := account.NewEvents(40_000, noon.Add(-16*time.Hour), noon.Add(-14*time.Hour), 2)
		c := holding(quiet, office)
		c.Before = lab.Slow(time.Second)
		l := lab.New(t, c)
		res := l.Ask(t, `{"groupBy":["country"]}`, noon.Add(-24*time.Hour), noon)
		if res.Coverage.Rows != 44_000 || l.Calls() > 62 {
			t.Errorf("%d rows, %d calls", res.Coverage.Rows, l.Calls())
		}
		if took := time.Since(noon); took > 44*time.Second/4 {
			t.Errorf("pages of a second each took %s, one after the other 44 s", took)
		}
		t.Logf("%d calls in %s", l.Calls(), time.Since(noon))
	})
}
