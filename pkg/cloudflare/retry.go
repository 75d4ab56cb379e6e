package cloudflare

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"
)

// retryPolicy bounds how often and how fast a call is tried again.
type retryPolicy struct {
	attempts int
	// timeouts are those of the first, second … attempt: one that hangs must not
	// eat the caller's whole time, one that is slow must get through.
	timeouts []time.Duration
	backoff  time.Duration // of the first retry; doubled for each further one
	most     time.Duration // of one backoff
}

var defaultRetryPolicy = retryPolicy{
	attempts: 3,
	timeouts: []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second},
	backoff:  250 * time.Millisecond,
	most:     5 * time.Second,
}

// do makes a call, and makes it again where that can help: every call here only
// reads. It returns nil or an *Error.
func (c *Client) do(ctx context.Context, b *budget, k call) error {
	for n := 0; ; n++ {
		retryAt, err := c.try(ctx, b, k, n)
		if err == nil {
			return nil
		}
		if retryAt.IsZero() || n+1 >= c.policy.attempts {
			return err
		}
		if wait := retryAt.Sub(c.now()); wait > remaining(ctx) || !pause(ctx, wait) {
			if failed := ctx.Err(); failed != nil {
				return contextError(ctx)
			}
			return err
		}
	}
}

// try makes attempt n of a call within the budget. On failure retryAt is when
// another attempt makes sense, zero if never.
func (c *Client) try(ctx context.Context, b *budget, k call, n int) (retryAt time.Time, failed error) {
	asked := c.now()
	ticket, failed := b.take(ctx)
	started := c.now()
	seen := Observation{API: b.api, Wait: started.Sub(asked)}
	if failed != nil {
		seen.Refused = true
		seen.Kind = kindOf(failed)
		c.observe(ctx, seen)
		return time.Time{}, failed
	}
	TraceOf(ctx).attempt(k.text, n == 0)
	limited, cancel := context.WithTimeout(ctx, c.timeout(ctx, n))
	header, size, err := c.attempt(limited, k)
	cancel()
	now := c.now()
	if err != nil && ctx.Err() != nil {
		err = contextError(ctx)
	}
	refused := err != nil && err.Kind == KindRateLimit
	if blocked := b.giveBack(ticket, header, refused); refused {
		errRateLimit(err, blocked, now)
	}
	seen.Duration, seen.Bytes = now.Sub(started), size
	if err == nil {
		c.observe(ctx, seen)
		return time.Time{}, nil
	}
	seen.Kind = err.Kind
	c.observe(ctx, seen)
	if retryAt = c.retryTime(err, n, now); !retryAt.IsZero() {
		if after, ok := readRetryAfter(header, now); ok && err.Kind == KindUnavailable {
			err.RetryAt = after
			retryAt = later(retryAt, after)
		}
	}
	return retryAt, err
}

func (c *Client) observe(ctx context.Context, o Observation) {
	if c.config.Observer != nil {
		c.config.Observer(ctx, o)
	}
}

func kindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindUnavailable
}

// timeout is that of attempt n. While more attempts are left it keeps a third of
// the caller's time for them.
func (c *Client) timeout(ctx context.Context, n int) time.Duration {
	most := c.policy.timeouts[min(n, len(c.policy.timeouts)-1)]
	if deadline, ok := ctx.Deadline(); ok && n+1 < c.policy.attempts {
		most = min(most, time.Until(deadline)*2/3)
	}
	return most
}

// retryTime is when a failed call should be made again; zero if it should not.
func (c *Client) retryTime(err *Error, n int, now time.Time) time.Time {
	if err.Kind == KindRateLimit {
		return err.RetryAt
	}
	again := false
	switch {
	case err.Kind == KindMalformed:
		again = err.Status < 300 || err.Status > 399
	case err.Kind == KindUnavailable, err.Kind == KindTimeout:
		again = !lasting(err.Err)
	case slices.Contains(err.Codes, 10000), slices.Contains(err.Codes, 10001):
		// Cloudflare returns these for valid tokens now and then, under
		// concurrency and while a token is new.
		again = n == 0
	}
	if !again {
		return time.Time{}
	}
	wait := min(c.policy.backoff<<n, c.policy.most)
	return now.Add(wait/2 + rand.N(wait/2+1))
}

// pause waits; false if the context ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
