// Package surface says how to fetch each query type: one file a surface. A
// surface registers itself under the name of its catalogue file, so that adding
// a query type is one JSON file and one Go file.
package surface

import (
	"context"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Surface answers the questions of one query type.
type Surface interface {
	// Query fetches what the request needs and answers it. The result is the
	// caller's own: nothing in it is shared with the event log. Calls made are
	// counted in the context's cloudflare.Trace.
	Query(ctx context.Context, r *query.Request) (*eventlog.Result, error)
	// Close frees what the surface keeps and ends what it started.
	Close()
}

// Config is what surfaces share. Everything in it belongs to one data source.
type Config struct {
	Client    *cloudflare.Client
	AccountID string
	// CacheLimit is the most bytes that all surfaces together keep; 0: nothing.
	CacheLimit int64
	// SealAfter is the age after which Cloudflare is taken to have delivered all.
	SealAfter time.Duration
	// MaxRows is the most events that one query scans.
	MaxRows int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// events keeps what all surfaces keep, within CacheLimit; the Set owns it.
	events *eventlog.Log
}

// constructors by query type; filled by each surface's init.
var constructors = map[string]func(Config, *Directory) Surface{}

func register(queryType string, construct func(Config, *Directory) Surface) {
	constructors[queryType] = construct
}

// Set holds the surfaces of one data source.
type Set struct {
	config    Config
	surfaces  map[string]Surface
	directory *Directory
}

// NewSet makes every registered surface.
func NewSet(c Config) *Set {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.events = eventlog.New(eventlog.Config{Limit: c.CacheLimit, SealAfter: c.SealAfter, MaxRows: c.MaxRows, Now: c.Now})
	s := &Set{config: c, surfaces: map[string]Surface{}, directory: newDirectory(c)}
	for name, construct := range constructors {
		s.surfaces[name] = construct(c, s.directory)
	}
	return s
}

// Surface finds the surface of a query type.
func (s *Set) Surface(queryType string) (Surface, bool) {
	found, ok := s.surfaces[queryType]
	return found, ok
}

// Directory looks up users, applications and the like.
func (s *Set) Directory() *Directory { return s.directory }

// Stats says how much all surfaces together keep.
func (s *Set) Stats() eventlog.Stats { return s.config.events.Stats() }

// Close frees all surfaces.
func (s *Set) Close() {
	for _, surface := range s.surfaces {
		surface.Close()
	}
	s.config.events.Close()
}
