package frame

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Severities of log lines: what Access refused is an error.
const (
	severityRefused = "error"
	severityTaken   = "info"
)

// logs is a log-lines frame: timestamp, body, severity, id, labels. The id is
// the same whenever the same event is asked for, so that links to a line hold.
func logs(r *query.Request, t *eventlog.Table) *data.Frame {
	n := len(t.Times)
	var (
		bodies     = make([]string, n)
		severities = make([]string, n)
		ids        = make([]string, n)
		labels     = make([]json.RawMessage, n)
		seen       = map[string]int{}
		body       = parseLine(r.Type.LogLine)
	)
	for i := range n {
		row := rowValues(r, t, i)
		bodies[i] = body.render(row)
		severities[i] = severity(row["outcome"])
		ids[i] = uniqueID(rowID(t, i), seen)
		labels[i] = jsonLabels(chosen(r, row))
	}
	f := data.NewFrame("",
		data.NewField("timestamp", nil, append([]time.Time(nil), t.Times...)),
		data.NewField("body", nil, bodies),
		data.NewField("severity", nil, severities),
		data.NewField("id", nil, ids),
		data.NewField("labels", nil, labels),
	)
	f.Meta = &data.FrameMeta{Type: data.FrameTypeLogLines, TypeVersion: data.FrameTypeVersion{0, 0}, PreferredVisualization: data.VisTypeLogs}
	return f
}

func severity(outcome string) string {
	if outcome == "blocked" || outcome == "failure" {
		return severityRefused
	}
	return severityTaken
}

// rowValues are an event's values but its time, without those that are absent.
func rowValues(r *query.Request, t *eventlog.Table, i int) map[string]string {
	row := make(map[string]string, len(t.Columns)+1)
	for k := range t.Columns {
		c := &t.Columns[k]
		if c.Field.Name == r.Type.TimeFieldName {
			continue
		}
		if cell := t.Cell(c, i); cell.Valid && cell.Text != "" {
			row[c.Field.Name] = cell.Text
		}
	}
	if t.Other != nil && t.Other[i] != "" {
		row[catalogue.OtherField] = t.Other[i]
	}
	if t.Counts != nil && t.Counts[i] != 1 {
		row[catalogue.CountField] = strconv.FormatInt(t.Counts[i], 10)
	}
	return row
}

// chosen are the values that a line has as labels. What a GraphQL group counts is
// always among them: without it the line would say less than it stands for.
func chosen(r *query.Request, row map[string]string) map[string]string {
	if len(r.Labels) == 0 && !r.LabelOther {
		return row
	}
	out := make(map[string]string, len(r.Labels)+2)
	keep := func(name string) {
		if value, ok := row[name]; ok {
			out[name] = value
		}
	}
	for _, f := range r.Labels {
		keep(f.Name)
	}
	if r.LabelOther {
		keep(catalogue.OtherField)
	}
	keep(catalogue.CountField)
	return out
}

// rowID hashes time and values, with a separator that no value can imitate.
func rowID(t *eventlog.Table, i int) string {
	h := fnv.New128a()
	fmt.Fprintf(h, "%d", t.Times[i].UnixNano())
	for k := range t.Columns {
		c := &t.Columns[k]
		cell := t.Cell(c, i)
		fmt.Fprintf(h, "\x00%s\x01%t\x01%s", c.Field.Name, cell.Valid, cell.Text)
	}
	if t.Other != nil {
		fmt.Fprintf(h, "\x00%s\x01%s", catalogue.OtherField, t.Other[i])
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// uniqueID numbers events that are equal in everything.
func uniqueID(id string, seen map[string]int) string {
	n := seen[id]
	seen[id]++
	if n == 0 {
		return id
	}
	return id + "-" + strconv.Itoa(n)
}

// line is a parsed log line template: texts and the fields between them.
type line []linePart

type linePart struct{ text, field string }

var placeholder = regexp.MustCompile(`\{[A-Za-z_]+\}`)

func parseLine(template string) line {
	var parts line
	at := 0
	for _, m := range placeholder.FindAllStringIndex(template, -1) {
		parts = append(parts, linePart{text: template[at:m[0]]}, linePart{field: template[m[0]+1 : m[1]-1]})
		at = m[1]
	}
	return append(parts, linePart{text: template[at:]})
}

func (l line) render(row map[string]string) string {
	var b strings.Builder
	for _, p := range l {
		if p.field != "" {
			b.WriteString(row[p.field])
		} else {
			b.WriteString(p.text)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
