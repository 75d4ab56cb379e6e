package surface

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var suffixes = []string{"_notlike", "_notin", "_like", "_neq", "_geq", "_leq", "_in", "_gt", "_lt"}

// compile makes a filter a test of an event: all of its members must hold.
func (n *fakeNode) compile(filter map[string]any) func(loginEvent) bool {
	var tests []func(loginEvent) bool
	for key, operand := range filter {
		switch key {
		case "AND", "OR":
			var parts []func(loginEvent) bool
			for _, part := range operand.([]any) {
				parts = append(parts, n.compile(part.(map[string]any)))
			}
			tests = append(tests, func(e loginEvent) bool {
				holds := slices.ContainsFunc(parts, func(part func(loginEvent) bool) bool { return part(e) == (key == "OR") })
				return holds == (key == "OR")
			})
		default:
			tests = append(tests, n.compileField(key, operand))
		}
	}
	return func(e loginEvent) bool {
		return !slices.ContainsFunc(tests, func(test func(loginEvent) bool) bool { return !test(e) })
	}
}

func (n *fakeNode) compileField(key string, operand any) func(loginEvent) bool {
	name, op := key, ""
	for _, suffix := range suffixes {
		if base, ok := strings.CutSuffix(key, suffix); ok {
			name, op = base, suffix
			break
		}
	}
	if !slices.Contains(fakeDimensions, name) {
		n.t.Errorf("unknown filter %s", key)
	}
	if name == "datetime" {
		at, err := time.Parse(time.RFC3339Nano, operand.(string))
		if err != nil {
			n.t.Errorf("%s is no time: %v", key, operand)
		}
		if n.wholeSeconds {
			at = at.Truncate(time.Second)
		}
		return func(e loginEvent) bool { return holdsFor(op, e.second.Compare(at)) }
	}
	switch name {
	case n.ignores:
		return func(loginEvent) bool { return true }
	case n.empties:
		return func(loginEvent) bool { return false }
	}
	return func(e loginEvent) bool { return compareOp(e.dims[name], op, operand) }
}

func compareOp(value any, op string, operand any) bool {
	switch op {
	case "_in", "_notin":
		in := slices.ContainsFunc(operand.([]any), func(v any) bool { return v == value })
		return in == (op == "_in")
	case "_like", "_notlike":
		pattern := "(?s)^" + strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(operand.(string))) + "$"
		return regexp.MustCompile(pattern).MatchString(value.(string)) == (op == "_like")
	}
	return holdsFor(op, compareAny(value, operand))
}

// holdsFor says whether an operator holds, given how two values compare.
func holdsFor(op string, c int) bool {
	switch op {
	case "_neq":
		return c != 0
	case "_gt":
		return c > 0
	case "_geq":
		return c >= 0
	case "_lt":
		return c < 0
	case "_leq":
		return c <= 0
	}
	return c == 0
}

// compareAny compares numbers, instants or texts.
func compareAny(a, b any) int {
	x, y := fmt.Sprint(a), fmt.Sprint(b)
	if len(x) >= len(time.DateOnly) && x[4] == '-' {
		tx, errX := time.Parse(time.RFC3339Nano, x)
		ty, errY := time.Parse(time.RFC3339Nano, y)
		if errX == nil && errY == nil {
			return tx.Compare(ty)
		}
	}
	nx, errX := strconv.ParseFloat(x, 64)
	ny, errY := strconv.ParseFloat(y, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(nx, ny)
	}
	return strings.Compare(x, y)
}

// newLogin makes an event with every dimension; overrides come in pairs.
func newLogin(at time.Time, overrides ...any) loginEvent {
	at = at.UTC()
	e := loginEvent{at: at, second: at.Truncate(time.Second), dims: map[string]any{
		"datetime": at.Truncate(time.Second).Format(time.RFC3339), "datetimeMinute": at.Truncate(time.Minute).Format(time.RFC3339),
		"date": at.Format(time.DateOnly), "cfRayId": fmt.Sprintf("%016x", at.UnixNano()), "country": "GB", "isSuccessfulLogin": 1,
		"hasWarpEnabled": 0, "hasGatewayEnabled": 0, "hasExistingJWT": 1, "appId": "app-1", "identityProvider": "okta",
		"userUuid": "user-1", "ipAddress": "192.0.2.1", "approvingPolicyId": "", "serviceTokenId": "", "deviceId": "",
		"mtlsStatus": "NONE", "mtlsCommonName": "", "mtlsCertSerialId": "",
	}}
	for i := 0; i < len(overrides); i += 2 {
		e.dims[overrides[i].(string)] = overrides[i+1]
	}
	return e
}
