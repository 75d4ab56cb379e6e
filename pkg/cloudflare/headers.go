package cloudflare

import (
	"net/http"
	"strconv"
	"time"

	"github.com/dunglas/httpsfv"
)

const (
	// maxQuotas bounds how many named quotas one answer may report.
	maxQuotas = 16
	// longest bounds every length of time that a header may state.
	longest = 24 * time.Hour
)

// quota is what an answer's headers say of one named rate limit. Parts that the
// headers do not say are negative.
type quota struct {
	limit  int           // q of Ratelimit-Policy
	window time.Duration // w of Ratelimit-Policy
	left   int           // r of Ratelimit
	reset  time.Duration // t of Ratelimit
}

// readQuotas reads, by name, the headers that Cloudflare sends since September
// 2025:
//
//	Ratelimit: "default";r=50;t=30
//	Ratelimit-Policy: "burst";q=100;w=60
//
// Each is a list of RFC 9651. One that does not parse counts as absent.
// https://developers.cloudflare.com/fundamentals/api/reference/limits/
func readQuotas(h http.Header) map[string]quota {
	quotas := map[string]quota{}
	read := func(header string, take func(q *quota, p *httpsfv.Params)) {
		list, err := httpsfv.UnmarshalList(h.Values(header))
		if err != nil {
			return
		}
		for _, member := range list {
			item, _ := member.(httpsfv.Item)
			name, ok := item.Value.(string)
			q, known := quotas[name]
			if !ok || !known && len(quotas) == maxQuotas {
				continue
			}
			if !known {
				q = quota{limit: -1, window: -1, left: -1, reset: -1}
			}
			take(&q, item.Params)
			quotas[name] = q
		}
	}
	read("Ratelimit-Policy", func(q *quota, p *httpsfv.Params) { q.limit, q.window = number(p, "q"), seconds(p, "w") })
	read("Ratelimit", func(q *quota, p *httpsfv.Params) { q.left, q.reset = number(p, "r"), seconds(p, "t") })
	return quotas
}

// number reads a parameter that is a whole number; -1 if it is not there.
func number(p *httpsfv.Params, key string) int {
	value, _ := p.Get(key)
	if n, ok := value.(int64); ok && n >= 0 {
		return int(n)
	}
	return -1
}

// seconds reads a parameter in seconds; -1 if it is not there.
func seconds(p *httpsfv.Params, key string) time.Duration {
	n := number(p, key)
	if n < 0 {
		return -1
	}
	return time.Duration(min(n, int(longest/time.Second))) * time.Second
}

// readRetryAfter reads Retry-After, seconds or an HTTP date; ok is false where
// there is none.
func readRetryAfter(h http.Header, now time.Time) (at time.Time, ok bool) {
	text := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(text, 64); err == nil && s >= 0 && s <= longest.Seconds() {
		return now.Add(time.Duration(s * float64(time.Second))), true
	}
	if t, err := http.ParseTime(text); err == nil && t.Sub(now) < longest {
		return later(t, now), true
	}
	return time.Time{}, false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
