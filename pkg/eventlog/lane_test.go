package eventlog_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
)

// A quiet evening says nothing of the office hours before it: lanes that have
// nothing to do must take over a part of them.
func TestOfficeHoursAreScannedInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quiet := spread(4000, epoch.Add(-24*time.Hour), epoch, 1)
		office := relabel(spread(40_000, epoch.Add(-16*time.Hour), epoch.Add(-14*time.Hour), 2))
		u := newUpstream(personality{}, append(quiet, office...), 1)
		u.before = func(context.Context, eventlog.PageRequest) error {
			time.Sleep(time.Second)
			return nil
		}
		l := newLog(t, u)
		r := ask(t, u, `{"groupBy":["country"]}`, epoch.Add(-24*time.Hour), epoch)
		started := time.Now()
		res, err := l.Query(context.Background(), r, u.source())
		if err != nil {
			t.Fatal(err)
		}
		if res.Coverage.Rows != 44_000 || u.count() > 62 {
			t.Errorf("%d rows, %d calls", res.Coverage.Rows, u.count())
		}
		if took := time.Since(started); took > 44*time.Second/4 {
			t.Errorf("pages of a second each took %s, one after the other 44 s", took)
		}
	})
}
