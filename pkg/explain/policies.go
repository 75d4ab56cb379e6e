package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// Cloudflare's keys of what a policy decides.
const (
	decisionAllow       = "allow"
	decisionDeny        = "deny"
	decisionBypass      = "bypass"
	decisionServiceAuth = "non_identity"
)

// policy is a policy of the application as it stood at the login, judged.
type policy struct {
	id, name, decision string
	precedence         float64
	doc                gjson.Result
	// matches is whether the login matches it.
	matches belief
	rows    []row
	// note says what changed or, where the policy is unread, why.
	note   string
	unread bool
}

// early says whether the policy is one of those that Access looks at first.
func (p *policy) early() bool {
	return p.decision == decisionBypass || p.decision == decisionServiceAuth
}

// written says whether a policy came with its rules, and not by ID or name alone.
func written(p gjson.Result) bool { return p.Get("decision").Exists() && p.Get("include").Exists() }

// asks says whether somebody has to approve of a login that matches.
func (p *policy) asks() bool {
	return p.decision == decisionAllow && p.doc.Get("approval_required").Bool()
}

// application is the application as it stood at the login.
type application struct {
	standing
	id, uid, name, aud string
	policies           []*policy
	// unread says why the policies can't be read; empty where they were.
	unread string
}

// application reads what was in force at the login: the application, its policies
// in the order in which Access evaluates them, and for each whether it matches.
func (q *inquiry) application() *application {
	now := raw(q.facts.App.JSON)
	a := &application{
		id:   firstText(now.Get("id").Str, now.Get("uid").Str, q.login.appUID),
		uid:  firstText(q.login.appUID, now.Get("uid").Str, now.Get("id").Str),
		name: firstText(now.Get("name").Str, q.login.appName, q.shown.personal(q.login.appDomain)),
		aud:  firstText(now.Get("aud").Str, q.login.aud),
	}
	if !now.IsObject() {
		a.unread = "The application is not among those that this token may read."
		if q.facts.App.Missing != nil {
			a.unread = unread(q.facts.App.Missing, "the application")
		}
		return a
	}
	for _, id := range []string{now.Get("uid").Str, q.login.appUID} {
		q.history.alias(id, a.id)
		q.touched[strings.ToLower(id)] = true
	}
	a.standing = q.history.asOf(kindApp, a.id, "the application", now, q.login.at, q.facts.ReadAt)
	if a.absent {
		a.standing = standing{doc: now, note: "The application was created after this login."}
	}
	q.changed(a.standing)
	named, ok := q.namedPolicies(a)
	if !ok {
		a.unread = "The application's policies were not in Cloudflare's answer."
		if q.facts.AppPolicies.Missing != nil {
			a.unread = unread(q.facts.AppPolicies.Missing, "the application's policies")
		}
		return a
	}
	full := byID(q.facts.Policies)
	for _, list := range []gjson.Result{now.Get("policies"), gjson.Parse(tableJSON(q.facts.AppPolicies))} {
		for _, p := range list.Array() {
			if written(p) {
				full.put(p.Get("id").Str, p)
			}
		}
	}
	for i, p := range named {
		if judged := q.policy(a, p, full, float64(i+1)); judged != nil {
			a.policies = append(a.policies, judged)
		}
	}
	for _, gone := range q.history.deletedPolicies(a.id, q.login.at) {
		if slices.ContainsFunc(a.policies, func(p *policy) bool { return strings.EqualFold(p.id, gone.id) }) {
			continue
		}
		if judged := q.policy(a, gjson.Parse(`"`+gone.id+`"`), nil, float64(len(named)+1)); judged != nil {
			a.policies = append(a.policies, judged)
		}
	}
	slices.SortStableFunc(a.policies, func(x, y *policy) int {
		if x.early() != y.early() {
			if x.early() {
				return -1
			}
			return 1
		}
		return cmp.Compare(x.precedence, y.precedence)
	})
	return a
}

// namedPolicies are the policies of the application as it stood, whole or by ID.
func (q *inquiry) namedPolicies(a *application) ([]gjson.Result, bool) {
	if a.firm && !a.changed.IsZero() && a.doc.Get("policies").Exists() {
		return a.doc.Get("policies").Array(), true
	}
	if len(q.facts.AppPolicies.Rows) > 0 {
		return gjson.Parse(tableJSON(q.facts.AppPolicies)).Array(), true
	}
	embedded := raw(q.facts.App.JSON).Get("policies")
	return embedded.Array(), embedded.Exists() && q.facts.AppPolicies.Missing == nil || len(embedded.Array()) > 0
}

// policy is a policy as it stood, or nil where it wasn't there yet.
func (q *inquiry) policy(a *application, named gjson.Result, full objects, position float64) *policy {
	id := firstText(named.Get("id").Str, named.Str)
	now, _ := full.get(id)
	if !now.Exists() && named.IsObject() {
		now = named
	}
	p := &policy{id: id, name: firstText(now.Get("name").Str, named.Get("name").Str, q.history.nameOf(id))}
	stood := q.history.asOf(kindPolicy, id, "the policy "+quoted(firstText(p.name, id)), now, q.login.at, q.facts.ReadAt)
	if stood.absent {
		return nil
	}
	// Where the application's own past has the policy in it, that is how it stood.
	if !stood.firm && a.firm && !a.changed.IsZero() && written(named) {
		stood.doc, stood.firm = named, true
	}
	p.doc, p.note = stood.doc, stood.note
	p.decision = p.doc.Get("decision").Str
	p.precedence = position
	// A reusable policy stands where the application puts it, whatever its own list
	// says; one that is judged by its past stood where that says.
	places := []gjson.Result{p.doc, named}
	if past := stood.firm && !stood.changed.IsZero(); past {
		slices.Reverse(places)
	}
	for _, has := range places {
		if at, err := strconv.ParseFloat(has.Get("precedence").String(), 64); err == nil {
			p.precedence = at
		}
	}
	if !written(p.doc) {
		p.unread = true
		q.unsettled = true
		if q.changed(stood); stood.changed.IsZero() {
			p.note = absentFrom(q.facts.Policies.Missing, false, "the policy "+quoted(firstText(p.name, id)), "policies")
		}
		return p
	}
	q.changed(stood)
	q.touched[strings.ToLower(id)] = true
	rows, matches := q.sections(p.doc, stood.firm, stood.note)
	p.rows, p.matches = rows, matches
	switch {
	case p.decision == decisionAllow:
		// An Allow policy lets in who signed in.
		p.matches = matches.and(q.login.nobody.not())
	case p.decision == decisionDeny && q.login.nobody.likely == yes:
		// Cloudflare doesn't say whether it asks Block policies before anybody signs in.
		p.matches = matches.and(belief{likely: yes})
	}
	// An application that changed may have got the policy only then.
	if !a.firm {
		p.matches = p.matches.weak()
	}
	return p
}

func tableJSON(t Table) string {
	var rows []string
	for _, r := range t.Rows {
		rows = append(rows, string(r))
	}
	return "[" + strings.Join(rows, ",") + "]"
}

func (a *application) byID(id string) *policy {
	i := slices.IndexFunc(a.policies, func(p *policy) bool { return bareID(p.id) == bareID(id) })
	if i < 0 {
		return nil
	}
	return a.policies[i]
}

// ties says whether two policies have the same place in the order.
func (p *policy) ties(with *policy) bool {
	return p != with && p.early() == with.early() && p.precedence == with.precedence
}

// tied are the policies after one that have the same place in the order.
func (a *application) tied(with *policy) []*policy {
	after := a.policies[slices.Index(a.policies, with)+1:]
	return slices.DeleteFunc(slices.Clone(after), func(p *policy) bool { return !p.ties(with) })
}

// unordered says that policies that match have the same precedence but not the same
// decision; empty where none have.
func (a *application) unordered() string {
	for _, p := range a.policies {
		for _, other := range a.tied(p) {
			if p.decision != other.decision && p.matches.likely == yes && other.matches.likely == yes {
				return fmt.Sprintf("The policies %s and %s both match and have the same precedence, and which of them Access asks first is not known.",
					quoted(firstText(p.name, p.id)), quoted(firstText(other.name, other.id)))
			}
		}
	}
	return ""
}

// nearest is the policy that came nearest to matching: of the Service Auth policies
// where those were what could have matched, otherwise of the Allow policies. The
// one with the fewest rules that are seen to fail comes first, then the one that
// Access looks at first.
func (a *application) nearest(verdict string) *policy {
	decision := decisionAllow
	if verdict == ServiceAuthFailed {
		decision = decisionServiceAuth
	}
	var best *policy
	fewest := 0
	for _, p := range a.policies {
		if p.decision != decision || p.unread {
			continue
		}
		if _, failed, _ := p.sorted(); best == nil || len(failed) < fewest {
			best, fewest = p, len(failed)
		}
	}
	return best
}

// sorted are the rows that speak for the policy, against it, and those that can't be
// known. Where one Include rule decides about the section, the others say nothing.
func (p *policy) sorted() (met, failed, doubtful []int) {
	included := no
	for _, r := range p.rows {
		if r.section == include {
			included = included.or(r.likely)
		}
	}
	for i, r := range p.rows {
		holds := r.likely
		if r.section == exclude {
			holds = holds.not()
		}
		switch {
		case r.section == include && holds != yes && holds != included:
		case holds == no:
			failed = append(failed, i)
		case holds == unsure:
			doubtful = append(doubtful, i)
		case r.section != exclude:
			met = append(met, i)
		}
	}
	return met, failed, doubtful
}

// decisive are the rows that decided about a policy: those that it matched by, or
// those that failed; where none did, those that can't be known.
func (p *policy) decisive() []int {
	met, failed, doubtful := p.sorted()
	switch {
	case p.matches.likely == yes:
		return met
	case len(failed) > 0:
		return failed
	}
	return doubtful
}
