package cloudflare

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// Bounds of what a Trace keeps.
const (
	maxTracedCalls = 32
	maxTracedText  = 4000
)

// Trace collects the calls made under one context. It is safe for concurrent
// use; the zero value is ready.
type Trace struct {
	// OnRows is told how many rows each answer held, also after the query that
	// asked has ended; nil means nobody. It must not block.
	OnRows   func(rows int)
	mu       sync.Mutex
	attempts int
	requests []string
	omitted  int
}

// Received tells of the rows of an answer. A nil Trace ignores them.
func (t *Trace) Received(rows int) {
	if t != nil && t.OnRows != nil {
		t.OnRows(rows)
	}
}

// Calls is the number of calls that reached out to Cloudflare, tries counted.
func (t *Trace) Calls() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.attempts
}

// Requests are the calls as Cloudflare sees them, without credentials: method,
// path and query or body. A call that was tried again is listed once; past a
// few dozen calls a last line says how many more there were.
func (t *Trace) Requests() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := slices.Clone(t.requests)
	if t.omitted > 0 {
		list = append(list, fmt.Sprintf("… and %d more calls", t.omitted))
	}
	return list
}

func (t *Trace) attempt(text string, first bool) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.attempts++
	switch {
	case !first:
	case len(t.requests) < maxTracedCalls:
		t.requests = append(t.requests, bounded(text, maxTracedText))
	default:
		t.omitted++
	}
}

type contextKey int

const (
	traceKey contextKey = iota
	priorityKey
)

// WithTrace makes calls under the context report to t.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey, t)
}

// TraceOf returns the context's Trace, or nil.
func TraceOf(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey).(*Trace)
	return t
}

// WithPriority gives calls under the context their place in the queue for the
// budget. Without it they are Interactive.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey, p)
}

// PriorityOf is the place of calls under the context in the queue.
func PriorityOf(ctx context.Context) Priority {
	p, _ := ctx.Value(priorityKey).(Priority)
	return p
}
