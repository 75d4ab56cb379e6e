package query

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

// FuzzRayID: what is taken for a Ray ID stays the same Ray ID, however it is pasted.
func FuzzRayID(f *testing.F) {
	for _, seed := range []string{"8d3f0a1b2c3d4e5f", "8D3F0A1B2C3D4E5F-LHR", " Ray ID: 8d3f 0a1b ", "", "-", "0", "rayid:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := NormalizeRayID(text)
		if !ok {
			return
		}
		require.Regexp(t, "^[0-9a-f]{1,32}$", id)
		for _, pasted := range []string{id, strings.ToUpper(id), " " + id + "-LHR ", "Ray ID: " + id} {
			again, ok := NormalizeRayID(pasted)
			require.True(t, ok, pasted)
			require.Equal(t, id, again)
		}
	})
}

// FuzzNormalize: a value of any kind has one normal form, which is readable.
func FuzzNormalize(f *testing.F) {
	kinds := []catalogue.Kind{catalogue.KindTime, catalogue.KindString, catalogue.KindBoolean, catalogue.KindEnum, catalogue.KindEmail, catalogue.KindIP,
		catalogue.KindCountry, catalogue.KindRayID, catalogue.KindUUID, catalogue.KindJSON, catalogue.KindNumber}
	for i := range kinds {
		for _, seed := range []string{"", "true", "1", "gb", "192.0.2.1", "2001:DB8::1", "2026-06-01T12:00:00.5+02:00", "0001-01-01T00:00:00Z", "NaN", "1e400", `{"a":1}`} {
			f.Add(uint8(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		field := &catalogue.Field{Name: "x", Kind: kinds[int(kind)%len(kinds)]}
		normal, ok := Normalize(field, text)
		if !ok {
			return
		}
		require.True(t, Readable(field, text, false), "%s %q", field.Kind, text)
		again, ok := Normalize(field, normal)
		require.True(t, ok, "%s %q", field.Kind, normal)
		require.Equal(t, normal, again, field.Kind)
	})
}

// FuzzPattern: a pattern is either refused or compiled to a program that is hardly
// larger than what was booked for it.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{"", "a", "^8d(3f|40)", "(a{10}b?){90}", "(?i)[a-z]{1,100}", `\pL*`, "(a*)*b", "[^\\x00-\\x{10FFFF}]", "((a{2}){3}){4}", "(?:x{0,3}){2,}", "a{5,}"} {
		f.Add(seed)
	}
	field, _ := catalogue.Lookup("access_requests")
	name, _ := field.Field("app_name")
	f.Fuzz(func(t *testing.T, pattern string) {
		filter := &Filter{Field: name, Operator: catalogue.Matches, Values: []string{pattern}}
		budget := &patternBudget{}
		if err := filter.compile(budget); err != nil {
			return
		}
		tree, err := syntax.Parse(pattern, syntax.Perl)
		require.NoError(t, err)
		program, err := syntax.Compile(tree.Simplify())
		require.NoError(t, err)
		require.LessOrEqual(t, len(program.Inst), 3*budget.size+8, "%q", pattern)
		require.Positive(t, filter.Cost(10))
		for _, text := range []string{"", "a", pattern} {
			require.Equal(t, regexp.MustCompile(pattern).MatchString(text), filter.Match(text, true))
		}
	})
}
