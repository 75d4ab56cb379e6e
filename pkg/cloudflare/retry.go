package cloudflare

import (
	"context"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// retryPolicy bounds how often and how fast a call is tried again.
type retryPolicy struct {
	attempts int
	// timeouts are those of the first, second … attempt: one that hangs must not
	// use up the caller's whole time, and one that is slow must get through.
	timeouts []time.Duration
	// backoff is the mean pause before the second attempt. Later ones are longer.
	backoff time.Duration
}

var defaultRetryPolicy = retryPolicy{
	attempts: 3,
	timeouts: []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second},
	backoff:  250 * time.Millisecond,
}

// do makes a call, and makes it again where that can help: every call here only
// reads. It returns nil or an *Error.
func (c *Client) do(ctx context.Context, b *budget, k call) error {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval = c.policy.backoff
	var failed *Error
	for n := 0; ; n++ {
		retryAt, err := c.try(ctx, b, k, n, pauses.NextBackOff())
		if err == nil {
			return nil
		}
		if n > 0 && BeyondBound(err) {
			return failed // What went wrong says more than that it wasn't tried again.
		}
		failed = err
		if retryAt.IsZero() || n+1 >= c.policy.attempts {
			return err
		}
		if wait := retryAt.Sub(c.now()); wait > remaining(ctx) || !sleep(ctx, wait) {
			if ctx.Err() != nil {
				return contextError(ctx)
			}
			return err
		}
	}
}

// try makes attempt n of a call within the budget. On failure, retryAt is when
// another attempt makes sense, at least a pause from now; zero if never.
func (c *Client) try(ctx context.Context, b *budget, k call, n int, pause time.Duration) (retryAt time.Time, err *Error) {
	asked := c.now()
	ticket, err := b.take(ctx)
	started := c.now()
	seen := Observation{API: b.api, Wait: started.Sub(asked)}
	if err != nil {
		seen.Refused, seen.Kind = true, err.Kind
		c.observe(ctx, seen)
		return time.Time{}, err
	}
	if !TraceOf(ctx).attempt(k.text, n == 0) {
		b.cancel(ticket)
		return time.Time{}, errBeyondBound()
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout(ctx, n))
	header, size, err := c.attempt(limited, k)
	cancel()
	now := c.now()
	if err != nil && ctx.Err() != nil {
		err = contextError(ctx)
	}
	if err != nil && c.config.Discreet && err.bare != "" {
		err.Message = err.bare
	}
	refused := err != nil && err.Kind == KindRateLimit
	if blocked := b.giveBack(ticket, header, refused); refused {
		err.refuseUntil(blocked, now)
	}
	seen.Duration, seen.Bytes = now.Sub(started), size
	if err != nil {
		seen.Kind = err.Kind
	}
	c.observe(ctx, seen)
	switch {
	case err == nil || !retryable(err, n):
		return time.Time{}, err
	case refused:
		return err.RetryAt, err
	}
	retryAt = now.Add(pause)
	if after, ok := readRetryAfter(header, now); ok && err.Kind == KindUnavailable {
		err.RetryAt = after
		retryAt = later(retryAt, after)
	}
	return retryAt, err
}

func (c *Client) observe(ctx context.Context, o Observation) {
	if c.config.Observer != nil {
		c.config.Observer(ctx, o)
	}
}

// timeout is that of attempt n. While more attempts are left, it keeps a third of
// the caller's time for them.
func (c *Client) timeout(ctx context.Context, n int) time.Duration {
	most := c.policy.timeouts[min(n, len(c.policy.timeouts)-1)]
	if deadline, ok := ctx.Deadline(); ok && n+1 < c.policy.attempts {
		most = min(most, time.Until(deadline)*2/3)
	}
	return most
}

// retryable says whether a call that failed in attempt n should be made again.
func retryable(err *Error, n int) bool {
	switch {
	case err.Kind == KindRateLimit:
		return true
	case err.Kind == KindMalformed:
		return err.Status < 300 || err.Status > 399
	case Transient(err):
		return !lasting(err.Err)
	case slices.Contains(err.Codes, 10000), slices.Contains(err.Codes, 10001):
		// Cloudflare returns these for valid tokens now and then, under
		// concurrency and while a token is new.
		return n == 0
	}
	return false
}

// sleep waits; false if the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
