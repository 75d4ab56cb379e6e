package plugin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// crowd is an account in which people differ in nothing but who they are: each signs
// in once, all at the same moments, and is listed in the order of the alphabet.
func crowd(t *testing.T) *account.Account {
	t.Helper()
	c := upstreamOf(t, "failed_logins")
	c.Events, c.Groups, c.Users = nil, nil, nil
	at := trioRange.To.Add(-time.Minute).Truncate(time.Minute)
	for i := range 20 {
		email, uuid := fmt.Sprintf("%c@example.com", 'a'+i), fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)
		c.Events = append(c.Events, account.Event{At: at, Email: email, RayID: fmt.Sprintf("%016x", (i*7)%20), Allowed: true, Country: "GB"})
		c.Groups = append(c.Groups, account.NewLoginEvent(at, "userUuid", uuid, "cfRayId", "1111111111111111"))
		c.Users = append(c.Users, account.Row{"id": uuid, "email": email})
	}
	return account.New(c)
}

// shownBy are the texts of a field, or the labels of series, in the order of the answer.
func shownBy(frame *data.Frame, field string) (texts []string) {
	for _, f := range frame.Fields {
		switch {
		case f.Labels[field] != "":
			texts = append(texts, f.Labels[field])
		case f.Name == field:
			for i := range f.Len() {
				if text, ok := f.ConcreteAt(i); ok {
					texts = append(texts, text.(string))
				}
			}
		}
	}
	return texts
}

// Where nothing else tells rows or groups apart, the order of their pseudonyms must not
// be that of the names behind them, nor what a limit leaves.
func TestNoOrderTellsWhoIsBehindAPseudonym(t *testing.T) {
	d := instance(t, crowd(t), `,"maskIdentities":"pseudonym"`)
	for _, c := range []struct{ field, query string }{
		{"user_email", `{"queryType":"access_requests","groupBy":["user_email"],"limit":%d}`},
		{"user_email", `{"queryType":"access_requests","format":"time_series","groupBy":["user_email"],"limit":%d}`},
		{"userUuid", `{"queryType":"login_groups","groupBy":["userUuid"],"limit":%d}`},
		{"user_email", `{"queryType":"login_groups","groupBy":["user_email"],"limit":%d}`},
		{"userUuid", `{"queryType":"login_groups","fields":["datetime","userUuid"],"limit":%d}`},
		{"user_email", `{"queryType":"login_groups","fields":["datetime","user_email"],"limit":%d}`},
	} {
		for _, limit := range []int{20, 3} {
			answer := ask(t, d, nil, dataQuery("A", fmt.Sprintf(c.query, limit)))["A"]
			require.NoError(t, answer.Error)
			shown := shownBy(answer.Frames[0], c.field)
			want := pseudonyms(d, c.field)
			if !strings.Contains(c.query, "time_series") {
				want = want[:limit]
			}
			require.Equal(t, want, shown, c.query)
		}
	}
	answer := ask(t, d, nil, dataQuery("A", `{"queryType":"access_requests","fields":["ray_id"]}`))["A"]
	rays := shownBy(answer.Frames[0], "ray_id")
	require.Len(t, rays, 20)
	require.True(t, slices.IsSortedFunc(rays, func(a, b string) int { return strings.Compare(b, a) }), "rows of a moment are by their IDs: %v", rays)

	for _, field := range []string{"user_id", "user_email"} {
		var found []suggestion
		answer := asking(t, d, nil, "values?queryType=failed_logins&field="+field)
		require.NoError(t, json.Unmarshal(answer.Body, &found))
		require.Len(t, found, 20)
		require.True(t, slices.IsSortedFunc(found, func(a, b suggestion) int { return strings.Compare(a.Value, b.Value) }), field)
	}
}

// pseudonyms are those of the crowd, sorted.
func pseudonyms(d *Datasource, field string) (all []string) {
	for i := range 20 {
		value := fmt.Sprintf("%c@example.com", 'a'+i)
		if field == "userUuid" {
			value = fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)
		}
		all = append(all, d.masker.Text(value))
	}
	slices.Sort(all)
	return all
}

// A limit cuts what is shown: groups that look alike count together before it.
func TestALimitCutsGroupsAsTheyAreShown(t *testing.T) {
	d := instance(t, crowd(t), `,"maskIdentities":"redact"`)
	for query, rows := range map[string]int{
		`{"queryType":"access_requests","groupBy":["user_email"],"limit":2}`:              1,
		`{"queryType":"login_groups","groupBy":["userUuid","country"],"limit":2}`:         1,
		`{"queryType":"login_groups","fields":["datetime","userUuid"],"limit":2}`:         1,
		`{"queryType":"access_requests","format":"time_series","groupBy":["user_email"]}`: 0,
	} {
		answer := ask(t, d, nil, dataQuery("A", query))["A"]
		require.NoError(t, answer.Error)
		frame := answer.Frames[0]
		var counted float64
		for _, f := range frame.Fields {
			for i := range f.Len() {
				if n, err := f.FloatAt(i); f.Name == "logins" && err == nil {
					counted += n
				}
			}
		}
		require.InDelta(t, 20, counted, 0, query)
		if rows > 0 {
			require.Equal(t, rows, frame.Rows(), query)
		}
	}
}
