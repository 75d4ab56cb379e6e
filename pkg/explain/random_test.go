package explain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

// organization is a random organization with one login, and all that is true of
// it. Its evaluator below knows two values only and shares nothing with the judge.
type organization struct {
	email, country, address, token string
	groups                         []string
	risk                           bool
	machine                        bool
	policies                       []randomPolicy
	access                         map[string]sections
}

type sections struct{ include, require, exclude []string }

type randomPolicy struct {
	decision string
	sections
}

// Rules are written as kind:value.
var (
	visibleRules = []string{"email:pia@example.com", "email:fay@example.com", "domain:example.com", "domain:example.org", "geo:GB", "geo:US",
		"ip:192.0.2.0/24", "ip:198.51.100.0/24", "okta:staff", "okta:finance", "group:a", "group:b", "everyone:", "token:token-ci"}
	hiddenRules = append([]string{"risk:"}, visibleRules...)
)

func drawOrganization(t *rapid.T, kinds []string) organization {
	some := func(label string, atLeast, atMost int) []string {
		return rapid.SliceOfN(rapid.SampledFrom(kinds), atLeast, atMost).Draw(t, label)
	}
	draw := func(label string) sections {
		return sections{some(label+" include", 1, 3), some(label+" require", 0, 2), some(label+" exclude", 0, 1)}
	}
	o := organization{
		email: rapid.SampledFrom([]string{"pia@example.com", "fay@example.com", "gus@example.org"}).Draw(t, "email"), country: rapid.SampledFrom([]string{"GB", "US", "FR"}).Draw(t, "country"),
		address: rapid.SampledFrom([]string{"192.0.2.7", "198.51.100.7", "203.0.113.7"}).Draw(t, "address"), token: "",
		groups: rapid.SampledFrom([][]string{{}, {"staff"}, {"finance"}, {"staff", "finance"}}).Draw(t, "groups"), risk: rapid.Bool().Draw(t, "risk"),
		machine: rapid.Bool().Draw(t, "machine"), access: map[string]sections{},
	}
	if o.machine {
		o.email, o.groups, o.token = "", nil, rapid.SampledFrom([]string{"", "token-ci"}).Draw(t, "token")
	}
	// Group b comes after group a, so that there are no circles.
	o.access["a"] = draw("group a")
	b := draw("group b")
	for _, list := range [][]string{b.include, b.require, b.exclude} {
		for i, r := range list {
			if strings.HasPrefix(r, "group:") {
				list[i] = "geo:GB"
			}
		}
	}
	o.access["b"] = b
	for _, list := range [][]string{o.access["a"].include, o.access["a"].require, o.access["a"].exclude} {
		for i, r := range list {
			if r == "group:a" {
				list[i] = "group:b"
			}
		}
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "policies") {
		decision := rapid.SampledFrom([]string{"allow", "allow", "deny", "bypass", "non_identity"}).Draw(t, "decision")
		o.policies = append(o.policies, randomPolicy{decision, draw(fmt.Sprint("policy ", i))})
	}
	return o
}

func (o *organization) holds(r string) bool {
	kind, value, _ := strings.Cut(r, ":")
	switch kind {
	case "email":
		return o.email == value
	case "domain":
		return strings.HasSuffix(o.email, "@"+value)
	case "geo":
		return o.country == value
	case "ip":
		return strings.TrimSuffix(value, "0/24") == o.address[:strings.LastIndex(o.address, ".")+1]
	case "okta":
		return slices.Contains(o.groups, value)
	case "group":
		return o.passes(o.access[value])
	case "everyone":
		return true
	case "token":
		return o.token == value
	case "risk":
		return o.risk && !o.machine
	}
	panic(r)
}

func (o *organization) passes(s sections) bool {
	return slices.ContainsFunc(s.include, o.holds) && !slices.ContainsFunc(s.require, func(r string) bool { return !o.holds(r) }) && !slices.ContainsFunc(s.exclude, o.holds)
}

// decide is what Access does: verdict, and the policy that decides where one does.
func (o *organization) decide() (verdict, policy string) {
	service := false
	for i, p := range o.policies {
		service = service || p.decision == "non_identity"
		switch {
		case p.decision == "bypass" && o.passes(p.sections):
			return explain.Bypassed, name(i)
		case p.decision == "non_identity" && o.passes(p.sections):
			return explain.AllowedByPolicy, name(i)
		}
	}
	if service && o.machine {
		return explain.ServiceAuthFailed, ""
	}
	for i, p := range o.policies {
		switch {
		case p.decision == "deny" && o.passes(p.sections):
			return explain.BlockedByPolicy, name(i)
		case p.decision == "allow" && o.passes(p.sections) && !o.machine:
			return explain.AllowedByPolicy, name(i)
		}
	}
	return explain.NoPolicyMatched, ""
}

func name(i int) string { return fmt.Sprint("policy-", i) }

func written(list []string) rules {
	out := rules{}
	for _, r := range list {
		kind, value, _ := strings.Cut(r, ":")
		out = append(out, map[string]func() doc{
			"email": func() doc { return onEmail(value) }, "domain": func() doc { return onDomain(value) }, "geo": func() doc { return onCountry(value) },
			"ip": func() doc { return onIP(value) }, "okta": func() doc { return rule("okta", doc{"name": value, "identity_provider_id": oktaID}) },
			"group": func() doc { return onGroup(value) }, "everyone": onEveryone, "token": func() doc { return onToken(value) }, "risk": onRisk,
		}[kind]())
	}
	return out
}

// facts are what Cloudflare's APIs tell of the login.
func (o *organization) facts() explain.Facts {
	verdict, _ := o.decide()
	in := verdict == explain.AllowedByPolicy || verdict == explain.Bypassed
	var policies []doc
	for i, p := range o.policies {
		policies = append(policies, policy(name(i), p.decision, written(p.include), written(p.require), written(p.exclude)))
	}
	f := machineFacts(o.token, policies...)
	login := machine(o.token)
	if !o.machine {
		login = group()
		f.Request = request().with("allowed", in).with("user_email", o.email).with("country", o.country).with("ip_address", o.address).document()
		f.Identity = identity().with("email", o.email).with("groups", o.groups).document()
	}
	success := 0
	if in {
		success = 1
	}
	f.Group = login.with("country", o.country).with("ipAddress", o.address).with("isSuccessfulLogin", success).document()
	for _, id := range []string{"a", "b"} {
		s := o.access[id]
		f.AccessGroups.Rows = append(f.AccessGroups.Rows, accessGroup(id, written(s.include), written(s.require), written(s.exclude)).json())
	}
	return f
}

// TestKnownOrganizations gives the judge everything: it is certain, and right. Only
// whether Access asks Block policies before anybody signs in is not documented.
func TestKnownOrganizations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOrganization(t, visibleRules)
		verdict, policy := o.decide()
		v := explain.Judge(o.facts()).Verdict
		certainty := explain.Certain
		if o.machine && verdict == explain.BlockedByPolicy {
			certainty = explain.Likely
		}
		require.Equal(t, []string{verdict, certainty}, []string{v.Verdict, v.Certainty}, v.Reason)
		if policy != "" {
			require.Equal(t, policy, v.PolicyID)
		}
	})
}

// TestUnknownOrganizations withholds facts, replaces them by older ones, or changes
// the configuration after the login. Whatever the judge is then certain of is true.
func TestUnknownOrganizations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOrganization(t, hiddenRules)
		verdict, policy := o.decide()
		f := o.facts()
		withhold(t, &o, &f)
		v := explain.Judge(f).Verdict
		if v.Certainty != explain.Certain || v.Verdict == explain.NotBlockedByAccess {
			return
		}
		require.Equal(t, verdict, v.Verdict, v.Reason)
		if policy != "" {
			require.Equal(t, policy, v.PolicyID)
		}
	})
}

func withhold(t *rapid.T, o *organization, f *explain.Facts) {
	gone := explain.Document{Missing: denied("this", "Some Permission")}
	chance := func(label string) bool { return rapid.IntRange(0, 3).Draw(t, label) == 0 }
	if chance("no request") && !o.machine {
		f.Request = gone
	}
	if chance("no group") && !o.machine {
		f.Group = gone
	}
	if chance("no identity") {
		f.Identity = gone
	} else if chance("older identity") && !o.machine {
		groups := rapid.SampledFrom([][]string{{}, {"staff"}, {"finance"}}).Draw(t, "older groups")
		f.Identity = identity().with("email", o.email).with("groups", groups).with("iat", noon.Add(-time.Hour).Unix()).document()
	}
	if chance("no providers") {
		f.IdentityProviders = explain.Table{Missing: denied("the identity providers", "Some Permission")}
	}
	if chance("no tokens") {
		f.ServiceTokens = explain.Table{}
	}
	if chance("no groups") {
		f.AccessGroups = explain.Table{Missing: denied("the groups", "Some Permission")}
	} else if chance("changed group") {
		f.AccessGroups.Rows[0] = accessGroup("a", rules{onEveryone()}, nil, nil).with("updated_at", stamp(noon.Add(time.Minute))).json()
	}
	if len(o.policies) > 0 && chance("changed policy") {
		i := rapid.IntRange(0, len(o.policies)-1).Draw(t, "which")
		decision := rapid.SampledFrom([]string{"allow", "deny", o.policies[i].decision}).Draw(t, "new decision")
		changed := policy(name(i), decision, written([]string{rapid.SampledFrom(hiddenRules).Draw(t, "new rule")}), nil, nil).
			with("precedence", i+1).with("updated_at", stamp(noon.Add(time.Minute)))
		replacePolicy(f, i, changed)
		if chance("told by the audit log") {
			p := o.policies[i]
			was := policy(name(i), p.decision, written(p.include), written(p.require), written(p.exclude)).with("precedence", i+1)
			f.Changes = explain.Changes{From: noon.Add(-200 * time.Hour), To: readAt.Add(-10 * time.Minute), Rows: changesOf(
				change(noon.Add(-time.Hour), "PUT", "apps/"+appID+"/policies/"+name(i), was),
				change(noon.Add(time.Minute), "PUT", "apps/"+appID+"/policies/"+name(i), changed),
			)}
		}
	}
	if chance("changed application") {
		changeApp("updated_at", stamp(noon.Add(time.Minute)))(f)
		changeApp("policies", []doc{})(f)
		// A log that was read to its end has this change too.
		f.Changes.Rows = append(f.Changes.Rows, change(noon.Add(time.Minute), "PUT", "apps/"+appID, application()).json())
	}
}
