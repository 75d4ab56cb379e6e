package query

import (
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

// Cell is a value in its normalized text: see Normalize. Valid is false where the
// event has no such value.
type Cell struct {
	Text  string
	Valid bool
}

// Normalize gives a value the text that filters compare with and that answers
// show, by the field's kind: country codes in upper case, Ray IDs in lower case,
// booleans as true and false, times as RFC 3339 in UTC. ok says whether the value
// is one of the kind; one that is not keeps its text.
func Normalize(f *catalogue.Field, text string) (normal string, ok bool) {
	switch f.Kind {
	case catalogue.KindCountry:
		text = strings.ToUpper(strings.TrimSpace(text))
		return text, text == "" || isCountry(text)
	case catalogue.KindBoolean:
		b, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(text)))
		if err != nil {
			return text, false
		}
		return strconv.FormatBool(b), true
	case catalogue.KindIP:
		ip, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			return text, text == ""
		}
		return ip.String(), true
	case catalogue.KindRayID:
		if id, ok := NormalizeRayID(text); ok {
			return id, true
		}
		return text, false
	case catalogue.KindTime:
		t, err := ParseInstant(f, text)
		if err != nil {
			return text, false
		}
		return t.Format(time.RFC3339Nano), true
	case catalogue.KindNumber, catalogue.KindDuration:
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		return text, err == nil && n == n
	}
	return text, true
}

// parseBlock reads a CIDR block, of which an address is the smallest. Bits beyond the
// length of its prefix, which people leave in, say nothing.
func parseBlock(text string) (netip.Prefix, bool) {
	text = strings.TrimSpace(text)
	if address, err := netip.ParseAddr(text); err == nil {
		address = address.Unmap().WithZone("")
		return netip.PrefixFrom(address, address.BitLen()), true
	}
	block, err := netip.ParsePrefix(text)
	if err == nil && block.Addr().Is4In6() && block.Bits() >= 96 {
		block = netip.PrefixFrom(block.Addr().Unmap(), block.Bits()-96)
	}
	return block.Masked(), err == nil
}

// Readable says whether a value, as Cloudflare sends it, is one of the field's kind;
// composite is set for JSON objects and arrays. What is empty is no value, and so
// readable. IDs and enum values are taken as they come: Cloudflare adds to the
// values, and documents forms of IDs that it does not keep to.
func Readable(f *catalogue.Field, text string, composite bool) bool {
	switch {
	case f.Kind == catalogue.KindJSON:
		return true
	case composite:
		return false
	case f.Kind == catalogue.KindRayID || strings.TrimSpace(text) == "":
		return true
	}
	_, ok := Normalize(f, text)
	if !ok && f.Kind == catalogue.KindTime && f.Encoding == "" {
		// A time outside of the years of events is one all the same.
		_, err := time.Parse(time.RFC3339Nano, text)
		ok = err == nil
	}
	return ok
}

// Understood says whether a derived field has a value wherever the field that it
// is derived from has one.
func Understood(d *catalogue.Derived, from Cell) bool {
	return !from.Valid || strings.TrimSpace(from.Text) == "" || Derive(d, from, nil).Valid
}

func isCountry(code string) bool {
	return len(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && (code[1] >= 'A' && code[1] <= 'Z' || code[1] >= '0' && code[1] <= '9')
}

// Derive computes a derived field from the value that it is derived from. names
// are those of the list that the field's values are names from, nil if there is none.
func Derive(d *catalogue.Derived, from Cell, names *Names) Cell {
	switch {
	case d.Constant != "":
		return Cell{d.Constant, true}
	case !from.Valid:
		return Cell{}
	}
	if text, ok := d.Values[from.Text]; ok {
		return Cell{text, true}
	}
	if d.Names != "" {
		return Cell{names.of(from.Text), true}
	}
	if d.Otherwise != nil {
		return Cell{*d.Otherwise, true}
	}
	return Cell{}
}

// IsForever says whether a duration, as Cloudflare writes it, is that of what never
// expires. Which expires_at comes with it is not documented.
func IsForever(duration string) bool { return strings.EqualFold(duration, "forever") }

// DaysUntil is how many days are left until a time, negative after it. It is not valid
// where there is none, or where the duration says that it never comes.
func DaysUntil(at, duration string, now time.Time) Cell {
	t, err := ParseInstant(&catalogue.Field{}, at)
	if err != nil || IsForever(duration) {
		return Cell{}
	}
	return Cell{strconv.FormatFloat(t.Sub(now).Hours()/24, 'f', -1, 64), true}
}

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

// ParseTime reads RFC 3339, a date in UTC, or epoch milliseconds, as Grafana
// writes times.
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

var errNoInstant = errors.New("not a time")

// ParseInstant reads a time as Cloudflare sends it in a field. Times before 1970
// and after 2200 are not those of events: nanoseconds could not hold all of them.
func ParseInstant(f *catalogue.Field, text string) (t time.Time, err error) {
	switch {
	case f.Encoding == catalogue.EpochSeconds:
		var s float64
		if s, err = strconv.ParseFloat(text, 64); err == nil && s >= 0 && s < 1e11 {
			t = time.UnixMilli(int64(math.Round(s * 1000))).UTC()
		}
	case len(text) == len(time.DateOnly):
		t, err = time.Parse(time.DateOnly, text)
	default:
		t, err = time.Parse(time.RFC3339Nano, text)
	}
	if err == nil && (t.Year() < 1970 || t.Year() > 2200) {
		err = errNoInstant
	}
	return t.UTC(), err
}
