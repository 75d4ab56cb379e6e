package explain_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

// change is an entry of the audit log about a write to a path under /access/.
func change(at time.Time, method, path string, body doc) doc {
	kind := map[string]string{"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}[method]
	row := doc{
		"id": "audit-" + stamp(at), "action": doc{"time": stamp(at), "type": kind, "result": "success"},
		"actor": doc{"email": "admin@example.com", "type": "user"}, "raw": doc{"method": method, "uri": "/accounts/a/access/" + path, "status_code": 200},
	}
	if body != nil {
		row["resource"] = doc{"request": body, "response": doc{"result": body, "success": true}}
	}
	return row
}

func changesOf(rows ...doc) []json.RawMessage { return table(rows...).Rows }

func replacePolicy(f *explain.Facts, i int, p doc) {
	var app doc
	if err := json.Unmarshal(f.App.JSON, &app); err != nil {
		panic(err)
	}
	app["policies"].([]any)[i] = p
	f.App = app.document()
}

// whole is the audit log, read to its end.
func whole(rows ...doc) explain.Changes {
	return explain.Changes{Rows: changesOf(rows...), From: noon.Add(-200 * time.Hour), To: readAt.Add(-8 * time.Minute)}
}

func changedSince(p doc) doc { return p.with("updated_at", stamp(noon.Add(30*time.Minute))) }

// TestJustChanged tells of a change shortly before a block.
func TestJustChanged(t *testing.T) {
	for ago, want := range map[time.Duration]bool{20 * time.Minute: true, 24 * time.Hour: true, 25 * time.Hour: false} {
		a := explain.Judge(facts(finance.with("updated_at", stamp(noon.Add(-ago)))))
		require.Equal(t, explain.Certain, a.Verdict.Certainty)
		require.Equal(t, want, strings.Contains(a.Verdict.Reason, "“Finance only” had been changed"), a.Verdict.Reason)
	}
}

// TestChangedSince judges by the configuration of the moment of the login.
func TestChangedSince(t *testing.T) {
	var (
		path    = "apps/" + appID + "/policies/finance-only"
		then    = finance.with("precedence", 1)
		widened = changedSince(allow("Finance only", rules{inFinance, inStaff}, nil, nil).with("precedence", 1))
		written = change(noon.Add(-24*time.Hour), "PUT", path, then)
		fixed   = change(noon.Add(30*time.Minute), "PUT", path, widened)
		inGroup = accessGroup("finance", rules{inFinance}, nil, nil)
		byGroup = allow("By group", rules{onGroup("finance")}, nil, nil)
	)
	cases := []struct {
		situation
		asOf time.Time
		says string
	}{
		{situation{name: "a policy, and the audit log tells", facts: facts(widened), change: func(f *explain.Facts) { f.Changes = whole(written, fixed) },
			verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain, rows: []string{"finance-only include okta: not_met *"}}, noon, "as the policy “Finance only” stood before it was changed on 2026-06-01 12:30:00 UTC by admin@example.com"},
		{situation{name: "a policy, written long ago", facts: facts(widened), change: func(f *explain.Facts) {
			f.Changes = whole(change(noon.Add(-9000*time.Hour), "PUT", path, then), fixed)
		}, verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain}, noon, ""},
		{situation{name: "a policy, and nothing tells", facts: facts(widened), verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely,
			rows: []string{"finance-only include okta: unknown *", "finance-only include okta: unknown *"}}, readAt, "changed on 2026-06-01 12:30:00 UTC, and how it stood before is not known"},
		{situation{name: "a policy, and only the change is known", facts: facts(widened), change: func(f *explain.Facts) { f.Changes = whole(fixed) },
			verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely}, readAt, "changed on 2026-06-01 12:30:00 UTC"},
		{situation{name: "a policy, and a part of the log is missing", facts: facts(widened), change: func(f *explain.Facts) {
			f.Changes = whole(written, fixed)
			f.Changes.Missing = denied("the rest of the audit log", "Account Settings Read")
		}, verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely}, readAt, ""},
		{situation{name: "a patched policy, known by the answer", facts: facts(widened), change: func(f *explain.Facts) {
			f.Changes = whole(change(noon.Add(-24*time.Hour), "PATCH", path, then), fixed)
		}, verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain}, noon, ""},
		{situation{name: "a patched policy, known in part", facts: facts(widened), change: func(f *explain.Facts) {
			patch := change(noon.Add(-24*time.Hour), "PATCH", path, then)
			patch["resource"] = doc{"request": doc{"include": rules{inStaff}}}
			f.Changes = whole(patch, fixed)
		}, verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely}, readAt, ""},
		{situation{name: "let in, and a policy changed that may have come first", facts: facts(staff, changedSince(risky)), change: letIn, verdict: explain.AllowedByPolicy, policy: "staff", certainty: explain.Likely}, readAt, ""},
		{situation{name: "a policy that a change failed on", facts: facts(finance), change: func(f *explain.Facts) {
			f.Changes = whole(change(noon.Add(time.Hour), "PUT", path, widened).with("action", doc{"time": stamp(noon.Add(time.Hour)), "type": "update", "result": "failure"}))
		}, verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain}, noon, ""},
		{situation{name: "a policy below the deciding one", facts: facts(blockGB, widened.with("precedence", 2)), verdict: explain.BlockedByPolicy, policy: "no-gb", certainty: explain.Likely}, readAt, ""},
		{situation{name: "a policy that came later", facts: facts(staff.with("created_at", stamp(noon.Add(time.Minute))), finance), verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain,
			rows: []string{"finance-only include okta: not_met *"}}, noon, ""},
		{situation{name: "a policy that was deleted, as it was", facts: facts(finance), change: func(f *explain.Facts) {
			gone := "apps/" + appID + "/policies/no-gb"
			f.Changes = whole(change(noon.Add(-time.Hour), "POST", gone, blockGB.with("precedence", 0)), change(noon.Add(time.Hour), "DELETE", gone, nil))
		}, verdict: explain.BlockedByPolicy, policy: "no-gb", certainty: explain.Certain, rows: []string{"no-gb include geo: met *", "finance-only include okta: not_met"}}, noon, ""},
		{situation{name: "a policy that was deleted, unknown", facts: facts(finance), change: func(f *explain.Facts) {
			f.Changes = whole(change(noon.Add(time.Hour), "DELETE", "apps/"+appID+"/policies/no-gb", nil))
		}, verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely}, readAt, ""},
		{situation{name: "a group, and the audit log tells", facts: facts(byGroup), change: func(f *explain.Facts) {
			f.AccessGroups = table(changedSince(accessGroup("finance", rules{onEveryone()}, nil, nil)))
			f.Changes = whole(change(noon.Add(-time.Hour), "PUT", "groups/finance", inGroup), change(noon.Add(30*time.Minute), "PUT", "groups/finance", inGroup))
		}, verdict: explain.NoPolicyMatched, policy: "by-group", certainty: explain.Certain, rows: []string{"by-group include group: not_met *"}}, noon, "the group “Group finance”"},
		{situation{name: "a group, and nothing tells", facts: facts(byGroup), change: func(f *explain.Facts) {
			f.AccessGroups = table(changedSince(accessGroup("finance", rules{onEveryone()}, nil, nil)))
		}, verdict: explain.NoPolicyMatched, policy: "by-group", certainty: explain.Likely, rows: []string{"by-group include group: unknown *"}}, readAt, "“Group finance” changed on"},
		{situation{name: "the application, and nothing tells", facts: facts(finance), change: changeApp("updated_at", stamp(noon.Add(time.Minute))),
			verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely}, readAt, "The application changed on 2026-06-01 12:01:00 UTC"},
		{situation{name: "the application, which may have got the policy that matches only then", facts: facts(staff), change: changeApp("updated_at", stamp(noon.Add(time.Minute))),
			verdict: explain.NoPolicyMatched, policy: "staff", certainty: explain.Likely, rows: []string{"staff include okta: met"}}, readAt, "The application changed on"},
		{situation{name: "the application, by its policies only", facts: facts(widened), change: all(changeApp("updated_at", stamp(noon.Add(30*time.Minute))), func(f *explain.Facts) { f.Changes = whole(written, fixed) }),
			verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain}, noon, ""},
		{situation{name: "the application's login methods, and the audit log tells", facts: facts(staff), change: all(changeApp("updated_at", stamp(noon.Add(time.Minute))), func(f *explain.Facts) {
			f.Changes = whole(
				change(noon.Add(-time.Hour), "PUT", "apps/"+appID, application(staff).with("allowed_idps", []string{pinID})),
				change(noon.Add(time.Minute), "PUT", "apps/"+appID, application(staff)))
		}), verdict: explain.LoginMethodNotAllowed, certainty: explain.Certain}, noon, "Judged as the application stood"},
		{situation{name: "the application's policies, inside its own past", facts: facts(widened), change: all(changeApp("updated_at", stamp(noon.Add(30*time.Minute))), func(f *explain.Facts) {
			f.Changes = whole(
				change(noon.Add(-time.Hour), "PUT", "apps/"+appID, application(then)),
				change(noon.Add(30*time.Minute), "PUT", "apps/"+appID, application(widened)))
		}), verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain}, noon, ""},
		{situation{name: "a list", facts: facts(allow("Office", rules{rule("ip_list", doc{"id": "list-offices"})}, nil, nil)), change: func(f *explain.Facts) {
			f.Lists["list-offices"] = explain.List{Name: "Offices", Items: []string{"203.0.113.0/24"}, UpdatedAt: noon.Add(time.Minute)}
		}, verdict: explain.NoPolicyMatched, policy: "office", certainty: explain.Likely, rows: []string{"office include ip_list: not_met *"}}, noon, ""},
		{situation{name: "no date, and the audit log has nothing", facts: facts(finance.with("updated_at", nil)), change: func(f *explain.Facts) { f.Changes = whole() },
			verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Certain}, noon, ""},
		{situation{name: "no date, and no audit log", facts: facts(finance.with("updated_at", nil)), verdict: explain.NoPolicyMatched, policy: "finance-only", certainty: explain.Likely}, readAt, "When the policy “Finance only” last changed is not known"},
		{situation{name: "let in, whatever changed", facts: facts(widened), change: approvedBy("finance-only"), verdict: explain.AllowedByPolicy, policy: "finance-only", certainty: explain.Certain}, readAt, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.change != nil {
				c.change(&c.facts)
			}
			a := explain.Judge(c.facts)
			require.Equal(t, []string{c.verdict, c.policy, c.certainty}, []string{a.Verdict.Verdict, a.Verdict.PolicyID, a.Verdict.Certainty}, "%+v", a.Verdict)
			require.Contains(t, a.Verdict.Reason, c.says)
			require.Equal(t, c.asOf, a.Verdict.AsOf)
			if c.rows != nil {
				require.Equal(t, c.rows, rowsOf(a))
			}
		})
	}
}
