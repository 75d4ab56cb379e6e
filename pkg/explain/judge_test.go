package explain_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

// situation is a login, and what a judge who knows Access says about it.
type situation struct {
	name      string
	facts     explain.Facts
	change    func(*explain.Facts)
	verdict   string
	policy    string
	certainty string
	// rows are all checks, where they are of interest.
	rows []string
}

func letIn(f *explain.Facts) {
	f.Request = request().with("allowed", true).document()
	f.Group = group().with("isSuccessfulLogin", 1).document()
}

func approvedBy(id string) func(*explain.Facts) {
	return func(f *explain.Facts) {
		letIn(f)
		f.Group = group().with("isSuccessfulLogin", 1).with("approvingPolicyId", id).document()
	}
}

func staleIdentity(f *explain.Facts) {
	f.Identity = identity().with("iat", noon.Add(-26*time.Hour).Unix()).document()
}

func noLogin(f *explain.Facts) {
	f.RayID, f.Request, f.Group, f.UserEmail = "", explain.Document{}, explain.Document{}, pia
	f.Identity = identity().with("iat", readAt.Add(-time.Minute).Unix()).document()
}

func changeApp(key string, value any) func(*explain.Facts) {
	return func(f *explain.Facts) {
		var app doc
		if err := json.Unmarshal(f.App.JSON, &app); err != nil {
			panic(err)
		}
		f.App = app.with(key, value).document()
	}
}

func all(changes ...func(*explain.Facts)) func(*explain.Facts) {
	return func(f *explain.Facts) {
		for _, c := range changes {
			c(f)
		}
	}
}

var (
	inFinance   = rule("okta", doc{"name": "finance", "identity_provider_id": oktaID})
	inStaff     = rule("okta", doc{"name": "staff", "identity_provider_id": oktaID})
	finance     = allow("Finance only", rules{inFinance}, nil, nil)
	staff       = allow("Staff", rules{inStaff}, nil, nil)
	risky       = allow("Low risk", rules{onEveryone()}, rules{onRisk()}, nil)
	blockGB     = deny("No GB", onCountry("GB"))
	blockUS     = deny("No US", onCountry("US"))
	blockRisky  = deny("No risk", onRisk())
	bypassGB    = policy("Bypass GB", "bypass", rules{onCountry("GB")}, nil, nil)
	bypassUS    = policy("Bypass US", "bypass", rules{onCountry("US")}, nil, nil)
	serviceCI   = policy("Deploy", "non_identity", rules{onToken("token-ci")}, nil, nil)
	serviceOld  = policy("Backup", "non_identity", rules{onToken("token-old")}, nil, nil)
	withConsent = staff.with("approval_required", true).with("name", "Consent").with("id", "consent")
)

func situations() []situation {
	return []situation{
		{name: "no policy matched", facts: facts(finance), verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain,
			rows: []string{"finance-only include okta: not_met *"}},
		{name: "no policies", facts: facts(), verdict: explain.NoPolicyMatched, certainty: explain.Certain},
		{name: "only Block policies", facts: facts(blockUS), verdict: explain.NoPolicyMatched, certainty: explain.Certain, rows: []string{"no-us include geo: not_met"}},
		{name: "a Block policy", facts: facts(blockGB, staff), verdict: explain.BlockedByPolicy, policy: "no-gb", certainty: explain.Certain,
			rows: []string{"no-gb include geo: met *", "staff include okta: met"}},
		{name: "a Block policy that asks for several", facts: facts(policy("Mixed", "deny", rules{onCountry("US"), onEveryone()}, rules{onIP("192.0.2.0/24")}, rules{onEmail("fay@example.com")})),
			verdict: explain.BlockedByPolicy, policy: "mixed", certainty: explain.Certain,
			rows: []string{"mixed include geo: not_met", "mixed include everyone: met *", "mixed require ip: met *", "mixed exclude email: not_met"}},
		{name: "a failing Require", facts: facts(allow("Staff in US", rules{onEmail("fay@example.com"), onDomain("example.com")}, rules{onCountry("US"), onIP("192.0.2.0/24")}, nil)),
			verdict: explain.NoPolicyMatched, policy: "staff-in-us", certainty: explain.Certain,
			rows: []string{"staff-in-us include email: not_met", "staff-in-us include email_domain: met", "staff-in-us require geo: not_met *", "staff-in-us require ip: met"}},
		{name: "two countries under Require match nobody", facts: facts(allow("Two", rules{onEveryone()}, rules{onCountry("GB"), onCountry("US")}, nil)),
			verdict: explain.NoPolicyMatched, policy: "two", certainty: explain.Certain,
			rows: []string{"two include everyone: met", "two require geo: met", "two require geo: not_met *"}},
		{name: "an Exclude that is met", facts: facts(allow("Not Pia", rules{onEveryone()}, nil, rules{onEmail(pia)})),
			verdict: explain.NoPolicyMatched, policy: "not-pia", certainty: explain.Certain,
			rows: []string{"not-pia include everyone: met", "not-pia exclude email: met *"}},
		{name: "the nearest has the fewest failing rules", facts: facts(allow("Far", rules{onEmail("fay@example.com")}, rules{onCountry("US")}, nil), allow("Near", rules{onEveryone()}, rules{onCountry("US")}, nil)),
			verdict: explain.NoPolicyMatched, policy: "near", certainty: explain.Certain},
		{name: "equally near, the first", facts: facts(allow("First", rules{onEmail("fay@example.com")}, nil, nil), allow("Second", rules{onEmail("gus@example.com")}, nil, nil)),
			verdict: explain.NoPolicyMatched, policy: "first", certainty: explain.Certain},
		{name: "nearer still, one that may have matched", facts: facts(allow("First", rules{onEmail("fay@example.com")}, nil, nil), risky), verdict: explain.NoPolicyMatched, policy: "low-risk", certainty: explain.Likely},
		{name: "precedence, not the order of the answer", facts: facts(staff.with("precedence", 2), blockGB.with("precedence", 1)),
			verdict: explain.BlockedByPolicy, policy: "no-gb", certainty: explain.Certain, rows: []string{"no-gb include geo: met *", "staff include okta: met"}},
		{name: "Bypass and Service Auth come first", facts: facts(finance, blockGB, serviceCI, bypassUS, staff),
			verdict: explain.BlockedByPolicy, policy: "no-gb", certainty: explain.Certain,
			rows: []string{"deploy include service_token: not_met", "bypass-us include geo: not_met", "finance-only include okta: not_met", "no-gb include geo: met *", "staff include okta: met"}},
		{name: "an Allow above a Block", facts: facts(staff, blockGB), change: letIn, verdict: explain.AllowedByPolicy, policy: "staff", certainty: explain.Certain},
		{name: "the first Block", facts: facts(deny("All", onEveryone()), blockGB), verdict: explain.BlockedByPolicy, policy: "all", certainty: explain.Certain},

		// Evidence.
		{name: "an Allow that can't be judged", facts: facts(risky), verdict: explain.NoPolicyMatched, policy: "low-risk", certainty: explain.Likely,
			rows: []string{"low-risk include everyone: met", "low-risk require user_risk_score: unknown *"}},
		{name: "an Allow that can't be judged above a Block", facts: facts(risky, blockGB), verdict: explain.BlockedByPolicy, policy: "no-gb", certainty: explain.Likely},
		{name: "an Allow that can't be judged below a Block", facts: facts(blockGB, risky), verdict: explain.BlockedByPolicy, policy: "no-gb", certainty: explain.Certain},
		{name: "an Allow that fails whatever is unknown", facts: facts(allow("Low risk", rules{onRisk()}, rules{onCountry("US")}, nil)),
			verdict: explain.NoPolicyMatched, policy: "low-risk", certainty: explain.Certain, rows: []string{"low-risk include user_risk_score: unknown", "low-risk require geo: not_met *"}},
		{name: "a Block that can't be judged above an Allow that matches", facts: facts(blockRisky, staff),
			verdict: explain.BlockedByPolicy, policy: "no-risk", certainty: explain.Likely, rows: []string{"no-risk include user_risk_score: unknown *", "staff include okta: met"}},
		{name: "a Block that can't be judged where nothing matches anyway", facts: facts(blockRisky, finance), verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely},
		{name: "a Bypass that can't be judged", facts: facts(policy("Risk bypass", "bypass", rules{onEvaluation()}, nil, nil), finance),
			verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely},
		{name: "blocked against all that is seen", facts: facts(staff), verdict: explain.VerdictUnknown, certainty: explain.CertaintyUnknown},
		{name: "older data that the block contradicts", facts: facts(staff), change: staleIdentity, verdict: explain.NoPolicyMatched, policy: "staff", certainty: explain.Likely,
			rows: []string{"staff include okta: unknown *"}},
		{name: "older data", facts: facts(finance), change: staleIdentity, verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely,
			rows: []string{"finance-only include okta: not_met *"}},

		// Who let in.
		{name: "the approving policy", facts: facts(finance, staff), change: approvedBy("staff"), verdict: explain.AllowedByPolicy, policy: "staff", certainty: explain.Certain},
		{name: "the approving policy, rules unknown", facts: facts(risky), change: approvedBy("low-risk"), verdict: explain.AllowedByPolicy, policy: "low-risk", certainty: explain.Certain},
		{name: "the approving policy, older data", facts: facts(finance, staff), change: all(approvedBy("finance-only"), staleIdentity), verdict: explain.AllowedByPolicy, policy: "finance-only", certainty: explain.Certain,
			rows: []string{"finance-only include okta: unknown *", "staff include okta: met"}},
		{name: "an approving policy below one that matches by older data", facts: facts(staff, allow("All", rules{onEveryone()}, nil, nil)), change: all(approvedBy("all"), staleIdentity), verdict: explain.AllowedByPolicy, policy: "all", certainty: explain.Certain,
			rows: []string{"staff include okta: unknown", "all include everyone: met *"}},
		{name: "an approving policy that is gone", facts: facts(finance), change: approvedBy("gone"), verdict: explain.AllowedByPolicy, policy: "gone", certainty: explain.Certain},
		{name: "an approving Bypass policy", facts: facts(bypassGB), change: approvedBy("bypass-gb"), verdict: explain.Bypassed, policy: "bypass-gb", certainty: explain.Certain},
		{name: "an approving Service Auth policy", facts: machineFacts("token-ci", serviceCI), change: func(f *explain.Facts) {
			f.Group = machine("token-ci").with("isSuccessfulLogin", 1).with("approvingPolicyId", "deploy").document()
		}, verdict: explain.AllowedByPolicy, policy: "deploy", certainty: explain.Certain},
		{name: "let in by what is not known", facts: facts(risky), change: letIn, verdict: explain.NotBlockedByAccess, certainty: explain.Certain},
		{name: "let in against all that is seen", facts: facts(finance), change: letIn, verdict: explain.NotBlockedByAccess, certainty: explain.Certain},
		{name: "let in by one that certainly matches, below one that can't be judged", facts: facts(risky, staff), change: letIn, verdict: explain.AllowedByPolicy, policy: "staff", certainty: explain.Likely},
		{name: "let in, older data", facts: facts(staff), change: all(letIn, staleIdentity), verdict: explain.NotBlockedByAccess, certainty: explain.Certain},
		{name: "let in by Bypass", facts: facts(staff, bypassGB), change: letIn, verdict: explain.Bypassed, policy: "bypass-gb", certainty: explain.Certain},
		{name: "let in, policies not read", facts: facts(staff), change: all(letIn, func(f *explain.Facts) {
			f.App = explain.Document{Missing: denied("the applications", "Access: Apps and Policies Read")}
		}), verdict: explain.NotBlockedByAccess, certainty: explain.Certain},

		// The login method.
		{name: "login method not allowed", facts: facts(staff), change: changeApp("allowed_idps", []string{pinID}), verdict: explain.LoginMethodNotAllowed, certainty: explain.Certain},
		{name: "login method allowed", facts: facts(finance), change: changeApp("allowed_idps", []string{pinID, oktaID}), verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain},
		{name: "login method unknown", facts: facts(allow("Staff", rules{onEmail(pia)}, nil, nil)), change: all(changeApp("allowed_idps", []string{oktaID}), func(f *explain.Facts) {
			f.IdentityProviders = explain.Table{Missing: denied("the identity providers", "Access: Organizations, Identity Providers, and Groups Read")}
			f.Group = group().with("identityProvider", "okta").document()
			f.Identity = identity().with("idp", nil).document()
		}), verdict: explain.LoginMethodNotAllowed, certainty: explain.Likely},

		// Temporary access.
		{name: "approval not asked for", facts: facts(withConsent), verdict: explain.ApprovalNeeded, policy: "consent", certainty: explain.Certain},
		{name: "approval pending", facts: facts(withConsent), change: consent("PENDING", nil), verdict: explain.ApprovalNeeded, policy: "consent", certainty: explain.Certain},
		{name: "approval denied", facts: facts(withConsent), change: consent("DENIED", nil), verdict: explain.ApprovalNeeded, policy: "consent", certainty: explain.Certain},
		{name: "approval expired", facts: facts(withConsent), change: consent("APPROVED", doc{"expires_at": stamp(noon.Add(-time.Minute))}), verdict: explain.ApprovalNeeded, policy: "consent", certainty: explain.Certain},
		{name: "approved, when is not known", facts: facts(withConsent), change: consent("APPROVED", nil), verdict: explain.ApprovalNeeded, policy: "consent", certainty: explain.Likely},
		{name: "approved after the login", facts: facts(withConsent), change: consent("APPROVED", doc{"events": []doc{{"type": "APPROVER_DECISION", "timestamp": stamp(noon.Add(time.Minute))}}}),
			verdict: explain.ApprovalNeeded, policy: "consent", certainty: explain.Certain},
		{name: "approval requests not read", facts: facts(withConsent), change: func(f *explain.Facts) { f.JIT.Missing = denied("the requests", "Access: Audit Logs Read") },
			verdict: explain.ApprovalNeeded, policy: "consent", certainty: explain.Likely},
		{name: "approval asked for at a policy that can't be judged", facts: facts(risky.with("approval_required", true)), change: consent("PENDING", nil),
			verdict: explain.ApprovalNeeded, policy: "low-risk", certainty: explain.Likely},
		{name: "approval asked for only after the login", facts: facts(risky.with("approval_required", true)), change: consent("PENDING", doc{"created_at": stamp(noon.Add(time.Minute))}),
			verdict: explain.NoPolicyMatched, policy: "low-risk", certainty: explain.Likely},
		{name: "approval at a policy that doesn't match", facts: facts(finance.with("approval_required", true)), verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain},

		// Machines.
		{name: "no service token", facts: machineFacts("", serviceCI, staff), verdict: explain.ServiceAuthFailed, policy: "deploy", certainty: explain.Certain,
			rows: []string{"deploy include service_token: not_met *", "staff include okta: not_met"}},
		{name: "another service token", facts: machineFacts("token-ci", serviceOld), verdict: explain.ServiceAuthFailed, policy: "backup", certainty: explain.Certain},
		{name: "an expired service token", facts: machineFacts("token-old", serviceOld), verdict: explain.ServiceAuthFailed, policy: "backup", certainty: explain.Certain},
		{name: "a service token from the wrong country", facts: machineFacts("token-ci", serviceCI.with("require", rules{onCountry("US")})), verdict: explain.ServiceAuthFailed, policy: "deploy", certainty: explain.Certain,
			rows: []string{"deploy include service_token: met", "deploy require geo: not_met *"}},
		{name: "a service token with a wrong secret", facts: machineFacts("token-ci", serviceCI), verdict: explain.ServiceAuthFailed, policy: "deploy", certainty: explain.Likely},
		{name: "Service Auth comes before Block", facts: machineFacts("", serviceCI, blockGB), verdict: explain.ServiceAuthFailed, policy: "deploy", certainty: explain.Certain},
		{name: "nobody signed in and a Block policy matches", facts: machineFacts("", blockGB), verdict: explain.BlockedByPolicy, policy: "no-gb", certainty: explain.Likely},
		{name: "nobody signed in and no Service Auth policy", facts: machineFacts("", allow("All", rules{onEveryone()}, nil, nil)), verdict: explain.NoPolicyMatched, policy: "all", certainty: explain.Certain},
		{name: "a machine, where login methods are restricted", facts: machineFacts("", serviceCI), change: changeApp("allowed_idps", []string{pinID}), verdict: explain.ServiceAuthFailed, policy: "deploy", certainty: explain.Certain},
		{name: "a login that may be a machine's", facts: machineFacts("", serviceCI), change: func(f *explain.Facts) { f.Group = machine("").with("identityProvider", "").document() },
			verdict: explain.NoPolicyMatched, certainty: explain.Likely},
		{name: "a missing certificate", facts: machineFacts("", policy("Robots", "non_identity", rules{rule("certificate", doc{})}, nil, nil)), verdict: explain.ServiceAuthFailed, policy: "robots", certainty: explain.Certain},

		// What can't be read.
		{name: "application not read", facts: facts(staff), change: func(f *explain.Facts) {
			f.App = explain.Document{Missing: denied("the applications", "Access: Apps and Policies Read")}
		}, verdict: explain.VerdictUnknown, certainty: explain.CertaintyUnknown},
		{name: "identity not read", facts: facts(finance), change: func(f *explain.Facts) {
			f.Identity = explain.Document{Missing: denied("the identity", "Zero Trust Read")}
		}, verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely, rows: []string{"finance-only include okta: unknown *"}},
		{name: "another user's identity", facts: facts(finance), change: func(f *explain.Facts) { f.Identity = identity().with("user_uuid", "another").document() },
			verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely, rows: []string{"finance-only include okta: unknown *"}},
		{name: "login group not read", facts: facts(serviceCI, finance), change: func(f *explain.Facts) {
			f.Group = explain.Document{Missing: denied("the login groups", "Account Analytics Read")}
		}, verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely},
		{name: "a reusable policy", facts: facts(doc{"id": "finance-only", "precedence": 1}), change: func(f *explain.Facts) { f.Policies = table(finance.with("precedence", nil)) },
			verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain},
		{name: "a reusable policy that can't be read", facts: facts(doc{"id": "finance-only", "precedence": 1}), change: func(f *explain.Facts) {
			f.Policies = explain.Table{Missing: denied("the policies", "Access: Apps and Policies Read")}
		}, verdict: explain.VerdictUnknown, certainty: explain.CertaintyUnknown, rows: []string{"finance-only  : unknown"}},
		{name: "a reusable policy by its name and decision", facts: facts(doc{"id": "finance-only", "precedence": 1, "name": "Finance only", "decision": "allow"}), change: func(f *explain.Facts) { f.Policies = table(finance) },
			verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain, rows: []string{"finance-only include okta: not_met *"}},
		{name: "a policy without its rules", facts: facts(doc{"id": "finance-only", "precedence": 1, "name": "Finance only", "decision": "allow"}, staff.with("include", rules{onCountry("US")})),
			verdict: explain.NoPolicyMatched, policy: "staff", certainty: explain.Likely, rows: []string{"finance-only  : unknown", "staff include geo: not_met *"}},
		{name: "policies asked for on their own", facts: facts(), change: all(changeApp("policies", nil), func(f *explain.Facts) { f.AppPolicies = table(finance) }),
			verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain},
		{name: "policies not in the answer", facts: facts(), change: changeApp("policies", nil), verdict: explain.VerdictUnknown, certainty: explain.CertaintyUnknown},
		{name: "logs that disagree", facts: facts(finance), change: func(f *explain.Facts) { f.Group = group().with("isSuccessfulLogin", 1).document() },
			verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely},
		{name: "only a failed login", facts: facts(allow("Fay", rules{onEmail("fay@example.com")}, nil, nil)), change: func(f *explain.Facts) {
			f.Request, f.Group = explain.Document{}, explain.Document{}
			f.Failed = doc{"expiration": 1, "metadata": doc{"aud": "aud-payroll", "datetime": stamp(noon), "ray_id": rayID, "user_email": pia, "user_uuid": piaID}}.document()
		}, verdict: explain.NoPolicyMatched, policy: "fay", certainty: explain.Certain},
		{name: "not found", facts: facts(staff), change: func(f *explain.Facts) { f.Request, f.Group = explain.Document{}, explain.Document{} }, verdict: explain.NotFound, certainty: explain.Certain},
		{name: "not found, not all read", facts: facts(staff), change: func(f *explain.Facts) {
			f.Request, f.Group = explain.Document{}, explain.Document{Missing: denied("the login groups", "Account Analytics Read")}
		}, verdict: explain.NotFound, certainty: explain.CertaintyUnknown},

		// Without a login.
		{name: "now, let in", facts: facts(staff), change: noLogin, verdict: explain.AllowedByPolicy, policy: "staff", certainty: explain.Certain},
		{name: "now, denied", facts: facts(finance), change: noLogin, verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain},
		{name: "now, older data", facts: facts(finance), change: all(noLogin, staleIdentity), verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely},
		{name: "now, not known", facts: facts(risky, finance), change: noLogin, verdict: explain.VerdictUnknown, certainty: explain.CertaintyUnknown},
		{name: "now, denied either way", facts: facts(blockRisky, finance), change: noLogin, verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely},
		{name: "now, approval needed", facts: facts(withConsent), change: noLogin, verdict: explain.ApprovalNeeded, policy: "consent", certainty: explain.Certain},
	}
}

func consent(status string, more doc) func(*explain.Facts) {
	return func(f *explain.Facts) {
		row := doc{"knock_request_id": "k1", "app_aud": "aud-payroll", "app_hostname": "payroll.example.com", "requester_email": pia, "status": status,
			"created_at": stamp(noon.Add(-10 * time.Minute)), "expires_at": stamp(noon.Add(time.Hour))}
		for key, value := range more {
			row = row.with(key, value)
		}
		f.JIT = table(row)
	}
}

func TestSituations(t *testing.T) {
	for _, s := range situations() {
		t.Run(s.name, func(t *testing.T) {
			if s.change != nil {
				s.change(&s.facts)
			}
			a := explain.Judge(s.facts)
			require.Equal(t, []string{s.verdict, s.policy, s.certainty}, []string{a.Verdict.Verdict, a.Verdict.PolicyID, a.Verdict.Certainty}, "%+v", a.Verdict)
			if s.rows != nil {
				require.Equal(t, s.rows, rowsOf(a))
			}
			require.NotEmpty(t, a.Verdict.Reason)
			for i, c := range a.Checks {
				require.Equal(t, i+1, c.Order)
			}
			t.Log(a.Verdict.Reason, "|", a.Verdict.NextStep)
		})
	}
}
