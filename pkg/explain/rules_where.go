package explain

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// within says whether an address is in a CIDR block, or is the one address that is
// written instead of a block; ok is false where either can't be read.
func within(block, address string) (in, ok bool) {
	ip, err := netip.ParseAddr(strings.TrimSpace(address))
	if err != nil {
		return false, false
	}
	ip = ip.Unmap().WithZone("")
	block = strings.TrimSpace(block)
	if one, err := netip.ParseAddr(block); err == nil {
		return one.Unmap() == ip, true
	}
	prefix, err := netip.ParsePrefix(block)
	if err != nil {
		return false, false
	}
	return prefix.Contains(ip), true
}

func ipRange(q *inquiry, body gjson.Result) finding {
	block, o := body.Get("ip").Str, q.login.ip
	shown, seen := q.shown.personal(block), q.shown.personal(o.text)
	f := finding{rule: "the IP address is in " + shown, wanted: shown}
	in, ok := within(block, o.text)
	f = known(f, o, in, seen, "the login came from "+seen)
	if o.known && !ok {
		f.belief, f.note = doubt, "The address or the block can't be read."
	}
	return f
}

func ipList(q *inquiry, body gjson.Result) finding {
	id, o := body.Get("id").Str, q.login.ip
	list, name := q.list(id)
	seen := q.shown.personal(o.text)
	f := finding{rule: "the IP address is in the list " + quoted(name), wanted: name}
	in := slices.ContainsFunc(list.Items, func(item string) bool {
		in, _ := within(item, o.text)
		return in
	})
	return q.listed(known(f, o, in, seen, "the login came from "+seen), id, in)
}

// listed takes back what the state of a list doesn't allow to be said.
func (q *inquiry) listed(f finding, id string, in bool) finding {
	list, there := q.facts.Lists[id]
	_, name := q.list(id)
	switch {
	case !there, list.Missing != nil && !in:
		f.belief, f.note = doubt, unread(list.Missing, "the list "+quoted(name))
	case list.UpdatedAt.After(q.login.at):
		f.belief = f.weak()
		f.note = sentences(f.note, fmt.Sprintf("The list %s changed on %s, and what it had in it before is not known.", quoted(name), clock(list.UpdatedAt)))
	}
	return f
}

func geo(q *inquiry, body gjson.Result) finding {
	wanted, o := strings.ToUpper(body.Get("country_code").Str), q.login.country
	seen := strings.ToUpper(o.text)
	f := finding{rule: "the country is " + wanted, wanted: wanted}
	return known(f, o, wanted == seen, seen, "the login came from "+seen)
}

// devicePosture takes the result of the check from the identity, but for the two
// checks that the login group itself has: whether the device used WARP or Gateway.
func devicePosture(q *inquiry, body gjson.Result) finding {
	id := body.Get("integration_uid").Str
	check, _ := q.posture.get(id)
	all, o := q.login.ofIdentity("devicePosture", "device posture")
	var result gjson.Result
	for key, of := range all.Map() {
		if bareID(key) == bareID(id) {
			result = of
		}
	}
	name := firstText(check.Get("name").Str, result.Get("rule_name").Str, id)
	f := finding{rule: "the device passes the posture check " + quoted(name), wanted: name}
	kind := firstText(check.Get("type").Str, result.Get("type").Str)
	switch dimension := map[string]string{"warp": "hasWarpEnabled", "gateway": "hasGatewayEnabled"}[kind]; {
	case dimension != "" && q.login.group.Get(dimension).Exists():
		on := q.login.group.Get(dimension).Bool()
		state := map[bool]string{true: "on", false: "off"}[on]
		service := map[string]string{"warp": "WARP", "gateway": "Gateway"}[kind]
		return known(f, q.login.inGroup(dimension, "", q.facts), on, service+" "+state, service+" was "+state)
	case o.known && !result.Get("success").Exists():
		f.note = "The last seen identity has no result of this posture check."
		return f
	}
	if at, ok := instant(result.Get("timestamp")); ok && o.known {
		o.firm, o.note = q.login.near(at, "The posture check's result")
	}
	passed := result.Get("success").Bool()
	seen := map[bool]string{true: "passed", false: "failed"}[passed]
	if why := result.Get("error").Str; why != "" && !passed {
		seen += ": " + why
	}
	return known(f, o, passed, seen, "the device "+seen)
}

// presented is whether a client certificate was accepted. Cloudflare documents
// NONE; SUCCESS and FAILED with a reason are what it says of certificates elsewhere.
func (q *inquiry) presented() (accepted truth, o observed) {
	o = q.login.inGroup("mtlsStatus", "mtls_auth.auth_status", q.facts)
	switch status := strings.ToUpper(o.text); {
	case !o.known:
		return unsure, o
	case status == "SUCCESS":
		return yes, o
	case status == "":
		o.note = "Cloudflare logged no certificate status of this login."
		return unsure, o
	case status == "NONE", strings.HasPrefix(status, "FAILED"):
		return no, o
	}
	o.note = "The status of the certificate is " + quoted(o.text) + ", which Cloudflare doesn't document."
	return unsure, o
}

func certificate(q *inquiry, _ gjson.Result) finding {
	accepted, o := q.presented()
	f := finding{rule: "the device presents a valid client certificate", wanted: "a valid client certificate", seen: o.text, source: o.source, note: o.note}
	f.belief, f.but = held(accepted, o.firm), "its certificate status was "+o.text
	if strings.EqualFold(o.text, "NONE") {
		f.but = "none was presented"
	}
	if accepted == no {
		f.note = sentences(f.note, q.authorities())
	}
	return f
}

// authorities says which certificate authorities the application's host has, as a
// host without one, or with an expired one, refuses every certificate.
func (q *inquiry) authorities() string {
	host, _, _ := strings.Cut(firstText(raw(q.facts.App.JSON).Get("domain").Str, q.login.appDomain), "/")
	var told []string
	for _, row := range q.facts.Certificates.Rows {
		authority := raw(row)
		for _, h := range authority.Get("associated_hostnames").Array() {
			if !strings.EqualFold(h.Str, host) {
				continue
			}
			text := quoted(authority.Get("name").Str)
			if expires, ok := instant(authority.Get("expires_on")); ok && !expires.After(q.login.at) {
				text += ", which expired on " + clock(expires)
			}
			told = append(told, text)
		}
	}
	if len(told) == 0 {
		return ""
	}
	return "The certificate authority of " + host + " is " + spokenList(told, "and") + "."
}

func commonName(q *inquiry, body gjson.Result) finding {
	wanted := body.Get("common_name").Str
	f := finding{rule: "the client certificate's common name is " + q.shown.personal(wanted), wanted: q.shown.personal(wanted)}
	accepted, status := q.presented()
	if accepted == no {
		f.belief, f.seen, f.source, f.note = held(no, status.firm), status.text, status.source, status.note
		f.but = "the certificate's status was " + status.text
		return f
	}
	o := q.login.inGroup("mtlsCommonName", "common_name", q.facts)
	seen := q.shown.personal(o.text)
	f = known(f, o, o.text == wanted, firstText(seen, "none"), "it was "+firstText(seen, "none"))
	if f.likely == yes && accepted == unsure {
		f.belief, f.note = doubt, status.note
	}
	return f
}

const turnedOff = "The service token is turned off."

// token is the service token that the login presented: whether it was one that
// counts, and what is known of it. Cloudflare logs the ID of a token that it knows,
// also where the token was turned away.
func (q *inquiry) token() (id string, valid belief, o observed) {
	o = q.login.inGroup("serviceTokenId", "service_token_id", q.facts)
	id = o.text
	if !o.known {
		return id, doubt, o
	}
	if id == "" {
		return id, held(no, o.firm), o
	}
	known, listed := q.tokens.get(id)
	if !listed {
		o.note = absentFrom(q.facts.ServiceTokens.Missing, false, "the service token "+id, "service tokens")
		return id, doubt, o
	}
	id = known.Get("id").Str
	firm := o.firm
	if at, ok := instant(known.Get("updated_at")); ok && at.After(q.login.at) {
		firm = false
		o.note = fmt.Sprintf("The service token changed on %s.", clock(at))
	}
	expires, ends := instant(known.Get("expires_at"))
	switch enabled := known.Get("enabled"); {
	case enabled.Exists() && !enabled.Bool():
		o.note = sentences(o.note, turnedOff)
		return id, held(no, firm), o
	case ends && !expires.After(q.login.at):
		o.note = sentences(o.note, fmt.Sprintf("The service token expired on %s.", clock(expires)))
		return id, held(no, firm), o
	}
	return id, held(yes, firm), o
}

func (q *inquiry) tokenName(id string) string {
	known, _ := q.tokens.get(id)
	return firstText(known.Get("name").Str, id)
}

func serviceToken(q *inquiry, body gjson.Result) finding {
	wanted := body.Get("token_id").Str
	id, valid, o := q.token()
	f := finding{rule: "the service token is " + quoted(q.tokenName(wanted)), wanted: q.tokenName(wanted)}
	// Where the tokens can't be listed, the ID can't be told from the client ID.
	byClient := strings.HasSuffix(id, ".access") && valid.likely == unsure
	if o.known && !byClient && bareID(id) != bareID(wanted) {
		valid = held(no, o.firm)
		if id != "" {
			o.note = ""
		}
	}
	return presentedToken(q, f, id, valid, o)
}

func anyServiceToken(q *inquiry, _ gjson.Result) finding {
	id, valid, o := q.token()
	f := finding{rule: "a valid service token is presented", wanted: "any valid service token"}
	return presentedToken(q, f, id, valid, o)
}

func presentedToken(q *inquiry, f finding, id string, valid belief, o observed) finding {
	f.belief, f.source, f.note = valid, o.source, o.note
	switch {
	case !o.known:
	case id == "":
		f.seen, f.but = "no service token", "no service token that Cloudflare knows was presented"
	default:
		f.seen, f.but = q.tokenName(id), "the service token was "+quoted(q.tokenName(id))
		token, _ := q.tokens.get(id)
		if expires, ok := instant(token.Get("expires_at")); ok && !expires.After(q.login.at) {
			f.but += ", which expired on " + clock(expires)
		} else if strings.Contains(o.note, turnedOff) {
			f.but += ", which is turned off"
		}
	}
	return f
}

func externalEvaluation(_ *inquiry, body gjson.Result) finding {
	url := body.Get("evaluate_url").Str
	return finding{
		rule: "the external evaluation at " + url + " agrees", wanted: url,
		note: "Cloudflare doesn't log what an external evaluation answered. Look at the logs of " + url + ".",
	}
}

func linkedAppToken(q *inquiry, body gjson.Result) finding {
	id := body.Get("app_uid").Str
	return finding{
		rule: "an access token of the application " + id + " is presented", wanted: id,
		note: "Cloudflare doesn't log which access tokens a request carried.",
	}
}

// spokenList joins clauses as a sentence does.
func spokenList(clauses []string, word string) string {
	if len(clauses) < 2 {
		return strings.Join(clauses, "")
	}
	return strings.Join(clauses[:len(clauses)-1], ", ") + " " + word + " " + clauses[len(clauses)-1]
}

// later is the later of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
