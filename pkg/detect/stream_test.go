package detect_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/detect"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// login is an event of a stream. Its kind is what steps tell events by; number is its
// place in the stream.
type login struct {
	at     int // seconds after noon
	user   string
	kind   string
	number int
}

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func instant(seconds int) int64 { return noon.Add(time.Duration(seconds) * time.Second).UnixNano() }

// drawStream makes some logins, oldest first: of few users and kinds, often several in
// a second.
func drawStream(t *rapid.T) []login {
	step := rapid.SampledFrom([]int{0, 0, 1, 2, 5, 30}) // seconds between two
	users := rapid.SampledFrom([]string{"ada", "bob", ""})
	kinds := rapid.SampledFrom([]string{"A", "B", "C", "AB", "BC", "ABC", "x"})
	stream := make([]login, rapid.IntRange(0, 120).Draw(t, "n"))
	at := 0
	for i := range stream {
		at += step.Draw(t, "step")
		stream[i] = login{at: at, user: users.Draw(t, "user"), kind: kinds.Draw(t, "kind")}
	}
	// Logins of a second are in the order of the columns: the application comes before
	// the Ray ID, which is made of the number.
	slices.SortStableFunc(stream, func(a, b login) int { return cmp.Or(a.at-b.at, strings.Compare(a.kind, b.kind)) })
	for i := range stream {
		stream[i].number = i
	}
	return stream
}

// runsOf packs a stream into runs: chunks that are cut at the seconds where their times
// are cut.
func runsOf(l *columnar.Layout, stream []login, cut func(at int) bool) []columnar.Run {
	var runs []columnar.Run
	b := columnar.NewBuilder(l)
	flush := func() {
		if b.Len() > 0 {
			runs = append(runs, b.Freeze().Within(interval.Always))
		}
	}
	for i, e := range stream {
		if i > 0 && e.at != stream[i-1].at && cut(e.at) {
			flush()
		}
		row, err := json.Marshal([]map[string]any{{
			"created_at": noon.Add(time.Duration(e.at) * time.Second).Format(time.RFC3339), "ray_id": fmt.Sprintf("%016x", e.number),
			"user_email": e.user, "app_name": e.kind,
		}})
		if err != nil {
			panic(err)
		}
		if _, err := b.Decode(row, 1); err != nil {
			panic(err)
		}
	}
	flush()
	return runs
}

// request is a checked query about logins.
func request(t interface{ Fatal(...any) }, model map[string]any) *query.Request {
	model["queryType"] = "access_requests"
	raw, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	r, err := query.Parse(raw, query.Options{From: noon, To: noon.Add(time.Hour), MaxLimit: 1000, Now: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func filter(field, operator, value string) map[string]any {
	return map[string]any{"field": field, "operator": operator, "values": []string{value}}
}

func lookup() *catalogue.QueryType {
	q, ok := catalogue.Lookup("access_requests")
	if !ok {
		panic("no access requests")
	}
	return q
}

// eventsOf are those of a request, from an instant on, with those since known before.
func eventsOf(l *columnar.Layout, r *query.Request, known, from int64) detect.Events {
	matching := func(filters ...*query.Filter) *columnar.Matcher { return columnar.NewMatcher(l, filters...) }
	return detect.Events{Layout: l, Matching: matching, Passing: matching(r.Filters...), Known: known, From: from}
}

// allKnown is where nothing is missing before the stream.
const allKnown = math.MinInt64

// number reads which login a row is.
func number(l *columnar.Layout, run columnar.Run, row uint32) int {
	ray, _ := lookup().Field("ray_id")
	table := l.Table([]*catalogue.Field{ray}, []columnar.Ref{{Chunk: run.Chunk, Row: row}}, false, false)
	var n int
	if _, err := fmt.Sscanf(table.Cell(&table.Columns[0], 0).Text, "%x", &n); err != nil {
		panic(err)
	}
	return n
}

// since are the logins from a second on.
func since(stream []login, at int) []login {
	i, _ := slices.BinarySearchFunc(stream, at, func(e login, at int) int { return e.at - at })
	return stream[i:]
}

func (e login) is(kind string) bool { return strings.Contains(e.kind, kind) }
