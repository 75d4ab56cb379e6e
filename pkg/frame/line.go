package frame

import (
	"regexp"
	"strings"
)

// line is a parsed log line template.
type line []linePart

// linePart is a text with fields between its literals, of which it has one more
// than fields.
type linePart struct {
	literals []string
	fields   []func(row int) string
	// optional parts are left out where a field has no value.
	optional bool
}

var (
	placeholder  = regexp.MustCompile(`\{[A-Za-z_|]+(:text)?\}`)
	optionalPart = regexp.MustCompile(`\[[^\[\]]*\]`)
)

func parseLine(template string, fields logFieldList) line {
	var parts line
	at := 0
	for _, m := range optionalPart.FindAllStringIndex(template, -1) {
		optional := parsePart(template[m[0]+1:m[1]-1], fields)
		optional.optional = true
		parts = append(parts, parsePart(template[at:m[0]], fields), optional)
		at = m[1]
	}
	return append(parts, parsePart(template[at:], fields))
}

func parsePart(template string, fields logFieldList) linePart {
	part := linePart{literals: placeholder.Split(template, -1)}
	for _, name := range placeholder.FindAllString(template, -1) {
		part.fields = append(part.fields, fields.placed(strings.Trim(name, "{}")))
	}
	return part
}

func (l line) render(row int) string {
	var text []byte
	for _, part := range l {
		text = part.append(text, row)
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

func (p linePart) append(text []byte, row int) []byte {
	before := len(text)
	text = append(text, p.literals[0]...)
	for i, field := range p.fields {
		value := field(row)
		if value == "" && p.optional {
			return text[:before]
		}
		text = append(append(text, value...), p.literals[i+1]...)
	}
	return text
}

// placed is what stands in the place of a placeholder: the first of its fields that
// has a value, or what that value means in words.
func (l logFieldList) placed(placeholder string) func(row int) string {
	names, inWords := strings.CutSuffix(placeholder, ":text")
	var chosen logFieldList
	for name := range strings.SplitSeq(names, "|") {
		for _, f := range l {
			if f.name == name {
				chosen = append(chosen, f)
			}
		}
	}
	return func(row int) string {
		for _, f := range chosen {
			text := f.text(row)
			if words, ok := f.words[text]; ok && inWords {
				return words
			}
			if text != "" {
				return text
			}
		}
		return ""
	}
}
