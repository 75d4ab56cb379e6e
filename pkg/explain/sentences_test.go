package explain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

// TestSentences holds what people paste into tickets.
func TestSentences(t *testing.T) {
	want := map[string][2]string{
		"no policy matched": {
			"Blocked because no policy of “Payroll” matched. The closest, “Finance only”, lets in only logins where the user is in the Okta group “finance”, but the user is in staff.",
			"If this login should pass, change what “Finance only” asks, or make the login meet it.",
		},
		"no policies": {
			"Blocked because no policy of “Payroll” matched. It had none.",
			"Add an Allow policy to “Payroll”.",
		},
		"a failing Require": {
			"Blocked because no policy of “Payroll” matched. The closest, “Staff in US”, requires that the country is US, but the login came from GB.",
			"If this login should pass, change what “Staff in US” asks, or make the login meet it.",
		},
		"an Exclude that is met": {
			"Blocked because no policy of “Payroll” matched. The closest, “Not Pia”, excludes logins where the email address is pia@example.com, and the user signed in as pia@example.com.",
			"If this login should pass, change what “Not Pia” asks, or make the login meet it.",
		},
		"a Block policy": {
			"Blocked by the policy “No GB” of “Payroll”, because the country is GB.",
			"If the block is wrong, change the policy “No GB” or put an Allow policy that matches above it.",
		},
		"a Block that can't be judged above an Allow that matches": {
			"Blocked by the policy “No risk” of “Payroll”; whether the user's risk score is low can't be known, but no other policy explains it. No log tells which risk score the user had at the time. Look at Risk score in Zero Trust.",
			"If the block is wrong, change the policy “No risk” or put an Allow policy that matches above it.",
		},
		"older data": {
			"Blocked because no policy of “Payroll” matched. The closest, “Finance only”, lets in only logins where the user is in the Okta group “finance”, but the user is in staff. The identity was seen 1 day before the login.",
			"If this login should pass, change what “Finance only” asks, or make the login meet it.",
		},
		"login method not allowed": {
			"Blocked because “Payroll” takes only logins with One-time PIN, and the user signed in with Okta.",
			"Sign in with One-time PIN, or add the login method to the application.",
		},
		"approval pending": {
			"Blocked because the policy “Consent” of “Payroll” needs an approval, and the request of 2026-06-01 11:50:00 UTC is pending.",
			"Ask for access again, and have one of the approvers of the policy “Consent” answer.",
		},
		"approved after the login": {
			"Blocked because the policy “Consent” of “Payroll” needs an approval, and the request of 2026-06-01 11:50:00 UTC was approved only later.",
			"Ask for access again, and have one of the approvers of the policy “Consent” answer.",
		},
		"an expired service token": {
			"Blocked because nobody signed in and no Service Auth policy of “Payroll” matched. The closest, “Backup”, lets in only logins where the service token is “Old”, but the service token was “Old”, which expired on 2026-06-01 11:00:00 UTC.",
			"Check which service token or certificate the client presents, and that it is valid.",
		},
		"a service token with a wrong secret": {
			"Blocked because nobody signed in and no Service Auth policy of “Payroll” matched. A service token that a policy takes was presented, so its secret was probably wrong.",
			"Check the client secret that the client sends. Rotate the service token if it is lost.",
		},
		"let in by what is not known": {
			"Access let this login into “Payroll”. Which policy let it in was not logged. A refusal came from behind Access.",
			"Look at the tunnel, the application's audience tag, and the origin.",
		},
		"the approving policy": {
			"Let in by the policy “Staff” of “Payroll”, because the user is in the Okta group “staff”.",
			"If the user still sees an error, look behind Access: at the tunnel, the application's audience tag, and the origin.",
		},
		"application not read": {
			"Why the login to “Payroll” was blocked can't be known: Cloudflare refused the applications (403). To read it, the API token needs Access: Apps and Policies Read.",
			"To be told more, give the API token Access: Apps and Policies Read.",
		},
		"login group not read": {
			"Blocked because no policy of “Payroll” matched. The closest, “Finance only”, lets in only logins where the user is in the Okta group “finance”, but the user is in staff. Whether “Deploy” matched can't be known.",
			"If this login should pass, change what “Finance only” asks, or make the login meet it. To be told more, give the API token Account Analytics Read.",
		},
		"now, let in": {
			"Would be let in by the policy “Staff” of “Payroll”, because the user is in the Okta group “staff”.",
			"If the user still sees an error, look behind Access: at the tunnel, the application's audience tag, and the origin.",
		},
	}
	for _, s := range situations() {
		if expected, ok := want[s.name]; ok {
			if s.change != nil {
				s.change(&s.facts)
			}
			v := explain.Judge(s.facts).Verdict
			require.Equal(t, expected, [2]string{v.Reason, v.NextStep}, s.name)
			delete(want, s.name)
		}
	}
	require.Empty(t, want, "every sentence has its situation")
}

// TestHelp looks for what helps with a device: where the certificate comes from, and
// where to look.
func TestHelp(t *testing.T) {
	f := facts(allow("Devices", rules{onEveryone()}, rules{rule("certificate", doc{})}, nil))
	f.Certificates = table(
		doc{"id": "ca-1", "name": "Laptops", "associated_hostnames": []string{"payroll.example.com"}, "expires_on": stamp(noon.Add(-time.Hour))},
		doc{"id": "ca-2", "name": "Phones", "associated_hostnames": []string{"wiki.example.com"}},
	)
	a := explain.Judge(f)
	require.Equal(t, "The certificate authority of payroll.example.com is “Laptops”, which expired on 2026-06-01 11:00:00 UTC.", a.Checks[1].Note)
	require.Contains(t, a.Verdict.Reason, "requires that the device presents a valid client certificate, but none was presented.")
	require.Contains(t, a.Verdict.NextStep, "Install a client certificate")

	f.Certificates = explain.Table{}
	require.Empty(t, explain.Judge(f).Checks[1].Note)
}

// TestPermissions names those that would have told, and no others.
func TestPermissions(t *testing.T) {
	f := facts(finance, allow("Offices", rules{rule("ip_list", doc{"id": "list-other"})}, nil, nil))
	f.Identity.JSON, f.Identity.Missing = nil, denied("the identity", "Zero Trust Read")
	f.ServiceTokens.Missing = denied("the service tokens", "Access: Service Tokens Read")
	f.Lists["list-other"] = explain.List{Name: "Other", Missing: denied("the list", "Lists Permission")}
	require.Contains(t, explain.Judge(f).Verdict.NextStep, "To be told more, give the API token Zero Trust Read and Lists Permission.")
}
