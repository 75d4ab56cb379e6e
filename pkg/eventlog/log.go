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
	// KeepFor is the age from which nothing is kept.
	KeepFor time.Duration
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
	// latest is what the clock said last.
	latest int64
	// sweeper runs while anything is kept. What was fetched before forgotten is not
	// kept any more.
	sweeper   *time.Timer
	forgotten int64
}

// now is the clock, in nanoseconds. Where it was set back, what was fetched at times
// that are still to come is dropped: nothing tells how old it is, and it would pass
// for fresh until then. The mutex is held.
func (l *Log) now() int64 {
	now := l.config.Now().UnixNano()
	if now < l.latest-interval.Second {
		for _, f := range maps.Clone(l.feeds) {
			for _, s := range slices.Clone(f.segments) {
				if s.last > now {
					l.remove(f, s)
				}
			}
			l.tidy(f)
		}
		l.forgotten = min(l.forgotten, now)
	}
	l.latest = now
	return now
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
	if l.sweeper != nil {
		l.sweeper.Stop()
	}
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

// Forget frees all events, also those that fetches at work have asked for already.
func (l *Log) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgotten = l.config.Now().UnixNano()
	l.drop(l.forgotten + 1)
	l.verdicts.Clear()
}

// expire frees what is as old as nothing may get. The mutex is held.
func (l *Log) expire() { l.drop(l.config.Now().Add(-l.config.KeepFor).UnixNano() + 1) }

// drop frees what was fetched before an instant, whether it is sealed or a query at work
// needs it. The mutex is held.
func (l *Log) drop(before int64) {
	for _, f := range l.feeds {
		dropped := false
		for _, s := range slices.Clone(f.segments) {
			if s.fetched < before {
				l.remove(f, s)
				dropped = true
			}
		}
		if dropped {
			f.broadcast()
			l.tidy(f)
		}
	}
}

// sweep makes sure that what is kept is freed in time, whether anybody asks or not. The
// mutex is held.
func (l *Log) sweep() {
	if l.sweeper != nil || l.closed {
		return
	}
	oldest := int64(0)
	for _, f := range l.feeds {
		for _, s := range f.segments {
			if oldest == 0 || s.fetched < oldest {
				oldest = s.fetched
			}
		}
	}
	if oldest == 0 {
		return
	}
	due := time.Unix(0, oldest).Add(l.config.KeepFor).Sub(l.config.Now())
	l.sweeper = time.AfterFunc(max(due, time.Second), func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.sweeper = nil
		l.expire()
		l.sweep()
	})
}
