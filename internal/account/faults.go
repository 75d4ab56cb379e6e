package account

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Faults make an account misbehave on a share of its calls. They are off until
// they are turned on.
type Faults struct {
	// Share of the calls that go wrong, from 0 to 1.
	Share float64
	// Refused is for how long calls are asked to stop after a 429 or a 971.
	Refused time.Duration
	// Hang is how long a call that is never answered is held.
	Hang time.Duration
	// Slow is how long a slow answer takes to arrive.
	Slow time.Duration

	mu     sync.Mutex
	on     bool
	random *rand.Rand
	struck map[string]int
}

// misbehaviour answers a call in place of the account. answer makes the right
// answer.
type misbehaviour func(f *Faults, w http.ResponseWriter, r *http.Request, answer http.Handler)

// faultKinds are all that can go wrong with a call, with the names they are
// counted under.
var faultKinds = []struct {
	name   string
	answer misbehaviour
}{
	{"429 with Retry-After", (*Faults).tooMany},
	{"429 without Retry-After", (*Faults).tooManyBare},
	{"971 in HTTP 200", (*Faults).throttled},
	{"500 with JSON", failing(http.StatusInternalServerError, "application/json",
		`{"success":false,"errors":[{"code":10000,"message":"Internal server error"}],"messages":[],"result":null}`)},
	{"502 with HTML", failing(http.StatusBadGateway, "text/html", errorPage)},
	{"503 without a body", failing(http.StatusServiceUnavailable, "text/plain", "")},
	{"HTML in HTTP 200", failing(http.StatusOK, "text/html", errorPage)},
	{"truncated JSON", (*Faults).truncated},
	{"reset before the answer", (*Faults).reset},
	{"reset in the answer", (*Faults).resetMidway},
	{"no answer", (*Faults).hang},
	{"slow answer", (*Faults).slow},
}

const (
	errorPage = "<!DOCTYPE html><html><body><center><h1>Error</h1></center><hr><center>cloudflare</center></body></html>"
	refusal   = `{"success":false,"errors":[{"code":971,"message":"Please wait and consider throttling your request speed"}],"messages":[],"result":null}`
)

// FaultNames are the names of all faults, in a fixed order.
func FaultNames() []string {
	names := make([]string, len(faultKinds))
	for i, kind := range faultKinds {
		names[i] = kind.name
	}
	return names
}

// Turn turns the faults on or off.
func (f *Faults) Turn(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = on
}

// Struck counts the calls that went wrong, by fault.
func (f *Faults) Struck() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := make(map[string]int, len(f.struck))
	for name, n := range f.struck {
		counts[name] = n
	}
	return counts
}

// draw says what goes wrong with the next call; nil for nothing. Which calls it
// is depends on their order only.
func (f *Faults) draw() misbehaviour {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.on {
		return nil
	}
	if f.random == nil {
		f.random, f.struck = rand.New(rand.NewPCG(5, 100)), map[string]int{} //nolint:gosec // reproducible on purpose
	}
	if f.random.Float64() >= f.Share {
		return nil
	}
	kind := faultKinds[f.random.IntN(len(faultKinds))]
	f.struck[kind.name]++
	return kind.answer
}

func failing(status int, contentType, body string) misbehaviour {
	return func(_ *Faults, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // fails where the caller went away
	}
}

func (f *Faults) tooMany(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header().Set("Retry-After", fmt.Sprint(int(f.Refused.Seconds())))
	writeJSON(w, http.StatusTooManyRequests, []byte(refusal))
}

// tooManyBare tells only with the rate-limit headers when calls may go on.
func (f *Faults) tooManyBare(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	f.useUp(w.Header())
	writeJSON(w, http.StatusTooManyRequests, []byte(refusal))
}

func (f *Faults) throttled(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	f.useUp(w.Header())
	writeJSON(w, http.StatusOK, []byte(refusal))
}

func (f *Faults) useUp(h http.Header) {
	h.Set("Ratelimit", fmt.Sprintf(`"default";r=0;t=%d`, int(f.Refused.Seconds())))
}

func (f *Faults) truncated(w http.ResponseWriter, r *http.Request, answer http.Handler) {
	right := record(r, answer)
	writeJSON(w, right.status, right.body[:len(right.body)*3/5])
}

func (f *Faults) reset(w http.ResponseWriter, _ *http.Request, _ http.Handler) { resetConnection(w) }

func (f *Faults) resetMidway(w http.ResponseWriter, r *http.Request, answer http.Handler) {
	right := record(r, answer)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(right.body)))
	w.WriteHeader(right.status)
	_, _ = w.Write(right.body[:len(right.body)/2])
	resetConnection(w)
}

// hang holds the call until the caller goes away, or for as long as it may, and
// then resets it.
func (f *Faults) hang(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	select {
	case <-r.Context().Done():
	case <-time.After(f.Hang):
	}
	resetConnection(w)
}

// slowParts are the parts in which a slow answer comes.
const slowParts = 10

func (f *Faults) slow(w http.ResponseWriter, r *http.Request, answer http.Handler) {
	right := record(r, answer)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(right.body)))
	w.WriteHeader(right.status)
	for part := range slowParts {
		from, to := len(right.body)*part/slowParts, len(right.body)*(part+1)/slowParts
		if _, err := w.Write(right.body[from:to]); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(f.Slow / slowParts):
		}
	}
}
