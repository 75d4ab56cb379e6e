package plugin

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/settings"
)

func withRole(role string) *backend.User { return &backend.User{Login: "somebody", Role: role} }

// askAs asks the table query of a query type's trios.
func askAs(t *testing.T, d *Datasource, user *backend.User, headers map[string]string, model string) backend.DataResponse {
	t.Helper()
	r, err := d.QueryData(t.Context(), &backend.QueryDataRequest{
		PluginContext: backend.PluginContext{User: user}, Headers: headers, Queries: []backend.DataQuery{dataQuery("A", model)},
	})
	require.NoError(t, err)
	return r.Responses["A"]
}

// Each query type can be kept for a role. A Viewer cannot pass for an alert rule, because
// Grafana's own evaluations come without a browser's user.
func TestQueryTypesByRole(t *testing.T) {
	evaluation := map[string]string{backend.FromAlertHeaderName: "true"}
	for _, q := range catalogue.All() {
		d := instance(t, account.New(upstreamOf(t, q.Name)), `,"minRoles":{"`+q.Name+`":"Editor"}`)
		model := leakQueries(t, q, d.masker.Show)[0].JSON
		for _, c := range []struct {
			name    string
			user    *backend.User
			headers map[string]string
			allowed bool
		}{
			{"viewer", withRole("Viewer"), nil, false},
			{"viewer with the mark of an evaluation", withRole("Viewer"), evaluation, false},
			{"externally shared dashboard", withRole(""), nil, false},
			{"externally shared dashboard with the mark", withRole(""), evaluation, false},
			{"nobody", nil, nil, false},
			{"editor", withRole("Editor"), nil, true},
			{"administrator", withRole("Admin"), nil, true},
			{"Grafana's scheduler", &backend.User{Login: "grafana_scheduler", Role: "Admin"}, evaluation, true},
			{"an evaluation without a user", nil, evaluation, true},
		} {
			answer := askAs(t, d, c.user, c.headers, string(model))
			if c.headers != nil && !q.HasRows() {
				require.Error(t, answer.Error, "no alert rule can ask %s", q.Name)
				continue
			}
			if c.allowed {
				require.NotEqual(t, backend.StatusForbidden, answer.Status, "%s: %s: %v", q.Name, c.name, answer.Error)
				continue
			}
			require.ErrorContains(t, answer.Error, "answers "+q.Name+" to the role Editor", c.name)
			require.Equal(t, backend.StatusForbidden, answer.Status)
			require.Equal(t, backend.ErrorSourceDownstream, answer.ErrorSource)
		}
		values := fmt.Sprintf("values?queryType=%s&field=%s", q.Name, q.Fields[0].Name)
		require.Equal(t, http.StatusForbidden, asking(t, d, withRole("Viewer"), values).Status, "suggestions need the query type's role")
		require.NotEqual(t, http.StatusForbidden, asking(t, d, withRole("Editor"), values).Status)
	}
}

// An explanation holds failed logins, changes, and more of what other query types show.
func TestAnExplanationNeedsTheRolesOfWhatItShows(t *testing.T) {
	q, _ := catalogue.Lookup("explain")
	a := account.New(upstreamOf(t, q.Name))
	for roles, least := range map[string]string{
		``: "", `"users":"Admin"`: "", `"active_sessions":"Admin"`: "", `"failed_logins":"Editor"`: "Editor",
		`"access_changes":"Admin","failed_logins":"Editor"`: "Admin", `"explain":"Viewer","jit_requests":"Editor"`: "Editor",
		`"explain":"Admin","scim_updates":"Viewer"`: "Admin", `"access_requests":"Editor"`: "Editor", `"login_groups":"Editor"`: "Editor",
	} {
		d := instance(t, a, `,"minRoles":{`+roles+`}`)
		for _, role := range []string{"Viewer", "Editor", "Admin"} {
			answer := askAs(t, d, withRole(role), nil, string(leakQueries(t, q, d.masker.Show)[0].JSON))
			if settings.ParseRole(role) >= settings.ParseRole(least) {
				require.NoError(t, answer.Error, "%s as %s", roles, role)
				continue
			}
			require.ErrorContains(t, answer.Error, "answers explain to the role "+least, "%s as %s", roles, role)
			require.Equal(t, backend.StatusForbidden, answer.Status)
		}
	}
}

func TestResourcesByRole(t *testing.T) {
	a := account.New(upstreamOf(t, "failed_logins"))
	open, closed := instance(t, a, ""), instance(t, a, `,"minRoles":{"users":"Admin","identity-providers":"Admin","apps":"Admin","accounts":"Admin","budget":"Admin"}`)
	for _, path := range []string{"users", "users?search=a", "identity-providers", "apps", "accounts", "budget", "values?queryType=failed_logins&field=user_id"} {
		require.Equal(t, http.StatusOK, asking(t, open, withRole("Viewer"), path).Status, path)
		require.Equal(t, http.StatusOK, asking(t, open, nil, path).Status, path)
		require.Equal(t, http.StatusForbidden, asking(t, closed, withRole("Editor"), path).Status, path)
		require.Equal(t, http.StatusForbidden, asking(t, closed, nil, path).Status, path)
		require.Equal(t, http.StatusOK, asking(t, closed, withRole("Admin"), path).Status, path)
	}
}

// forget sends what the config page's button sends.
func forget(t *testing.T, d *Datasource, user *backend.User, method string) (answer *backend.CallResourceResponse) {
	t.Helper()
	require.NoError(t, d.CallResource(t.Context(), &backend.CallResourceRequest{Method: method, Path: "forget", URL: "forget", PluginContext: backend.PluginContext{User: user}},
		backend.CallResourceResponseSenderFunc(func(r *backend.CallResourceResponse) error { answer = r; return nil })))
	return answer
}

func TestAdministratorsHaveAllForgotten(t *testing.T) {
	a := account.New(upstreamOf(t, "access_requests"))
	d := instance(t, a, "")
	require.NoError(t, ask(t, d, nil, dataQuery("A", ar("")))["A"].Error)
	require.Equal(t, http.StatusOK, asking(t, d, nil, "users").Status)
	for _, user := range []*backend.User{nil, withRole("Viewer"), withRole("Editor"), withRole("")} {
		require.Equal(t, http.StatusForbidden, forget(t, d, user, http.MethodPost).Status)
	}
	require.Equal(t, http.StatusNotFound, forget(t, d, withRole("Admin"), http.MethodGet).Status, "a link must not do it")
	kept := d.surfaces.Stats()
	require.NotZero(t, kept.Rows)
	answer := forget(t, d, withRole("Admin"), http.MethodPost)
	require.Equal(t, http.StatusOK, answer.Status)
	require.JSONEq(t, fmt.Sprintf(`{"rows":%d,"bytes":%d}`, kept.Rows, kept.Bytes), string(answer.Body))
	require.Zero(t, d.surfaces.Stats())
	calls := a.Counts().Calls()
	require.Equal(t, http.StatusOK, asking(t, d, nil, "users").Status)
	require.NoError(t, ask(t, d, nil, dataQuery("A", ar("")))["A"].Error)
	require.Greater(t, a.Counts().Calls(), calls+1, "rows and users are asked for again")
}
