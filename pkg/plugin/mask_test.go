package plugin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

func TestMaskedIdentities(t *testing.T) {
	a := account.New(upstreamOf(t, "access_requests"))
	for _, mask := range []string{"pseudonym", "redact"} {
		d := instance(t, a, `,"maskIdentities":"`+mask+`"`)
		for _, q := range []string{ar(""), ar(`"format":"logs"`), ar(`"groupBy":["user_email"]`), ar(`"format":"time_series","groupBy":["user_email","ip_address"]`)} {
			answer := ask(t, d, nil, dataQuery("A", q))["A"]
			require.NoError(t, answer.Error)
			b, err := json.Marshal(answer.Frames)
			require.NoError(t, err)
			for _, personal := range []string{"@example.com", "192.0.2.1", "audit"} {
				require.NotContains(t, string(b), personal, "%s %s", mask, q)
			}
		}
	}
	d := instance(t, a, `,"maskIdentities":"pseudonym"`)
	var values []suggestion
	span := fmt.Sprintf("&from=%d&to=%d", trioRange.From.UnixMilli(), trioRange.To.UnixMilli())
	require.Equal(t, http.StatusOK, resource(t, d, "values?queryType=access_requests&field=user_email"+span, &values))
	require.Len(t, values, 3, "counting by pseudonym still works")
	filtered := ask(t, d, nil, dataQuery("A", ar(`"filters":[{"field":"user_email","operator":"=","values":["`+values[0].Value+`"]}]`)))["A"]
	require.Equal(t, int(values[0].Count), filtered.Frames[0].Rows(), "a pseudonym can be filtered by")
}

// dense is an account with so many events of two hours that a filter on a user is
// worth pushing, and that user's logins, which are the oldest ones.
func dense(t *testing.T) (a *account.Account, email, uuid string, logins int) {
	t.Helper()
	c := upstreamOf(t, "failed_logins")
	email, uuid, logins = "grace@example.com", "22222222-2222-4222-8222-222222222222", 40
	from := trioRange.To.Add(-2 * time.Hour)
	c.Events = account.NewEvents(12_000, from, trioRange.To, 1)
	for i := range logins {
		c.Events[i].Email = email
		c.Groups = append(c.Groups, account.NewLoginEvent(c.Events[i].At, "userUuid", uuid), account.NewLoginEvent(c.Events[i].At, "ipAddress", "198.51.100.9"))
	}
	c.Limit = account.Unlimited
	return account.New(c), email, uuid, logins
}

// masked is a query with a filter over the two hours of the dense account.
func masked(model string, values ...any) backend.DataQuery {
	q := dataQuery("A", fmt.Sprintf(model, values...))
	q.TimeRange.From = trioRange.To.Add(-2 * time.Hour)
	return q
}

// sent is all that an account was sent, but for headers.
func sent(t *testing.T, a *account.Account) string {
	t.Helper()
	var all strings.Builder
	for _, call := range a.Asked() {
		filters, err := json.Marshal(call.Nodes)
		require.NoError(t, err)
		fmt.Fprintf(&all, "%s %s\n", call.URL, filters)
	}
	return all.String()
}

// What stands in a filter under a mask is no value of Cloudflare's: it is applied
// here alone, whatever would be pushed otherwise.
func TestAMaskedIdentityIsNotSentToCloudflare(t *testing.T) {
	const (
		requests = `{"queryType":"access_requests","filters":[{"field":"user_email","operator":"=","values":["%s"]}]}`
		failures = `{"queryType":"failed_logins","filters":[{"field":"user_id","operator":"=","values":["%s"]},{"field":"user_email","operator":"=","values":["%s"]}]}`
		groups   = `{"queryType":"login_groups","format":"time_series","groupBy":["outcome"],"filters":[{"field":"%s","operator":"=","values":["%s"]}]}`
		table    = `{"queryType":"login_groups","groupBy":["country"],"filters":[{"field":"%s","operator":"=","values":["%s"]}]}`
	)
	a, email, uuid, logins := dense(t)
	plain := instance(t, a, "")
	require.NoError(t, ask(t, plain, nil, masked(requests, email))["A"].Error)
	require.NoError(t, ask(t, plain, nil, masked(table, "userUuid", uuid))["A"].Error)
	require.Contains(t, sent(t, a), "email=grace%40example.com", "unmasked, the filter is pushed")
	require.Contains(t, sent(t, a), `"userUuid_in":["`+uuid+`"]`)

	for _, c := range []struct {
		name  string
		query func(shown func(string) string) backend.DataQuery
		rows  int64
	}{
		{"access_requests", func(shown func(string) string) backend.DataQuery { return masked(requests, shown(email)) }, int64(logins)},
		{"failed_logins", func(shown func(string) string) backend.DataQuery { return masked(failures, shown(uuid), shown(email)) }, 2},
		{"login_groups series", func(shown func(string) string) backend.DataQuery { return masked(groups, "userUuid", shown(uuid)) }, int64(logins)},
		{"login_groups table", func(shown func(string) string) backend.DataQuery {
			return masked(table, "ipAddress", shown("198.51.100.9"))
		}, int64(logins)},
	} {
		a, _, _, _ := dense(t)
		d := instance(t, a, `,"maskIdentities":"pseudonym"`)
		pseudonym := ""
		answer := ask(t, d, map[string]string{backend.FromAlertHeaderName: "true"}, c.query(func(clear string) string {
			pseudonym = d.masker.Text(clear)
			return pseudonym
		}))["A"]
		require.NoError(t, answer.Error, c.name)
		require.Equal(t, c.rows, coverageOf(t, answer).Rows, c.name)
		for _, value := range []string{pseudonym, "grace", "%40", "198.51.100.9"} {
			require.NotContains(t, sent(t, a), value, c.name)
		}
	}
}

// A clear value in a filter is refused before anything is asked: no answer tells
// whether a user has it.
func TestAClearUserIsRefusedUnderAMask(t *testing.T) {
	a, email, uuid, _ := dense(t)
	d := instance(t, a, `,"maskIdentities":"pseudonym"`)
	for _, clear := range []string{uuid, email, "nobody@example.com"} {
		answer := ask(t, d, nil, masked(`{"queryType":"failed_logins","filters":[{"field":"user_id","operator":"=","values":["%s"]}]}`, clear))["A"]
		require.ErrorContains(t, answer.Error, "takes pseudonyms")
		require.Equal(t, backend.StatusBadRequest, answer.Status)
	}
	require.Empty(t, a.Asked())
}

// What was changed can be a person.
func TestAMaskHidesUsersThatWereChanged(t *testing.T) {
	const user = "5eaf00d5-aaaa-4bbb-8ccc-123456789abc"
	c := upstreamOf(t, "access_changes")
	at := trioRange.To.Add(-time.Minute).UTC().Format(time.RFC3339)
	c.AuditLog = []account.Event{account.AuditEntryOf(account.Row{"id": "1",
		"action": map[string]any{"time": at, "type": "update", "result": "success"}, "resource": map[string]any{"id": user, "type": "user"},
		"raw": map[string]any{"uri": "/accounts/" + account.ID + "/access/users/" + user}})}
	d := instance(t, account.New(c), `,"maskIdentities":"pseudonym"`)
	for _, format := range []string{"table", "logs"} {
		answer := ask(t, d, nil, dataQuery("A", `{"queryType":"access_changes","format":"`+format+`"}`))["A"]
		require.NoError(t, answer.Error)
		require.Equal(t, 1, answer.Frames[0].Rows())
		b, err := json.Marshal(answer.Frames)
		require.NoError(t, err)
		require.NotContains(t, string(b), user)
	}
}
