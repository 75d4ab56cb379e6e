package eventlog_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

// The clock of a server jumps: it is set, a virtual machine was asleep, or the summer
// time is mistaken for it. Whatever is in memory by then, a complete answer is the
// truth, before, between, and after the jumps.
func TestAnswersAreTrueWhereTheClockJumps(t *testing.T) {
	for _, jumps := range [][]time.Duration{
		{time.Hour, -time.Hour}, {-time.Hour, time.Hour}, {26 * time.Hour, -26 * time.Hour}, {-26 * time.Hour, 26 * time.Hour}, {-10 * time.Second, 2 * time.Minute, -time.Minute},
	} {
		for _, query := range []string{`{"format":"time_series"}`, `{"limit":100000}`, `{"groupBy":["country"]}`, `{"limit":20}`} {
			t.Run(fmt.Sprint(jumps, query), func(t *testing.T) {
				lab.Test(t, func(t *testing.T) {
					var offset atomic.Int64
					// Half of the rows arrive minutes after they happened.
					events := account.NewEvents(3000, noon.Add(-24*time.Hour), noon.Add(2*time.Hour), 1)
					for i := range events {
						if i%2 == 0 {
							events[i].Arrives = events[i].At.Add(5 * time.Minute)
						}
					}
					l := lab.New(t, holding(events), func(c *surface.Config) {
						c.Now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
					})
					for _, jump := range append([]time.Duration{0}, jumps...) {
						offset.Add(int64(jump))
						for range 2 {
							time.Sleep(10 * time.Second)
							r := lab.Request(t, query, time.Now().Add(-6*time.Hour), time.Now())
							res, err := l.Query(t.Context(), r)
							if err != nil {
								t.Fatal(err)
							}
							want := len(l.Truth(r, nil))
							if r.Limit > 0 && !r.Grouped() {
								want = min(want, r.Limit)
							}
							if got := res.Coverage; got.Complete && got.Rows != int64(want) {
								t.Fatalf("after a jump of %s: %d rows, complete; the truth has %d", jump, got.Rows, want)
							}
						}
						time.Sleep(20 * time.Minute)
					}
				})
			})
		}
	}
}
