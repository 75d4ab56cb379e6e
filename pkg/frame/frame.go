// Package frame turns the event log's answers into Grafana's data frames. What
// a field looks like is said once, in fields.go.
package frame

import (
	"math"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Build makes the frame of an answer, or one for each of its parts. Each has the
// coverage and the calls behind the answer, the first one its notices: Grafana
// shows those of all frames together.
func Build(r *query.Request, result *answer.Result, o Origin) data.Frames {
	frames := make(data.Frames, 0, max(len(result.Parts), 1))
	for _, p := range result.Parts {
		frames = append(frames, part(p, o))
	}
	if len(frames) == 0 {
		frames = append(frames, single(r, result, o))
	}
	for _, f := range frames {
		f.RefID = o.RefID
		f.Meta.Custom = map[string]any{"coverage": result.Coverage}
		f.Meta.Stats = stats(result.Coverage, o)
		f.Meta.ExecutedQueryString = strings.Join(result.Calls, "\n")
	}
	for _, n := range result.Notices {
		severity := data.NoticeSeverityInfo
		if n.Severity == answer.Warning {
			severity = data.NoticeSeverityWarning
		}
		frames[0].AppendNotices(data.Notice{Severity: severity, Text: n.Text})
	}
	return frames
}

func single(r *query.Request, result *answer.Result, o Origin) *data.Frame {
	switch {
	case result.Series != nil:
		return series(r, result.Series)
	case result.Groups != nil:
		return groups(r, result.Groups, o)
	case r.Format == query.FormatLogs:
		return logs(r, result.Table, o)
	}
	return table(r, result.Table, o)
}

// part is a table of its own name.
func part(p answer.Part, o Origin) *data.Frame {
	f := data.NewFrame(p.Name)
	o.columns = p.Columns
	for _, column := range p.Columns {
		f.Fields = append(f.Fields, fitted(o.field(column), column.Field))
	}
	f.Meta = &data.FrameMeta{Type: data.FrameTypeTable, PreferredVisualization: data.VisTypeTable}
	return f
}

// stats are what Grafana's inspector shows of the query.
func stats(c answer.Coverage, o Origin) []data.QueryStat {
	stat := func(name, unit string, value float64) data.QueryStat {
		return data.QueryStat{FieldConfig: data.FieldConfig{DisplayName: name, Unit: unit}, Value: value}
	}
	out := []data.QueryStat{
		stat("Calls made to Cloudflare", "", float64(c.UpstreamCalls)),
		stat("Calls saved", "", float64(c.SavedCalls)),
		stat("Rows from memory", "", float64(c.CachedRows)),
	}
	if c.CachedAt != nil {
		out = append(out, stat("Age of the oldest part from memory", "s", max(o.Now.Sub(*c.CachedAt).Seconds(), 0)))
	}
	return out
}

func table(r *query.Request, t *answer.Table, o Origin) *data.Frame {
	f := data.NewFrame("")
	o.columns = t.Columns
	for _, column := range t.Columns {
		if column.Field.Name == r.Type.TimeFieldName {
			f.Fields = append(f.Fields, data.NewField(column.Field.Name, nil, t.Times).SetConfig(o.config(column.Field)))
			continue
		}
		f.Fields = append(f.Fields, o.field(column))
	}
	if t.Other != nil {
		f.Fields = append(f.Fields, otherField(t.Other))
	}
	if t.Counts != nil {
		f.Fields = append(f.Fields, countField(r, t.Counts))
	}
	if t.Matches != nil {
		f.Fields = append(f.Fields, matchFields(r, t.Matches)...)
	}
	f.Meta = &data.FrameMeta{Type: data.FrameTypeTable, PreferredVisualization: data.VisTypeTable}
	if r.Type.Inventory && isNumeric(f) {
		f.Meta.Type, f.Meta.TypeVersion = data.FrameTypeNumericLong, data.FrameTypeVersion{0, 1}
	}
	return f
}

// isNumeric says whether a row is numbers with texts as their labels, which alert rules
// can compare as it is.
func isNumeric(f *data.Frame) bool {
	numbers := 0
	for _, field := range f.Fields {
		switch {
		case field.Type().Numeric():
			numbers++
		case field.Type().NonNullableType() != data.FieldTypeString:
			return false
		}
	}
	return numbers > 0
}

func otherField(texts []string) *data.Field {
	cells := make([]query.Cell, len(texts))
	for i, text := range texts {
		cells[i] = query.Cell{Text: text, Valid: text != ""}
	}
	return data.NewField(catalogue.OtherField, nil, parsed(answer.NewColumn(nil, cells), parseJSON)).SetConfig(&data.FieldConfig{
		DisplayNameFromDS: "Other",
		Description:       "What Cloudflare sends in addition to the fields that the data source knows.",
	})
}

func countField(r *query.Request, counts []int64) *data.Field {
	values := make([]float64, len(counts))
	for i, n := range counts {
		values[i] = float64(n)
	}
	label, description := r.Type.Noun.Title(), "Number of "+r.Type.Noun.Many+"."
	if r.Measure != nil {
		label, description = "Distinct: "+r.Measure.Label, "Number of different values of "+r.Measure.Name+"."
	}
	return data.NewField(r.CountName(), nil, values).SetConfig(&data.FieldConfig{DisplayNameFromDS: label, Description: description})
}

// groups is a numeric-long frame: a row a group, its values as text columns.
func groups(r *query.Request, g *answer.Groups, o Origin) *data.Frame {
	f := data.NewFrame("")
	counts := make([]int64, len(g.Rows))
	for i, field := range g.Fields {
		cells := make([]query.Cell, len(g.Rows))
		for j, row := range g.Rows {
			cells[j] = row.Key[i]
		}
		f.Fields = append(f.Fields, o.field(answer.NewColumn(field, cells)))
	}
	for j, row := range g.Rows {
		counts[j] = row.Count
	}
	f.Fields = append(f.Fields, countField(r, counts))
	f.Meta = &data.FrameMeta{
		Type: data.FrameTypeNumericLong, TypeVersion: data.FrameTypeVersion{0, 1},
		PreferredVisualization: data.VisTypeTable,
	}
	return f
}

// series is a timeseries-wide frame: time, and a labelled count a group.
func series(r *query.Request, s *answer.Series) *data.Frame {
	times := make([]time.Time, s.Buckets)
	for i := range times {
		times[i] = s.Start.Add(time.Duration(i) * s.Interval)
	}
	f := data.NewFrame("", data.NewField("time", nil, times).SetConfig(&data.FieldConfig{
		Interval: float64(s.Interval.Milliseconds()),
	}))
	for _, g := range s.Groups {
		f.Fields = append(f.Fields, seriesFields(r, s, g)...)
	}
	f.Meta = &data.FrameMeta{
		Type: data.FrameTypeTimeSeriesWide, TypeVersion: data.FrameTypeVersion{0, 1},
		PreferredVisualization: data.VisTypeGraph,
	}
	return f
}

// seriesFields are those of a group: its count, and how that stands to the past where
// it is compared, as far as the query shows them.
func seriesFields(r *query.Request, s *answer.Series, g answer.SeriesGroup) []*data.Field {
	all := []*data.Field{countField(r, g.Counts)}
	if r.Compare != nil {
		baseline := data.NewField("baseline", nil, nullable(g.Baseline)).SetConfig(&data.FieldConfig{
			DisplayNameFromDS: "Baseline",
			Description:       "Mean of the same time in the earlier periods.",
			Custom:            map[string]any{"lineStyle": map[string]any{"fill": "dash", "dash": []int{10, 10}}, "fillOpacity": 0},
		})
		deviation := data.NewField("deviation", nil, nullable(g.Deviation)).SetConfig(&data.FieldConfig{
			DisplayNameFromDS: "Deviation",
			Description:       "Standard deviations above the baseline. Empty where the earlier periods do not differ.",
		})
		switch r.Compare.Show {
		case query.ShowAll:
			all = append(all, baseline, deviation)
		case query.ShowBaseline:
			all = []*data.Field{baseline}
		case query.ShowDeviation:
			all = []*data.Field{deviation}
		}
	}
	for _, field := range all {
		label(field, s.Fields, g.Key)
	}
	return all
}

// nullable has null in the place of NaN.
func nullable(values []float64) []*float64 {
	out := make([]*float64, len(values))
	for i := range values {
		if !math.IsNaN(values[i]) {
			out[i] = &values[i]
		}
	}
	return out
}

// label gives a field the labels of a group, and a name that people read.
func label(field *data.Field, fields []*catalogue.Field, key []query.Cell) {
	if len(key) == 0 {
		return
	}
	field.Labels = data.Labels{}
	texts := make([]string, len(key))
	for i, c := range key {
		field.Labels[fields[i].Name] = c.Text
		value := listedValue(fields[i], c)
		texts[i] = value.Text
		if value.Color != "" && len(key) == 1 {
			field.Config.Color = map[string]any{"mode": "fixed", "fixedColor": value.Color}
		}
	}
	name := strings.Join(texts, ", ")
	if field.Name == "baseline" || field.Name == "deviation" {
		name += ", " + field.Name
	}
	field.Config.DisplayNameFromDS = name
}
