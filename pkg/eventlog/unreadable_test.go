package eventlog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
)

// drifts are values by whether they can be read as their field's kind. An event of
// which a value cannot be read may be one that a filter is after.
var drifts = []struct {
	field, value string
	readable     bool
}{
	{"allowed", `"no"`, false}, {"allowed", `null`, false}, {"allowed", `{"value":false}`, false}, {"allowed", `[false]`, false}, {"allowed", `2`, false},
	{"allowed", `"FALSE"`, true}, {"allowed", `0`, true}, {"allowed", `""`, true},
	{"country", `"United Kingdom"`, false}, {"country", `826`, false}, {"country", `["GB"]`, false},
	{"country", `"uS"`, true}, {"country", `"T1"`, true}, {"country", `""`, true}, {"country", `null`, true},
	{"ip_address", `"somewhere"`, false}, {"ip_address", `{"v4":"192.0.2.1"}`, false}, {"ip_address", `"2001:DB8::1"`, true}, {"ip_address", `null`, true},
	{"temporary_access_duration", `"soon"`, false}, {"temporary_access_duration", `true`, false}, {"temporary_access_duration", `{}`, false},
	{"temporary_access_duration", `"3600"`, true}, {"temporary_access_duration", `null`, true},
	{"ray_id", `{}`, false}, {"ray_id", `"another-form-of-id"`, true}, {"ray_id", `null`, true},
	{"user_email", `{"address":"a@example.com"}`, false}, {"user_email", `"not an address"`, true}, {"user_email", `null`, true},
	{"app_uid", `["x"]`, false}, {"app_uid", `"df7e2w5f-not-a-uuid"`, true},
	{"app_type", `{}`, false}, {"app_type", `"quantum"`, true}, {"action", `"biometric"`, true},
	{"app_name", `[]`, false}, {"app_name", `7`, true},
	{"temporary_access_approvers", `{"any":["JSON"]}`, true},
	{"never_seen", `{"any":["JSON"]}`, true},
}

func TestAValueThatCannotBeReadLeavesDoubt(t *testing.T) {
	for _, c := range drifts {
		for _, model := range []string{`{}`, `{"fields":["created_at"]}`, `{"format":"logs"}`, `{"format":"time_series"}`, `{"groupBy":["country"]}`,
			`{"format":"time_series","filters":[{"field":"outcome","operator":"=","values":["blocked"]}]}`} {
			lab.Test(t, func(t *testing.T) {
				list := fmt.Sprintf(`[{"created_at":"2026-06-01T11:59:59Z","ray_id":"8d3f0a1b2c3d4e5f","allowed":true,"country":"GB"},
					{"created_at":"2026-06-01T11:00:01Z",%q:%s}]`, c.field, c.value)
				if c.field == "allowed" {
					list = strings.Replace(list, `"allowed":true`, `"allowed":false`, 1)
				}
				l := lab.New(t, answering(list))
				for _, asked := range []string{"at first", "again"} {
					checkDoubt(t, l.Ask(t, model, noon.Add(-time.Hour), noon), c.readable, c.field, fmt.Sprint(c.field, " ", c.value, " ", model, " ", asked))
				}
				// The row is kept, and may not be in another range.
				checkDoubt(t, l.Ask(t, model, noon.Add(-10*time.Minute), noon), true, c.field, "another range")
			})
		}
	}
}

func checkDoubt(t *testing.T, res *answer.Result, readable bool, field, what string) {
	t.Helper()
	c := res.Coverage
	switch {
	case readable && (!c.Complete || len(res.Notices) > 0):
		t.Errorf("%s: %+v %v", what, c, res.Notices)
	case !readable && (c.Reason != answer.ReasonBadRows || len(res.Notices) != 1 || !strings.Contains(res.Notices[0].Text, field)):
		t.Errorf("%s: %+v %v", what, c, res.Notices)
	}
}

// What Cloudflare makes of such a value when it applies a filter is its own affair.
func TestAPushedFilterDoesNotHideWhatCannotBeRead(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		events := account.NewEvents(20_000, noon.Add(-12*time.Hour), noon, 3)
		row := events[len(events)-5].Members()
		row["allowed"] = "no"
		events[len(events)-5] = account.EventOf(row)
		l := lab.New(t, holding(events))
		email := events[len(events)-3].Email
		res := l.Ask(t, `{"limit":100000,"filters":[{"field":"user_email","operator":"=","values":["`+email+`"]}]}`, noon.Add(-12*time.Hour), noon)
		pushed := false
		for _, q := range l.AskedFor("/access_requests") {
			pushed = pushed || q.Get("email") == email
		}
		if !pushed || res.Coverage.Reason != answer.ReasonBadRows {
			t.Errorf("pushed %t: %+v", pushed, res.Coverage)
		}
	})
}
