package explain

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// Judge says why a login was decided as it was.
func Judge(f Facts) Answer {
	q := newInquiry(&f)
	if !q.login.found && f.RayID != "" {
		return Answer{Verdict: q.notFound(), Timeline: q.timeline(&application{})}
	}
	a := q.application()
	d := q.decide(a)
	v := Verdict{
		Time: q.login.at, RayID: q.login.rayID, UserEmail: q.shown.personal(q.login.email), AppName: a.name, AppUID: a.uid,
		Outcome: q.login.outcome, Verdict: d.verdict, Certainty: d.certainty, PolicyID: d.policyID, PolicyName: d.policyName, AsOf: q.asOf(a),
	}
	if !q.login.found {
		v.Time = time.Time{}
	}
	if d.policy != nil && d.verdict != VerdictUnknown {
		v.PolicyName, v.PolicyID = d.policy.name, d.policy.id
		if !d.unexplained() {
			v.Rule = strings.Join(d.policy.ruleTexts(), "; ")
		}
	}
	q.put(&v, a, d)
	q.mask(&v)
	return Answer{Verdict: v, Checks: q.checks(a, d), Timeline: q.timeline(a)}
}

func (q *inquiry) mask(v *Verdict) {
	for _, text := range []*string{&v.AppName, &v.Reason, &v.PolicyName, &v.Rule, &v.NextStep} {
		*text = q.shown.text(*text)
	}
}

// notFound is the verdict where no log has the Ray ID.
func (q *inquiry) notFound() Verdict {
	v := Verdict{
		RayID: q.login.rayID, Verdict: NotFound, Certainty: Certain,
		Reason:   "No log of this account has a login with the Ray ID " + q.login.rayID + ".",
		NextStep: "Compare the Ray ID with the block page. Cloudflare doesn't log bypassed requests nor unknown service tokens, and keeps logins only as long as the plan says.",
	}
	for _, m := range []*Missing{q.facts.Searched, q.facts.Request.Missing, q.facts.Group.Missing} {
		if m != nil {
			v.Certainty = CertaintyUnknown
			v.Reason = sentences(v.Reason, "It may be there all the same: "+bare(unread(m, "the logs")))
		}
	}
	q.mask(&v)
	return v
}

// checks are the rows of all policies, in the order in which Access evaluates.
func (q *inquiry) checks(a *application, d decision) []Check {
	var out []Check
	for _, p := range a.policies {
		decisive := []int{}
		if p == d.policy && d.verdict != VerdictUnknown && !d.unexplained() {
			decisive = p.decisive()
		}
		rows := p.rows
		if p.unread {
			rows = []row{{finding: finding{note: p.note}}}
		}
		for i, r := range rows {
			out = append(out, Check{
				Order: len(out) + 1, PolicyName: q.shown.text(p.name), PolicyID: p.id, Decision: p.decision,
				Section: r.section, RuleType: r.kind, Rule: q.shown.text(r.rule), Wanted: q.shown.text(r.wanted), Seen: q.shown.text(r.seen),
				Result: r.likely.result(), Decisive: slices.Contains(decisive, i), Source: r.source, Note: q.shown.text(r.note),
			})
		}
	}
	return out
}

// inquiry is one judgment while it is made.
type inquiry struct {
	facts   *Facts
	login   login
	shown   shower
	history history

	apps, groups, providers, tokens, posture objects
	// visiting are the groups that are being judged, outermost to innermost.
	visiting map[string]bool
	// judged are groups that are no part of a circle; circles counts how often a
	// group led back to itself.
	judged  map[string]finding
	circles int
	// changes is what changed after the login and took part.
	changes []standing
	// unsettled says that some of it was judged as it stands now, because how it
	// stood is not known. Then nothing is certain: even the order of the policies
	// may have been another one.
	unsettled bool
	// touched are the IDs of the configuration that took part.
	touched map[string]bool
}

func newInquiry(f *Facts) *inquiry {
	l := readLogin(f)
	q := &inquiry{
		facts: f, login: l, history: readHistory(f), apps: byID(Table{Rows: append(slices.Clone(f.Apps.Rows), f.App.JSON)}),
		groups: byID(f.AccessGroups), providers: byID(f.IdentityProviders), tokens: byID(f.ServiceTokens, "client_id"), posture: byID(f.PostureRules),
		visiting: map[string]bool{}, judged: map[string]finding{}, touched: map[string]bool{},
	}
	identity := gjson.ParseBytes(f.Identity.JSON)
	q.shown = newShower(f.Show, l.email, l.userUUID, f.UserEmail, l.ip.text, identity.Get("name").Str, identity.Get("email").Str,
		l.group.Get("deviceId").Str, identity.Get("device_id").Str, l.group.Get("mtlsCommonName").Str, identity.Get("common_name").Str)
	return q
}

// objects are Cloudflare's objects of one kind by bareID.
type objects map[string]gjson.Result

func (o objects) get(id string) (doc gjson.Result, there bool) {
	doc, there = o[bareID(id)]
	return doc, there
}

func (o objects) put(id string, doc gjson.Result) { o[bareID(id)] = doc }

func byID(t Table, also ...string) objects {
	out := objects{}
	for _, raw := range t.Rows {
		row := gjson.ParseBytes(raw)
		for _, key := range append([]string{"id", "uid"}, also...) {
			if id := row.Get(key).Str; id != "" {
				out.put(id, row)
			}
		}
	}
	return out
}

// changed takes note of an object whose state at the login is not the present one.
func (q *inquiry) changed(s standing) {
	if s.note != "" && !slices.ContainsFunc(q.changes, func(c standing) bool { return c.note == s.note }) {
		q.changes = append(q.changes, s)
	}
	q.unsettled = q.unsettled || !s.firm
}

// list is a Zero Trust list and its name.
func (q *inquiry) list(id string) (List, string) {
	list := q.facts.Lists[id]
	return list, firstText(list.Name, id)
}

func (q *inquiry) providerName(id string) string {
	row, _ := q.providers.get(id)
	return firstText(row.Get("name").Str, row.Get("type").Str, "the identity provider "+id)
}

// provider says whether the login was by an identity provider. The login group has
// its ID or its type, the access request its type, the identity both.
func (q *inquiry) provider(id string) (belief, observed) {
	l := &q.login
	logged := observed{text: l.group.Get("identityProvider").Str, source: "login_groups"}
	if logged.text == "" || strings.EqualFold(logged.text, nonIdentity) {
		logged = observed{text: l.request.Get("connection").Str, source: "access_requests"}
	}
	wanted, listed := q.providers.get(id)
	if logged.text != "" {
		logged.known, logged.firm = true, true
		row, _ := q.providers.get(logged.text)
		kind := strings.ToLower(logged.text)
		switch {
		case bareID(logged.text) == bareID(id):
			logged.text = q.providerName(id)
			return surely, logged
		case row.Exists() || isID(logged.text):
			logged.text = q.providerName(logged.text)
			return surelyNot, logged
		case !slices.Contains(providerTypes, kind) && !q.hasProviderOf(kind):
			logged.known = false
		case listed && !strings.EqualFold(wanted.Get("type").Str, kind):
			logged.text = q.typeName(kind)
			return surelyNot, logged
		case listed && q.providersOf(kind) == 1 && q.facts.IdentityProviders.Missing == nil:
			logged.text = q.providerName(id)
			return surely, logged
		}
	}
	value, o := l.ofIdentity("idp.id", "identity provider")
	if o.known && value.Str != "" {
		same := bareID(value.Str) == bareID(id)
		o.text = q.providerName(value.Str)
		return held(truthOf(same), o.firm), o
	}
	if q.facts.IdentityProviders.Missing != nil && !listed {
		o.note = unread(q.facts.IdentityProviders.Missing, "the identity provider")
	} else if logged.known {
		o.note = "The login was by an identity provider of the type " + logged.text + ", and there are several of this type."
	}
	o.known = false
	return doubt, o
}

// bareID is an ID without case and dashes: Cloudflare writes the IDs of identity
// providers with dashes and without.
func bareID(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }

// isID says whether a text is an ID, and not the type of a provider.
func isID(text string) bool {
	raw, err := hex.DecodeString(bareID(text))
	return err == nil && len(raw) == 16
}

// methodAllowed says whether the application takes the identity provider of the
// login. Without a list it takes all.
func (q *inquiry) methodAllowed(app gjson.Result) (belief, observed, []string) {
	ids := app.Get("allowed_idps").Array()
	if len(ids) == 0 || q.login.nobody.likely == yes {
		return surely, observed{}, nil
	}
	allowed := surelyNot
	var seen observed
	var names []string
	for _, id := range ids {
		b, o := q.provider(id.Str)
		allowed = allowed.or(b)
		names = append(names, q.providerName(id.Str))
		if o.known || seen.note == "" {
			seen = o
		}
	}
	return allowed, seen, names
}

// raw is a document as gjson, empty where there is none.
func raw(doc json.RawMessage) gjson.Result { return gjson.ParseBytes(doc) }

// toBeSure names the permissions that would make a likely verdict a certain one:
// those that a rule, the approval, or the past of the configuration lacked.
func (q *inquiry) toBeSure(a *application, d decision) string {
	if d.certainty == Certain {
		return ""
	}
	lacking := []string{a.unread}
	for _, p := range a.policies {
		lacking = append(lacking, p.note)
		for _, r := range p.rows {
			lacking = append(lacking, r.note)
		}
		if _, _, note := q.approved(a.doc); p.asks() {
			lacking = append(lacking, note)
		}
	}
	if d.verdict == NotBlockedByAccess && q.facts.Group.Missing != nil {
		lacking = append(lacking, q.facts.Group.Missing.Permission)
	}
	if q.unsettled && q.facts.Changes.Missing != nil {
		lacking = append(lacking, q.facts.Changes.Missing.Permission)
	}
	var permissions []string
	for _, m := range q.facts.missing() {
		if slices.Contains(permissions, m.Permission) {
			continue
		}
		if slices.ContainsFunc(lacking, func(note string) bool { return strings.Contains(note, m.Permission) }) {
			permissions = append(permissions, m.Permission)
		}
	}
	if len(permissions) == 0 {
		return ""
	}
	return "To be told more, give the API token " + spokenList(permissions, "and") + "."
}
