package account

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// limiter counts calls in windows of LimitWindow and refuses those beyond the
// limit, and then all until LimitWindow has passed, as Cloudflare does
// (https://developers.cloudflare.com/fundamentals/api/reference/limits/).
type limiter struct {
	limit int

	mu           sync.Mutex
	ends         time.Time // of the window
	used         int
	calls        int
	refusedCalls int
}

// admit counts a call, writes the rate-limit headers and says whether the call
// may go on.
func (l *limiter) admit(h http.Header) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.After(l.ends) {
		l.ends, l.used = now.Add(LimitWindow), 0
	}
	l.calls++
	l.used++
	left := l.limit - l.used
	reset := int(l.ends.Sub(now).Seconds()) + 1
	h.Set("Ratelimit-Policy", fmt.Sprintf(`"default";q=%d;w=%d`, l.limit, int(LimitWindow.Seconds())))
	h.Set("Ratelimit", fmt.Sprintf(`"default";r=%d;t=%d`, max(left, 0), reset))
	if left >= 0 {
		return true
	}
	l.refusedCalls++
	l.ends = now.Add(LimitWindow)
	h.Set("Retry-After", fmt.Sprint(int(LimitWindow.Seconds())))
	return false
}

func (l *limiter) counts() (calls, refused int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls, l.refusedCalls
}
