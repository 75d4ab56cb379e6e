package cloudflare

import (
	"context"
	"time"
)

// patience is how long a call without a deadline waits for the budget.
const patience = 30 * time.Second

// waiter is a call in the queue for the budget.
type waiter struct {
	until  time.Time // on the budget's clock
	ticket *ticket
	err    error
	done   chan struct{} // closed once ticket or err is set
}

// take waits for a ticket, interactive calls before background ones. It fails
// at once where the ticket would come after the caller's deadline, with the time
// at which it would succeed.
func (b *budget) take(ctx context.Context) (*ticket, error) {
	w := &waiter{done: make(chan struct{})}
	class := priorityOf(ctx)
	b.mu.Lock()
	w.until = b.now().Add(remaining(ctx))
	b.waiting[class] = append(b.waiting[class], w)
	b.pump()
	b.mu.Unlock()
	select {
	case <-w.done:
		return w.ticket, w.err
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-w.done:
		if w.ticket != nil {
			b.cancel(w.ticket)
		}
	default:
		b.remove(w)
	}
	return nil, contextError(ctx)
}

// remaining is how long the caller waits at most.
func remaining(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline)
	}
	return patience
}

// cancel gives back a ticket that was never used.
func (b *budget) cancel(t *ticket) {
	b.inFlight--
	if b.probe == t {
		b.probe = nil
	}
	b.pump()
}

func (b *budget) remove(w *waiter) {
	for class, queue := range b.waiting {
		for i, other := range queue {
			if other == w {
				b.waiting[class] = append(queue[:i:i], queue[i+1:]...)
				return
			}
		}
	}
}

// pump lets go whoever may go, tells those who wait in vain, and sets the timer
// for the rest. The mutex is held.
func (b *budget) pump() {
	now := b.now()
	for {
		w := b.next()
		if w == nil {
			break
		}
		if b.closed {
			b.settle(w, nil, errClosed())
			continue
		}
		ok, at := b.admissible(now)
		if !ok {
			b.giveUp(now, at)
			b.arm(now, at)
			return
		}
		b.inFlight++
		t := &ticket{start: now}
		if b.unknown {
			b.probe = t
		}
		b.settle(w, t, nil)
	}
	b.arm(now, time.Time{})
}

func (b *budget) next() *waiter {
	for _, queue := range b.waiting {
		if len(queue) > 0 {
			return queue[0]
		}
	}
	return nil
}

func (b *budget) settle(w *waiter, t *ticket, err error) {
	b.remove(w)
	w.ticket, w.err = t, err
	close(w.done)
}

// giveUp fails the waiters whose turn comes after their deadline.
func (b *budget) giveUp(now, at time.Time) {
	if at.IsZero() {
		return
	}
	place := 0
	for class := range b.waiting {
		for _, w := range append([]*waiter(nil), b.waiting[class]...) {
			place++
			if turn := b.turn(place, at); turn.After(w.until) {
				b.settle(w, nil, errBudget(b.api, turn, now))
				place--
			}
		}
	}
}

// turn is when the call at a place in the queue may go, given when the first
// may. It supposes that nobody else spends from the limit.
func (b *budget) turn(place int, at time.Time) time.Time {
	for _, s := range b.quotas {
		if each := s.limit - b.kept(s.limit); each > 0 {
			at = later(at, s.reset.Add(time.Duration((place-1)/each)*s.window))
		}
	}
	if len(b.quotas) == 0 && place <= len(b.ends) {
		at = later(at, b.ends[place-1].Add(b.window))
	}
	return at
}

// arm has pump run again at a time; the zero time disarms.
func (b *budget) arm(now, at time.Time) {
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	if at.IsZero() || b.closed {
		return
	}
	b.timer = time.AfterFunc(max(at.Sub(now), time.Millisecond), func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.pump()
	})
}

func (b *budget) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.pump()
}
