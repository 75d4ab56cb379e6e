package account

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// dataset is the one GraphQL dataset that the account has.
const dataset = "accessLoginRequestsAdaptiveGroups"

// serveGraphQL answers queries of viewer { accounts { settings, dataset } } with
// any aliases. It refuses what Cloudflare refuses: a range that is too long or
// too old, and a page that is too large.
func (a *Account) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	data, err := a.execute(r)
	answer := map[string]any{"data": data, "errors": nil}
	if err != nil {
		answer = map[string]any{"data": nil, "errors": []any{map[string]any{"message": err.Error(), "path": nil}}}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		badRequest(w, err)
		return
	}
	writeJSON(w, http.StatusOK, body)
}

func (a *Account) execute(r *http.Request) (any, error) {
	var request struct {
		Query     string
		Variables map[string]any
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return nil, fmt.Errorf("error parsing args: %w", err)
	}
	document, err := parser.ParseQuery(&ast.Source{Input: request.Query})
	if err != nil {
		return nil, fmt.Errorf("error parsing args: %w", err)
	}
	if len(document.Operations) != 1 {
		return nil, fmt.Errorf("error parsing args: %d operations", len(document.Operations))
	}
	variables := request.Variables
	return object(document.Operations[0].SelectionSet, func(f *ast.Field) (any, error) {
		return object(f.SelectionSet, func(f *ast.Field) (any, error) {
			account, err := object(f.SelectionSet, func(f *ast.Field) (any, error) { return a.accountField(f, variables) })
			return []any{account}, err
		})
	})
}

func (a *Account) accountField(f *ast.Field, variables map[string]any) (any, error) {
	switch f.Name {
	case "settings":
		return object(f.SelectionSet, func(*ast.Field) (any, error) { return a.settings(), nil })
	case dataset:
		return a.groups(f, variables)
	}
	return nil, fmt.Errorf("unknown field %q", f.Name)
}

// object answers each field of a selection under its alias.
func object(set ast.SelectionSet, resolve func(f *ast.Field) (any, error)) (map[string]any, error) {
	result := map[string]any{}
	for _, selection := range set {
		f, ok := selection.(*ast.Field)
		if !ok {
			return nil, fmt.Errorf("error parsing args: fragments are not answered")
		}
		value, err := resolve(f)
		if err != nil {
			return nil, err
		}
		result[f.Alias] = value
	}
	return result, nil
}

func (a *Account) settings() map[string]any {
	m := a.config.Minutes
	if m == nil {
		return map[string]any{"enabled": false}
	}
	fields := []string{"count", "avg_sampleInterval"}
	for _, name := range slices.Sorted(maps.Keys(dimensions)) {
		fields = append(fields, "dimensions_"+name)
	}
	return map[string]any{"enabled": true, "availableFields": fields, "maxNumberOfFields": 30,
		"maxDuration": int(m.MaxDuration.Seconds()), "maxPageSize": m.MaxPageSize,
		"notOlderThan": int(m.NotOlderThan.Seconds())}
}

func (a *Account) groups(f *ast.Field, variables map[string]any) (any, error) {
	if a.config.Minutes == nil {
		return nil, fmt.Errorf("does not have access to the path")
	}
	arguments := map[string]any{}
	for _, argument := range f.Arguments {
		value, err := argument.Value.Value(variables)
		if err != nil {
			return nil, fmt.Errorf("error parsing args: %w", err)
		}
		arguments[argument.Name] = value
	}
	limit, err := whole(arguments["limit"])
	if err != nil || limit < 1 || limit > a.config.Minutes.MaxPageSize {
		return nil, fmt.Errorf("limit must be positive number and not greater than %d", a.config.Minutes.MaxPageSize)
	}
	from, to, err := a.timeRange(arguments["filter"])
	if err != nil {
		return nil, err
	}
	names, err := selectedDimensions(f.SelectionSet)
	if err != nil {
		return nil, err
	}
	list, err := groups(a.config.Minutes.between(from, to), names, texts(arguments["orderBy"]), limit)
	if err != nil {
		return nil, err
	}
	return encodeGroups(list, names), nil
}

// selectedDimensions are the dimensions of a selection that has a count, and may
// have the average sample interval. The account answers no aliases in it.
func selectedDimensions(set ast.SelectionSet) ([]string, error) {
	var names []string
	_, err := object(set, func(f *ast.Field) (any, error) {
		switch {
		case f.Alias != f.Name:
			return nil, fmt.Errorf("the account answers no alias of %s", f.Name)
		case f.Name == "count", f.Name == "avg":
			return nil, nil
		case f.Name != "dimensions":
			return nil, fmt.Errorf("unknown field %q", f.Name)
		}
		for _, selection := range f.SelectionSet {
			dimension, ok := selection.(*ast.Field)
			if !ok || dimension.Alias != dimension.Name {
				return nil, fmt.Errorf("the account answers plain dimensions only")
			}
			names = append(names, dimension.Name)
		}
		return nil, nil
	})
	return names, err
}

func encodeGroups(list []*group, names []string) json.RawMessage {
	b := []byte{'['}
	for i, g := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"count":%d,"avg":{"sampleInterval":1},"dimensions":{`, g.count)
		for k, name := range names {
			if k > 0 {
				b = append(b, ',')
			}
			b = append(b, '"')
			b = append(b, name...)
			b = append(b, '"', ':')
			b = append(b, g.values[k]...)
		}
		b = append(b, '}', '}')
	}
	return append(b, ']')
}

// timeRange reads the bounds on datetime: from from to before to. The account
// answers no other filter.
func (a *Account) timeRange(filter any) (from, to time.Time, err error) {
	conditions, err := flatten(filter)
	if err != nil {
		return from, to, err
	}
	for name, value := range conditions {
		at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(value))
		if err != nil {
			return from, to, fmt.Errorf("error parsing args: %s: %w", name, err)
		}
		switch name {
		case "datetime_geq":
			from = latest(from, at)
		case "datetime_gt":
			from = latest(from, at.Add(1))
		case "datetime_leq":
			to = at.Add(1)
		case "datetime_lt":
			to = at
		default:
			return from, to, fmt.Errorf("the account answers no filter %q", name)
		}
	}
	m := a.config.Minutes
	now := time.Now()
	switch {
	case from.IsZero() || to.IsZero():
		return from, to, fmt.Errorf("the account answers no open time range")
	case from.Before(now.Add(-m.NotOlderThan)):
		return from, to, fmt.Errorf("cannot request data older than %ds", int(m.NotOlderThan.Seconds()))
	case to.Sub(from) > m.MaxDuration:
		return from, to, fmt.Errorf("query time range is too large, it can be at most %ds", int(m.MaxDuration.Seconds()))
	}
	if to.After(now) {
		to = now
	}
	return from, to, nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// flatten takes the conditions out of nested ANDs.
func flatten(filter any) (map[string]any, error) {
	conditions, ok := filter.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("error parsing args: filter is not an object")
	}
	flat := map[string]any{}
	for name, value := range conditions {
		if name != "AND" {
			flat[name] = value
			continue
		}
		parts, _ := value.([]any)
		for _, part := range parts {
			inner, err := flatten(part)
			if err != nil {
				return nil, err
			}
			maps.Copy(flat, inner)
		}
	}
	return flat, nil
}

// whole reads a number that stands in the query or came as a JSON variable.
func whole(value any) (int, error) {
	switch n := value.(type) {
	case int64:
		return int(n), nil
	case float64:
		return int(n), nil
	}
	return 0, fmt.Errorf("%v is not a number", value)
}

// texts reads a list of names, or a single one.
func texts(value any) []string {
	if list, ok := value.([]any); ok {
		names := make([]string, len(list))
		for i, item := range list {
			names[i] = fmt.Sprint(item)
		}
		return names
	}
	return strings.Fields(fmt.Sprint(value))
}
