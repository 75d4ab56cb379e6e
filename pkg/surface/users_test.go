package surface_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

const (
	ada  = "6b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e5f"
	bert = "7b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e5f"
	carl = "8b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e5f"
)

func failedLogin(user, at, ray string) account.Row {
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err)
	}
	row := account.NewFailedLogin(user, "x@example.com", ray, when)
	row["metadata"].(account.Row)["tries"], row["shape"] = 3, "new"
	return row
}

func failedLogins(t *testing.T) *source {
	list := func(rows ...account.Row) account.FailedLoginList { return account.FailedLoginList{Rows: rows} }
	return open(t, cached, account.Config{
		Users: []account.Row{{"id": ada, "email": "Ada@example.com"}, {"id": bert, "email": "ada@example.com.invalid"}, {"id": carl, "email": "carl@example.com"}},
		FailedLogins: map[string]account.FailedLoginList{
			ada:  list(failedLogin(ada, "2026-03-31T11:10:00Z", "8d3f0a1b2c3d4e5f"), failedLogin(ada, "2026-03-31T09:10:00Z", "8d3f0a1b2c3d4e5e")),
			bert: list(failedLogin(bert, "2026-03-31T11:20:00Z", "8d3f0a1b2c3d4e5d")),
			carl: list(),
		},
	})
}

func ofUsers(users ...any) question {
	return question{Type: "failed_logins", Filters: []filter{where("user_id", "=", users...)}}
}

func TestFailedLoginsOfUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := failedLogins(t)
		for _, c := range []struct{ users, want []string }{
			{[]string{strings.ToUpper(ada)}, []string{"8d3f0a1b2c3d4e5f"}},
			{[]string{"ada@EXAMPLE.com"}, []string{"8d3f0a1b2c3d4e5f"}},
			{[]string{"ada@example.com", bert}, []string{"8d3f0a1b2c3d4e5d", "8d3f0a1b2c3d4e5f"}},
			{[]string{ada, bert, carl, ada}, []string{"8d3f0a1b2c3d4e5d", "8d3f0a1b2c3d4e5f"}},
			{[]string{carl}, nil},
		} {
			var users []any
			for _, user := range c.users {
				users = append(users, user)
			}
			result, err := s.hour(t, ofUsers(users...))
			if err != nil {
				t.Fatal(err)
			}
			if got := texts(t, result, "ray_id"); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 || !result.Coverage.Complete {
				t.Errorf("%s: %v %+v", c.users, got, result.Coverage)
			}
			for i, outcome := range texts(t, result, "outcome") {
				if outcome != "blocked" || result.Table.Other[i] != `{"shape":"new","tries":3}` {
					t.Errorf("outcome %q, other %q", outcome, result.Table.Other[i])
				}
			}
		}
		before := s.calls()
		q := ofUsers(ada)
		q.GroupBy = []string{"app_name"}
		if _, err := s.hour(t, q); err != nil || s.calls() != before {
			t.Errorf("%d calls for what was just asked, %v", s.calls()-before, err)
		}
		// Several filters name those that all of them do.
		both := ofUsers(ada, bert)
		both.Filters = append(both.Filters, where("user_id", "=", bert, carl))
		if result, err := s.hour(t, both); err != nil || !slices.Equal(texts(t, result, "ray_id"), []string{"8d3f0a1b2c3d4e5d"}) {
			t.Errorf("%v", err)
		}
	})
}

// TestRowsNameTheirUser has rows whose metadata names nobody, or somebody else.
func TestRowsNameTheirUser(t *testing.T) {
	named, unnamed := failedLogin(ada, "2026-03-31T11:10:00Z", "8d3f0a1b2c3d4e5f"), failedLogin(ada, "2026-03-31T11:05:00Z", "8d3f0a1b2c3d4e5e")
	delete(unnamed["metadata"].(account.Row), "user_uuid")
	other := failedLogin(bert, "2026-03-31T11:07:00Z", "8d3f0a1b2c3d4e5d")
	delete(other["metadata"].(account.Row), "user_uuid")
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, account.Config{FailedLogins: map[string]account.FailedLoginList{
			ada: {Rows: []account.Row{named, unnamed}}, bert: {Rows: []account.Row{other}},
		}})
		result, err := s.hour(t, ofUsers(ada, bert))
		if err != nil {
			t.Fatal(err)
		}
		if got := texts(t, result, "user_uuid"); !slices.Equal(got, []string{ada, bert, ada}) || !result.Coverage.Complete {
			t.Errorf("users %v, coverage %+v", got, result.Coverage)
		}
		q := ofUsers(ada, bert)
		q.GroupBy = []string{"user_uuid"}
		if result, err = s.hour(t, q); err != nil || gotCounts(result)[ada] != 2 || gotCounts(result)[bert] != 1 {
			t.Errorf("%+v %v", result, err)
		}
	})
}

// TestPagesOfFailedLogins tries what Cloudflare can do with the parameter page,
// which it does not document, and with its totals.
func TestPagesOfFailedLogins(t *testing.T) {
	rows := func(n int) []account.Row {
		list := make([]account.Row, n)
		for i := range list {
			list[i] = failedLogin(ada, noon.Add(-time.Duration(i+1)*time.Minute).Format(time.RFC3339), fmt.Sprintf("%016x", i+1))
		}
		return list
	}
	for name, c := range map[string]struct {
		list     account.FailedLoginList
		want     int64
		complete bool
	}{
		"one list":                         {account.FailedLoginList{Rows: rows(45)}, 45, true},
		"one list, with its total":         {account.FailedLoginList{Rows: rows(45), TotalCount: 45}, 45, true},
		"pages":                            {account.FailedLoginList{Rows: rows(45), PerPage: 20, TotalCount: 45, TotalPages: 3}, 45, true},
		"pages, all full":                  {account.FailedLoginList{Rows: rows(40), PerPage: 20, TotalCount: 40, TotalPages: 2}, 40, true},
		"pages without a total":            {account.FailedLoginList{Rows: rows(45), PerPage: 20}, 45, true},
		"page ignored":                     {account.FailedLoginList{Rows: rows(45), PerPage: 20, TotalCount: 45, TotalPages: 3, IgnoresPage: true}, 20, false},
		"page ignored, just as many":       {account.FailedLoginList{Rows: rows(20), PerPage: 20, TotalCount: 20, TotalPages: 1, IgnoresPage: true}, 20, true},
		"a total that is more":             {account.FailedLoginList{Rows: rows(45), TotalCount: 46}, 45, false},
		"twins are one event":              {account.FailedLoginList{Rows: append(rows(3), rows(1)...), TotalCount: 4}, 3, true},
		"a total that is less":             {account.FailedLoginList{Rows: rows(45), TotalCount: 3}, 45, true},
		"pages, with a total that is more": {account.FailedLoginList{Rows: rows(45), PerPage: 20, TotalCount: 61}, 45, false},
	} {
		for _, q := range []question{{}, {Format: "time_series"}, {GroupBy: []string{"app_name"}}} {
			bubbled(t, name+" "+q.Format, func(t *testing.T) {
				s := open(t, cached, account.Config{FailedLogins: map[string]account.FailedLoginList{ada: c.list, bert: {Rows: rows(0)}}})
				q := q
				q.Type, q.Filters = "failed_logins", ofUsers(ada, bert).Filters
				for range 2 { // the second time from what is kept, if it is
					result, err := s.hour(t, q)
					if err != nil {
						t.Fatal(err)
					}
					if got := result.Coverage; got.Rows != c.want || got.Complete != c.complete || !c.complete && (got.Reason != answer.ReasonUpstream || !hasNotice(result, "more rows than it sends")) {
						t.Errorf("coverage %+v, notices %+v", got, result.Notices)
					}
				}
				if s.calls() > 8 {
					t.Errorf("%d calls", s.calls())
				}
			})
		}
	}
}

func TestFailedLoginsRefuseWhatIsNoUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := failedLogins(t)
		for _, value := range []string{"../../../user", ada + "/..", "a/b@example.com", "ada", "", "nobody@example.com", "%2e%2e"} {
			if _, err := s.hour(t, ofUsers(value)); !invalid(err) {
				t.Errorf("%q answered %v", value, err)
			}
		}
		many := make([]any, 51)
		for i := range many {
			many[i] = fmt.Sprintf("6b3d4f0e-1c2a-4d5b-8e7f-%012d", i)
		}
		if _, err := s.hour(t, ofUsers(many...)); !invalid(err) || !strings.Contains(err.Error(), "51 users") {
			t.Errorf("51 users answered %v", err)
		}
		if len(s.account.AskedFor("failed_logins")) != 0 {
			t.Error("Cloudflare was asked for what is no user")
		}
	})
}

func TestFailedLoginsOfAnUnknownUserNameTheUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := failedLogins(t).hour(t, ofUsers("00000000-0000-4000-8000-000000000000"))
		if kind(err) != cloudflare.KindNotFound || !strings.Contains(err.Error(), "knows no user") {
			t.Errorf("answered %v", err)
		}
	})
}

// session is one of active sessions, open for six hours.
func session(nonce string, began time.Time, apps account.Row) account.Row {
	ends := began.Add(6 * time.Hour).Unix()
	return account.Row{"name": "session-" + nonce, "expiration": ends,
		"metadata": account.Row{"apps": apps, "expires": ends, "iat": began.Unix(), "nonce": nonce, "ttl": 21600, "device": "laptop"}}
}

func TestActiveSessionsOfUsers(t *testing.T) {
	wiki := account.Row{"a1": account.Row{"hostname": "wiki.example.com", "name": "Wiki", "type": "self_hosted", "uid": "a1"}}
	bare := session("three", noon.Add(-5*time.Minute), nil)
	delete(bare["metadata"].(account.Row), "apps")
	delete(bare, "expiration") // metadata.expires says it too
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, account.Config{ActiveSessions: map[string][]account.Row{
			ada: {session("one", noon.Add(-time.Hour), wiki), session("two", noon.Add(-time.Hour-time.Second), wiki)}, bert: {bare},
		}})
		ofSessions := func(more ...filter) question {
			return question{Type: "active_sessions", Filters: append(ofUsers(ada, bert).Filters, more...)}
		}
		result, err := s.hour(t, ofSessions())
		if err != nil {
			t.Fatal(err)
		}
		for field, want := range map[string][]string{
			"iat":        {"2026-03-31T11:55:00Z", "2026-03-31T11:00:00Z"},
			"expiration": {"2026-03-31T17:55:00Z", "2026-03-31T17:00:00Z"},
			"apps":       {"", `{"a1":{"hostname":"wiki.example.com","name":"Wiki","type":"self_hosted","uid":"a1"}}`},
			"ttl":        {"21600", "21600"},
			"user_uuid":  {bert, ada},
		} {
			if got := texts(t, result, field); !slices.Equal(got, want) {
				t.Errorf("%s is %v, want %v", field, got, want)
			}
		}
		if !result.Coverage.Complete || !slices.Equal(result.Table.Other, []string{`{"device":"laptop"}`, `{"device":"laptop"}`}) {
			t.Errorf("coverage %+v, other %v", result.Coverage, result.Table.Other)
		}
		for name, c := range map[string]struct {
			filter filter
			want   []string
		}{
			"ends before":    {where("expiration", "<", "2026-03-31T17:30:00Z"), []string{"one"}},
			"ends at":        {where("expiration", "=", "2026-03-31T17:55:00Z"), []string{"three"}},
			"began after":    {where("iat", ">", "2026-03-31T11:00:00Z"), []string{"three"}},
			"an application": {where("apps", "contains", `"Wiki"`), []string{"one"}},
			"none":           {where("apps", "=", ""), []string{"three"}},
		} {
			result, err := s.hour(t, ofSessions(c.filter))
			if err != nil || !slices.Equal(texts(t, result, "nonce"), c.want) || !result.Coverage.Complete {
				t.Errorf("%s: %+v %v", name, result, err)
			}
		}
		if asked := len(s.account.AskedFor("/active_sessions")); asked != 2 {
			t.Errorf("%d calls for two users", asked)
		}
	})
}

// A list without a time range is what there is now: a session that has ended is gone
// from the past, too.
func TestEndedSessionsAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, account.Config{ActiveSessions: map[string][]account.Row{ada: {session("one", noon.Add(-20*time.Hour), nil)}}})
		q := ofUsers(ada)
		q.Type = "active_sessions"
		count := func() int64 {
			return s.ask(t, q.over(t, s, noon.Add(-day), noon.Add(-10*time.Hour))).Coverage.Rows
		}
		before := count()
		s.account.Change(func(c *account.Config) { c.ActiveSessions[ada] = nil })
		time.Sleep(10 * time.Hour)
		if after := count(); before != 1 || after != 0 {
			t.Errorf("%d sessions, then %d", before, after)
		}
	})
}
