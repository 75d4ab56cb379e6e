package surface_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

// A filter that Cloudflare applies also finds what lies beyond all that a query may
// scan, however much of that is in memory already.
func TestFiltersBeyondWhatMayBeScanned(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from := lab.Noon.Add(-48 * time.Hour)
		events := account.NewEvents(20_000, from, lab.Noon, 1)
		l := lab.New(t, account.Config{Events: events}, func(c *surface.Config) { c.MaxRows = 3000 })
		l.Ask(t, `{"groupBy":["outcome"]}`, lab.Noon.Add(-6*time.Hour), lab.Noon)
		l.Ask(t, `{"groupBy":["outcome"]}`, lab.Noon.Add(-9*time.Hour), lab.Noon)
		oldest := events[0]
		res := l.Ask(t, `{"filters":[{"field":"ray_id","operator":"=","values":["`+oldest.RayID+`"]}]}`, from, lab.Noon)
		require.True(t, res.Coverage.Complete, "%v", res.Notices)
		require.Equal(t, []string{oldest.RayID}, lab.Rays(t, res.Table))
	})
}
