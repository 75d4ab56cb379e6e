package cloudflare

import (
	"context"
	"errors"
	"slices"
	"time"
)

// patience is how long a call without a deadline waits for the budget.
const patience = 30 * time.Second

// waiter is a call in the queue for the budget.
type waiter struct {
	class  Priority
	until  time.Time // on the budget's clock
	turn   time.Time // as last foreseen; zero while only running calls are ahead
	spent  *spending
	ticket *ticket
	err    *Error
	done   chan struct{} // closed once ticket or err is set
}

// take waits for a ticket, calls of alert rules before interactive ones, and these
// before background ones; enqueue says who goes first among equals. It fails
// at once if the ticket would come after the caller's deadline, with the time at
// which it would succeed.
func (b *budget) take(ctx context.Context) (*ticket, *Error) {
	w := &waiter{class: PriorityOf(ctx), done: make(chan struct{})}
	b.mu.Lock()
	spent, refused := b.spend(SpenderOf(ctx))
	if refused != nil {
		b.mu.Unlock()
		return nil, refused
	}
	w.spent, w.until = spent, b.now().Add(remaining(ctx))
	b.enqueue(w)
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
			b.discard(w.ticket)
		}
	default:
		b.remove(w)
		b.unspend(w.spent)
		if now := b.now(); !w.turn.IsZero() && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, errBudget(b.api, w.class, later(w.turn, now), now)
		}
	}
	return nil, contextError(ctx)
}

// enqueue puts a waiter behind those of its class. What is nice to know beside an
// answer goes before them: the answer waits for these few calls alone, and only for a
// moment, while a scan that is under way can keep the queue full for longer. The
// allowance bounds what goes ahead. The mutex is held.
func (b *budget) enqueue(w *waiter) {
	queue := b.waiting[w.class]
	place := len(queue)
	if w.beside() {
		if i := slices.IndexFunc(queue, func(other *waiter) bool { return !other.beside() }); i >= 0 {
			place = i
		}
	}
	b.waiting[w.class] = slices.Insert(queue, place, w)
}

func (w *waiter) beside() bool { return w.spent != nil && w.spent.Purpose == Enrichment }

// remaining is how long the caller waits at most.
func remaining(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline)
	}
	return patience
}

// cancel gives back a ticket that was never used.
func (b *budget) cancel(t *ticket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.discard(t)
}

// discard is cancel while the mutex is held.
func (b *budget) discard(t *ticket) {
	b.inFlight--
	b.unspend(t.spent)
	if b.probe == t {
		b.probe = nil
	}
	b.pump()
}

func (b *budget) remove(w *waiter) {
	for class, queue := range b.waiting {
		b.waiting[class] = slices.DeleteFunc(queue, func(other *waiter) bool { return other == w })
	}
}

// pump lets every call go that may go, fails those that wait in vain, and sets
// the timer for the rest. The mutex is held.
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
		ok, at := b.admissible(now, w.class)
		if !ok {
			b.giveUp(now, at)
			b.arm(now, at)
			return
		}
		if !w.turn.IsZero() && b.late(w, now) {
			b.settle(w, nil, errBudget(b.api, w.class, now, now))
			continue
		}
		b.inFlight++
		t := &ticket{start: now, spent: w.spent}
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

func (b *budget) settle(w *waiter, t *ticket, err *Error) {
	b.remove(w)
	w.ticket, w.err = t, err
	if err != nil {
		b.unspend(w.spent)
	}
	close(w.done)
}

// late says whether a call that goes at a time would be answered after the caller's
// deadline: one that is let go and then broken off is lost to everybody.
func (b *budget) late(w *waiter, at time.Time) bool { return at.Add(b.took).After(w.until) }

// giveUp fails the waiters whose turn comes too late for them.
func (b *budget) giveUp(now, at time.Time) {
	if at.IsZero() {
		return
	}
	place := 0
	for class := range b.waiting {
		for _, w := range slices.Clone(b.waiting[class]) {
			place++
			if w.turn = b.turn(place, at, w.class); b.late(w, w.turn) {
				b.settle(w, nil, errBudget(b.api, w.class, w.turn, now))
				place--
			}
		}
	}
}

// turn is when the call at a place in the queue may go, given when the first may.
// It assumes that nobody else spends from the limit.
func (b *budget) turn(place int, at time.Time, class Priority) time.Time {
	if len(b.quotas) == 0 {
		if at.Equal(b.blocked) || place > len(b.ends) {
			return at
		}
		return later(at, b.ends[place-1].Add(b.window))
	}
	turn := at
	for _, s := range b.quotas {
		each := max(s.limit-b.kept(s.limit, class), 1)
		turn = later(turn, at.Add(time.Duration((place-1)/each)*s.window))
	}
	return turn
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
