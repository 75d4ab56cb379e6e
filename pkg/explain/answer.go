package explain

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// Answer is the judgment. All texts are masked already.
type Answer struct {
	Verdict  Verdict
	Checks   []Check
	Timeline []Entry
}

// Verdict is why the login was decided as it was.
type Verdict struct {
	// Time is the login's; zero where no login was found.
	Time                              time.Time
	RayID, UserEmail, AppName, AppUID string
	// Outcome is the one that was logged; empty without a login.
	Outcome string
	Verdict string
	// Reason says it in sentences, NextStep what to do.
	Reason, NextStep string
	// PolicyName and PolicyID are the policy that decided or that came nearest, Rule
	// what decided there, in words.
	PolicyName, PolicyID, Rule string
	Certainty                  string
	// AsOf is the moment whose configuration was judged by; zero where none was.
	AsOf time.Time
}

// The verdicts.
const (
	AllowedByPolicy       = "allowed_by_policy"
	BlockedByPolicy       = "blocked_by_policy"
	NoPolicyMatched       = "no_policy_matched"
	LoginMethodNotAllowed = "login_method_not_allowed"
	ServiceAuthFailed     = "service_auth_failed"
	Bypassed              = "bypassed"
	ApprovalNeeded        = "approval_needed"
	NotBlockedByAccess    = "not_blocked_by_access"
	NotFound              = "not_found"
	VerdictUnknown        = "unknown"
)

// How sure a verdict is.
const (
	// Certain: every rule that decides was seen in data of the login, or of a time
	// so near that it can't have changed, under the configuration of that moment.
	Certain = "certain"
	// Likely: it follows from what was logged, or from data or a configuration of
	// another moment.
	Likely = "likely"
	// CertaintyUnknown: nothing is claimed.
	CertaintyUnknown = "unknown"
)

// The outcomes that are logged.
const (
	OutcomeAllowed = "allowed"
	OutcomeBlocked = "blocked"
)

// Check is one rule of one policy.
type Check struct {
	// Order counts from 1, in the order in which Access evaluates.
	Order                int
	PolicyName, PolicyID string
	// Decision and RuleType have Cloudflare's keys.
	Decision, Section, RuleType string
	Rule, Wanted, Seen          string
	Result                      string
	Decisive                    bool
	Source, Note                string
}

// The results of a check.
const (
	Met     = "met"
	NotMet  = "not_met"
	Unknown = "unknown"
)

// Entry is one line of the timeline.
type Entry struct {
	Time                 time.Time
	What, Outcome, Title string
	RayID                string
	// Detail is a JSON object.
	Detail json.RawMessage
}

// shower decides how values look that leave. Without a mask it shows all.
type shower struct {
	mask func(string) string
	// names are clear values of the people involved, longest first, which are
	// masked wherever they turn up in a text.
	names []clearName
}

type clearName struct {
	clear  string
	found  *regexp.Regexp
	masked string
}

func newShower(mask func(string) string, names ...string) shower {
	// Who masks nothing may pass a function that changes nothing.
	const someone = "someone@example.com"
	if mask == nil || mask(someone) == someone {
		return shower{}
	}
	s := shower{mask: mask}
	for _, n := range names {
		// A short value could be part of an ordinary word.
		if len(n) >= 4 {
			s.names = append(s.names, clearName{n, regexp.MustCompile("(?i)" + regexp.QuoteMeta(n)), mask(n)})
		}
	}
	slices.SortFunc(s.names, func(a, b clearName) int { return len(b.clear) - len(a.clear) })
	return s
}

// personal is a value that belongs to a person as a whole.
func (s *shower) personal(value string) string {
	if s.mask == nil || value == "" {
		return value
	}
	return s.mask(value)
}

var (
	mailAddress = regexp.MustCompile(`[^\s"'<>()\[\]{},;:/\\“”=@]+(?:@|%40)[^\s"'<>()\[\]{},;:/\\“”=@]+\.[\pL\pN-]+`)
	ipAddress   = regexp.MustCompile(`[0-9A-Fa-f:.]*[:.][0-9A-Fa-f:.]+(?:/\d{1,3})?`)
)

// text masks every address and every name of the people involved that is inside a
// text: administrators write them into the names of policies.
func (s *shower) text(text string) string {
	if s.mask == nil || text == "" {
		return text
	}
	for _, name := range s.names {
		text = name.found.ReplaceAllLiteralString(text, name.masked)
	}
	text = mailAddress.ReplaceAllStringFunc(text, func(found string) string { return s.mask(strings.Replace(found, "%40", "@", 1)) })
	return ipAddress.ReplaceAllStringFunc(text, func(found string) string {
		address := strings.TrimRight(found, ".:")
		_, notOne := netip.ParseAddr(address)
		_, notBlock := netip.ParsePrefix(address)
		if notOne != nil && notBlock != nil {
			return found
		}
		return s.mask(address) + found[len(address):]
	})
}

// plainKeys are the keys of details whose values say nothing about a person. The
// values of all other keys are masked whole: what a new key holds is not known. None
// is a personal field of the catalogue, such as app_domain, which has a path.
var plainKeys = []string{
	"action", "allowed", "app_aud", "app_hostname", "app_name", "app_type", "app_uid", "appId",
	"approvals_received", "approvingPolicyId", "aud", "cfRayId", "cf_ray_id", "connection", "country", "created_at",
	"datetime", "datetimeMinute", "decision", "decision_outcome", "expiration", "expires_at", "hasExistingJWT", "hasGatewayEnabled",
	"hasWarpEnabled", "identityProvider", "idp_id", "isSuccessfulLogin", "logged_at", "method", "mtlsStatus",
	"precedence", "ray_id", "request_method", "resource_type", "result", "scope", "serviceTokenId",
	"status", "status_code", "success", "time", "timestamp", "type", "updated_at",
}

// json is a document as it may leave.
func (s *shower) json(doc gjson.Result) string {
	if s.mask == nil {
		return doc.Raw
	}
	masked, err := json.Marshal(s.masked("", doc))
	if err != nil {
		return "{}"
	}
	return string(masked)
}

func (s *shower) masked(key string, v gjson.Result) any {
	switch {
	case v.IsObject():
		out := map[string]any{}
		v.ForEach(func(k, inner gjson.Result) bool {
			out[s.text(k.Str)] = s.masked(k.Str, inner)
			return true
		})
		return out
	case v.IsArray():
		out := []any{}
		for _, inner := range v.Array() {
			out = append(out, s.masked(key, inner))
		}
		return out
	case v.Type == gjson.String && slices.Contains(plainKeys, key):
		return s.text(v.Str)
	case v.Type == gjson.String:
		return s.personal(v.Str)
	}
	return json.RawMessage(v.Raw)
}

// open says what keeps a verdict from being certain: the rules that were judged by
// data of another time or not at all, and other policies that can't be judged.
func (q *inquiry) open(a *application, d decision) string {
	if d.certainty != Likely {
		return ""
	}
	var notes, policies []string
	if d.verdict == BlockedByPolicy && q.login.nobody.likely == yes {
		notes = append(notes, "Nobody signed in, and Cloudflare doesn't say whether it asks Block policies before somebody does.")
	}
	if allowed, seen, _ := q.methodAllowed(a.doc); allowed.likely == unsure && d.verdict == NoPolicyMatched {
		notes = append(notes, "Whether the application takes this login method can't be known: "+bare(seen.note))
	}
	if d.policy != nil {
		for _, i := range d.policy.decisive() {
			if r := &d.policy.rows[i]; r.certain == unsure && len(notes) < 2 && r.note != d.policy.note {
				notes = append(notes, unsaid(r.note, notes))
			}
		}
	}
	if note := a.unordered(); note != "" {
		notes = append(notes, note)
	}
	for _, p := range a.policies {
		if p == d.policy && d.verdict != NoPolicyMatched && d.verdict != ServiceAuthFailed {
			break
		}
		if p != d.policy && p.matches.likely == unsure {
			policies = append(policies, quoted(firstText(p.name, p.id)))
		}
	}
	if len(policies) > 0 {
		notes = append(notes, "Whether "+spokenList(few(policies), "and")+" matched can't be known.")
	}
	return sentences(notes...)
}

// toldChanges are the changes after the login that matter: a certain verdict doesn't
// rest on anything whose earlier state is not known, and what the log says outright
// rests on no configuration.
func (q *inquiry) toldChanges(d decision) []string {
	if d.verdict == NotBlockedByAccess || d.policyID != "" {
		return nil
	}
	var out []string
	for _, s := range q.changes {
		if (s.firm || d.certainty != Certain) && len(out) < 3 {
			out = append(out, s.note)
		}
	}
	return out
}

// unsaid is what a note says that others don't: the rules of a policy often lack the
// same fact.
func unsaid(note string, others []string) string {
	for _, other := range others {
		note = strings.ReplaceAll(note, other, "")
	}
	return strings.TrimSpace(note)
}
