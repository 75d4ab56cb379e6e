package plugin

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

const (
	// refreshWithin is how long an answer is taken to be still on a screen.
	refreshWithin = 15 * time.Minute
	// maxScreens bounds what is remembered. Beyond it, a refresh can pass for a
	// question of a person's.
	maxScreens = 4096
)

// screens remembers, for a while, who was shown what, to tell a refresh from a
// question: Grafana does not say which of the two a request is. When the budget
// is short, somebody who looks at yesterday's answer can wait; somebody who looks
// at nothing cannot.
type screens struct {
	now  func() time.Time
	seed maphash.Seed
	mu   sync.Mutex
	// shown is by a hash of user and query, which holds nothing personal.
	shown map[uint64]showing
}

type showing struct {
	window backend.TimeRange
	at     time.Time
}

func newScreens(now func() time.Time) *screens {
	return &screens{now: now, seed: maphash.MakeSeed(), shown: map[uint64]showing{}}
}

// priority is a query's place in the queue for the budget. A query that its user
// asked a short time ago, over a range that has since moved on, is a refresh.
// Alert evaluations are not: one that fails wakes somebody.
func (s *screens) priority(user *backend.User, q backend.DataQuery, alert bool) cloudflare.Priority {
	if alert {
		return cloudflare.Interactive
	}
	var h maphash.Hash
	h.SetSeed(s.seed)
	if user != nil {
		_, _ = h.WriteString(user.Login)
	}
	_ = h.WriteByte(0)
	_, _ = h.Write(q.JSON)
	key, now, window := h.Sum64(), s.now(), q.TimeRange
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.shown[key]
	if !ok && len(s.shown) >= maxScreens {
		s.forget(now)
	}
	s.shown[key] = showing{window, now}
	movedOn := !window.From.Before(last.window.From) && !window.To.Before(last.window.To) && window.From.Before(last.window.To)
	if ok && movedOn && now.Sub(last.at) <= refreshWithin {
		return cloudflare.Background
	}
	return cloudflare.Interactive
}

// forget makes room. The mutex is held.
func (s *screens) forget(now time.Time) {
	for key, last := range s.shown {
		if now.Sub(last.at) > refreshWithin {
			delete(s.shown, key)
		}
	}
	if len(s.shown) >= maxScreens {
		clear(s.shown)
	}
}
