package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// atNoon makes an account in memory whose clock stands still.
func atNoon(c account.Config) *account.Account {
	if c.Now == nil {
		c.Now = func() time.Time { return noon }
	}
	return account.New(c)
}

// roundTrip calls an account in memory.
func roundTrip(ctx context.Context, a *account.Account, method, path, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.URL()+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+account.Token)
	return (&http.Client{Transport: a.Transport()}).Do(request)
}

const accessRequests = "/accounts/" + account.ID + "/access/logs/access_requests"

// ask calls a path in memory and decodes the answer.
func ask(t testing.TB, a *account.Account, path string, into any) int {
	t.Helper()
	response, err := roundTrip(context.Background(), a, http.MethodGet, path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

func TestMemoryAndSocketAnswerAlike(t *testing.T) {
	c := account.Config{Events: account.NewEvents(40, noon.Add(-time.Hour), noon, 1), Now: func() time.Time { return noon }, Limit: 10}
	socket, memory := start(t, c), account.New(c)
	for _, path := range []string{accessRequests, accessRequests + "?page=0", "/accounts", "/nothing"} {
		var over, in any
		status := call(t, http.MethodGet, socket.URL()+path, "", &over)
		if got := ask(t, memory, path, &in); got != status {
			t.Errorf("%s: HTTP %d in memory, %d over a socket", path, got, status)
		}
		a, _ := json.Marshal(over)
		b, _ := json.Marshal(in)
		if string(a) != string(b) {
			t.Errorf("%s: %s in memory, %s over a socket", path, b, a)
		}
	}
	if a, b := socket.Counts(), memory.Counts(); a != b || a.Rows != 25 {
		t.Errorf("%+v in memory, %+v over a socket", b, a)
	}
}

func TestMemoryTakesVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := account.New(account.Config{Latency: time.Minute, Limit: 1, Events: account.NewEvents(10, time.Now(), time.Now().Add(10*time.Minute), 1)})
		began := time.Now()
		var answer struct{ Result []account.Row }
		if status := ask(t, a, accessRequests, &answer); status != http.StatusOK || time.Since(began) != time.Minute || len(answer.Result) != 1 {
			t.Errorf("HTTP %d after %s with %d rows", status, time.Since(began), len(answer.Result))
		}
		if status := ask(t, a, accessRequests, &answer); status != http.StatusTooManyRequests {
			t.Errorf("HTTP %d for a call too many", status)
		}
		time.Sleep(account.LimitWindow + time.Second)
		if status := ask(t, a, accessRequests, &answer); status != http.StatusOK {
			t.Errorf("HTTP %d once the window was over", status)
		}
	})
}

func TestACallerThatGoesAwayDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		a := account.New(account.Config{Before: func(*http.Request) error { <-proceed; return nil }})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := roundTrip(ctx, a, http.MethodGet, accessRequests, ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(proceed)
	})
}

func TestBeforeAnswersInPlaceOfTheAccount(t *testing.T) {
	broken := errors.New("the connection is no more")
	var failure atomic.Value
	a := atNoon(account.Config{Before: func(r *http.Request) error {
		if r.Context().Value(broken) == nil {
			return errors.New("the hook does not see the caller's context")
		}
		err, _ := failure.Load().(error)
		return err
	}})
	ctx := context.WithValue(t.Context(), broken, true)
	failure.Store(account.Refusal(http.StatusForbidden, 9109, `no "access"`))
	response, err := roundTrip(ctx, a, http.MethodGet, accessRequests, "")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if want := `{"success":false,"errors":[{"code":9109,"message":"no \"access\""}],"messages":[],"result":null}`; err != nil || response.StatusCode != http.StatusForbidden || string(body) != want {
		t.Errorf("HTTP %d %s, %v", response.StatusCode, body, err)
	}
	a.Change(func(c *account.Config) { c.Before = func(*http.Request) error { return broken } })
	if _, err := roundTrip(ctx, a, http.MethodGet, accessRequests, ""); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if got := a.Counts().REST; got != 2 || len(a.Asked()) != 2 {
		t.Errorf("%d calls were counted, %d are known", got, len(a.Asked()))
	}
}

func TestEveryFaultStrikesInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faults := &account.Faults{Share: 1, Refused: time.Second, Hang: time.Minute, Slow: time.Minute}
		a := account.New(account.Config{Faults: faults})
		faults.Turn(true)
		calls, right, broken := 300, 0, 0
		for range calls {
			response, err := roundTrip(t.Context(), a, http.MethodGet, accessRequests, "")
			if err != nil {
				broken++
				continue
			}
			body, err := io.ReadAll(response.Body)
			var answer struct{ Success bool }
			if err != nil {
				broken++
			} else if json.Unmarshal(body, &answer) == nil && answer.Success {
				right++
			}
		}
		struck, sum := faults.Struck(), 0
		for _, n := range struck {
			sum += n
		}
		resets := struck["reset before the answer"] + struck["reset in the answer"] + struck["no answer"]
		if sum != calls || right != struck["slow answer"] || broken != resets {
			t.Errorf("%d of %d calls struck, %d answered well, %d broken: %v", sum, calls, right, broken, struck)
		}
	})
}

func TestATokenThatIsNotTheAccounts(t *testing.T) {
	a := atNoon(account.Config{Token: "another"})
	var answer struct {
		Success bool
		Errors  []struct{ Code int }
	}
	if status := ask(t, a, accessRequests, &answer); status != http.StatusForbidden || answer.Success || answer.Errors[0].Code != 10000 {
		t.Errorf("HTTP %d, %+v", status, answer)
	}
}
