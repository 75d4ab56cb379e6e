package frame

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
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

// Disguise is Show, or nil where nothing is replaced.
func (m *Masker) Disguise() func(f *catalogue.Field, value string) string {
	if !m.Hides() {
		return nil
	}
	return m.Show
}

// Show is what answers show of a field's value.
func (m *Masker) Show(f *catalogue.Field, value string) string {
	if !f.Personal {
		return value
	}
	return m.Text(value)
}

// Apply masks every personal field of a result's table in place. Unknown keys can
// hold anything, so they are not shown at all. Groups and series are counted by what
// is shown, with query.Request.Disguise. Parts have sentences in which personal values
// stand: who writes them masks them, with query.Request.Show.
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
					if c := &column.Values[i]; c.Valid {
						c.Text = m.Text(c.Text)
					}
				}
			}
		}
		for i, text := range t.Other {
			if text != "" {
				t.Other[i] = `"` + redacted + `"`
			}
		}
	}
}
