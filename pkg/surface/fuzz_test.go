package surface

import (
	"encoding/json"
	"testing"

	"github.com/tidwall/gjson"
)

// FuzzNaming puts a user into the rows of any list: it stays a list of as many rows,
// each object of which names the user, and has what it had before.
func FuzzNaming(f *testing.F) {
	for _, seed := range []string{`[]`, `[ ]`, `{}`, `null`, `[{}]`, `[{ }]`, `[1,"x",null,[{}]]`, `[{"metadata":{"user_uuid":"x"}}, {"user_uuid":"y","a":[1,{}]}]`, " [ {\n\t} , {\"a\":1 } ] "} {
		f.Add([]byte(seed))
	}
	const user = "6b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e5f"
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			t.Skip("the client lets only JSON through")
		}
		named := naming(user, raw)
		if !json.Valid(named) {
			t.Fatalf("%s became %s", raw, named)
		}
		before, after := gjson.ParseBytes(raw), gjson.ParseBytes(named)
		if !before.IsArray() {
			return
		}
		rows := before.Array()
		for i, row := range after.Array() {
			if i >= len(rows) {
				t.Fatalf("%d rows became more", len(rows))
			}
			if row.IsObject() && row.Get("user_uuid").Str != user {
				t.Fatalf("a row does not name the user: %s", row.Raw)
			}
			if row.IsObject() != rows[i].IsObject() || row.IsObject() && len(row.Map()) < len(rows[i].Map()) {
				t.Fatalf("%s became %s", rows[i].Raw, row.Raw)
			}
		}
		if len(after.Array()) != len(rows) {
			t.Fatalf("%d rows became %d", len(rows), len(after.Array()))
		}
	})
}
