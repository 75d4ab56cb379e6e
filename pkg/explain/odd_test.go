package explain_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

// TestOddDocuments puts something else in the place of every value that Cloudflare
// documents: whatever it sends, there is an answer, and the login's outcome stays.
func TestOddDocuments(t *testing.T) {
	odd := []any{nil, 1, -1.5, "", "odd", true, []any{}, []any{nil, 1, "a"}, doc{}, doc{"id": 1}}
	parts := map[string]func(*explain.Facts) *json.RawMessage{
		"request":  func(f *explain.Facts) *json.RawMessage { return &f.Request.JSON },
		"group":    func(f *explain.Facts) *json.RawMessage { return &f.Group.JSON },
		"identity": func(f *explain.Facts) *json.RawMessage { return &f.Identity.JSON },
		"app":      func(f *explain.Facts) *json.RawMessage { return &f.App.JSON },
		"groups":   func(f *explain.Facts) *json.RawMessage { return &f.AccessGroups.Rows[0] },
		"change":   func(f *explain.Facts) *json.RawMessage { return &f.Changes.Rows[0] },
		"jit":      func(f *explain.Facts) *json.RawMessage { return &f.JIT.Rows[0] },
		"tokens":   func(f *explain.Facts) *json.RawMessage { return &f.ServiceTokens.Rows[0] },
	}
	for name, part := range parts {
		whole := everything()
		var original any
		require.NoError(t, json.Unmarshal(*part(&whole), &original))
		for _, replaced := range replacements(original, odd) {
			f := everything()
			raw, err := json.Marshal(replaced)
			require.NoError(t, err)
			*part(&f) = raw
			a := explain.Judge(f)
			require.NotEmpty(t, a.Verdict.Verdict, name)
			require.NotEmpty(t, a.Verdict.Reason, name)
			for _, e := range a.Timeline {
				require.True(t, json.Valid(e.Detail), name)
			}
			// No rule of these policies is met by Pia, however one of them is written.
			require.NotEqual(t, explain.AllowedByPolicy, a.Verdict.Verdict, "%s: %s", name, raw)
		}
	}
	require.NotEmpty(t, explain.Judge(explain.Facts{}).Verdict.Verdict)
	require.NotEmpty(t, explain.Judge(explain.Facts{RayID: rayID}).Verdict.Verdict)
}

// replacements are copies of a document with each of the values in each place.
func replacements(document any, values []any) []any {
	out := append([]any{}, values...)
	switch d := document.(type) {
	case map[string]any:
		for key, inner := range d {
			for _, other := range replacements(inner, values) {
				copied := map[string]any{}
				for k, v := range d {
					copied[k] = v
				}
				copied[key] = other
				out = append(out, copied)
			}
		}
	case []any:
		for i, inner := range d {
			for _, other := range replacements(inner, values) {
				copied := append([]any{}, d...)
				copied[i] = other
				out = append(out, copied)
			}
		}
	}
	return out
}
