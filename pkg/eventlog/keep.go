package eventlog

import (
	"container/list"
	"slices"
	"time"
)

// Kept is what a surface knows of a span of time and keeps in the log in a form
// of its own. It counts towards the log's limit like events do, and the least
// recently used of both goes first. It is read-only.
type Kept struct {
	// From is the first instant of the span, To the first after it.
	From, To time.Time
	Value    any
	// Bytes that the value occupies, and the rows in it.
	Bytes int64
	Rows  int
	// Until is when it no longer holds; zero: it holds for good.
	Until time.Time
	// Divisible says that it answers for any part of its span too.
	Divisible bool
}

// keptEntry is a Kept on its shelf. The log's mutex guards it.
type keptEntry struct {
	Kept
	shelf string
	used  int64
	size  int64
	place *list.Element
}

// keptOverhead is about what an entry occupies beside its value.
const keptOverhead = 250

// expired says that what is kept no longer holds.
func (e *keptEntry) expired(now time.Time) bool { return !e.Until.IsZero() && !now.Before(e.Until) }

// Keep puts what is known of a span on a shelf, in place of what is there for the
// same span, or if it is divisible for parts of it. What does not fit is not kept.
func (l *Log) Keep(shelf string, k Kept) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	for _, old := range slices.Clone(l.shelves[shelf]) {
		same := old.From.Equal(k.From) && old.To.Equal(k.To)
		inside := k.Divisible && !old.From.Before(k.From) && !old.To.After(k.To)
		// What holds longer stays.
		outlived := k.Until.IsZero() || !old.Until.IsZero() && !old.Until.After(k.Until)
		if (same || inside) && outlived {
			l.forget(old)
		}
	}
	e := &keptEntry{Kept: k, shelf: shelf, size: k.Bytes + int64(len(shelf)) + keptOverhead}
	if l.closed || e.expired(l.config.Now()) || e.size > l.config.Limit/2 {
		return
	}
	l.tick++
	e.used = l.tick
	e.place = l.recent.PushFront(e)
	l.shelves[shelf] = append(l.shelves[shelf], e)
	if !k.Until.IsZero() {
		l.expiring[e] = struct{}{}
	}
	l.size += e.size
	l.evict()
}

// Kept finds what a shelf has of a span and still holds, and marks it as used.
func (l *Log) Kept(shelf string, from, to time.Time) []Kept {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.config.Now()
	var found []Kept
	l.tick++
	for _, e := range l.shelves[shelf] {
		if e.From.Before(to) && from.Before(e.To) && !e.expired(now) {
			e.used = l.tick
			l.recent.MoveToFront(e.place)
			found = append(found, e.Kept)
		}
	}
	return found
}

// leastUsed is the entry that was not used for longest; nil without any. The
// mutex is held.
func (l *Log) leastUsed() *keptEntry {
	if last := l.recent.Back(); last != nil {
		return last.Value.(*keptEntry)
	}
	return nil
}

// sweep forgets what no longer holds. The mutex is held.
func (l *Log) sweep() {
	now := l.config.Now()
	for e := range l.expiring {
		if e.expired(now) {
			l.forget(e)
		}
	}
}

// forget removes an entry. The mutex is held.
func (l *Log) forget(e *keptEntry) {
	l.recent.Remove(e.place)
	delete(l.expiring, e)
	l.size -= e.size
	rest := slices.DeleteFunc(l.shelves[e.shelf], func(o *keptEntry) bool { return o == e })
	if len(rest) == 0 {
		delete(l.shelves, e.shelf)
		return
	}
	l.shelves[e.shelf] = rest
}
