package frame

import (
	"encoding/hex"
	"encoding/json"
	"hash"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Severities of log lines: what Access refused is an error.
const (
	severityRefused = "error"
	severityTaken   = "info"
)

// idLength is how long the id of a log line is, as long as no other event is equal.
const idLength = 2 * 128 / 8

// logLines are the events of a table as log lines. The ids have to be asked for
// once each, in order.
type logLines struct {
	times              []time.Time
	body, severity, id func(row int) string
	labels             func(row int) json.RawMessage
}

func newLogLines(r *query.Request, t *answer.Table) *logLines {
	fields := logFields(r, t)
	outcome := fields.named(r.Type.Outcome.Field)
	return &logLines{
		times:    t.Times,
		body:     parseLine(r.Type.LogLine, fields).render,
		severity: func(i int) string { return severity(r.Type.Outcome, outcome(i)) },
		id:       newIdentifier(t).row,
		labels:   fields.labels(r).row,
	}
}

// logs is a log-lines frame: timestamp, body, severity, id, labels. The id is
// the same whenever the same event is asked for, so that links to a line hold.
// Ray IDs are a field as well, after these: in the details of a line Grafana
// shows the links of fields, and labels can't have any.
func logs(r *query.Request, t *answer.Table, o Origin) *data.Frame {
	n := len(t.Times)
	var (
		bodies     = make([]string, n)
		severities = make([]string, n)
		ids        = make([]string, n)
		labels     = make([]json.RawMessage, n)
		lines      = newLogLines(r, t)
	)
	for i := range n {
		bodies[i], severities[i] = lines.body(i), lines.severity(i)
		ids[i], labels[i] = lines.id(i), lines.labels(i)
	}
	f := data.NewFrame("",
		data.NewField("timestamp", nil, append([]time.Time(nil), t.Times...)),
		data.NewField("body", nil, bodies),
		data.NewField("severity", nil, severities),
		data.NewField("id", nil, ids),
		data.NewField("labels", nil, labels),
	)
	for _, c := range linked(t) {
		f.Fields = append(f.Fields, o.field(c))
	}
	f.Meta = &data.FrameMeta{Type: data.FrameTypeLogLines, TypeVersion: data.FrameTypeVersion{0, 0}, PreferredVisualization: data.VisTypeLogs}
	return f
}

// linked are the columns that a line shows with their links.
func linked(t *answer.Table) []answer.Column {
	var out []answer.Column
	for _, c := range t.Columns {
		if c.Field.Kind == catalogue.KindRayID && len(c.Field.Links) > 0 {
			out = append(out, c)
		}
	}
	return out
}

func severity(o catalogue.Outcome, value string) string {
	if value != "" && value == o.Refused {
		return severityRefused
	}
	return severityTaken
}

// logField is a field of log lines; text is empty where an event has no value.
type logField struct {
	name string
	text func(row int) string
	// member is the field as a member of a JSON object, empty where text is.
	member func(row int) string
	// words say what each value of an enumeration means.
	words map[string]string
}

type logFieldList []logField

// logFields are the fields of events but their time, by name.
func logFields(r *query.Request, t *answer.Table) logFieldList {
	var list logFieldList
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Field.Name != r.Type.TimeFieldName {
			list = append(list, columnField(c))
		}
	}
	if t.Other != nil {
		list = append(list, textField(catalogue.OtherField, func(i int) string { return t.Other[i] }))
	}
	if t.Counts != nil {
		list = append(list, textField(r.Type.Count, func(i int) string {
			if t.Counts[i] == 1 {
				return ""
			}
			return strconv.FormatInt(t.Counts[i], 10)
		}))
	}
	if t.Matches != nil {
		list = append(list,
			textField(matchStart, func(i int) string { return t.Matches[i].Start.Format(time.RFC3339Nano) }),
			textField(matchEvents, func(i int) string { return strconv.FormatInt(t.Matches[i].Events, 10) }))
	}
	slices.SortFunc(list, func(a, b logField) int { return strings.Compare(a.name, b.name) })
	return list
}

// columnField encodes each value of a column once.
func columnField(c *answer.Column) logField {
	members := make([]string, len(c.Values))
	for i, v := range c.Values {
		if v.Valid {
			members[i] = jsonMember(c.Field.Name, v.Text)
		}
	}
	words := map[string]string{}
	for _, v := range c.Field.Values {
		words[v.Value] = strings.ToLower(v.Text)
	}
	return logField{
		name: c.Field.Name,
		text: func(i int) string {
			if v := c.Values[c.Codes[i]]; v.Valid {
				return v.Text
			}
			return ""
		},
		member: func(i int) string { return members[c.Codes[i]] },
		words:  words,
	}
}

func textField(name string, text func(int) string) logField {
	return logField{name: name, text: text, member: func(i int) string { return jsonMember(name, text(i)) }}
}

// jsonMember is a member of a JSON object; encoding a text cannot fail.
func jsonMember(name, text string) string {
	if text == "" {
		return ""
	}
	value, _ := json.Marshal(text)
	return strconv.Quote(name) + ":" + string(value)
}

// named is a field's text; that of a field that is not there is empty.
func (l logFieldList) named(name string) func(row int) string {
	for _, f := range l {
		if f.name == name {
			return f.text
		}
	}
	return func(int) string { return "" }
}

// labels are the fields that a line has as labels. What a GraphQL group counts, and
// the sequence that an event ends, are always among them: without them the line would
// say less than it stands for.
func (l logFieldList) labels(r *query.Request) logFieldList {
	if len(r.Labels) == 0 && !r.LabelOther {
		return l
	}
	var out logFieldList
	for _, f := range l {
		chosen := slices.Contains([]string{r.Type.Count, matchStart, matchEvents}, f.name) || f.name == catalogue.OtherField && r.LabelOther ||
			slices.ContainsFunc(r.Labels, func(c *catalogue.Field) bool { return c.Name == f.name })
		if chosen {
			out = append(out, f)
		}
	}
	return out
}

// row is the fields of a row as a JSON object.
func (l logFieldList) row(i int) json.RawMessage {
	var scratch [1024]byte
	out := append(scratch[:0], '{')
	for _, f := range l {
		m := f.member(i)
		if m != "" && len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, m...)
	}
	return slices.Clone(append(out, '}'))
}

// identifier hashes events.
type identifier struct {
	table *answer.Table
	hash  hash.Hash
	text  []byte
	seen  map[string]int
}

func newIdentifier(t *answer.Table) *identifier {
	return &identifier{table: t, hash: fnv.New128a(), seen: make(map[string]int, len(t.Times))}
}

// row is a hash of time and values, with a separator that no value can imitate.
// Events that are equal in everything are numbered.
func (d *identifier) row(i int) string {
	t := d.table
	b := strconv.AppendInt(d.text[:0], t.Times[i].UnixNano(), 10)
	add := func(name string, valid bool, text string) {
		b = append(append(b, 0), name...)
		b = strconv.AppendBool(append(b, 1), valid)
		b = append(append(b, 1), text...)
	}
	for k := range t.Columns {
		c := &t.Columns[k]
		if c.Field.NamesFrom() != "" { // names change, and can't always be read
			continue
		}
		cell := t.Cell(c, i)
		add(c.Field.Name, cell.Valid, cell.Text)
	}
	if t.Other != nil && t.Other[i] != "" { // not whether another event has one
		add(catalogue.OtherField, true, t.Other[i])
	}
	d.hash.Reset()
	_, _ = d.hash.Write(b)
	d.text = b
	id := hex.EncodeToString(d.hash.Sum(nil))
	n := d.seen[id]
	d.seen[id]++
	if n == 0 {
		return id
	}
	return id + "-" + strconv.Itoa(n)
}
