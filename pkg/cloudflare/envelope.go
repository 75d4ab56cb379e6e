package cloudflare

import (
	"bytes"
	"unsafe"

	"github.com/tidwall/gjson"
)

// maxNesting is how deep a body may nest. No answer of Cloudflare's comes near;
// the check of validity recurses, so that without a bound a hostile body could
// exhaust the stack.
const maxNesting = 10000

// parts are the members of a body that is a JSON object, as raw JSON.
type parts struct {
	success, errors, result, info, data gjson.Result
	body                                []byte
}

// split checks that a body is one valid JSON object, and finds its members
// without decoding what they hold: a page of a thousand rows costs two passes
// over its bytes. The parts share the body's memory, which is never written to.
func split(body []byte) (parts, bool) {
	if nestsTooDeep(body) || !gjson.ValidBytes(body) {
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

// nestsTooDeep counts brackets, and looks closer only where there are many.
func nestsTooDeep(body []byte) bool {
	if bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) <= maxNesting {
		return false
	}
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > maxNesting {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// failures are the envelope's errors, with those of the older error_chain.
// Cloudflare's GraphQL has messages without codes.
func (p parts) failures() []apiError {
	var list []apiError
	add := func(_, item gjson.Result) bool {
		list = append(list, apiError{code: int(item.Get("code").Int()), message: item.Get("message").String()})
		item.Get("error_chain").ForEach(func(_, link gjson.Result) bool {
			list = append(list, apiError{code: int(link.Get("code").Int()), message: link.Get("message").String()})
			return len(list) < 20
		})
		return len(list) < 20
	}
	if p.errors.IsArray() {
		p.errors.ForEach(add)
	}
	return list
}

// decodeREST reads the envelope of a REST call. An answer is a success only if
// it says so and holds a result; messages next to it, such as code 10000 "This
// API Token is valid and active", are no errors.
func decodeREST(status int, body []byte) (*Envelope, *Error) {
	p, ok := split(body)
	if !ok {
		return nil, noJSON(status, body)
	}
	failures := p.failures()
	if status < 200 || status > 299 || p.success.Type == gjson.False || len(failures) > 0 {
		return nil, newError(status, failures)
	}
	if p.success.Type != gjson.True {
		return nil, malformed(status, "it is not in Cloudflare's envelope")
	}
	if !isList(p.errors) {
		return nil, malformed(status, "its errors are not a list")
	}
	if !p.result.Exists() || p.result.Type == gjson.Null {
		return nil, malformed(status, "it says success but holds no result")
	}
	return &Envelope{Result: p.raw(p.result), Info: ResultInfo{
		Count: number(p.info, "count"), Page: number(p.info, "page"),
		PerPage: number(p.info, "per_page"), TotalCount: number(p.info, "total_count"),
	}}, nil
}

// isList says whether errors are a list, or say nothing at all.
func isList(errors gjson.Result) bool {
	switch errors.Type {
	case gjson.Null: // also where there are none
		return true
	case gjson.String:
		return errors.Str == ""
	case gjson.JSON:
		return errors.IsArray() || len(errors.Map()) == 0
	}
	return false
}

// number reads a count; what is no sensible number counts as absent.
func number(r gjson.Result, key string) int {
	if n := r.Get(key); n.Type == gjson.Number && n.Num >= 0 && n.Num < 1<<53 {
		return int(n.Num)
	}
	return 0
}

// noJSON is an answer without a JSON object. A status that says failure speaks
// for itself; with a status of success the answer is broken.
func noJSON(status int, body []byte) *Error {
	if status < 200 || status > 299 {
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
