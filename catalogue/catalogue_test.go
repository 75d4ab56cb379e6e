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
		{schema.Properties["outcome"], Outcome{}},
		{schema.Properties["retention"], Retention{}},
		{field, Field{}},
		{field.Properties["derived"], Derived{}},
		{schema.Definitions["example"], Example{}},
		{schema.Definitions["value"], Value{}},
		{schema.Definitions["link"], Link{}},
		{schema.Definitions["part"], Part{}},
	} {
		same(t, fmt.Sprintf("%T and schema.json", c.value), jsonKeys(c.value), keys(c.schema.Properties))
	}
}

func TestListsEqualTheSchema(t *testing.T) {
	schema := readSchema(t)
	same(t, "operators and schema.json", texts(Operators), schema.Definitions["operator"].Enum)
	same(t, "kinds and schema.json", texts(kinds), schema.Definitions["kind"].Enum)
}

// index.ts is read as text: it cannot import the name from here.
func TestOtherFieldEqualsTypeScript(t *testing.T) {
	b, err := os.ReadFile("index.ts")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("OTHER_FIELD = '%s';", OtherField); !strings.Contains(string(b), want) {
		t.Errorf("index.ts does not say %s", want)
	}
}

func TestQueryTypesHoldTogether(t *testing.T) {
	orders := map[int]string{}
	for _, q := range All() {
		t.Run(q.Name, func(t *testing.T) {
			checkParts(t, q)
			if f, ok := q.Field(q.TimeFieldName); q.HasEvents() && (!ok || f.Kind != KindTime || f.FilterOnly) {
				t.Errorf("timeField %q is not a time column", q.TimeFieldName)
			}
			checkOutcome(t, q)
			if _, taken := q.Field(q.Count); taken {
				t.Errorf("the count %q is also a field", q.Count)
			}
			if other, taken := orders[q.Order]; taken {
				t.Errorf("order %d is also that of %s", q.Order, other)
			}
			orders[q.Order] = q.Name
			for _, name := range q.RequiredFilters {
				if _, ok := q.Field(name); !ok {
					t.Errorf("required filter %q is not a field", name)
				}
			}
			checkLogLine(t, q)
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

func checkOutcome(t *testing.T, q *QueryType) {
	t.Helper()
	if q.Outcome == (Outcome{}) {
		return
	}
	f, ok := q.Field(q.Outcome.Field)
	if !ok || !f.Groupable {
		t.Fatalf("the outcome %q is not a field to count by", q.Outcome.Field)
	}
	for _, value := range []string{q.Outcome.Accepted, q.Outcome.Refused} {
		if !slices.ContainsFunc(f.Values, func(v Value) bool { return v.Value == value }) {
			t.Errorf("the outcome %q is not a value of %s", value, f.Name)
		}
	}
}

var (
	placeholder  = regexp.MustCompile(`\{([\w|]+)(:text)?\}`)
	optionalPart = regexp.MustCompile(`\[[^\[\]]*\]`)
)

func checkLogLine(t *testing.T, q *QueryType) {
	t.Helper()
	for _, match := range placeholder.FindAllStringSubmatch(q.LogLine, -1) {
		for name := range strings.SplitSeq(match[1], "|") {
			if f, ok := q.Field(name); !ok || f.FilterOnly {
				t.Errorf("logLine names %q, which is not a column", name)
			}
		}
	}
	for _, part := range optionalPart.FindAllString(q.LogLine, -1) {
		if !placeholder.MatchString(part) {
			t.Errorf("logLine has the optional part %q without a field", part)
		}
	}
	if rest := optionalPart.ReplaceAllString(q.LogLine, ""); strings.ContainsAny(rest, "[]") {
		t.Errorf("logLine has a bracket without its other half: %s", rest)
	}
}

func checkField(t *testing.T, q *QueryType, f *Field) {
	t.Helper()
	named := f.NamesFrom() != "" // in place of a name that rows lack
	if sources := count(len(f.Path) > 0, f.Derived != nil && !(named && len(f.Path) > 0), f.FilterOnly); q.HasRows() && sources != 1 {
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
	if kind, ok := map[Encoding]Kind{"": f.Kind, EpochSeconds: KindTime, Length: KindNumber}[f.Encoding]; !ok || f.Kind != kind {
		t.Errorf("%s has the encoding %s of a %s, but is of the kind %s", f.Name, f.Encoding, kind, f.Kind)
	}
	if f.Derived != nil && f.Derived.DaysUntil && !q.Inventory {
		t.Errorf("%s is added to rows, which the data source does for inventories only", f.Name)
	}
	if len(f.Operators) == 0 && q.HasRows() {
		t.Errorf("%s cannot be filtered by, as only columns of parts may", f.Name)
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
		if _, ok := q.Field(link.Of); link.Of != "" && !ok {
			t.Errorf("%s passes %s, which is not there", f.Name, link.Of)
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

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s disagree:\n%v\n%v", what, got, want)
	}
}
