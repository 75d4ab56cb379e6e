package frame

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Origin says which query of which data source a frame answers.
type Origin struct {
	RefID          string
	DatasourceUID  string
	DatasourceName string
	// Now is when the answer is given.
	Now time.Time
	// columns are those of the frame at hand.
	columns []answer.Column
}

// field turns a column into a typed field, with everything the catalogue says
// of it. The time field of a query type is never null: events without a time
// are not placed in an answer.
func (o Origin) field(column answer.Column) *data.Field {
	f := column.Field
	var out *data.Field
	switch f.Kind {
	case catalogue.KindTime:
		out = data.NewField(f.Name, nil, parsed(column, query.ParseTime))
	case catalogue.KindBoolean:
		out = data.NewField(f.Name, nil, parsed(column, strconv.ParseBool))
	case catalogue.KindNumber, catalogue.KindDuration:
		out = data.NewField(f.Name, nil, parsed(column, parseFloat))
	case catalogue.KindJSON:
		out = data.NewField(f.Name, nil, parsed(column, parseJSON))
	default:
		out = data.NewField(f.Name, nil, parsed(column, asText))
	}
	config := o.config(f)
	if f.Wraps {
		config.Custom["minWidth"] = wrappedWidth(column)
	}
	return out.SetConfig(config)
}

// parsed makes a nullable column. Rows with the same value share what it points
// to; each value is parsed once. A text that is not of the type is null. (Such a
// value has already been reported by the decoder.)
func parsed[T any](column answer.Column, parse func(string) (T, error)) []*T {
	values := make([]T, len(column.Values))
	pointers := make([]*T, len(column.Values))
	for i, c := range column.Values {
		if !c.Valid {
			continue
		}
		v, err := parse(c.Text)
		if err != nil {
			continue
		}
		values[i] = v
		pointers[i] = &values[i]
	}
	out := make([]*T, len(column.Codes))
	for i, code := range column.Codes {
		out[i] = pointers[code]
	}
	return out
}

func asText(s string) (string, error) { return s, nil }

func parseFloat(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

// parseJSON keeps valid JSON as it is; any other text becomes a JSON text.
func parseJSON(s string) (json.RawMessage, error) {
	if json.Valid([]byte(s)) {
		return json.RawMessage(s), nil
	}
	return json.Marshal(s)
}

func (o Origin) config(f *catalogue.Field) *data.FieldConfig {
	filterable := !f.Derived.IsConstant() && f.Kind != catalogue.KindTime && f.Kind != catalogue.KindJSON
	c := &data.FieldConfig{
		DisplayNameFromDS: f.Label,
		Description:       f.Description,
		Filterable:        &filterable,
		Links:             o.links(f),
	}
	mapper := data.ValueMapper{}
	colored, widest := false, 0
	for i, v := range f.Values {
		mapper[v.Value] = data.ValueMappingResult{Text: v.Text, Color: v.Color, Index: i}
		colored = colored || v.Color != ""
		widest = max(widest, textWidth(v.Text))
	}
	if len(mapper) > 0 {
		c.Mappings = data.ValueMappings{mapper}
	}
	custom := map[string]any{}
	if width, ok := minWidths[f.Kind]; ok {
		custom["minWidth"] = max(width, widest)
	}
	switch {
	case f.MarksRow:
		custom["cellOptions"] = map[string]any{"type": "color-background", "mode": "basic", "applyToRow": true}
	case colored:
		custom["cellOptions"] = map[string]any{"type": "color-text"}
	case f.Wraps:
		custom["cellOptions"] = map[string]any{"type": "auto", "wrapText": true}
		custom["wrapText"] = true // where Grafana 12.2 and later look for it
	}
	if f.Hidden {
		custom["hideFrom"] = map[string]any{"legend": false, "tooltip": false, "viz": true}
	}
	if len(custom) > 0 {
		c.Custom = custom
	}
	return c
}

// minWidths are the pixels below which a table does not squeeze a column of the
// kind, so that its values are read whole; Grafana's own is 150.
var minWidths = map[catalogue.Kind]int{
	catalogue.KindTime:    170,
	catalogue.KindEnum:    100,
	catalogue.KindBoolean: 100,
	catalogue.KindEmail:   230,
	catalogue.KindCountry: 80,
	catalogue.KindRayID:   175,
}

// A table's cell has room for a listed text with these, in pixels.
const (
	letterWidth = 8
	cellPadding = 20
)

// textWidth is that of a column which has the text on one line, in pixels.
func textWidth(text string) int { return cellPadding + letterWidth*utf8.RuneCountInString(text) }

// wrappedWidth is that of a column with sentences, in pixels: about seven a
// character, so that the longest one has four lines, although words do not fill them.
// A taller row does not fit into the table of a single row that Explore makes. Where
// there are more rows, a tall one is better than columns out of sight.
func wrappedWidth(column answer.Column) int {
	longest := 0
	for _, c := range column.Values {
		longest = max(longest, utf8.RuneCountInString(c.Text))
	}
	most := 720
	if len(column.Codes) > 1 {
		most = 300
	}
	return min(max(longest*2, 150), most)
}

// fitted makes a column just as wide as its title and its values, if it is known
// how long these get. The sentences beside it have the rest.
func fitted(field *data.Field, f *catalogue.Field) *data.Field {
	width := textWidth(f.Label)
	switch f.Kind {
	case catalogue.KindNumber:
	case catalogue.KindEnum, catalogue.KindBoolean:
		for _, v := range f.Values {
			width = max(width, textWidth(v.Text))
		}
	default:
		least, known := minWidths[f.Kind]
		if !known {
			return field
		}
		width = max(width, least)
	}
	if field.Config.Custom == nil {
		field.Config.Custom = map[string]any{}
	}
	field.Config.Custom["width"] = width
	return field
}

// links open the value in Explore of the same data source.
func (o Origin) links(f *catalogue.Field) []data.DataLink {
	links := make([]data.DataLink, 0, len(f.Links))
	for _, l := range f.Links {
		value := "${__value.raw}"
		if l.Of != "" {
			if !slices.ContainsFunc(o.columns, func(c answer.Column) bool { return c.Field.Name == l.Of }) {
				continue
			}
			value = "${__data.fields." + l.Of + "}"
		}
		links = append(links, data.DataLink{
			Title: l.Title,
			Internal: &data.InternalDataLink{
				DatasourceUID:  o.DatasourceUID,
				DatasourceName: o.DatasourceName,
				Query: map[string]any{
					"queryType": l.QueryType,
					"format":    "table",
					"filters":   []any{map[string]any{"field": l.Field, "operator": "=", "values": []string{value}}},
				},
			},
		})
	}
	return links
}

// listedValue is what the catalogue says of a value; without an entry there, the
// value itself.
func listedValue(f *catalogue.Field, c query.Cell) catalogue.Value {
	for _, v := range f.Values {
		if c.Valid && v.Value == c.Text {
			return v
		}
	}
	return catalogue.Value{Value: c.Text, Text: cmp.Or(c.Text, "(none)")}
}
