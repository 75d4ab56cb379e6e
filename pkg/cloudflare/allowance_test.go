package cloudflare

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// spend makes calls one after another until one is refused, and says how many went.
func spend(t *testing.T, c *Client, who Spender) (calls int, refused *Error) {
	t.Helper()
	for ctx := WithSpender(context.Background(), who); calls < 2000; calls++ {
		if _, err := c.Get(ctx, "/x", nil); err != nil {
			return calls, asError(t, err)
		}
	}
	return calls, nil
}

func ok(*http.Request) (*http.Response, error) { return answer(200, okBody), nil }

func TestAPurposeKeepsToItsAllowance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := bubbleClient(t, Config{}, ok)
		calls, refused := spend(t, c, Spender{Purpose: Lookups})
		if calls != 120 || refused.Kind != KindRateLimit || !BeyondAllowance(refused) || !refused.RetryAt.Equal(time.Now().Add(5*time.Minute)) {
			t.Fatalf("%d look-ups, then %v until %v", calls, refused, refused.RetryAt)
		}
		if calls, _ := spend(t, c, Spender{Purpose: Enrichment}); calls != 120 {
			t.Errorf("%d calls beside answers, whose allowance is their own", calls)
		}
		for range 500 {
			if _, err := get(c); err != nil {
				t.Fatal("a query is refused for what others have used up: ", err)
			}
		}
		time.Sleep(5 * time.Minute)
		if calls, _ := spend(t, c, Spender{Purpose: Lookups}); calls != 120 {
			t.Errorf("%d look-ups in the next window", calls)
		}
	})
}

func TestACallerLeavesHalfOfTheAllowanceToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := bubbleClient(t, Config{}, ok)
		for _, caller := range []string{"anna", "ben", "anna"} {
			calls, _ := spend(t, c, Spender{Lookups, caller})
			if want := map[bool]int{true: 60}[calls > 0]; calls != want {
				t.Errorf("%s made %d look-ups", caller, calls)
			}
		}
		if calls, _ := spend(t, c, Spender{Lookups, "cleo"}); calls != 0 {
			t.Errorf("%d look-ups beyond the allowance of all", calls)
		}
	})
}

// A limit that Cloudflare announces counts, whatever its window. Of a small one, an
// allowance is enough for an account's lists.
func TestAllowancesOfAnnouncedLimits(t *testing.T) {
	for policy, want := range map[string]int{
		`"burst";q=200;w=60`: 20, `"default";q=40;w=300`: 8, `"default";q=6;w=300`: 3, `"default";q=1;w=300`: 1,
	} {
		synctest.Test(t, func(t *testing.T) {
			c := bubbleClient(t, Config{}, func(*http.Request) (*http.Response, error) {
				return answer(200, okBody, "Ratelimit-Policy", policy), nil
			})
			if _, err := get(c); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Minute)
			if calls, _ := spend(t, c, Spender{Purpose: Lookups}); calls != want {
				t.Errorf("%d look-ups under %s, want %d", calls, policy, want)
			}
		})
	}
}

// A call that is never made is not counted.
func TestACallThatGaveUpCostsNoAllowance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := bubbleClient(t, Config{}, func(*http.Request) (*http.Response, error) {
			return answer(429, failure("971", "Please wait")), nil
		})
		_, _ = get(c) // Cloudflare blocks all calls.
		ctx, cancel := context.WithTimeout(WithSpender(context.Background(), Spender{Purpose: Lookups}), time.Second)
		defer cancel()
		if _, err := c.Get(ctx, "/x", nil); err == nil || BeyondAllowance(err) {
			t.Fatal(err)
		}
		if n := len(c.rest.spendings); n != 0 {
			t.Errorf("%d calls count that were not made", n)
		}
	})
}

func TestSpendersJoin(t *testing.T) {
	anna, ben := Spender{Lookups, "anna"}, Spender{Lookups, "ben"}
	for _, c := range []struct{ a, b, want Spender }{
		{anna, anna, anna}, {anna, ben, Spender{Purpose: Lookups}}, {anna, Spender{}, Spender{}}, {Spender{}, anna, Spender{}},
	} {
		if got := c.a.Join(c.b); got != c.want {
			t.Errorf("%v with %v is %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// Who asks for as much as there is leaves half of the reserve to alert rules, also
// where these wait for the same thing.
func TestAlertsMayUseHalfOfTheReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := bubbleClient(t, Config{Reserve: 0.1}, ok)
		calls, refused := spend(t, c, Spender{})
		alert := WithPriority(context.Background(), Alert)
		if calls != 1080 || refused.Kind != KindRateLimit || !OthersMayCall(alert, refused) || OthersMayCall(context.Background(), refused) {
			t.Fatalf("%d calls, then %v", calls, refused)
		}
		calls = 0
		var last error
		for ; last == nil; calls++ {
			_, last = c.Get(alert, "/x", nil)
		}
		if calls-1 != 60 || OthersMayCall(alert, last) {
			t.Errorf("%d calls of alert rules, then %v", calls-1, last)
		}
	})
}
