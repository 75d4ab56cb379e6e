package account

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// PageSize is the largest page that the account gives.
const PageSize = 1000

// Pages of these sizes come where a call asks for none.
const (
	accessRequestsPage = 25
	scimUpdatesPage    = 20
)

// Quirks are what Cloudflare does not document of its REST API. The zero value is
// an account without surprises.
type Quirks struct {
	Bounds Bounds
	Limit  Limit
	// PageCap is the largest page, if it is smaller than PageSize.
	PageCap int
	// NoResultInfo leaves result_info out. EchoesPerPage has it name the size that
	// was asked for, not the one that PageCap allows.
	NoResultInfo, EchoesPerPage bool
	// CountsPage has total_count of lists be the number of rows on the page, and Hidden
	// is how many rows more than it sends it counts otherwise.
	CountsPage bool
	Hidden     int
	// ShufflesTies has rows with equal times in another order on every call.
	ShufflesTies bool
	// Shift is the share of the later pages that begin with the last row of the
	// one before, as if a row had arrived in between.
	Shift float64
	// IgnoresPage has every page be the first one.
	IgnoresPage bool
	// Flaps gives every third page a tenth of its size.
	Flaps bool
	// Unavailable is the share of all calls that are answered with 503.
	Unavailable float64
	// Filters are what becomes of parameters that filter access_requests.
	Filters map[string]FilterQuirk
	// Withholds are members that rows come without, though filters see them.
	Withholds []string
	// Cursors is how the audit log goes on, and OldestFirst the order of JIT requests.
	Cursors     Cursors
	OldestFirst bool
	// RequiresIdP refuses SCIM updates of no identity provider in particular.
	RequiresIdP bool
	// Users is how the list of users is searched.
	Users Match
}

// Bounds is how since and until are taken.
type Bounds int

// The ways to take since and until; BoundsKinds is their number.
const (
	Inclusive Bounds = iota
	Exclusive
	CutToSeconds
	CutToSecondsExclusive
	BoundsKinds
)

// Limit is how limit and per_page combine.
type Limit int

// The ways to combine them; LimitKinds is their number.
const (
	// LimitIsPageSize takes the smaller one as the size of the page.
	LimitIsPageSize Limit = iota
	LimitIgnored
	// LimitBoundsAll takes it as the number of rows of all pages together.
	LimitBoundsAll
	LimitKinds
)

// rowLog is a log by time, oldest row first.
type rowLog interface {
	// between are the rows from since to until, both included.
	between(since, until time.Time) (lo, hi int)
	at(row int) int64
	// late tells which rows have not arrived yet; nil if all have.
	late(now time.Time) func(row int) bool
	match(filters []Filter) (func(row int) bool, error)
	Has(field string) bool
	appendRow(b []byte, row int) []byte
}

func (c Config) rowLog() rowLog {
	if c.Logins != nil {
		return c.Logins
	}
	return newEventLog(c.Events, c.Quirks.Withholds)
}

// serveAccessRequests answers with a page of logins. Its result_info has the
// total_count of 0 that Cloudflare was seen to send.
func (a *Account) serveAccessRequests(w http.ResponseWriter, r *http.Request) {
	s, q := a.state.Load(), r.URL.Query()
	filters, nothing, err := s.Quirks.filters(q, s.rows)
	if err != nil {
		badRequest(w, err)
		return
	}
	passes, err := s.rows.match(filters)
	switch {
	case nothing:
		passes = func(int) bool { return false }
	case len(filters) == 0:
		passes = nil
	}
	if err != nil {
		badRequest(w, err)
		return
	}
	a.rows.Add(a.servePage(w, q, s, s.rows, passes, accessRequestsPage))
}

// scimFilters are the parameters of SCIM updates that filter. Each takes several
// values.
var scimFilters = []string{"idp_id", "status", "resource_type", "request_method", "resource_user_email", "resource_group_name",
	"cf_resource_id", "idp_resource_id"}

func (a *Account) serveSCIMUpdates(w http.ResponseWriter, r *http.Request) {
	s, q := a.state.Load(), r.URL.Query()
	if s.Quirks.RequiresIdP && !q.Has("idp_id") {
		badRequest(w, errors.New("idp_id is required"))
		return
	}
	var filters []Filter
	for _, name := range scimFilters {
		if q.Has(name) {
			filters = append(filters, Filter{Field: name, Operator: "=", Values: q[name]})
		}
	}
	passes, err := s.scim.match(filters)
	if err != nil {
		badRequest(w, err)
		return
	}
	a.servePage(w, q, s, s.scim, passes, scimUpdatesPage)
}

// servePage sends the page of a log that a call asks for, and says how many rows
// it has. Every row passes if passes is nil.
func (a *Account) servePage(w http.ResponseWriter, q url.Values, s *state, l rowLog, passes func(row int) bool, standard int) int64 {
	now := s.now()
	p, err := a.paging(q, s.Quirks, standard)
	since, until, failed := s.Quirks.bounds(q, now)
	if err := errors.Join(err, failed); err != nil {
		badRequest(w, err)
		return 0
	}
	if late := l.late(now); late != nil {
		filtered := passes
		passes = func(row int) bool { return !late(row) && (filtered == nil || filtered(row)) }
	}
	lo, hi := l.between(since, until)
	rows := a.pick(l, order{lo, max(lo, hi), q.Get("direction") == "asc"}, passes, p, s.Quirks.ShufflesTies)
	body := append(make([]byte, 0, 512*(len(rows)+1)), `{"success":true,"errors":[],"messages":[],"result":[`...)
	for i, row := range rows {
		if i > 0 {
			body = append(body, ',')
		}
		body = l.appendRow(body, row)
	}
	body = append(body, ']')
	if !s.Quirks.NoResultInfo {
		perPage := p.size
		if s.Quirks.EchoesPerPage {
			perPage = p.asked
		}
		body = fmt.Appendf(body, `,"result_info":{"count":%d,"page":%d,"per_page":%d,"total_count":0}`, len(rows), p.number, perPage)
	}
	writeJSON(w, http.StatusOK, append(body, '}'))
	return int64(len(rows))
}

// bounds are the times that since and until allow, both included.
func (k Quirks) bounds(q url.Values, now time.Time) (since, until time.Time, err error) {
	since, until = time.Unix(0, 0), now
	for name, at := range map[string]*time.Time{"since": &since, "until": &until} {
		if text := q.Get(name); text != "" {
			asked, failed := time.Parse(time.RFC3339Nano, text)
			if *at = asked; failed != nil {
				err = errors.Join(err, failed)
			}
		}
	}
	if k.Bounds == CutToSeconds || k.Bounds == CutToSecondsExclusive {
		since, until = since.Truncate(time.Second), until.Truncate(time.Second)
	}
	if k.Bounds == Exclusive || k.Bounds == CutToSecondsExclusive {
		since, until = since.Add(1), until.Add(-1)
	}
	if until.After(now) {
		until = now
	}
	return since, until, err
}

// order is the rows from lo to before hi, oldest or newest first.
type order struct {
	lo, hi    int
	ascending bool
}

// row is the n-th.
func (o order) row(n int) int {
	if o.ascending {
		return o.lo + n
	}
	return o.hi - 1 - n
}

func (o order) len() int { return o.hi - o.lo }

// pick takes the rows of a page.
func (a *Account) pick(l rowLog, o order, passes func(row int) bool, p paging, shuffled bool) []int {
	rows := make([]int, 0, min(p.count, o.len()))
	skip, first := p.skip, 0
	if passes == nil && !shuffled {
		skip, first = 0, min(skip, o.len()) // No row needs to be looked at.
	}
	for n := first; n < o.len() && (shuffled || len(rows) < p.count); n++ {
		row := o.row(n)
		switch {
		case passes != nil && !passes(row):
		case skip > 0 && !shuffled:
			skip--
		default:
			rows = append(rows, row)
		}
	}
	if !shuffled {
		return rows
	}
	a.mu.Lock()
	a.random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	a.mu.Unlock()
	slices.SortStableFunc(rows, func(x, y int) int {
		if o.ascending {
			x, y = y, x
		}
		return cmp.Compare(l.at(y), l.at(x))
	})
	return rows[min(skip, len(rows)):min(skip+p.count, len(rows))]
}
