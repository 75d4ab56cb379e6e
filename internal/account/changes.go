package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// auditLogPage and jitRequestsPage are the sizes of pages that ask for none.
const (
	auditLogPage    = 100
	jitRequestsPage = 25
)

// Cursors is how the audit log leads from page to page, as far as Cloudflare does
// not document it.
type Cursors struct {
	// After has the cursor where Cloudflare's SDK looks for it, not where its
	// documentation does.
	After bool
	// EmptyEnd has the last page that has rows lead to one without.
	EmptyEnd bool
	// Sparse pages are shorter than asked, or empty, although more follow.
	Sparse bool
	// Loops has each cursor lead to the page that gave it.
	Loops bool
}

// AuditEntry is an entry of the audit log, of a call to a path.
func AuditEntry(at time.Time, id, uri string) Event {
	action := Row{"description": "Policy update", "result": "success", "time": at.UTC().Format(time.RFC3339Nano), "type": "update"}
	return Event{At: at, RayID: id, Row: Row{
		"id": id, "account": Row{"id": ID, "name": "Example"}, "action": action,
		"actor": Row{"id": "a1", "context": "dash", "email": "alex@example.com", "ip_address": "192.0.2.7", "type": "user"},
		"raw":   Row{"cf_ray_id": fmt.Sprintf("%016x", at.UnixNano()), "method": "PUT", "status_code": 200, "uri": uri, "user_agent": "Mozilla/5.0"},
		"resource": Row{"id": "r1", "product": "access", "type": "policy", "scope": "accounts",
			"request": Row{"name": "Finance only", "decision": "allow"}, "response": Row{"id": "r1", "name": "Finance only"}},
	}}
}

// AuditEntryOf is the entry of a row, whose action.time has to be a time.
func AuditEntryOf(row Row) Event {
	e := Event{Row: row, RayID: within(row, "id")}
	var err error
	if e.At, err = time.Parse(time.RFC3339Nano, within(row, "action.time")); err != nil {
		panic(err)
	}
	return e
}

// within is the text of what a row has at the end of a path.
func within(row Row, path string) string {
	var value any = row
	for name := range strings.SplitSeq(path, ".") {
		inner, _ := value.(Row)
		value = inner[name]
	}
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// auditFilters are parameters of the audit log that filter, with what each is
// compared with.
var auditFilters = map[string]string{
	"id": "id", "action_type": "action.type", "action_result": "action.result", "actor_context": "actor.context",
	"actor_email": "actor.email", "actor_ip_address": "actor.ip_address", "actor_token_name": "actor.token_name", "actor_type": "actor.type",
	"raw_cf_ray_id": "raw.cf_ray_id", "raw_method": "raw.method", "raw_uri": "raw.uri", "resource_id": "resource.id",
	"resource_product": "resource.product", "resource_type": "resource.type",
}

// auditFilter tells which entries a call asks for.
func (k Quirks) auditFilter(q url.Values) (passes func(Row) bool, err error) {
	tests := []func(Row) bool{}
	for name, path := range auditFilters {
		for _, negated := range []bool{false, true} {
			values := q[name]
			if negated {
				values = q[name+".not"]
			}
			if len(values) == 0 {
				continue
			}
			switch k.Filters[name] {
			case FilterRefused:
				return nil, fmt.Errorf("unknown parameter %s", name)
			case FilterEmptied:
				tests = append(tests, func(Row) bool { return false })
			case FilterApplied:
				tests = append(tests, func(row Row) bool { return slices.Contains(values, within(row, path)) != negated })
			}
		}
	}
	return func(row Row) bool {
		return !slices.ContainsFunc(tests, func(test func(Row) bool) bool { return !test(row) })
	}, nil
}

// serveAuditLog answers with a page of the audit log. A cursor names the last
// entry of the page that gave it, and the number of that page.
func (a *Account) serveAuditLog(w http.ResponseWriter, r *http.Request) {
	s, q := a.state.Load(), r.URL.Query()
	if q.Get("since") == "" || q.Get("before") == "" {
		badRequest(w, errors.New("since and before are required"))
		return
	}
	q.Set("until", q.Get("before"))
	since, until, err := s.Quirks.bounds(q, s.now())
	passes, failed := s.Quirks.auditFilter(q)
	limit, wrong := positive(q, "limit")
	if err := errors.Join(err, failed, wrong); err != nil {
		badRequest(w, err)
		return
	}
	if limit == 0 {
		limit = auditLogPage
	}
	size := min(limit, PageSize)
	if s.Quirks.PageCap > 0 {
		size = min(size, s.Quirks.PageCap)
	}
	lo, hi := s.audit.between(since, until)
	o := order{lo, max(lo, hi), q.Get("direction") == "asc"}
	at, number, err := readCursor(q.Get("cursor"))
	if err != nil {
		badRequest(w, err)
		return
	}
	cursors := s.Quirks.Cursors
	if cursors.Sparse {
		size = int(uint32(number+1)*2654435761>>8) % (size/4 + 1) // some are empty
	}
	rows, next := []Row{}, at
	for ; next < o.len() && len(rows) < size; next++ {
		if e := s.audit.events[o.row(next)]; !e.isLate(s.now()) && passes(e.Row) {
			rows = append(rows, s.Quirks.without(e.Row))
		}
	}
	info := Row{"count": strconv.Itoa(len(rows))}
	if next < o.len() || cursors.EmptyEnd && len(rows) > 0 {
		cursor := fmt.Sprintf("%d.%d", next, number+1)
		if cursors.Loops {
			cursor = fmt.Sprintf("%d.%d", at, number)
		}
		info["cursor"] = cursor
		if cursors.After {
			info = Row{"count": info["count"], "cursors": Row{"after": cursor}}
		}
	}
	if s.Quirks.NoResultInfo {
		info = nil
	}
	writeList(w, rows, info)
}

func readCursor(text string) (at, number int, err error) {
	if text != "" {
		_, err = fmt.Sscanf(text, "%d.%d", &at, &number)
	}
	return at, number, err
}

// without is a row without what the account withholds, which may be the end of a
// path.
func (k Quirks) without(row Row) Row {
	if len(k.Withholds) == 0 {
		return row
	}
	var copied Row
	text, err := json.Marshal(row)
	if err := errors.Join(err, json.Unmarshal(text, &copied)); err != nil {
		panic(err)
	}
	for _, path := range k.Withholds {
		inner, name := copied, path
		if outer, last, ok := strings.Cut(path, "."); ok {
			inner, _ = copied[outer].(Row)
			name = last
		}
		delete(inner, name)
	}
	return copied
}

// serveJITRequests answers with a page of requests for temporary access. In which
// order they come is not documented.
func (a *Account) serveJITRequests(w http.ResponseWriter, r *http.Request) {
	s, q := a.state.Load(), r.URL.Query()
	q.Del("direction")
	if s.Quirks.OldestFirst {
		q.Set("direction", "asc")
	}
	var filters []Filter
	if q.Has("status") {
		filters = append(filters, Filter{Field: "status", Operator: "=", Values: q["status"]})
	}
	passes, err := s.jit.match(filters)
	if err != nil {
		badRequest(w, err)
		return
	}
	a.servePage(w, q, s, s.jit, passes, jitRequestsPage)
}
