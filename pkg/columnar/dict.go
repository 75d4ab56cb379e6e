package columnar

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// dictBuilder gives each text of a column a code. raw remembers the JSON that a
// text was read from, so that a value is normalized once.
type dictBuilder struct {
	field *catalogue.Field // nil for the unknown keys
	raw   map[string]uint32
	codes map[string]uint32
	texts []string
	// bytes are those of texts.
	bytes int
}

// memorable is how long a value's JSON may be to be remembered.
const memorable = 256

func (d *dictBuilder) code(v gjson.Result) uint32 {
	if v.Type == gjson.Null {
		return codeNull
	}
	if c, ok := d.raw[v.Raw]; ok {
		return c
	}
	c := d.textCode(d.normal(v))
	if len(v.Raw) <= memorable {
		d.raw[strings.Clone(v.Raw)] = c
	}
	return c
}

// normal is a value's text. One that is not of the field's kind keeps its JSON, with
// a mark: what Cloudflare sends is shown, never dropped, but is not to be relied on.
func (d *dictBuilder) normal(v gjson.Result) string {
	text := plain(v)
	switch {
	case d.field == nil:
		return text
	case d.field.Encoding == catalogue.Length && v.IsArray():
		return strconv.Itoa(len(v.Array()))
	}
	if !query.Readable(d.field, text, v.IsObject() || v.IsArray()) {
		return unreadable + text
	}
	text, _ = query.Normalize(d.field, text)
	return text
}

// plain is a JSON text without its quotes, or any other value as it stands.
func plain(v gjson.Result) string {
	if v.Type == gjson.String {
		return v.Str
	}
	return v.Raw
}

func (d *dictBuilder) textCode(text string) uint32 {
	if c, ok := d.codes[text]; ok {
		return c
	}
	c := codeFirst + uint32(len(d.texts))
	text = strings.Clone(text)
	d.codes[text] = c
	d.texts = append(d.texts, text)
	d.bytes += len(text)
	return c
}

// reset forgets all texts.
func (d *dictBuilder) reset() {
	d.raw, d.codes, d.texts, d.bytes = map[string]uint32{}, map[string]uint32{}, nil, 0
}
