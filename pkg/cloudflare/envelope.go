package cloudflare

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"unsafe"

	"github.com/tidwall/gjson"
)

const (
	// maxPage and maxGroups bound an answer of REST and of GraphQL, decompressed. A
	// page of 1,000 rows has about half a MiB; GraphQL is asked for about 32 MiB.
	maxPage   = 32 << 20
	maxGroups = 64 << 20
	// smallBody is what each call may read. A longer body is read, and used, one at a
	// time: what is compressed well is small on the wire, so nothing else bounds
	// what several of them take together.
	smallBody = 1 << 20
)

// maxBrackets is how many brackets a body may hold to be checked by gjson, which
// is fast but recurses: a hostile body could exhaust the stack.
const maxBrackets = 10000

// maxErrors is how many of an answer's errors are read.
const maxErrors = 20

// parts are the members of a body that is a JSON object, not decoded yet.
type parts struct {
	success, errors, result, info, data gjson.Result
	body                                []byte
}

// split checks that a body is one valid JSON object, and finds its members
// without decoding what they hold: a page of a thousand rows costs two passes
// over its bytes. The parts share the body's memory, which is never written to.
func split(body []byte) (parts, bool) {
	valid := gjson.ValidBytes
	if bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > maxBrackets {
		valid = json.Valid // It bounds how deep a body nests.
	}
	if !valid(body) {
		return parts{}, false
	}
	root := gjson.Parse(unsafe.String(unsafe.SliceData(body), len(body)))
	p := parts{body: body}
	root.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "success":
			p.success = value
		case "errors":
			p.errors = value
		case "result":
			p.result = value
		case "result_info":
			p.info = value
		case "data":
			p.data = value
		}
		return true
	})
	return p, root.IsObject()
}

// raw is a member's part of the body.
func (p parts) raw(r gjson.Result) []byte {
	return p.body[r.Index : r.Index+len(r.Raw) : r.Index+len(r.Raw)]
}

// failures are the envelope's errors, with those of the older error_chain.
// Cloudflare's GraphQL has messages without codes.
func (p parts) failures(secrets *strings.Replacer) []apiError {
	var list []apiError
	add := func(_, item gjson.Result) bool {
		list = append(list, apiError{int(item.Get("code").Int()), secrets.Replace(item.Get("message").String())})
		return len(list) < maxErrors
	}
	if p.errors.IsArray() {
		p.errors.ForEach(func(key, item gjson.Result) bool {
			if add(key, item) {
				item.Get("error_chain").ForEach(add)
			}
			return len(list) < maxErrors
		})
	}
	return list
}

// decodeREST reads the envelope of a REST call. An answer is a success if it says
// so and holds a result: published examples carry errors next to it, and
// messages such as code 10000 "This API Token is valid and active".
func decodeREST(status int, body []byte, secrets *strings.Replacer) (*Envelope, *Error) {
	p, ok := split(body)
	if !ok {
		return nil, noJSON(status, body)
	}
	failures := p.failures(secrets)
	success, result := p.success.Type == gjson.True, p.result.Type != gjson.Null
	switch {
	case failedStatus(status), p.success.Type == gjson.False, !(success && result) && len(failures) > 0:
		return nil, newError(status, failures)
	case !success:
		return nil, malformed(status, "it is not in Cloudflare's envelope")
	case !result:
		return nil, malformed(status, "it reports success but has no result")
	}
	return &Envelope{Result: p.raw(p.result), Info: ResultInfo{
		PerPage: count(p.info, "per_page"), TotalCount: count(p.info, "total_count"), TotalPages: count(p.info, "total_pages"),
		Cursor: cmp.Or(p.info.Get("cursor").String(), p.info.Get("cursors.after").String()),
	}}, nil
}

func failedStatus(status int) bool { return status < 200 || status > 299 }

// count reads a number of rows or pages. What is no such number counts as absent.
func count(r gjson.Result, key string) int {
	if n := r.Get(key); n.Type == gjson.Number && n.Num >= 0 && n.Num < 1<<53 {
		return int(n.Num)
	}
	return 0
}

// noJSON is an answer without a JSON object. A status of failure says enough;
// with a status of success, the answer is broken.
func noJSON(status int, body []byte) *Error {
	if failedStatus(status) {
		return newError(status, nil)
	}
	switch trimmed := bytes.TrimSpace(body); {
	case len(trimmed) == 0:
		return malformed(status, "it is empty")
	case trimmed[0] == '<':
		return malformed(status, "it is an HTML page")
	case trimmed[0] == '{':
		return malformed(status, "its JSON is broken or ends early")
	}
	return malformed(status, "it is not a JSON object")
}

// errTooLarge is a body that is longer than it may be.
var errTooLarge = errors.New("the body is too large")

// bodies is the turn of a Client's long bodies.
type bodies chan struct{}

// read reads a body of at most so many bytes. release must be called once nothing of it is used any more.
func (b bodies) read(ctx context.Context, response *http.Response, most int) (body []byte, release func(), err error) {
	buffer := make([]byte, 0, min(max(response.ContentLength, 0), smallBody)+512)
	release = func() {}
	for {
		if cap(buffer)-len(buffer) < 512 {
			if len(buffer) >= smallBody && cap(buffer) < 2*smallBody {
				select {
				case b <- struct{}{}:
					release = sync.OnceFunc(func() { <-b })
				case <-ctx.Done():
					return nil, release, ctx.Err()
				}
			}
			larger := make([]byte, len(buffer), max(2*cap(buffer), 64<<10))
			copy(larger, buffer)
			buffer = larger
		}
		n, err := response.Body.Read(buffer[len(buffer):cap(buffer)])
		switch buffer = buffer[:len(buffer)+n]; {
		case len(buffer) > most:
			return buffer, release, errTooLarge
		case errors.Is(err, io.EOF):
			return buffer, release, nil
		case err != nil:
			return buffer, release, err
		}
	}
}

type holdKey struct{}

// hold is what the calls of a context keep.
type hold struct {
	mu       sync.Mutex
	releases []func()
}

// Hold has the calls that are made with the context keep their turn until release,
// for callers who have not used up what they were given when a call returns.
func Hold(ctx context.Context) (held context.Context, release func()) {
	h := &hold{}
	return context.WithValue(ctx, holdKey{}, h), func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, release := range h.releases {
			release()
		}
		h.releases = nil
	}
}

// keep leaves a release to the context's holder, or does it where there is none.
func keep(ctx context.Context, release func()) {
	h, ok := ctx.Value(holdKey{}).(*hold)
	if !ok {
		release()
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.releases = append(h.releases, release)
}
