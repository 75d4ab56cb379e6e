package frame

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

var at = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func fields(t *testing.T, names ...string) []*catalogue.Field {
	t.Helper()
	q, _ := catalogue.Lookup("access_requests")
	out := make([]*catalogue.Field, len(names))
	for i, name := range names {
		f, ok := q.Field(name)
		require.True(t, ok, name)
		out[i] = f
	}
	return out
}

func cell(text string) query.Cell { return query.Cell{Text: text, Valid: true} }

func TestLineLeavesOutWhatIsAbsent(t *testing.T) {
	names := []string{"outcome", "user_email", "app_name", "app_domain", "ip_address"}
	table := &answer.Table{Times: []time.Time{at, at}}
	for i, f := range fields(t, names...) {
		blocked := []string{"blocked", "a@example.com", "Wiki", "wiki.example.com", "192.0.2.1"}[i]
		absent := query.Cell{}
		if f.Name == "outcome" {
			absent = cell("allowed")
		}
		table.Columns = append(table.Columns, answer.NewColumn(f, []query.Cell{cell(blocked), absent}))
	}
	q, _ := catalogue.Lookup("access_requests")
	l := parseLine("{outcome}[ {user_email}] to[ {app_name} ({app_domain})][ from {ip_address}], seen", logFields(&query.Request{Type: q}, table))
	require.Equal(t, "blocked a@example.com to Wiki (wiki.example.com) from 192.0.2.1, seen", l.render(0))
	require.Equal(t, "allowed to, seen", l.render(1))
}

func TestLogIDsAreStableAndUnique(t *testing.T) {
	table := func(emails ...string) *answer.Table {
		var times []time.Time
		var users []query.Cell
		for _, email := range emails {
			times = append(times, at)
			users = append(users, cell(email))
		}
		return &answer.Table{Times: times, Columns: []answer.Column{
			answer.NewColumn(fields(t, "user_email")[0], users),
			answer.NewColumn(fields(t, "app_name")[0], make([]query.Cell, len(emails)))}}
	}
	q, _ := catalogue.Lookup("access_requests")
	ids := func(emails ...string) []string {
		f := logs(&query.Request{Type: q, Format: query.FormatLogs}, table(emails...), Origin{})
		var out []string
		for i := range f.Rows() {
			out = append(out, f.Fields[3].At(i).(string))
		}
		return out
	}
	first := ids("a@example.com", "b@example.com", "a@example.com")
	require.Equal(t, first, ids("a@example.com", "b@example.com", "a@example.com"))
	require.Equal(t, first[0], ids("a@example.com")[0], "an id does not depend on its neighbours")
	other := table("a@example.com", "b@example.com")
	other.Other = []string{"", `{"x":1}`}
	require.Equal(t, first[0], newIdentifier(other).row(0))
	require.NotEqual(t, first[1], newIdentifier(other).row(1))
	require.Len(t, map[string]bool{first[0]: true, first[1]: true, first[2]: true}, 3)
}

func TestRowIDsDoNotRunTogether(t *testing.T) {
	f := fields(t, "user_email", "app_name")
	row := func(a, b query.Cell) string {
		return newIdentifier(&answer.Table{Times: []time.Time{at}, Columns: []answer.Column{
			answer.NewColumn(f[0], []query.Cell{a}), answer.NewColumn(f[1], []query.Cell{b})}}).row(0)
	}
	require.NotEqual(t, row(cell("ab"), cell("c")), row(cell("a"), cell("bc")))
	require.NotEqual(t, row(cell(""), cell("c")), row(query.Cell{}, cell("c")))
}

func TestPseudonymsDoNotDependOnCase(t *testing.T) {
	m := NewMasker(MaskPseudonym, "a key")
	require.Equal(t, m.Text("A@example.com"), m.Text("a@EXAMPLE.com"))
	require.NotEqual(t, m.Text("a@example.com"), NewMasker(MaskPseudonym, "another").Text("a@example.com"))
}

func TestMaskHidesUnknownKeysAndCalls(t *testing.T) {
	r := &answer.Result{Calls: []string{"GET /users/x"}, Table: &answer.Table{Times: []time.Time{at, at}, Other: []string{`{"x":1}`, ""}}}
	NewMasker(MaskPseudonym, "a key").Apply(r)
	require.Equal(t, []string{`"[redacted]"`, ""}, r.Table.Other)
	require.NotContains(t, r.Calls[0], "users")
}

func TestJSONColumnKeepsAnyText(t *testing.T) {
	for text, want := range map[string]string{`{"a":1}`: `{"a":1}`, `{"a":`: `"{\"a\":"`, "plain": `"plain"`} {
		got, err := parseJSON(text)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}

func TestLogLinesHaveTheLabelsAskedFor(t *testing.T) {
	q, _ := catalogue.Lookup("access_requests")
	f := fields(t, "user_email", "country")
	table := &answer.Table{Times: []time.Time{at}, Other: []string{`{"x":1}`}, Columns: []answer.Column{
		answer.NewColumn(f[0], []query.Cell{cell("a@example.com")}), answer.NewColumn(f[1], []query.Cell{cell("GB")})}}
	for want, r := range map[string]*query.Request{
		`{"country":"GB","other":"{\"x\":1}","user_email":"a@example.com"}`: {Type: q},
		`{"country":"GB"}`:      {Type: q, Labels: f[1:]},
		`{"other":"{\"x\":1}"}`: {Type: q, LabelOther: true},
	} {
		frame := logs(r, table, Origin{})
		require.JSONEq(t, want, string(frame.Fields[4].At(0).(json.RawMessage)))
		require.Contains(t, frame.Fields[1].At(0), "a@example.com", "the line tells all")
	}
}

func TestLogLinesLinkTheirRayIDs(t *testing.T) {
	q, _ := catalogue.Lookup("access_requests")
	table := &answer.Table{Times: []time.Time{at, at}}
	for _, f := range fields(t, "user_email", "ray_id") {
		table.Columns = append(table.Columns, answer.NewColumn(f, []query.Cell{cell("81c8a0bcfe5a6400"), {}}))
	}
	frame := logs(&query.Request{Type: q}, table, Origin{DatasourceUID: "uid"})
	var names []string
	for _, f := range frame.Fields {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"timestamp", "body", "severity", "id", "labels", "ray_id"}, names)
	rays := frame.Fields[5]
	require.Equal(t, "81c8a0bcfe5a6400", *rays.At(0).(*string))
	require.Nil(t, rays.At(1))
	link := rays.Config.Links[0]
	require.Equal(t, "Why?", link.Title)
	require.Equal(t, "uid", link.Internal.DatasourceUID)
	require.Equal(t, "explain", link.Internal.Query.(map[string]any)["queryType"])
}

func TestLogLinesNameWhatThereIsInWords(t *testing.T) {
	q, _ := catalogue.Lookup("access_changes")
	none := query.Cell{}
	column := func(name string, values ...query.Cell) answer.Column {
		f, _ := q.Field(name)
		return answer.NewColumn(f, values)
	}
	table := &answer.Table{Times: []time.Time{at, at, at}, Columns: []answer.Column{
		column("actor_email", cell("alex@example.com"), none, none), column("actor_token_name", none, cell("terraform"), none),
		column("actor_type", cell("user"), cell("account"), cell("cloudflare_admin")),
		column("action", cell("update"), cell("delete"), cell("purge")), column("resource_type", cell("policy"), cell("group"), none),
		column("resource_name", cell("Finance only"), none, none), column("resource_id", cell("p1"), cell("g1"), none),
		column("outcome", cell("success"), cell("failure"), none),
	}}
	frame := logs(&query.Request{Type: q}, table, Origin{})
	var lines []string
	for i := range 3 {
		lines = append(lines, frame.Fields[1].At(i).(string))
	}
	require.Equal(t, []string{"alex@example.com updated policy Finance only (success)", "terraform deleted group g1 (failure)", "cloudflare staff purge"}, lines)
}

func TestTablesOfPartsLeaveTheRoomToSentences(t *testing.T) {
	q, _ := catalogue.Lookup("explain")
	long := strings.Repeat("the user is in a group; ", 10)
	values := map[string]string{"order": "1", "policy_name": "Staff", "policy_id": "p1", "section": "include", "rule": "short", "seen": long}
	var p answer.Part
	for _, name := range []string{"order", "policy_name", "policy_id", "section", "rule", "seen"} {
		f, ok := q.Field(name)
		require.True(t, ok, name)
		p.Columns = append(p.Columns, answer.NewColumn(f, []query.Cell{cell(values[name])}))
	}
	made := part(p, Origin{})
	custom := func(name string) map[string]any {
		field, _ := made.FieldByName(name)
		require.NotNil(t, field, name)
		return field.Config.Custom
	}
	require.Equal(t, map[string]any{"width": 60}, custom("order"))
	require.Equal(t, 76, custom("section")["width"])
	require.NotContains(t, custom("rule"), "width")
	require.Equal(t, 150, custom("rule")["minWidth"])
	require.Equal(t, 480, custom("seen")["minWidth"])
	require.Equal(t, true, custom("policy_id")["hideFrom"].(map[string]any)["viz"])
	require.NotContains(t, custom("policy_name"), "hideFrom")

	seen := p.Columns[len(p.Columns)-1].Field
	p.Columns = []answer.Column{answer.NewColumn(seen, []query.Cell{cell(long), cell("short")})}
	made = part(p, Origin{})
	require.Equal(t, 300, custom("seen")["minWidth"], "of several rows")
}
