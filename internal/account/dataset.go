package account

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// dataset is the one GraphQL dataset that the account has.
const dataset = "accessLoginRequestsAdaptiveGroups"

// GraphQL is the limits of the dataset, and what can be wrong with it. A limit of
// zero is the one that was seen on real accounts.
type GraphQL struct {
	// MaxDuration, MaxPageSize, NotOlderThan and MaxFields are what the settings
	// tell. MaxNodes is how many nodes a query can have.
	MaxDuration  time.Duration
	MaxPageSize  int
	NotOlderThan time.Duration
	MaxFields    int
	MaxNodes     int
	// Unavailable are dimensions that the account does not have. Denied are those
	// that the settings list all the same.
	Unavailable, Denied []string
	// SettingsFail refuses to tell the settings.
	SettingsFail bool
	// Disabled is an account without the dataset.
	Disabled bool
	// SampleInterval is by how much the logins are sampled; 1 if 0. Counts are
	// scaled up by it, as Cloudflare's are.
	SampleInterval int64
	// WholeSeconds cuts the times that a filter compares with to seconds.
	WholeSeconds bool
}

func (g GraphQL) withDefaults() GraphQL {
	fill(&g.MaxDuration, 7*24*time.Hour)
	fill(&g.NotOlderThan, 90*24*time.Hour)
	fill(&g.MaxPageSize, 10_000)
	fill(&g.MaxFields, 30)
	fill(&g.MaxNodes, 10)
	fill(&g.SampleInterval, 1)
	return g
}

func fill[T comparable](into *T, standard T) {
	var zero T
	if *into == zero {
		*into = standard
	}
}

func (g GraphQL) settings(f *ast.Field) (any, error) {
	if g.SettingsFail {
		return nil, fmt.Errorf("unknown field %q", f.Name)
	}
	available := []string{"count", "avg_sampleInterval"}
	for _, name := range slices.Sorted(maps.Keys(dimensions)) {
		if !slices.Contains(g.Unavailable, name) {
			available = append(available, "dimensions_"+name)
		}
	}
	fields := map[string]resolver{}
	for name, value := range map[string]any{"enabled": !g.Disabled, "availableFields": available, "maxNumberOfFields": g.MaxFields,
		"maxDuration": int(g.MaxDuration.Seconds()), "maxPageSize": g.MaxPageSize, "notOlderThan": int(g.NotOlderThan.Seconds())} {
		fields[name] = func(*ast.Field) (any, error) { return value, nil }
	}
	return object(f.SelectionSet, map[string]resolver{dataset: func(f *ast.Field) (any, error) { return object(f.SelectionSet, fields) }})
}

// kind is how a dimension's values are written and compared.
type kind int

const (
	text   kind = iota
	flag        // a whole number, 0 or 1 for most
	moment      // a time, in whole units
)

// dimension is one of the dataset's. All are there for every login; one that
// says nothing is "" or 0.
type dimension struct {
	kind   kind
	unit   time.Duration
	layout string
}

// dimensions are those of accessLoginRequestsAdaptiveGroups.
var dimensions = map[string]dimension{
	"date":              {moment, 24 * time.Hour, time.DateOnly},
	"datetime":          {moment, time.Second, time.RFC3339},
	"datetimeMinute":    {moment, time.Minute, time.RFC3339},
	"isSuccessfulLogin": {kind: flag}, "hasExistingJWT": {kind: flag}, "hasGatewayEnabled": {kind: flag}, "hasWarpEnabled": {kind: flag},
	"serviceTokenVersion": {kind: flag}, "appId": {}, "approvingPolicyId": {}, "cfRayId": {}, "country": {}, "deviceId": {}, "identityProvider": {}, "ipAddress": {},
	"mtlsCertSerialId": {}, "mtlsCommonName": {}, "mtlsStatus": {}, "serviceTokenId": {}, "userUuid": {},
}

// floor is the start of the unit of time that an instant is in.
func (d dimension) floor(at int64) int64 {
	unit := int64(d.unit)
	return at - (at%unit+unit)%unit
}

// loginSource is logins that GraphQL counts, oldest first.
type loginSource interface {
	len() int
	at(i int) int64
	count(i int) int64
	// visible says whether a login has happened and arrived.
	visible(i int, now time.Time) bool
	text(dimension string) func(i int) string
	flag(dimension string) func(i int) int64
}

func (c Config) loginSource() loginSource {
	if c.Minutes != nil {
		return c.Minutes
	}
	sorted := slices.Clone(c.Groups)
	slices.SortStableFunc(sorted, func(a, b LoginEvent) int { return a.At.Compare(b.At) })
	return loginEvents(sorted)
}

// value is what a login has in a dimension: a number for flags and times, which
// are nanoseconds since 1970.
type value struct {
	number int64
	text   string
}

// reader reads a dimension of a source.
func reader(s loginSource, name string) func(i int) value {
	switch d := dimensions[name]; d.kind {
	case moment:
		return func(i int) value { return value{number: d.floor(s.at(i))} }
	case flag:
		read := s.flag(name)
		return func(i int) value { return value{number: read(i)} }
	}
	read := s.text(name)
	return func(i int) value { return value{text: read(i)} }
}

// compare is of two values of the same dimension: one of both members is equal.
func (v value) compare(o value) int {
	return cmp.Or(cmp.Compare(v.number, o.number), cmp.Compare(v.text, o.text))
}

// appendValue writes a value of a dimension as JSON.
func appendValue(b []byte, name string, v value) []byte {
	switch d := dimensions[name]; d.kind {
	case flag:
		return strconv.AppendInt(b, v.number, 10)
	case moment:
		return append(time.Unix(0, v.number).UTC().AppendFormat(append(b, '"'), d.layout), '"')
	}
	return appendText(b, v.text)
}

// after is the first login at or after an instant.
func after(s loginSource, at int64) int {
	return sort.Search(s.len(), func(i int) bool { return s.at(i) >= at })
}

// LoginEvent is a login, or several that agree in all dimensions, as GraphQL
// counts it.
type LoginEvent struct {
	// At is when it happened. Cloudflare tells its second.
	At time.Time
	// Arrives is when it is counted; as soon as it happens if zero.
	Arrives time.Time
	// Count is 1 if it is 0.
	Count int64
	// Dimensions are texts, and numbers for flags; those of time follow from At.
	Dimensions Row
}

// Text is what a dimension shows.
func (e LoginEvent) Text(name string) string {
	if d := dimensions[name]; d.kind == moment {
		return time.Unix(0, d.floor(e.At.UnixNano())).UTC().Format(d.layout)
	}
	return fmt.Sprint(e.Dimensions[name])
}

func (e LoginEvent) weight() int64 { return max(e.Count, 1) }

func (e LoginEvent) isVisible(now time.Time) bool { return !e.At.After(now) && !e.Arrives.After(now) }

// NewLoginEvent makes a login with every dimension. The changes are names and
// values, in turn.
func NewLoginEvent(at time.Time, changes ...any) LoginEvent {
	e := LoginEvent{At: at, Dimensions: Row{
		"cfRayId": fmt.Sprintf("%016x", at.UnixNano()), "country": "GB", "isSuccessfulLogin": 1,
		"hasWarpEnabled": 0, "hasGatewayEnabled": 0, "hasExistingJWT": 1, "appId": "app-1", "identityProvider": "okta",
		"userUuid": "user-1", "ipAddress": "192.0.2.1", "approvingPolicyId": "", "serviceTokenId": "", "serviceTokenVersion": 0, "deviceId": "",
		"mtlsStatus": "NONE", "mtlsCommonName": "", "mtlsCertSerialId": "",
	}}
	for i := 0; i+1 < len(changes); i += 2 {
		e.Dimensions[changes[i].(string)] = changes[i+1]
	}
	return e
}

// NewLoginEvents makes n logins within a span. A tenth of them are in one second.
// The same arguments make the same logins.
func NewLoginEvents(n int, from time.Time, span time.Duration, seed uint64) []LoginEvent {
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // reproducible on purpose
	countries := []string{"GB", "gb", "uS", "US", "DE", ""}
	providers := []string{"okta", "nonidentity", "100%_sure"}
	events := make([]LoginEvent, n)
	for i := range events {
		at := from.Add(time.Duration(r.Int64N(int64(span)))).Truncate(time.Millisecond)
		if i%10 == 0 {
			at = from.Add(span / 3).Truncate(time.Second)
		}
		events[i] = NewLoginEvent(at, "country", countries[r.IntN(len(countries))], "isSuccessfulLogin", r.IntN(2), "hasWarpEnabled", r.IntN(2),
			"appId", fmt.Sprintf("app-%d", r.IntN(4)), "identityProvider", providers[r.IntN(len(providers))],
			"ipAddress", fmt.Sprintf("192.0.2.%d", r.IntN(200)), "cfRayId", fmt.Sprintf("%016x", r.Uint64()))
	}
	return events
}

// loginEvents are oldest first.
type loginEvents []LoginEvent

func (l loginEvents) len() int                          { return len(l) }
func (l loginEvents) at(i int) int64                    { return l[i].At.UnixNano() }
func (l loginEvents) count(i int) int64                 { return l[i].weight() }
func (l loginEvents) visible(i int, now time.Time) bool { return l[i].isVisible(now) }

func (l loginEvents) text(name string) func(i int) string {
	return func(i int) string {
		value, _ := l[i].Dimensions[name].(string)
		return value
	}
}

func (l loginEvents) flag(name string) func(i int) int64 {
	return func(i int) int64 {
		n, _ := number(l[i].Dimensions[name])
		return n
	}
}

// group is what one row of an answer counts. Its values are in the order of the
// dimensions asked for.
type group struct {
	values []value
	count  int64
}

// number reads a whole number that stands in a query or came as a variable.
func number(operand any) (int64, error) {
	switch n := operand.(type) {
	case int:
		return int64(n), nil
	case int64:
		return n, nil
	case float64:
		if n == math.Trunc(n) {
			return int64(n), nil
		}
	}
	return 0, fmt.Errorf("%v is not a whole number", operand)
}

// listed is a list, or a single value as GraphQL takes it for one.
func listed(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}
