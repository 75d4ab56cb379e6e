package query

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

var epochSeconds = &catalogue.Field{Name: "expires", Kind: catalogue.KindTime, Encoding: catalogue.EpochSeconds}

func TestNormalize(t *testing.T) {
	for _, c := range []struct {
		kind       catalogue.Kind
		text, want string
		ok         bool
	}{
		{catalogue.KindCountry, " gb ", "GB", true},
		{catalogue.KindCountry, "t1", "T1", true},
		{catalogue.KindCountry, "", "", true},
		{catalogue.KindCountry, "Britain", "BRITAIN", false},
		{catalogue.KindCountry, "1t", "1T", false},
		{catalogue.KindBoolean, "TRUE", "true", true},
		{catalogue.KindBoolean, " 0 ", "false", true},
		{catalogue.KindBoolean, "maybe", "maybe", false},
		{catalogue.KindBoolean, "", "", false},
		{catalogue.KindIP, "2001:DB8:0::1", "2001:db8::1", true},
		{catalogue.KindIP, " 192.0.2.1 ", "192.0.2.1", true},
		{catalogue.KindIP, "", "", true},
		{catalogue.KindIP, "192.0.2.0/24", "192.0.2.0/24", false},
		{catalogue.KindRayID, "8D3F0A1B2C3D4E5F-LHR", "8d3f0a1b2c3d4e5f", true},
		{catalogue.KindRayID, "No Ray", "No Ray", false},
		{catalogue.KindTime, "2026-11-21T13:00:00.5+01:00", "2026-11-21T12:00:00.5Z", true},
		{catalogue.KindTime, "2026-11-21", "2026-11-21T00:00:00Z", true},
		{catalogue.KindTime, "yesterday", "yesterday", false},
		{catalogue.KindNumber, " 1.50 ", " 1.50 ", true},
		{catalogue.KindNumber, "NaN", "NaN", false},
		{catalogue.KindDuration, "soon", "soon", false},
		{catalogue.KindEmail, " A@example.com ", " A@example.com ", true},
		{catalogue.KindString, "", "", true},
		{catalogue.KindJSON, `{"a":1}`, `{"a":1}`, true},
	} {
		t.Run(fmt.Sprint(c.kind, " ", c.text), func(t *testing.T) {
			f := &catalogue.Field{Kind: c.kind}
			normal, ok := Normalize(f, c.text)
			require.Equal(t, c.want, normal)
			require.Equal(t, c.ok, ok)
			if ok {
				again, _ := Normalize(f, normal)
				require.Equal(t, normal, again, "what is normal stays as it is")
			}
		})
	}
	normal, ok := Normalize(epochSeconds, "1795262400")
	require.True(t, ok)
	require.Equal(t, "2026-11-21T12:00:00Z", normal)
}

func TestDerive(t *testing.T) {
	otherwise := "failure"
	outcome := &catalogue.Derived{From: "allowed", Values: map[string]string{"true": "allowed", "false": "blocked"}}
	result := &catalogue.Derived{From: "status", Values: map[string]string{"SUCCESS": "success"}, Otherwise: &otherwise}
	constant := &catalogue.Derived{Constant: "blocked"}
	for _, c := range []struct {
		derived    *catalogue.Derived
		from, want Cell
	}{
		{outcome, Cell{"true", true}, Cell{"allowed", true}},
		{outcome, Cell{"perhaps", true}, Cell{}},
		{outcome, Cell{}, Cell{}},
		{outcome, Cell{"", true}, Cell{}},
		{result, Cell{"SUCCESS", true}, Cell{"success", true}},
		{result, Cell{"", true}, Cell{"failure", true}},
		{result, Cell{}, Cell{}},
		{constant, Cell{}, Cell{"blocked", true}},
		{constant, Cell{"anything", true}, Cell{"blocked", true}},
	} {
		require.Equal(t, c.want, Derive(c.derived, c.from, nil), "%+v of %+v", c.derived, c.from)
	}
}

func TestParseTime(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2026-11-21T12:00:00Z":         noon,
		" 2026-11-21T13:00:00+01:00 ":  noon,
		"2026-11-21T12:00:00.0000001Z": noon.Add(100),
		"1795262400001":                noon.Add(time.Millisecond),
		"2026-11-21":                   noon.Add(-12 * time.Hour),
		"1795262400":                   time.UnixMilli(1795262400).UTC(), // ten digits too, but no date
	} {
		got, err := ParseTime(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "yesterday", "2026-13-01", "2026-11-21 12:00:00", "1.5"} {
		_, err := ParseTime(text)
		require.Error(t, err, text)
	}
}

func TestParseInstant(t *testing.T) {
	rfc := &catalogue.Field{Kind: catalogue.KindTime}
	for _, c := range []struct {
		field *catalogue.Field
		text  string
		want  time.Time // zero: refused
	}{
		{rfc, "2026-11-21T13:00:00.000000001+01:00", noon.Add(1)},
		{rfc, "2026-11-21", noon.Add(-12 * time.Hour)},
		{rfc, "1970-01-01T00:00:00Z", time.Unix(0, 0).UTC()},
		{rfc, "1969-12-31T23:59:59Z", time.Time{}},
		{rfc, "2201-01-01T00:00:00Z", time.Time{}},
		{rfc, "1795262400", time.Time{}},
		{rfc, "2026-11-31", time.Time{}},
		{rfc, "", time.Time{}},
		{epochSeconds, "1795262400", noon},
		{epochSeconds, "1795262400.25", noon.Add(250 * time.Millisecond)},
		{epochSeconds, "0", time.Unix(0, 0).UTC()},
		{epochSeconds, "-1", time.Time{}},
		{epochSeconds, "1e300", time.Time{}},
		{epochSeconds, "NaN", time.Time{}},
		{epochSeconds, "2026-11-21T12:00:00Z", time.Time{}},
		{epochSeconds, "1795262400000", time.Time{}}, // milliseconds
	} {
		got, err := ParseInstant(c.field, c.text)
		if c.want.IsZero() {
			require.Error(t, err, c.text)
			continue
		}
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got, c.text)
	}
}

func TestEpochSecondsAreExactToTheMillisecond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, 4_000_000_000_000).Draw(t, "ms")
		got, err := ParseInstant(epochSeconds, fmt.Sprintf("%d.%03d", ms/1000, ms%1000))
		if err != nil || got.UnixMilli() != ms {
			t.Fatalf("%d ms is %s, %v", ms, got, err)
		}
	})
}
