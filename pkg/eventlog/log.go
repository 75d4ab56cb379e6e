// Package eventlog is the one store of what Cloudflare said, and the one way in
// which queries share a fetch: which parts of a time range are known, which have
// to be asked for, and what an answer made of them covers. It knows neither how an
// upstream is scanned nor Grafana's frames.
package eventlog

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// Config of a Log.
type Config struct {
	// Limit is the most bytes that are kept between queries; 0: none.
	Limit int64
	// SealAfter is the age after which Cloudflare is taken to have delivered all.
	SealAfter time.Duration
	// MaxRows is the most events that one query scans.
	MaxRows int
	// Now is the clock.
	Now func() time.Time
}

// Log keeps what Cloudflare said to one data source: the events of finished
// intervals, by source. Queries for the same events share one fetch. Nothing in it
// is shared with another Log.
type Log struct {
	config  Config
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	// verdicts are what was found out about filters that Cloudflare applies, by
	// source and filter.
	verdicts sync.Map

	mu     sync.Mutex
	feeds  map[string]*feed
	size   int64
	tick   int64
	closed bool
}

// errClosed answers queries that were at work when their data source went.
var errClosed = errors.New("the data source was changed or removed while the query ran; run it again")

// New makes an empty Log.
func New(c Config) *Log {
	l := &Log{config: c, feeds: map[string]*feed{}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// Close ends what runs, waits for it, and frees all events.
func (l *Log) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.cancel()
	l.running.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.feeds, l.size = map[string]*feed{}, 0
}

// Stats says how much a Log keeps: rows, of which a group of events is one.
type Stats struct {
	Bytes int64
	Rows  int
}

// Stats of the log.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Stats{Bytes: l.size}
	for _, f := range l.feeds {
		for _, seg := range f.segments {
			s.Rows += seg.rows.Len()
		}
	}
	return s
}

// feed finds or makes the feed of a source with pushed filters. The mutex is held.
func (l *Log) feed(s *Source, pushed map[string]string) *feed {
	var key strings.Builder
	key.WriteString(s.Key)
	for _, name := range slices.Sorted(maps.Keys(pushed)) {
		key.WriteString("\x00" + name + "\x01" + pushed[name])
	}
	f, ok := l.feeds[key.String()]
	if !ok {
		f = &feed{key: key.String(), layout: s.Layout, grain: s.Grain, changing: s.Whole || s.Changing, leases: map[*demand]interval.Interval{}, changed: make(chan struct{})}
		l.feeds[f.key] = f
	}
	return f
}
