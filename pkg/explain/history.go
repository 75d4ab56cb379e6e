package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// settled is how late entries of the audit log can become visible: a log that was
// read up to that long before now has all there is.
const settled = 10 * time.Minute

// Kinds of configuration, as the paths of the API name them.
const (
	kindApp    = "apps"
	kindPolicy = "policies"
	kindGroup  = "groups"
)

// change is a write to an application, a policy, or a group.
type change struct {
	at       time.Time
	kind, id string
	// appID is the application whose policy it is, empty for a reusable one.
	appID            string
	created, deleted bool
	// doc is the object as it was written, as far as the audit log has it whole.
	doc gjson.Result
	// actor is the person or else the API token that wrote it, as it is shown.
	actor string
}

// told says what was done when, and by whom as far as that was logged: "changed on …".
func (c *change) told() string {
	done := "changed"
	if c.deleted {
		done = "was deleted"
	}
	if c.actor == "" {
		return done + " on " + clock(c.at)
	}
	return "was " + strings.TrimPrefix(done, "was ") + " on " + clock(c.at) + " by " + c.actor
}

// history is what the audit log says about the configuration.
type history struct {
	changes  []change
	from, to time.Time
}

func readHistory(f *Facts) history {
	c, h := f.Changes, history{}
	if c.Missing == nil {
		h.from, h.to = c.From, c.To
	}
	for _, raw := range c.Rows {
		if change, ok := readChange(gjson.ParseBytes(raw)); ok {
			if f.Show != nil && change.actor != "" {
				change.actor = f.Show(change.actor)
			}
			h.changes = append(h.changes, change)
		}
	}
	slices.SortStableFunc(h.changes, func(a, b change) int { return a.at.Compare(b.at) })
	return h
}

func readChange(row gjson.Result) (change, bool) {
	at, ok := instant(row.Get("action.time"))
	method := strings.ToUpper(row.Get("raw.method").Str)
	kind, id, app := subject(row.Get("raw.uri").Str)
	if !ok || kind == "" || method == "GET" || row.Get("action.type").Str == "view" || strings.EqualFold(row.Get("action.result").Str, "failure") {
		return change{}, false
	}
	c := change{at: at, kind: kind, id: id, appID: app, actor: first(row, "actor.email", "actor.token_name")}
	c.deleted = method == "DELETE" || row.Get("action.type").Str == "delete"
	c.created = method == "POST" || row.Get("action.type").Str == "create"
	if !c.deleted {
		c.doc = whole(row.Get("resource.response"))
		// A PATCH holds only what it changes.
		if !c.doc.Exists() && method != "PATCH" {
			c.doc = whole(row.Get("resource.request"))
		}
	}
	c.id = firstText(c.id, c.doc.Get("id").Str, row.Get("resource.id").Str)
	return c, c.id != ""
}

// alias has the changes of an application under its other ID count as its own: paths
// of the API take both.
func (h *history) alias(other, id string) {
	for i := range h.changes {
		c := &h.changes[i]
		if c.kind == kindApp && strings.EqualFold(c.id, other) {
			c.id = id
		}
		if strings.EqualFold(c.appID, other) {
			c.appID = id
		}
	}
}

// nameOf is what a policy was last called.
func (h *history) nameOf(id string) (name string) {
	for _, c := range h.changes {
		if c.kind == kindPolicy && strings.EqualFold(c.id, id) {
			name = firstText(c.doc.Get("name").Str, name)
		}
	}
	return name
}

// covers says whether the log is known whole from one time to another.
func (h *history) covers(from, to time.Time) bool {
	return !h.from.IsZero() && !h.from.After(from) && !h.to.Before(to)
}

// standing is an object of the configuration as it stood at a moment.
type standing struct {
	doc gjson.Result
	// absent: it was not there yet.
	absent bool
	// firm: the document is surely the one of the moment.
	firm bool
	// changed is when it changed after the moment; zero where it didn't.
	changed time.Time
	note    string
}

// asOf is how an object stood at a moment, given how it stands now. what names it
// in sentences.
func (h *history) asOf(kind, id, what string, now gjson.Result, at, readAt time.Time) standing {
	var before, after *change
	for i := range h.changes {
		switch c := &h.changes[i]; {
		case c.kind != kind || !strings.EqualFold(c.id, id):
		case c.at.After(at):
			if after == nil {
				after = c
			}
		default:
			before = c
		}
	}
	created, dated := instant(now.Get("created_at"))
	if before == nil && (dated && created.After(at) || after != nil && after.created) {
		return standing{absent: true, firm: true}
	}
	updated, dated := instant(now.Get("updated_at"))
	if after == nil && dated && !updated.After(at) {
		return standing{doc: now, firm: true}
	}
	if after == nil && !dated {
		// The moment is so near to now that the log can't tell, or it tells that
		// nothing happened.
		if !at.Before(readAt) || h.covers(at, readAt.Add(-settled)) {
			return standing{doc: now, firm: true}
		}
		if !now.Exists() {
			return standing{}
		}
		return standing{doc: now, note: fmt.Sprintf("When %s last changed is not known.", what)}
	}
	if after == nil && kind == kindApp && h.onlyPoliciesChanged(id, at, readAt) {
		return standing{doc: now, firm: true}
	}
	if after == nil {
		after = &change{at: updated}
	}
	s := standing{doc: now, changed: after.at}
	if before != nil && before.doc.Exists() && !before.deleted {
		s.doc, s.firm = before.doc, h.covers(later(before.at, h.from), at)
		s.note = fmt.Sprintf("Judged as %s stood before it %s.", what, after.told())
		return s
	}
	s.note = fmt.Sprintf("%s %s, and how it stood before is not known.", capital(what), after.told())
	return s
}

// onlyPoliciesChanged says whether the application itself stayed as it was, and its
// new date comes from one of its policies.
func (h *history) onlyPoliciesChanged(app string, at, readAt time.Time) bool {
	return h.covers(at, readAt.Add(-settled)) && slices.ContainsFunc(h.changes, func(c change) bool {
		return c.kind == kindPolicy && strings.EqualFold(c.appID, app) && c.at.After(at)
	})
}

// last is the last change of an object until a moment; nil where none is known.
func (h *history) last(kind, id string, at time.Time) (last *change) {
	for i := range h.changes {
		if c := &h.changes[i]; c.kind == kind && strings.EqualFold(c.id, id) && !c.at.After(at) {
			last = c
		}
	}
	return last
}

// deletedPolicies are the policies of an application that were deleted after a
// moment.
func (h *history) deletedPolicies(app string, at time.Time) []change {
	var out []change
	for _, c := range h.changes {
		if c.kind == kindPolicy && c.deleted && c.at.After(at) && strings.EqualFold(c.appID, app) {
			out = append(out, c)
		}
	}
	return out
}

// clock is a time as sentences show it.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// asOf is the moment whose configuration was judged by: the login's, unless some of
// it was judged as it stands now.
func (q *inquiry) asOf(a *application) time.Time {
	if a.unread != "" {
		return time.Time{}
	}
	if q.unsettled {
		return q.facts.ReadAt
	}
	return q.login.at
}

// jitRows are the requests for temporary access of the login's user to the
// application, those that were made before the login.
func (q *inquiry) jitRows(app gjson.Result) []gjson.Result {
	var out []gjson.Result
	for _, raw := range q.facts.JIT.Rows {
		row := gjson.ParseBytes(raw)
		created, _ := instant(row.Get("created_at"))
		aud, host := row.Get("app_aud").Str, row.Get("app_hostname").Str
		domain, _, _ := strings.Cut(app.Get("domain").Str, "/")
		here := aud != "" && aud == firstText(app.Get("aud").Str, q.login.aud) || aud == "" && host != "" && strings.EqualFold(host, domain)
		if here && strings.EqualFold(row.Get("requester_email").Str, q.login.email) && !created.After(q.login.at) {
			out = append(out, row)
		}
	}
	return out
}

// approved says whether temporary access was granted at the login.
func (q *inquiry) approved(app gjson.Result) (granted belief, pending bool, note string) {
	rows := q.jitRows(app)
	granted = surelyNot
	if q.facts.JIT.Missing != nil {
		granted, note = doubt, unread(q.facts.JIT.Missing, "the requests for temporary access")
	}
	for _, row := range rows {
		b := q.granted(row)
		granted = granted.or(b)
		if b.likely != yes {
			pending = true
		}
	}
	return granted, pending, note
}

func (q *inquiry) granted(row gjson.Result) belief {
	status := strings.ToUpper(row.Get("status").Str)
	if expires, ok := instant(row.Get("expires_at")); ok && !expires.After(q.login.at) {
		return surelyNot
	}
	if status != "APPROVED" && status != "SPENT" {
		return surelyNot
	}
	// The row says that it was approved, not when.
	when := time.Time{}
	for _, event := range row.Get("events").Array() {
		if kind := event.Get("type").Str; kind == "APPROVER_DECISION" || kind == "COMMITTED" {
			at, _ := instant(event.Get("timestamp"))
			when = later(when, at)
		}
	}
	if when.IsZero() {
		return doubt
	}
	return held(truthOf(!when.After(q.login.at)), true)
}
