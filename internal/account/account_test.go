package account_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

type loginRow struct {
	CreatedAt time.Time `json:"created_at"`
	UserEmail string    `json:"user_email"`
	Country   string    `json:"country"`
	Allowed   bool      `json:"allowed"`
}

func start(t *testing.T, c account.Config) *account.Account {
	t.Helper()
	a, err := account.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func call(t *testing.T, method, address, body string, into any) int {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+account.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

// fetchAll pages through access_requests.
func fetchAll(t *testing.T, a *account.Account, q url.Values) []loginRow {
	t.Helper()
	var rows []loginRow
	for page := 1; ; page++ {
		q.Set("page", fmt.Sprint(page))
		var answer struct{ Result []loginRow }
		if status := call(t, http.MethodGet, a.URL()+"/accounts/"+account.ID+"/access/logs/access_requests?"+q.Encode(), "", &answer); status != http.StatusOK {
			t.Fatalf("page %d: HTTP %d", page, status)
		}
		if len(answer.Result) == 0 {
			return rows
		}
		rows = append(rows, answer.Result...)
	}
}

func TestPagesHoldEveryLoginOnce(t *testing.T) {
	end := time.Now()
	logins := account.NewLogins(2500, end.Add(-time.Hour), end, account.Even)
	a := start(t, account.Config{Logins: logins, Limit: account.Unlimited})
	for _, direction := range []string{"desc", "asc"} {
		rows := fetchAll(t, a, url.Values{"per_page": {"1000"}, "direction": {direction}})
		times := make([]int64, len(rows))
		for i, row := range rows {
			times[i] = row.CreatedAt.UnixNano()
		}
		if direction == "desc" {
			slices.Reverse(times)
		}
		if !slices.Equal(times, logins.Times) {
			t.Errorf("%s: %d rows, which are not the %d logins in order", direction, len(rows), len(logins.Times))
		}
	}
}

func TestFiltersAndTruthAgree(t *testing.T) {
	end := time.Now()
	start0 := end.Add(-time.Hour)
	logins := account.NewLogins(3000, start0, end, account.OfficeHours)
	a := start(t, account.Config{Logins: logins, Limit: account.Unlimited})
	for _, c := range []struct {
		q       url.Values
		filters []account.Filter
	}{
		{url.Values{"country_code": {"gb"}}, []account.Filter{{Field: "country", Operator: "=", Values: []string{"GB"}}}},
		{url.Values{"allowed": {"false"}, "allowedOp": {"eq"}}, []account.Filter{{Field: "outcome", Operator: "=", Values: []string{"blocked"}}}},
		{url.Values{"email": {"person1"}}, []account.Filter{{Field: "user_email", Operator: "contains", Values: []string{"person1"}}}},
		{url.Values{"app_type": {"saas"}, "app_typeOp": {"neq"}}, []account.Filter{{Field: "app_type", Operator: "!=", Values: []string{"saas"}}}},
	} {
		counts, err := logins.Count(account.Counting{Filters: c.filters, From: start0, To: end, Until: end, Buckets: 1})
		if err != nil {
			t.Fatal(err)
		}
		truth := int64(0)
		if counts[""] != nil {
			truth = counts[""][0]
		}
		c.q.Set("per_page", "1000")
		if n := len(fetchAll(t, a, c.q)); int64(n) != truth || n == 0 || n == len(logins.Times) {
			t.Errorf("%v: %d rows, the truth %d of %d", c.q, n, truth, len(logins.Times))
		}
	}
}

func TestGroupsOfSeveralCodesWithOneValueAreOne(t *testing.T) {
	end := time.Now()
	logins := account.NewLogins(1000, end.Add(-time.Hour), end, account.Even)
	counts, err := logins.Count(account.Counting{GroupBy: []string{"app_type"}, From: end.Add(-time.Hour), To: end, Until: end, Buckets: 4})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{}
	for i := range logins.Times {
		want[logins.Value("app_type", i)]++
	}
	for key, n := range want {
		sum := int64(0)
		for _, count := range counts[key] {
			sum += count
		}
		if sum != n {
			t.Errorf("%s: %d, want %d", key, sum, n)
		}
	}
}

func TestCallsBeyondTheLimitAreRefused(t *testing.T) {
	end := time.Now()
	a := start(t, account.Config{Logins: account.NewLogins(10, end.Add(-time.Hour), end, account.Even), Limit: 3})
	for i := range 5 {
		var answer struct{ Success bool }
		status := call(t, http.MethodGet, a.URL()+"/accounts/"+account.ID+"/access/logs/access_requests", "", &answer)
		if want := i < 3; answer.Success != want || (status == http.StatusOK) != want {
			t.Errorf("call %d: HTTP %d, success %v", i+1, status, answer.Success)
		}
	}
	if got := a.Counts(); got.REST != 5 || got.Refused != 2 {
		t.Errorf("%+v, want 5 calls, 2 refused", got)
	}
}

func TestGraphQLKeepsItsLimits(t *testing.T) {
	end := time.Now().Truncate(time.Hour)
	minutes := account.NewMinutes(end.Add(-30*24*time.Hour), end)
	a := start(t, account.Config{Minutes: minutes, Limit: account.Unlimited})
	ask := func(from, to time.Time, limit int) (total int64, groups int, refusal string) {
		var answer struct {
			Data struct {
				Viewer struct {
					Accounts []struct {
						W []struct {
							Count      int64
							Dimensions struct{ DatetimeMinute string }
						}
					}
				}
			}
			Errors []struct{ Message string }
		}
		body, err := json.Marshal(map[string]any{
			"query": `query q($w: Filter!, $limit: uint64!) { viewer { accounts(filter: {accountTag: "` + account.ID + `"}) {
				w: accessLoginRequestsAdaptiveGroups(filter: $w, limit: $limit, orderBy: [datetimeMinute_ASC]) {
					count avg { sampleInterval } dimensions { datetimeMinute } } } } }`,
			"variables": map[string]any{"limit": limit, "w": map[string]any{"datetime_geq": from, "datetime_lt": to}},
		})
		if err != nil {
			t.Fatal(err)
		}
		call(t, http.MethodPost, a.URL()+"/graphql", string(body), &answer)
		if len(answer.Errors) > 0 {
			return 0, 0, answer.Errors[0].Message
		}
		for _, group := range answer.Data.Viewer.Accounts[0].W {
			total += group.Count
		}
		return total, len(answer.Data.Viewer.Accounts[0].W), ""
	}
	day := end.Add(-24 * time.Hour)
	allowed, blocked := minutes.Count(day, end)
	if total, groups, refusal := ask(day, end, 10_000); total != allowed+blocked || groups != 24*60 || refusal != "" {
		t.Errorf("a day: %d in %d groups %q, want %d in %d", total, groups, refusal, allowed+blocked, 24*60)
	}
	if _, groups, _ := ask(day, end, 100); groups != 100 {
		t.Errorf("a limit of 100: %d groups", groups)
	}
	if _, _, refusal := ask(end.Add(-7*24*time.Hour-time.Second), end, 10_000); !strings.Contains(refusal, "too large") {
		t.Errorf("a range too long: %q", refusal)
	}
	if _, _, refusal := ask(day, end, 10_001); !strings.Contains(refusal, "limit must be") {
		t.Errorf("a page too large: %q", refusal)
	}
}
