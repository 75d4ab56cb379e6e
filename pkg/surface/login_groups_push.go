package surface

import (
	"slices"
	"strings"
	"unicode"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// pushGroupFilter says a filter in Cloudflare's terms, by the catalogue's
// template for its operator. ok is false where GraphQL cannot do it exactly.
func pushGroupFilter(f *query.Filter) (condition map[string]any, ok bool) {
	push, ok := f.Field.Upstream[f.Operator]
	if !ok || f.Masked() {
		return nil, false
	}
	values := upstreamValues(f)
	var each []map[string]any
	for _, value := range values {
		if list, isList := listCondition(push, values); isList {
			return list, true
		}
		one := map[string]any{}
		for parameter, template := range push {
			filled, exact := fillTemplate(parameter, template.Template, value, f.Field.GraphQLType)
			if !exact {
				return nil, false
			}
			one[parameter] = filled
		}
		each = append(each, one)
	}
	switch {
	case len(each) == 0:
		return nil, false
	case len(each) == 1:
		return each[0], true
	case f.Negative():
		return map[string]any{"AND": each}, true
	}
	return map[string]any{"OR": each}, true
}

// listCondition fills templates that take all values at once.
func listCondition(push catalogue.Push, values []string) (map[string]any, bool) {
	condition := map[string]any{}
	for parameter, template := range push {
		if !template.List {
			return nil, false
		}
		list := make([]string, len(values))
		for i, value := range values {
			list[i] = strings.ReplaceAll(template.Template, "{value}", value)
		}
		condition[parameter] = list
	}
	return condition, true
}

// fillTemplate puts one value into a template. A `like` knows wildcards, and how
// to quote them is not documented: values that hold one cannot be pushed.
func fillTemplate(parameter, template, value, graphQLType string) (filled any, exact bool) {
	if graphQLType == "uint8" {
		return map[string]int{"true": 1, "false": 0}[value], true
	}
	if strings.HasSuffix(parameter, "like") && strings.ContainsAny(value, `%_\`) {
		return nil, false
	}
	return strings.ReplaceAll(template, "{value}", value), true
}

// upstreamValues are a filter's values as Cloudflare has them: those of the
// field that a derived one comes from, and every spelling of a country's two
// letters, as Cloudflare's case varies.
func upstreamValues(f *query.Filter) []string {
	if d := f.Field.Derived; d != nil {
		var values []string
		for source, derived := range d.Values {
			if slices.Contains(f.Values, derived) {
				values = append(values, source)
			}
		}
		slices.Sort(values)
		return values
	}
	values := slices.Clone(f.Values)
	if f.Field.Kind == catalogue.KindCountry {
		values = nil
		for _, code := range f.Values {
			values = append(values, spellings(code)...)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// spellings are all ways to write a short text in upper and lower case.
func spellings(text string) []string {
	out := []string{""}
	for _, r := range text {
		letters := []rune{unicode.ToUpper(r)}
		if lower := unicode.ToLower(r); lower != letters[0] {
			letters = append(letters, lower)
		}
		var next []string
		for _, start := range out {
			for _, letter := range letters {
				next = append(next, start+string(letter))
			}
		}
		out = next
	}
	return out
}
