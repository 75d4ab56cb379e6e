package plugin

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	testAccount = "0123456789abcdef0123456789abcdef"
	testToken   = "test-token-that-must-never-be-seen"
)

type row = map[string]any

// upstream is a well-behaved Cloudflare account that holds fixed rows: the
// "upstream's answer" of a trio. It follows the documented behaviour only;
// misbehaviour is tested in pkg/eventlog and against the simulator.
type upstream struct {
	AccessRequests    []row            `json:"access_requests"`
	FailedLogins      map[string][]row `json:"failed_logins"`
	ScimUpdates       []row            `json:"scim_updates"`
	Users             []row            `json:"users"`
	IdentityProviders []row            `json:"identity_providers"`
	Apps              []row            `json:"apps"`
	// LoginGroups answers GraphQL; Settings is its settings node.
	LoginGroups []row `json:"login_groups"`
	Settings    row   `json:"settings"`

	calls atomic.Int64
	// deny answers 403 for paths that hold the text.
	deny string
}

func loadUpstream(t *testing.T, file string) *upstream {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	u := &upstream{}
	require.NoError(t, json.Unmarshal(b, u))
	return u
}

// serve starts the account; it stops with the test.
func (u *upstream) serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(u)
	t.Cleanup(server.Close)
	return server.URL + "/client/v4"
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.calls.Add(1)
	if r.Header.Get("Authorization") != "Bearer "+testToken {
		refuse(w, http.StatusForbidden, 9109, "Invalid access token")
		return
	}
	if u.deny != "" && strings.Contains(r.URL.Path, u.deny) {
		refuse(w, http.StatusForbidden, 10000, "Authentication error")
		return
	}
	base := "/client/v4/accounts/" + testAccount + "/access/"
	switch p := strings.TrimSuffix(r.URL.Path, "/"); {
	case p == "/client/v4/graphql":
		u.graphql(w, r)
	case p == "/client/v4/accounts":
		page(w, r, []row{{"id": testAccount, "name": "Example"}})
	case p == base+"logs/access_requests":
		page(w, r, between(r, u.AccessRequests, "created_at"))
	case p == base+"logs/scim/updates":
		rows := slices.DeleteFunc(between(r, u.ScimUpdates, "logged_at"), func(x row) bool {
			return !slices.Contains(r.URL.Query()["idp_id"], x["idp_id"].(string))
		})
		page(w, r, rows)
	case p == base+"users":
		page(w, r, u.Users)
	case p == base+"identity_providers":
		page(w, r, u.IdentityProviders)
	case p == base+"apps":
		page(w, r, u.Apps)
	case p == base+"service_tokens":
		page(w, r, nil)
	case strings.HasPrefix(p, base+"users/") && path.Base(p) == "failed_logins":
		page(w, r, u.FailedLogins[path.Base(path.Dir(p))])
	default:
		refuse(w, http.StatusNotFound, 7000, "No route for that URI")
	}
}

func refuse(w http.ResponseWriter, status, code int, message string) {
	write(w, status, row{"success": false, "result": nil, "messages": []any{}, "errors": []row{{"code": code, "message": message}}})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// between keeps rows from since to until, both included, newest first unless
// the call asks otherwise.
func between(r *http.Request, rows []row, field string) []row {
	q := r.URL.Query()
	at := func(text string) time.Time { t, _ := time.Parse(time.RFC3339Nano, text); return t }
	out := slices.DeleteFunc(slices.Clone(rows), func(x row) bool {
		t := at(x[field].(string))
		return q.Has("since") && t.Before(at(q.Get("since"))) || q.Has("until") && t.After(at(q.Get("until")))
	})
	slices.SortStableFunc(out, func(a, b row) int {
		c := at(b[field].(string)).Compare(at(a[field].(string)))
		if q.Get("direction") == "asc" {
			return -c
		}
		return c
	})
	return out
}

func page(w http.ResponseWriter, r *http.Request, rows []row) {
	number, size := 1, 25
	for name, at := range map[string]*int{"page": &number, "per_page": &size} {
		if n, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil {
			*at = n
		}
	}
	from := min((number-1)*size, len(rows))
	out := append([]row{}, rows[from:min(from+size, len(rows))]...)
	write(w, http.StatusOK, row{"success": true, "errors": []any{}, "messages": []any{}, "result": out,
		"result_info": row{"count": len(out), "page": number, "per_page": size, "total_count": 0}})
}

var node = regexp.MustCompile(`(\w+): accessLoginRequestsAdaptiveGroups\(filter: \$(\w+)[^{]*\{ count avg \{ sampleInterval \} dimensions \{ ([^}]*) \}`)

// graphql answers the settings node, and each alias with the groups of the
// dimensions that it selects within its span of time.
func (u *upstream) graphql(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Query     string
		Variables map[string]any
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		refuse(w, http.StatusBadRequest, 1000, "no JSON")
		return
	}
	account := row{}
	for _, m := range node.FindAllStringSubmatch(body.Query, -1) {
		filter, _ := body.Variables[m[2]].(row)
		account[m[1]] = u.groups(filter, strings.Fields(m[3]))
	}
	if strings.Contains(body.Query, "settings") {
		account["settings"] = row{"accessLoginRequestsAdaptiveGroups": u.Settings}
	}
	write(w, http.StatusOK, row{"data": row{"viewer": row{"accounts": []row{account}}}, "errors": nil})
}

func (u *upstream) groups(filter row, dimensions []string) []row {
	out := []row{}
	index := map[string]row{}
	for _, event := range u.LoginGroups {
		all := event["dimensions"].(row)
		if !inSpan(filter, all["datetime"].(string)) {
			continue
		}
		selected := row{}
		for _, name := range dimensions {
			selected[name] = all[name]
		}
		key, _ := json.Marshal(selected)
		if group, ok := index[string(key)]; ok {
			group["count"] = group["count"].(float64) + event["count"].(float64)
			continue
		}
		group := row{"count": event["count"], "avg": event["avg"], "dimensions": selected}
		index[string(key)] = group
		out = append(out, group)
	}
	return out
}

func inSpan(filter row, at string) bool {
	t, _ := time.Parse(time.RFC3339, at)
	for name, holds := range map[string]func(int) bool{
		"datetime_geq": func(c int) bool { return c >= 0 }, "datetime_gt": func(c int) bool { return c > 0 },
		"datetime_leq": func(c int) bool { return c <= 0 }, "datetime_lt": func(c int) bool { return c < 0 },
	} {
		if text, ok := filter[name].(string); ok {
			bound, _ := time.Parse(time.RFC3339Nano, text)
			if !holds(t.Compare(bound)) {
				return false
			}
		}
	}
	return true
}
