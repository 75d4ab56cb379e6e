package columnar

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// sessions is a query type whose values lie at several depths.
var sessions = &catalogue.QueryType{Name: "sessions", TimeFieldName: "expires", Fields: []*catalogue.Field{
	{Name: "expires", Kind: catalogue.KindTime, Encoding: catalogue.EpochSeconds, Path: []string{"metadata.session.expires"}},
	{Name: "user", Kind: catalogue.KindString, Path: []string{"metadata.session.user.name", "user_name"}},
	{Name: "ray", Kind: catalogue.KindRayID, Path: []string{"metadata.ray"}},
	{Name: "apps", Kind: catalogue.KindJSON, Path: []string{"metadata.session.apps"}},
	{Name: "top", Kind: catalogue.KindCountry, Path: []string{"top"}},
	{Name: "outcome", Kind: catalogue.KindEnum, Derived: &catalogue.Derived{From: "user", Values: map[string]string{"a": "allowed"}}},
}}

func field(q *catalogue.QueryType, name string) *catalogue.Field {
	return q.Fields[slices.IndexFunc(q.Fields, func(f *catalogue.Field) bool { return f.Name == name })]
}

// decode makes a chunk of rows, all of which have a time.
func decode(t *testing.T, l *Layout, list string) *Chunk {
	t.Helper()
	b := NewBuilder(l)
	page, err := b.Decode([]byte(list), 1000)
	require.NoError(t, err)
	require.Zero(t, page.Bad)
	return b.Freeze()
}

func whole(c *Chunk) Run { return Run{Chunk: c, Hi: c.Len()} }

// cells are the values of a field, row by row.
func cells(l *Layout, c *Chunk, f *catalogue.Field) []query.Cell {
	var refs []Ref
	for row := range c.Len() {
		refs = append(refs, Ref{c, uint32(row)})
	}
	table := l.Table([]*catalogue.Field{f}, refs, false, false)
	out := make([]query.Cell, c.Len())
	for row := range out {
		out[row] = table.Cell(&table.Columns[0], row)
	}
	return out
}

// What is within an object that is kept whole can be a value of another field, and
// is unknown to nobody.
func TestPartsOfAWholeAreReadToo(t *testing.T) {
	q := &catalogue.QueryType{Name: "changes", TimeFieldName: "time", Fields: []*catalogue.Field{
		{Name: "time", Kind: catalogue.KindTime, Path: []string{"time"}},
		{Name: "name", Kind: catalogue.KindString, Path: []string{"request.name", "response.result.name"}},
		{Name: "request", Kind: catalogue.KindJSON, Path: []string{"request"}},
		{Name: "response", Kind: catalogue.KindJSON, Path: []string{"response"}},
	}}
	l := NewLayout(q)
	c := decode(t, l, `[
		{"time":"2026-11-21T12:00:00Z","response":{"result":{"id":"p1","name":"b"},"success":true},"request":{"name":"a","include":[1]}},
		{"time":"2026-11-21T12:00:01Z","response":{"result":{"id":"p1","name":"b"}},"request":"none"},
		{"time":"2026-11-21T12:00:02Z","request":{"other":{"name":"c"}}}]`)
	text := func(s string) query.Cell { return query.Cell{Text: s, Valid: true} }
	require.Equal(t, []query.Cell{text("a"), text("b"), {}}, cells(l, c, field(q, "name")))
	require.Equal(t, []query.Cell{text(`{"name":"a","include":[1]}`), text("none"), text(`{"other":{"name":"c"}}`)}, cells(l, c, field(q, "request")))
	require.Equal(t, []string{"", "", ""}, othersOf(l.other(), []Ref{{c, 0}, {c, 1}, {c, 2}}, true))
}

func TestValuesAreReadAtAnyDepth(t *testing.T) {
	l := NewLayout(sessions)
	c := decode(t, l, `[
		{"metadata":{"session":{"expires":1795262400,"user":{"name":"a","extra":1},"apps":{"wiki":{"hostname":"x"}}},"ray":"8D3F0A1B2C3D4E5F"},"top":"gb"},
		{"metadata":{"session":{"expires":"1795262401.5","user":{}},"new":[1]},"user_name":"b","top":null},
		{"metadata":{"session":{"expires":1795262402,"user":{"name":null}},"extra":2},"user_name":"c","extra":1},
		{"user_name":"d","metadata":{"session":{"user":{"name":"e"},"expires":1795262403}}},
		{"metadata":{"session":{"expires":1795262404,"user":"f"}},"top":""}]`)
	require.Equal(t, []int64{noon.UnixNano(), noon.Add(1500 * time.Millisecond).UnixNano(), noon.Add(2 * time.Second).UnixNano(), noon.Add(3 * time.Second).UnixNano(), noon.Add(4 * time.Second).UnixNano()}, c.times)
	text := func(s string) query.Cell { return query.Cell{Text: s, Valid: true} }
	none := query.Cell{}
	for name, want := range map[string][]query.Cell{
		"expires": {text("2026-11-21T12:00:00Z"), text("2026-11-21T12:00:01.5Z"), text("2026-11-21T12:00:02Z"), text("2026-11-21T12:00:03Z"), text("2026-11-21T12:00:04Z")},
		"user":    {text("a"), text("b"), text("c"), text("e"), none}, // the first path that has a value wins
		"ray":     {text("8d3f0a1b2c3d4e5f"), none, none, none, none},
		"apps":    {text(`{"wiki":{"hostname":"x"}}`), none, none, none, none},
		"top":     {text("GB"), none, none, none, text("")},
		"outcome": {text("allowed"), none, none, none, none},
	} {
		require.Equal(t, want, cells(l, c, field(sessions, name)), name)
	}
	others := othersOf(l.other(), []Ref{{c, 0}, {c, 1}, {c, 2}, {c, 3}, {c, 4}}, true)
	require.Equal(t, []string{`{"extra":1}`, `{"new":[1]}`, `{"extra":1,"_extra":2}`, "", `{"user":"f"}`}, others)
}

func TestATimeThatCannotBeReadIsABadRow(t *testing.T) {
	b := NewBuilder(NewLayout(sessions))
	page, err := b.Decode([]byte(`[{"metadata":{"session":{"expires":"soon"}}},{"metadata":{"session":{"expires":-1}}},{"metadata":{"session":7}},7,{},
		{"metadata":{"session":{"expires":1795262400}}}]`), 1000)
	require.NoError(t, err)
	require.Equal(t, Page{Rows: 6, Bad: 5, Descending: true, Oldest: noon.UnixNano(), Newest: noon.UnixNano()}, page)
	require.Equal(t, 1, page.Placed())
}

func TestAFieldIsAbsentWhereNoRowHasItsKey(t *testing.T) {
	l := NewLayout(sessions)
	none := decode(t, l, `[{"metadata":{"session":{"expires":1}}},{"metadata":{"session":{"expires":2,"user":{}}}}]`)
	null := decode(t, l, `[{"metadata":{"session":{"expires":3}}},{"metadata":{"session":{"expires":4,"user":{"name":null}}}}]`)
	for name, want := range map[string]bool{"user": true, "outcome": true, "expires": false} {
		require.Equal(t, want, l.Absent(field(sessions, name), []Run{whole(none)}), name)
	}
	require.False(t, l.Absent(field(sessions, "user"), []Run{whole(none), whole(null)}), "one row says that it has none")
	require.True(t, l.Absent(field(sessions, "user"), []Run{whole(none), {Chunk: null, Hi: 1}}), "the row is not in the run")
}

func TestAnAbsentValueMatchesAndCountsAsEmpty(t *testing.T) {
	q := queryType("access_requests")
	l := NewLayout(q)
	c := decode(t, l, `[{"created_at":"2026-11-21T12:00:00Z","country":"GB"},{"created_at":"2026-11-21T12:00:01Z","country":null},
		{"created_at":"2026-11-21T12:00:02Z"},{"created_at":"2026-11-21T12:00:03Z","country":""}]`)
	for filter, want := range map[string][]uint32{
		`{"field":"country","operator":"=","values":[""]}`:           {1, 2, 3},
		`{"field":"country","operator":"!=","values":["GB"]}`:        {1, 2, 3},
		`{"field":"country","operator":"!=","values":[""]}`:          {0},
		`{"field":"country","operator":"contains","values":["B"]}`:   {0},
		`{"field":"country","operator":"!contains","values":["B"]}`:  {1, 2, 3},
		`{"field":"user_email","operator":"=","values":["a@b.com"]}`: nil,
	} {
		r, err := query.Parse([]byte(`{"queryType":"access_requests","filters":[`+filter+`]}`), query.Options{From: noon, To: noon, MaxLimit: 10, Now: noon})
		require.NoError(t, err)
		require.Equal(t, want, slices.Clone(NewMatcher(l, r.Filters...).Match(whole(c))), filter)
	}
	country, _ := q.Field("country")
	email, _ := q.Field("user_email")
	counter := NewCounter(l, NewMatcher(l), []*catalogue.Field{email, country}, nil)
	_, groups := counter.Next(whole(c))
	require.Equal(t, []uint32{0, 1, 1, 1}, groups)
	require.Equal(t, []query.Cell{{Text: "", Valid: true}, {Text: "", Valid: true}}, counter.Key(1))
}

func TestGroupsAreAddedUp(t *testing.T) {
	q := queryType("login_groups")
	country, _ := q.Field("country")
	l := NewGroupLayout(q, []*catalogue.Field{country})
	b := NewBuilder(l)
	add := func(dimensions string, at time.Time, count int64, sample float64) {
		b.AddGroup(gjson.Parse(dimensions), at.UnixNano(), Weight{count, sample})
	}
	add(`{"country":"GB"}`, noon.Add(time.Second), 3, 1)
	add(`{"country":"gb"}`, noon.Add(time.Second), 1, 5)
	add(`{"country":"GB"}`, noon, 10, 1)
	add(`{"country":"US"}`, noon, 0, 1)
	c := b.Freeze()
	require.Equal(t, []Weight{{10, 1}, {0, 1}, {4, 2}}, c.weights, "of two spellings there is one group")
	require.Equal(t, int64(14), c.Events(0, c.Len()))
	second := c.Within(interval.Interval{From: noon.UnixNano() + 1, To: noon.Add(time.Hour).UnixNano()})
	joined := Join(l, second)
	require.Equal(t, []Weight{{4, 2}}, joined.weights)

	counter := NewCounter(l, NewMatcher(l), []*catalogue.Field{country}, nil)
	rows, groups := counter.Next(whole(c))
	sums := map[string]int64{}
	for i, row := range rows {
		sums[counter.Key(groups[i])[0].Text] += whole(c).RowEvents(row)
	}
	require.Equal(t, map[string]int64{"GB": 14, "US": 0}, sums)
	require.Equal(t, int64(14), counter.Events)
	require.Equal(t, noon.Add(time.Second).UnixNano(), counter.Newest)
	require.InDelta(t, 10+0+4*2, counter.Sampled, 1e-9)
}

func TestAnAnswerWithTooManyRowsIsNotCut(t *testing.T) {
	b := NewBuilder(NewLayout(sessions))
	rows := `[{"metadata":{"session":{"expires":1795262400}}},{"metadata":{"session":{"expires":1795262401}}}]`
	page, err := b.Decode([]byte(rows), 2)
	require.NoError(t, err)
	require.Equal(t, 2, page.Rows)
	_, err = b.Decode([]byte(rows), 1)
	require.ErrorIs(t, err, ErrTooMany)
	require.Equal(t, 2, b.Len(), "what was there before stays")
}
