package explain

import (
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// nearEnough is how far from the login the identity may have been seen and still
// count as data of the login.
const nearEnough = 5 * time.Minute

// nonIdentity is what Cloudflare logs as identity provider or connection where
// nobody signed in: service tokens, certificates, bypass.
const nonIdentity = "nonidentity"

// observed is a value as some source has it, or why none has.
type observed struct {
	text  string
	known bool
	// firm values are data of the login itself.
	firm   bool
	source string
	// note says why the value is not known, or how old it is.
	note string
}

// login is what was asked about: a login as it was logged, or, where found is
// false, a user at the time of the question.
type login struct {
	found   bool
	at      time.Time
	outcome string
	// disputed says that two logs disagree about the outcome.
	disputed bool

	request, group, failed gjson.Result

	rayID string
	// email is the user's address, emailFrom the log or list that has it.
	email, emailFrom, userUUID string
	appUID, aud                string
	appName, appDomain         string
	// approvingID is the policy that let the login in, where that was logged.
	approvingID string
	ip, country observed
	// identity is the last seen one of the login's user; where it was not seen near
	// the login, identityNote says how far from it.
	identity     gjson.Result
	identityFirm bool
	identityNote string
	// nobody says whether the login was one without a person.
	nobody belief
}

func readLogin(f *Facts) login {
	l := login{
		request: gjson.ParseBytes(f.Request.JSON),
		group:   dimensionsOf(f.Group),
		failed:  gjson.GetBytes(f.Failed.JSON, "metadata"),
	}
	if !l.failed.Exists() {
		l.failed = gjson.ParseBytes(f.Failed.JSON)
	}
	l.found = l.request.IsObject() || l.group.IsObject() || l.failed.IsObject()
	l.at = firstTime(l.request.Get("created_at"), l.failed.Get("datetime"), l.group.Get("datetime"))
	if l.at.IsZero() {
		l.at = f.ReadAt
	}
	l.rayID = firstText(f.RayID, l.request.Get("ray_id").Str, l.group.Get("cfRayId").Str, l.failed.Get("ray_id").Str)
	if id, ok := query.NormalizeRayID(l.rayID); ok {
		l.rayID = id
	}
	l.readOutcome()
	l.readIdentity(f)
	l.readUser(f)
	l.appUID = firstText(l.request.Get("app_uid").Str, l.group.Get("appId").Str)
	l.aud = l.failed.Get("aud").Str
	l.appName = firstText(l.request.Get("app_name").Str, l.failed.Get("app_name").Str)
	l.appDomain = l.request.Get("app_domain").Str
	l.approvingID = l.group.Get("approvingPolicyId").Str
	l.ip = l.place("ip_address", "ipAddress", "ip", f)
	l.country = l.place("country", "country", "geo.country", f)
	return l
}

func dimensionsOf(d Document) gjson.Result {
	row := gjson.ParseBytes(d.JSON)
	if inner := row.Get("dimensions"); inner.IsObject() {
		return inner
	}
	return row
}

// readOutcome takes the outcome from the log that is a census; the login groups
// are sampled, and one of them can stand for several logins.
func (l *login) readOutcome() {
	var said []bool
	if v := l.request.Get("allowed"); v.Exists() {
		said = append(said, v.Bool())
	}
	if v := l.group.Get("isSuccessfulLogin"); v.Exists() {
		said = append(said, v.Bool())
	}
	if l.failed.IsObject() && len(said) == 0 {
		said = append(said, false)
	}
	if len(said) == 0 {
		return
	}
	l.outcome = OutcomeBlocked
	if said[0] {
		l.outcome = OutcomeAllowed
	}
	l.disputed = len(said) == 2 && said[0] != said[1]
}

func (l *login) readUser(f *Facts) {
	l.userUUID = firstText(l.group.Get("userUuid").Str, l.failed.Get("user_uuid").Str, l.request.Get("user_id").Str, f.UserUUID)
	switch {
	case l.request.Get("user_email").Str != "":
		l.email, l.emailFrom = l.request.Get("user_email").Str, "access_requests"
	case l.failed.Get("user_email").Str != "":
		l.email, l.emailFrom = l.failed.Get("user_email").Str, "failed_logins"
	case f.UserEmail != "":
		l.email, l.emailFrom = f.UserEmail, "users"
	case l.identity.Get("email").Str != "":
		l.email, l.emailFrom = l.identity.Get("email").Str, "last_seen_identity"
	}
	provider := firstText(l.group.Get("identityProvider").Str, l.request.Get("connection").Str)
	switch {
	case l.email != "" || l.userUUID != "":
		l.nobody = surelyNot
	case strings.EqualFold(provider, nonIdentity), l.group.Get("serviceTokenId").Str != "" && provider == "":
		l.nobody = surely
	}
}

// readIdentity takes the last seen identity where it is of the login's user.
func (l *login) readIdentity(f *Facts) {
	identity := gjson.ParseBytes(f.Identity.JSON)
	if !identity.IsObject() {
		l.identityNote = unread(f.Identity.Missing, "the user's last seen identity")
		return
	}
	read, wanted := identity.Get("user_uuid").Str, firstText(l.group.Get("userUuid").Str, l.failed.Get("user_uuid").Str, f.UserUUID)
	if read != "" && wanted != "" && !strings.EqualFold(read, wanted) {
		l.identityNote = "The identity that was read is another user's."
		return
	}
	l.identity = identity
	iat := identity.Get("iat").Float()
	if iat == 0 {
		l.identityNote = "The identity doesn't say when it was seen."
		return
	}
	seen := time.UnixMilli(int64(iat * 1000)).UTC()
	l.identityFirm, l.identityNote = l.near(seen, "The identity")
	by, logged := identity.Get("idp.id").Str, l.group.Get("identityProvider").Str
	if isID(by) && isID(logged) && bareID(by) != bareID(logged) {
		l.identityFirm = false
		l.identityNote = sentences(l.identityNote, "The identity is of a login with another identity provider.")
	}
}

// near says whether something was seen so near to the login that it counts as data
// of it, and otherwise how far from it.
func (l *login) near(seen time.Time, what string) (firm bool, note string) {
	age := l.at.Sub(seen)
	if age.Abs() <= nearEnough {
		return true, ""
	}
	moment := "the login"
	if !l.found {
		moment = "this question"
	}
	direction := "before"
	if age < 0 {
		direction = "after"
	}
	return false, fmt.Sprintf("%s was seen %s %s %s.", what, spoken(age.Abs()), direction, moment)
}

// place is where the login came from, which both logs tell.
func (l *login) place(inRequest, inGroup, inIdentity string, f *Facts) observed {
	if v := l.request.Get(inRequest).Str; v != "" {
		return observed{text: v, known: true, firm: true, source: "access_requests"}
	}
	if v := l.group.Get(inGroup).Str; v != "" {
		return observed{text: v, known: true, firm: true, source: "login_groups"}
	}
	if v := l.identity.Get(inIdentity).Str; v != "" {
		return observed{text: v, known: true, firm: l.identityFirm, source: "last_seen_identity", note: l.identityNote}
	}
	for _, d := range []Document{f.Request, f.Group, f.Identity} {
		if d.Missing != nil {
			return observed{note: unread(d.Missing, "the login's "+strings.ReplaceAll(inRequest, "_", " "))}
		}
	}
	return observed{note: "No log of this login has its " + strings.ReplaceAll(inRequest, "_", " ") + "."}
}

// inGroup is a dimension of the login group, or else what the identity has, which is of
// the last request to any application: each host asks for its own certificate.
func (l *login) inGroup(dimension, inIdentity string, f *Facts) observed {
	if v := l.group.Get(dimension); v.Exists() {
		return observed{text: v.String(), known: true, firm: true, source: "login_groups"}
	}
	if v := l.identity.Get(inIdentity); inIdentity != "" && v.Exists() {
		note := firstText(l.identityNote, "The identity may be that of a request to another application.")
		return observed{text: v.String(), known: true, source: "last_seen_identity", note: note}
	}
	if f.Group.Missing != nil {
		return observed{note: unread(f.Group.Missing, "the login group")}
	}
	return observed{note: "Cloudflare has no login group of this login that tells."}
}

// ofIdentity is a value that only the identity has.
func (l *login) ofIdentity(path, what string) (gjson.Result, observed) {
	switch v := l.identity.Get(path); {
	case v.Exists() && v.Type != gjson.Null:
		return v, observed{text: v.String(), known: true, firm: l.identityFirm, source: "last_seen_identity", note: l.identityNote}
	case l.identity.IsObject():
		return v, observed{source: "last_seen_identity", note: "The last seen identity has no " + what + "."}
	}
	return gjson.Result{}, observed{note: firstText(l.identityNote, "No identity of this user was seen.")}
}

// unread is the sentence for a source that is missing.
func unread(m *Missing, what string) string {
	switch {
	case m == nil:
		return "Nothing was found of " + what + "."
	case m.Permission != "":
		return fmt.Sprintf("Not known because %s. To read it, the API token needs %s.", m.Why, m.Permission)
	}
	return fmt.Sprintf("Not known because %s.", m.Why)
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func firstTime(values ...gjson.Result) time.Time {
	for _, v := range values {
		if t, ok := instant(v); ok {
			return t
		}
	}
	return time.Time{}
}

func instant(v gjson.Result) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, v.Str)
	return t.UTC(), err == nil
}

// spoken is a duration as people say it, in its largest units.
func spoken(d time.Duration) string {
	units := []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}}
	for _, u := range units {
		if n := int64(d / u.of); n == 1 {
			return "1 " + u.name
		} else if n > 1 {
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return "less than a second"
}
