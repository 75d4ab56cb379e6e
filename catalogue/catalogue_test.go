package catalogue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var kinds = []Kind{
	KindTime, KindString, KindBoolean, KindEnum, KindEmail, KindIP,
	KindCountry, KindRayID, KindUUID, KindJSON, KindNumber, KindDuration,
}

// The struct knows every key of the files, and writes every key that it read.
func TestFilesDecodeStrictlyAndBack(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			raw := readObject(t, name+".json")
			if got := string(raw["$schema"]); got != `"./schema.json"` {
				t.Errorf("$schema is %s", got)
			}
			delete(raw, "$schema")
			want := encode(t, raw)
			decoder := json.NewDecoder(bytes.NewReader(want))
			decoder.DisallowUnknownFields()
			var q QueryType
			if err := decoder.Decode(&q); err != nil {
				t.Fatal(err)
			}
			if q.Name != name {
				t.Errorf("queryType is %q in the file %s.json", q.Name, name)
			}
			if got := encode(t, q); !sameJSON(t, got, want) {
				t.Errorf("read and written again it is\n%s\nbut the file holds\n%s", got, want)
			}
		})
	}
}

// A key that the schema allows but Go does not know would be lost here, and the other way round.
func TestStructsHaveTheKeysOfTheSchema(t *testing.T) {
	schema := readSchema(t)
	field := schema.Definitions["field"]
	for _, c := range []struct {
		schema jsonSchema
		value  any
	}{
		{schema.without("$schema"), QueryType{}},
		{schema.Properties["noun"], Noun{}},
		{schema.Properties["retention"], Retention{}},
		{field, Field{}},
		{field.Properties["derived"], Derived{}},
		{*field.Properties["values"].Items, Value{}},
		{*field.Properties["links"].Items, Link{}},
	} {
		same(t, fmt.Sprintf("%T and schema.json", c.value), jsonKeys(c.value), keys(c.schema.Properties))
	}
}

func TestListsEqualTheSchema(t *testing.T) {
	schema := readSchema(t)
	same(t, "operators and schema.json", texts(Operators), schema.Definitions["operator"].Enum)
	same(t, "kinds and schema.json", texts(kinds), schema.Definitions["field"].Properties["kind"].Enum)
}

// index.ts is read as text: a name that only one of the two languages knows fails here.
func TestListsEqualTypeScript(t *testing.T) {
	schema := readSchema(t)
	b, err := os.ReadFile("index.ts")
	if err != nil {
		t.Fatal(err)
	}
	ts := string(b)
	same(t, "QUERY_TYPES", Names(), quoted(t, ts, `QUERY_TYPES = \[(.*?)\] as const`))
	same(t, "OPERATORS", texts(Operators), quoted(t, ts, `OPERATORS = \[(.*?)\] as const`))
	same(t, "Kind", texts(kinds), quoted(t, ts, `type Kind =(.*?);`))
	suggest := schema.Definitions["field"].Properties["suggest"].Enum
	same(t, "SuggestionSource", suggest, quoted(t, ts, `type SuggestionSource =(.*?);`))
	same(t, "COUNT_FIELD", []string{CountField}, quoted(t, ts, `COUNT_FIELD =(.*?);`))
	same(t, "OTHER_FIELD", []string{OtherField}, quoted(t, ts, `OTHER_FIELD =(.*?);`))
	same(t, "CatalogueQueryType", jsonKeys(QueryType{}), properties(t, ts, "CatalogueQueryType"))
	same(t, "CatalogueField", jsonKeys(Field{}), properties(t, ts, "CatalogueField"))
	same(t, "FieldValue", jsonKeys(Value{}), properties(t, ts, "FieldValue"))
	same(t, "FieldLink", jsonKeys(Link{}), properties(t, ts, "FieldLink"))
}

func TestQueryTypesHoldTogether(t *testing.T) {
	placeholder := regexp.MustCompile(`\{(\w+)\}`)
	for _, q := range All() {
		t.Run(q.Name, func(t *testing.T) {
			if f, ok := q.Field(q.TimeFieldName); !ok || f.Kind != KindTime || f.FilterOnly {
				t.Errorf("timeField %q is not a time column", q.TimeFieldName)
			}
			if f, ok := q.Field("outcome"); !ok || !f.Groupable || f.Derived == nil {
				t.Error("there is no derived outcome to count by")
			}
			for _, name := range q.RequiredFilters {
				if _, ok := q.Field(name); !ok {
					t.Errorf("required filter %q is not a field", name)
				}
			}
			for _, match := range placeholder.FindAllStringSubmatch(q.LogLine, -1) {
				if f, ok := q.Field(match[1]); !ok || f.FilterOnly {
					t.Errorf("logLine names %q, which is not a column", match[1])
				}
			}
			names := map[string]bool{}
			for _, f := range q.Fields {
				if names[f.Name] {
					t.Errorf("%s is there twice", f.Name)
				}
				names[f.Name] = true
				checkField(t, q, f)
			}
		})
	}
}

func checkField(t *testing.T, q *QueryType, f *Field) {
	t.Helper()
	if sources := count(len(f.Path) > 0, f.Derived != nil, f.FilterOnly); sources != 1 {
		t.Errorf("%s has %d of path, derived and filterOnly; it needs exactly one", f.Name, sources)
	}
	if f.Derived != nil && f.Derived.From != "" {
		if _, ok := q.Field(f.Derived.From); !ok {
			t.Errorf("%s is derived from %q, which is not a field", f.Name, f.Derived.From)
		}
	}
	for op := range f.Upstream {
		if !f.Allows(op) {
			t.Errorf("%s pushes %s, which it does not allow", f.Name, op)
		}
	}
	if (f.GraphQLType != "") != (q.API == "graphql") {
		t.Errorf("%s has the GraphQL type %q, but the API is %s", f.Name, f.GraphQLType, q.API)
	}
	if f.Groupable && f.FilterOnly {
		t.Errorf("%s can be grouped by but is not in the rows", f.Name)
	}
	if (f.Suggest == "enum") != (len(f.Values) > 0) {
		t.Errorf("%s suggests %q with %d values", f.Name, f.Suggest, len(f.Values))
	}
	for _, link := range f.Links {
		if target, ok := Lookup(link.QueryType); !ok {
			t.Errorf("%s links to the query type %q, which is not there", f.Name, link.QueryType)
		} else if _, ok := target.Field(link.Field); !ok {
			t.Errorf("%s links to %s.%s, which is not there", f.Name, link.QueryType, link.Field)
		}
	}
}

func count(facts ...bool) (n int) {
	for _, fact := range facts {
		if fact {
			n++
		}
	}
	return n
}

type jsonSchema struct {
	Properties  map[string]jsonSchema `json:"properties"`
	Definitions map[string]jsonSchema `json:"definitions"`
	Items       *jsonSchema           `json:"items"`
	Enum        []string              `json:"enum"`
}

func (s jsonSchema) without(name string) jsonSchema {
	delete(s.Properties, name)
	return s
}

func readSchema(t *testing.T) jsonSchema {
	t.Helper()
	b, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonSchema
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

func readObject(t *testing.T, path string) map[string]json.RawMessage {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(b, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}

// jsonKeys are the JSON names of a struct's exported fields.
func jsonKeys(v any) []string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func keys(m map[string]jsonSchema) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	return names
}

func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// quoted are the quoted words in the pattern's only group.
func quoted(t *testing.T, source, pattern string) []string {
	t.Helper()
	match := regexp.MustCompile(`(?s)` + pattern).FindStringSubmatch(source)
	if match == nil {
		t.Fatalf("index.ts has nothing like %s", pattern)
	}
	var words []string
	for _, word := range regexp.MustCompile(`'([^']*)'`).FindAllStringSubmatch(match[1], -1) {
		words = append(words, word[1])
	}
	return words
}

// properties are the names in an interface of index.ts, one on a line.
func properties(t *testing.T, source, name string) []string {
	t.Helper()
	match := regexp.MustCompile(`(?s)interface ` + name + ` \{\n(.*?)\n\}`).FindStringSubmatch(source)
	if match == nil {
		t.Fatalf("index.ts has no interface %s", name)
	}
	var names []string
	for _, property := range regexp.MustCompile(`(?m)^  (\w+)\??:`).FindAllStringSubmatch(match[1], -1) {
		names = append(names, property[1])
	}
	return names
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s disagree:\n%v\n%v", what, got, want)
	}
}
