package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The largest pages of lists, which are also those that come where a call asks
// for no size. Accounts come 20 at a time, and at most 50.
const (
	usersPage             = 1000
	appsPage              = 1000
	identityProvidersPage = 200
	policiesPage          = 100
	accountsPage          = 20
)

// AsksList says whether a path is that of a list of people or things.
func AsksList(path string) bool {
	name, ok := strings.CutPrefix(path, "/client/v4/accounts/"+ID+"/access/")
	return ok && slices.Contains([]string{"users", "apps", "policies", "service_tokens", "identity_providers"}, name)
}

// Match is how the list of users takes its parameters name, email and search.
type Match int

// The ways to take them.
const (
	// MatchPart finds those that hold the text, without case.
	MatchPart Match = iota
	MatchWhole
	MatchIgnored
)

func (m Match) holds(value, asked string) bool {
	switch m {
	case MatchPart:
		return strings.Contains(strings.ToLower(value), strings.ToLower(asked))
	case MatchWhole:
		return strings.EqualFold(value, asked)
	}
	return true
}

// search leaves the rows that match the parameters of their members' names. The
// parameter search finds them by any of these members.
func search(rows []Row, q url.Values, how Match, members ...string) []Row {
	return slices.DeleteFunc(slices.Clone(rows), func(row Row) bool {
		text := func(name string) string { value, _ := row[name].(string); return value }
		for _, name := range members {
			if asked := q.Get(name); asked != "" && !how.holds(text(name), asked) {
				return true
			}
		}
		asked := q.Get("search")
		return asked != "" && !slices.ContainsFunc(members, func(name string) bool { return how.holds(text(name), asked) })
	})
}

func (a *Account) serveUsers(w http.ResponseWriter, r *http.Request) {
	s := a.state.Load()
	a.serveList(w, r, s, search(s.Users, r.URL.Query(), s.Quirks.Users, "name", "email"), usersPage)
}

func (a *Account) serveApps(w http.ResponseWriter, r *http.Request) {
	s := a.state.Load()
	a.serveList(w, r, s, search(s.Apps, r.URL.Query(), MatchPart, "name", "domain", "aud"), appsPage)
}

func (a *Account) serveServiceTokens(w http.ResponseWriter, r *http.Request) {
	s := a.state.Load()
	a.serveList(w, r, s, search(s.ServiceTokens, r.URL.Query(), MatchPart, "name"), appsPage)
}

func (a *Account) serveIdentityProviders(w http.ResponseWriter, r *http.Request) {
	s := a.state.Load()
	a.serveList(w, r, s, s.IdentityProviders, identityProvidersPage)
}

func (a *Account) serveAccounts(w http.ResponseWriter, r *http.Request) {
	a.serveList(w, r, a.state.Load(), []Row{{"id": ID, "name": "Example"}}, accountsPage)
}

// serveList sends a page of a list.
func (a *Account) serveList(w http.ResponseWriter, r *http.Request, s *state, rows []Row, standard int) {
	p, err := a.paging(r.URL.Query(), s.Quirks, standard)
	if err != nil {
		badRequest(w, err)
		return
	}
	page := rows[min(p.skip, len(rows)):min(p.skip+p.count, len(rows))]
	info := Row{"count": len(page), "page": p.number, "per_page": p.size, "total_count": len(rows) + s.Quirks.Hidden}
	if s.Quirks.EchoesPerPage {
		info["per_page"] = p.asked
	}
	if s.Quirks.CountsPage {
		info["total_count"] = len(page)
	}
	if s.Quirks.NoResultInfo {
		info = nil
	}
	writeList(w, page, info)
}

// writeList sends rows in the envelope. A result_info that says nothing is left
// out.
func writeList(w http.ResponseWriter, rows []Row, info Row) {
	answer := Row{"success": true, "errors": []any{}, "messages": []any{}, "result": append([]Row{}, rows...)}
	if len(info) > 0 {
		answer["result_info"] = info
	}
	writeRow(w, answer)
}

func writeRow(w http.ResponseWriter, answer Row) {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	writeJSON(w, http.StatusOK, body)
}

// paging is which rows of a list a call asks for.
type paging struct {
	number, size int
	asked        int // the size before it was cut
	skip, count  int
}

func (a *Account) paging(q url.Values, quirks Quirks, standard int) (paging, error) {
	limit, failed := positive(q, "limit")
	perPage, err := positive(q, "per_page")
	failed = errors.Join(failed, err)
	number, err := positive(q, "page")
	p := paging{number: max(number, 1), asked: perPage}
	if quirks.Limit == LimitIsPageSize && limit > 0 && (perPage == 0 || limit < perPage) {
		p.asked = limit
	}
	if p.asked == 0 {
		p.asked = standard
	}
	p.size = min(p.asked, PageSize)
	if quirks.PageCap > 0 {
		p.size = min(p.size, quirks.PageCap)
	}
	if quirks.Flaps && a.pages.Add(1)%3 == 0 {
		p.size = max(p.size/10, 1)
	}
	if !quirks.IgnoresPage {
		p.skip = (p.number - 1) * p.size
	}
	if p.skip > 0 && a.chance(quirks.Shift) {
		p.skip--
	}
	p.count = p.size
	if quirks.Limit == LimitBoundsAll && limit > 0 {
		p.count = max(min(p.size, limit-p.skip), 0)
	}
	return p, errors.Join(failed, err)
}

// positive reads a parameter; 0 if it is absent.
func positive(q url.Values, name string) (int, error) {
	text := q.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s must be a positive number", name)
	}
	return n, nil
}

// knows says whether a user is one of the account's.
func (s *state) knows(user string) bool {
	return slices.ContainsFunc(s.Users, func(row Row) bool { return row["id"] == user })
}

func (a *Account) serveActiveSessions(w http.ResponseWriter, r *http.Request) {
	s, user := a.state.Load(), r.PathValue("user")
	sessions, ok := s.ActiveSessions[user]
	if !ok && !s.knows(user) {
		noRoute(w)
		return
	}
	writeList(w, sessions, nil)
}

// FailedLoginList is a user's list of failed logins. Cloudflare documents no
// parameters of it, though it describes a result_info.
type FailedLoginList struct {
	Rows []Row
	// PerPage cuts the list into pages; 0 sends it as a whole.
	PerPage int
	// TotalPages and TotalCount are what result_info says, true or not; 0 leaves
	// them out.
	TotalPages, TotalCount int
	// IgnoresPage has every page be the first one.
	IgnoresPage bool
}

// NewFailedLogin is a row of failed logins.
func NewFailedLogin(user, email, ray string, at time.Time) Row {
	return Row{"expiration": at.Unix() + 3600, "metadata": Row{"app_name": "Wiki", "aud": "39691c1480a2352a18ece567debc2b32552686cbd38eec0887aa18d5d3f00c04",
		"datetime": at.UTC().Format(time.RFC3339Nano), "ray_id": ray, "user_email": email, "user_uuid": user}}
}

func (a *Account) serveFailedLogins(w http.ResponseWriter, r *http.Request) {
	s, user := a.state.Load(), r.PathValue("user")
	list, ok := s.FailedLogins[user]
	switch {
	case !ok && s.Logins != nil:
		s.serveBlockedLogins(w, user)
		return
	case !ok && !s.knows(user):
		noRoute(w)
		return
	}
	number, err := positive(r.URL.Query(), "page")
	if err != nil {
		badRequest(w, err)
		return
	}
	number = max(number, 1)
	size := len(list.Rows)
	info := Row{}
	if list.PerPage > 0 {
		size = list.PerPage
		info["per_page"], info["page"] = size, number
	}
	skip := (number - 1) * size
	if list.IgnoresPage {
		skip = 0
	}
	page := list.Rows[min(skip, len(list.Rows)):min(skip+size, len(list.Rows))]
	if list.TotalPages > 0 {
		info["total_pages"] = list.TotalPages
	}
	if list.TotalCount > 0 {
		info["total_count"] = list.TotalCount
	}
	if len(info) > 0 {
		info["count"] = len(page)
	}
	writeList(w, page, info)
}

// serveBlockedLogins answers with all blocked logins of a person, newest first,
// in one list without pages.
func (s *state) serveBlockedLogins(w http.ResponseWriter, user string) {
	l := s.Logins
	passes, err := l.match(FailedLogins(user))
	if err != nil {
		badRequest(w, err)
		return
	}
	_, hi := l.Between(time.Unix(0, 0), s.now())
	body := []byte(`{"success":true,"errors":[],"messages":[],"result":[`)
	first := true
	for row := hi - 1; row >= 0; row-- {
		if !passes(row) {
			continue
		}
		if !first {
			body = append(body, ',')
		}
		first = false
		body = fmt.Appendf(body, `{"expiration":%d,"metadata":{"datetime":%q,"user_email":%q,"user_uuid":%q,"app_name":%q,"ray_id":%q}}`,
			l.Times[row]/int64(time.Second)+3600, time.Unix(0, l.Times[row]).UTC().Format(time.RFC3339Nano),
			l.value("user_email", row), l.value("user_id", row), l.value("app_name", row), l.value("ray_id", row))
	}
	writeJSON(w, http.StatusOK, append(body, `]}`...))
}

// FailedLogins are the filters that leave the failed logins of people.
func FailedLogins(userIDs ...string) []Filter {
	return []Filter{{Field: "user_id", Operator: "=", Values: userIDs}, {Field: "outcome", Operator: "=", Values: []string{"blocked"}}}
}
