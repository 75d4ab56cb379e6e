package cloudflare

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answerOf is an answer that does not say how long it is, as one that was compressed.
func answerOf(body io.Reader) *http.Response {
	return &http.Response{Body: io.NopCloser(body), ContentLength: -1}
}

func TestBodiesAreReadWhole(t *testing.T) {
	for _, n := range []int{0, 1, 511, 512, 70_000, smallBody - 1, smallBody, smallBody + 1, 3*smallBody + 7} {
		want := bytes.Repeat([]byte("0123456789"), n/10+1)[:n]
		for _, announced := range []int64{-1, int64(n)} {
			turn := make(bodies, 1)
			response := answerOf(bytes.NewReader(want))
			response.ContentLength = announced
			got, release, err := turn.read(t.Context(), response, 4*smallBody)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d of %d bytes: %v", len(got), n, err)
			}
			if long := n > 2*smallBody; long && len(turn) != 1 {
				t.Errorf("a body of %d bytes took no turn", n)
			}
			release()
			release()
			if len(turn) != 0 {
				t.Errorf("a body of %d bytes kept its turn", n)
			}
		}
	}
}

func TestABodyThatIsTooLongIsAnError(t *testing.T) {
	turn := make(bodies, 1)
	_, release, err := turn.read(t.Context(), answerOf(endless{}), 3*smallBody)
	if release(); !errors.Is(err, errTooLarge) {
		t.Error(err)
	}
}

type endless struct{}

// Read implements io.Reader.
func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestLongBodiesComeOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := make(bodies, 1)
		long := func() *http.Response { return answerOf(strings.NewReader(strings.Repeat("x", 3*smallBody))) }
		_, release, err := turn.read(t.Context(), long(), maxPage)
		if err != nil {
			t.Fatal(err)
		}
		// A short body does not wait.
		if _, _, err := turn.read(t.Context(), answerOf(strings.NewReader("short")), maxPage); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := turn.read(ctx, long(), maxPage); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second long body did not wait: %v", err)
		}
		read := make(chan error)
		go func() {
			_, release, err := turn.read(t.Context(), long(), maxPage)
			release()
			read <- err
		}()
		synctest.Wait()
		select {
		case <-read:
			t.Error("a second long body did not wait")
		default:
		}
		release()
		if err := <-read; err != nil {
			t.Error(err)
		}
	})
}

// Whoever decodes an answer keeps its turn until then.
func TestAHolderKeepsTheTurnOfALongBody(t *testing.T) {
	body := `{"success":true,"result":["` + strings.Repeat("x", 3*smallBody) + `"]}`
	c := New(Config{HTTP: &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		response := answerOf(strings.NewReader(body))
		response.StatusCode, response.Header = http.StatusOK, http.Header{}
		return response, nil
	})}})
	defer c.Close()
	if _, err := c.Get(t.Context(), "/x", nil); err != nil || len(c.long) != 0 {
		t.Fatalf("%v; a turn is kept by nobody: %d", err, len(c.long))
	}
	held, release := Hold(t.Context())
	if _, err := c.Get(held, "/x", nil); err != nil || len(c.long) != 1 {
		t.Fatalf("%v; turns taken: %d", err, len(c.long))
	}
	if release(); len(c.long) != 0 {
		t.Error("the turn is not given back")
	}
	body = body[:len(body)-2] // broken
	held, release = Hold(t.Context())
	defer release()
	if _, err := c.Get(held, "/x", nil); KindOf(err) != KindMalformed || len(c.long) != 0 {
		t.Errorf("%v; an answer of no use keeps its turn: %d", err, len(c.long))
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }
