package cloudflare

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
)

// A Trace keeps so many calls, and so many characters of each.
const (
	maxTracedCalls = 32
	maxTracedText  = 4000
)

// Trace collects the calls made under one context. It is safe for concurrent
// use; the zero value is ready.
type Trace struct {
	// OnRows, if any, is told how many rows each answer held, even after the query
	// that asked has ended. It must not block.
	OnRows   func(rows int)
	mu       sync.Mutex
	attempts int
	most     int // 0: any number
	requests []string
	omitted  int
}

// Received reports the rows of an answer. A nil Trace ignores them.
func (t *Trace) Received(rows int) {
	if t != nil && t.OnRows != nil {
		t.OnRows(rows)
	}
}

// Calls is the number of calls to Cloudflare. Every attempt counts.
func (t *Trace) Calls() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.attempts
}

// Bound has every attempt fail that would be one more than most under the Trace;
// 0 is for no bound.
func (t *Trace) Bound(most int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.most = most
}

// Left is how many calls may still be made; math.MaxInt without a bound.
func (t *Trace) Left() int {
	if t == nil {
		return math.MaxInt
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.most == 0 {
		return math.MaxInt
	}
	return max(t.most-t.attempts, 0)
}

// Requests are the calls as Cloudflare sees them, without credentials: method,
// path, and query or body. A call with several attempts is listed once. After a
// few dozen calls, a last line says how many more there were.
func (t *Trace) Requests() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := slices.Clone(t.requests)
	if t.omitted > 0 {
		list = append(list, fmt.Sprintf("… and %d more calls", t.omitted))
	}
	return list
}

// attempt counts an attempt; ok is false where it would be beyond the bound.
func (t *Trace) attempt(text string, first bool) (ok bool) {
	if t == nil {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.most > 0 && t.attempts >= t.most {
		return false
	}
	t.attempts++
	switch {
	case !first:
	case len(t.requests) < maxTracedCalls:
		t.requests = append(t.requests, bounded(text, maxTracedText))
	default:
		t.omitted++
	}
	return true
}

type contextKey int

const (
	traceKey contextKey = iota
	priorityKey
	spenderKey
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

// WithSharedPriority gives calls under the context the priority that current
// names at the moment they ask: a fetch that several queries share is as urgent
// as the most urgent query that waits for it.
func WithSharedPriority(ctx context.Context, current func() Priority) context.Context {
	return context.WithValue(ctx, priorityKey, current)
}

// PriorityOf is the place of calls under the context in the queue.
func PriorityOf(ctx context.Context) Priority {
	if p, ok := valueNow[Priority](ctx, priorityKey); ok {
		return p
	}
	return Interactive
}

// valueNow is the context's value at this moment: the value itself, or what the function
// in its place names.
func valueNow[T any](ctx context.Context, key contextKey) (value T, ok bool) {
	switch v := ctx.Value(key).(type) {
	case T:
		return v, true
	case func() T:
		return v(), true
	}
	return value, false
}
