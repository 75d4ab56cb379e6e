package eventlog_test

import (
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
)

// A query of the live edge that waits for another one's page must not take its
// own edge to be refreshed by it, if that page is of the past, or of the oldest
// rows.
func TestOnlyThePageOfTheEdgeRefreshesIt(t *testing.T) {
	for name, other := range map[string]struct {
		model string
		to    time.Time
	}{
		"a page of the past":      {`{"format":"time_series"}`, noon.Add(-5 * time.Minute)},
		"a page of the oldest":    {`{"direction":"asc","limit":5}`, noon.Add(30 * time.Second)},
		"a page of the same edge": {`{"format":"time_series"}`, noon.Add(30 * time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			lab.Test(t, func(t *testing.T) {
				from := noon.Add(-10 * time.Minute)
				config := spread(300, from, noon)
				config.Events = append(config.Events, account.NewEvents(5, noon.Add(10*time.Second), noon.Add(15*time.Second), 2)...)
				config.Quirks.PageCap = 100
				l := lab.New(t, config)
				l.Ask(t, `{"format":"time_series"}`, from, noon)
				time.Sleep(30 * time.Second)
				l.Change(func(c *account.Config) { c.Latency = time.Second })
				first := asked(t.Context(), l, lab.Request(t, other.model, from, other.to))
				time.Sleep(500 * time.Millisecond)
				got := l.Ask(t, `{"format":"time_series"}`, from, time.Now())
				if got.Coverage.Rows != int64(len(config.Events)) || !got.Coverage.Complete {
					t.Errorf("%d of %d rows, complete: %t", got.Coverage.Rows, len(config.Events), got.Coverage.Complete)
				}
				if a := <-first; a.err != nil {
					t.Error(a.err)
				}
			})
		})
	}
}
