package account

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Spread says how logins lie in time.
type Spread int

const (
	// Even spreads them evenly over the span.
	Even Spread = iota
	// OfficeHours has ten times as many an hour from 8 to 18 UTC on weekdays.
	OfficeHours
)

const (
	people           = 5000
	addressesAPerson = 4
	applications     = 40
	// tiedPercent of the logins have the instant of the one before: one sign-in
	// can make several rows.
	tiedPercent = 2
	// sharedRayPercent of the logins have the Ray ID of the one before.
	sharedRayPercent = 3
	blockedPercent   = 8
)

var (
	countries   = []string{"GB", "US", "DE", "NL", "FR", "JP", "IE", "PL", "CA", "AU"}
	connections = []string{"saml", "onetimepin", "google-apps"}
	appTypes    = []string{"self_hosted", "saas", "ssh"}
)

// Logins are the rows of access_requests, oldest first, kept as the JSON that
// the account answers with and as columns that the truth is counted from.
type Logins struct {
	// Times are in nanoseconds since 1970, whole microseconds, ascending.
	Times []int64
	// columns by Cloudflare's field name; outcome is the derived one.
	columns map[string]column
	rays    []uint64
	json    []byte
	ends    []int // row i is json[ends[i-1]:ends[i]]
}

// column has a code a row and the values that the codes stand for, as the data
// source shows them.
type column struct {
	codes  []uint32
	values []string
}

// NewLogins makes n logins from start to before end. The same arguments give the
// same logins. Names and addresses are of the ranges for documentation.
func NewLogins(n int, start, end time.Time, spread Spread) *Logins {
	r := rand.New(rand.NewPCG(uint64(n), uint64(spread))) //nolint:gosec // reproducible on purpose
	l := &Logins{Times: drawTimes(r, n, start, end, spread), rays: make([]uint64, n), ends: make([]int, n)}
	person, address, app := make([]uint32, n), make([]uint32, n), make([]uint32, n)
	outcome, country, connection := make([]uint32, n), make([]uint32, n), make([]uint32, n)
	for i := range n {
		person[i] = r.Uint32N(people)
		address[i] = person[i]*addressesAPerson + r.Uint32N(addressesAPerson)
		app[i] = r.Uint32N(applications)
		country[i] = person[i] % uint32(len(countries))
		connection[i] = r.Uint32N(uint32(len(connections)))
		if r.IntN(100) < blockedPercent {
			outcome[i] = 1
		}
		l.rays[i] = r.Uint64()
		if i > 0 && r.IntN(100) < sharedRayPercent {
			l.rays[i] = l.rays[i-1]
		}
	}
	each := func(n int, text func(i int) string) []string {
		values := make([]string, n)
		for i := range values {
			values[i] = text(i)
		}
		return values
	}
	l.columns = map[string]column{
		"allowed":    {outcome, []string{"true", "false"}},
		"outcome":    {outcome, []string{"allowed", "blocked"}},
		"country":    {country, countries},
		"connection": {connection, connections},
		"user_email": {person, each(people, func(i int) string { return fmt.Sprintf("person%d@example.com", i) })},
		"user_id":    {person, each(people, func(i int) string { return fmt.Sprintf("6f1c2a3b-4d5e-4f60-8a7b-%012d", i) })},
		"ip_address": {address, each(people*addressesAPerson, func(i int) string { return fmt.Sprintf("2001:db8:%x::%x", i/7+1, i%7+1) })},
		"app_name":   {app, each(applications, func(i int) string { return fmt.Sprintf("Application %d", i) })},
		"app_domain": {app, each(applications, func(i int) string { return fmt.Sprintf("app%d.example.com/start", i) })},
		"app_uid":    {app, each(applications, func(i int) string { return fmt.Sprintf("df7e2a5f-02b7-4d9d-af26-%012d", i) })},
		"app_type":   {app, each(applications, func(i int) string { return appTypes[i%len(appTypes)] })},
	}
	l.encode()
	return l
}

func drawTimes(r *rand.Rand, n int, start, end time.Time, spread Spread) []int64 {
	times := make([]int64, 0, n)
	span := end.Sub(start).Microseconds()
	for len(times) < n {
		at := start.Add(time.Duration(r.Int64N(span)) * time.Microsecond)
		if spread == OfficeHours && !isOfficeHour(at) && r.IntN(10) > 0 {
			continue
		}
		times = append(times, at.Truncate(time.Microsecond).UnixNano())
		if len(times) < n && r.IntN(100) < tiedPercent {
			times = append(times, times[len(times)-1])
		}
	}
	slices.Sort(times)
	return times
}

func isOfficeHour(t time.Time) bool {
	t = t.UTC()
	weekend := t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
	return !weekend && t.Hour() >= 8 && t.Hour() < 18
}

// jsonOrder are the keys of a row; the time and the Ray ID are not in columns.
var jsonOrder = []string{"action", "allowed", "app_domain", "app_name", "app_type", "app_uid", "connection", "country",
	"created_at", "ip_address", "ray_id", "user_email", "user_id"}

func (l *Logins) encode() {
	b := make([]byte, 0, len(l.Times)*460)
	for i, at := range l.Times {
		for k, name := range jsonOrder {
			separator := byte(',')
			if k == 0 {
				separator = '{'
			}
			b = append(b, separator, '"')
			b = append(b, name...)
			b = append(b, '"', ':')
			b = l.appendValue(b, name, i, at)
		}
		b = append(b, '}')
		l.ends[i] = len(b)
	}
	l.json = b
}

func (l *Logins) appendValue(b []byte, name string, row int, at int64) []byte {
	switch name {
	case "allowed":
		return append(b, l.value(name, row)...)
	case "action":
		return append(b, `"login"`...)
	case "created_at":
		b = append(b, '"')
		return append(time.Unix(0, at).UTC().AppendFormat(b, "2006-01-02T15:04:05.999999Z"), '"')
	case "country":
		// Cloudflare's own case differs from row to row.
		if row%5 == 0 {
			return strconv.AppendQuote(b, strings.ToLower(l.value(name, row)))
		}
	}
	return strconv.AppendQuote(b, l.value(name, row))
}

// value is what the data source shows of a field.
func (l *Logins) value(name string, row int) string {
	if c, ok := l.columns[name]; ok {
		return c.values[c.codes[row]]
	}
	switch name {
	case "ray_id":
		return fmt.Sprintf("%016x", l.rays[row])
	case "action":
		return "login"
	}
	panic("no field " + name)
}

func (l *Logins) appendRow(b []byte, row int) []byte {
	start := 0
	if row > 0 {
		start = l.ends[row-1]
	}
	return append(b, l.json[start:l.ends[row]]...)
}

func (l *Logins) at(row int) int64 { return l.Times[row] }

// late tells nothing: a login arrives when it happens.
func (l *Logins) late(time.Time) func(row int) bool { return nil }

func (l *Logins) between(since, until time.Time) (lo, hi int) {
	return l.Between(since, until.Add(1))
}

// Between are the rows from from to before to: indices lo to before hi.
func (l *Logins) Between(from, to time.Time) (lo, hi int) {
	return l.after(from.UnixNano()), l.after(to.UnixNano())
}

// after is the index of the first row at or after an instant.
func (l *Logins) after(at int64) int {
	return sort.Search(len(l.Times), func(i int) bool { return l.Times[i] >= at })
}

// Minutes are logins as GraphQL counts them, oldest first: a few events in every
// minute.
type Minutes struct{ events []minuteEvent }

// minuteEvent stands for a number of logins that agree in all dimensions.
type minuteEvent struct {
	at      int64
	allowed bool
	country string
	count   int64
}

// NewMinutes makes every minute from start to before end hold logins that were
// let in, and three minutes of ten blocked ones too.
func NewMinutes(start, end time.Time) *Minutes {
	m := &Minutes{}
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // reproducible on purpose
	add := func(at time.Time, allowed bool, country string, count int64) {
		m.events = append(m.events, minuteEvent{at.UnixNano(), allowed, country, count})
	}
	for at := start.Truncate(time.Minute); at.Before(end); at = at.Add(time.Minute) {
		country := countries[r.IntN(len(countries))]
		add(at.Add(7*time.Second), true, country, 1+r.Int64N(9))
		add(at.Add(33*time.Second), true, country, 1)
		if r.IntN(10) < 3 {
			add(at.Add(41*time.Second), false, country, 1+r.Int64N(3))
		}
	}
	return m
}

// Count counts the logins from from to before to by isSuccessfulLogin.
func (m *Minutes) Count(from, to time.Time) (allowed, blocked int64) {
	for i, hi := after(m, from.UnixNano()), after(m, to.UnixNano()); i < hi; i++ {
		if m.events[i].allowed {
			allowed += m.events[i].count
		} else {
			blocked += m.events[i].count
		}
	}
	return allowed, blocked
}

func (m *Minutes) len() int          { return len(m.events) }
func (m *Minutes) at(i int) int64    { return m.events[i].at }
func (m *Minutes) count(i int) int64 { return m.events[i].count }

func (m *Minutes) visible(i int, now time.Time) bool { return m.events[i].at < now.UnixNano() }

// text knows the country; the account's logins agree in the other dimensions.
func (m *Minutes) text(name string) func(i int) string {
	same := map[string]string{"identityProvider": "nonidentity", "ipAddress": "192.0.2.1", "mtlsStatus": "NONE"}[name]
	return func(i int) string {
		if name == "country" {
			return m.events[i].country
		}
		return same
	}
}

func (m *Minutes) flag(name string) func(i int) int64 {
	return func(i int) int64 {
		if name == "isSuccessfulLogin" && m.events[i].allowed {
			return 1
		}
		return 0
	}
}
