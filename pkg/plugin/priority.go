package plugin

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/settings"
)

const (
	// refreshWithin is how long after a query the same query can be its refresh.
	refreshWithin = 15 * time.Minute
	// maxRecentQueries bounds what is remembered. Beyond it, a refresh can pass for
	// a new query.
	maxRecentQueries = 4096
)

// refreshDetector tells a refresh from a new query by what each user asked a
// short time ago, because Grafana does not say which of the two a request is. When
// the budget is short, a user who already sees an earlier answer can wait; a user
// who sees nothing cannot.
type refreshDetector struct {
	now  func() time.Time
	seed maphash.Seed
	mu   sync.Mutex
	// recent is by a hash of user and query, which holds nothing personal.
	recent *simplelru.LRU[uint64, recentQuery]
}

type recentQuery struct {
	timeRange backend.TimeRange
	at        time.Time
}

func newRefreshDetector(now func() time.Time) *refreshDetector {
	recent, err := simplelru.NewLRU[uint64, recentQuery](maxRecentQueries, nil)
	if err != nil {
		panic(err) // It fails only for a size of 0.
	}
	return &refreshDetector{now: now, seed: maphash.MakeSeed(), recent: recent}
}

// priority is a query's place in the queue for the budget. A query that its user
// asked a short time ago, over a range that has since moved on, is a refresh.
// Alert evaluations are not: one that fails notifies somebody. As with roles, the
// header that marks them counts for who could not have sent it only, or may do anything.
func (d *refreshDetector) priority(user *backend.User, q backend.DataQuery, alert bool) cloudflare.Priority {
	switch {
	case alert && roleOf(user, alert) == settings.Admin:
		return cloudflare.Alert
	case alert:
		return cloudflare.Interactive
	}
	var h maphash.Hash
	h.SetSeed(d.seed)
	if user != nil {
		_, _ = h.WriteString(user.Login)
	}
	_ = h.WriteByte(0)
	_, _ = h.Write(q.JSON)
	key, now, next := h.Sum64(), d.now(), q.TimeRange
	d.mu.Lock()
	defer d.mu.Unlock()
	last, ok := d.recent.Get(key)
	d.recent.Add(key, recentQuery{next, now})
	movedOn := !next.From.Before(last.timeRange.From) && !next.To.Before(last.timeRange.To) && next.From.Before(last.timeRange.To)
	if ok && movedOn && now.Sub(last.at) <= refreshWithin {
		return cloudflare.Background
	}
	return cloudflare.Interactive
}
