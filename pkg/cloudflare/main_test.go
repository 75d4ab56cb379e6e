package cloudflare

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testToken = "secret-token-0123456789abcdefghijklmnopqr"
	okBody    = `{"success":true,"errors":[],"messages":[],"result":[{"id":1}],"result_info":{"page":1,"per_page":25,"count":1,"total_count":0}}`
)

// serve starts a server that lives as long as the test, and a client for it
// that retries without waiting long.
func serve(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c := New(Config{BaseURL: server.URL + "/client/v4", Credentials: Credentials{Token: testToken}, HTTP: &http.Client{Transport: &http.Transport{}}})
	c.policy.backoff = time.Millisecond
	c.policy.timeouts = []time.Duration{time.Minute}
	t.Cleanup(c.Close)
	return c
}

// transport answers without a network, so that a synctest bubble can stop time.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		h.Add(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewBufferString(body)), ContentLength: int64(len(body))}
}

func bubbleClient(t *testing.T, config Config, f transport) *Client {
	t.Helper()
	config.HTTP = &http.Client{Transport: f}
	config.Credentials.Token = testToken
	c := New(config)
	t.Cleanup(c.Close)
	return c
}

func asError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T (%v), want *Error", err, err)
	}
	return e
}

func get(c *Client) (*Envelope, error) {
	return c.Get(context.Background(), "/accounts/a/access/logs/access_requests", nil)
}
