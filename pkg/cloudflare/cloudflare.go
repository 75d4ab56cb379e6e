// Package cloudflare is the wire to Cloudflare's API v4: requests, the envelope,
// GraphQL, typed errors, retries, and the rate-limit budget. It knows nothing of
// Grafana and nothing of Access.
package cloudflare

import (
	"context"
	"net/http"
	"time"
)

// DefaultURL is the API's public address.
const DefaultURL = "https://api.cloudflare.com/client/v4"

// Credentials are an API token, or an email address with the global API key.
type Credentials struct {
	Token string
	Email string
	Key   string
}

// Config is what a Client needs. HTTP brings the proxy, TLS, the timeout, and
// tracing. The Client adds the credentials to each request.
type Config struct {
	BaseURL     string
	Credentials Credentials
	HTTP        *http.Client
	// Reserve is the share of the rate limit (0 to 1) left to the people who use
	// the same credentials elsewhere.
	Reserve float64
	// AccountRateLimit asks GraphQL to count calls by account instead of by user
	// (header X-Rate-Limit-Type).
	AccountRateLimit bool
	// Discreet leaves Cloudflare's own words out of errors, because they can name
	// people and their IDs. Status and codes stay.
	Discreet bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Observer, if any, is told of every attempt that has ended. It must not block.
	Observer func(ctx context.Context, o Observation)
}

// Observation is one attempt of one call, for metrics. It holds no address, as
// that can carry personal data.
type Observation struct {
	API      string        // rest or graphql
	Wait     time.Duration // for the budget
	Duration time.Duration // of the HTTP exchange
	Bytes    int           // of the body, decompressed
	// Kind is empty for a success. Refused says that the budget held the call back,
	// so Cloudflare never saw it.
	Kind    Kind
	Refused bool
}

// Kind classifies an Error. KindOf gives KindOther for what is no Error.
type Kind string

const (
	KindAuth        Kind = "auth"        // the credentials are wrong (401, codes 10000, 10001, 9106, 9103, 6003 …)
	KindPermission  Kind = "permission"  // the credentials lack a permission, or the account is not theirs (403, 9109, 7403 …)
	KindNotFound    Kind = "not_found"   // 404, codes 7000 and 7003
	KindBadRequest  Kind = "bad_request" // Cloudflare refused the request's content (400)
	KindRateLimit   Kind = "rate_limit"  // 429, code 971, GraphQL "budget", or our own budget refused the call
	KindUnavailable Kind = "unavailable" // 5xx, connection refused or reset, DNS, TLS
	KindTimeout     Kind = "timeout"     // the deadline came first
	KindCanceled    Kind = "canceled"    // the caller went away
	KindMalformed   Kind = "malformed"   // not JSON, truncated, not the envelope, a redirect
	KindOther       Kind = "other"
)

// Error is a call that did not succeed. Message is for the user: it says what
// happened and what to do, and holds no secret and no personal data.
type Error struct {
	Kind Kind
	// Status is the HTTP status, 0 if there was no answer.
	Status int
	// Codes are Cloudflare's error codes.
	Codes   []int
	Message string
	// RetryAt is when the call may be made again; zero if unknown.
	RetryAt time.Time
	Err     error
	said    []string // for GraphQLMessages
	bare    string   // Message without Cloudflare's own words
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// ResultInfo is what is used of the envelope's result_info. Each part can be
// absent (0), and total_count is known to be 0 next to full pages.
type ResultInfo struct {
	PerPage    int
	TotalCount int
	TotalPages int
	// Cursor leads to the next part of a list, "" where there is none. Cloudflare's
	// documentation has it in cursor, its SDK in cursors.after.
	Cursor string
}

// Envelope is the successful answer of a REST call.
type Envelope struct {
	// Result is the raw, valid JSON of result, never null. It is read-only.
	Result []byte
	Info   ResultInfo
}

// Priority orders calls that wait for the budget.
type Priority int

// Priorities, most urgent first.
const (
	// Alert is for alert rules. They may use half of what is left to others, so that
	// nobody who asks for very much can blind them.
	Alert Priority = iota
	Interactive
	Background
)

// BudgetState is what is known of one rate limit.
type BudgetState struct {
	API    string    `json:"api"` // rest or graphql
	Limit  int       `json:"limit"`
	Window int       `json:"windowSeconds"`
	Left   int       `json:"left"`
	NextAt time.Time `json:"nextAt"`
}
