package eventlog_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
)

// A query of the live edge that waits for another one's page must not take its
// own edge to be refreshed by it, if that page is of the past, or of the oldest
// rows.
func TestOnlyThePageOfTheEdgeRefreshesIt(t *testing.T) {
	for name, other := range map[string]struct {
		model string
		to    time.Time
	}{
		"a page of the past":      {`{"format":"time_series"}`, epoch.Add(-5 * time.Minute)},
		"a page of the oldest":    {`{"direction":"asc","limit":5}`, epoch.Add(30 * time.Second)},
		"a page of the same edge": {`{"format":"time_series"}`, epoch.Add(30 * time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := epoch.Add(-10 * time.Minute)
				events := spread(300, from, epoch, 1)
				for i := range 5 {
					at := epoch.Add(time.Duration(10+i) * time.Second)
					events = append(events, event{at: at, arrives: at, email: "late@example.com", country: "GB", ray: fmt.Sprintf("%016x", i)})
				}
				u := newUpstream(personality{Cap: 100}, events, 1)
				l := newLog(t, u)
				run(t, l, u, `{"format":"time_series"}`, from, epoch)
				u.clock.advance(30 * time.Second)
				u.before = func(context.Context, eventlog.PageRequest) error { time.Sleep(time.Second); return nil }
				var asked sync.WaitGroup
				asked.Go(func() { run(t, l, u, other.model, from, other.to) })
				time.Sleep(500 * time.Millisecond)
				got := run(t, l, u, `{"format":"time_series"}`, from, u.clock.now())
				asked.Wait()
				if got.Coverage.Rows != int64(len(events)) || !got.Coverage.Complete {
					t.Errorf("%d of %d rows, complete: %t", got.Coverage.Rows, len(events), got.Coverage.Complete)
				}
			})
		})
	}
}
