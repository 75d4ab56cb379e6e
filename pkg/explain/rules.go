package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// The sections of a policy and of a group.
const (
	include = "include"
	require = "require"
	exclude = "exclude"
)

// finding is what a rule came to.
type finding struct {
	belief
	// rule is what the rule asks, as a clause: "the country is GB".
	rule string
	// wanted and seen are the values that were compared.
	wanted, seen string
	// but is what was seen as a clause that follows "but".
	but          string
	source, note string
}

// row is a rule in its place.
type row struct {
	finding
	section, kind string
}

// ruleType judges the rules of one type. body is what stands under the type's key.
type ruleType struct {
	// person says that the rule looks at who signed in, so that it can't be met
	// where nobody did.
	person bool
	judge  func(q *inquiry, body gjson.Result) finding
}

// ruleTypes are those that Cloudflare documents. It is filled in init, as the
// rule of a group leads back to it.
var ruleTypes map[string]ruleType

func init() {
	ruleTypes = map[string]ruleType{
		"everyone":                  {judge: everyone},
		"group":                     {judge: accessGroup},
		"email":                     {person: true, judge: email},
		"email_domain":              {person: true, judge: emailDomain},
		"email_list":                {person: true, judge: emailList},
		"login_method":              {person: true, judge: loginMethod},
		"auth_method":               {person: true, judge: authMethod},
		"auth_context":              {person: true, judge: authContext},
		"azureAD":                   {person: true, judge: azureGroup},
		"gsuite":                    {person: true, judge: googleGroup},
		"okta":                      {person: true, judge: oktaGroup},
		"github-organization":       {person: true, judge: githubOrganization},
		"saml":                      {person: true, judge: samlAttribute},
		"oidc":                      {person: true, judge: oidcClaim},
		"user_risk_score":           {person: true, judge: riskScore},
		"cloudflare_account_member": {person: true, judge: accountMember},
		"external_evaluation":       {judge: externalEvaluation},
		"linked_app_token":          {judge: linkedAppToken},
		"ip":                        {judge: ipRange},
		"ip_list":                   {judge: ipList},
		"geo":                       {judge: geo},
		"device_posture":            {judge: devicePosture},
		"certificate":               {judge: certificate},
		"common_name":               {judge: commonName},
		"service_token":             {judge: serviceToken},
		"any_valid_service_token":   {judge: anyServiceToken},
	}
}

// rule judges one rule object, which has its type as its only key.
func (q *inquiry) rule(raw gjson.Result) (kind string, f finding) {
	var body gjson.Result
	var keys []string
	raw.ForEach(func(key, value gjson.Result) bool {
		keys, body = append(keys, key.Str), value
		return true
	})
	kind = strings.Join(keys, ", ")
	known, ok := ruleTypes[kind]
	if !ok {
		shown := q.shown.json(raw)
		return kind, finding{
			rule: "the rule " + shown + " holds", wanted: shown,
			note: "This type of rule is not known to this plugin.",
		}
	}
	f = known.judge(q, body)
	if nobody := q.login.nobody; known.person && nobody.likely == yes {
		f.belief, f.seen, f.but, f.note = nobody.not(), "nobody signed in", "nobody signed in", ""
		f.source = "login_groups"
		if !q.login.group.IsObject() {
			f.source = "access_requests"
		}
	}
	return kind, f
}

// sections judges the rules of a policy or a group. Include is an OR, Require an
// AND over every value, Exclude a NOT; without an Include rule nothing matches.
func (q *inquiry) sections(doc gjson.Result, firm bool, note string) (rows []row, matches belief) {
	met := map[string]belief{include: surelyNot, require: surely, exclude: surelyNot}
	for _, section := range []string{include, require, exclude} {
		for _, raw := range doc.Get(section).Array() {
			kind, f := q.rule(raw)
			if !firm {
				f.belief = f.weak()
			}
			f.note = sentences(f.note, note)
			rows = append(rows, row{finding: f, section: section, kind: kind})
			if section == require {
				met[section] = met[section].and(f.belief)
			} else {
				met[section] = met[section].or(f.belief)
			}
		}
		if !firm {
			met[section] = met[section].weak()
		}
	}
	return rows, met[include].and(met[require]).and(met[exclude].not())
}

// mostCircles bounds the work that groups make which contain each other.
const mostCircles = 1000

// accessGroup judges the rules inside a group the way those of a policy are. A
// group that leads back to itself is not known: Cloudflare doesn't say what it
// makes of one.
func accessGroup(q *inquiry, body gjson.Result) finding {
	id := body.Get("id").Str
	now, listed := q.groups.get(id)
	name := quoted(firstText(now.Get("name").Str, id))
	f := finding{rule: "the Access group " + name + " contains the user", wanted: firstText(now.Get("name").Str, id)}
	stood := q.history.asOf(kindGroup, id, "the group "+name, now, q.login.at, q.facts.ReadAt)
	known, judged := q.judged[bareID(id)]
	switch {
	case judged:
		return known
	case q.visiting[bareID(id)]:
		q.circles++
		f.note = "The group " + name + " contains itself."
		return f
	case q.circles > mostCircles:
		f.note = "The groups contain each other in too many ways."
		return f
	case stood.absent:
		f.note = "The group " + name + " was created after this login."
		q.unsettled = true // The policy that names it was written later, too.
		return f
	case !stood.doc.Exists():
		f.note = absentFrom(q.facts.AccessGroups.Missing, listed, "the group "+name, "Access groups")
		return f
	}
	circles := q.circles
	q.visiting[bareID(id)] = true
	defer delete(q.visiting, bareID(id))
	rows, matches := q.sections(stood.doc, stood.firm, "")
	q.changed(stood)
	q.touched[strings.ToLower(id)] = true
	f.belief = matches
	var told, notes, sources []string
	for _, r := range rows {
		if r.source != "" && !slices.Contains(sources, r.source) {
			sources = append(sources, r.source)
		}
		told = append(told, fmt.Sprintf("%s: %s: %s", r.section, r.rule, strings.ReplaceAll(r.likely.result(), "_", " ")))
		if r.note != "" {
			notes = append(notes, r.note)
		}
	}
	f.source = firstText(strings.Join(sources, ", "), "policy")
	f.seen = firstText(strings.Join(told, "; "), "no rules")
	f.note = sentences(append(notes, stood.note)...)
	f.but = "the group doesn't contain the user"
	if len(f.seen) <= longestAside { // What is longer, and often about other people, is in the check.
		f.but += " (" + f.seen + ")"
	}
	if matches.likely == yes {
		f.but = "the group contains the user"
	}
	// What a group in a circle comes to depends on where the circle was entered.
	if q.circles == circles {
		q.judged[bareID(id)] = f
	}
	return f
}

// longestAside is how much of a group's rules a sentence takes in, in bytes.
const longestAside = 160

func everyone(q *inquiry, _ gjson.Result) finding {
	return finding{belief: surely, rule: "everyone is included", wanted: "everyone", seen: "everyone", but: "everyone is included", source: "policy"}
}

// absentFrom says why an object that a rule names is not known. Members with
// resource-scoped roles get lists with objects left out, so one that is not in a
// list was not necessarily deleted.
func absentFrom(m *Missing, listed bool, what, lists string) string {
	if m != nil && !listed {
		return unread(m, what)
	}
	return capital(what) + " is not among the " + lists + " that this token may read."
}

// sentences joins those that say something, each once.
func sentences(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" && !strings.Contains(strings.Join(out, " "), p) {
			out = append(out, p)
		}
	}
	return strings.Join(out, " ")
}

func quoted(name string) string { return "“" + name + "”" }

// truth is a value of Kleene's three-valued logic.
type truth int8

const (
	no     truth = -1
	unsure truth = 0
	yes    truth = 1
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) and(u truth) truth { return min(t, u) }
func (t truth) or(u truth) truth  { return max(t, u) }
func (t truth) not() truth        { return -t }

// belief is what is held true twice over: likely, by all data there is, and
// certain, by such data only that can't have been different when the login was
// decided. certain is never the opposite of likely, and where it is not unsure it
// is the same: the operations keep this, because Kleene's are monotone.
type belief struct{ likely, certain truth }

var (
	surely    = belief{yes, yes}
	surelyNot = belief{no, no}
	doubt     = belief{}
)

// held is a belief in t, certain where the data is firm.
func held(t truth, firm bool) belief {
	if firm {
		return belief{t, t}
	}
	return belief{likely: t}
}

func (b belief) and(c belief) belief {
	return belief{b.likely.and(c.likely), b.certain.and(c.certain)}
}

func (b belief) or(c belief) belief {
	return belief{b.likely.or(c.likely), b.certain.or(c.certain)}
}

func (b belief) not() belief { return belief{b.likely.not(), b.certain.not()} }

// weak is the belief without its certainty.
func (b belief) weak() belief { return belief{likely: b.likely} }

// stale says that the belief rests on data that may have been different.
func (b belief) stale() bool { return b.likely != b.certain }

func (t truth) result() string {
	switch t {
	case yes:
		return Met
	case no:
		return NotMet
	}
	return Unknown
}
