package account

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
)

// Transport asks the account in this process, without sockets. Each call is
// answered in a goroutine of its own, as a server does it: one that waits in
// Before does not keep a caller that goes away.
func (a *Account) Transport() http.RoundTripper { return transport{a} }

type transport struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	request := r.Clone(ctx)
	request.RequestURI, request.RemoteAddr, request.Body = r.URL.RequestURI(), "192.0.2.1:1234", http.NoBody
	if r.Body != nil {
		// The caller may use its body again as soon as it has an answer.
		body, err := io.ReadAll(r.Body)
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	answered := make(chan *recording, 1)
	go func() { answered <- record(request, t.handler) }()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case answer := <-answered:
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return answer.response(r)
	}
}

// recording is an answer that is not sent yet.
type recording struct {
	header http.Header
	status int // 0: none was written
	body   []byte
	broken error // what ended the connection
}

func record(r *http.Request, handler http.Handler) *recording {
	answer := &recording{header: http.Header{}}
	handler.ServeHTTP(answer, r)
	return answer
}

// Header implements http.ResponseWriter.
func (a *recording) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *recording) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *recording) Write(body []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, body...)
	return len(body), nil
}

// Flush implements http.Flusher: an answer that comes in parts comes at its end.
func (a *recording) Flush() {}

// response is what a caller gets of the answer.
func (a *recording) response(r *http.Request) (*http.Response, error) {
	if a.broken != nil && a.status == 0 {
		return nil, a.broken
	}
	a.WriteHeader(http.StatusOK)
	body := io.Reader(bytes.NewReader(a.body))
	length := int64(len(a.body))
	if a.broken != nil {
		body, length = io.MultiReader(body, breaking{a.broken}), -1
	}
	if n, err := strconv.ParseInt(a.header.Get("Content-Length"), 10, 64); err == nil {
		length = n
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(body), ContentLength: length, Request: r,
	}, nil
}

// breaking is a body whose connection breaks.
type breaking struct{ err error }

func (b breaking) Read([]byte) (int, error) { return 0, b.err }

// breakConnection ends the connection so that the caller sees the error, or a
// reset if it comes over a socket.
func breakConnection(w http.ResponseWriter, err error) {
	if answer, ok := w.(*recording); ok {
		answer.broken = err
		return
	}
	connection, _, failed := http.NewResponseController(w).Hijack()
	if failed != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

func resetConnection(w http.ResponseWriter) {
	breakConnection(w, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET})
}

// Failure is an answer in place of the account's own. As an error, it is what
// Config.Before returns.
type Failure struct {
	Status int
	Header http.Header
	Body   string
}

// Error implements error.
func (f *Failure) Error() string { return fmt.Sprintf("HTTP %d: %s", f.Status, f.Body) }

// Refusal is the envelope of a REST call that fails.
func Refusal(status, code int, message string) *Failure {
	return &Failure{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: fmt.Sprintf(
		`{"success":false,"errors":[{"code":%d,"message":%s}],"messages":[],"result":null}`, code, appendText(nil, message))}
}

// GraphQLRefusal is what GraphQL answers to a query that it refuses. Cloudflare
// sends it with HTTP 200. The code is one of extensions, and may be empty.
func GraphQLRefusal(message, code string) *Failure {
	failure := map[string]any{"message": message, "path": nil}
	if code != "" {
		failure["extensions"] = map[string]any{"code": code}
	}
	body, _ := json.Marshal(map[string]any{"data": nil, "errors": []any{failure}}) // texts alone never fail
	return &Failure{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: string(body)}
}

// fail sends an error of Config.Before.
func fail(w http.ResponseWriter, err error) {
	var f *Failure
	if !errors.As(err, &f) {
		breakConnection(w, err)
		return
	}
	for name, values := range f.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body) // fails where the caller went away
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails where the caller went away
}

func badRequest(w http.ResponseWriter, err error) {
	fail(w, Refusal(http.StatusBadRequest, 1004, err.Error()))
}

func noRoute(w http.ResponseWriter) {
	fail(w, Refusal(http.StatusNotFound, 7003, "Could not route to the path, perhaps your object identifier is invalid?"))
}
