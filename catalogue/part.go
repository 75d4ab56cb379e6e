package catalogue

// Part is one of the tables that an answer consists of. FieldNames are its columns
// in their order.
type Part struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	FieldNames  []string `json:"fields"`
}

// HasEvents says whether answers hold events, which have a time. What goes by time,
// or by the order of events, is for these query types alone.
func (q *QueryType) HasEvents() bool { return q.HasRows() && !q.Inventory }

// HasRows says whether answers hold rows of a log or of a list, which can be filtered,
// counted and suggested from.
func (q *QueryType) HasRows() bool { return len(q.Parts) == 0 }

// FieldsOf are the columns of a part in their order.
func (q *QueryType) FieldsOf(p Part) []*Field {
	fields := make([]*Field, len(p.FieldNames))
	for i, name := range p.FieldNames {
		f, ok := q.Field(name)
		if !ok {
			panic("catalogue: " + q.Name + " has no field " + name)
		}
		fields[i] = f
	}
	return fields
}

// Filterable are the fields that a query can filter by.
func (q *QueryType) Filterable() []*Field {
	var out []*Field
	for _, f := range q.Fields {
		if len(f.Operators) > 0 {
			out = append(out, f)
		}
	}
	return out
}
