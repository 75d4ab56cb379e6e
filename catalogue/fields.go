package catalogue

import (
	"slices"
	"strings"
)

// Columns are the fields that rows carry; extra ones only where named is true.
func (q *QueryType) Columns(extra bool) []*Field {
	var out []*Field
	for _, f := range q.Fields {
		if !f.FilterOnly && (extra || !f.Extra) {
			out = append(out, f)
		}
	}
	return out
}

// Groupable are the fields that events can be counted by.
func (q *QueryType) Groupable() []*Field {
	var out []*Field
	for _, f := range q.Fields {
		if f.Groupable {
			out = append(out, f)
		}
	}
	return out
}

// FieldNames joins names for a message that says what is allowed.
func FieldNames(fields []*Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// Allows says whether the field can be filtered with the operator.
func (f *Field) Allows(op Operator) bool { return slices.Contains(f.Operators, op) }
