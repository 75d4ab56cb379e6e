package explain_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

// Shapes of the configuration and of the logs that change what is decided or shown.
func TestOddShapesOfConfiguration(t *testing.T) {
	const disk = "AAAAAAAA-0000-4000-8000-000000000001"
	inGitHub := allow("Coders", rules{rule("github-organization", doc{"name": "example", "identity_provider_id": oktaID})}, nil, nil)
	isolate := policy("Isolate", "isolate", rules{onEveryone()}, nil, nil)
	withoutTokens := func(f *explain.Facts) {
		f.ServiceTokens = explain.Table{Missing: denied("the list of service tokens", "Access: Service Tokens Read")}
	}
	withoutLogin := func(f *explain.Facts) {
		f.RayID, f.Request, f.Group, f.UserEmail = "", explain.Document{}, explain.Document{}, pia
	}
	cases := []struct {
		situation
		says string
	}{
		{situation{name: "precedence as text", facts: facts(staff.with("precedence", "10"), blockGB.with("precedence", "9")), verdict: explain.BlockedByPolicy, policy: "no-gb", certainty: explain.Certain}, ""},
		{situation{name: "a reusable policy stands where the application puts it", facts: facts(), change: all(
			changeApp("policies", []any{doc{"id": "staff", "precedence": 2}, doc{"id": "no-gb", "precedence": 1}}),
			func(f *explain.Facts) {
				f.Policies = table(staff.with("precedence", 1), blockGB.with("precedence", 2))
			}), verdict: explain.BlockedByPolicy, policy: "no-gb", certainty: explain.Certain}, ""},
		{situation{name: "equal precedence, and the log tells which came first", facts: facts(staff.with("precedence", 1), blockGB.with("precedence", 1)),
			verdict: explain.BlockedByPolicy, policy: "no-gb", certainty: explain.Likely}, "the same precedence"},
		{situation{name: "equal precedence, without a login that tells", facts: facts(staff.with("precedence", 1), blockGB.with("precedence", 1)), change: withoutLogin,
			verdict: explain.VerdictUnknown, certainty: explain.CertaintyUnknown}, "the same precedence"},
		{situation{name: "equal precedence and decision, without a login", facts: facts(staff.with("precedence", 1), allow("Others", rules{onEveryone()}, nil, nil).with("precedence", 1)), change: withoutLogin,
			verdict: explain.AllowedByPolicy, policy: "others", certainty: explain.Likely}, ""},
		{situation{name: "a decision that nobody knows", facts: facts(isolate, staff), verdict: explain.VerdictUnknown, certainty: explain.CertaintyUnknown}, "“isolate”"},
		{situation{name: "a rule of two types", facts: facts(allow("Two", rules{doc{"email": doc{"email": pia}, "geo": doc{"country_code": "GB"}}}, nil, nil)),
			verdict: explain.NoPolicyMatched, policy: "two", certainty: explain.Likely, rows: []string{"two include email, geo: unknown *"}}, ""},
		{situation{name: "a posture check's ID in another case", facts: facts(allow("Disk", rules{onEveryone()}, rules{rule("device_posture", doc{"integration_uid": disk})}, nil)),
			change: func(f *explain.Facts) {
				f.Identity = identity().with("devicePosture", doc{strings.ToLower(disk): doc{"success": false, "rule_name": "Disk"}}).document()
			}, verdict: explain.NoPolicyMatched, policy: "disk", certainty: explain.Certain, rows: []string{"disk include everyone: met", "disk require device_posture: not_met *"}}, ""},
		{situation{name: "an identity by another provider than the login's", facts: facts(allow("Sales", rules{rule("saml", doc{"attribute_name": "department", "attribute_value": "Sales"})}, nil, nil)), change: func(f *explain.Facts) {
			f.Group, f.Request = group().with("identityProvider", pinID).document(), request().with("connection", "onetimepin").document()
		}, verdict: explain.NoPolicyMatched, policy: "sales", certainty: explain.Likely, rows: []string{"sales include saml: unknown *"}}, "another identity provider"},
		{situation{name: "let in, and the log that tells by which policy can't be read", facts: facts(risky), change: all(letIn, func(f *explain.Facts) {
			f.Group = explain.Document{Missing: denied("the login groups", "Some Permission")}
		}), verdict: explain.NotBlockedByAccess, certainty: explain.Likely}, "Which policy let it in can't be known. Not known because Cloudflare refused the login groups"},
		{situation{name: "a login method by its type", facts: facts(allow("Okta", rules{rule("login_method", doc{"id": oktaID})}, nil, nil)), change: func(f *explain.Facts) {
			f.Group, f.Request = explain.Document{}, request().with("connection", "onetimepin").document()
			f.IdentityProviders = table(doc{"id": oktaID, "name": "Okta", "type": "okta"}, doc{"id": pinID, "name": "PIN by mail", "type": "onetimepin"})
		}, verdict: explain.NoPolicyMatched, policy: "okta", certainty: explain.Certain}, "signed in with PIN by mail"},
		{situation{name: "a login method of which no provider is listed", facts: facts(allow("Okta", rules{rule("login_method", doc{"id": oktaID})}, nil, nil)), change: func(f *explain.Facts) {
			f.Group, f.Request = explain.Document{}, request().with("connection", "onetimepin").document()
			f.IdentityProviders = table(doc{"id": oktaID, "name": "Okta", "type": "okta"})
		}, verdict: explain.NoPolicyMatched, policy: "okta", certainty: explain.Certain}, "signed in with One-time PIN"},
		{situation{name: "no Include rule", facts: facts(allow("Nobody", nil, rules{onCountry("GB")}, nil)), verdict: explain.NoPolicyMatched, policy: "nobody", certainty: explain.Certain}, "has no Include rule"},
		{situation{name: "policies that all came later", facts: facts(finance.with("created_at", stamp(noon.Add(time.Hour)))), verdict: explain.NoPolicyMatched, certainty: explain.Certain}, "It had none."},
		{situation{name: "no outcome was logged", facts: facts(finance), change: func(f *explain.Facts) {
			f.Request, f.Group = request().with("allowed", nil).document(), explain.Document{}
		}, verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain}, "Would be blocked"},
		{situation{name: "let in by a policy whose rules are seen to fail", facts: facts(allow("US", rules{onCountry("US")}, nil, nil)), change: approvedBy("us"),
			verdict: explain.AllowedByPolicy, policy: "us", certainty: explain.Certain, rows: []string{"us include geo: not_met"}}, "Let in by the policy “US” of “Payroll”."},
		{situation{name: "GitHub, and an identity without groups", facts: facts(inGitHub), change: func(f *explain.Facts) { f.Identity = identity().with("groups", []any{}).document() },
			verdict: explain.NoPolicyMatched, policy: "coders", certainty: explain.Likely, rows: []string{"coders include github-organization: unknown *"}}, "lists no groups"},
		{situation{name: "a certificate status that is empty", facts: facts(allow("Cert", rules{rule("certificate", doc{})}, nil, nil)), change: func(f *explain.Facts) { f.Group = group().with("mtlsStatus", "").document() },
			verdict: explain.NoPolicyMatched, policy: "cert", certainty: explain.Likely}, "logged no certificate status"},
		{situation{name: "a client ID that can't be told from a token's ID", facts: machineFacts("ci.access", serviceCI), change: withoutTokens,
			verdict: explain.ServiceAuthFailed, policy: "deploy", certainty: explain.Likely, rows: []string{"deploy include service_token: unknown *"}}, ""},
		{situation{name: "any token, but one that is turned off", facts: machineFacts("token-off", policy("Any", "non_identity", rules{rule("any_valid_service_token", doc{})}, nil, nil)),
			verdict: explain.ServiceAuthFailed, policy: "any", certainty: explain.Certain}, "which is turned off"},
		{situation{name: "a login method that can't be told", facts: facts(finance), change: all(changeApp("allowed_idps", []string{pinID}), func(f *explain.Facts) {
			f.IdentityProviders = explain.Table{Missing: denied("the list of identity providers", "Some Permission")}
			f.Group, f.Identity = explain.Document{}, explain.Document{}
		}), verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely}, "Whether the application takes this login method can't be known"},
		{situation{name: "let in by a policy that the application no longer has", facts: facts(finance), change: all(approvedBy("gone"), func(f *explain.Facts) { f.Policies = table(staff.with("id", "gone")) }),
			verdict: explain.AllowedByPolicy, policy: "gone", certainty: explain.Certain}, "“Staff”"},
		{situation{name: "policies by their IDs, which can't be read", facts: facts(), change: all(changeApp("policies", []any{"finance-only"}), func(f *explain.Facts) {
			f.Policies = explain.Table{Missing: denied("the list of reusable policies", "Some Permission")}
		}), verdict: explain.VerdictUnknown, certainty: explain.CertaintyUnknown}, "can't be known. Not known because Cloudflare refused the list of reusable policies"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.change != nil {
				c.change(&c.facts)
			}
			a := explain.Judge(c.facts)
			require.Equal(t, []string{c.verdict, c.policy, c.certainty}, []string{a.Verdict.Verdict, a.Verdict.PolicyID, a.Verdict.Certainty}, "%+v", a.Verdict)
			require.Contains(t, a.Verdict.Reason, c.says)
			if c.rows != nil {
				require.Equal(t, c.rows, rowsOf(a))
			}
		})
	}
}

// audited is an entry of the audit log by Alex.
func audited(at time.Time, method, path string, written doc) json.RawMessage {
	return doc{
		"action": doc{"time": stamp(at), "type": "update", "result": "success"}, "actor": doc{"email": "alex@example.com", "type": "user"},
		"raw": doc{"method": method, "uri": "/client/v4/accounts/a/access/" + path}, "resource": doc{"response": written},
	}.json()
}

func TestSaysWhoChangedIt(t *testing.T) {
	const path = "apps/" + appID + "/policies/finance-only"
	since := func(f *explain.Facts, rows ...json.RawMessage) {
		f.Changes = explain.Changes{Rows: rows, From: noon.AddDate(0, 0, -7), To: readAt.Add(-10 * time.Minute)}
	}
	before := facts(finance.with("updated_at", stamp(noon.Add(-time.Hour))))
	since(&before, audited(noon.Add(-time.Hour), "PUT", path, finance))
	after := facts(finance.with("updated_at", stamp(noon.Add(time.Hour))))
	since(&after, audited(noon.Add(time.Hour), "PUT", path, finance))
	byToken := facts(finance.with("updated_at", stamp(noon.Add(-time.Hour))))
	since(&byToken, json.RawMessage(strings.Replace(string(audited(noon.Add(-time.Hour), "PUT", path, finance)), `"email":"alex@example.com"`, `"token_name":"alex"`, 1)))
	deleted := facts(finance)
	since(&deleted, audited(noon.Add(time.Hour), "DELETE", "apps/"+appID+"/policies/gone", nil))
	for says, f := range map[string]explain.Facts{
		"“Finance only” had been changed by alex@example.com 1 hour before":                  before,
		"“Finance only” was changed on 2026-06-01 13:00:00 UTC by alex@example.com":          after,
		"“Finance only” had been changed by alex 1 hour before":                              byToken,
		"The policy “gone” was deleted on 2026-06-01 13:00:00 UTC by alex@example.com, and ": deleted,
	} {
		require.Contains(t, explain.Judge(f).Verdict.Reason, says)
		f.Show = func(string) string { return "masked" }
		a := explain.Judge(f)
		require.NotContains(t, a.Verdict.Reason, "alex")
		for _, c := range a.Checks {
			require.NotContains(t, c.Note, "alex")
		}
	}
}

// The logs and the paths of the audit log have either of an application's two IDs.
func TestAnApplicationHasTwoIDs(t *testing.T) {
	const other = "0123456789abcdef0123456789abcdef"
	f := facts(finance)
	changeApp("id", other)(&f)
	changeApp("updated_at", stamp(noon.Add(time.Hour)))(&f)
	then := application(finance.with("precedence", 1)).with("allowed_idps", []string{pinID})
	f.Changes = explain.Changes{From: noon.AddDate(0, 0, -7), To: readAt.Add(-10 * time.Minute), Rows: []json.RawMessage{
		audited(noon.Add(-time.Hour), "PUT", "apps/"+appID, then), audited(noon.Add(time.Hour), "PUT", "apps/"+other, application(finance)),
	}}
	v := explain.Judge(f).Verdict
	require.Equal(t, appID, v.AppUID)
	require.Equal(t, explain.LoginMethodNotAllowed, v.Verdict)
	require.Equal(t, explain.Certain, v.Certainty)
}

// A group that is younger than the login says nothing about it.
func TestAGroupThatCameLater(t *testing.T) {
	f := facts(allow("By group", rules{onGroup("young")}, nil, nil))
	f.AccessGroups = table(accessGroup("young", rules{onEmail("fay@example.com")}, nil, nil).with("created_at", stamp(noon.Add(time.Hour))))
	a := explain.Judge(f)
	require.Equal(t, explain.Likely, a.Verdict.Certainty)
	require.Contains(t, a.Checks[0].Note, "was created after this login")
	require.Equal(t, readAt, a.Verdict.AsOf)
}
