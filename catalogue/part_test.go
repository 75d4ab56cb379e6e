package catalogue

import (
	"slices"
	"testing"
)

// checkParts holds the kinds of query types apart: answers have parts, events that
// can be counted, placed in time and written as a line, or rows that can be counted.
func checkParts(t *testing.T, q *QueryType) {
	t.Helper()
	if ofEvents := count(q.Count != "", q.TimeFieldName != "", q.LogLine != ""); q.HasEvents() != (ofEvents == 3) {
		t.Errorf("%d of count, timeField and logLine are there beside %d parts", ofEvents, len(q.Parts))
	}
	if q.Inventory && (!q.HasRows() || q.Count == "" || q.TimeFieldName != "" || q.API != "rest" || !slices.Equal(q.Formats, []string{"table"})) {
		t.Error("an inventory is a REST list without a time, which is counted and shown as a table")
	}
	shown := map[string]bool{}
	for _, p := range q.Parts {
		for _, f := range q.FieldsOf(p) {
			shown[f.Name] = true
			if f.Groupable || f.FilterOnly || len(f.Path) > 0 || f.Derived != nil {
				t.Errorf("%s is a column of the part %s and of an event", f.Name, p.Name)
			}
		}
	}
	for _, f := range q.Fields {
		if !q.HasRows() && !shown[f.Name] && len(f.Operators) == 0 {
			t.Errorf("%s is in no part and in no filter", f.Name)
		}
	}
}
