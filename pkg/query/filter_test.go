package query

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

func compile(t *testing.T, queryType, field, operator string, values ...any) *Filter {
	t.Helper()
	q, ok := catalogue.Lookup(queryType)
	require.True(t, ok)
	m := filterModel{Field: field, Operator: operator}
	for _, v := range values {
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		m.Values = append(m.Values, raw)
	}
	f, err := compileFilter(q, m, nil, &patternBudget{})
	require.NoError(t, err)
	return f
}

func TestMatch(t *testing.T) {
	absent := "<absent>"
	tests := []struct {
		field, operator string
		values          []any
		pass, fail      []string
	}{
		{"user_email", "=", []any{"a@example.com", "b@example.com"}, []string{"a@example.com", "b@example.com"}, []string{"A@example.com", "aa@example.com", absent, ""}},
		{"user_email", "!=", []any{"a@example.com", "b@example.com"}, []string{"c@example.com", absent}, []string{"a@example.com", "b@example.com"}},
		{"user_email", "=", []any{""}, []string{"", absent}, []string{"a@example.com"}},
		{"user_email", "contains", []any{"@example.com", "@example.net"}, []string{"a@example.com", "a@example.net"}, []string{"a@EXAMPLE.com", absent}},
		{"user_email", "!contains", []any{"@example.com", "@example.net"}, []string{"a@example.org", absent}, []string{"a@example.net"}},
		{"user_email", "=~", []any{"^a", "net$"}, []string{"a@example.org", "b@example.net"}, []string{"b@example.org", absent}},
		{"user_email", "!~", []any{"^a", "net$"}, []string{"b@example.org", absent}, []string{"a@example.org", "b@example.net"}},
		{"country", "=", []any{"gb"}, []string{"GB"}, []string{"US", absent}},
		{"country", "=~", []any{"^g"}, []string{"GB"}, []string{"US"}},
		{"ray_id", "=", []any{" 8D3F0A1B2C3D4E5F-LHR "}, []string{"8d3f0a1b2c3d4e5f"}, []string{"8d3f0a1b2c3d4e50"}},
		{"ray_id", "contains", []any{"8D3F"}, []string{"8d3f0a1b2c3d4e5f"}, []string{"ff"}},
		{"allowed", "=", []any{true}, []string{"true"}, []string{"false", absent}},
		{"allowed", "=", []any{"1"}, []string{"true"}, []string{"false"}},
		{"allowed", "!=", []any{"TRUE"}, []string{"false", absent}, []string{"true"}},
		{"ip_address", "=", []any{"2001:DB8::1"}, []string{"2001:db8::1"}, []string{"2001:db8::2"}},
		{"outcome", "!=", []any{"blocked"}, []string{"allowed"}, []string{"blocked"}},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.field, test.operator, test.values), func(t *testing.T) {
			f := compile(t, "access_requests", test.field, test.operator, test.values...)
			for _, text := range test.pass {
				require.True(t, f.Match(text, text != absent), text)
			}
			for _, text := range test.fail {
				require.False(t, f.Match(text, text != absent), text)
			}
		})
	}
}

func TestMatchNumbers(t *testing.T) {
	for op, want := range map[string][]bool{
		"<": {true, false, false, false}, "<=": {true, true, false, false},
		">": {false, false, true, false}, ">=": {false, true, true, false},
		"=": {false, true, false, false}, "!=": {true, false, true, true},
	} {
		f := compile(t, "failed_logins", "expiration", op, 10)
		got := []bool{f.Match("9", true), f.Match("10.0", true), f.Match("11", true), f.Match("", false)}
		require.Equal(t, want, got, op)
	}
}

func TestMatchTime(t *testing.T) {
	before, at, after := noon.Add(-time.Nanosecond), noon, noon.Add(time.Nanosecond)
	for op, want := range map[string][]bool{
		"<": {true, false, false}, "<=": {true, true, false}, ">": {false, false, true},
		">=": {false, true, true}, "=": {false, true, false}, "!=": {true, false, true},
	} {
		for _, value := range []any{noon.Format(time.RFC3339), noon.UnixMilli(), "2026-11-21T13:00:00+01:00"} {
			f := compile(t, "access_requests", "created_at", op, value)
			require.Equal(t, want, []bool{f.MatchTime(before), f.MatchTime(at), f.MatchTime(after)}, "%s %v", op, value)
		}
	}
}

// A masked filter sees nothing but what answers show, so no question about the value
// behind it gets an answer.
func TestMaskedFiltersCompareWhatIsShown(t *testing.T) {
	q, _ := catalogue.Lookup("access_requests")
	disguise := func(_ *catalogue.Field, v string) string {
		if v == "a@example.com" {
			return shown
		}
		return "p_fedcba9876543210"
	}
	masked := func(field, operator, value string, disguise func(*catalogue.Field, string) string) (*Filter, error) {
		raw, err := json.Marshal(value)
		require.NoError(t, err)
		return compileFilter(q, filterModel{Field: field, Operator: operator, Values: []json.RawMessage{raw}}, disguise, &patternBudget{})
	}
	f, err := masked("user_email", "!=", shown, disguise)
	require.NoError(t, err)
	require.False(t, f.Match("a@example.com", true))
	require.True(t, f.Match("b@example.com", true))
	require.GreaterOrEqual(t, f.Cost(20), int64(200), "a pseudonym is made for each value, which is work")
	require.True(t, f.Match(shown, true), "a value that looks like a pseudonym is hidden too")
	for _, refused := range [][3]string{
		{"user_email", "=", "a@example.com"}, {"user_email", "=~", "^a"}, {"user_email", "contains", shown}, {"ip_address", "=", "192.0.2.1"},
		{"user_id", "=", "6b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e5f"}, {"user_email", "!contains", "a"},
	} {
		_, err := masked(refused[0], refused[1], refused[2], disguise)
		require.ErrorContains(t, err, "because the data source masks identities", "%v", refused)
	}
	_, err = masked("country", "=~", "^G", disguise)
	require.NoError(t, err, "what is not personal is filtered as ever")
	_, err = masked("user_email", "=", shown, func(*catalogue.Field, string) string { return "[redacted]" })
	require.ErrorContains(t, err, "redacts identities")
}

func TestNormalizeRayID(t *testing.T) {
	for text, want := range map[string]string{
		"8d3f0a1b2c3d4e5f":                  "8d3f0a1b2c3d4e5f",
		"8D3F0A1B2C3D4E5F-LHR":              "8d3f0a1b2c3d4e5f",
		" 8d3f 0a1b 2c3d 4e5f ":             "8d3f0a1b2c3d4e5f",
		"Ray ID: 8d3f0a1b2c3d4e5f":          "8d3f0a1b2c3d4e5f",
		"CF-RAY: 8d3f0a1b2c3d4e5f-LHR":      "8d3f0a1b2c3d4e5f",
		"abc":                               "abc",
		"Cloudflare Ray ID: 8d3f":           "",
		"8d3f0a1b2c3d4e5g":                  "",
		"":                                  "",
		"-LHR":                              "",
		"8d3f0a1b2c3d4e5f8d3f0a1b2c3d4e5f0": "",
	} {
		got, ok := NormalizeRayID(text)
		require.Equal(t, want != "", ok, text)
		if ok {
			require.Equal(t, want, got)
		}
	}
}

func TestBlocksOfAddresses(t *testing.T) {
	for name, c := range map[string]struct {
		operator string
		values   string
		in, out  []string
	}{
		"a block":            {"in", `"192.0.2.0/25"`, []string{"192.0.2.0", "192.0.2.127", "::ffff:192.0.2.5"}, []string{"192.0.2.128", "", "2001:db8::1", "somewhere"}},
		"bits left in":       {"in", `" 192.0.2.77/24 "`, []string{"192.0.2.1"}, []string{"192.0.3.1"}},
		"an address":         {"in", `"2001:db8::1"`, []string{"2001:db8::1"}, []string{"2001:db8::2"}},
		"a mapped block":     {"in", `"::ffff:192.0.2.0/120"`, []string{"192.0.2.9"}, []string{"192.0.3.9"}},
		"several":            {"in", `"192.0.2.0/24","2001:db8::/32"`, []string{"192.0.2.9", "2001:db8:9::"}, []string{"198.51.100.1"}},
		"everything but one": {"!in", `"192.0.2.0/24"`, []string{"198.51.100.1", ""}, []string{"192.0.2.9"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Parse([]byte(ar(`"filters":[{"field":"ip_address","operator":"`+c.operator+`","values":[`+c.values+`]}]`)), options())
			require.NoError(t, err)
			for _, address := range c.in {
				require.True(t, r.Filters[0].Match(address, true), address)
			}
			for _, address := range c.out {
				require.False(t, r.Filters[0].Match(address, true), address)
			}
		})
	}
	for _, value := range []string{"192.0.2.0/33", "192.0.2", "", "10.0.0.0/8/8"} {
		_, err := Parse([]byte(ar(`"filters":[{"field":"ip_address","operator":"in","values":["`+value+`"]}]`)), options())
		require.ErrorContains(t, err, "CIDR blocks such as 192.0.2.0/24", value)
	}
}
