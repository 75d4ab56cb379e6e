package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// put fills in the sentences of a verdict.
func (q *inquiry) put(v *Verdict, a *application, d decision) {
	app := "this application"
	if a.name != "" {
		app = quoted(a.name)
	}
	switch d.verdict {
	case AllowedByPolicy:
		v.Reason = q.tense("Let in by ", "Would be let in by ") + q.nameOf(d) + " of " + app + q.because(d) + "."
		v.NextStep = "If the user still sees an error, look behind Access: at the tunnel, the application's audience tag, and the origin."
	case Bypassed:
		v.Reason = q.tense("Access didn't check this: ", "Access wouldn't check this: ") + q.nameOf(d) + " of " + app + " bypasses it" + q.because(d) + "."
		v.NextStep = "If somebody was refused, look at the origin: Access let the request pass."
	case BlockedByPolicy:
		v.Reason = q.tense("Blocked by ", "Would be blocked by ") + q.nameOf(d) + " of " + app + q.because(d) + "."
		v.NextStep = "If the block is wrong, change " + q.nameOf(d) + " or put an Allow policy that matches above it."
	case NoPolicyMatched:
		v.Reason, v.NextStep = q.unmatched(app, a, d)
	case ServiceAuthFailed:
		v.Reason, v.NextStep = q.unserved(app, d)
	case LoginMethodNotAllowed:
		allowed, seen, names := q.methodAllowed(a.doc)
		v.Rule = "the user signs in with " + spokenList(names, "or")
		v.Reason = q.tense("Blocked because ", "Would be blocked because ") + app + " takes only logins with " + spokenList(names, "or")
		if allowed.likely == no {
			v.Reason += ", and the user signed in with " + seen.text + "."
		} else {
			v.Reason += ". Whether this login was one can't be known: " + bare(seen.note)
		}
		v.NextStep = "Sign in with " + spokenList(names, "or") + ", or add the login method to the application."
	case ApprovalNeeded:
		v.Reason, v.NextStep = q.unapproved(app, a, d)
	case NotBlockedByAccess:
		policy := "Which policy let it in was not logged."
		if m := q.facts.Group.Missing; m != nil {
			policy = "Which policy let it in can't be known. " + unread(m, "")
		}
		v.Reason = sentences("Access let this login into "+app+".", policy, "A refusal came from behind Access.")
		v.NextStep = "Look at the tunnel, the application's audience tag, and the origin."
	default:
		v.Reason, v.NextStep = q.unknown(app, a, d)
	}
	if q.login.group.Get("hasExistingJWT").Bool() && q.login.outcome == OutcomeBlocked {
		v.Reason = sentences(v.Reason, "The user had a session already: Access checks address, country, certificate, and device on every request.")
	}
	if q.login.disputed {
		v.Reason = sentences(v.Reason, "The login groups say otherwise than the access requests about the outcome.")
	}
	v.Reason = sentences(append([]string{v.Reason, q.open(a, d), q.justChanged(d)}, q.toldChanges(d)...)...)
	v.NextStep = sentences(v.NextStep, q.toBeSure(a, d))
}

// bare is a note as the end of a sentence that says that something is not known.
func bare(note string) string { return strings.TrimPrefix(note, "Not known because ") }

// recently is how long before a block a change to the policy is worth a sentence.
const recently = 24 * time.Hour

// justChanged says that the policy behind a block was changed shortly before it, as
// most sudden blocks come from such a change.
func (q *inquiry) justChanged(d decision) string {
	if d.policy == nil || q.login.outcome != OutcomeBlocked {
		return ""
	}
	updated, ok := instant(d.policy.doc.Get("updated_at"))
	by := ""
	if c := q.history.last(kindPolicy, d.policy.id, q.login.at); c != nil && (!ok || !c.at.Add(time.Minute).Before(updated)) {
		updated, ok = c.at, true
		if c.actor != "" {
			by = " by " + c.actor
		}
	}
	ago := q.login.at.Sub(updated)
	if !ok || ago < 0 || ago > recently {
		return ""
	}
	return fmt.Sprintf("%s had been changed%s %s before, on %s.", quoted(firstText(d.policy.name, d.policy.id)), by, spoken(ago), clock(updated))
}

// tense is the past for an outcome that was logged, the conditional for a question.
func (q *inquiry) tense(past, conditional string) string {
	if q.login.outcome != "" {
		return past
	}
	return conditional
}

func (q *inquiry) nameOf(d decision) string {
	switch {
	case d.policy != nil:
		return "the policy " + quoted(firstText(d.policy.name, d.policy.id))
	case d.policyName != "":
		return "the policy " + quoted(d.policyName)
	case d.policyID != "":
		return "the policy " + d.policyID
	}
	return "a policy"
}

// because gives the rules that a policy matched by, or says what can't be known.
func (q *inquiry) because(d decision) string {
	if d.policy == nil {
		return ""
	}
	rules := d.policy.ruleTexts()
	if len(rules) == 0 {
		return ""
	}
	if d.policy.matches.likely == yes {
		return ", because " + spokenList(rules, "and")
	}
	if d.verdict == BlockedByPolicy || d.verdict == ApprovalNeeded {
		return "; whether " + spokenList(rules, "and") + " can't be known, but no other policy explains it"
	}
	return ""
}

// ruleTexts are the deciding rules in words.
func (p *policy) ruleTexts() []string {
	var out []string
	for _, i := range p.decisive() {
		out = append(out, p.rows[i].rule)
	}
	return out
}

func (q *inquiry) unmatched(app string, a *application, d decision) (reason, next string) {
	reason = q.tense("Blocked because no policy of ", "Would be blocked because no policy of ") + app + " "
	reason += q.tense("matched.", "matches.")
	if len(a.policies) == 0 {
		return reason + q.tense(" It had none.", " It has none."), "Add an Allow policy to " + app + "."
	}
	if d.policy == nil {
		return reason + q.tense(" It had no Allow policy.", " It has no Allow policy."), "Add an Allow policy to " + app + "."
	}
	name := quoted(firstText(d.policy.name, d.policy.id))
	reason += " The closest, " + name + ", " + q.shortfall(d.policy) + "."
	return reason, "If this login should pass, change what " + name + " asks, or make the login meet it." + d.policy.advice()
}

// shortfall says what a policy wanted and what it got.
func (q *inquiry) shortfall(p *policy) string {
	var sections = map[string][]string{}
	var got, unknowns []string
	for _, i := range p.decisive() {
		r := &p.rows[i]
		sections[r.section] = append(sections[r.section], r.rule)
		if r.likely == unsure {
			unknowns = append(unknowns, r.rule)
		} else if r.but != "" && len(got) < 3 && !strings.Contains(strings.Join(got, " "), r.but) {
			got = append(got, r.but)
		}
	}
	var asks []string
	if rules := sections[include]; len(rules) > 0 {
		asks = append(asks, "lets in only logins where "+spokenList(few(rules), "or"))
	}
	if rules := sections[require]; len(rules) > 0 {
		asks = append(asks, "requires that "+spokenList(few(rules), "and that"))
	}
	if rules := sections[exclude]; len(rules) > 0 {
		asks = append(asks, "excludes logins where "+spokenList(few(rules), "or"))
	}
	switch text := spokenList(asks, "and"); {
	case text == "" && q.login.nobody.likely == yes:
		return "lets in only people who sign in, and nobody did"
	case text == "" && len(p.doc.Get(include).Array()) == 0:
		return "has no Include rule, so it lets in nobody"
	case text == "":
		return "matches as it stands now"
	case len(got) > 0 && len(sections[exclude]) == len(p.decisive()):
		return text + ", and " + spokenList(got, "and")
	case len(got) > 0:
		return text + ", but " + spokenList(got, "and")
	case len(unknowns) == 1:
		return text + "; whether that was so can't be known"
	default:
		return text + "; which of these failed can't be known"
	}
}

func few(clauses []string) []string {
	const most = 4
	if len(clauses) <= most {
		return clauses
	}
	return append(slices.Clone(clauses[:most-1]), fmt.Sprintf("%d more", len(clauses)-most+1))
}

// advice adds what helps with the rules that failed.
func (p *policy) advice() string {
	for _, i := range p.decisive() {
		if text := map[string]string{
			"device_posture": " The WARP client on the device shows which posture check fails.",
			"certificate":    " Install a client certificate of the account's certificate authority on the device.",
			"common_name":    " Install the right client certificate on the device.",
			"login_method":   " The user can sign in with the login method that the policy asks for.",
		}[p.rows[i].kind]; text != "" {
			return text
		}
	}
	return ""
}

func (q *inquiry) unserved(app string, d decision) (reason, next string) {
	reason = "Blocked because nobody signed in and no Service Auth policy of " + app + " matched."
	next = "Check which service token or certificate the client presents, and that it is valid."
	switch {
	case d.against:
		reason += " A service token that a policy takes was presented, so its secret was probably wrong."
		next = "Check the client secret that the client sends. Rotate the service token if it is lost."
	case d.policy != nil:
		reason += " The closest, " + quoted(firstText(d.policy.name, d.policy.id)) + ", " + q.shortfall(d.policy) + "."
	}
	return reason, next
}

func (q *inquiry) unapproved(app string, a *application, d decision) (reason, next string) {
	reason = q.tense("Blocked because ", "Would be blocked because ") + q.nameOf(d) + " of " + app + " needs an approval"
	next = "Ask for access again, and have one of the approvers of " + q.nameOf(d) + " answer."
	rows := q.jitRows(a.doc)
	_, _, note := q.approved(a.doc)
	switch {
	case len(rows) > 0:
		last := rows[0]
		for _, r := range rows {
			if r.Get("created_at").Str > last.Get("created_at").Str {
				last = r
			}
		}
		return reason + ", and " + q.requested(last) + ".", next
	case note != "":
		return reason + ", and none is known: " + bare(note), next
	}
	return reason + ", and nobody had asked for one.", next
}

// requested says how a request for temporary access stands.
func (q *inquiry) requested(row gjson.Result) string {
	created, _ := instant(row.Get("created_at"))
	text := "the request of " + clock(created)
	status := strings.ToUpper(row.Get("status").Str)
	expires, ends := instant(row.Get("expires_at"))
	switch {
	case ends && !expires.After(q.login.at):
		return text + " had expired on " + clock(expires)
	case status != "APPROVED" && status != "SPENT":
		return text + " is " + strings.ToLower(status)
	case q.granted(row).certain == no:
		return text + " was approved only later"
	}
	return text + " is approved now, but when it was approved is not known"
}

func (q *inquiry) unknown(app string, a *application, d decision) (reason, next string) {
	was := map[string]string{OutcomeAllowed: "was let in", OutcomeBlocked: "was blocked"}[q.login.outcome]
	if was == "" {
		was = "would be decided"
	}
	switch {
	case a.unread != "":
		return "Why the login to " + app + " " + was + " can't be known: " + bare(a.unread), ""
	case d.against && d.policy != nil:
		return fmt.Sprintf("The login was blocked although %s of %s matches by all that can be seen.", q.nameOf(d), app),
			"Look at what no log tells: whether multi-factor authentication or a purpose was asked for and not given."
	case d.policy != nil:
		return fmt.Sprintf("Why the login to %s %s can't be known: %s matches, and its decision, %s, is not known to this plugin.", app, was, q.nameOf(d), quoted(d.policy.decision)),
			"Look at " + q.nameOf(d) + " in Zero Trust."
	case !q.login.found:
		notes := []string{a.unordered()}
		for _, p := range a.policies {
			for _, r := range p.rows {
				if p.matches.likely == unsure && r.likely == unsure && len(notes) < 3 {
					notes = append(notes, r.note)
				}
			}
		}
		return "How a login to " + app + " would be decided can't be known. " + sentences(notes...), ""
	}
	var notes []string
	for _, p := range a.policies {
		if p.unread {
			notes = append(notes, p.note)
		}
	}
	return sentences("Why the login to "+app+" "+was+" can't be known.", sentences(notes...)), ""
}
