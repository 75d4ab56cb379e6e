package eventlog

import (
	"container/list"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config of a Log.
type Config struct {
	// Limit is the most bytes that are kept between queries, of events and of what
	// surfaces keep in forms of their own together; 0: none.
	Limit int64
	// SealAfter is the age after which Cloudflare is taken to have delivered all.
	SealAfter time.Duration
	// MaxRows is the most events that one query scans.
	MaxRows int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Log keeps what Cloudflare said to one data source: the events of finished
// spans of time, by source. Queries for the same events share one fetch. Nothing
// in it is shared with another Log.
type Log struct {
	config  Config
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	feeds  map[string]*feed
	habits map[string]*habits
	// shelves are what surfaces keep: recent has all of it, last used first, and
	// expiring what holds for a time only.
	shelves  map[string][]*keptEntry
	recent   *list.List
	expiring map[*keptEntry]struct{}
	size     int64 // of events and of what is kept
	tick     int64
	closed   bool
}

const defaultMaxRows = 100_000

// errClosed answers queries that were at work when their data source went.
var errClosed = errors.New("the data source was changed or removed while the query ran; run it again")

// New makes an empty Log.
func New(c Config) *Log {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.MaxRows <= 0 {
		c.MaxRows = defaultMaxRows
	}
	l := &Log{config: c, habits: map[string]*habits{}}
	l.empty()
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
	l.empty()
}

// empty forgets everything. The mutex is held.
func (l *Log) empty() {
	l.feeds, l.size = map[string]*feed{}, 0
	l.shelves, l.recent, l.expiring = map[string][]*keptEntry{}, list.New(), map[*keptEntry]struct{}{}
}

// Stats says how much a Log holds.
type Stats struct {
	// Bytes and Events are what is kept; groups of events count as one.
	Bytes  int64
	Events int
}

// Stats of the log.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	s := Stats{Bytes: l.size}
	for _, f := range l.feeds {
		for _, seg := range f.segments {
			s.Events += seg.rows.len()
		}
	}
	for at := l.recent.Front(); at != nil; at = at.Next() {
		s.Events += at.Value.(*keptEntry).Rows
	}
	return s
}

// feed finds or makes the feed of a source with pushed filters. The mutex is held.
func (l *Log) feed(s Source, pushed map[string]string) *feed {
	var key strings.Builder
	key.WriteString(s.Key)
	for _, name := range slices.Sorted(maps.Keys(pushed)) {
		key.WriteString("\x00" + name + "\x01" + pushed[name])
	}
	if f, ok := l.feeds[key.String()]; ok {
		return f
	}
	h := l.habits[s.Key]
	if h == nil {
		h = newHabits()
		// Sources without a time range have no habits worth keeping.
		if !s.Whole {
			l.habits[s.Key] = h
		}
	}
	f := &feed{key: key.String(), pushed: pushed, layout: newLayout(s.Type), habits: h, leases: map[*demand]span{}, changed: make(chan struct{})}
	l.feeds[f.key] = f
	return f
}
