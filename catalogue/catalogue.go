// Package catalogue says what can be asked of Cloudflare Access: its query
// types, their fields, and how each filter reaches Cloudflare. The JSON files
// beside this one are the only place where that is written; schema.json
// describes them, index.ts is this loader's twin for the browser half.
package catalogue

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

//go:embed *.json
var files embed.FS

// Kind is the type of a field's values.
type Kind string

// The kinds of values. Time and number are typed columns, boolean is a bool
// column, json is a JSON column, all others are strings.
const (
	KindTime     Kind = "time"
	KindString   Kind = "string"
	KindBoolean  Kind = "boolean"
	KindEnum     Kind = "enum"
	KindEmail    Kind = "email"
	KindIP       Kind = "ip"
	KindCountry  Kind = "country"
	KindRayID    Kind = "rayId"
	KindUUID     Kind = "uuid"
	KindJSON     Kind = "json"
	KindNumber   Kind = "number"
	KindDuration Kind = "duration"
)

// Operator compares a field with the values of a filter.
type Operator string

// Operators. Equal and the other positive ones hold if any of the values fits,
// the negative ones if none does.
const (
	Equal          Operator = "="
	NotEqual       Operator = "!="
	Contains       Operator = "contains"
	NotContains    Operator = "!contains"
	Matches        Operator = "=~"
	NotMatches     Operator = "!~"
	Less           Operator = "<"
	LessOrEqual    Operator = "<="
	Greater        Operator = ">"
	GreaterOrEqual Operator = ">="
	In             Operator = "in"
	NotIn          Operator = "!in"
)

// Operators lists every operator, in the order in which editors show them.
var Operators = []Operator{Equal, NotEqual, Contains, NotContains, Matches, NotMatches, Less, LessOrEqual, Greater, GreaterOrEqual, In, NotIn}

// OtherField is the JSON column that keeps what an upstream row holds beyond
// the catalogue.
const OtherField = "other"

// Encoding is how Cloudflare writes a value whose kind alone does not say it.
type Encoding string

const (
	// EpochSeconds are times written as seconds since 1970. Times without an
	// encoding are RFC 3339.
	EpochSeconds Encoding = "epochSeconds"
	// Length are numbers of which Cloudflare sends the list that they count.
	Length Encoding = "length"
)

// QueryType is one surface of Cloudflare Access that can be queried.
type QueryType struct {
	Name string `json:"queryType"`
	// Order is the place in pickers and lists.
	Order       int    `json:"order"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Noun        Noun   `json:"noun"`
	// Count names the column with the number of events of a group.
	Count    string  `json:"count,omitempty"`
	Outcome  Outcome `json:"outcome,omitzero"`
	API      string  `json:"api"`
	Endpoint string  `json:"endpoint"`
	// Parameters are those that Cloudflare documents to get a part of a REST list.
	Parameters     []string  `json:"parameters,omitempty"`
	Permission     string    `json:"permission"`
	PermissionNote string    `json:"permissionNote,omitempty"`
	Retention      Retention `json:"retention"`
	Documentation  string    `json:"documentation"`
	TimeFieldName  string    `json:"timeField,omitempty"`
	// Formats are the shapes that an answer can have; empty for all.
	Formats []string `json:"formats,omitempty"`
	// Parts are the tables that an answer consists of. Without any, answers hold
	// events: only then there are Count, TimeFieldName and LogLine.
	Parts []Part `json:"parts,omitempty"`
	// Inventory says that rows are what there is now. They have no time, so the time
	// range does not apply to them, and come from a list that the directory keeps.
	Inventory       bool      `json:"inventory,omitempty"`
	MinIntervalMS   int64     `json:"minIntervalMs,omitempty"`
	RequiredFilters []string  `json:"requiredFilters"`
	LogLine         string    `json:"logLine,omitempty"`
	Examples        []Example `json:"examples"`
	Fields          []*Field  `json:"fields"`
	byName          map[string]int
}

// Noun is what an event of the query type is called.
type Noun struct {
	One  string `json:"one"`
	Many string `json:"many"`
}

// Title is the noun for many at the start of a sentence.
func (n Noun) Title() string { return strings.ToUpper(n.Many[:1]) + n.Many[1:] }

// Outcome names the field that says how an event went, and its two values. It
// is empty where events have no outcome.
type Outcome struct {
	Field    string `json:"field"`
	Accepted string `json:"accepted"`
	Refused  string `json:"refused"`
}

// Retention says how far back Cloudflare answers.
type Retention struct {
	Text string `json:"text"`
	// MaxDays is what the largest plan keeps; 0 where Cloudflare does not say.
	MaxDays int `json:"maxDays,omitempty"`
}

// Example is a query that shows what the query type is for.
type Example struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Query       json.RawMessage `json:"query"`
}

// Field is one field of a query type.
type Field struct {
	Name        string   `json:"name"`
	Label       string   `json:"label"`
	Description string   `json:"description"`
	Kind        Kind     `json:"kind"`
	Path        []string `json:"path,omitempty"`
	Encoding    Encoding `json:"encoding,omitempty"`
	// GrainMS says that the field is the event's time cut to so many milliseconds,
	// so that a filter on it is one on the time range; 0 where it is not, or where
	// Cloudflare's precision is not known.
	GrainMS   int64      `json:"grainMs,omitempty"`
	Derived   *Derived   `json:"derived,omitempty"`
	Operators []Operator `json:"operators"`
	// Upstream says how an operator is pushed to Cloudflare; an operator that is
	// absent is applied by the data source alone.
	Upstream    map[Operator]Push `json:"upstream,omitempty"`
	GraphQLType string            `json:"graphqlType,omitempty"`
	Documented  bool              `json:"documented,omitempty"`
	Optional    bool              `json:"optional,omitempty"`
	FilterOnly  bool              `json:"filterOnly,omitempty"`
	Extra       bool              `json:"extra,omitempty"`
	Wraps       bool              `json:"wraps,omitempty"`
	MarksRow    bool              `json:"marksRow,omitempty"`
	Groupable   bool              `json:"groupable"`
	Personal    bool              `json:"personal"`
	Suggest     string            `json:"suggest,omitempty"`
	Values      []Value           `json:"values,omitempty"`
	Links       []Link            `json:"links,omitempty"`
}

// Value is one value of an enumeration.
type Value struct {
	Value string `json:"value"`
	Text  string `json:"text"`
	Color string `json:"color,omitempty"`
}

// Link opens another query in Explore, filtered by the field's value, or by that of
// the column Of in the same row.
type Link struct {
	Title     string `json:"title"`
	QueryType string `json:"queryType"`
	Field     string `json:"field"`
	Of        string `json:"of,omitempty"`
}

var all = mustLoad()

// schemaFile describes the others; it is no query type.
const schemaFile = "schema.json"

func mustLoad() []*QueryType {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err)
	}
	var types []*QueryType
	for _, entry := range entries {
		if entry.Name() == schemaFile {
			continue
		}
		b, err := files.ReadFile(entry.Name())
		if err != nil {
			panic(err)
		}
		q := &QueryType{}
		if err := json.Unmarshal(b, q); err != nil {
			panic(fmt.Errorf("catalogue/%s: %w", entry.Name(), err))
		}
		q.byName = make(map[string]int, len(q.Fields))
		for i, f := range q.Fields {
			q.byName[f.Name] = i
		}
		types = append(types, q)
	}
	slices.SortFunc(types, func(a, b *QueryType) int { return cmp.Compare(a.Order, b.Order) })
	return types
}

// All returns the query types in the order in which editors show them.
func All() []*QueryType { return slices.Clone(all) }

// Names returns the wire values of all query types.
func Names() []string {
	names := make([]string, len(all))
	for i, q := range all {
		names[i] = q.Name
	}
	return names
}

// Lookup finds a query type by its wire value.
func Lookup(name string) (*QueryType, bool) {
	for _, q := range all {
		if q.Name == name {
			return q, true
		}
	}
	return nil, false
}

// Field finds a field by its name.
func (q *QueryType) Field(name string) (*Field, bool) {
	i, ok := q.byName[name]
	if !ok {
		return nil, false
	}
	return q.Fields[i], true
}

// TimeField is the field that places a row on the time axis.
func (q *QueryType) TimeField() *Field {
	f, ok := q.Field(q.TimeFieldName)
	if !ok {
		panic("catalogue: " + q.Name + " has no time field")
	}
	return f
}

// MinInterval is the shortest bucket of a series.
func (q *QueryType) MinInterval() time.Duration {
	return time.Duration(max(q.MinIntervalMS, 1)) * time.Millisecond
}
