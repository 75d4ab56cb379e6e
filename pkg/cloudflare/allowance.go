package cloudflare

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Purpose says what calls are for. What is not for a query has an allowance: a
// small part of the budget that it cannot go beyond, so that it never takes from
// queries and alerts.
type Purpose int

// Purposes.
const (
	// Queries may use all of the budget.
	Queries Purpose = iota
	// Lookups serve suggestions and lists to choose from.
	Lookups
	// Enrichment serves what is nice to know beside an answer, such as names of IDs.
	Enrichment
)

const (
	// allowancePart of a limit (one in so many) is what a purpose may use of it.
	allowancePart = 10
	// minAllowance is what is left to a purpose of a small limit, up to half of it:
	// an account's lists take a call each.
	minAllowance = 8
	// callerPart of an allowance (one in so many) is what one caller may use, so that
	// nobody takes it from all others.
	callerPart = 2
)

// Spender is who makes calls, and for what. The zero Spender has no allowance to
// keep to.
type Spender struct {
	Purpose Purpose
	// Caller tells people apart; empty for nobody in particular, who may use the
	// allowance as a whole.
	Caller string
}

// WithSpender makes calls under the context keep to an allowance.
func WithSpender(ctx context.Context, s Spender) context.Context {
	return context.WithValue(ctx, spenderKey, s)
}

// WithSharedSpender makes calls under the context keep to the allowance that
// current names at the moment they ask: a fetch that a query has joined goes on as
// the query's.
func WithSharedSpender(ctx context.Context, current func() Spender) context.Context {
	return context.WithValue(ctx, spenderKey, current)
}

// SpenderOf is who makes calls under the context.
func SpenderOf(ctx context.Context) Spender {
	s, _ := valueNow[Spender](ctx, spenderKey)
	return s
}

// Join is the spender of what both need. Once a query needs it, it is the query's.
func (s Spender) Join(other Spender) Spender {
	switch {
	case s == other:
		return s
	case s.Purpose == Queries || other.Purpose == Queries:
		return Spender{}
	}
	return Spender{Purpose: s.Purpose}
}

var errAllowance = errors.New("the allowance is used up")

// BeyondAllowance says that a call was not made because its purpose has used up
// its allowance. Calls for other purposes can still be made.
func BeyondAllowance(err error) bool { return errors.Is(err, errAllowance) }

var errLeftToAlerts = errors.New("the rest of the limit is left to alert rules and others")

var errBound = errors.New("the calls of one question are used up")

// BeyondBound says that a call was not made because it would have been beyond the
// bound of its Trace.
func BeyondBound(err error) bool { return errors.Is(err, errBound) }

// OthersMayCall says that a call was not made for whom it was, but that it may still be
// made under the context: what another purpose may not ask for any more a query still
// may, an alert rule what a query may not, and who has calls left what a question
// without may not.
func OthersMayCall(ctx context.Context, err error) bool {
	return BeyondAllowance(err) && SpenderOf(ctx).Purpose == Queries ||
		errors.Is(err, errLeftToAlerts) && PriorityOf(ctx) == Alert ||
		BeyondBound(err) && TraceOf(ctx).Left() > 0
}

// spending is a call that counts against an allowance from when it is asked for
// until a window after its end.
type spending struct {
	Spender
	ended time.Time // zero while the call waits or runs
}

// rate is a number of calls in a window.
type rate struct {
	calls  int
	window time.Duration
}

// allowances are what a purpose may use of each limit that is known.
func (b *budget) allowances() []rate {
	limits := []rate{{b.limit, b.window}}
	for _, q := range b.quotas {
		limits = append(limits, rate{q.limit, q.window})
	}
	for i, l := range limits {
		limits[i].calls = max(l.calls/allowancePart, min(minAllowance, l.calls/2), 1)
	}
	return limits
}

// spend counts a call against its spender's allowance, or refuses it at once: the
// wait would seldom end before the caller gives up. It is nil for who has none to
// keep to. The mutex is held.
func (b *budget) spend(who Spender) (*spending, *Error) {
	if who.Purpose == Queries {
		return nil, nil
	}
	now, longest := b.now(), time.Duration(0)
	for _, allowed := range b.allowances() {
		longest = max(longest, allowed.window)
		all, at := b.spentIn(now, allowed.window, func(s Spender) bool { return s.Purpose == who.Purpose })
		if all >= allowed.calls {
			return nil, errBeyondAllowance(who.Purpose, at, now)
		}
		own, at := b.spentIn(now, allowed.window, func(s Spender) bool { return s == who })
		if who.Caller != "" && own >= max(allowed.calls/callerPart, 1) {
			return nil, errBeyondAllowance(who.Purpose, at, now)
		}
	}
	b.spendings = slices.DeleteFunc(b.spendings, func(s *spending) bool { return !s.counts(now, longest) })
	s := &spending{Spender: who}
	b.spendings = append(b.spendings, s)
	return s, nil
}

func (s *spending) counts(now time.Time, window time.Duration) bool {
	return s.ended.IsZero() || s.ended.Add(window).After(now)
}

// spentIn counts the calls in the window that has just passed, and says when the
// first of them stops counting; a whole window from now where all of them run.
func (b *budget) spentIn(now time.Time, window time.Duration, by func(Spender) bool) (calls int, at time.Time) {
	at = now.Add(window)
	for _, s := range b.spendings {
		if by(s.Spender) && s.counts(now, window) {
			calls++
			if end := s.ended.Add(window); !s.ended.IsZero() && end.Before(at) {
				at = end
			}
		}
	}
	return calls, at
}

// unspend forgets a call that was not made. The mutex is held.
func (b *budget) unspend(s *spending) {
	b.spendings = slices.DeleteFunc(b.spendings, func(other *spending) bool { return other == s })
}
