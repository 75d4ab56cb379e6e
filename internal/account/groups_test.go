package account_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// groupRow is a group whose fields have their own names.
type groupRow struct {
	Count      int64
	Avg        struct{ SampleInterval float64 }
	Dimensions map[string]any
}

// graphQL asks a query and returns the nodes by alias, or what is wrong.
func graphQL(t testing.TB, a *account.Account, query string, variables map[string]any) (nodes map[string]json.RawMessage, refusal string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	response, err := roundTrip(context.Background(), a, http.MethodPost, "/graphql", string(body))
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Data struct {
			Viewer struct{ Accounts []map[string]json.RawMessage }
		}
		Errors []struct{ Message string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Errors) > 0 {
		return nil, answer.Errors[0].Message
	}
	return answer.Data.Viewer.Accounts[0], ""
}

// count asks for the groups of some dimensions that a filter leaves.
func count(t testing.TB, a *account.Account, filter map[string]any, order string, dimensions ...string) ([]groupRow, string) {
	t.Helper()
	q := fmt.Sprintf(`query q($tag: string!, $f: Filter!, $o: [Order!]) { viewer { accounts(filter: {accountTag: $tag}) {
		w: accessLoginRequestsAdaptiveGroups(filter: $f, limit: 10000, orderBy: $o) {
			count avg { sampleInterval } dimensions { %s } } } } }`, strings.Join(dimensions, " "))
	nodes, refusal := graphQL(t, a, q, map[string]any{"tag": account.ID, "f": filter, "o": []string{order}})
	var rows []groupRow
	if refusal == "" {
		if err := json.Unmarshal(nodes["w"], &rows); err != nil {
			t.Fatal(err)
		}
	}
	return rows, refusal
}

// day is a filter on the day before noon, with more conditions.
func day(more map[string]any) map[string]any {
	filter := map[string]any{"datetime_geq": noon.Add(-24 * time.Hour), "datetime_lt": noon}
	maps.Copy(filter, more)
	return filter
}

func withLogins(change ...func(c *account.Config)) *account.Account {
	c := account.Config{Groups: account.NewLoginEvents(2000, noon.Add(-24*time.Hour), 24*time.Hour, 1)}
	for _, f := range change {
		f(&c)
	}
	return atNoon(c)
}

type conditions = map[string]any

func TestGroupsAreWhatTheFilterLeaves(t *testing.T) {
	a := withLogins()
	is := func(name string, values ...string) func(account.LoginEvent) bool {
		return func(e account.LoginEvent) bool { return slices.Contains(values, e.Text(name)) }
	}
	not := func(keep func(account.LoginEvent) bool) func(account.LoginEvent) bool {
		return func(e account.LoginEvent) bool { return !keep(e) }
	}
	hour := noon.Add(-5 * time.Hour)
	for name, c := range map[string]struct {
		filter conditions
		keep   func(account.LoginEvent) bool
	}{
		"all":          {nil, nil},
		"equal":        {conditions{"country": "GB"}, is("country", "GB")},
		"empty":        {conditions{"country": ""}, is("country", "")},
		"not equal":    {conditions{"country_neq": "GB"}, not(is("country", "GB"))},
		"in":           {conditions{"country_in": []string{"GB", "gb"}}, is("country", "GB", "gb")},
		"not in":       {conditions{"country_notin": []string{"GB", "gb"}}, not(is("country", "GB", "gb"))},
		"greater":      {conditions{"country_gt": "GB"}, func(e account.LoginEvent) bool { return e.Text("country") > "GB" }},
		"at most":      {conditions{"country_leq": "GB"}, func(e account.LoginEvent) bool { return e.Text("country") <= "GB" }},
		"like":         {conditions{"identityProvider_like": "%ident%"}, is("identityProvider", "nonidentity")},
		"not like":     {conditions{"identityProvider_notlike": "o%"}, not(is("identityProvider", "okta"))},
		"flag":         {conditions{"isSuccessfulLogin": 0}, is("isSuccessfulLogin", "0")},
		"not the flag": {conditions{"isSuccessfulLogin_neq": 0}, is("isSuccessfulLogin", "1")},
		"either": {conditions{"OR": []conditions{{"country": "DE"}, {"appId": "app-1", "isSuccessfulLogin": 1}}}, func(e account.LoginEvent) bool {
			return is("country", "DE")(e) || is("appId", "app-1")(e) && is("isSuccessfulLogin", "1")(e)
		}},
		"both":           {conditions{"AND": []conditions{{"country": "DE"}, {"appId_neq": "app-1"}}}, func(e account.LoginEvent) bool { return is("country", "DE")(e) && !is("appId", "app-1")(e) }},
		"a minute":       {conditions{"datetimeMinute": hour}, is("datetimeMinute", hour.Format(time.RFC3339))},
		"before a time":  {conditions{"AND": []conditions{{"datetime_lt": hour}}}, func(e account.LoginEvent) bool { return e.Text("datetime") < hour.Format(time.RFC3339) }},
		"other days":     {conditions{"date_neq": "2026-06-01"}, not(is("date", "2026-06-01"))},
		"times in lists": {conditions{"date_in": []string{"2026-06-01"}}, is("date", "2026-06-01")},
	} {
		for _, dimensions := range [][]string{{"country"}, {"datetimeMinute", "isSuccessfulLogin"}, {"date", "datetime", "cfRayId"}} {
			rows, refusal := count(t, a, day(c.filter), "count_DESC", dimensions...)
			want := map[string]int64{}
			for _, e := range a.LoginTruth(noon.Add(-24*time.Hour), noon.Add(-time.Second), c.keep) {
				key := ""
				for _, name := range dimensions {
					key += e.Text(name) + "|"
				}
				want[key]++
			}
			got := map[string]int64{}
			for _, row := range rows {
				key := ""
				for _, name := range dimensions {
					key += fmt.Sprint(row.Dimensions[name]) + "|"
				}
				got[key] += row.Count
			}
			if refusal != "" || !maps.Equal(got, want) || len(rows) != len(want) || len(want) == 0 {
				t.Errorf("%s by %v: %d groups, want %d %s", name, dimensions, len(rows), len(want), refusal)
			}
			if !slices.IsSortedFunc(rows, func(a, b groupRow) int { return int(b.Count - a.Count) }) {
				t.Errorf("%s by %v: not in order", name, dimensions)
			}
		}
	}
	if refusals := a.Refusals(); len(refusals) > 0 {
		t.Errorf("refused: %v", refusals)
	}
}

func TestGroupsHaveTheOrderThatIsAskedFor(t *testing.T) {
	a := withLogins()
	for order, ascending := range map[string]bool{"country_ASC": true, "country_DESC": false, "datetime_ASC": true, "datetime_DESC": false, "isSuccessfulLogin_DESC": false} {
		rows, refusal := count(t, a, day(nil), order, "country", "datetime", "isSuccessfulLogin")
		name, _, _ := strings.Cut(order, "_")
		sorted := slices.IsSortedFunc(rows, func(a, b groupRow) int {
			c := strings.Compare(fmt.Sprint(a.Dimensions[name]), fmt.Sprint(b.Dimensions[name]))
			if !ascending {
				return -c
			}
			return c
		})
		if refusal != "" || !sorted || len(rows) < 100 {
			t.Errorf("%s: %d groups, sorted: %t %s", order, len(rows), sorted, refusal)
		}
	}
}

func TestAliasesLiteralsAndDefaults(t *testing.T) {
	a := withLogins()
	nodes, refusal := graphQL(t, a, `query ($since: Time = "2026-06-01T00:00:00Z", $limit: uint64!) { viewer { accounts(filter: {accountTag: "`+account.ID+`"}) {
		one: accessLoginRequestsAdaptiveGroups(filter: {datetime_geq: $since, datetime_lt: "2026-06-01T06:00:00Z", OR: [{country: "GB"}, {country: "DE"}]}, limit: $limit, orderBy: [country_ASC, isSuccessfulLogin_DESC]) {
			n: count by: dimensions { where: country ok: isSuccessfulLogin } }
		accessLoginRequestsAdaptiveGroups(filter: {datetime_geq: $since, datetime_lt: "2026-06-01T06:00:00Z"}, limit: 1, orderBy: count_DESC) { count dimensions { date } }
		settings { limits: accessLoginRequestsAdaptiveGroups { enabled most: maxPageSize } } } } }`, map[string]any{"limit": 3})
	if refusal != "" {
		t.Fatal(refusal)
	}
	from, to := noon.Add(-12*time.Hour), noon.Add(-6*time.Hour-time.Second)
	n := func(country, ok string) int {
		return len(a.LoginTruth(from, to, func(e account.LoginEvent) bool {
			return e.Text("country") == country && e.Text("isSuccessfulLogin") == ok
		}))
	}
	for alias, want := range map[string]string{
		"one":                               fmt.Sprintf(`[{"n":%d,"by":{"where":"DE","ok":1}},{"n":%d,"by":{"where":"DE","ok":0}},{"n":%d,"by":{"where":"GB","ok":1}}]`, n("DE", "1"), n("DE", "0"), n("GB", "1")),
		"accessLoginRequestsAdaptiveGroups": fmt.Sprintf(`[{"count":%d,"dimensions":{"date":"2026-06-01"}}]`, len(a.LoginTruth(from, to, nil))),
		"settings":                          `{"limits":{"enabled":true,"most":10000}}`,
	} {
		if got := string(nodes[alias]); got != want {
			t.Errorf("%s: %s, want %s", alias, got, want)
		}
	}
	asked := a.Nodes()
	if len(asked) != 2 || asked[0].Alias != "one" || asked[0].Limit != 3 || asked[0].Filter["datetime_geq"] != "2026-06-01T00:00:00Z" ||
		!slices.Equal(asked[0].Dimensions, []string{"country", "isSuccessfulLogin"}) || !slices.Equal(asked[1].OrderBy, []string{"count_DESC"}) {
		t.Errorf("asked for %+v", asked)
	}
	if c := a.Counts(); c.GraphQL != 1 || c.Settings != 1 || c.Nodes != 2 || c.REST != 0 {
		t.Errorf("%+v", c)
	}
}

func TestWhatGraphQLRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		limits     account.GraphQL
		filter     conditions
		order      string
		dimensions []string
		says       string
	}{
		"too long a range":        {account.GraphQL{MaxDuration: 24 * time.Hour}, nil, "count_DESC", []string{"country"}, "time range is too large"},
		"too old":                 {account.GraphQL{NotOlderThan: time.Hour}, nil, "count_DESC", []string{"country"}, "cannot request data older than 3600s"},
		"too many fields":         {account.GraphQL{MaxFields: 3}, nil, "count_DESC", []string{"country", "date"}, "number of fields can't be more than 3"},
		"too large a page":        {account.GraphQL{MaxPageSize: 9999}, nil, "count_DESC", []string{"country"}, "not greater than 9999"},
		"a field it lacks":        {account.GraphQL{Unavailable: []string{"appId"}}, nil, "count_DESC", []string{"appId"}, "does not have access to the field 'appid'"},
		"a field it denies":       {account.GraphQL{Denied: []string{"appId"}}, nil, "count_DESC", []string{"appId"}, "does not have access to the field 'appid'"},
		"a field that nobody has": {account.GraphQL{}, nil, "count_DESC", []string{"datetimeHour"}, "unknown field"},
		"an unknown order":        {account.GraphQL{}, nil, "appId_ASC", []string{"country"}, "cannot order by appId_ASC"},
		"an unknown filter":       {account.GraphQL{}, conditions{"countries": "GB"}, "count_DESC", []string{"country"}, "no filter"},
		"a list of flags":         {account.GraphQL{}, conditions{"isSuccessfulLogin_in": []int{0}}, "count_DESC", []string{"country"}, "no filter"},
		"no time at all":          {account.GraphQL{}, conditions{"datetime_geq": "soon"}, "count_DESC", []string{"country"}, "error parsing args"},
		"not in its plan":         {account.GraphQL{Disabled: true}, nil, "count_DESC", []string{"country"}, "does not have access to the path"},
	} {
		a := withLogins(func(config *account.Config) { config.GraphQL = c.limits })
		if _, refusal := count(t, a, day(c.filter), c.order, c.dimensions...); !strings.Contains(refusal, c.says) || len(a.Refusals()) != 1 {
			t.Errorf("%s: %q, want %q", name, refusal, c.says)
		}
	}
	for query, says := range map[string]string{
		`{ viewer { accounts(filter: {accountTag: "another"}) { settings { accessLoginRequestsAdaptiveGroups { enabled } } } } }`:                       "not authorized for that account",
		`{ viewer { accounts(filter: {accountTag: "` + account.ID + `"}) { settings { accessLoginRequestsAdaptiveGroups { enabled } } } } }`:            "unknown field",
		`{ viewer { accounts(filter: {accountTag: "` + account.ID + `"}) { ...everything } } } fragment everything on Account { settings { a { b } } }`: "fragments",
		`{ viewer {`: "error parsing args",
		`{ viewer { accounts(filter: {accountTag: "` + account.ID + `"}) {` + strings.Repeat(` a: accessLoginRequestsAdaptiveGroups(limit: 1) { count }`, 3) + ` } } }`: "too many nodes",
	} {
		a := withLogins(func(c *account.Config) { c.GraphQL = account.GraphQL{SettingsFail: true, MaxNodes: 2} })
		if _, refusal := graphQL(t, a, query, nil); !strings.Contains(refusal, says) {
			t.Errorf("%s: %q, want %q", query, refusal, says)
		}
	}
}

func TestSamplingArrivalAndSeconds(t *testing.T) {
	at := noon.Add(-time.Hour)
	a := atNoon(account.Config{GraphQL: account.GraphQL{SampleInterval: 10}, Groups: []account.LoginEvent{
		account.NewLoginEvent(at.Add(900 * time.Millisecond)),
		{At: at, Count: 5, Dimensions: account.NewLoginEvent(at).Dimensions},
		{At: at, Arrives: noon.Add(time.Second), Dimensions: account.NewLoginEvent(at).Dimensions},
		account.NewLoginEvent(noon.Add(time.Millisecond)),
	}})
	total := func(filter map[string]any) (n int64) {
		t.Helper()
		rows, refusal := count(t, a, filter, "count_DESC", "country")
		if refusal != "" {
			t.Fatal(refusal)
		}
		for _, row := range rows {
			n += row.Count
			if row.Avg.SampleInterval != 10 {
				t.Errorf("sampled by %v", row.Avg.SampleInterval)
			}
		}
		return n
	}
	half := map[string]any{"datetime_geq": at.Add(time.Second / 2), "datetime_lt": noon.Add(time.Hour)}
	if n := total(day(nil)); n != 60 {
		t.Errorf("%d logins, want 60", n)
	}
	if n := total(half); n != 0 {
		t.Errorf("%d logins after the half second, as which datetime does not show them", n)
	}
	a.Change(func(c *account.Config) { c.GraphQL.WholeSeconds = true })
	if n := total(half); n != 60 {
		t.Errorf("%d logins after the second, want 60", n)
	}
}

func TestSettingsCallsAreToldApart(t *testing.T) {
	var settings []bool
	a := withLogins(func(c *account.Config) {
		c.Before = func(r *http.Request) error {
			settings = append(settings, account.AsksSettings(r))
			return account.GraphQLRefusal("rate limiter budget depleted", "budget")
		}
	})
	_, refusal := graphQL(t, a, `{ viewer { accounts(filter: {accountTag: "`+account.ID+`"}) { settings { accessLoginRequestsAdaptiveGroups { enabled } } } } }`, nil)
	if refusal == "" {
		t.Error("the hook did not answer")
	}
	if _, refusal := count(t, a, day(nil), "count_DESC", "country"); refusal == "" || !slices.Equal(settings, []bool{true, false}) {
		t.Errorf("%q, settings %v", refusal, settings)
	}
	if len(a.Refusals()) != 0 || a.Counts().Settings != 1 {
		t.Errorf("%+v, %v", a.Counts(), a.Refusals())
	}
}
