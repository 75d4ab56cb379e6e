package cloudflare

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxQuotas bounds how many named quotas one answer may report.
const maxQuotas = 16

// quota is what an answer's headers say of one named rate limit. Parts that the
// headers do not say are negative.
type quota struct {
	name   string
	limit  int           // q of Ratelimit-Policy
	window time.Duration // w of Ratelimit-Policy
	left   int           // r of Ratelimit
	reset  time.Duration // t of Ratelimit
}

// readQuotas reads the headers that Cloudflare sends since September 2025:
//
//	Ratelimit: "default";r=50;t=30
//	Ratelimit-Policy: "burst";q=100;w=60
//
// Each can hold several quotas, separated by commas, and stand several times.
// https://developers.cloudflare.com/fundamentals/api/reference/limits/
func readQuotas(h http.Header) []quota {
	var quotas []quota
	find := func(name string) *quota {
		for i := range quotas {
			if quotas[i].name == name {
				return &quotas[i]
			}
		}
		if len(quotas) == maxQuotas {
			return nil
		}
		quotas = append(quotas, quota{name: name, limit: -1, window: -1, left: -1, reset: -1})
		return &quotas[len(quotas)-1]
	}
	for name, params := range items(h.Values("Ratelimit-Policy")) {
		if q := find(name); q != nil {
			q.limit, q.window = params.number("q"), params.seconds("w")
		}
	}
	for name, params := range items(h.Values("Ratelimit")) {
		if q := find(name); q != nil {
			q.left, q.reset = params.number("r"), params.seconds("t")
		}
	}
	return quotas
}

type params map[string]string

// number reads a parameter that is a whole number; -1 if it is not there.
func (p params) number(key string) int {
	n, err := strconv.Atoi(p[key])
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// seconds reads a parameter in seconds, at most a day; -1 if it is not there.
func (p params) seconds(key string) time.Duration {
	n := p.number(key)
	if n < 0 {
		return -1
	}
	return time.Duration(min(n, 24*60*60)) * time.Second
}

// items reads a structured-field list of quoted names with parameters.
func items(lines []string) func(yield func(string, params) bool) {
	return func(yield func(string, params) bool) {
		for _, line := range lines {
			for _, item := range splitUnquoted(line, ',') {
				parts := splitUnquoted(item, ';')
				p := params{}
				for _, part := range parts[1:] {
					key, value, _ := strings.Cut(part, "=")
					p[strings.ToLower(strings.TrimSpace(key))] = strings.Trim(strings.TrimSpace(value), `"`)
				}
				if len(p) > 0 && !yield(strings.Trim(strings.TrimSpace(parts[0]), `"`), p) {
					return
				}
			}
		}
	}
}

// splitUnquoted cuts s at each separator that is not between double quotes.
func splitUnquoted(s string, separator byte) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// readRetryAfter reads Retry-After, seconds or an HTTP date; ok is false where
// there is none.
func readRetryAfter(h http.Header, now time.Time) (at time.Time, ok bool) {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return time.Time{}, false
	}
	if s, err := strconv.ParseFloat(text, 64); err == nil && s >= 0 && s <= 24*60*60 {
		return now.Add(time.Duration(s * float64(time.Second))), true
	}
	if t, err := http.ParseTime(text); err == nil && t.Sub(now) < 24*time.Hour {
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
