// Package account is a Cloudflare account in memory. The tests of the executable
// and the benchmark ask it in place of Cloudflare: over HTTP with Start, or
// without sockets with New, so that a test can run in virtual time.
//
// Where Cloudflare documents what it does, the account does the same. Where it
// does not, Quirks and GraphQL choose, because the data source has to be right
// whichever way it is. Faults are what goes wrong on the way.
package account

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ID and Token are the account's identifier, and the API token that it accepts
// unless its Config names another one.
const (
	ID    = "0123456789abcdef0123456789abcdef"
	Token = "benchmark-token"
)

// Config says what the account has, and how it behaves. Change changes it while
// the account runs.
type Config struct {
	// Events are the rows of access_requests. Logins take their place where there
	// are too many to be kept one by one.
	Events []Event
	Logins *Logins
	// Groups are the logins that GraphQL counts. Minutes take their place where
	// there are too many.
	Groups  []LoginEvent
	Minutes *Minutes

	Users             []Row
	IdentityProviders []Row
	Apps              []Row
	ServiceTokens     []Row
	// SCIMUpdates are in any order; logged_at is their time.
	SCIMUpdates []Row
	// AuditLog is the account's, of which entries with /access/ in their URI are about
	// Access. JITRequests are in any order; created_at is their time.
	AuditLog    []Event
	JITRequests []Row
	// FailedLogins and ActiveSessions are by the user's UUID. Where there are
	// Logins, the blocked ones of a user are failed logins too.
	FailedLogins   map[string]FailedLoginList
	ActiveSessions map[string][]Row

	Quirks  Quirks
	GraphQL GraphQL
	// Now is the account's clock; time.Now if nil. What has a later time has not
	// come to be yet.
	Now func() time.Time
	// Seed is what Quirks draw from. It cannot be changed later.
	Seed uint64
	// Token is the API token that is accepted; the constant Token if empty.
	Token string
	// Latency passes before each answer.
	Latency time.Duration
	// Limit is the number of calls in LimitWindow, for each of REST and GraphQL.
	// Further calls are refused with 429 until LimitWindow has passed. If it is 0,
	// nothing is limited, and no header tells of a limit.
	Limit int
	// Before is called with each call before it is answered. A *Failure is sent in
	// place of the answer; any other error breaks the connection. It may wait, and
	// it may change the account.
	Before func(r *http.Request) error
	// Faults are what goes wrong on the way; nil for nothing.
	Faults *Faults
}

// Unlimited is a Limit that no test and no case of the benchmark reaches. Unlike
// 0, it is announced in the headers.
const Unlimited = 1_000_000

// Account is a Cloudflare account. It is safe for concurrent use.
type Account struct {
	state  atomic.Pointer[state]
	mux    *http.ServeMux
	url    string
	server *http.Server // nil if the account is asked in memory alone
	served chan error

	rest, graphql limiter
	calls         calls
	running, peak atomic.Int64
	rows          atomic.Int64
	pages         atomic.Int64
	connections   atomic.Int64

	mu     sync.Mutex // of what follows, and of Change
	random *rand.Rand
}

// state is a Config with what is worked out from it. It is replaced as a whole,
// so that an answer never mixes two of them.
type state struct {
	Config
	rows   rowLog
	scim   *eventLog
	audit  *eventLog
	jit    *eventLog
	logins loginSource
}

func (s *state) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// New makes an account that is asked in memory, with Transport.
func New(config Config) *Account {
	a := &Account{url: "https://api.cloudflare.com/client/v4", random: rand.New(rand.NewPCG(config.Seed, 1))} //nolint:gosec // reproducible on purpose
	a.mux = a.routes()
	a.set(config)
	return a
}

// Start serves an account on a free port of 127.0.0.1 as well.
func Start(config Config) (*Account, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := New(config)
	a.url, a.served = "http://"+listener.Addr().String()+"/client/v4", make(chan error, 1)
	a.server = &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second, ConnState: a.countConnection}
	go func() { a.served <- a.server.Serve(listener) }()
	return a, nil
}

// Close ends the account and its connections.
func (a *Account) Close() error {
	if a.server == nil {
		return nil
	}
	err := a.server.Close()
	if served := <-a.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// URL is the address for the data source's setting apiUrl.
func (a *Account) URL() string { return a.url }

// Change changes what the account has and how it behaves from the next answer on.
// The lists of the Config may be appended to, and the events changed in place.
func (a *Account) Change(change func(c *Config)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	config := a.state.Load().Config
	config.Events, config.Groups = slices.Clone(config.Events), slices.Clone(config.Groups)
	change(&config)
	a.set(config)
}

func (a *Account) set(config Config) {
	if config.Token == "" {
		config.Token = Token
	}
	a.rest.setLimit(config.Limit)
	a.graphql.setLimit(config.Limit)
	a.state.Store(&state{Config: config, rows: config.rowLog(), scim: rowsLog(config.SCIMUpdates, "logged_at", config.Quirks.Withholds),
		audit: newEventLog(config.AuditLog, nil), jit: rowsLog(config.JITRequests, "created_at", config.Quirks.Withholds), logins: config.loginSource()})
}

func (a *Account) countConnection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		a.connections.Add(1)
	case http.StateClosed, http.StateHijacked:
		a.connections.Add(-1)
	}
}

func (a *Account) routes() *http.ServeMux {
	mux := http.NewServeMux()
	access := "GET /client/v4/accounts/" + ID + "/access/"
	mux.HandleFunc(access+"logs/access_requests", a.serveAccessRequests)
	mux.HandleFunc(access+"logs/scim/updates", a.serveSCIMUpdates)
	mux.HandleFunc(access+"logs/jit_requests", a.serveJITRequests)
	mux.HandleFunc("GET /client/v4/accounts/"+ID+"/logs/audit", a.serveAuditLog)
	mux.HandleFunc(access+"users", a.serveUsers)
	mux.HandleFunc(access+"users/{user}/failed_logins", a.serveFailedLogins)
	mux.HandleFunc(access+"users/{user}/active_sessions", a.serveActiveSessions)
	mux.HandleFunc(access+"identity_providers", a.serveIdentityProviders)
	mux.HandleFunc(access+"apps", a.serveApps)
	mux.HandleFunc(access+"service_tokens", a.serveServiceTokens)
	mux.HandleFunc("GET /client/v4/accounts", a.serveAccounts)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { noRoute(w) })
	return mux
}

const graphQLPath = "/client/v4/graphql"

// ServeHTTP answers a call.
func (a *Account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	running := a.running.Add(1)
	defer a.running.Add(-1)
	for peak := a.peak.Load(); running > peak && !a.peak.CompareAndSwap(peak, running); peak = a.peak.Load() {
	}
	limiter, answer, call := &a.rest, http.Handler(a.mux), Call{Method: r.Method, URL: r.URL}
	if r.URL.Path == graphQLPath {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // The caller went away.
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		query := parseQuery(body)
		call.Settings, call.Nodes = query.asksSettings(), query.nodes()
		limiter = &a.graphql
		answer = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { a.serveGraphQL(w, query) })
	}
	s := a.state.Load()
	a.calls.add(call)
	if !limiter.admit(w.Header(), s.now()) {
		writeJSON(w, http.StatusTooManyRequests, []byte(refusal))
		return
	}
	if s.Before != nil {
		if err := s.Before(r); err != nil {
			fail(w, err)
			return
		}
	}
	if !pause(r.Context(), s.Latency) {
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+s.Token {
		fail(w, Refusal(http.StatusForbidden, 10000, "Authentication error"))
		return
	}
	if wrong := s.Faults.draw(); wrong != nil {
		wrong(s.Faults, w, r, answer)
		return
	}
	if a.chance(s.Quirks.Unavailable) {
		fail(w, Refusal(http.StatusServiceUnavailable, 10000, "Service unavailable"))
		return
	}
	answer.ServeHTTP(w, r)
}

// chance says yes with a probability.
func (a *Account) chance(p float64) bool {
	if p == 0 {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.random.Float64() < p
}

// pause waits, and says whether the caller still does.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
