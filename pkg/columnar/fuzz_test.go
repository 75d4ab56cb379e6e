package columnar

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func queryType(name string) *catalogue.QueryType {
	q, _ := catalogue.Lookup(name)
	return q
}

// FuzzDecode reads any JSON as rows: none may be lost, and what encoding/json
// reads as a text has to come out as that text.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`[]`, `null`, `{}`, `[{}]`, `[1,"x",null]`,
		`[{"created_at":"2026-06-01T12:00:00.123456Z","ray_id":"8D3F0A1B2C3D4E5F","country":"gb","allowed":false,"new":{"a":[1]}}]`,
		`[{"created_at":"2026-06-01T12:00:00Z","user_email":"\u00e9@example.com","app_name":"a\"b\ud83d\ude00\ud800"},{"created_at":7},{"created_at":"2026-06-01T12:00:00Z","created_at":"2026-06-01T11:00:00Z"}]`,
		`[{"expiration":7,"metadata":{"datetime":"2026-06-01T12:00:00Z","ray_id":null,"more":{}}},{"metadata":[]},{"metadata":{"metadata":{"datetime":"2026-06-01T12:00:00Z"}}}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			t.Skip("the client lets only JSON through")
		}
		for _, name := range []string{"access_requests", "failed_logins"} {
			checkDecoded(t, NewLayout(queryType(name)), raw)
		}
	})
}

func checkDecoded(t *testing.T, l *Layout, raw []byte) {
	b := NewBuilder(l)
	page, err := b.Decode(raw, 1<<20)
	list := gjson.ParseBytes(raw)
	switch {
	case errors.Is(err, ErrNotList):
		if list.IsArray() {
			t.Fatal("a list was not taken for one")
		}
		return
	case err != nil:
		t.Fatal(err)
	}
	if want := len(list.Array()); list.IsArray() && page.Rows != want || page.Placed() != b.Len() {
		t.Fatalf("%d rows, %d bad, %d kept, want %d", page.Rows, page.Bad, b.Len(), want)
	}
	if utf8.Valid(raw) { // which Cloudflare's answers are
		checkTexts(t, b, list)
	}
	different := map[string]bool{}
	for row := range b.Len() {
		different[b.Key(row)] = true
	}
	c := b.Freeze()
	if c.Len() != len(different) || !slices.IsSorted(c.times) {
		t.Fatalf("%d rows of %d different ones", c.Len(), len(different))
	}
	whole := Join(l, Run{Chunk: c, Hi: c.Len() / 2}, Run{Chunk: c, Lo: c.Len() / 2, Hi: c.Len()})
	for row := range c.Len() {
		if c.RowKey(row) != whole.RowKey(row) {
			t.Fatalf("row %d changed when it was joined", row)
		}
		other := c.cols[l.other()].cell(c.cols[l.other()].code(row), row)
		if other.Valid && !json.Valid([]byte(other.Text)) {
			t.Fatalf("other is no JSON: %q", other.Text)
		}
	}
}

// checkTexts holds texts of the rows against encoding/json, which takes the last
// of equal keys as the builder does not; rows with such are left out.
func checkTexts(t *testing.T, b *Builder, list gjson.Result) {
	column, ok := b.layout.byName["app_name"]
	if !ok || b.layout.keys["app_name"] == nil {
		return
	}
	next := 0
	for _, row := range list.Array() {
		at := row.Get("created_at")
		if _, err := query.ParseInstant(b.layout.queryType.TimeField(), plain(at)); !row.IsObject() || err != nil || hasTwins(row) {
			return
		}
		var members map[string]any
		if json.Unmarshal([]byte(row.Raw), &members) != nil {
			return
		}
		if want, ok := members["app_name"].(string); ok && b.text(column, b.codes[column][next]) != want {
			t.Fatalf("%q was read as %q", want, b.text(column, b.codes[column][next]))
		}
		next++
	}
}

func hasTwins(row gjson.Result) bool {
	seen, twins := map[string]bool{}, false
	row.ForEach(func(key, _ gjson.Result) bool {
		twins = twins || seen[key.Str]
		seen[key.Str] = true
		return true
	})
	return twins
}
