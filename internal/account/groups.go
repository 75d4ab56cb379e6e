package account

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// refuse says what Cloudflare says to a node that asks for too much, or for what
// the account does not have. https://developers.cloudflare.com/analytics/graphql-api/errors/
func (g GraphQL) refuse(n Node, now time.Time) error {
	if g.Disabled {
		return errors.New("account does not have access to the path")
	}
	for _, name := range n.Dimensions {
		if _, ok := dimensions[name]; !ok {
			return fmt.Errorf("unknown field %q", name)
		}
		if slices.Contains(g.Unavailable, name) || slices.Contains(g.Denied, name) {
			return fmt.Errorf("account does not have access to the field '%s'", strings.ToLower(name))
		}
	}
	from, to, err := timeRange(n.Filter)
	if err != nil {
		return err
	}
	// A limit may be held against whole seconds, and taken strictly.
	from, to = from.Truncate(time.Second), to.Add(time.Second-1).Truncate(time.Second)
	switch {
	case len(n.Dimensions)+n.metrics > g.MaxFields:
		return fmt.Errorf("number of fields can't be more than %d", g.MaxFields)
	case n.Limit < 1 || n.Limit > g.MaxPageSize:
		return fmt.Errorf("limit must be positive number and not greater than %d", g.MaxPageSize)
	case from.Year() <= 1 || to.Year() <= 1:
		return errors.New("the account answers no open time range")
	case from.Before(now.Add(-g.NotOlderThan)):
		return fmt.Errorf("cannot request data older than %ds", int(g.NotOlderThan.Seconds()))
	case to.Sub(from) >= g.MaxDuration:
		return fmt.Errorf("query time range is too large, it can be at most %ds", int(g.MaxDuration.Seconds()))
	}
	return nil
}

// conditions makes a filter a test of logins: all of its members must hold.
type conditions struct {
	source loginSource
	// wholeSeconds cuts the operands of datetime to seconds.
	wholeSeconds bool
}

func (c conditions) compile(filter map[string]any) (func(i int) bool, error) {
	var tests []func(i int) bool
	for key, operand := range filter {
		test, err := c.member(key, operand)
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
	}
	return func(i int) bool {
		for _, test := range tests {
			if !test(i) {
				return false
			}
		}
		return true
	}, nil
}

func (c conditions) member(key string, operand any) (func(i int) bool, error) {
	if key != "AND" && key != "OR" {
		return c.field(key, operand)
	}
	var parts []func(i int) bool
	for _, part := range listed(operand) {
		inner, ok := part.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("error parsing args: a member of %s is not an object", key)
		}
		test, err := c.compile(inner)
		if err != nil {
			return nil, err
		}
		parts = append(parts, test)
	}
	any := key == "OR"
	return func(i int) bool {
		for _, holds := range parts {
			if holds(i) == any {
				return any
			}
		}
		return !any
	}, nil
}

// operators are suffixes of a filter's names, so that those that end like others
// come first.
var operators = []string{"_notlike", "_notin", "_like", "_neq", "_geq", "_leq", "_in", "_gt", "_lt"}

func (c conditions) field(key string, operand any) (func(i int) bool, error) {
	name, operator := key, ""
	for _, suffix := range operators {
		if base, ok := strings.CutSuffix(key, suffix); ok {
			name, operator = base, suffix
			break
		}
	}
	d, ok := dimensions[name]
	inList, like := strings.HasSuffix(operator, "in"), strings.HasSuffix(operator, "like")
	// Times have no _like in Cloudflare's schema, and flags take bytes for lists.
	if !ok || like && d.kind != text || inList && d.kind == flag {
		return nil, fmt.Errorf("error parsing args: the account answers no filter %q", key)
	}
	read := reader(c.source, name)
	operands := []any{operand}
	if inList {
		operands = listed(operand)
	}
	values := make([]value, len(operands))
	for i, operand := range operands {
		var err error
		if values[i], err = c.operand(name, operand); err != nil {
			return nil, fmt.Errorf("error parsing args: %s: %w", key, err)
		}
	}
	switch {
	case inList:
		return func(i int) bool { return slices.Contains(values, read(i)) == (operator == "_in") }, nil
	case like:
		pattern := "(?s)^" + strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(values[0].text)) + "$"
		matches := regexp.MustCompile(pattern).MatchString
		return func(i int) bool { return matches(read(i).text) == (operator == "_like") }, nil
	}
	return func(i int) bool { return holds(operator, read(i).compare(values[0])) }, nil
}

// holds says whether an operator holds, given how two values compare.
func holds(operator string, c int) bool {
	switch operator {
	case "_neq":
		return c != 0
	case "_gt":
		return c > 0
	case "_geq":
		return c >= 0
	case "_lt":
		return c < 0
	case "_leq":
		return c <= 0
	}
	return c == 0
}

// operand reads what a dimension is compared with.
func (c conditions) operand(name string, operand any) (value, error) {
	if d := dimensions[name]; d.kind == flag {
		n, err := number(operand)
		return value{number: n}, err
	} else if d.kind == moment {
		at, err := instant(name, operand)
		if c.wholeSeconds {
			at = at.Truncate(time.Second)
		}
		return value{number: at.UnixNano()}, err
	}
	text, ok := operand.(string)
	if !ok {
		return value{}, fmt.Errorf("%v is not a string", operand)
	}
	return value{text: text}, nil
}

func instant(name string, operand any) (time.Time, error) {
	text, _ := operand.(string)
	if name == "date" {
		return time.Parse(time.DateOnly, text)
	}
	return time.Parse(time.RFC3339Nano, text)
}

// timeRange is what a filter allows datetime to be, from from to to. Conditions
// in an OR do not count.
func timeRange(filter map[string]any) (from, to time.Time, err error) {
	narrow := func(low, high time.Time) {
		if low.After(from) {
			from = low
		}
		if to.IsZero() || !high.IsZero() && high.Before(to) {
			to = high
		}
	}
	for key, operand := range filter {
		if key == "AND" {
			for _, part := range listed(operand) {
				inner, _ := part.(map[string]any)
				low, high, failed := timeRange(inner)
				if failed != nil {
					return from, to, failed
				}
				narrow(low, high)
			}
			continue
		}
		operator, ok := strings.CutPrefix(key, "datetime")
		if !ok || !slices.Contains([]string{"", "_gt", "_geq", "_lt", "_leq"}, operator) {
			continue
		}
		at, failed := instant("datetime", operand)
		if failed != nil {
			return from, to, fmt.Errorf("error parsing args: %s: %w", key, failed)
		}
		if operator == "" || operator[1] == 'g' {
			narrow(at, time.Time{})
		}
		if operator == "" || operator[1] == 'l' {
			narrow(time.Time{}, at)
		}
	}
	return from, to, nil
}

// countGroups counts the logins that pass by dimensions.
func countGroups(s loginSource, lo, hi int, passes func(i int) bool, names []string) []*group {
	read := make([]func(i int) value, len(names))
	for i, name := range names {
		read[i] = reader(s, name)
	}
	index := map[string]*group{}
	var list []*group
	var key []byte
	values := make([]value, len(read))
	for i := lo; i < hi; i++ {
		if !passes(i) {
			continue
		}
		key = key[:0]
		for k := range read {
			values[k] = read[k](i)
			key = binary.AppendVarint(key, values[k].number)
			key = binary.AppendUvarint(key, uint64(len(values[k].text)))
			key = append(key, values[k].text...)
		}
		g := index[string(key)]
		if g == nil {
			g = &group{values: slices.Clone(values)}
			index[string(key)] = g
			list = append(list, g)
		}
		g.count += s.count(i)
	}
	return list
}

// sortGroups puts groups in the order of orderBy, such as datetimeMinute_ASC.
func sortGroups(list []*group, names, orderBy []string) error {
	compare := make([]func(a, b *group) int, len(orderBy))
	for i, order := range orderBy {
		name, ascending := strings.CutSuffix(order, "_ASC")
		name, descending := strings.CutSuffix(name, "_DESC")
		column := slices.Index(names, name)
		switch {
		case ascending == descending, column < 0 && name != "count" && name != "avg_sampleInterval":
			return fmt.Errorf("error parsing args: cannot order by %s", order)
		case column >= 0:
			compare[i] = func(a, b *group) int { return a.values[column].compare(b.values[column]) }
		case name == "count":
			compare[i] = func(a, b *group) int { return cmp.Compare(a.count, b.count) }
		default: // All groups are sampled alike.
			compare[i] = func(*group, *group) int { return 0 }
		}
		if up := compare[i]; descending {
			compare[i] = func(a, b *group) int { return up(b, a) }
		}
	}
	slices.SortStableFunc(list, func(a, b *group) int {
		for _, c := range compare {
			if order := c(a, b); order != 0 {
				return order
			}
		}
		return 0
	})
	return nil
}
