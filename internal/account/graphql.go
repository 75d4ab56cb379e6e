package account

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// Node is a part of a query that asks for groups, with its variables filled in.
type Node struct {
	Alias      string
	Filter     map[string]any
	Limit      int
	OrderBy    []string
	Dimensions []string
	fields     ast.SelectionSet
	metrics    int // fields beside the dimensions
}

// query is what a call to GraphQL asks.
type query struct {
	root      ast.SelectionSet
	variables map[string]any
	err       error
}

func parseQuery(body []byte) query {
	var request struct {
		Query     string
		Variables map[string]any
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return query{err: fmt.Errorf("error parsing args: %w", err)}
	}
	document, err := parser.ParseQuery(&ast.Source{Input: request.Query})
	if err != nil {
		return query{err: fmt.Errorf("error parsing args: %w", err)}
	}
	if len(document.Operations) != 1 {
		return query{err: fmt.Errorf("error parsing args: %d operations", len(document.Operations))}
	}
	operation, variables := document.Operations[0], map[string]any{}
	if !isPlain(operation.SelectionSet) {
		return query{err: errors.New("error parsing args: the account answers no fragments")}
	}
	for _, definition := range operation.VariableDefinitions {
		if definition.DefaultValue != nil {
			variables[definition.Variable], _ = definition.DefaultValue.Value(nil) // a constant
		}
	}
	maps.Copy(variables, request.Variables)
	return query{root: operation.SelectionSet, variables: variables}
}

// isPlain says whether a selection has fields alone, and no fragments.
func isPlain(set ast.SelectionSet) bool {
	return !slices.ContainsFunc(set, func(selection ast.Selection) bool {
		f, ok := selection.(*ast.Field)
		return !ok || !isPlain(f.SelectionSet)
	})
}

func fieldsOf(set ast.SelectionSet) []*ast.Field {
	var fields []*ast.Field
	for _, selection := range set {
		if f, ok := selection.(*ast.Field); ok {
			fields = append(fields, f)
		}
	}
	return fields
}

// inAccounts are the fields of viewer { accounts } that have a name.
func (q query) inAccounts(name string) []*ast.Field {
	found := []*ast.Field{{SelectionSet: q.root}}
	for _, step := range []string{"viewer", "accounts", name} {
		var inner []*ast.Field
		for _, f := range found {
			for _, f := range fieldsOf(f.SelectionSet) {
				if f.Name == step {
					inner = append(inner, f)
				}
			}
		}
		found = inner
	}
	return found
}

func (q query) asksSettings() bool { return len(q.inAccounts("settings")) > 0 }

// nodes are those that can be read; a query with others is refused.
func (q query) nodes() []Node {
	var nodes []Node
	for _, f := range q.inAccounts(dataset) {
		if n, err := q.node(f); err == nil {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

func (q query) node(f *ast.Field) (Node, error) {
	arguments, err := q.arguments(f)
	if err != nil {
		return Node{}, err
	}
	n := Node{Alias: f.Alias, fields: f.SelectionSet}
	var ok bool
	if n.Filter, ok = arguments["filter"].(map[string]any); !ok {
		return n, errors.New("error parsing args: filter is not an object")
	}
	limit, err := number(arguments["limit"])
	if n.Limit = int(limit); err != nil {
		return n, fmt.Errorf("error parsing args: limit: %w", err)
	}
	for _, order := range listed(arguments["orderBy"]) {
		n.OrderBy = append(n.OrderBy, fmt.Sprint(order))
	}
	for _, f := range fieldsOf(f.SelectionSet) {
		if f.Name != "dimensions" {
			n.metrics++
			continue
		}
		for _, f := range fieldsOf(f.SelectionSet) {
			n.Dimensions = append(n.Dimensions, f.Name)
		}
	}
	return n, nil
}

func (q query) arguments(f *ast.Field) (map[string]any, error) {
	arguments := map[string]any{}
	for _, argument := range f.Arguments {
		value, err := argument.Value.Value(q.variables)
		if err != nil {
			return nil, fmt.Errorf("error parsing args: %w", err)
		}
		arguments[argument.Name] = value
	}
	return arguments, nil
}

// AsksSettings says whether a call is one to GraphQL for the account's limits, for
// a Config.Before that tells these calls apart.
func AsksSettings(r *http.Request) bool {
	if r.URL.Path != graphQLPath {
		return false
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return parseQuery(body).asksSettings()
}

// serveGraphQL answers queries of viewer { accounts { settings, dataset } } with
// any aliases. It refuses what Cloudflare refuses.
func (a *Account) serveGraphQL(w http.ResponseWriter, q query) {
	data, err := a.state.Load().execute(q)
	if err != nil {
		a.calls.refuse(err.Error())
		fail(w, GraphQLRefusal(err.Error(), ""))
		return
	}
	writeRow(w, Row{"data": data, "errors": nil})
}

func (s *state) execute(q query) (any, error) {
	if q.err != nil {
		return nil, q.err
	}
	g := s.GraphQL.withDefaults()
	if n := len(q.inAccounts(dataset)); n > g.MaxNodes {
		return nil, fmt.Errorf("too many nodes, zones and accounts: %d", n)
	}
	return object(q.root, map[string]resolver{"viewer": func(f *ast.Field) (any, error) {
		return object(f.SelectionSet, map[string]resolver{"accounts": func(f *ast.Field) (any, error) {
			arguments, err := q.arguments(f)
			if filter, _ := arguments["filter"].(map[string]any); err == nil && filter["accountTag"] != ID {
				err = errors.New("not authorized for that account")
			}
			if err != nil {
				return nil, err
			}
			account, err := object(f.SelectionSet, map[string]resolver{
				"settings": func(f *ast.Field) (any, error) { return g.settings(f) },
				dataset:    func(f *ast.Field) (any, error) { return s.groups(q, f, g) },
			})
			return []any{account}, err
		}})
	}})
}

// resolver answers a field.
type resolver func(f *ast.Field) (any, error)

// object answers each field of a selection under its alias.
func object(set ast.SelectionSet, fields map[string]resolver) (map[string]any, error) {
	result := map[string]any{}
	for _, f := range fieldsOf(set) {
		resolve := fields[f.Name]
		if resolve == nil {
			return nil, fmt.Errorf("unknown field %q", f.Name)
		}
		value, err := resolve(f)
		if err != nil {
			return nil, err
		}
		result[f.Alias] = value
	}
	return result, nil
}

// groups answers a node.
func (s *state) groups(q query, f *ast.Field, g GraphQL) (any, error) {
	n, err := q.node(f)
	if err != nil {
		return nil, err
	}
	now := s.now()
	if err := g.refuse(n, now); err != nil {
		return nil, err
	}
	passes, err := conditions{s.logins, g.WholeSeconds}.compile(n.Filter)
	if err != nil {
		return nil, err
	}
	// What the filter says of datetime holds for the second that a login is in.
	from, to, err := timeRange(n.Filter)
	if err != nil {
		return nil, err
	}
	lo, hi := after(s.logins, from.Add(-time.Second).UnixNano()), after(s.logins, to.Add(time.Second).UnixNano())
	list := countGroups(s.logins, lo, hi, func(i int) bool { return passes(i) && s.logins.visible(i, now) }, n.Dimensions)
	if err := sortGroups(list, n.Dimensions, n.OrderBy); err != nil {
		return nil, err
	}
	return n.encode(list[:min(n.Limit, len(list))], g.SampleInterval)
}

// encode writes groups as a node selects them.
func (n Node) encode(list []*group, sampled int64) (json.RawMessage, error) {
	var members []func(b []byte, g *group) []byte
	first := 0 // dimension of the next field
	for _, f := range fieldsOf(n.fields) {
		inner, start := fieldsOf(f.SelectionSet), first
		switch f.Name {
		case "count":
			members = append(members, func(b []byte, g *group) []byte { return strconv.AppendInt(b, g.count*sampled, 10) })
		case "avg":
			average, err := object(f.SelectionSet, map[string]resolver{"sampleInterval": func(*ast.Field) (any, error) { return sampled, nil }})
			if err != nil {
				return nil, err
			}
			same, _ := json.Marshal(average) // numbers alone never fail
			members = append(members, func(b []byte, _ *group) []byte { return append(b, same...) })
		case "dimensions":
			first += len(inner)
			members = append(members, func(b []byte, g *group) []byte {
				return appendObject(b, inner, func(b []byte, k int) []byte { return appendValue(b, inner[k].Name, g.values[start+k]) })
			})
		default:
			return nil, fmt.Errorf("unknown field %q", f.Name)
		}
	}
	fields := fieldsOf(n.fields)
	b := []byte{'['}
	for i, g := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendObject(b, fields, func(b []byte, k int) []byte { return members[k](b, g) })
	}
	return append(b, ']'), nil
}

// appendObject writes fields under their aliases.
func appendObject(b []byte, fields []*ast.Field, member func(b []byte, k int) []byte) []byte {
	b = append(b, '{')
	for k, f := range fields {
		if k > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), f.Alias...), `":`...)
		b = member(b, k)
	}
	return append(b, '}')
}
