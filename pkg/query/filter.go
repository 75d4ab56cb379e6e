package query

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

// Filter is one checked condition. Values are normalized by the field's kind:
// country codes in upper case, Ray IDs in lower case without colo, booleans as
// "true" or "false", times as RFC 3339 with nanoseconds.
type Filter struct {
	Field    *catalogue.Field
	Operator catalogue.Operator
	Values   []string
	match    func(text string) bool
	instants []time.Time
	numbers  []float64
	blocks   []netip.Prefix
	disguise func(field *catalogue.Field, value string) string
	cost     cost
}

// Negative says whether the filter keeps what fits none of its values.
func (f *Filter) Negative() bool {
	return f.Operator == catalogue.NotEqual || f.Operator == catalogue.NotContains || f.Operator == catalogue.NotMatches || f.Operator == catalogue.NotIn
}

// Masked says whether the values are what masking shows instead of Cloudflare's
// own. Such a filter cannot be pushed upstream.
func (f *Filter) Masked() bool { return f.disguise != nil }

// Show is what answers show of a value. A masked filter compares nothing else: to
// compare the value itself with what a user sends would give it away.
func (f *Filter) Show(value string) string {
	if f.disguise == nil {
		return value
	}
	return f.disguise(f.Field, value)
}

// With is the same filter on one other value, normalized as Values are.
func (f *Filter) With(value string) (*Filter, error) {
	other := &Filter{Field: f.Field, Operator: f.Operator}
	if err := other.add(value); err != nil {
		return nil, err
	}
	return other, other.compile(&patternBudget{})
}

// String names the filter without its values, which can be personal data.
func (f *Filter) String() string { return f.Field.Name + " " + string(f.Operator) }

// Match says whether a value passes. text is normalized as Values are; an absent
// value (valid false) compares as an empty text, and is neither below, above nor
// equal to any time or number.
func (f *Filter) Match(text string, valid bool) bool {
	if !valid {
		text = ""
	}
	switch {
	case f.instants != nil:
		t, err := ParseTime(text)
		if err != nil {
			return f.Negative()
		}
		return f.MatchTime(t)
	case f.numbers != nil:
		return f.matchNumber(text)
	}
	return f.match(f.Show(text)) != f.Negative()
}

// MatchTime says whether an instant passes, for fields of the kind time.
func (f *Filter) MatchTime(t time.Time) bool {
	hit := slices.ContainsFunc(f.instants, func(v time.Time) bool { return holds(f.Operator, t.Compare(v)) })
	return hit != f.Negative()
}

func (f *Filter) matchNumber(text string) bool {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return f.Negative()
	}
	hit := slices.ContainsFunc(f.numbers, func(v float64) bool {
		switch {
		case n < v:
			return holds(f.Operator, -1)
		case n > v:
			return holds(f.Operator, 1)
		}
		return holds(f.Operator, 0)
	})
	return hit != f.Negative()
}

// holds says whether "a op b" is true, given the sign of a-b; for a negative
// operator whether its positive twin is.
func holds(op catalogue.Operator, sign int) bool {
	switch op {
	case catalogue.Less:
		return sign < 0
	case catalogue.LessOrEqual:
		return sign <= 0
	case catalogue.Greater:
		return sign > 0
	case catalogue.GreaterOrEqual:
		return sign >= 0
	default:
		return sign == 0
	}
}

func compileFilter(q *catalogue.QueryType, m filterModel, disguise func(*catalogue.Field, string) string, budget *patternBudget) (*Filter, error) {
	field, ok := q.Field(m.Field)
	if !ok || len(field.Operators) == 0 {
		return nil, invalid("%s have no field %q to filter by; allowed are %s", strings.ToLower(q.Title), shorten(m.Field), catalogue.FieldNames(q.Filterable()))
	}
	op := catalogue.Operator(m.Operator)
	if !field.Allows(op) {
		return nil, invalid("the filter on %s has the operator %q; allowed are %s", field.Name, shorten(m.Operator), joinOperators(field.Operators))
	}
	f := &Filter{Field: field, Operator: op}
	exact := op == catalogue.Equal || op == catalogue.NotEqual
	if field.Personal {
		switch f.disguise = disguise; {
		case !f.Masked():
		case !pseudonym.MatchString(f.Show("anybody")):
			return nil, invalid("the filter on %s is not allowed, because the data source redacts identities", f)
		case !exact:
			return nil, invalid("the filter on %s is not allowed, because the data source masks identities; use = or != with a pseudonym", f)
		}
	}
	if len(m.Values) == 0 {
		return nil, invalid("the filter on %s has no value; enter at least one", f)
	}
	if len(m.Values) > MaxValues {
		return nil, invalid("the filter on %s has %d values; at most %d are allowed. Use contains or a regular expression instead", f, len(m.Values), MaxValues)
	}
	for i, raw := range m.Values {
		text, err := scalar(raw)
		switch {
		case err != nil:
			err = invalid("the filter on %s has a value that is not a string, a number, or a boolean", f)
		case len(text) > MaxValueLength:
			err = invalid("the filter on %s has a value of %d bytes; at most %d are allowed", f, len(text), MaxValueLength)
		default:
			err = f.add(text)
		}
		if err != nil {
			return nil, invalid("%s%s", err, which(i, len(m.Values)))
		}
	}
	return f, f.compile(budget)
}

func joinOperators(ops []catalogue.Operator) string {
	parts := make([]string, len(ops))
	for i, op := range ops {
		parts[i] = string(op)
	}
	return strings.Join(parts, " ")
}

// add checks and normalizes one value by the field's kind.
func (f *Filter) add(text string) error {
	exact := f.Operator == catalogue.Equal || f.Operator == catalogue.NotEqual
	if f.Masked() {
		if text = strings.TrimSpace(text); text != "" && !pseudonym.MatchString(text) {
			return invalid("the filter on %s takes pseudonyms such as p_0123456789abcdef, because the data source masks identities", f)
		}
		f.Values = append(f.Values, text)
		return nil
	}
	if f.Field.Kind == catalogue.KindRayID && exact {
		text = pastedRayID(text)
	}
	if f.Operator == catalogue.In || f.Operator == catalogue.NotIn {
		block, ok := parseBlock(text)
		if !ok {
			return invalid("the filter on %s takes CIDR blocks such as 192.0.2.0/24, or addresses", f)
		}
		f.blocks = append(f.blocks, block)
		f.Values = append(f.Values, block.String())
		return nil
	}
	normal, ok := Normalize(f.Field, text)
	switch kind := f.Field.Kind; {
	case kind == catalogue.KindTime:
		// People and variables write times in more ways than Cloudflare does.
		t, err := ParseTime(text)
		if err != nil {
			return invalid("the filter on %s takes a time as RFC 3339 (2026-01-31T08:00:00Z) or epoch milliseconds", f)
		}
		f.instants = append(f.instants, t)
		text = t.Format(time.RFC3339Nano)
	case kind == catalogue.KindNumber || kind == catalogue.KindDuration:
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || !ok {
			return invalid("the filter on %s takes a number", f)
		}
		f.numbers = append(f.numbers, n)
	case !ok && (exact || kind == catalogue.KindBoolean):
		return invalid("the filter on %s takes %s", f, takes[kind])
	case exact || kind == catalogue.KindCountry:
		text = normal
	case kind == catalogue.KindRayID && (f.Operator == catalogue.Contains || f.Operator == catalogue.NotContains):
		text = strings.ToLower(strings.TrimSpace(text))
	}
	if exact && f.Field.Kind == catalogue.KindEnum && f.Field.Derived != nil && !slices.ContainsFunc(f.Field.Values, func(v catalogue.Value) bool { return v.Value == text }) {
		return invalid("the filter on %s takes %s", f, joinValues(f.Field.Values))
	}
	f.Values = append(f.Values, text)
	return nil
}

// pseudonym is the form of what masking shows of a person. Where it redacts, it
// shows none.
var pseudonym = regexp.MustCompile(`^p_[0-9a-f]{16}$`)

// takes says what a filter's values must be, by the field's kind.
var takes = map[catalogue.Kind]string{
	catalogue.KindBoolean: "true or false",
	catalogue.KindCountry: "two-letter country codes such as GB",
	catalogue.KindIP:      "IP addresses such as 192.0.2.1; use in for blocks such as 192.0.2.0/24",
	catalogue.KindRayID:   "Ray IDs of up to 16 hexadecimal digits, such as 8d3f0a1b2c3d4e5f or 8d3f0a1b2c3d4e5f-LHR, or the text of a block page with one",
}

func joinValues(values []catalogue.Value) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = v.Value
	}
	return strings.Join(parts, " or ")
}

// compile makes the test that values are put to. budget is what the query's regular
// expressions may come to.
func (f *Filter) compile(budget *patternBudget) error {
	f.cost = cost{flat: 1}
	if f.Masked() {
		f.cost = disguising
	}
	switch f.Operator {
	case catalogue.Equal, catalogue.NotEqual:
		f.cost.flat += int64(len(f.instants) + len(f.numbers))
		set := make(map[string]struct{}, len(f.Values))
		for _, v := range f.Values {
			set[v] = struct{}{}
		}
		f.match = func(text string) bool { _, ok := set[text]; return ok }
	case catalogue.Contains, catalogue.NotContains:
		f.cost.addTexts(len(f.Values))
		f.match = func(text string) bool {
			return slices.ContainsFunc(f.Values, func(v string) bool { return strings.Contains(text, v) })
		}
	case catalogue.Matches, catalogue.NotMatches:
		patterns, err := f.patterns(budget)
		if err != nil {
			return err
		}
		f.match = func(text string) bool {
			return slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(text) })
		}
	case catalogue.In, catalogue.NotIn:
		f.cost.flat += int64(len(f.blocks))
		f.match = func(text string) bool {
			address, err := netip.ParseAddr(text)
			return err == nil && slices.ContainsFunc(f.blocks, func(b netip.Prefix) bool { return b.Contains(address.Unmap().WithZone("")) })
		}
	default:
		f.cost.flat += int64(len(f.instants) + len(f.numbers))
	}
	return nil
}

// which names a value by its place, as its text can be personal data.
func which(i, of int) string {
	if of == 1 {
		return ""
	}
	return fmt.Sprintf(" (value %d of %d)", i+1, of)
}
