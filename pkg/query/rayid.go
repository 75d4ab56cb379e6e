package query

import (
	"encoding/hex"
	"regexp"
	"strings"
)

// NormalizeRayID reads a Ray ID as people paste it from a block page: with
// spaces, in upper case, with the data center behind a hyphen; or from the header of
// a response.
func NormalizeRayID(text string) (id string, ok bool) {
	text = strings.ToLower(strings.Join(strings.Fields(text), ""))
	text = strings.TrimPrefix(strings.TrimPrefix(text, "rayid:"), "cf-ray:")
	text, _, _ = strings.Cut(text, "-")
	if text == "" || len(text) > 32 {
		return "", false
	}
	padded := text
	if len(padded)%2 == 1 {
		padded = "0" + padded
	}
	_, err := hex.DecodeString(padded)
	return text, err == nil
}

// In the text of a page, a Ray ID has the 16 digits that Cloudflare gives it.
// Between the words and the ID there can be marks, markup, and a line's end.
var (
	namedRayID  = regexp.MustCompile(`(?i)\bray[\s_-]*id\b(?:<[^>]*>|[^0-9a-z<]){0,20}([0-9a-f]{16})\b`)
	lonelyRayID = regexp.MustCompile(`(?i)\b[0-9a-f]{16}\b`)
)

// pastedRayID is the Ray ID in a text that holds more than it, such as a whole
// block page: the one that is called so, or the only one that looks like one. A
// text without one is returned as it is.
func pastedRayID(text string) string {
	if _, ok := NormalizeRayID(text); ok {
		return text
	}
	if named := namedRayID.FindStringSubmatch(text); named != nil {
		return named[1]
	}
	only := ""
	for _, found := range lonelyRayID.FindAllString(text, -1) {
		if only != "" && !strings.EqualFold(found, only) {
			return text
		}
		only = found
	}
	if only != "" {
		return only
	}
	return text
}
