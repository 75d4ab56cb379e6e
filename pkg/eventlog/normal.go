package eventlog

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// normalize gives a JSON value the text that filters compare with, by the
// field's kind. A value of another type than the kind keeps its JSON text: what
// Cloudflare sends is shown, never dropped.
func normalize(kind catalogue.Kind, v gjson.Result) string {
	text := v.Raw
	if v.Type == gjson.String {
		text = v.Str
	}
	switch kind {
	case catalogue.KindCountry:
		return strings.ToUpper(strings.TrimSpace(text))
	case catalogue.KindBoolean:
		switch strings.ToLower(text) {
		case "true", "1":
			return "true"
		case "false", "0":
			return "false"
		}
	case catalogue.KindIP:
		if ip, err := netip.ParseAddr(text); err == nil {
			return ip.String()
		}
	case catalogue.KindRayID:
		if id, ok := query.NormalizeRayID(text); ok {
			return id
		}
	}
	return text
}

// parseRay reads the usual form of a Ray ID, 16 hexadecimal digits.
func parseRay(text string) (uint64, bool) {
	if len(text) != rayDigits || text[0] == '+' {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 16, 64)
	return n, err == nil
}

// rayDigits is the length of a Ray ID of the usual form.
const rayDigits = 16

func appendRay(digits []byte, n uint64) []byte {
	var id [rayDigits / 2]byte
	binary.BigEndian.PutUint64(id[:], n)
	return hex.AppendEncode(digits, id[:])
}

func rayText(n uint64) string { return string(appendRay(nil, n)) }

// parseInstant reads a row's time. Times that nanoseconds since 1970 cannot
// hold are not times of logins.
func parseInstant(v gjson.Result) (int64, bool) {
	if v.Type != gjson.String {
		return 0, false
	}
	t, err := time.Parse(time.RFC3339Nano, v.Str)
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return 0, false
	}
	return t.UnixNano(), true
}

// Spans of time inside the event log are nanoseconds since 1970, from included,
// to excluded, both whole milliseconds.
type span struct{ from, to int64 }

func (s span) empty() bool            { return s.from >= s.to }
func (s span) length() int64          { return s.to - s.from }
func (s span) overlaps(o span) bool   { return s.from < o.to && o.from < s.to }
func (s span) clip(o span) span       { return span{max(s.from, o.from), min(s.to, o.to)} }
func (s span) contains(at int64) bool { return s.from <= at && at < s.to }

const (
	millisecond = int64(time.Millisecond)
	second      = int64(time.Second)
)

func floorTo(t, unit int64) int64 {
	rest := t % unit
	if rest < 0 {
		rest += unit
	}
	return t - rest
}

func ceilTo(t, unit int64) int64 { return -floorTo(-t, unit) }

func spanOf(w query.Window) span { return span{w.Start().UnixNano(), w.End().UnixNano()} }

func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// subtract takes what is in others out of the spans.
func subtract(spans []span, others ...span) []span {
	for _, o := range others {
		var rest []span
		for _, s := range spans {
			if !s.overlaps(o) {
				rest = append(rest, s)
				continue
			}
			if left := (span{s.from, o.from}); !left.empty() {
				rest = append(rest, left)
			}
			if right := (span{o.to, s.to}); !right.empty() {
				rest = append(rest, right)
			}
		}
		spans = rest
	}
	return spans
}
