package account_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

const access = "/accounts/" + account.ID + "/access/"

type listing struct {
	Result []account.Row
	Info   map[string]any `json:"result_info"`
}

func TestUsersAreSearched(t *testing.T) {
	users := []account.Row{{"id": "1", "email": "Ada@example.com", "name": "Ada"}, {"id": "2", "email": "ada@example.com.invalid"}, {"id": "3", "email": "grace@example.com"}}
	for how, want := range map[account.Match]int{account.MatchPart: 2, account.MatchWhole: 1, account.MatchIgnored: 3} {
		a := atNoon(account.Config{Users: users, Quirks: account.Quirks{Users: how}})
		for _, q := range []string{"email=ada@example.com", "search=ada@example.com"} {
			var l listing
			if status := ask(t, a, access+"users?"+q, &l); status != http.StatusOK || len(l.Result) != want {
				t.Errorf("match %d, %s: HTTP %d with %d users, want %d", how, q, status, len(l.Result), want)
			}
		}
	}
	a := atNoon(account.Config{Users: users})
	var l listing
	if ask(t, a, access+"users?per_page=2&page=2", &l); len(l.Result) != 1 || l.Result[0]["id"] != "3" || l.Info["total_count"] != 3.0 {
		t.Errorf("%+v", l)
	}
}

func TestFailedLoginsOfAUser(t *testing.T) {
	var rows []account.Row
	for i := range 45 {
		rows = append(rows, account.NewFailedLogin("ada", "ada@example.com", fmt.Sprint(i), noon.Add(-time.Duration(i)*time.Minute)))
	}
	for name, c := range map[string]struct {
		list     account.FailedLoginList
		first    int
		second   int
		members  []string
		sameRows bool
	}{
		"one list":          {account.FailedLoginList{Rows: rows}, 45, 0, nil, false},
		"pages":             {account.FailedLoginList{Rows: rows, PerPage: 20, TotalPages: 3}, 20, 20, []string{"per_page", "total_pages"}, false},
		"always page 1":     {account.FailedLoginList{Rows: rows, PerPage: 20, TotalCount: 45, IgnoresPage: true}, 20, 20, []string{"total_count"}, true},
		"a total alone":     {account.FailedLoginList{Rows: rows[:20], TotalCount: 45}, 20, 0, []string{"total_count"}, false},
		"no failed logins ": {account.FailedLoginList{}, 0, 0, nil, false},
	} {
		a := atNoon(account.Config{FailedLogins: map[string]account.FailedLoginList{"ada": c.list}})
		var first, second listing
		ask(t, a, access+"users/ada/failed_logins", &first)
		ask(t, a, access+"users/ada/failed_logins?page=2", &second)
		if len(first.Result) != c.first || len(second.Result) != c.second {
			t.Errorf("%s: %d and %d rows", name, len(first.Result), len(second.Result))
		}
		for _, member := range c.members {
			if first.Info[member] == nil {
				t.Errorf("%s: result_info %v has no %s", name, first.Info, member)
			}
		}
		if len(c.members) == 0 && first.Info != nil {
			t.Errorf("%s: result_info %v", name, first.Info)
		}
		if c.second > 0 && (fmt.Sprint(first.Result[0]) == fmt.Sprint(second.Result[0])) != c.sameRows {
			t.Errorf("%s: the second page begins with %v", name, second.Result[0])
		}
	}
}

func TestUsersThatTheAccountDoesNotHave(t *testing.T) {
	a := atNoon(account.Config{Users: []account.Row{{"id": "ada"}}, ActiveSessions: map[string][]account.Row{"ada": {{"name": "one"}, {"name": "two"}}}})
	for path, want := range map[string]int{"users/ada/failed_logins": 200, "users/ada/active_sessions": 200, "users/eve/failed_logins": 404, "users/eve/active_sessions": 404, "nothing": 404} {
		var l listing
		if status := ask(t, a, access+path, &l); status != want {
			t.Errorf("%s: HTTP %d, want %d", path, status, want)
		}
	}
	var l listing
	if ask(t, a, access+"users/ada/active_sessions", &l); len(l.Result) != 2 {
		t.Errorf("%d sessions", len(l.Result))
	}
}

func TestSCIMUpdates(t *testing.T) {
	updates := []account.Row{
		{"logged_at": "2026-06-01T11:40:00Z", "idp_id": "a", "status": "SUCCESS"},
		{"logged_at": "2026-06-01T11:50:00Z", "idp_id": "b", "status": "FAILURE"},
		{"logged_at": "2026-06-01T11:45:00Z", "idp_id": "c", "status": "SUCCESS"},
	}
	a := atNoon(account.Config{SCIMUpdates: updates})
	for q, want := range map[string][]string{
		"": {"b", "c", "a"}, "?direction=asc": {"a", "c", "b"}, "?idp_id=a&idp_id=b": {"b", "a"}, "?status=SUCCESS": {"c", "a"},
		"?since=2026-06-01T11:45:00Z": {"b", "c"}, "?per_page=1&page=2": {"c"},
	} {
		var l listing
		status := ask(t, a, access+"logs/scim/updates"+q, &l)
		var got []string
		for _, row := range l.Result {
			got = append(got, row["idp_id"].(string))
		}
		if status != http.StatusOK || !slices.Equal(got, want) {
			t.Errorf("%s: HTTP %d with %v, want %v", q, status, got, want)
		}
	}
	a.Change(func(c *account.Config) { c.Quirks.RequiresIdP = true })
	var l listing
	if status := ask(t, a, access+"logs/scim/updates", &l); status != http.StatusBadRequest {
		t.Errorf("HTTP %d without an identity provider", status)
	}
	if asked := a.AskedFor("/updates"); len(asked) != 7 {
		t.Errorf("%d calls", len(asked))
	}
}
