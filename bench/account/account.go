// Package account is a Cloudflare account made for measuring: it answers from
// memory at a set latency, and counts. It behaves well, so that what is measured
// is the data source. Where it is asked to, it misbehaves on a share of its
// calls. Every other way in which Cloudflare may behave is tested elsewhere, with
// the simulator.
package account

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// ID and Token are the account's identifier and the one token that it accepts.
const (
	ID    = "0123456789abcdef0123456789abcdef"
	Token = "benchmark-token"
)

// Config says what the account has.
type Config struct {
	Logins *Logins
	// Minutes are what GraphQL counts; nil for none.
	Minutes *Minutes
	// Latency passes before each answer.
	Latency time.Duration
	// Limit is the number of calls in LimitWindow, for each of REST and GraphQL.
	// Further calls are refused with 429 until LimitWindow has passed.
	Limit int
	// Faults are what goes wrong; nil for nothing.
	Faults *Faults
}

// LimitWindow is the time over which Cloudflare counts calls, and for which it
// refuses all of them once there were too many.
const LimitWindow = 5 * time.Minute

// Unlimited is a Limit that no case reaches.
const Unlimited = 1_000_000

// Account is a running account. Close ends it.
type Account struct {
	config Config
	server *http.Server
	url    string
	served chan error

	rest, graphql limiter
	running, peak atomic.Int64
	rows          atomic.Int64
	connections   atomic.Int64
}

// Start serves the account on a free port of 127.0.0.1. Logins that are in the
// future come to be as time passes.
func Start(config Config) (*Account, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &Account{config: config, url: "http://" + listener.Addr().String() + "/client/v4", served: make(chan error, 1)}
	a.rest.limit, a.graphql.limit = config.Limit, config.Limit
	a.server = &http.Server{Handler: a.handler(), ReadHeaderTimeout: 10 * time.Second, ConnState: a.countConnection}
	go func() { a.served <- a.server.Serve(listener) }()
	return a, nil
}

// Close ends the account and its connections.
func (a *Account) Close() error {
	err := a.server.Close()
	if served := <-a.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// URL is the address for the data source's setting apiUrl.
func (a *Account) URL() string { return a.url }

// Counts is what an account was asked since it started.
type Counts struct {
	REST, GraphQL, Refused int
	// Rows were sent with access_requests.
	Rows int64
}

// Calls are all calls, refused ones included.
func (c Counts) Calls() int { return c.REST + c.GraphQL }

// Since is what came after an earlier count.
func (c Counts) Since(earlier Counts) Counts {
	return Counts{c.REST - earlier.REST, c.GraphQL - earlier.GraphQL, c.Refused - earlier.Refused, c.Rows - earlier.Rows}
}

// Plus is both together.
func (c Counts) Plus(o Counts) Counts {
	return Counts{c.REST + o.REST, c.GraphQL + o.GraphQL, c.Refused + o.Refused, c.Rows + o.Rows}
}

// Counts is what the account was asked.
func (a *Account) Counts() Counts {
	rest, restRefused := a.rest.counts()
	graphql, graphqlRefused := a.graphql.counts()
	return Counts{REST: rest, GraphQL: graphql, Refused: restRefused + graphqlRefused, Rows: a.rows.Load()}
}

// Peak is the largest number of calls that ran at the same time.
func (a *Account) Peak() int { return int(a.peak.Load()) }

// ResetPeak starts to look for the peak anew.
func (a *Account) ResetPeak() { a.peak.Store(0) }

// Connections are those that are open.
func (a *Account) Connections() int { return int(a.connections.Load()) }

func (a *Account) countConnection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		a.connections.Add(1)
	case http.StateClosed, http.StateHijacked:
		a.connections.Add(-1)
	}
}

func (a *Account) handler() http.Handler {
	mux := http.NewServeMux()
	prefix := "/client/v4/accounts/" + ID
	mux.HandleFunc("GET "+prefix+"/access/logs/access_requests", a.serveAccessRequests)
	mux.HandleFunc("GET "+prefix+"/access/users/{user}/failed_logins", a.serveFailedLogins)
	mux.HandleFunc("POST /client/v4/graphql", a.serveGraphQL)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, []byte(`{"success":true,"errors":[],"messages":[],"result":[]}`))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running := a.running.Add(1)
		defer a.running.Add(-1)
		for peak := a.peak.Load(); running > peak && !a.peak.CompareAndSwap(peak, running); peak = a.peak.Load() {
		}
		limiter := &a.rest
		if r.URL.Path == "/client/v4/graphql" {
			limiter = &a.graphql
		}
		if !limiter.admit(w.Header()) {
			writeJSON(w, http.StatusTooManyRequests, []byte(refusal))
			return
		}
		time.Sleep(a.config.Latency)
		if r.Header.Get("Authorization") != "Bearer "+Token {
			writeJSON(w, http.StatusForbidden, []byte(`{"success":false,"errors":[{"code":10000,`+
				`"message":"Authentication error"}],"messages":[],"result":null}`))
			return
		}
		if wrong := a.config.Faults.draw(); wrong != nil {
			wrong(a.config.Faults, w, r, mux)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails where the caller went away
}

func badRequest(w http.ResponseWriter, err error) {
	writeJSON(w, http.StatusBadRequest, fmt.Appendf(nil,
		`{"success":false,"errors":[{"code":1004,"message":%q}],"messages":[],"result":null}`, err.Error()))
}
