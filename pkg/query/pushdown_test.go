package query

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

type set = map[string]any

func TestPushdown(t *testing.T) {
	const ray = "8d3f0a1b2c3d4e5f"
	for name, c := range map[string]struct {
		queryType, field, operator string
		values                     []any
		want                       []set // nil: not pushed
	}{
		"one value":                    {"access_requests", "ray_id", "=", []any{" 8D3F 0A1B 2C3D 4E5F-LHR"}, []set{{"ray_id": ray, "ray_idOp": "eq"}}},
		"several parameters a value":   {"access_requests", "user_email", "!=", []any{"a@example.com"}, []set{{"email": "a@example.com", "emailOp": "neq", "email_exact": "true"}}},
		"a set for each value":         {"access_requests", "country", "=", []any{"us", "GB"}, []set{{"country_code": "GB", "country_codeOp": "eq"}, {"country_code": "US", "country_codeOp": "eq"}}},
		"the same value twice":         {"access_requests", "country", "=", []any{"gb", "GB"}, []set{{"country_code": "GB", "country_codeOp": "eq"}}},
		"derived from":                 {"access_requests", "outcome", "=", []any{"blocked"}, []set{{"allowed": "false", "allowedOp": "eq"}}},
		"derived from, not":            {"access_requests", "outcome", "!=", []any{"blocked"}, []set{{"allowed": "false", "allowedOp": "neq"}}},
		"an operator without template": {"access_requests", "outcome", "=~", []any{"block"}, nil},
		"a field without templates":    {"access_requests", "app_name", "=", []any{"Wiki"}, nil},
		"the time":                     {"access_requests", "created_at", ">", []any{noon.UnixMilli()}, nil},
		"a list":                       {"login_groups", "appId", "=", []any{"b", "a"}, []set{{"appId_in": []string{"a", "b"}}}},
		"a list, not":                  {"login_groups", "appId", "!=", []any{"b"}, []set{{"appId_notin": []string{"b"}}}},
		"every spelling of a country":  {"login_groups", "country", "=", []any{"gb"}, []set{{"country_in": []string{"GB", "Gb", "gB", "gb"}}}},
		"a digit has one spelling":     {"login_groups", "country", "!=", []any{"T1"}, []set{{"country_notin": []string{"T1", "t1"}}}},
		"no country":                   {"login_groups", "country", "=", []any{""}, []set{{"country_in": []string{""}}}},
		"a flag":                       {"login_groups", "isSuccessfulLogin", "=", []any{true}, []set{{"isSuccessfulLogin": 1}}},
		"derived from a flag":          {"login_groups", "outcome", "!=", []any{"blocked"}, []set{{"isSuccessfulLogin_neq": 0}}},
		"both outcomes":                {"login_groups", "outcome", "=", []any{"allowed", "blocked"}, []set{{"isSuccessfulLogin": 0}, {"isSuccessfulLogin": 1}}},
		"a number":                     {"login_groups", "serviceTokenVersion", ">=", []any{"2.0"}, []set{{"serviceTokenVersion_geq": 2.0}}},
		"numbers":                      {"login_groups", "serviceTokenVersion", "!=", []any{10, 9}, []set{{"serviceTokenVersion_neq": 10.0}, {"serviceTokenVersion_neq": 9.0}}},
		"no whole number":              {"login_groups", "serviceTokenVersion", ">", []any{2.5}, nil},
		"a negative number":            {"login_groups", "serviceTokenVersion", "=", []any{-1}, nil},
		"a part":                       {"login_groups", "appId", "contains", []any{"b", "a"}, []set{{"appId_like": "%a%"}, {"appId_like": "%b%"}}},
		"a part, not":                  {"login_groups", "appId", "!contains", []any{"a"}, []set{{"appId_notlike": "%a%"}}},
		"a part with a wildcard":       {"login_groups", "appId", "contains", []any{"a", "b_"}, nil},
		"a part with a percent sign":   {"login_groups", "appId", "!contains", []any{"100%"}, nil},
		"a part with a backslash":      {"login_groups", "appId", "contains", []any{`a\b`}, nil},
		"a wildcard in a whole value":  {"login_groups", "appId", "=", []any{"a_b"}, []set{{"appId_in": []string{"a_b"}}}},
		"a regular expression":         {"login_groups", "appId", "=~", []any{"a"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			sets, ok := compile(t, c.queryType, c.field, c.operator, c.values...).Pushdown()
			require.Equal(t, c.want != nil, ok)
			require.Equal(t, c.want, sets)
		})
	}
}

// shown is a pseudonym.
const shown = "p_0123456789abcdef"

// Under a mask, what a filter compares with is what is shown, which no row of
// Cloudflare's has: it must not leave.
func TestAMaskedFilterIsNeverPushed(t *testing.T) {
	disguise := func(_ *catalogue.Field, _ string) string { return shown }
	pushed := 0
	for _, q := range catalogue.All() {
		for _, field := range q.Fields {
			for op := range field.Upstream {
				text := map[catalogue.Kind]string{
					catalogue.KindTime: "2026-11-21", catalogue.KindNumber: "1", catalogue.KindBoolean: "true", catalogue.KindCountry: "GB",
					catalogue.KindRayID: "abc", catalogue.KindIP: "192.0.2.1",
				}[field.Kind]
				if field.Name == q.Outcome.Field {
					text = q.Outcome.Accepted
				}
				if field.Personal {
					text = shown
				}
				value, err := json.Marshal(text)
				require.NoError(t, err)
				f, err := compileFilter(q, filterModel{Field: field.Name, Operator: string(op), Values: []json.RawMessage{value}}, disguise, &patternBudget{})
				if field.Personal && op != catalogue.Equal && op != catalogue.NotEqual {
					require.ErrorContains(t, err, "masks identities", "%s %s %s", q.Name, field.Name, op)
					continue
				}
				require.NoError(t, err, "%s %s", q.Name, field.Name)
				_, ok := f.Pushdown()
				require.Equal(t, field.Personal, f.Masked())
				if field.Personal {
					require.False(t, ok, "%s %s", q.Name, f)
				} else if ok {
					pushed++
				}
			}
		}
	}
	require.Greater(t, pushed, 20, "the others are pushed under a mask too")
}
