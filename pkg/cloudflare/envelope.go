package cloudflare

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
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
