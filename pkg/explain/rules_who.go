package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// known is a finding about one observed value.
func known(f finding, o observed, holds bool, seen, but string) finding {
	f.source, f.note = o.source, o.note
	if !o.known {
		return f
	}
	f.belief, f.seen, f.but = held(truthOf(holds), o.firm), seen, but
	return f
}

// userEmail is the e-mail address of who signed in. A user ID never gets another
// address, so one that was looked up is as good as a logged one.
func (q *inquiry) userEmail() observed {
	l := &q.login
	if l.email == "" {
		note := "No log of this login has the user's email address."
		for _, d := range []Document{q.facts.Request, q.facts.Identity} {
			if d.Missing != nil {
				note = unread(d.Missing, "the user")
			}
		}
		return observed{note: note}
	}
	return observed{text: l.email, known: true, firm: true, source: l.emailFrom}
}

func email(q *inquiry, body gjson.Result) finding {
	wanted, o := body.Get("email").Str, q.userEmail()
	f := finding{rule: "the email address is " + q.shown.personal(wanted), wanted: q.shown.personal(wanted)}
	seen := q.shown.personal(o.text)
	return known(f, o, strings.EqualFold(wanted, o.text), seen, "the user signed in as "+seen)
}

func emailDomain(q *inquiry, body gjson.Result) finding {
	wanted, o := strings.TrimPrefix(body.Get("domain").Str, "@"), q.userEmail()
	domain := o.text[strings.LastIndexByte(o.text, '@')+1:]
	f := finding{rule: "the email address ends in @" + wanted, wanted: wanted}
	seen := q.shown.personal(o.text)
	return known(f, o, strings.EqualFold(wanted, domain), seen, "the user signed in as "+seen)
}

func emailList(q *inquiry, body gjson.Result) finding {
	id, o := body.Get("id").Str, q.userEmail()
	list, name := q.list(id)
	f := finding{rule: "the email address is in the list " + quoted(name), wanted: name}
	seen := q.shown.personal(o.text)
	in := slices.ContainsFunc(list.Items, func(item string) bool { return strings.EqualFold(strings.TrimSpace(item), o.text) })
	return q.listed(known(f, o, in, seen, "the user signed in as "+seen), id, in)
}

func loginMethod(q *inquiry, body gjson.Result) finding {
	id := body.Get("id").Str
	name := q.providerName(id)
	f := finding{rule: "the user signs in with " + name, wanted: name}
	return q.provided(f, id)
}

// provided fills in whether the login was by an identity provider.
func (q *inquiry) provided(f finding, id string) finding {
	b, o := q.provider(id)
	f.belief, f.source, f.note = b, o.source, o.note
	if o.known {
		f.seen, f.but = o.text, "the user signed in with "+o.text
	}
	return f
}

// ofProvider is a finding about what an identity provider said of the user: what
// another provider said doesn't count.
func (q *inquiry) ofProvider(body gjson.Result, f finding, member func(finding) finding) finding {
	id := body.Get("identity_provider_id").Str
	by := surely
	if id != "" {
		by, _ = q.provider(id)
		if by.likely == no {
			return q.provided(f, id)
		}
	}
	f = member(f)
	f.belief = f.and(by)
	if f.likely == unsure && f.note == "" {
		_, o := q.provider(id)
		f.note = firstText(o.note, "Which identity provider this login used is not known for sure.")
	}
	return f
}

// memberOf looks for one of the names in the groups of the identity.
func memberOf(q *inquiry, names ...string) func(finding) finding {
	return func(f finding) finding {
		groups, o := q.login.ofIdentity("groups", "groups")
		var has []string
		in := false
		for _, g := range groups.Array() {
			called := []string{g.String()}
			if g.IsObject() {
				called = []string{g.Get("name").Str, g.Get("email").Str, g.Get("id").String()}
			}
			in = in || slices.ContainsFunc(called, func(c string) bool {
				return slices.ContainsFunc(names, func(n string) bool { return c != "" && strings.EqualFold(c, n) })
			})
			has = append(has, firstText(called...))
		}
		if len(has) == 0 {
			return known(f, o, false, "none", "the user is in no group")
		}
		return known(f, o, in, some(has), "the user is in "+some(has))
	}
}

func azureGroup(q *inquiry, body gjson.Result) finding {
	id := body.Get("id").Str
	f := finding{rule: "the user is in the Microsoft Entra group " + id, wanted: id}
	return q.ofProvider(body, f, memberOf(q, id))
}

func googleGroup(q *inquiry, body gjson.Result) finding {
	group := body.Get("email").Str
	f := finding{rule: "the user is in the Google group " + q.shown.personal(group), wanted: q.shown.personal(group)}
	return q.ofProvider(body, f, memberOf(q, group))
}

func oktaGroup(q *inquiry, body gjson.Result) finding {
	name := body.Get("name").Str
	f := finding{rule: "the user is in the Okta group " + quoted(name), wanted: name}
	return q.ofProvider(body, f, memberOf(q, name))
}

func githubOrganization(q *inquiry, body gjson.Result) finding {
	name := body.Get("name").Str
	f := finding{rule: "the user is in the GitHub organization " + quoted(name), wanted: name}
	if team := body.Get("team").Str; team != "" {
		f.rule, f.wanted = fmt.Sprintf("the user is in the team %s of the GitHub organization %s", quoted(team), quoted(name)), name+"/"+team
	}
	return q.ofProvider(body, f, func(f finding) finding {
		f = memberOf(q, f.wanted)(f)
		if groups := q.login.identity.Get("groups"); groups.IsArray() && len(groups.Array()) == 0 {
			f.belief, f.but, f.note = doubt, "", "The last seen identity lists no groups, which doesn't show that the user is in no GitHub organization."
		}
		return f
	})
}

func samlAttribute(q *inquiry, body gjson.Result) finding {
	name, value := body.Get("attribute_name").Str, body.Get("attribute_value").Str
	f := finding{rule: fmt.Sprintf("the SAML attribute %s is %s", name, quoted(q.shown.personal(value))), wanted: q.shown.personal(value)}
	return q.ofProvider(body, f, attribute(q, name, value, "SAML attributes", "saml_attributes"))
}

func oidcClaim(q *inquiry, body gjson.Result) finding {
	name, value := body.Get("claim_name").Str, body.Get("claim_value").Str
	f := finding{rule: fmt.Sprintf("the OIDC claim %s is %s", name, quoted(q.shown.personal(value))), wanted: q.shown.personal(value)}
	return q.ofProvider(body, f, attribute(q, name, value, "OIDC claims", "oidc_fields"))
}

// attribute looks for a value in what the identity provider sent, where a name can
// hold one value or several. Names can have dots in them.
func attribute(q *inquiry, name, value, what, path string) func(finding) finding {
	return func(f finding) finding {
		all, o := q.login.ofIdentity(path, what)
		var has []string
		in := false
		for _, v := range all.Map()[name].Array() {
			in = in || v.String() == value
			has = append(has, q.shown.personal(v.String()))
		}
		if len(has) == 0 {
			return known(f, o, false, "none", "the identity provider sent no "+name)
		}
		return known(f, o, in, some(has), name+" was "+some(has))
	}
}

func authMethod(q *inquiry, body gjson.Result) finding {
	wanted := body.Get("auth_method").Str
	methods, o := q.login.ofIdentity("amr", "authentication methods (amr)")
	var has []string
	for _, m := range methods.Array() {
		has = append(has, m.String())
	}
	f := finding{rule: "the user authenticates with " + wanted, wanted: wanted}
	in := slices.ContainsFunc(has, func(m string) bool { return strings.EqualFold(m, wanted) })
	return known(f, o, in, some(has), "the user authenticated with "+some(has))
}

func authContext(q *inquiry, body gjson.Result) finding {
	id := firstText(body.Get("ac_id").Str, body.Get("id").Str)
	f := finding{rule: "Microsoft Entra grants the authentication context " + id, wanted: id}
	return q.ofProvider(body, f, func(f finding) finding {
		f.note = "No API of Cloudflare tells which authentication contexts a login had. Look at the sign-in logs of Microsoft Entra."
		return f
	})
}

func riskScore(_ *inquiry, body gjson.Result) finding {
	var levels []string
	for _, level := range body.Get("user_risk_score").Array() {
		levels = append(levels, level.String())
	}
	return finding{
		rule: "the user's risk score is " + strings.Join(levels, " or "), wanted: strings.Join(levels, ", "),
		note: "No log tells which risk score the user had at the time. Look at Risk score in Zero Trust.",
	}
}

func accountMember(_ *inquiry, body gjson.Result) finding {
	return finding{
		rule: "the user is a member of this Cloudflare account", wanted: firstText(body.Get("account_id").Str, "this account"),
		note: "No log tells whether the user was a member of the Cloudflare account at the time. Look at the account's members.",
	}
}

// some shows the first few of many.
func some(all []string) string {
	const few = 5
	switch {
	case len(all) == 0:
		return "none"
	case len(all) > few:
		return fmt.Sprintf("%s, and %d more", strings.Join(all[:few], ", "), len(all)-few)
	}
	return strings.Join(all, ", ")
}

// providerTypes are the types of identity providers. A connection that is none of
// them, such as WARP, says nothing about which provider it was.
var providerTypes = []string{
	"onetimepin", "azuread", "saml", "centrify", "facebook", "github", "google-apps", "google", "linkedin", "oidc",
	"okta", "onelogin", "pingone", "yandex", "cloudflare",
}

func (q *inquiry) providersOf(kind string) int {
	n := 0
	for _, raw := range q.facts.IdentityProviders.Rows {
		if strings.EqualFold(gjson.GetBytes(raw, "type").Str, kind) {
			n++
		}
	}
	return n
}

func (q *inquiry) hasProviderOf(kind string) bool { return q.providersOf(kind) > 0 }

// typeName is what people call a type of identity provider: as the provider is called
// where there is one of the type.
func (q *inquiry) typeName(kind string) string {
	if q.providersOf(kind) == 1 && q.facts.IdentityProviders.Missing == nil {
		for _, row := range q.providers {
			if name := row.Get("name").Str; name != "" && strings.EqualFold(row.Get("type").Str, kind) {
				return name
			}
		}
	}
	if kind == "onetimepin" {
		return "One-time PIN"
	}
	return kind
}
