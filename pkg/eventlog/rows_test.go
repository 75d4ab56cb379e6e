package eventlog_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// answering is an account that answers every call with a list of rows, to the
// letter.
func answering(list string) account.Config {
	answer := &account.Failure{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: `{"success":true,"errors":[],"messages":[],"result":` + list + `,"result_info":{"page":1,"per_page":500,"total_count":0}}`}
	return account.Config{Before: func(*http.Request) error { return answer }}
}

// rows asks for the hour before noon of an account that answers with a list.
func rows(t *testing.T, list, model string) *answer.Result {
	t.Helper()
	return lab.New(t, answering(list)).Ask(t, model, noon.Add(-time.Hour), noon)
}

func TestRowsAreNormalisedAndNothingIsDropped(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		res := rows(t, `[
			{"created_at":"2026-06-01T11:59:59.123456789Z","country":"gb","allowed":"true","ray_id":"8D3F0A1B2C3D4E5F","ip_address":"2001:DB8::1","user_email":null,"app_name":7,"device":{"os":"x"},"action":"login"},
			{"created_at":"2026-06-01T13:59:58.5+02:00","allowed":0,"connection":["saml"],"app_name":"","ray_id":"short"}]`, `{}`)
		for _, c := range []struct {
			field string
			row   int
			want  query.Cell
		}{
			{"created_at", 0, query.Cell{Text: "2026-06-01T11:59:59.123456789Z", Valid: true}},
			{"created_at", 1, query.Cell{Text: "2026-06-01T11:59:58.5Z", Valid: true}},
			{"country", 0, query.Cell{Text: "GB", Valid: true}},
			{"country", 1, query.Cell{}},
			{"allowed", 0, query.Cell{Text: "true", Valid: true}},
			{"allowed", 1, query.Cell{Text: "false", Valid: true}},
			{"outcome", 1, query.Cell{Text: "blocked", Valid: true}},
			{"ray_id", 0, query.Cell{Text: "8d3f0a1b2c3d4e5f", Valid: true}},
			{"ray_id", 1, query.Cell{Text: "short", Valid: true}},
			{"ip_address", 0, query.Cell{Text: "2001:db8::1", Valid: true}},
			{"user_email", 0, query.Cell{}},
			{"app_name", 0, query.Cell{Text: "7", Valid: true}},
			{"connection", 1, query.Cell{Text: `["saml"]`, Valid: true}},
		} {
			if got := lab.Cell(t, res.Table, c.field, c.row); got != c.want {
				t.Errorf("%s of row %d is %+v, want %+v", c.field, c.row, got, c.want)
			}
		}
		if diff := cmp.Diff([]string{`{"device":{"os":"x"}}`, ""}, res.Table.Other); diff != "" {
			t.Error(diff)
		}
		if c := res.Coverage; c.Reason != answer.ReasonBadRows || len(res.Notices) != 1 || !strings.Contains(res.Notices[0].Text, "in connection.") {
			t.Errorf("%+v %v", c, res.Notices)
		}
	})
}

// threeLogins lack one thing or another. No row has a connection.
const threeLogins = `[
	{"created_at":"2026-06-01T11:59:59Z","allowed":true,"country":"GB","ray_id":"8d3f0a1b2c3d4e5f"},
	{"created_at":"2026-06-01T11:59:58Z","user_email":"a@example.com","country":"","ray_id":"8d3f0a1b2c3d4e5e"},
	{"created_at":"2026-06-01T11:59:57Z","user_email":"a@example.com","allowed":false,"ray_id":"8d3f0a1b2c3d4e5d"}%s]`

func TestAFieldThatSomeRowsLackIsEmptyThere(t *testing.T) {
	where := func(field, operator string, values ...string) string {
		return `"filters":[{"field":"` + field + `","operator":"` + operator + `","values":["` + strings.Join(values, `","`) + `"]}]`
	}
	for name, c := range map[string]struct {
		model string
		rows  int64
		want  map[string]int64 // of groups
	}{
		"equal":                 {`{` + where("outcome", "=", "blocked") + `}`, 1, nil},
		"not equal":             {`{` + where("outcome", "!=", "blocked") + `}`, 2, nil},
		"equal to a text":       {`{` + where("user_email", "=", "a@example.com") + `}`, 2, nil},
		"equal to nothing":      {`{` + where("user_email", "=", "") + `}`, 1, nil},
		"not equal to nothing":  {`{` + where("user_email", "!=", "") + `}`, 2, nil},
		"not containing":        {`{` + where("user_email", "!contains", "example") + `}`, 1, nil},
		"matching nothing":      {`{` + where("user_email", "=~", "^$") + `}`, 1, nil},
		"groups":                {`{"groupBy":["outcome"]}`, 3, map[string]int64{"allowed": 1, "": 1, "blocked": 1}},
		"absent and empty":      {`{"groupBy":["country"]}`, 3, map[string]int64{"": 2, "GB": 1}},
		"groups of two fields":  {`{"groupBy":["country","user_email"]}`, 3, map[string]int64{"|a@example.com": 2, "GB|": 1}},
		"series":                {`{"format":"time_series","groupBy":["country"]}`, 3, map[string]int64{"": 2, "GB": 1}},
		"series of an outcome":  {`{"format":"time_series"}`, 3, map[string]int64{"allowed": 1, "": 1, "blocked": 1}},
		"series, filtered":      {`{"format":"time_series","groupBy":["country"],` + where("country", "!=", "GB") + `}`, 2, map[string]int64{"": 2}},
		"an optional field":     {`{` + where("purpose_justification_prompt", "=", "x") + `}`, 0, nil},
		"groups by an optional": {`{"groupBy":["purpose_justification_response"]}`, 3, map[string]int64{"": 3}},
	} {
		t.Run(name, func(t *testing.T) {
			lab.Test(t, func(t *testing.T) {
				res := rows(t, strings.Replace(threeLogins, "%s", "", 1), c.model)
				if got := res.Coverage; !got.Complete || got.Rows != c.rows || len(res.Notices) != 0 {
					t.Errorf("%+v, want %d rows; %v", got, c.rows, res.Notices)
				}
				if diff := cmp.Diff(c.want, groupsOf(t, res)); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// groupsOf are the counts of groups, or the totals of series; nil for a table.
func groupsOf(t *testing.T, res *answer.Result) map[string]int64 {
	t.Helper()
	if res.Table != nil {
		return nil
	}
	got := map[string]int64{}
	add := func(key []query.Cell, counts ...int64) {
		texts := make([]string, len(key))
		for i, cell := range key {
			texts[i] = cell.Text
		}
		name := strings.Join(texts, "|")
		if _, twice := got[name]; twice {
			t.Errorf("there are two groups %q", name)
		}
		for _, n := range counts {
			got[name] += n
		}
	}
	if res.Groups != nil {
		for _, g := range res.Groups.Rows {
			add(g.Key, g.Count)
		}
		return got
	}
	for _, g := range res.Series.Groups {
		add(g.Key, g.Counts...)
	}
	return got
}

func TestWhatCannotBeJudgedIsSaid(t *testing.T) {
	for _, c := range []struct {
		more, model string
		reason      answer.Reason
		rows        int64
		notice      string
	}{
		{``, `{}`, "", 3, ""},
		{``, `{"filters":[{"field":"connection","operator":"=","values":["saml"]}]}`, answer.ReasonUnverified, 0, "connection"},
		{``, `{"filters":[{"field":"connection","operator":"!=","values":["saml"]}]}`, answer.ReasonUnverified, 3, "connection"},
		{``, `{"groupBy":["app_name"]}`, answer.ReasonUnverified, 3, "app_name"},
		{``, `{"format":"time_series","groupBy":["app_name","country"],"filters":[{"field":"connection","operator":"!=","values":["x"]}]}`, answer.ReasonUnverified, 3, "connection, app_name"},
		{`,{"created_at":"2026-06-01T11:00:01Z","connection":null}`, `{"filters":[{"field":"connection","operator":"!=","values":["saml"]}]}`, "", 4, ""},
		{`,{"ray_id":"x"}`, `{}`, answer.ReasonBadRows, 3, "logins without a readable time"},
		{`,{"created_at":"yesterday"}`, `{}`, answer.ReasonBadRows, 3, "logins without a readable time"},
		{`,7,{"created_at":null}`, `{"format":"time_series"}`, answer.ReasonBadRows, 3, "logins without a readable time"},
	} {
		t.Run(c.more+c.model, func(t *testing.T) {
			lab.Test(t, func(t *testing.T) {
				res := rows(t, strings.Replace(threeLogins, "%s", c.more, 1), c.model)
				if got := res.Coverage; got.Reason != c.reason || got.Complete != (c.reason == "") || got.Rows != c.rows {
					t.Errorf("%+v", got)
				}
				if c.reason == "" && len(res.Notices) != 0 || c.reason != "" && (len(res.Notices) != 1 || !strings.Contains(res.Notices[0].Text, c.notice)) {
					t.Errorf("%v", res.Notices)
				}
			})
		})
	}
}

func TestNoRowsLeaveNothingToJudge(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		res := rows(t, `[]`, `{"format":"time_series","groupBy":["app_name"],"filters":[{"field":"connection","operator":"=","values":["saml"]}]}`)
		if c := res.Coverage; !c.Complete || c.Rows != 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestEqualRowsAreOneEvent(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		const row = `{"created_at":"2026-06-01T11:59:59.5Z","ray_id":"8d3f0a1b2c3d4e5f","app_domain":"a.example.com"}`
		other := strings.Replace(row, "a.example", "b.example", 1)
		res := rows(t, "["+row+","+other+","+row+"]", `{}`)
		if res.Coverage.Rows != 2 || !res.Coverage.Complete || len(res.Notices) != 0 {
			t.Errorf("%+v %v", res.Coverage, res.Notices)
		}
	})
}
