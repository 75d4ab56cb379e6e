package query

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// scalar reads a JSON text, number or boolean as text: template variables and
// hand-written queries hold all three.
func scalar(raw json.RawMessage) (string, error) {
	var v any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", errors.New("not a scalar")
}

// NormalizeRayID reads a Ray ID as people paste it from a block page: with
// spaces, in upper case, with the data centre behind a hyphen.
func NormalizeRayID(text string) (id string, ok bool) {
	text = strings.ToLower(strings.Join(strings.Fields(text), ""))
	text = strings.TrimPrefix(text, "rayid:")
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

// ParseTime reads RFC 3339, a date in UTC, or epoch milliseconds.
func ParseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if len(text) == len(time.DateOnly) {
		if t, err := time.Parse(time.DateOnly, text); err == nil {
			return t, nil
		}
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	return t.UTC(), err
}
