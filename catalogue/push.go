package catalogue

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Push maps upstream parameters to values, in which {value} stands for the
// filter's value.
type Push map[string]PushValue

// PushValue is a parameter's value. A list takes all values of the filter at
// once, otherwise the parameter takes exactly one.
type PushValue struct {
	Template string
	List     bool
}

// UnmarshalJSON reads a text or a list of one text.
func (p *PushValue) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		var list []string
		if err := json.Unmarshal(b, &list); err != nil {
			return err
		}
		if len(list) != 1 {
			return fmt.Errorf("a pushed list holds one template, not %d", len(list))
		}
		p.Template, p.List = list[0], true
		return nil
	}
	return json.Unmarshal(b, &p.Template)
}

// MarshalJSON writes what UnmarshalJSON reads.
func (p PushValue) MarshalJSON() ([]byte, error) {
	if p.List {
		return json.Marshal([]string{p.Template})
	}
	return json.Marshal(p.Template)
}

// Takes says whether Cloudflare documents a parameter that gets a part of the list.
func (q *QueryType) Takes(parameter string) bool { return slices.Contains(q.Parameters, parameter) }
