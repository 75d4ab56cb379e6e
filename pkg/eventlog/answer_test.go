package eventlog_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func day() (time.Time, time.Time) { return epoch.Add(-24 * time.Hour), epoch.Add(-time.Hour) }

func TestSeriesCountsEveryBucket(t *testing.T) {
	from, to := day()
	u := newUpstream(personality{}, spread(5000, from, to, 1), 1)
	r := ask(t, u, `{"format":"time_series","groupBy":["country","allowed"]}`, from.Add(7*time.Second), to)
	res, err := newLog(t, u).Query(context.Background(), r, u.source())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]int64{}
	for _, e := range u.events {
		if !r.Span().Contains(e.at) {
			continue
		}
		allowed := "false"
		if e.allowed {
			allowed = "true"
		}
		key := strings.ToUpper(e.country) + allowed
		if want[key] == nil {
			want[key] = make([]int64, r.Buckets())
		}
		want[key][e.at.Sub(r.Span().Start())/r.Interval]++
	}
	if len(res.Series.Groups) != len(want) {
		t.Fatalf("%d groups, want %d", len(res.Series.Groups), len(want))
	}
	for _, g := range res.Series.Groups {
		for i, n := range want[g.Key[0].Text+g.Key[1].Text] {
			if g.Counts[i] != n {
				t.Fatalf("%v bucket %d has %d, want %d", g.Key, i, g.Counts[i], n)
			}
		}
	}
}

func TestFiltersAndGroups(t *testing.T) {
	from, to := day()
	u := newUpstream(personality{}, spread(3000, from, to, 1), 1)
	l := newLog(t, u)
	some := u.events[1234]
	for _, c := range []struct {
		filters string
		keep    func(event) bool
	}{
		{`{"field":"country","operator":"=","values":["de"]}`, func(e event) bool { return e.country == "de" }},
		{`{"field":"country","operator":"!=","values":["DE","GB"]}`, func(e event) bool { return e.country != "de" && e.country != "GB" }},
		{`{"field":"outcome","operator":"=","values":["blocked"]}`, func(e event) bool { return !e.allowed }},
		{`{"field":"allowed","operator":"!=","values":[true]}`, func(e event) bool { return !e.allowed }},
		{`{"field":"user_email","operator":"=~","values":["^user1\\d@"]}`, func(e event) bool { return len(e.email) == len("user10@example.com") && e.email[4] == '1' }},
		{`{"field":"ray_id","operator":"=","values":["` + strings.ToUpper(some.ray) + `-LHR"]}`, func(e event) bool { return e.ray == some.ray }},
		{`{"field":"ray_id","operator":"contains","values":["` + some.ray[:3] + `"]}`, func(e event) bool { return strings.Contains(e.ray, some.ray[:3]) }},
		{`{"field":"created_at","operator":">","values":["` + some.at.Format(time.RFC3339Nano) + `"]}`, func(e event) bool { return e.at.After(some.at) }},
		{`{"field":"non_identity","operator":"=","values":["true"]}`, func(event) bool { return false }},
		{`{"field":"country","operator":"=","values":["GB"]},{"field":"outcome","operator":"=","values":["allowed"]}`, func(e event) bool { return e.country == "GB" && e.allowed }},
	} {
		res := run(t, l, u, `{"limit":100000,"filters":[`+c.filters+`]}`, from, to)
		if want := u.truth(query.Window{From: from, To: to}, c.keep); !sameSet(raysOf(t, res.Table), want) || !res.Coverage.Complete {
			t.Errorf("%s: %d rows, want %d, %+v", c.filters, len(res.Table.Times), len(want), res.Coverage)
		}
		grouped := run(t, l, u, `{"groupBy":["country","user_email"],"limit":100000,"filters":[`+c.filters+`]}`, from, to)
		var total int64
		for _, g := range grouped.Groups.Rows {
			total += g.Count
		}
		if total != res.Coverage.Rows || grouped.Coverage.Rows != total {
			t.Errorf("%s: the groups count %d, want %d", c.filters, total, res.Coverage.Rows)
		}
	}
}

func TestCutGroupsCountAll(t *testing.T) {
	from, to := day()
	u := newUpstream(personality{}, spread(3000, from, to, 1), 1)
	res := run(t, newLog(t, u), u, `{"groupBy":["country"],"limit":2}`, from, to)
	if len(res.Groups.Rows) != 2 || res.Coverage.Rows != 3000 || !res.Coverage.Complete || len(res.Notices) != 1 {
		t.Errorf("%+v %+v %v", res.Groups.Rows, res.Coverage, res.Notices)
	}
	if res.Groups.Rows[0].Count < res.Groups.Rows[1].Count {
		t.Error("the largest group is not the first")
	}
}

// rows answers with a fixed list.
func rows(t *testing.T, list, model string) *eventlog.Result {
	t.Helper()
	u := newUpstream(personality{}, nil, 1)
	s := u.source()
	s.Fetch = func(context.Context, eventlog.PageRequest) (*eventlog.Page, error) {
		return &eventlog.Page{Rows: []byte(list), PerPage: 500}, nil
	}
	res, err := newLog(t, u).Query(context.Background(), ask(t, u, model, epoch.Add(-time.Hour), epoch), s)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func cell(t *testing.T, res *eventlog.Result, field string, row int) eventlog.Cell {
	t.Helper()
	for i := range res.Table.Columns {
		if c := &res.Table.Columns[i]; c.Field.Name == field {
			return res.Table.Cell(c, row)
		}
	}
	t.Fatalf("no column %s", field)
	return eventlog.Cell{}
}

func TestRowsAreNormalisedAndNothingIsDropped(t *testing.T) {
	res := rows(t, `[
		{"created_at":"2026-06-01T11:59:59.123456789Z","country":"gb","allowed":"true","ray_id":"8D3F0A1B2C3D4E5F","ip_address":"2001:DB8::1","user_email":null,"app_name":7,"device":{"os":"x"},"action":"login"},
		{"created_at":"2026-06-01T13:59:58.5+02:00","allowed":0,"connection":["saml"],"ray_id":"short"}]`, `{}`)
	for _, c := range []struct {
		field string
		row   int
		want  eventlog.Cell
	}{
		{"created_at", 0, eventlog.Cell{Text: "2026-06-01T11:59:59.123456789Z", Valid: true}},
		{"created_at", 1, eventlog.Cell{Text: "2026-06-01T11:59:58.5Z", Valid: true}},
		{"country", 0, eventlog.Cell{Text: "GB", Valid: true}},
		{"allowed", 0, eventlog.Cell{Text: "true", Valid: true}},
		{"allowed", 1, eventlog.Cell{Text: "false", Valid: true}},
		{"outcome", 1, eventlog.Cell{Text: "blocked", Valid: true}},
		{"ray_id", 0, eventlog.Cell{Text: "8d3f0a1b2c3d4e5f", Valid: true}},
		{"ray_id", 1, eventlog.Cell{Text: "short", Valid: true}},
		{"ip_address", 0, eventlog.Cell{Text: "2001:db8::1", Valid: true}},
		{"user_email", 0, eventlog.Cell{}},
		{"app_name", 0, eventlog.Cell{Text: "7", Valid: true}},
		{"connection", 1, eventlog.Cell{Text: `["saml"]`, Valid: true}},
	} {
		if got := cell(t, res, c.field, c.row); got != c.want {
			t.Errorf("%s of row %d is %+v, want %+v", c.field, c.row, got, c.want)
		}
	}
	if len(res.Table.Other) != 2 || res.Table.Other[0] != `{"device":{"os":"x"}}` || res.Table.Other[1] != "" {
		t.Errorf("other is %q", res.Table.Other)
	}
	if !res.Coverage.Complete {
		t.Errorf("%+v", res.Coverage)
	}
}

func TestWhatCannotBeJudgedIsSaid(t *testing.T) {
	const list = `[
		{"created_at":"2026-06-01T11:59:59Z","allowed":true,"ray_id":"8d3f0a1b2c3d4e5f"},
		{"created_at":"2026-06-01T11:59:58Z","user_email":"a@example.com","ray_id":"8d3f0a1b2c3d4e5e"},
		{"created_at":"2026-06-01T11:59:57Z","user_email":"a@example.com","allowed":false,"ray_id":"8d3f0a1b2c3d4e5d"}%s]`
	for _, c := range []struct {
		more, model string
		reason      eventlog.Reason
		rows        int64
	}{
		{``, `{}`, "", 3},
		{``, `{"filters":[{"field":"outcome","operator":"=","values":["blocked"]}]}`, eventlog.ReasonUnverified, 1},
		{``, `{"filters":[{"field":"user_email","operator":"=","values":["a@example.com"]}]}`, eventlog.ReasonUnverified, 2},
		{``, `{"groupBy":["outcome"]}`, eventlog.ReasonUnverified, 3},
		{`,{"ray_id":"x"}`, `{}`, eventlog.ReasonBadRows, 3},
		{`,{"created_at":"yesterday"}`, `{}`, eventlog.ReasonBadRows, 3},
		{`,7`, `{"format":"time_series"}`, eventlog.ReasonBadRows, 3},
	} {
		res := rows(t, strings.Replace(list, "%s", c.more, 1), c.model)
		if got := res.Coverage; got.Reason != c.reason || got.Complete != (c.reason == "") || got.Rows != c.rows {
			t.Errorf("%s %s: %+v", c.more, c.model, got)
		}
		if c.reason != "" && len(res.Notices) == 0 {
			t.Errorf("%s: no notice", c.model)
		}
	}
}

func TestEqualRowsAreOneEvent(t *testing.T) {
	const row = `{"created_at":"2026-06-01T11:59:59.5Z","ray_id":"8d3f0a1b2c3d4e5f","app_domain":"a.example.com"}`
	other := strings.Replace(row, "a.example", "b.example", 1)
	res := rows(t, "["+row+","+other+","+row+"]", `{}`)
	if res.Coverage.Rows != 2 || len(res.Notices) != 1 {
		t.Errorf("%+v %v", res.Coverage, res.Notices)
	}
}

func TestEmptyPastsMentionRetention(t *testing.T) {
	u := newUpstream(personality{}, spread(100, epoch.Add(-24*time.Hour), epoch, 1), 1)
	l := newLog(t, u)
	if res := run(t, l, u, `{}`, epoch.Add(-30*24*time.Hour), epoch); len(res.Notices) != 1 || !strings.Contains(res.Notices[0].Text, "retention") || !res.Coverage.Complete {
		t.Errorf("%v", res.Notices)
	}
	if res := run(t, l, u, `{}`, epoch.Add(-20*time.Hour), epoch); len(res.Notices) != 0 {
		t.Errorf("%v", res.Notices)
	}
}
