package account

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Row is a JSON object as the account answers with it.
type Row = map[string]any

// Event is a row of access_requests.
type Event struct {
	// At is created_at.
	At time.Time
	// Arrives is when the account has the row; as soon as it happens if zero.
	Arrives time.Time

	Email, Country, RayID string
	Allowed               bool
	// Row is the row to the letter. If it is nil, the row has the members that
	// Members makes of the fields above.
	Row Row
}

// Members is the row of an event as JSON has it, for tests that change it.
func (e Event) Members() Row {
	if e.Row != nil {
		return e.Row
	}
	row := Row{"created_at": e.At.UTC().Format(time.RFC3339Nano)}
	for _, name := range eventMembers {
		row[name] = e.text(name)
	}
	row["allowed"] = e.Allowed
	return row
}

var eventMembers = []string{"action", "allowed", "app_domain", "app_uid", "connection", "ip_address", "ray_id", "user_email", "country"}

// text is what a member of the row holds.
func (e Event) text(name string) string {
	if e.Row != nil {
		if e.Row[name] == nil {
			return ""
		}
		return fmt.Sprint(e.Row[name])
	}
	switch name {
	case "action":
		return "login"
	case "allowed":
		return strconv.FormatBool(e.Allowed)
	case "app_domain":
		return "wiki.example.com/"
	case "app_uid":
		return fmt.Sprintf("df7e2a5f-0000-4000-8000-00000000000%d", len(e.Email)%10)
	case "connection":
		return "saml"
	case "ip_address":
		return fmt.Sprintf("192.0.2.%d", e.At.Unix()%250)
	case "ray_id":
		return e.RayID
	case "user_email":
		return e.Email
	case "country":
		return e.Country
	}
	return ""
}

func (e Event) has(name string) bool {
	if e.Row != nil {
		_, ok := e.Row[name]
		return ok
	}
	return slices.Contains(eventMembers, name)
}

// EventOf is the event of a row, whose created_at has to be a time.
func EventOf(row Row) Event {
	at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(row["created_at"]))
	if err != nil {
		panic(err)
	}
	e := Event{At: at, Row: row}
	e.Email, e.Country, e.RayID, e.Allowed = e.text("user_email"), e.text("country"), e.text("ray_id"), e.text("allowed") == "true"
	return e
}

// NewEvents makes n events, spread over a span evenly but for a little noise. The
// same arguments make the same events; another seed makes other Ray IDs.
func NewEvents(n int, from, to time.Time, seed uint64) []Event {
	random := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // reproducible on purpose
	events := make([]Event, n)
	step := float64(to.Sub(from)) / float64(n)
	for i := range events {
		at := from.Add(time.Duration(step * (float64(i) + random.Float64()))).Truncate(time.Microsecond)
		events[i] = newEvent(at, random)
	}
	return events
}

// TiedEvents makes n events at one instant.
func TiedEvents(n int, at time.Time, seed uint64) []Event {
	random := rand.New(rand.NewPCG(seed, 3)) //nolint:gosec // reproducible on purpose
	events := make([]Event, n)
	for i := range events {
		events[i] = newEvent(at, random)
	}
	return events
}

// eventCountries has one in lower case, as Cloudflare was seen to send some.
var eventCountries = []string{"GB", "US", "de", "FR", "NL"}

func newEvent(at time.Time, random *rand.Rand) Event {
	return Event{At: at, Email: fmt.Sprintf("user%d@example.com", random.IntN(300)), Allowed: random.IntN(10) > 0,
		Country: eventCountries[random.IntN(len(eventCountries))], RayID: fmt.Sprintf("%016x", random.Uint64())}
}

// Truth are the events from from to to, both included, that have arrived and
// pass, oldest first. All pass if keep is nil.
func (a *Account) Truth(from, to time.Time, keep func(Event) bool) []Event {
	s := a.state.Load()
	now := s.now()
	var in []Event
	for _, e := range s.Events {
		if !e.At.Before(from) && !e.At.After(to) && !e.isLate(now) && (keep == nil || keep(e)) {
			in = append(in, e)
		}
	}
	slices.SortStableFunc(in, func(a, b Event) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.RayID, b.RayID)) })
	return in
}

// LoginTruth are the logins whose second is from from to to, both included, that
// are counted by now and pass, oldest first. All pass if keep is nil.
func (a *Account) LoginTruth(from, to time.Time, keep func(LoginEvent) bool) []LoginEvent {
	s := a.state.Load()
	now := s.now()
	var in []LoginEvent
	for _, e := range s.Groups {
		second := e.At.Truncate(time.Second)
		if !second.Before(from) && !second.After(to) && e.isVisible(now) && (keep == nil || keep(e)) {
			in = append(in, e)
		}
	}
	slices.SortStableFunc(in, func(a, b LoginEvent) int { return a.At.Compare(b.At) })
	return in
}

// RayIDs are those of events, in their order.
func RayIDs(events []Event) []string {
	rays := make([]string, len(events))
	for i, e := range events {
		rays[i] = e.RayID
	}
	return rays
}

func (e Event) isLate(now time.Time) bool { return e.At.After(now) || e.Arrives.After(now) }

// eventLog is events as a log, oldest first.
type eventLog struct {
	events   []Event
	withheld []string
	hasLate  bool // some arrive later than they happen
}

func newEventLog(events []Event, withheld []string) *eventLog {
	l := &eventLog{events: slices.Clone(events), withheld: withheld}
	slices.SortStableFunc(l.events, func(a, b Event) int { return a.At.Compare(b.At) })
	l.hasLate = slices.ContainsFunc(events, func(e Event) bool { return e.Arrives.After(e.At) })
	return l
}

// rowsLog is rows as a log; timeField is their time.
func rowsLog(rows []Row, timeField string, withheld []string) *eventLog {
	events := make([]Event, len(rows))
	for i, row := range rows {
		at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(row[timeField]))
		if err != nil {
			panic(err)
		}
		events[i] = Event{At: at, Row: row}
	}
	return newEventLog(events, withheld)
}

func (l *eventLog) between(since, until time.Time) (lo, hi int) {
	lo = sort.Search(len(l.events), func(i int) bool { return !l.events[i].At.Before(since) })
	hi = sort.Search(len(l.events), func(i int) bool { return l.events[i].At.After(until) })
	return lo, hi
}

func (l *eventLog) at(row int) int64 { return l.events[row].At.UnixNano() }

func (l *eventLog) late(now time.Time) func(row int) bool {
	if !l.hasLate {
		return nil
	}
	return func(row int) bool { return l.events[row].isLate(now) }
}

// Has says whether a row has a member, withheld or not.
func (l *eventLog) Has(field string) bool {
	return slices.ContainsFunc(l.events, func(e Event) bool { return e.has(field) })
}

// match tells which rows pass all filters.
func (l *eventLog) match(filters []Filter) (func(row int) bool, error) {
	tests := make([]func(value string) bool, len(filters))
	for i, f := range filters {
		var err error
		if tests[i], err = f.test(); err != nil {
			return nil, err
		}
	}
	return func(row int) bool {
		for i, test := range tests {
			value := l.events[row].text(filters[i].Field)
			if filters[i].Field == "country" {
				value = strings.ToUpper(value) // Country codes are compared without case.
			}
			if !test(value) {
				return false
			}
		}
		return true
	}, nil
}

func (l *eventLog) appendRow(b []byte, row int) []byte {
	e := l.events[row]
	members := e.Row
	if len(l.withheld) > 0 {
		members = Row{}
		for name, value := range e.Members() {
			if !slices.Contains(l.withheld, name) {
				members[name] = value
			}
		}
	}
	if members != nil {
		text, err := json.Marshal(members)
		if err != nil {
			panic(err)
		}
		return append(b, text...)
	}
	b = fmt.Appendf(b, `{"created_at":%q,"allowed":%t`, e.At.UTC().Format(time.RFC3339Nano), e.Allowed)
	for _, name := range eventMembers {
		if name != "allowed" {
			b = append(append(append(b, `,"`...), name...), `":`...)
			b = appendText(b, e.text(name))
		}
	}
	return append(b, '}')
}

// appendText writes a JSON string.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			quoted, _ := json.Marshal(text) // a string never fails
			return append(b, quoted...)
		}
	}
	return strconv.AppendQuote(b, text)
}
