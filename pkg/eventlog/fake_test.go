package eventlog_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// boundsKind is how the fake takes since and until.
type boundsKind int

const (
	inclusive boundsKind = iota
	exclusive
	cutToSeconds
	cutToSecondsExclusive
	boundsKinds
)

// limitKind is how the fake combines limit and per_page.
type limitKind int

const (
	limitIsSize limitKind = iota
	limitIgnored
	limitBoundsAll
	limitKinds
)

// personality is what Cloudflare does not document, and what goes wrong.
type personality struct {
	Bounds     boundsKind
	Limit      limitKind
	Cap        int
	NoInfo     bool
	EchoesSize bool
	// Order: 0 as asked, 1 always oldest first, 2 always newest first, 3 none.
	Order int
	// TiesShuffle changes the order of rows with equal times on every call.
	TiesShuffle bool
	// Repeats is the share of rows that a page has twice, Shift the share of later
	// pages that start with the last row of the one before.
	Repeats, Shift float64
	Faults         float64
	IgnoresPage    bool
	// Strays puts the oldest row of all at the end of each page, if it is none of
	// those asked for.
	Strays bool
	// Flaps gives every third page a tenth of the cap.
	Flaps bool
}

// event is a row of the fake.
type event struct {
	at      time.Time
	arrives time.Time
	email   string
	country string
	allowed bool
	ray     string
	extra   string
}

func (e event) json() string {
	return fmt.Sprintf(`{"action":"login","allowed":%t,"app_domain":"wiki.example.com/","app_uid":"df7e2a5f-0000-4000-8000-00000000000%d","connection":"saml","created_at":%q,"ip_address":"192.0.2.%d","ray_id":%q,"user_email":%q,"country":%q%s}`,
		e.allowed, len(e.email)%10, e.at.Format(time.RFC3339Nano), int(e.at.Unix()%250), e.ray, e.email, e.country, e.extra)
}

// upstream is a fake access log behind a Source.
type upstream struct {
	mu     sync.Mutex
	events []event // newest first
	p      personality
	clock  *clock
	random *rand.Rand
	calls  int
	asked  []eventlog.PageRequest
	// before is called at the start of each call, outside of the mutex.
	before func(ctx context.Context, r eventlog.PageRequest) error
	// mishandles names a parameter that is ignored, empties one that is answered
	// with nothing.
	mishandles, empties string
}

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

var epoch = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func newUpstream(p personality, events []event, seed uint64) *upstream {
	u := &upstream{p: p, clock: &clock{t: epoch}, random: rand.New(rand.NewPCG(seed, 1))}
	u.events = slices.Clone(events)
	slices.SortStableFunc(u.events, func(a, b event) int { return b.at.Compare(a.at) })
	return u
}

func (u *upstream) source() eventlog.Source {
	t, _ := catalogue.Lookup("access_requests")
	return eventlog.Source{Key: "test", Type: t, Fetch: u.fetch, Push: true}
}

func (u *upstream) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.calls
}

func (u *upstream) fetch(ctx context.Context, r eventlog.PageRequest) (*eventlog.Page, error) {
	if u.before != nil {
		if err := u.before(ctx, r); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, &cloudflare.Error{Kind: cloudflare.KindCanceled, Message: "canceled", Err: err}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.calls++
	u.asked = append(u.asked, r)
	if u.random.Float64() < u.p.Faults {
		return nil, &cloudflare.Error{Kind: cloudflare.KindUnavailable, Message: "Cloudflare is unavailable"}
	}
	rows := u.selected(r)
	u.order(rows, r.Ascending)
	return u.page(rows, r), nil
}

func (u *upstream) selected(r eventlog.PageRequest) []event {
	var rows []event
	now := u.clock.now()
	// Newest first; a margin of a second holds for every kind of bounds.
	lo := sort.Search(len(u.events), func(i int) bool { return !u.events[i].at.After(r.Until.Add(time.Second)) })
	hi := sort.Search(len(u.events), func(i int) bool { return u.events[i].at.Before(r.Since.Add(-time.Second)) })
	for _, e := range u.events[lo:max(lo, hi)] {
		if e.arrives.After(now) || !u.inBounds(e.at, r) || !u.passes(e, r.Pushed) {
			continue
		}
		rows = append(rows, e)
	}
	return rows
}

func (u *upstream) passes(e event, pushed map[string]string) bool {
	for name, value := range pushed {
		if name == u.mishandles {
			continue
		}
		if name == u.empties {
			return false
		}
		own := ""
		switch name {
		case "email":
			own = e.email
		case "ray_id":
			own = e.ray
		case "country_code":
			own = e.country
		case "allowed":
			own = fmt.Sprint(e.allowed)
		default:
			continue
		}
		if (own == value) == (pushed[name+"Op"] == "neq") {
			return false
		}
	}
	return true
}

func (u *upstream) inBounds(at time.Time, r eventlog.PageRequest) bool {
	since, until := r.Since, r.Until
	if u.p.Bounds == cutToSeconds || u.p.Bounds == cutToSecondsExclusive {
		since, until = since.Truncate(time.Second), until.Truncate(time.Second)
	}
	if u.p.Bounds == exclusive || u.p.Bounds == cutToSecondsExclusive {
		return at.After(since) && at.Before(until)
	}
	return !at.Before(since) && !at.After(until)
}

func (u *upstream) order(rows []event, ascending bool) {
	if u.p.TiesShuffle || u.p.Order == 3 {
		u.random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	switch {
	case u.p.Order == 3:
	case u.p.Order == 1, u.p.Order == 0 && ascending:
		slices.SortStableFunc(rows, func(a, b event) int { return a.at.Compare(b.at) })
	default:
		slices.SortStableFunc(rows, func(a, b event) int { return b.at.Compare(a.at) })
	}
}

func (u *upstream) page(rows []event, r eventlog.PageRequest) *eventlog.Page {
	size := eventlog.PageSize
	if u.p.Cap > 0 {
		size = min(size, u.p.Cap)
	}
	if u.p.Flaps && u.calls%3 == 0 {
		size /= 10
	}
	if u.p.Limit == limitBoundsAll && !r.WithoutLimit {
		rows = rows[:min(len(rows), eventlog.PageSize)]
	}
	number := r.Number
	if u.p.IgnoresPage {
		number = 1
	}
	start := (number - 1) * size
	if start > 0 && u.random.Float64() < u.p.Shift {
		start--
	}
	rows = rows[min(start, len(rows)):min(start+size, len(rows))]
	texts := make([]string, 0, len(rows))
	for _, e := range rows {
		texts = append(texts, e.json())
		if u.random.Float64() < u.p.Repeats {
			texts = append(texts, e.json())
		}
	}
	if last := len(u.events) - 1; u.p.Strays && len(texts) > 0 && u.events[last].at.Before(r.Since) {
		texts = append(texts, u.events[last].json())
	}
	p := &eventlog.Page{Rows: []byte("[" + strings.Join(texts, ",") + "]"), PerPage: size}
	if u.p.NoInfo {
		p.PerPage = 0
	} else if u.p.EchoesSize {
		p.PerPage = eventlog.PageSize
	}
	return p
}

// truth are the Ray IDs of the events in a window that have arrived, oldest first.
func (u *upstream) truth(w query.Window, keep func(event) bool) []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	var in []event
	for _, e := range u.events {
		if w.Contains(e.at) && !e.arrives.After(u.clock.now()) && (keep == nil || keep(e)) {
			in = append(in, e)
		}
	}
	slices.SortFunc(in, func(a, b event) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.ray, b.ray)) })
	return rays(in)
}

func rays(events []event) []string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = e.ray
	}
	return out
}

// spread makes n events, evenly but for a little noise, over a span.
func spread(n int, from, to time.Time, seed uint64) []event {
	random := rand.New(rand.NewPCG(seed, 2))
	events := make([]event, n)
	step := float64(to.Sub(from)) / float64(n)
	for i := range events {
		at := from.Add(time.Duration(step * (float64(i) + random.Float64()))).Truncate(time.Microsecond)
		events[i] = newEvent(i, at, random)
	}
	return events
}

var countries = []string{"GB", "US", "de", "FR", "NL"}

func newEvent(i int, at time.Time, random *rand.Rand) event {
	return event{
		at: at, email: fmt.Sprintf("user%d@example.com", random.IntN(300)), country: countries[random.IntN(len(countries))],
		allowed: random.IntN(10) > 0, ray: fmt.Sprintf("%016x", uint64(i)*0x9e3779b97f4a7c15+1),
	}
}

func newLog(t testing.TB, u *upstream, change ...func(*eventlog.Config)) *eventlog.Log {
	c := eventlog.Config{Limit: 256 << 20, SealAfter: 15 * time.Minute, MaxRows: 1_000_000, Now: u.clock.now}
	for _, f := range change {
		f(&c)
	}
	l := eventlog.New(c)
	t.Cleanup(l.Close)
	return l
}

// ask parses a query as the plugin does.
func ask(t fataler, u *upstream, model string, from, to time.Time) *query.Request {
	t.Helper()
	r, err := query.Parse([]byte(model), query.Options{
		QueryType: "access_requests", Window: query.Window{From: from, To: to},
		MaxDataPoints: 300, MaxLimit: 1_000_000, Now: u.clock.now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// raysOf are the Ray IDs of a table, in its order.
func raysOf(t fataler, table *eventlog.Table) []string {
	t.Helper()
	for k := range table.Columns {
		c := &table.Columns[k]
		if c.Field.Name == "ray_id" {
			out := make([]string, len(table.Times))
			for i := range out {
				out[i] = table.Cell(c, i).Text
			}
			return out
		}
	}
	t.Fatal("the table has no ray_id")
	return nil
}

// fataler is what test helpers need of a test, rapid's or Go's.
type fataler interface {
	Helper()
	Fatal(args ...any)
}
