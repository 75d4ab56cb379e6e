package plugin

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// groupsOf is a query about login groups.
func groupsOf(more string) string { return `{"queryType":"login_groups",` + more + `}` }

// people is the account of login groups with a login of Grace.
func people(t *testing.T) account.Config {
	t.Helper()
	c := upstreamOf(t, "login_groups")
	c.Users = []account.Row{{"id": "user-1", "email": "grace@example.com"}}
	c.Groups = append(c.Groups, account.NewLoginEvent(trioRange.From, "appId", "app-1", "userUuid", "USER-1"))
	return c
}

// shown is all that an answer shows.
func shown(t *testing.T, answer backend.DataResponse) string {
	t.Helper()
	require.NoError(t, answer.Error)
	b, err := json.Marshal(answer.Frames)
	require.NoError(t, err)
	return string(b)
}

func TestLegendsAndLabelsAreNames(t *testing.T) {
	d := instance(t, account.New(people(t)), "")
	frame := ask(t, d, nil, dataQuery("A", groupsOf(`"format":"time_series","groupBy":["serviceTokenName","app_name"]`)))["A"].Frames[0]
	var legends []string
	for _, f := range frame.Fields[1:] {
		legends = append(legends, f.Config.DisplayNameFromDS)
	}
	require.Equal(t, []string{"CI, Wiki", "(none), Wiki"}, legends)
	require.Equal(t, data.Labels{"serviceTokenName": "CI", "app_name": "Wiki"}, frame.Fields[1].Labels)
}

// The ID of a log line stays the same, whatever its IDs are called.
func TestLogLinesKeepTheirIDWithoutNames(t *testing.T) {
	c := people(t)
	named := ask(t, instance(t, account.New(c), ""), nil, dataQuery("A", groupsOf(`"format":"logs"`)))["A"].Frames[0]
	c.Before = denying("/access/")
	plain := ask(t, instance(t, account.New(c), ""), nil, dataQuery("A", groupsOf(`"format":"logs"`)))["A"].Frames[0]
	require.Contains(t, named.Fields[1].At(0), "CI to Wiki")
	require.Contains(t, plain.Fields[1].At(0), "tok-1 to app-1")
	for row := range named.Rows() {
		require.Equal(t, named.Fields[3].At(row), plain.Fields[3].At(row))
	}
}

// What is grouped by a name that cannot be read is counted all the same. What is
// filtered by one is not known, so an alert rule gets nothing.
func TestAlertsWithoutNames(t *testing.T) {
	fromAlert := map[string]string{backend.FromAlertHeaderName: "true"}
	c := people(t)
	c.Before = denying("/access/apps")
	d := instance(t, account.New(c), "")
	grouped := ask(t, d, fromAlert, dataQuery("A", groupsOf(`"format":"time_series","groupBy":["app_name"]`)))["A"]
	require.Contains(t, shown(t, grouped), `"app_name":"app-1"`)
	require.Contains(t, shown(t, grouped), "Access: Apps and Policies Read")
	filtered := ask(t, d, fromAlert, dataQuery("A", groupsOf(`"format":"time_series","filters":[{"field":"app_name","operator":"=","values":["Wiki"]}]`)))["A"]
	require.ErrorContains(t, filtered.Error, "Access: Apps and Policies Read")
	require.Equal(t, backend.ErrorSourceDownstream, filtered.ErrorSource)
	nothing := ask(t, d, fromAlert, dataQuery("A", groupsOf(`"format":"time_series","filters":[{"field":"app_name","operator":"=","values":["Wiki"]},{"field":"country","operator":"=","values":["JP"]}]`)))["A"]
	require.NoError(t, nothing.Error, "without a login there is no name to know")
	named := ask(t, instance(t, account.New(people(t)), ""), fromAlert, dataQuery("A", groupsOf(`"format":"time_series","filters":[{"field":"app_name","operator":"=","values":["Wiki"]}]`)))["A"]
	require.Equal(t, int64(7), coverageOf(t, named).Rows)
}

func TestNamesOfPeopleAreMasked(t *testing.T) {
	for _, mask := range []string{"pseudonym", "redact"} {
		for _, denied := range []string{"/access/users", "/nothing"} {
			c := people(t)
			c.Before = denying(denied)
			a := account.New(c)
			d := instance(t, a, `,"maskIdentities":"`+mask+`"`)
			for _, q := range []string{groupsOf(`"format":"table"`), groupsOf(`"format":"logs"`), groupsOf(`"groupBy":["user_email"]`), groupsOf(`"format":"time_series","groupBy":["user_email"]`)} {
				text := shown(t, ask(t, d, nil, dataQuery("A", q))["A"])
				require.NotContains(t, strings.ToLower(text), "user-1", "%s %s", mask, q)
				require.NotContains(t, text, "grace", "%s %s", mask, q)
			}
			text := shown(t, ask(t, d, nil, dataQuery("A", groupsOf(`"groupBy":["serviceTokenName"]`)))["A"])
			require.Contains(t, text, `"CI"`, "what is no person keeps its name")
		}
	}
	a := account.New(people(t))
	d := instance(t, a, `,"maskIdentities":"pseudonym"`)
	pseudonym := d.masker.Text("grace@example.com")
	require.Equal(t, []suggestion{{pseudonym, pseudonym, 1}}, valuesIn(t, d, "login_groups", "user_email"))
	answer := ask(t, d, nil, dataQuery("A", groupsOf(`"groupBy":["app_name"],"filters":[{"field":"user_email","operator":"=","values":["`+pseudonym+`"]}]`)))["A"]
	require.Equal(t, int64(1), coverageOf(t, answer).Rows)
	require.NotContains(t, sent(t, a), pseudonym)
	clear := ask(t, d, nil, dataQuery("A", groupsOf(`"groupBy":["app_name"],"filters":[{"field":"user_email","operator":"=","values":["grace@example.com"]}]`)))["A"]
	require.ErrorContains(t, clear.Error, "takes pseudonyms")
}

func TestNamesAreSuggested(t *testing.T) {
	d := instance(t, account.New(people(t)), "")
	require.Equal(t, []suggestion{{"Wiki", "Wiki", 7}}, valuesIn(t, d, "login_groups", "app_name"))
	require.Equal(t, []suggestion{{"CI", "CI", 4}}, valuesIn(t, d, "login_groups", "serviceTokenName"))
	require.Equal(t, []suggestion{{"grace@example.com", "grace@example.com", 1}}, valuesIn(t, d, "login_groups", "user_email"))
	require.Equal(t, []suggestion{{"Service tokens of CI", "pol-1", 4}}, valuesIn(t, d, "login_groups", "approvingPolicyId"))
	require.Equal(t, []suggestion{{"grace@example.com", "USER-1", 1}}, valuesIn(t, d, "login_groups", "userUuid"))

	c := people(t)
	c.Before = denying("/access/")
	var values []suggestion
	require.Equal(t, http.StatusOK, resource(t, instance(t, account.New(c), ""), "values?queryType=login_groups&field=app_name&from="+
		"2026-11-20T10:00:00Z&to=2026-11-20T10:10:00Z", &values))
	require.Equal(t, []suggestion{{"app-1", "app-1", 7}}, values)
}
