package surface

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

const restAccount = "0123456789abcdef0123456789abcdef"

var restNow = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// restUpstream answers each path below the account with a list, and remembers
// what it was asked.
type restUpstream struct {
	mu    sync.Mutex
	lists map[string]func(url.Values) []string
	asked []*url.URL
}

func (u *restUpstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asked = append(u.asked, r.URL)
	list, ok := u.lists[strings.TrimPrefix(r.URL.Path, "/accounts/"+restAccount)]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, `{"success":false,"errors":[{"code":7003,"message":"Could not route"}],"result":null}`)
		return
	}
	rows := list(r.URL.Query())
	_, _ = fmt.Fprintf(w, `{"success":true,"errors":[],"messages":[],"result":[%s],"result_info":{"count":%d,"page":1,"per_page":1000,"total_count":0}}`, strings.Join(rows, ","), len(rows))
}

func (u *restUpstream) askedFor(suffix string) []url.Values {
	u.mu.Lock()
	defer u.mu.Unlock()
	var out []url.Values
	for _, a := range u.asked {
		if strings.HasSuffix(a.Path, suffix) {
			out = append(out, a.Query())
		}
	}
	return out
}

// fixed is a list whose second page is empty.
func fixed(rows ...string) func(url.Values) []string {
	return func(q url.Values) []string {
		if p := q.Get("page"); p != "" && p != "1" {
			return nil
		}
		return rows
	}
}

func restSet(t *testing.T, lists map[string]func(url.Values) []string) (*Set, *restUpstream) {
	t.Helper()
	u := &restUpstream{lists: lists}
	server := httptest.NewServer(u)
	t.Cleanup(server.Close)
	client := cloudflare.New(cloudflare.Config{BaseURL: server.URL, Credentials: cloudflare.Credentials{Token: "test"}, HTTP: server.Client()})
	t.Cleanup(client.Close)
	set := NewSet(Config{Client: client, AccountID: restAccount, CacheLimit: 1 << 20, SealAfter: 15 * time.Minute, MaxRows: 100_000, Now: func() time.Time { return restNow }})
	t.Cleanup(set.Close)
	return set, u
}

func restQuery(t *testing.T, set *Set, queryType, model string) (*eventlog.Result, error) {
	t.Helper()
	r, err := query.Parse([]byte(model), query.Options{
		QueryType: queryType, Window: query.Window{From: restNow.Add(-time.Hour), To: restNow}, MaxDataPoints: 60, MaxLimit: 100_000, Now: restNow,
	})
	if err != nil {
		return nil, err
	}
	s, ok := set.Surface(queryType)
	if !ok {
		t.Fatalf("no surface %s", queryType)
	}
	return s.Query(context.Background(), r)
}

func texts(t *testing.T, res *eventlog.Result, field string) []string {
	t.Helper()
	for k := range res.Table.Columns {
		c := &res.Table.Columns[k]
		if c.Field.Name == field {
			out := make([]string, len(res.Table.Times))
			for i := range out {
				out[i] = res.Table.Cell(c, i).Text
			}
			return out
		}
	}
	t.Fatalf("no column %s", field)
	return nil
}

func TestAccessRequestsAskAsDocumented(t *testing.T) {
	set, u := restSet(t, map[string]func(url.Values) []string{
		"/access/logs/access_requests": fixed(
			`{"created_at":"2026-06-01T11:30:00.5Z","ray_id":"8d3f0a1b2c3d4e5f","allowed":true}`,
			`{"created_at":"2026-06-01T10:59:59.999Z","ray_id":"8d3f0a1b2c3d4e5e","allowed":true}`),
	})
	res, err := restQuery(t, set, "access_requests", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(t, res, "ray_id"); !slices.Equal(got, []string{"8d3f0a1b2c3d4e5f"}) {
		t.Errorf("rows %v", got)
	}
	if c := res.Coverage; !c.Complete || c.UpstreamCalls != len(u.asked) || len(res.Calls) != c.UpstreamCalls {
		t.Errorf("%+v, calls %v", c, res.Calls)
	}
	q := u.askedFor("/access_requests")[0]
	for name, want := range map[string]string{"per_page": "1000", "limit": "1000", "page": "1", "direction": "desc"} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	since, err := time.Parse(time.RFC3339, q.Get("since"))
	if err != nil || since.After(restNow.Add(-time.Hour)) {
		t.Errorf("since is %q", q.Get("since"))
	}
	until, err := time.Parse(time.RFC3339, q.Get("until"))
	if err != nil || until.Before(restNow) {
		t.Errorf("until is %q", q.Get("until"))
	}
}

func TestSCIMUpdatesFindTheProviders(t *testing.T) {
	set, u := restSet(t, map[string]func(url.Values) []string{
		"/access/identity_providers": fixed(`{"id":"idp-b","scim_config":{"enabled":true}}`, `{"id":"idp-x","scim_config":{"enabled":false}}`, `{"id":"idp-a","scim_config":{"enabled":true}}`),
		"/access/logs/scim/updates": func(q url.Values) []string {
			if q.Get("page") != "1" {
				return nil
			}
			return []string{
				`{"logged_at":"2026-06-01T11:50:00Z","status":"ERROR","http_method":"PATCH","idp_id":"idp-a","resource_type":"GROUP"}`,
				`{"logged_at":"2026-06-01T11:40:00Z","status":"SUCCESS","request_method":"POST","idp_id":"idp-b","resource_type":"USER","request_body":"{\"a\":1}"}`}
		},
	})
	res, err := restQuery(t, set, "scim_updates", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(t, res, "request_method"); !slices.Equal(got, []string{"PATCH", "POST"}) {
		t.Errorf("methods %v", got)
	}
	if got := texts(t, res, "outcome"); !slices.Equal(got, []string{"failure", "success"}) {
		t.Errorf("outcomes %v", got)
	}
	if got := texts(t, res, "request_body"); !json.Valid([]byte(got[1])) {
		t.Errorf("body %q", got[1])
	}
	if q := u.askedFor("/updates")[0]; !slices.Equal(q["idp_id"], []string{"idp-a", "idp-b"}) {
		t.Errorf("idp_id %v", q["idp_id"])
	}
	filtered, err := restQuery(t, set, "scim_updates", `{"filters":[{"field":"idp_id","operator":"=","values":["idp-a"]},{"field":"resource_user_email","operator":"!=","values":["a@example.com"]}]}`)
	if err != nil || filtered.Coverage.Rows != 1 || !filtered.Coverage.Complete {
		t.Errorf("%+v %v", filtered, err)
	}
}

func TestWithoutSCIMThereIsNothingToAsk(t *testing.T) {
	set, u := restSet(t, map[string]func(url.Values) []string{"/access/identity_providers": fixed(`{"id":"idp-x"}`)})
	res, err := restQuery(t, set, "scim_updates", `{"format":"time_series"}`)
	if err != nil || !res.Coverage.Complete || res.Series == nil || len(res.Notices) != 1 {
		t.Fatalf("%+v %v", res, err)
	}
	if len(u.askedFor("/updates")) != 0 {
		t.Error("the log was asked without an identity provider")
	}
}

const (
	ada  = "6b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e5f"
	bert = "7b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e5f"
)

func failure(user, at, ray string) string {
	return fmt.Sprintf(`{"expiration":1780000000,"metadata":{"datetime":%q,"ray_id":%q,"user_uuid":%q,"user_email":"x@example.com","app_name":"Wiki","aud":"abc","tries":3},"shape":"new"}`, at, ray, user)
}

func failedLoginsSet(t *testing.T) (*Set, *restUpstream) {
	return restSet(t, map[string]func(url.Values) []string{
		"/access/users": func(q url.Values) []string {
			if q.Get("page") != "1" {
				return nil
			}
			return []string{`{"id":"` + ada + `","email":"Ada@example.com"}`, `{"id":"` + bert + `","email":"ada@example.com.invalid"}`}
		},
		"/access/users/" + ada + "/failed_logins":  fixed(failure(ada, "2026-06-01T11:10:00Z", "8d3f0a1b2c3d4e5f"), failure(ada, "2026-06-01T09:10:00Z", "8d3f0a1b2c3d4e5e")),
		"/access/users/" + bert + "/failed_logins": fixed(failure(bert, "2026-06-01T11:20:00Z", "8d3f0a1b2c3d4e5d")),
	})
}

func TestFailedLoginsOfUsers(t *testing.T) {
	set, u := failedLoginsSet(t)
	for _, c := range []struct {
		values string
		want   []string
	}{
		{`"` + strings.ToUpper(ada) + `"`, []string{"8d3f0a1b2c3d4e5f"}},
		{`"ada@EXAMPLE.com"`, []string{"8d3f0a1b2c3d4e5f"}},
		{`"ada@example.com","` + bert + `"`, []string{"8d3f0a1b2c3d4e5d", "8d3f0a1b2c3d4e5f"}},
	} {
		res, err := restQuery(t, set, "failed_logins", `{"filters":[{"field":"user_id","operator":"=","values":[`+c.values+`]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if got := texts(t, res, "ray_id"); !slices.Equal(got, c.want) || !res.Coverage.Complete {
			t.Errorf("%s: %v %+v", c.values, got, res.Coverage)
		}
		if got := texts(t, res, "outcome")[0]; got != "blocked" {
			t.Errorf("outcome %q", got)
		}
		if res.Table.Other[0] != `{"shape":"new","tries":3}` {
			t.Errorf("other %q", res.Table.Other[0])
		}
	}
	before := len(u.asked)
	if _, err := restQuery(t, set, "failed_logins", `{"groupBy":["app_name"],"filters":[{"field":"user_id","operator":"=","values":["`+ada+`"]}]}`); err != nil || len(u.asked) != before {
		t.Errorf("%d calls for what was just asked, %v", len(u.asked)-before, err)
	}
}

func TestFailedLoginsRefuseWhatIsNoUser(t *testing.T) {
	set, u := failedLoginsSet(t)
	for _, value := range []string{"../../../user", ada + "/..", "a/b@example.com", "ada", "", "nobody@example.com", "%2e%2e"} {
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		_, err = restQuery(t, set, "failed_logins", `{"filters":[{"field":"user_id","operator":"=","values":[`+string(raw)+`]}]}`)
		var invalid *query.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%q answered %v", value, err)
		}
	}
	if len(u.askedFor("failed_logins")) != 0 {
		t.Error("Cloudflare was asked for what is no user")
	}
}

func TestFailedLoginsOfAnUnknownUserNameTheUser(t *testing.T) {
	set, _ := failedLoginsSet(t)
	_, err := restQuery(t, set, "failed_logins", `{"filters":[{"field":"user_id","operator":"=","values":["00000000-0000-4000-8000-000000000000"]}]}`)
	var upstream *cloudflare.Error
	if !errors.As(err, &upstream) || upstream.Kind != cloudflare.KindNotFound || !strings.Contains(err.Error(), "knows no user") {
		t.Errorf("answered %v", err)
	}
}
