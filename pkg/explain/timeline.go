package explain

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

const (
	// around is how far before and after the login its user is followed.
	around = time.Hour
	// changesBefore is how far back changes to the configuration are told.
	changesBefore = 7 * 24 * time.Hour
)

// kindOfEvent says how the rows of one log are read.
type kindOfEvent struct {
	what                             string
	time, ray, user, userID, address []string
	outcome                          func(gjson.Result) string
	title                            func(q *inquiry, row gjson.Result, outcome string) string
}

var kindsOfEvents = []kindOfEvent{
	{
		what: WhatLogin, time: []string{"created_at"}, ray: []string{"ray_id"}, user: []string{"user_email"}, userID: []string{"user_id"},
		address: []string{"ip_address"}, outcome: success("allowed", OutcomeAllowed, OutcomeBlocked),
		title: func(q *inquiry, row gjson.Result, outcome string) string {
			return q.loginTitle(outcome, row.Get("user_email").Str, firstText(row.Get("app_name").Str, q.shown.personal(row.Get("app_domain").Str), q.appName(row.Get("app_uid").Str)), row.Get("ip_address").Str, row.Get("country").Str)
		},
	},
	{
		what: WhatLoginGroup, time: []string{"datetime", "datetimeMinute"}, ray: []string{"cfRayId"}, userID: []string{"userUuid"},
		address: []string{"ipAddress"}, outcome: success("isSuccessfulLogin", OutcomeAllowed, OutcomeBlocked),
		title: func(q *inquiry, row gjson.Result, outcome string) string {
			who := firstText(q.userName(row.Get("userUuid").Str), row.Get("mtlsCommonName").Str)
			if token := row.Get("serviceTokenId").Str; token != "" {
				who = ""
				outcome += " with the service token " + quoted(q.tokenName(token))
			}
			return q.loginTitle(outcome, who, q.appName(row.Get("appId").Str), row.Get("ipAddress").Str, row.Get("country").Str)
		},
	},
	{
		what: WhatFailedLogin, time: []string{"metadata.datetime", "datetime"}, ray: []string{"metadata.ray_id", "ray_id"},
		user: []string{"metadata.user_email", "user_email"}, userID: []string{"metadata.user_uuid", "user_uuid"},
		outcome: func(gjson.Result) string { return OutcomeBlocked },
		title: func(q *inquiry, row gjson.Result, _ string) string {
			return q.loginTitle("failed", first(row, "metadata.user_email", "user_email"), first(row, "metadata.app_name", "app_name"), "", "")
		},
	},
	{
		what: WhatSCIMUpdate, time: []string{"logged_at"}, user: []string{"resource_user_email"},
		outcome: func(row gjson.Result) string {
			if row.Get("status").Str == "SUCCESS" {
				return "success"
			}
			return "failure"
		},
		title: func(q *inquiry, row gjson.Result, outcome string) string {
			return "SCIM " + row.Get("request_method").Str + " of " + q.shown.personal(row.Get("resource_user_email").Str) + ": " + outcome
		},
	},
	{
		what: WhatAccessChange, time: []string{"action.time"}, ray: []string{"raw.cf_ray_id"},
		outcome: func(row gjson.Result) string {
			return strings.ToLower(firstText(row.Get("action.result").Str, "success"))
		},
		title: changeTitle,
	},
	{
		what: WhatJITRequest, time: []string{"created_at"}, user: []string{"requester_email"},
		outcome: func(row gjson.Result) string { return strings.ToLower(row.Get("status").Str) },
		title: func(q *inquiry, row gjson.Result, outcome string) string {
			return q.shown.personal(row.Get("requester_email").Str) + " asked for access to " + firstText(row.Get("app_hostname").Str, "an application") + ": " + outcome
		},
	},
}

func success(key, accepted, refused string) func(gjson.Result) string {
	return func(row gjson.Result) string {
		switch v := row.Get(key); {
		case !v.Exists():
			return ""
		case v.Bool():
			return accepted
		}
		return refused
	}
}

func (q *inquiry) loginTitle(outcome, who, app, address, country string) string {
	title := capital(firstText(outcome, "login"))
	if who != "" {
		title += ": " + q.shown.personal(who)
	}
	if app != "" {
		title += " to " + app
	}
	if address != "" {
		title += " from " + q.shown.personal(address)
	}
	if country != "" {
		title += " (" + strings.ToUpper(country) + ")"
	}
	return title
}

// appName is what an application is called; its ID where that is not known.
func (q *inquiry) appName(id string) string {
	app, _ := q.apps.get(id)
	name := app.Get("name").Str
	if bareID(id) == bareID(q.login.appUID) {
		name = firstText(name, q.login.appName)
	}
	return firstText(name, id)
}

// userName is the address of the login's user, and the UUID of any other.
func (q *inquiry) userName(id string) string {
	if id != "" && strings.EqualFold(id, q.login.userUUID) {
		return firstText(q.login.email, id)
	}
	return id
}

func changeTitle(q *inquiry, row gjson.Result, outcome string) string {
	kind, id, app := subject(row.Get("raw.uri").Str)
	thing := map[string]string{kindApp: "application", kindPolicy: "policy", kindGroup: "group"}[kind]
	name := firstText(whole(row.Get("resource.response")).Get("name").Str, whole(row.Get("resource.request")).Get("name").Str, id)
	done := map[string]string{"POST": "created", "DELETE": "deleted"}[strings.ToUpper(row.Get("raw.method").Str)]
	title := "The " + firstText(thing, "configuration") + " " + quoted(name)
	if app != "" {
		title += " of " + q.appName(app)
	}
	title += " was " + firstText(done, "changed")
	if who := row.Get("actor.email").Str; who != "" {
		title += " by " + q.shown.personal(who)
	}
	if outcome == "failure" {
		title += ", which failed"
	}
	return title
}

// subject reads what a path of the API is about: `…/access/apps/{id}`,
// `…/access/apps/{id}/policies/{id}`, `…/access/policies/{id}`, or
// `…/access/groups/{id}`; where it ends in the kind, something was created there.
func subject(uri string) (kind, id, app string) {
	uri, _, _ = strings.Cut(uri, "?")
	_, rest, ok := strings.Cut(uri, "/access/")
	if !ok {
		return "", "", ""
	}
	parts := append(strings.Split(strings.Trim(rest, "/"), "/"), "", "", "", "")
	switch {
	case parts[0] == kindApp && parts[2] == kindPolicy && parts[4] == "":
		return kindPolicy, parts[3], parts[1]
	case slices.Contains([]string{kindApp, kindPolicy, kindGroup}, parts[0]) && parts[2] == "":
		return parts[0], parts[1], ""
	}
	return "", "", ""
}

// whole is the object in a body: bodies are kept as JSON or as text that is JSON,
// with the envelope of the API around them or without.
func whole(body gjson.Result) gjson.Result {
	if body.Type == gjson.String {
		body = gjson.Parse(body.Str)
	}
	if inner := body.Get("result"); inner.IsObject() {
		body = inner
	}
	for _, key := range []string{"include", "policies", "type", "domain"} {
		if body.Get(key).Exists() {
			return body
		}
	}
	return gjson.Result{}
}

// timeline is what happened around the login, oldest first.
func (q *inquiry) timeline(a *application) []Entry {
	if q.login.at.IsZero() {
		return nil
	}
	f := q.facts
	events := slices.Clone(f.Events)
	for what, d := range map[string]Document{WhatLogin: f.Request, WhatLoginGroup: f.Group, WhatFailedLogin: f.Failed} {
		events = append(events, Event{what, d.JSON})
	}
	for what, rows := range map[string][]json.RawMessage{WhatJITRequest: f.JIT.Rows, WhatAccessChange: f.Changes.Rows} {
		for _, row := range rows {
			events = append(events, Event{what, row})
		}
	}
	var out []Entry
	seen := map[string]bool{}
	for _, e := range events {
		row := gjson.ParseBytes(e.JSON)
		if e.What == WhatLoginGroup {
			row = dimensionsOf(Document{JSON: e.JSON})
		}
		i := slices.IndexFunc(kindsOfEvents, func(k kindOfEvent) bool { return k.what == e.What })
		if i < 0 || !row.IsObject() || seen[e.What+row.Raw] {
			continue
		}
		seen[e.What+row.Raw] = true
		if entry, ok := q.entry(kindsOfEvents[i], row, a); ok {
			out = append(out, entry)
		}
	}
	slices.SortStableFunc(out, func(x, y Entry) int {
		return cmp.Or(x.Time.Compare(y.Time), cmp.Compare(x.What, y.What), cmp.Compare(x.Title, y.Title))
	})
	return out
}

func (q *inquiry) entry(k kindOfEvent, row gjson.Result, a *application) (Entry, bool) {
	at, ok := instant(gjson.Result{Type: gjson.String, Str: first(row, k.time...)})
	if !ok {
		return Entry{}, false
	}
	ray := first(row, k.ray...)
	switch before := q.login.at.Sub(at); {
	case k.what == WhatAccessChange:
		if before < 0 || before > changesBefore || !q.concerns(row, a) {
			return Entry{}, false
		}
	case before.Abs() > around || !q.same(k, row, ray):
		return Entry{}, false
	}
	outcome := k.outcome(row)
	return Entry{
		Time: at, What: k.what, Outcome: outcome, RayID: ray,
		Title: q.shown.text(k.title(q, row, outcome)), Detail: json.RawMessage(q.shown.json(row)),
	}, true
}

// same says whether a row is of the login's user or, where there is none, of its
// address.
func (q *inquiry) same(k kindOfEvent, row gjson.Result, ray string) bool {
	l := &q.login
	is := func(mine string, paths []string) bool {
		theirs := first(row, paths...)
		return mine != "" && strings.EqualFold(mine, theirs)
	}
	if l.found && is(l.rayID, k.ray) {
		return true
	}
	if l.email != "" || l.userUUID != "" {
		return is(l.email, k.user) || is(l.userUUID, k.userID)
	}
	return is(l.ip.text, k.address)
}

// concerns says whether a change was to the application, or to a policy or group
// that it uses.
func (q *inquiry) concerns(row gjson.Result, a *application) bool {
	path, _, _ := strings.Cut(strings.ToLower(row.Get("raw.uri").Str), "?")
	parts := strings.Split(path, "/")
	parts = append(parts, strings.ToLower(row.Get("resource.id").Str))
	return slices.ContainsFunc(parts, func(part string) bool {
		return part != "" && (strings.EqualFold(part, a.id) || q.touched[part])
	})
}

// first is the first of some values that is there.
func first(row gjson.Result, paths ...string) string {
	for _, p := range paths {
		if v := row.Get(p).String(); v != "" {
			return v
		}
	}
	return ""
}
