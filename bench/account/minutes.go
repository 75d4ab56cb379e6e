package account

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Minutes are logins as GraphQL counts them, oldest first: a few events in every
// minute.
type Minutes struct {
	// MaxDuration, MaxPageSize and NotOlderThan are the account's limits, as the
	// settings node tells them.
	MaxDuration  time.Duration
	MaxPageSize  int
	NotOlderThan time.Duration

	events []event
}

// event stands for a number of logins that agree in all dimensions.
type event struct {
	at      time.Time
	allowed bool
	country string
	count   int64
}

// NewMinutes makes every minute from start to before end hold logins that were
// let in, and three minutes of ten blocked ones too.
func NewMinutes(start, end time.Time) *Minutes {
	m := &Minutes{MaxDuration: 7 * 24 * time.Hour, MaxPageSize: 10_000, NotOlderThan: 90 * 24 * time.Hour}
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // reproducible on purpose
	for at := start.Truncate(time.Minute); at.Before(end); at = at.Add(time.Minute) {
		country := countries[r.IntN(len(countries))]
		m.events = append(m.events,
			event{at.Add(7 * time.Second), true, country, 1 + r.Int64N(9)},
			event{at.Add(33 * time.Second), true, country, 1})
		if r.IntN(10) < 3 {
			m.events = append(m.events, event{at.Add(41 * time.Second), false, country, 1 + r.Int64N(3)})
		}
	}
	return m
}

// Count counts the logins from from to before to by isSuccessfulLogin.
func (m *Minutes) Count(from, to time.Time) (allowed, blocked int64) {
	for _, e := range m.between(from, to) {
		if e.allowed {
			allowed += e.count
		} else {
			blocked += e.count
		}
	}
	return allowed, blocked
}

func (m *Minutes) between(from, to time.Time) []event {
	index := func(t time.Time) int {
		i, _ := slices.BinarySearchFunc(m.events, t, func(e event, t time.Time) int { return e.at.Compare(t) })
		return i
	}
	lo := index(from)
	return m.events[lo:max(lo, index(to))]
}

// dimensions that the account has, as JSON; the others of Cloudflare's dataset are
// empty or 0 for it.
var dimensions = map[string]func(e event) string{
	"datetime":          func(e event) string { return e.at.UTC().Format(`"` + time.RFC3339 + `"`) },
	"datetimeMinute":    func(e event) string { return e.at.UTC().Truncate(time.Minute).Format(`"` + time.RFC3339 + `"`) },
	"date":              func(e event) string { return e.at.UTC().Format(`"` + time.DateOnly + `"`) },
	"isSuccessfulLogin": func(e event) string { return map[bool]string{true: "1", false: "0"}[e.allowed] },
	"country":           func(e event) string { return `"` + e.country + `"` },
	"identityProvider":  always(`"nonidentity"`), "ipAddress": always(`"192.0.2.1"`), "mtlsStatus": always(`"NONE"`),
	"appId": always(`""`), "approvingPolicyId": always(`""`), "cfRayId": always(`""`), "deviceId": always(`""`),
	"mtlsCertSerialId": always(`""`), "mtlsCommonName": always(`""`), "serviceTokenId": always(`""`), "userUuid": always(`""`),
	"hasExistingJWT": always("0"), "hasGatewayEnabled": always("0"), "hasWarpEnabled": always("0"),
}

func always(text string) func(event) string { return func(event) string { return text } }

// group is what one row of an answer counts. Its values are in the order of the
// dimensions asked for.
type group struct {
	values []string
	count  int64
}

// groups counts events by dimensions, in the order of orderBy (such as
// datetimeMinute_ASC), at most limit groups.
func groups(events []event, names, orderBy []string, limit int) ([]*group, error) {
	read := make([]func(e event) string, len(names))
	for i, name := range names {
		dimension, ok := dimensions[name]
		if !ok {
			return nil, fmt.Errorf("unknown field %q", name)
		}
		read[i] = dimension
	}
	byKey := map[string]*group{}
	var list []*group
	for _, e := range events {
		values := make([]string, len(read))
		for i := range read {
			values[i] = read[i](e)
		}
		key := strings.Join(values, ",")
		g := byKey[key]
		if g == nil {
			g = &group{values: values}
			byKey[key] = g
			list = append(list, g)
		}
		g.count += e.count
	}
	slices.SortStableFunc(list, func(a, b *group) int {
		for _, order := range orderBy {
			if c := compareGroups(a, b, names, order); c != 0 {
				return c
			}
		}
		return 0
	})
	return list[:min(limit, len(list))], nil
}

func compareGroups(a, b *group, names []string, order string) int {
	name, ascending := strings.CutSuffix(order, "_ASC")
	if !ascending {
		name = strings.TrimSuffix(name, "_DESC")
		a, b = b, a
	}
	if i := slices.Index(names, name); i >= 0 {
		return cmp.Compare(a.values[i], b.values[i])
	}
	return cmp.Compare(a.count, b.count)
}
