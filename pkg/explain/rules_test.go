package explain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

// TestRules judges every documented type of rule: met, not met, and not known.
func TestRules(t *testing.T) {
	identified := func(key string, value any) func(*explain.Facts) {
		return func(f *explain.Facts) { f.Identity = identity().with(key, value).document() }
	}
	grouped := func(key string, value any) func(*explain.Facts) {
		return func(f *explain.Facts) { f.Group = group().with(key, value).document() }
	}
	noGroup := func(f *explain.Facts) {
		f.Group = explain.Document{Missing: denied("the login groups", "Account Analytics Read")}
		f.Identity = explain.Document{}
	}
	provider := func(kind string, body doc) doc { return rule(kind, body.with("identity_provider_id", oktaID)) }
	other := func(kind string, body doc) doc { return rule(kind, body.with("identity_provider_id", pinID)) }
	posture := func(id string) doc { return rule("device_posture", doc{"integration_uid": id}) }
	cases := []struct {
		name   string
		rule   doc
		change func(*explain.Facts)
		want   string
	}{
		{"everyone", onEveryone(), nil, explain.Met},
		{"email", onEmail("Pia@Example.com"), nil, explain.Met},
		{"email of another", onEmail("fay@example.com"), nil, explain.NotMet},
		{"email not logged", onEmail(pia), func(f *explain.Facts) {
			f.Request, f.Identity = explain.Document{Missing: denied("the access requests", "Access: Audit Logs Read")}, explain.Document{}
		}, explain.Unknown},
		{"email domain", onDomain("EXAMPLE.com"), nil, explain.Met},
		{"email domain with an at sign", onDomain("@example.com"), nil, explain.Met},
		{"email domain that the address only contains", onDomain("ample.com"), nil, explain.NotMet},
		{"email list", rule("email_list", doc{"id": "list-finance"}), nil, explain.NotMet},
		{"email list with the user", rule("email_list", doc{"id": "list-finance"}), func(f *explain.Facts) {
			f.Lists["list-finance"] = explain.List{Name: "Finance people", Items: []string{"PIA@example.com"}}
		}, explain.Met},
		{"email list not read", rule("email_list", doc{"id": "list-other"}), nil, explain.Unknown},
		{"part of an email list", rule("email_list", doc{"id": "list-finance"}), func(f *explain.Facts) {
			f.Lists["list-finance"] = explain.List{Items: []string{"fay@example.com"}, Missing: denied("a page", "")}
		}, explain.Unknown},
		{"ip", onIP("192.0.2.0/24"), nil, explain.Met},
		{"ip without a mask", onIP("192.0.2.7"), nil, explain.Met},
		{"ip elsewhere", onIP("198.51.100.0/24"), nil, explain.NotMet},
		{"ip v6", onIP("2001:db8::/32"), func(f *explain.Facts) { f.Request = request().with("ip_address", "2001:db8::7").document() }, explain.Met},
		{"ip mapped into v6", onIP("192.0.2.0/24"), func(f *explain.Facts) { f.Request = request().with("ip_address", "::ffff:192.0.2.7").document() }, explain.Met},
		{"ip unreadable", onIP("office"), nil, explain.Unknown},
		{"ip list", rule("ip_list", doc{"id": "list-offices"}), nil, explain.NotMet},
		{"ip list with the address", rule("ip_list", doc{"id": "list-offices"}), func(f *explain.Facts) { f.Request = request().with("ip_address", "198.51.100.9").document() }, explain.Met},
		{"ip list not read", rule("ip_list", doc{"id": "list-other"}), nil, explain.Unknown},
		{"geo", onCountry("gb"), nil, explain.Met},
		{"geo elsewhere", onCountry("US"), nil, explain.NotMet},
		{"geo not logged", onCountry("GB"), func(f *explain.Facts) {
			f.Request, f.Group, f.Identity = request().with("country", "").document(), explain.Document{}, explain.Document{}
		}, explain.Unknown},
		{"login method", rule("login_method", doc{"id": oktaID}), nil, explain.Met},
		{"login method of another provider", rule("login_method", doc{"id": pinID}), nil, explain.NotMet},
		{"login method by the ID of another", rule("login_method", doc{"id": pinID}), func(f *explain.Facts) {
			f.Identity, f.Request = explain.Document{}, request().with("connection", "").document()
		}, explain.NotMet},
		{"login method by an ID that nothing names", rule("login_method", doc{"id": oktaID}), func(f *explain.Facts) {
			f.Identity, f.IdentityProviders = explain.Document{}, explain.Table{Missing: denied("the identity providers", "Some Permission")}
			f.Group = group().with("identityProvider", "22222222000040008000000000000009").document()
		}, explain.NotMet},
		{"login method by an ID without dashes", rule("login_method", doc{"id": oktaID}), func(f *explain.Facts) {
			f.Group = group().with("identityProvider", "22222222000040008000000000000001").document()
		}, explain.Met},
		{"login method by type", rule("login_method", doc{"id": oktaID}), noGroup, explain.Met},
		{"login method by type, another", rule("login_method", doc{"id": pinID}), noGroup, explain.NotMet},
		{"login method, two of a type", rule("login_method", doc{"id": oktaID}), func(f *explain.Facts) {
			noGroup(f)
			f.IdentityProviders.Rows = append(f.IdentityProviders.Rows, doc{"id": "okta-2", "type": "okta"}.json())
		}, explain.Unknown},
		{"login method with WARP", rule("login_method", doc{"id": oktaID}), func(f *explain.Facts) {
			noGroup(f)
			f.Request = request().with("connection", "warp").document()
		}, explain.Unknown},
		{"auth method", rule("auth_method", doc{"auth_method": "pwd"}), nil, explain.Met},
		{"auth method missing", rule("auth_method", doc{"auth_method": "mfa"}), nil, explain.NotMet},
		{"auth method not told", rule("auth_method", doc{"auth_method": "mfa"}), identified("amr", nil), explain.Unknown},
		{"auth context", provider("auth_context", doc{"id": "c", "ac_id": "c1"}), nil, explain.Unknown},
		{"auth context of another provider", other("auth_context", doc{"id": "c", "ac_id": "c1"}), nil, explain.NotMet},
		{"azure group", provider("azureAD", doc{"id": "g-staff"}), nil, explain.Met},
		{"azure group without the user", provider("azureAD", doc{"id": "g-finance"}), nil, explain.NotMet},
		{"azure group of another provider", other("azureAD", doc{"id": "g-staff"}), nil, explain.NotMet},
		{"azure group, no groups told", provider("azureAD", doc{"id": "g-staff"}), identified("groups", nil), explain.Unknown},
		{"google group", provider("gsuite", doc{"email": "staff@example.com"}), identified("groups", []any{doc{"email": "Staff@example.com"}}), explain.Met},
		{"google group without the user", provider("gsuite", doc{"email": "finance@example.com"}), nil, explain.NotMet},
		{"okta group", provider("okta", doc{"name": "staff"}), nil, explain.Met},
		{"okta group as text", provider("okta", doc{"name": "staff"}), identified("groups", []string{"staff"}), explain.Met},
		{"okta group without the user", provider("okta", doc{"name": "finance"}), nil, explain.NotMet},
		{"okta group, provider not known", provider("okta", doc{"name": "staff"}), func(f *explain.Facts) {
			f.Group, f.Identity, f.IdentityProviders = group().with("identityProvider", "okta").document(), identity().with("idp", nil).document(), explain.Table{}
		}, explain.Unknown},
		{"github organization", provider("github-organization", doc{"name": "staff"}), nil, explain.Met},
		{"github team without the user", provider("github-organization", doc{"name": "staff", "team": "ops"}), nil, explain.NotMet},
		{"saml", provider("saml", doc{"attribute_name": "department", "attribute_value": "Sales"}), nil, explain.Met},
		{"saml with another value", provider("saml", doc{"attribute_name": "department", "attribute_value": "Finance"}), nil, explain.NotMet},
		{"saml not told", provider("saml", doc{"attribute_name": "department", "attribute_value": "Sales"}), identified("saml_attributes", nil), explain.Unknown},
		{"oidc", provider("oidc", doc{"claim_name": "role", "claim_value": "seller"}), nil, explain.Met},
		{"oidc with another value", provider("oidc", doc{"claim_name": "role", "claim_value": "buyer"}), nil, explain.NotMet},
		{"oidc of another provider", other("oidc", doc{"claim_name": "role", "claim_value": "seller"}), nil, explain.NotMet},
		{"risk score", onRisk(), nil, explain.Unknown},
		{"account member", rule("cloudflare_account_member", doc{"account_id": "a"}), nil, explain.Unknown},
		{"external evaluation", onEvaluation(), nil, explain.Unknown},
		{"linked app token", rule("linked_app_token", doc{"app_uid": "a"}), nil, explain.Unknown},
		{"posture", posture("posture-disk"), nil, explain.Met},
		{"posture failed", posture("posture-firewall"), nil, explain.NotMet},
		{"posture without a result", posture("posture-other"), nil, explain.Unknown},
		{"posture of WARP, from the login group", posture("posture-warp"), nil, explain.Met},
		{"posture of Gateway, from the login group", posture("posture-gateway"), nil, explain.NotMet},
		{"certificate", rule("certificate", doc{}), grouped("mtlsStatus", "SUCCESS"), explain.Met},
		{"certificate not presented", rule("certificate", doc{}), nil, explain.NotMet},
		{"certificate refused", rule("certificate", doc{}), grouped("mtlsStatus", "FAILED:certificate has expired"), explain.NotMet},
		{"certificate of unknown status", rule("certificate", doc{}), grouped("mtlsStatus", "ODD"), explain.Unknown},
		{"certificate not logged", rule("certificate", doc{}), noGroup, explain.Unknown},
		{"common name", rule("common_name", doc{"common_name": "laptop-7"}), func(f *explain.Facts) {
			f.Group = group().with("mtlsStatus", "SUCCESS").with("mtlsCommonName", "laptop-7").document()
		}, explain.Met},
		{"common name of another", rule("common_name", doc{"common_name": "laptop-7"}), func(f *explain.Facts) {
			f.Group = group().with("mtlsStatus", "SUCCESS").with("mtlsCommonName", "laptop-8").document()
		}, explain.NotMet},
		{"common name of a refused certificate", rule("common_name", doc{"common_name": "laptop-7"}), func(f *explain.Facts) {
			f.Group = group().with("mtlsStatus", "FAILED:expired").with("mtlsCommonName", "laptop-7").document()
		}, explain.NotMet},
		{"common name of a certificate of unknown status", rule("common_name", doc{"common_name": "laptop-7"}), func(f *explain.Facts) {
			f.Group = group().with("mtlsStatus", "ODD").with("mtlsCommonName", "laptop-7").document()
		}, explain.Unknown},
		{"common name without a certificate", rule("common_name", doc{"common_name": "laptop-7"}), nil, explain.NotMet},
		{"service token", onToken("token-ci"), grouped("serviceTokenId", "token-ci"), explain.Met},
		{"service token by client ID", onToken("token-ci"), grouped("serviceTokenId", "ci.access"), explain.Met},
		{"service token of another", onToken("token-ci"), grouped("serviceTokenId", "token-off"), explain.NotMet},
		{"service token expired", onToken("token-old"), grouped("serviceTokenId", "token-old"), explain.NotMet},
		{"service token turned off", onToken("token-off"), grouped("serviceTokenId", "token-off"), explain.NotMet},
		{"service token not presented", onToken("token-ci"), nil, explain.NotMet},
		{"service token not logged", onToken("token-ci"), noGroup, explain.Unknown},
		{"any service token", rule("any_valid_service_token", doc{}), grouped("serviceTokenId", "token-ci"), explain.Met},
		{"any service token expired", rule("any_valid_service_token", doc{}), grouped("serviceTokenId", "token-old"), explain.NotMet},
		{"any service token, tokens not read", rule("any_valid_service_token", doc{}), func(f *explain.Facts) {
			f.Group = group().with("serviceTokenId", "token-ci").document()
			f.ServiceTokens = explain.Table{Missing: denied("the service tokens", "Access: Service Tokens Read")}
		}, explain.Unknown},
		{"a type that is new", rule("moon_phase", doc{"phase": "full"}), nil, explain.Unknown},
		{"two types in one", doc{"email": doc{"email": pia}, "everyone": doc{}}, nil, explain.Unknown},
		{"group", onGroup("inner"), func(f *explain.Facts) { f.AccessGroups = table(accessGroup("inner", rules{onEmail(pia)}, nil, nil)) }, explain.Met},
		{"group without the user", onGroup("inner"), func(f *explain.Facts) {
			f.AccessGroups = table(accessGroup("inner", rules{onEveryone()}, rules{onCountry("US")}, nil))
		}, explain.NotMet},
		{"group that excludes the user", onGroup("inner"), func(f *explain.Facts) {
			f.AccessGroups = table(accessGroup("inner", rules{onEveryone()}, nil, rules{onEmail(pia)}))
		}, explain.NotMet},
		{"group in a group", onGroup("outer"), func(f *explain.Facts) {
			f.AccessGroups = table(accessGroup("outer", rules{onGroup("inner")}, nil, nil), accessGroup("inner", rules{onEmail(pia)}, nil, nil))
		}, explain.Met},
		{"group in a circle", onGroup("a"), func(f *explain.Facts) {
			f.AccessGroups = table(accessGroup("a", rules{onGroup("b")}, nil, nil), accessGroup("b", rules{onGroup("a")}, nil, nil))
		}, explain.Unknown},
		{"group in a circle that doesn't matter", onGroup("a"), func(f *explain.Facts) {
			f.AccessGroups = table(accessGroup("a", rules{onGroup("a"), onEmail(pia)}, nil, nil))
		}, explain.Met},
		{"group without rules", onGroup("a"), func(f *explain.Facts) { f.AccessGroups = table(accessGroup("a", nil, nil, nil)) }, explain.NotMet},
		{"group not read", onGroup("a"), func(f *explain.Facts) {
			f.AccessGroups = explain.Table{Missing: denied("the groups", "Access: Organizations, Identity Providers, and Groups Read")}
		}, explain.Unknown},
		{"group not in the list", onGroup("a"), nil, explain.Unknown},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			// The policy fails in any case, so that what was logged has no say.
			f := facts(allow("Staff", rules{c.rule}, rules{onCountry("ZZ")}, nil))
			if c.change != nil {
				c.change(&f)
			}
			got := explain.Judge(f).Checks[0]
			require.Equal(t, c.want, got.Result, "%+v", got)
			require.NotEmpty(t, got.Rule)
			require.NotEmpty(t, got.Wanted)
			if c.want == explain.Unknown {
				require.NotEmpty(t, got.Note, "what can't be known is explained")
			} else {
				require.NotEmpty(t, got.Seen)
				require.NotEmpty(t, got.Source)
			}
		})
	}
}

// TestManyGroups lets groups contain each other in every way there is.
func TestManyGroups(t *testing.T) {
	for name, contains := range map[string]func(from, to int) bool{
		"all others": func(from, to int) bool { return from != to },
		"all below":  func(from, to int) bool { return from < to },
	} {
		t.Run(name, func(t *testing.T) {
			f := facts(allow("Staff", rules{onGroup("g0")}, nil, nil))
			for from := range 40 {
				var inside rules
				for to := range 40 {
					if contains(from, to) {
						inside = append(inside, onGroup(fmt.Sprint("g", to)))
					}
				}
				f.AccessGroups.Rows = append(f.AccessGroups.Rows, accessGroup(fmt.Sprint("g", from), append(inside, onEmail("fay@example.com")), nil, nil).json())
			}
			want := map[string]string{"all others": explain.Unknown, "all below": explain.NotMet}
			require.Equal(t, want[name], explain.Judge(f).Checks[0].Result)
		})
	}
}

// TestOlderData asks what data that is older than the login is worth.
func TestOlderData(t *testing.T) {
	cases := map[string]struct {
		age  time.Duration
		want string
	}{
		"at once": {time.Minute, explain.Certain}, "five minutes before": {5 * time.Minute, explain.Certain},
		"more than five minutes before": {5*time.Minute + time.Second, explain.Likely}, "after": {-5 * time.Minute, explain.Certain}, "long after": {-time.Hour, explain.Likely},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := facts(allow("Finance", rules{rule("okta", doc{"name": "finance", "identity_provider_id": oktaID})}, nil, nil))
			f.Identity = identity().with("iat", noon.Add(-c.age).Unix()).document()
			a := explain.Judge(f)
			require.Equal(t, explain.NoPolicyMatched, a.Verdict.Verdict)
			require.Equal(t, c.want, a.Verdict.Certainty)
			require.Equal(t, explain.NotMet, a.Checks[0].Result)
			require.Equal(t, c.want == explain.Likely, a.Checks[0].Note != "", a.Checks[0].Note)
		})
	}
}

// TestWhatChangesByItself asks what posture checks, tokens, and lists of another time
// are worth, each of which has a time of its own.
func TestWhatChangesByItself(t *testing.T) {
	firewall := facts(allow("Healthy", rules{rule("device_posture", doc{"integration_uid": "posture-firewall"})}, nil, nil))
	checked := func(iat, at time.Duration) func(*explain.Facts) {
		return func(f *explain.Facts) {
			result := doc{"rule_name": "Firewall", "success": false, "timestamp": stamp(noon.Add(at))}
			f.Identity = identity().with("iat", noon.Add(iat).Unix()).with("devicePosture", doc{"posture-firewall": result}).document()
		}
	}
	off := machineFacts("token-off", policy("Robots", "non_identity", rules{onToken("token-off")}, nil, nil))
	cases := []struct {
		name   string
		facts  explain.Facts
		change func(*explain.Facts)
		want   string
	}{
		{"a fresh result in an old identity", firewall, checked(-time.Hour, -time.Minute), explain.Certain},
		{"an old result in a fresh identity", firewall, checked(-time.Minute, -time.Hour), explain.Likely},
		{"a token as it is", off, nil, explain.Certain},
		{"a token that changed since", off, func(f *explain.Facts) {
			f.ServiceTokens = table(doc{"id": "token-off", "name": "Off", "enabled": false, "updated_at": stamp(noon.Add(time.Minute))})
		}, explain.Likely},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.change != nil {
				c.change(&c.facts)
			}
			a := explain.Judge(c.facts)
			require.Equal(t, explain.NotMet, a.Checks[0].Result)
			require.Equal(t, c.want, a.Verdict.Certainty, a.Verdict.Reason)
		})
	}
}
