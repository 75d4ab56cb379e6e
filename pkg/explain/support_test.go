package explain_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

// noon is when the login of the tests happened; readAt is when its facts were read.
var (
	noon   = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	readAt = noon.Add(3 * time.Hour)
)

const (
	appID  = "11111111-0000-4000-8000-000000000001"
	oktaID = "22222222-0000-4000-8000-000000000001"
	pinID  = "22222222-0000-4000-8000-000000000002"
	piaID  = "33333333-0000-4000-8000-000000000001"
	pia    = "pia@example.com"
	rayID  = "8d3f0a1b2c4d5e6f"
)

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// doc is a JSON object that tests can change.
type doc map[string]any

func (d doc) with(key string, value any) doc {
	out := doc{}
	for k, v := range d {
		out[k] = v
	}
	if value == nil {
		delete(out, key)
	} else {
		out[key] = value
	}
	return out
}

func (d doc) document() explain.Document { return explain.Document{JSON: d.json()} }

func (d doc) json() json.RawMessage {
	raw, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return raw
}

func table(docs ...doc) explain.Table {
	t := explain.Table{}
	for _, d := range docs {
		t.Rows = append(t.Rows, d.json())
	}
	return t
}

func request() doc {
	return doc{
		"action": "login", "allowed": false, "app_uid": appID, "app_name": "Payroll", "app_domain": "payroll.example.com/",
		"connection": "okta", "country": "gb", "created_at": stamp(noon), "ip_address": "192.0.2.7", "ray_id": rayID, "user_email": pia,
	}
}

func group() doc {
	return doc{
		"appId": appID, "approvingPolicyId": "", "cfRayId": rayID, "country": "GB", "datetime": stamp(noon), "deviceId": "device-1",
		"hasExistingJWT": 0, "hasGatewayEnabled": 0, "hasWarpEnabled": 1, "identityProvider": oktaID, "ipAddress": "192.0.2.7",
		"isSuccessfulLogin": 0, "mtlsCertSerialId": "", "mtlsCommonName": "", "mtlsStatus": "NONE", "serviceTokenId": "", "userUuid": piaID,
	}
}

// machine is the login group of a login without a person.
func machine(token string) doc {
	return group().with("identityProvider", "nonidentity").with("userUuid", "").with("serviceTokenId", token).with("deviceId", "")
}

func identity() doc {
	return doc{
		"email": pia, "user_uuid": piaID, "iat": noon.Add(-time.Minute).Unix(), "idp": doc{"id": oktaID, "type": "okta"},
		"groups": []any{doc{"id": "g-staff", "name": "staff"}}, "amr": []string{"pwd"}, "ip": "192.0.2.7", "geo": doc{"country": "GB"},
		"saml_attributes": doc{"department": []string{"Sales"}}, "oidc_fields": doc{"role": "seller"},
		"devicePosture": doc{
			"posture-disk":     doc{"rule_name": "Disk encryption", "success": true, "timestamp": stamp(noon.Add(-2 * time.Minute))},
			"posture-firewall": doc{"rule_name": "Firewall", "success": false, "error": "firewall is off", "timestamp": stamp(noon.Add(-2 * time.Minute))},
		},
	}
}

func application(policies ...doc) doc {
	if policies == nil {
		policies = []doc{}
	}
	return doc{
		"id": appID, "uid": appID, "name": "Payroll", "aud": "aud-payroll", "domain": "payroll.example.com", "type": "self_hosted",
		"created_at": stamp(noon.Add(-900 * time.Hour)), "updated_at": stamp(noon.Add(-200 * time.Hour)), "policies": policies,
	}
}

// rules are the rules of one section, each a type and its body.
type rules []doc

func rule(kind string, body doc) doc { return doc{kind: body} }

func onEmail(address string) doc { return rule("email", doc{"email": address}) }
func onDomain(domain string) doc { return rule("email_domain", doc{"domain": domain}) }
func onCountry(code string) doc  { return rule("geo", doc{"country_code": code}) }
func onIP(block string) doc      { return rule("ip", doc{"ip": block}) }
func onGroup(id string) doc      { return rule("group", doc{"id": id}) }
func onEveryone() doc            { return rule("everyone", doc{}) }
func onRisk() doc                { return rule("user_risk_score", doc{"user_risk_score": []string{"low"}}) }
func onToken(id string) doc      { return rule("service_token", doc{"token_id": id}) }
func onEvaluation() doc {
	return rule("external_evaluation", doc{"evaluate_url": "https://eval.example.com"})
}

// policy is a policy by its name and decision; its ID is its name in lower case
// with dashes.
func policy(name, decision string, include rules, require rules, exclude rules) doc {
	return doc{
		"id": idOf(name), "name": name, "decision": decision, "include": orEmpty(include), "require": orEmpty(require), "exclude": orEmpty(exclude),
		"created_at": stamp(noon.Add(-900 * time.Hour)), "updated_at": stamp(noon.Add(-200 * time.Hour)),
	}
}

func idOf(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

func orEmpty(r rules) rules {
	if r == nil {
		return rules{}
	}
	return r
}

func allow(name string, include, require, exclude rules) doc {
	return policy(name, "allow", include, require, exclude)
}

func deny(name string, include ...doc) doc { return policy(name, "deny", include, nil, nil) }

func accessGroup(id string, include, require, exclude rules) doc {
	return policy("Group "+id, "", include, require, exclude).with("id", id).with("decision", nil)
}

// facts are of a blocked login of Pia to Payroll, under these policies, with all
// there is to know.
func facts(policies ...doc) explain.Facts {
	for i := range policies {
		if policies[i]["precedence"] == nil {
			policies[i] = policies[i].with("precedence", i+1)
		}
	}
	return explain.Facts{
		RayID: rayID, ReadAt: readAt, Request: request().document(), Group: group().document(), Identity: identity().document(),
		App:               application(policies...).document(),
		IdentityProviders: table(doc{"id": oktaID, "name": "Okta", "type": "okta"}, doc{"id": pinID, "name": "One-time PIN", "type": "onetimepin"}),
		ServiceTokens: table(
			doc{"id": "token-ci", "name": "CI", "client_id": "ci.access", "enabled": true, "expires_at": stamp(noon.Add(900 * time.Hour)), "updated_at": stamp(noon.Add(-900 * time.Hour))},
			doc{"id": "token-old", "name": "Old", "enabled": true, "expires_at": stamp(noon.Add(-time.Hour)), "updated_at": stamp(noon.Add(-900 * time.Hour))},
			doc{"id": "token-off", "name": "Off", "enabled": false, "expires_at": stamp(noon.Add(900 * time.Hour)), "updated_at": stamp(noon.Add(-900 * time.Hour))},
		),
		PostureRules: table(doc{"id": "posture-warp", "name": "WARP", "type": "warp"}, doc{"id": "posture-gateway", "name": "Gateway", "type": "gateway"}),
		Lists: map[string]explain.List{
			"list-offices": {Name: "Offices", Items: []string{"198.51.100.0/24", "2001:db8::/32"}},
			"list-finance": {Name: "Finance people", Items: []string{"fay@example.com"}},
		},
	}
}

// machineFacts are of a blocked login with a service token, or with none.
func machineFacts(token string, policies ...doc) explain.Facts {
	f := facts(policies...)
	f.Request, f.Identity, f.Group = explain.Document{}, explain.Document{}, machine(token).document()
	return f
}

func denied(what, permission string) *explain.Missing {
	return &explain.Missing{Why: "Cloudflare refused " + what + " (403)", Permission: permission}
}

// row names a check in short: policy, section, type, result, and a star where it is
// decisive.
func row(c explain.Check) string {
	star := ""
	if c.Decisive {
		star = " *"
	}
	return fmt.Sprintf("%s %s %s: %s%s", c.PolicyID, c.Section, c.RuleType, c.Result, star)
}

func rowsOf(a explain.Answer) []string {
	out := []string{}
	for _, c := range a.Checks {
		out = append(out, row(c))
	}
	return out
}
