package eventlog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

// An upstream that pays no heed to the size of a page is not cut: nothing tells which
// rows would be left out.
func TestFarMoreRowsThanWereAskedForAreRefused(t *testing.T) {
	row := `{"created_at":"2026-06-01T11:59:59Z"},`
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, answering("["+strings.TrimSuffix(strings.Repeat(row, 10_001), ",")+"]"))
		_, err := l.Query(t.Context(), lab.Request(t, `{"groupBy":["country"]}`, noon.Add(-time.Minute), noon))
		if cloudflare.KindOf(err) != cloudflare.KindMalformed || !strings.Contains(err.Error(), "far more events") {
			t.Error(err)
		}
	})
}

// Rows that take far more memory than rows do end a scan before the memory does.
func TestRowsThatOutgrowTheMemoryEndTheScan(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		events := account.NewEvents(5_000, noon.Add(-12*time.Hour), noon.Add(-time.Hour), 1)
		for i := range events {
			row := events[i].Members()
			row["app_name"] = fmt.Sprintf("%d%s", i, strings.Repeat("x", 20_000))
			events[i] = account.EventOf(row)
		}
		l := lab.New(t, holding(events), func(c *surface.Config) { c.Limit, c.MaxRows = 1<<20, 100_000 })
		res := l.Ask(t, `{"format":"time_series"}`, noon.Add(-12*time.Hour), noon)
		if c := res.Coverage; c.Reason != answer.ReasonMaxRows || c.Rows == 0 || c.Rows == 5_000 {
			t.Errorf("%+v", c)
		}
		if len(res.Notices) == 0 || !strings.Contains(res.Notices[0].Text, "more memory than") {
			t.Errorf("%v", res.Notices)
		}
		if kept := l.Stats().Bytes; kept > 1<<20 {
			t.Errorf("%d bytes are kept", kept)
		}
	})
}
