package frame

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Mask says what happens to personal fields before they leave the executable.
type Mask string

// The settings of maskIdentities.
const (
	MaskNone      Mask = "none"
	MaskPseudonym Mask = "pseudonym"
	MaskRedact    Mask = "redact"
)

// redacted stands in for a value that is not shown.
const redacted = "[redacted]"

// ParseMask reads the setting; empty means none.
func ParseMask(text string) (Mask, bool) {
	switch m := Mask(text); m {
	case "":
		return MaskNone, true
	case MaskNone, MaskPseudonym, MaskRedact:
		return m, true
	}
	return MaskNone, false
}

// Masker replaces the values of personal fields. A pseudonym is an HMAC-SHA-256
// under the user's own key, cut to 64 bits: the same person has the same one in
// every field, so that counting and grouping still work.
type Masker struct {
	mask Mask
	key  []byte
}

// NewMasker makes a masker; key is used for pseudonyms only.
func NewMasker(mask Mask, key string) *Masker { return &Masker{mask: mask, key: []byte(key)} }

// Text is what is shown instead of a personal value. E-mail addresses and IDs
// differ in case between Cloudflare's APIs, so case does not count.
func (m *Masker) Text(value string) string {
	switch {
	case m.mask == MaskNone || value == "":
		return value
	case m.mask == MaskRedact:
		return redacted
	}
	sum := hmac.New(sha256.New, m.key)
	sum.Write([]byte(strings.ToLower(value)))
	return "p_" + hex.EncodeToString(sum.Sum(nil)[:8])
}

// Hides says whether personal values are replaced.
func (m *Masker) Hides() bool { return m.mask != MaskNone }

// Show is what answers show of a field's value.
func (m *Masker) Show(f *catalogue.Field, value string) string {
	if !f.Personal {
		return value
	}
	return m.Text(value)
}

// Apply masks every personal field of a result in place. Unknown keys can hold
// anything, so they are not shown at all. Parts have sentences in which personal
// values stand: who writes them masks them, with query.Request.Show.
func (m *Masker) Apply(r *answer.Result) {
	if m.mask == MaskNone {
		return
	}
	// Paths and parameters name users.
	r.Calls = []string{"The calls are not shown while identities are masked."}
	if t := r.Table; t != nil {
		for _, column := range t.Columns {
			if column.Field.Personal {
				for i := range column.Values {
					m.cell(&column.Values[i])
				}
			}
		}
		for i, text := range t.Other {
			if text != "" {
				t.Other[i] = `"` + redacted + `"`
			}
		}
	}
	if g := r.Groups; g != nil {
		g.Rows = mergeMasked(m, g.Fields, g.Rows,
			func(row *answer.Group) []query.Cell { return row.Key },
			func(into *answer.Group, row answer.Group) { into.Count += row.Count })
		answer.SortGroups(g.Rows)
	}
	if s := r.Series; s != nil {
		s.Groups = mergeMasked(m, s.Fields, s.Groups,
			func(group *answer.SeriesGroup) []query.Cell { return group.Key },
			func(into *answer.SeriesGroup, group answer.SeriesGroup) {
				for i, n := range group.Counts {
					into.Counts[i] += n
				}
			})
	}
}

func (m *Masker) cell(c *query.Cell) {
	if c.Valid {
		c.Text = m.Text(c.Text)
	}
}

// mergeMasked masks the keys of groups and joins those that became equal. The
// order of first appearance stays.
func mergeMasked[G any](m *Masker, fields []*catalogue.Field, groups []G, key func(*G) []query.Cell, join func(*G, G)) []G {
	index := map[string]int{}
	out := groups[:0]
	for _, g := range groups {
		cells := key(&g)
		var id strings.Builder
		for i := range cells {
			if fields[i].Personal {
				m.cell(&cells[i])
			}
			id.WriteString(cells[i].Text)
			id.WriteByte(0)
			if cells[i].Valid {
				id.WriteByte(1)
			}
		}
		if at, ok := index[id.String()]; ok {
			join(&out[at], g)
			continue
		}
		index[id.String()] = len(out)
		out = append(out, g)
	}
	return out
}
