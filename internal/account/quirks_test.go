package account_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// listed is a page of access_requests.
type listed struct {
	Result []account.Row
	Info   *struct {
		PerPage    int `json:"per_page"`
		TotalCount int `json:"total_count"`
	} `json:"result_info"`
}

func (l listed) rays() []string {
	rays := make([]string, len(l.Result))
	for i, row := range l.Result {
		rays[i], _ = row["ray_id"].(string)
	}
	return rays
}

// page asks for a page; the parameters are names and values in turn.
func page(t testing.TB, a *account.Account, parameters ...any) listed {
	t.Helper()
	q := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		q.Set(fmt.Sprint(parameters[i]), fmt.Sprint(parameters[i+1]))
	}
	var l listed
	if status := ask(t, a, accessRequests+"?"+q.Encode(), &l); status != http.StatusOK {
		t.Fatalf("%s: HTTP %d", q.Encode(), status)
	}
	return l
}

func TestBounds(t *testing.T) {
	at := func(ms int) time.Time { return noon.Add(-time.Minute + time.Duration(ms)*time.Millisecond) }
	var events []account.Event
	for _, ms := range []int{0, 500, 1000, 1500, 2000} {
		events = append(events, account.TiedEvents(1, at(ms), uint64(ms))...)
	}
	for kind, want := range map[account.Bounds][]int{
		account.Inclusive: {1, 2, 3}, account.Exclusive: {2},
		account.CutToSeconds: {0, 1, 2}, account.CutToSecondsExclusive: {1},
	} {
		a := atNoon(account.Config{Events: events, Quirks: account.Quirks{Bounds: kind}})
		var rays []string
		for _, i := range want {
			rays = append(rays, events[i].RayID)
		}
		got := page(t, a, "since", at(500).Format(time.RFC3339Nano), "until", at(1500).Format(time.RFC3339Nano), "direction", "asc").rays()
		if !slices.Equal(got, rays) {
			t.Errorf("bounds %d: %v, want %v", kind, got, rays)
		}
	}
}

func TestPages(t *testing.T) {
	events := account.NewEvents(95, noon.Add(-time.Hour), noon, 1)
	rays := account.RayIDs(events)
	for name, c := range map[string]struct {
		quirks   account.Quirks
		ask      []any
		from, to int
		perPage  int
	}{
		"as many as Cloudflare's default": {account.Quirks{}, nil, 0, 25, 25},
		"a second page":                   {account.Quirks{}, []any{"per_page", 40, "page", 2}, 40, 80, 40},
		"beyond the last":                 {account.Quirks{}, []any{"per_page", 40, "page", 4}, 95, 95, 40},
		"the smaller of both":             {account.Quirks{}, []any{"per_page", 40, "limit", 30}, 0, 30, 30},
		"limit alone":                     {account.Quirks{}, []any{"limit", 60}, 0, 60, 60},
		"limit ignored":                   {account.Quirks{Limit: account.LimitIgnored}, []any{"per_page", 40, "limit", 30}, 0, 40, 40},
		"limit of all pages":              {account.Quirks{Limit: account.LimitBoundsAll}, []any{"per_page", 40, "limit", 50, "page", 2}, 40, 50, 40},
		"a cap":                           {account.Quirks{PageCap: 10}, []any{"per_page", 40, "page", 3}, 20, 30, 10},
		"a cap that is not told":          {account.Quirks{PageCap: 10, EchoesPerPage: true}, []any{"per_page", 40}, 0, 10, 40},
		"page ignored":                    {account.Quirks{IgnoresPage: true}, []any{"per_page", 40, "page", 2}, 0, 40, 40},
		"shifted":                         {account.Quirks{Shift: 1}, []any{"per_page", 40, "page", 2}, 39, 79, 40},
		"without result_info":             {account.Quirks{NoResultInfo: true}, nil, 0, 25, 0},
	} {
		a := atNoon(account.Config{Events: events, Quirks: c.quirks})
		l := page(t, a, append(c.ask, "direction", "asc")...)
		if !slices.Equal(l.rays(), rays[c.from:c.to]) {
			t.Errorf("%s: %d rows, want those from %d to %d", name, len(l.Result), c.from, c.to)
		}
		switch {
		case l.Info == nil:
			if c.perPage != 0 {
				t.Errorf("%s: no result_info", name)
			}
		case l.Info.PerPage != c.perPage || l.Info.TotalCount != 0:
			t.Errorf("%s: result_info %+v", name, *l.Info)
		}
	}
}

func TestEveryThirdPageIsShorter(t *testing.T) {
	a := atNoon(account.Config{Events: account.NewEvents(95, noon.Add(-time.Hour), noon, 1), Quirks: account.Quirks{Flaps: true}})
	var lengths []int
	for range 4 {
		lengths = append(lengths, len(page(t, a, "per_page", 40).Result))
	}
	if !slices.Equal(lengths, []int{40, 40, 4, 40}) {
		t.Errorf("pages of %v rows", lengths)
	}
}

func TestOnlyTiesAreShuffled(t *testing.T) {
	events := append(account.NewEvents(50, noon.Add(-time.Hour), noon.Add(-time.Minute), 1), account.TiedEvents(50, noon, 2)...)
	a := atNoon(account.Config{Events: events, Quirks: account.Quirks{ShufflesTies: true}})
	first, second := page(t, a, "per_page", 100).rays(), page(t, a, "per_page", 100).rays()
	if slices.Equal(first, second) || !slices.Equal(first[50:], second[50:]) {
		t.Error("the order of the ties is the same, or that of others is not")
	}
	slices.Sort(first)
	want := account.RayIDs(events)
	slices.Sort(want)
	if !slices.Equal(first, want) {
		t.Error("the rows are not those of the account")
	}
}

func TestPushedFilters(t *testing.T) {
	events := account.NewEvents(500, noon.Add(-time.Hour), noon, 1)
	for i := range events {
		row := events[i].Members()
		row["idp"] = fmt.Sprint(i % 2)
		events[i].Row = row
	}
	some := events[17]
	german := func(e account.Event) bool { return e.Country == "de" }
	for name, c := range map[string]struct {
		quirk account.FilterQuirk
		ask   []any
		keep  func(account.Event) bool
	}{
		"ray ID":           {account.FilterApplied, []any{"ray_id", some.RayID, "ray_idOp", "eq"}, func(e account.Event) bool { return e.RayID == some.RayID }},
		"country":          {account.FilterApplied, []any{"country_code", "DE"}, german},
		"not the country":  {account.FilterApplied, []any{"country_code", "DE", "country_codeOp", "neq"}, func(e account.Event) bool { return !german(e) }},
		"blocked":          {account.FilterApplied, []any{"allowed", "false"}, func(e account.Event) bool { return !e.Allowed }},
		"e-mail":           {account.FilterApplied, []any{"email", some.Email, "email_exact", "true"}, func(e account.Event) bool { return e.Email == some.Email }},
		"withheld":         {account.FilterApplied, []any{"idp", "1"}, func(e account.Event) bool { return e.Row["idp"] == "1" }},
		"not known":        {account.FilterApplied, []any{"non_identity", "true"}, nil},
		"ignored":          {account.FilterIgnored, []any{"country_code", "DE"}, nil},
		"emptied":          {account.FilterEmptied, []any{"country_code", "DE"}, func(account.Event) bool { return false }},
		"user_id, ignored": {account.FilterApplied, []any{"user_id", "nobody"}, nil},
	} {
		a := atNoon(account.Config{Events: events, Quirks: account.Quirks{Withholds: []string{"idp"},
			Filters: map[string]account.FilterQuirk{"country_code": c.quirk}}})
		l := page(t, a, append(c.ask, "per_page", 1000, "direction", "asc")...)
		if want := account.RayIDs(a.Truth(noon.Add(-time.Hour), noon, c.keep)); !slices.Equal(l.rays(), want) {
			t.Errorf("%s: %d rows, want %d", name, len(l.Result), len(want))
		}
		for _, row := range l.Result {
			if _, ok := row["idp"]; ok {
				t.Fatalf("%s: the row has what is withheld", name)
			}
		}
	}
	a := atNoon(account.Config{Events: events, Quirks: account.Quirks{Filters: map[string]account.FilterQuirk{"ray_id": account.FilterRefused}}})
	var answer listed
	if status := ask(t, a, accessRequests+"?ray_id=1", &answer); status != http.StatusBadRequest {
		t.Errorf("HTTP %d for a refused filter", status)
	}
}

func TestRowsArriveAndChange(t *testing.T) {
	now := noon
	events := account.NewEvents(10, noon.Add(-time.Hour), noon, 1)
	events[3].Arrives = noon.Add(time.Minute)
	a := atNoon(account.Config{Events: events, Now: func() time.Time { return now }})
	check := func(n int) {
		t.Helper()
		if got, truth := len(page(t, a).Result), len(a.Truth(noon.Add(-time.Hour), noon.Add(time.Hour), nil)); got != n || truth != n {
			t.Errorf("%d rows, the truth has %d, want %d", got, truth, n)
		}
	}
	check(9)
	now = noon.Add(time.Minute)
	check(10)
	a.Change(func(c *account.Config) {
		c.Events = append(c.Events, account.TiedEvents(2, now.Add(time.Second), 2)...)
		c.Events[0].Arrives = now.Add(time.Hour)
	})
	check(9)
	now = now.Add(time.Second)
	check(11)
}

func TestARowIsSentToTheLetter(t *testing.T) {
	const text = `{"country":null,"created_at":"2026-06-01T13:00:00.5+02:00","device":{"os":"é"},"ray_id":"8D3F"}`
	var row account.Row
	if err := json.Unmarshal([]byte(text), &row); err != nil {
		t.Fatal(err)
	}
	a := atNoon(account.Config{Events: []account.Event{account.EventOf(row)}})
	l := page(t, a)
	if got, err := json.Marshal(l.Result[0]); err != nil || string(got) != text {
		t.Errorf("%s, %v", got, err)
	}
	if e := a.Truth(noon.Add(-time.Hour), noon, nil)[0]; e.RayID != "8D3F" || e.Country != "" || e.Allowed {
		t.Errorf("%+v", e)
	}
}
