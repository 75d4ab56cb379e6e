package explain_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

func pseudonym(value string) string {
	h := fnv.New64a()
	h.Write([]byte(strings.ToLower(value)))
	return fmt.Sprintf("p_%x", h.Sum64())
}

// everything is a login with personal values in every place that can have one.
func everything() explain.Facts {
	f := facts(
		allow("Only fay@example.com", rules{onEmail("fay@example.com"), onIP("198.51.100.0/24"), onGroup("team")}, nil, nil).with("id", "only"),
		allow("Machines", rules{rule("common_name", doc{"common_name": "gus-laptop"}), rule("gsuite", doc{"email": "team-hal@example.com", "identity_provider_id": oktaID})}, nil, nil),
		allow("Claims of Pia Lund", rules{
			rule("saml", doc{"attribute_name": "manager", "attribute_value": "Ida Berg", "identity_provider_id": oktaID}),
			rule("oidc", doc{"claim_name": "manager", "claim_value": "Ida Berg", "identity_provider_id": oktaID}),
			rule("email_list", doc{"id": "list-finance"}), rule("ip_list", doc{"id": "list-offices"}),
			rule("moon_phase", doc{"person": "Jon Holm", "email": "kim@example.com"}),
		}, rules{onIP("2001:db8::/32")}, rules{onEmail("lea@example.com")}),
	)
	f.AccessGroups = table(accessGroup("team", rules{onEmail("moe@example.com"), onIP("203.0.113.5/32")}, nil, nil).with("name", "Team of ned@example.com"))
	f.Identity = identity().with("name", "Pia Lund").with("iat", noon.Unix()-7200).with("saml_attributes", doc{"manager": "Olaf Rask"}).with("oidc_fields", doc{"manager": "Olaf Rask"}).
		with("groups", []any{doc{"email": "staff@example.com"}}).document()
	f.Group = group().with("mtlsCommonName", "pia-laptop").with("mtlsStatus", "SUCCESS").document()
	f.Failed = doc{"metadata": doc{"datetime": stamp(noon), "user_email": pia, "user_uuid": piaID, "ray_id": rayID}}.document()
	f.Lists["list-finance"] = explain.List{Name: "List of ned@example.com", Items: []string{"fay@example.com"}}
	f.JIT = table(doc{"knock_request_id": "k", "app_aud": "other", "requester_email": pia, "approver_emails": []string{"fay@example.com"}, "purpose_justification": "Pia Lund needs it", "status": "PENDING", "created_at": stamp(noon)})
	f.Changes = whole(change(noon.Add(-1), "PUT", "apps/"+appID+"/policies/machines", allow("For fay@example.com", rules{onEmail("fay@example.com")}, nil, nil)))
	f.Events = []explain.Event{
		{What: explain.WhatSCIMUpdate, JSON: doc{"logged_at": stamp(noon), "resource_user_email": pia, "status": "SUCCESS", "request_method": "PUT", "resource_group_name": "Team of Quin Rey", "request_body": `{"displayName":"Pia Lund","emails":["pia@example.com"]}`}.json()},
		{What: explain.WhatLogin, JSON: request().with("ray_id", "other").with("app_name", "").with("app_domain", "wiki.example.com/quin-rey").with("temporary_access_approvers", []string{"fay@example.com"}).with("purpose_justification_response", "Pia Lund").json()},
	}
	return f
}

var personal = []string{"pia@", "fay@", "moe@", "ned@", "kim@", "lea@", "hal@", "staff@", "admin@", "pia lund", "ida berg", "olaf rask", "jon holm", "quin rey", "quin-rey", "gus-laptop", "pia-laptop",
	piaID, "device-1", "192.0.2.7", "198.51.100", "203.0.113", "2001:db8"}

// TestMasked looks for every clear name in all that leaves.
func TestMasked(t *testing.T) {
	for _, mask := range []func(string) string{pseudonym, func(string) string { return "[redacted]" }} {
		f := everything()
		f.Show = mask
		for _, more := range append(situations(), situation{facts: f, change: func(*explain.Facts) {}}) {
			f := more.facts
			if more.change != nil {
				more.change(&f)
			}
			f.Show = mask
			a := explain.Judge(f)
			left, err := json.Marshal(a)
			require.NoError(t, err)
			for _, name := range personal {
				require.NotContains(t, strings.ToLower(string(left)), name, more.name)
			}
			for _, e := range a.Timeline {
				require.True(t, json.Valid(e.Detail))
			}
		}
	}
}

// TestMaskedAgrees says that a mask hides names and changes nothing else.
func TestMaskedAgrees(t *testing.T) {
	clear, masked := everything(), everything()
	masked.Show = pseudonym
	c, m := explain.Judge(clear), explain.Judge(masked)
	require.Equal(t, c.Verdict.Verdict, m.Verdict.Verdict)
	require.Equal(t, rowsOf(c), rowsOf(m))
	require.Len(t, m.Timeline, len(c.Timeline))
	require.Equal(t, pseudonym(pia), m.Verdict.UserEmail)
	require.Equal(t, pseudonym("fay@example.com"), m.Checks[0].Wanted)
	require.Equal(t, pseudonym(pia), m.Checks[0].Seen)
	clear.Show = func(value string) string { return value }
	require.Equal(t, c, explain.Judge(clear), "a mask that changes nothing is none")
	require.Equal(t, "Only "+pseudonym("fay@example.com"), m.Checks[0].PolicyName)
	clearText, err := json.Marshal(c)
	require.NoError(t, err)
	for _, name := range []string{"pia@", "fay@", "pia lund", "ida berg", "192.0.2.7"} {
		require.Contains(t, strings.ToLower(string(clearText)), name, "there is something to hide")
	}
}
