package cloudflare

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// limited is an upstream with a fixed window that starts at its first call, as
// strict as one can be: it refuses and counts what is over.
type limited struct {
	mu      sync.Mutex
	quota   int
	window  time.Duration
	latency time.Duration
	headers bool
	policy  bool
	start   time.Time
	used    int
	served  int
	refused int
}

func (l *limited) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	now := time.Now()
	if l.start.IsZero() || now.Sub(l.start) >= l.window {
		l.start, l.used = now, 0
	}
	if l.used >= l.quota {
		l.refused++
		l.mu.Unlock()
		return answer(429, failure("971", "Please wait")), nil
	}
	l.used++
	l.served++
	left, reset := l.quota-l.used, l.window-now.Sub(l.start)
	l.mu.Unlock()
	time.Sleep(l.latency)
	response := answer(200, okBody)
	if l.headers {
		response.Header.Set("Ratelimit", fmt.Sprintf(`"default";r=%d;t=%d`, left, int(reset.Seconds())))
	}
	if l.policy {
		response.Header.Set("Ratelimit-Policy", fmt.Sprintf(`"default";q=%d;w=%d`, l.quota, int(l.window.Seconds())))
	}
	return response, nil
}

// drive makes calls from several panels that all want more than there is.
func drive(client *Client, panels, each int, patience time.Duration) (done int, early []*Error) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	for range panels {
		wait.Go(func() {
			for range each {
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				_, err := client.Get(ctx, "/x", nil)
				cancel()
				mu.Lock()
				var e *Error
				if errors.As(err, &e) {
					early = append(early, e)
				} else {
					done++
				}
				mu.Unlock()
				time.Sleep(time.Second)
			}
		})
	}
	wait.Wait()
	return done, early
}

func TestNoCallIsRefusedUpstream(t *testing.T) {
	for name, upstream := range map[string]*limited{
		"both headers":       {quota: 60, window: 5 * time.Minute, headers: true, policy: true},
		"what is left":       {quota: 60, window: 5 * time.Minute, headers: true},
		"policy alone":       {quota: 60, window: 5 * time.Minute, policy: true},
		"short window":       {quota: 5, window: 7 * time.Second, headers: true, policy: true},
		"no headers, 1200":   {quota: 1200, window: 5 * time.Minute},
		"smaller than flock": {quota: 3, window: time.Minute, headers: true},
	} {
		for _, reserve := range []float64{0, 0.2} {
			t.Run(fmt.Sprintf("%s, reserve %v", name, reserve), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					up := &limited{quota: upstream.quota, window: upstream.window, headers: upstream.headers, policy: upstream.policy, latency: 100 * time.Millisecond}
					client := bubbleClient(t, Config{Reserve: reserve}, up.RoundTrip)
					done, early := drive(client, 20, 80, 10*time.Second)
					if up.refused > 0 {
						t.Errorf("%d calls were refused of %d served", up.refused, up.served)
					}
					if done < up.quota/2 {
						t.Errorf("only %d calls were served", done)
					}
					for _, e := range early {
						if e.Kind != KindRateLimit || e.RetryAt.IsZero() {
							t.Fatalf("got %s (%v): %s", e.Kind, e.RetryAt, e.Message)
						}
					}
				})
			})
		}
	}
}

func TestReserveStaysFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := &limited{quota: 100, window: 5 * time.Minute, headers: true, policy: true}
		client := bubbleClient(t, Config{Reserve: 0.3}, up.RoundTrip)
		if done, _ := drive(client, 1, 120, time.Second); done != 70 {
			t.Errorf("%d calls in a window of 100 with a reserve of 30", done)
		}
	})
}

func TestOthersSpendFromTheSameLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := &limited{quota: 60, window: 5 * time.Minute, headers: true, policy: true}
		a := bubbleClient(t, Config{}, up.RoundTrip)
		b := bubbleClient(t, Config{}, up.RoundTrip)
		drive(a, 1, 40, time.Second)
		done, _ := drive(b, 1, 40, time.Second)
		if done != 20 || up.refused != 0 {
			t.Errorf("the second made %d calls, %d refused; want 20, 0", done, up.refused)
		}
	})
}

func TestCallWaitsWithinItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := &limited{quota: 2, window: 20 * time.Second, headers: true, policy: true}
		client := bubbleClient(t, Config{}, up.RoundTrip)
		drive(client, 1, 2, time.Second)
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if _, err := client.Get(ctx, "/x", nil); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited < 17*time.Second || waited > 21*time.Second {
			t.Errorf("waited %s", waited)
		}
	})
}

func TestRefusalsStopTheBucket(t *testing.T) {
	for name, c := range map[string]struct {
		refusal func() *http.Response
		wait    time.Duration
	}{
		"429 with seconds": {func() *http.Response { return answer(429, failure("971", "x"), "Retry-After", "40") }, 40 * time.Second},
		"429 with a date": {func() *http.Response {
			return answer(429, "", "Retry-After", time.Now().Add(90*time.Second).UTC().Format(http.TimeFormat))
		}, 90 * time.Second},
		"429 with headers":      {func() *http.Response { return answer(429, "", "Ratelimit", `"default";r=0;t=50`) }, 51 * time.Second},
		"429 with two windows":  {func() *http.Response { return answer(429, "", "Ratelimit", `"burst";r=0;t=10, "default";r=900;t=200`) }, 11 * time.Second},
		"429 without any":       {func() *http.Response { return answer(429, "<html>") }, 5 * time.Minute},
		"971 inside 200":        {func() *http.Response { return answer(200, failure("971", "Please wait")) }, 5 * time.Minute},
		"971 inside 200, short": {func() *http.Response { return answer(200, failure("971", "x"), "Retry-After", "60") }, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				client := bubbleClient(t, Config{}, func(*http.Request) (*http.Response, error) {
					if calls++; calls == 1 {
						return c.refusal(), nil
					}
					return answer(200, okBody), nil
				})
				start := time.Now()
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
				defer cancel()
				for range 3 {
					_, err := client.Get(ctx, "/x", nil)
					e := asError(t, err)
					if off := e.RetryAt.Sub(start) - c.wait; e.Kind != KindRateLimit || off < -time.Second || off > 0 {
						t.Fatalf("got %s, retry in %s; want %s", e.Kind, e.RetryAt.Sub(start), c.wait)
					}
				}
				if calls != 1 || time.Since(start) != 0 {
					t.Errorf("%d calls in %s, want 1 at once", calls, time.Since(start))
				}
				if state := client.Budgets()[0]; state.Left != 0 || state.NextAt.Sub(start) < c.wait-time.Second {
					t.Errorf("budget %+v", state)
				}
				time.Sleep(c.wait)
				if _, err := get(client); err != nil || calls != 2 {
					t.Errorf("after the block: %v, %d calls", err, calls)
				}
			})
		})
	}
}

func TestARefusalTellsWhenItEndsHoweverOldItsCallIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := false
		client := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/late") && !refused {
				refused = true
				time.Sleep(8 * time.Second)
				return answer(429, "", "Ratelimit", `"default";r=9;t=1`), nil
			}
			return answer(200, okBody, "Ratelimit", `"default";r=9;t=1`), nil
		})
		start := time.Now()
		_, err := client.Get(context.Background(), "/first", nil)
		var late sync.WaitGroup
		late.Go(func() {
			// When it is refused, the window that the others told of is over.
			if _, err := client.Get(context.Background(), "/late", nil); err != nil || time.Since(start) != 10*time.Second {
				t.Errorf("after %s: %v", time.Since(start), err)
			}
		})
		time.Sleep(time.Second / 2)
		if _, second := client.Get(context.Background(), "/second", nil); err != nil || second != nil {
			t.Error(err, second)
		}
		late.Wait()
	})
}

func TestShortBlockIsWaitedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		client := bubbleClient(t, Config{}, func(*http.Request) (*http.Response, error) {
			if calls++; calls == 1 {
				return answer(429, "", "Retry-After", "2"), nil
			}
			return answer(200, okBody), nil
		})
		start := time.Now()
		if _, err := get(client); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited != 2*time.Second || calls != 2 {
			t.Errorf("%d calls in %s", calls, waited)
		}
	})
}

func TestInteractiveGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		var mu sync.Mutex
		client := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			order = append(order, r.URL.Path[len("/client/v4"):])
			mu.Unlock()
			time.Sleep(time.Second)
			return answer(200, okBody, "Ratelimit", `"default";r=1;t=1`), nil
		})
		var wait sync.WaitGroup
		call := func(p Priority, purpose Purpose, path string) {
			ctx := WithSpender(context.Background(), Spender{Purpose: purpose})
			wait.Go(func() { _, _ = client.Get(WithPriority(ctx, p), path, nil) })
			synctest.Wait()
		}
		call(Interactive, Queries, "/first")
		call(Background, Queries, "/background")
		call(Interactive, Queries, "/interactive")
		call(Interactive, Enrichment, "/names")
		call(Interactive, Enrichment, "/more-names")
		call(Alert, Queries, "/alert")
		wait.Wait()
		if fmt.Sprint(order) != "[/first /alert /names /more-names /interactive /background]" {
			t.Errorf("order %v", order)
		}
	})
}

func TestSharedPriorityIsTheOneOfTheMoment(t *testing.T) {
	current := Background
	ctx := WithSharedPriority(WithPriority(context.Background(), Background), func() Priority { return current })
	if p := PriorityOf(ctx); p != Background {
		t.Errorf("got %d", p)
	}
	current = Interactive
	if p := PriorityOf(ctx); p != Interactive {
		t.Errorf("got %d after somebody joined", p)
	}
	if p := PriorityOf(WithPriority(ctx, Background)); p != Background {
		t.Errorf("got %d under a priority of its own", p)
	}
}

func TestFirstCallGoesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := &limited{quota: 1, window: time.Minute, headers: true, latency: time.Second}
		client := bubbleClient(t, Config{}, up.RoundTrip)
		done, _ := drive(client, 8, 1, 10*time.Second)
		if done != 1 || up.refused != 0 {
			t.Errorf("%d done, %d refused; want 1, 0", done, up.refused)
		}
	})
}

func TestCancelledWaiterLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := bubbleClient(t, Config{}, func(*http.Request) (*http.Response, error) {
			time.Sleep(10 * time.Second)
			return answer(200, okBody), nil
		})
		client.policy.timeouts = []time.Duration{time.Minute}
		go func() { _, _ = get(client) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := client.Get(ctx, "/x", nil); asError(t, err).Kind != KindTimeout {
			t.Errorf("got %v", err)
		}
		if _, err := get(client); err != nil {
			t.Errorf("the next call: %v", err)
		}
	})
}

func TestInFlightIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most := 0, 0
		client := bubbleClient(t, Config{}, func(*http.Request) (*http.Response, error) {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return answer(200, okBody), nil
		})
		drive(client, 30, 2, time.Minute)
		if most != maxInFlight {
			t.Errorf("%d calls at the same time, want %d", most, maxInFlight)
		}
	})
}

func TestReadQuotas(t *testing.T) {
	h := http.Header{
		"Ratelimit":        {`"default";r=50;t=30, "a,b;c";r=7`},
		"Ratelimit-Policy": {`"burst";q=100;w=60`, `"default";q=1200;w=300, nonsense`},
	}
	got := map[string]string{}
	for name, q := range readQuotas(h) {
		got[name] = fmt.Sprint(q.limit, q.window, q.left, q.reset)
	}
	want := map[string]string{"default": "1200 5m0s 50 30s", "a,b;c": "-1 -1ns 7 -1ns", "burst": "100 1m0s -1 -1ns"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestHeaderThatDoesNotParseCountsAsAbsent(t *testing.T) {
	for _, text := range []string{``, `"default";r=50;t=30,`, `"default;r=50`, `"default";r=50;t=`, `default;r=50;t=30`, `7;r=50`, `("default");r=50`, "\x00"} {
		h := http.Header{"Ratelimit": {text}, "Ratelimit-Policy": {`"default";q=1200;w=300`}}
		got := readQuotas(h)
		if want := (quota{limit: 1200, window: 5 * time.Minute, left: -1, reset: -1}); len(got) != 1 || got["default"] != want {
			t.Errorf("%q gave %+v", text, got)
		}
	}
}

func TestOddParametersCountAsAbsent(t *testing.T) {
	for text, want := range map[string]quota{
		`"default";r=-1;t=5`:              {-1, -1, -1, 5 * time.Second},
		`"default";r="50";t=1.5`:          {-1, -1, -1, -1},
		`"default";r;t=?1`:                {-1, -1, -1, -1},
		`"default";r=5;t=999999999999999`: {-1, -1, 5, 24 * time.Hour},
	} {
		if got := readQuotas(http.Header{"Ratelimit": {text}})["default"]; got != want {
			t.Errorf("%s gave %+v", text, got)
		}
	}
}

// FuzzQuotas: whatever a header holds, lengths of time are sensible and the
// number of quotas is bounded.
func FuzzQuotas(f *testing.F) {
	f.Add(`"default";r=50;t=30, "a,b;c";r=7`, `"burst";q=100;w=60`)
	f.Add(`"default";r=-1;t=999999999999999`, `"default";q=1200;w=300, nonsense`)
	f.Fuzz(func(t *testing.T, left, policy string) {
		quotas := readQuotas(http.Header{"Ratelimit": {left}, "Ratelimit-Policy": {policy}})
		if len(quotas) > maxQuotas {
			t.Errorf("%d quotas", len(quotas))
		}
		for name, q := range quotas {
			if q.limit < -1 || q.left < -1 || q.window < -1 || q.reset < -1 || q.window > longest || q.reset > longest {
				t.Errorf("%q gave %+v", name, q)
			}
		}
	})
}

func TestManyQuotasAreBounded(t *testing.T) {
	h := http.Header{}
	for i := range 1000 {
		h.Add("Ratelimit", `"q`+strconv.Itoa(i)+`";r=1;t=1`)
	}
	if n := len(readQuotas(h)); n != maxQuotas {
		t.Errorf("%d quotas", n)
	}
}
