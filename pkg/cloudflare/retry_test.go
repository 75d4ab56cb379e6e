package cloudflare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// failing answers the first calls with a fault and the rest well.
func failing(times int, fault http.HandlerFunc) (http.HandlerFunc, *atomic.Int32) {
	var calls atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if int(calls.Add(1)) <= times {
			fault(w, r)
			return
		}
		_, _ = w.Write([]byte(okBody))
	}, &calls
}

func TestRetries(t *testing.T) {
	say := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	reset := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(okBody[:40]))
		panic(http.ErrAbortHandler)
	}
	for name, c := range map[string]struct {
		fault http.HandlerFunc
		times int
		calls int32
		kind  Kind
	}{
		"5xx once":            {say(502, "<html>"), 1, 2, ""},
		"5xx twice":           {say(500, failure("1", "x")), 2, 3, ""},
		"5xx thrice":          {say(503, ""), 3, 3, KindUnavailable},
		"reset":               {reset, 2, 3, ""},
		"resets":              {reset, 9, 3, KindUnavailable},
		"body cut off":        {cut, 1, 2, ""},
		"truncated":           {say(200, okBody[:50]), 2, 3, ""},
		"always truncated":    {say(200, okBody[:50]), 9, 3, KindMalformed},
		"10000 once":          {say(403, failure("10000", "Authentication error")), 1, 2, ""},
		"10000 twice":         {say(400, failure("10000", "Authentication error")), 2, 2, KindAuth},
		"10001 once":          {say(403, failure("10001", "Unable")), 1, 2, ""},
		"10001 twice":         {say(403, failure("10001", "Unable")), 2, 2, KindAuth},
		"bad request":         {say(400, failure("12130", "no")), 1, 1, KindBadRequest},
		"missing permission":  {say(403, failure("9109", "Unauthorized")), 1, 1, KindPermission},
		"not found":           {say(404, failure("7003", "no")), 1, 1, KindNotFound},
		"HTML login page 200": {say(200, "<html>"), 9, 3, KindMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			handler, calls := failing(c.times, c.fault)
			client := serve(t, handler)
			trace := &Trace{}
			_, err := client.Get(WithTrace(context.Background(), trace), "/x", nil)
			if c.kind == "" && err != nil {
				t.Fatal(err)
			}
			if c.kind != "" {
				if e := asError(t, err); e.Kind != c.kind {
					t.Errorf("kind %s, want %s", e.Kind, c.kind)
				}
			}
			if calls.Load() != c.calls || trace.Calls() != int(c.calls) || len(trace.Requests()) != 1 {
				t.Errorf("%d calls, traced %d in %v; want %d in one", calls.Load(), trace.Calls(), trace.Requests(), c.calls)
			}
		})
	}
}

func TestHangIsTriedAgainWithinTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		client := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
			if calls.Add(1) == 1 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return answer(200, okBody), nil
		})
		ctx, cancel := context.WithTimeout(context.Background(), 12*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := client.Get(ctx, "/x", nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 9*time.Second {
			t.Errorf("the hanging call took %s of 12 s", took)
		}
	})
}

func TestAlwaysHangingEndsAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		ctx, cancel := context.WithTimeout(context.Background(), 12*time.Second)
		defer cancel()
		start := time.Now()
		_, err := client.Get(ctx, "/x", nil)
		if e := asError(t, err); e.Kind != KindTimeout {
			t.Errorf("kind %s", e.Kind)
		}
		if took := time.Since(start); took > 12*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestCancelStopsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := false
		client := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			stopped = true
			return nil, r.Context().Err()
		})
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			time.Sleep(time.Second)
			cancel()
		}()
		start := time.Now()
		_, err := client.Get(ctx, "/x", nil)
		if e := asError(t, err); e.Kind != KindCanceled || !errors.Is(err, context.Canceled) {
			t.Errorf("got %s: %v", e.Kind, err)
		}
		if !stopped || time.Since(start) != time.Second {
			t.Errorf("stopped %v after %s", stopped, time.Since(start))
		}
	})
}

func TestGraphQLSendsVariablesAndHeaders(t *testing.T) {
	var body, limitType, authorization string
	server := func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		body, limitType, authorization = string(b), r.Header.Get("X-Rate-Limit-Type"), r.Header.Get("Authorization")
		_, _ = w.Write([]byte(`{"data":{"viewer":{"a":1}},"errors":null}`))
	}
	client := serve(t, server)
	client.config.AccountRateLimit = true
	trace := &Trace{}
	data, err := client.GraphQL(WithTrace(context.Background(), trace), "query($x: string){ viewer }", map[string]any{"x": "<&>"})
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != `{"viewer":{"a":1}}` {
		t.Errorf("data %s", data)
	}
	if want := `{"query":"query($x: string){ viewer }","variables":{"x":"<&>"}}`; body != want {
		t.Errorf("body %s, want %s", body, want)
	}
	if limitType != "account-based" || authorization != "Bearer "+testToken {
		t.Errorf("headers %q, %q", limitType, authorization)
	}
	if list := trace.Requests(); len(list) != 1 || !strings.HasPrefix(list[0], "POST /graphql {") || strings.Contains(list[0], testToken) {
		t.Errorf("trace %v", list)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		chunk := bytes.Repeat([]byte(" "), 1<<20)
		for range 66 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	client.policy.attempts = 1
	_, err := get(client)
	if e := asError(t, err); e.Kind != KindMalformed || !strings.Contains(e.Message, "larger") {
		t.Errorf("got %s: %s", e.Kind, e.Message)
	}
}

func TestTraceIsBoundedAndConcurrent(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(okBody)) })
	trace := &Trace{}
	ctx := WithTrace(context.Background(), trace)
	var wait sync.WaitGroup
	for range 40 {
		wait.Go(func() {
			if _, err := client.Get(ctx, "/x", nil); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	list := trace.Requests()
	if trace.Calls() != 40 || len(list) != maxTracedCalls+1 || list[maxTracedCalls] != fmt.Sprintf("… and %d more calls", 40-maxTracedCalls) {
		t.Errorf("%d calls, listed as %q", trace.Calls(), list)
	}
}

func TestClosedClientFailsCalls(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(okBody)) })
	client.Close()
	_, err := get(client)
	if e := asError(t, err); e.Kind != KindCanceled {
		t.Errorf("kind %s", e.Kind)
	}
}

func TestObserverSeesEveryAttempt(t *testing.T) {
	handler, _ := failing(1, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	client := serve(t, handler)
	var kinds []Kind
	client.config.Observer = func(_ context.Context, o Observation) { kinds = append(kinds, o.Kind) }
	if _, err := get(client); err != nil {
		t.Fatal(err)
	}
	if len(kinds) != 2 || kinds[0] != KindUnavailable || kinds[1] != "" {
		t.Errorf("observed %q", kinds)
	}
}
