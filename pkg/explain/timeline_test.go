package explain_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

func event(what string, d doc) explain.Event { return explain.Event{What: what, JSON: d.json()} }

func login(at time.Time, ray string) doc {
	return request().with("created_at", stamp(at)).with("ray_id", ray)
}

func titles(a explain.Answer) []string {
	out := []string{}
	for _, e := range a.Timeline {
		out = append(out, e.Time.Format("15:04")+" "+e.What+" "+e.Outcome+": "+e.Title)
	}
	return out
}

// TestTimeline follows the user for an hour around the login, and the application's
// configuration for the week before it.
func TestTimeline(t *testing.T) {
	f := facts(finance)
	f.Failed = doc{"expiration": 1, "metadata": doc{"app_name": "Payroll", "datetime": stamp(noon), "ray_id": rayID, "user_email": pia}}.document()
	f.JIT = table(
		doc{"requester_email": "PIA@example.com", "app_aud": "other", "app_hostname": "wiki.example.com", "status": "PENDING", "created_at": stamp(noon.Add(-20 * time.Minute))},
		doc{"requester_email": "fay@example.com", "app_aud": "other", "status": "PENDING", "created_at": stamp(noon)},
	)
	path := "apps/" + appID + "/policies/finance-only"
	f.Changes = explain.Changes{Rows: changesOf(
		change(noon.Add(-7*24*time.Hour), "PUT", path, finance), change(noon.Add(-7*24*time.Hour-time.Second), "PUT", path, finance),
		change(noon.Add(-2*time.Hour), "DELETE", "apps/"+appID+"/policies/other", nil), change(noon.Add(-time.Hour), "PUT", "apps/another", application()),
		change(noon.Add(time.Minute), "PUT", path, finance),
	)}
	f.Events = []explain.Event{
		event(explain.WhatLogin, request()),
		event(explain.WhatLogin, login(noon.Add(-time.Hour), "a").with("allowed", true).with("app_name", "Wiki")),
		event(explain.WhatLogin, login(noon.Add(-time.Hour-time.Second), "b")),
		event(explain.WhatLogin, login(noon, "c").with("user_email", "fay@example.com")),
		event(explain.WhatLoginGroup, doc{"count": 1, "dimensions": group().with("datetime", stamp(noon.Add(time.Hour))).with("isSuccessfulLogin", 1).with("cfRayId", "d")}),
		event(explain.WhatSCIMUpdate, doc{"logged_at": stamp(noon.Add(-5 * time.Minute)), "resource_user_email": pia, "status": "ERROR", "request_method": "PATCH"}),
		event(explain.WhatSCIMUpdate, doc{"logged_at": stamp(noon), "resource_group_name": "staff", "status": "SUCCESS"}),
	}
	a := explain.Judge(f)
	require.Equal(t, []string{
		"12:00 access_change success: The policy “Finance only” of Payroll was changed by admin@example.com",
		"10:00 access_change success: The policy “other” of Payroll was deleted by admin@example.com",
		"11:00 login allowed: Allowed: pia@example.com to Wiki from 192.0.2.7 (GB)",
		"11:40 jit_request pending: PIA@example.com asked for access to wiki.example.com: pending",
		"11:55 scim_update failure: SCIM PATCH of pia@example.com: failure",
		"12:00 failed_login blocked: Failed: pia@example.com to Payroll",
		"12:00 login blocked: Blocked: pia@example.com to Payroll from 192.0.2.7 (GB)",
		"12:00 login_group blocked: Blocked: pia@example.com to Payroll from 192.0.2.7 (GB)",
		"13:00 login_group allowed: Allowed: pia@example.com to Payroll from 192.0.2.7 (GB)",
	}, titles(a))
	for _, e := range a.Timeline {
		require.True(t, json.Valid(e.Detail))
		require.Equal(t, byte('{'), e.Detail[0])
	}
}

// TestTimelineOfAMachine follows the address where nobody signed in.
func TestTimelineOfAMachine(t *testing.T) {
	f := machineFacts("token-ci", serviceCI)
	const wiki = "11111111-0000-4000-8000-000000000002"
	f.Apps = table(doc{"id": wiki, "name": "Wiki"})
	f.Events = []explain.Event{
		event(explain.WhatLoginGroup, machine("token-old").with("appId", wiki).with("cfRayId", "a").with("datetime", stamp(noon.Add(-time.Minute)))),
		event(explain.WhatLoginGroup, machine("token-old").with("cfRayId", "b").with("ipAddress", "203.0.113.9")),
		event(explain.WhatLogin, login(noon.Add(time.Minute), "c")),
	}
	require.Equal(t, []string{
		"11:59 login_group blocked: Blocked with the service token “Old” to Wiki from 192.0.2.7 (GB)",
		"12:00 login_group blocked: Blocked with the service token “CI” to Payroll from 192.0.2.7 (GB)",
		"12:01 login blocked: Blocked: pia@example.com to Payroll from 192.0.2.7 (GB)",
	}, titles(explain.Judge(f)))
}
