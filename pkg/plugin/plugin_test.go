package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

// tests end the plugin that they share before goroutines are counted.
type tests struct{ *testing.M }

func (m tests) Run() int {
	code := m.M.Run()
	if plugin, err := served(); err == nil {
		_ = plugin.Shutdown()
	}
	return code
}

func TestMain(m *testing.M) {
	log.DefaultLogger = log.NewNullLogger()
	goleak.VerifyTestMain(tests{m})
}

var trioRange = backend.TimeRange{
	From: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC),
	To:   time.Date(2026, 11, 20, 10, 10, 0, 0, time.UTC),
}

func dataQuery(refID, json string) backend.DataQuery {
	return backend.DataQuery{RefID: refID, JSON: []byte(json), TimeRange: trioRange, Interval: 5 * time.Minute}
}

// instance is a data source on an upstream, in this process.
func instance(t *testing.T, url, more string) *Datasource {
	t.Helper()
	i, err := atTrioTime(t.Context(), *pluginContext(url, more).DataSourceInstanceSettings)
	require.NoError(t, err)
	d := i.(*Datasource)
	t.Cleanup(d.Dispose)
	return d
}

func ask(t *testing.T, d *Datasource, headers map[string]string, queries ...backend.DataQuery) backend.Responses {
	t.Helper()
	r, err := d.QueryData(t.Context(), &backend.QueryDataRequest{Headers: headers, Queries: queries})
	require.NoError(t, err)
	require.Len(t, r.Responses, len(queries))
	return r.Responses
}

func TestBadQueryFailsAlone(t *testing.T) {
	d := instance(t, loadUpstream(t, "testdata/access_requests/upstream.json").serve(t), "")
	answers := ask(t, d, nil,
		dataQuery("good", ar("")),
		dataQuery("field", ar(`"filters":[{"field":"nope","operator":"=","values":["x"]}]`)),
		dataQuery("limit", ar(`"limit":0`)),
		dataQuery("path", `{"queryType":"failed_logins","filters":[{"field":"user_id","operator":"=","values":["../../x"]}]}`),
		dataQuery("slash", `{"queryType":"failed_logins","filters":[{"field":"user_id","operator":"=","values":["a@b/c"]}]}`),
	)
	require.NoError(t, answers["good"].Error)
	require.Equal(t, 5, answers["good"].Frames[0].Rows())
	for _, refID := range []string{"field", "limit", "path", "slash"} {
		require.Error(t, answers[refID].Error, refID)
		require.Equal(t, backend.StatusBadRequest, answers[refID].Status, refID)
		require.Equal(t, backend.ErrorSourceDownstream, answers[refID].ErrorSource, refID)
		require.Empty(t, answers[refID].Frames, refID)
	}
}

// ar is an access_requests query with more keys.
func ar(more string) string {
	if more != "" {
		more = "," + more
	}
	return `{"queryType":"access_requests"` + more + `}`
}

type panicking struct{}

func (panicking) Query(context.Context, *query.Request) (*eventlog.Result, error) { panic("boom") }
func (panicking) Close()                                                          {}

func TestPanicIsOneRedQuery(t *testing.T) {
	d := instance(t, loadUpstream(t, "testdata/access_requests/upstream.json").serve(t), "")
	found := d.find
	d.find = func(queryType string) (surface.Surface, bool) {
		if queryType == "scim_updates" {
			return panicking{}, true
		}
		return found(queryType)
	}
	answers := ask(t, d, nil, dataQuery("A", ar("")), dataQuery("B", `{"queryType":"scim_updates"}`))
	require.NoError(t, answers["A"].Error)
	require.ErrorContains(t, answers["B"].Error, "failed on this query")
	require.Equal(t, backend.ErrorSourcePlugin, answers["B"].ErrorSource)
}

func TestAlertsAreCompleteOrFail(t *testing.T) {
	d := instance(t, loadUpstream(t, "testdata/access_requests/upstream.json").serve(t), "")
	cut := dataQuery("A", ar(`"limit":2`))
	answer := ask(t, d, nil, cut)["A"]
	require.NoError(t, answer.Error)
	require.False(t, coverageOf(t, answer).Complete)
	for _, name := range []string{"FromAlert", "http_FromAlert", "fromalert"} {
		answer = ask(t, d, map[string]string{name: "true"}, cut)["A"]
		require.ErrorContains(t, answer.Error, "not complete (limit)", name)
		require.Empty(t, answer.Frames)
		require.NoError(t, ask(t, d, map[string]string{name: "true"}, dataQuery("A", ar(`"format":"time_series"`)))["A"].Error)
	}
}

func TestWhoRefusesEveryCallIsNotHealthy(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusBadRequest, 7003, "Could not route")
	}))
	t.Cleanup(server.Close)
	h, err := instance(t, server.URL+"/client/v4", "").CheckHealth(t.Context(), &backend.CheckHealthRequest{})
	require.NoError(t, err)
	require.Equal(t, backend.HealthStatusError, h.Status, h.Message)
}

func TestSettingsProblemIsAnAnswer(t *testing.T) {
	u := loadUpstream(t, "testdata/access_requests/upstream.json")
	i, err := New(t.Context(), stored(`{"accountId":"nope","apiUrl":"`+u.serve(t)+`"}`, map[string]string{"apiToken": testToken}))
	require.NoError(t, err)
	d := i.(*Datasource)
	t.Cleanup(d.Dispose)
	require.ErrorContains(t, ask(t, d, nil, dataQuery("A", ar("")))["A"].Error, "accountId must be 32")
	h, err := d.CheckHealth(t.Context(), &backend.CheckHealthRequest{})
	require.NoError(t, err)
	require.Equal(t, backend.HealthStatusError, h.Status)
	require.Contains(t, h.Message, "accountId")
	require.Equal(t, http.StatusBadRequest, resource(t, d, "values?queryType=access_requests&field=country", nil))
	var accounts []choice
	require.Equal(t, http.StatusOK, resource(t, d, "accounts", &accounts))
	require.Equal(t, []choice{{Text: "Example", Value: testAccount}}, accounts)
}

func resource(t *testing.T, d *Datasource, url string, into any) int {
	t.Helper()
	path, _, _ := strings.Cut(url, "?")
	status := 0
	err := d.CallResource(t.Context(), &backend.CallResourceRequest{Method: http.MethodGet, Path: path, URL: url},
		backend.CallResourceResponseSenderFunc(func(r *backend.CallResourceResponse) error {
			status = r.Status
			require.NotContains(t, string(r.Body), testToken)
			if into != nil {
				return json.Unmarshal(r.Body, into)
			}
			require.True(t, json.Valid(r.Body))
			return nil
		}))
	require.NoError(t, err)
	return status
}

func TestResources(t *testing.T) {
	d := instance(t, loadUpstream(t, "testdata/access_requests/upstream.json").serve(t), "")
	span := fmt.Sprintf("&from=%d&to=%s", trioRange.From.UnixMilli(), trioRange.To.Format(time.RFC3339))
	var values []suggestion
	require.Equal(t, http.StatusOK, resource(t, d, "values?queryType=access_requests&field=country"+span, &values))
	require.Equal(t, []suggestion{{"GB", "GB", 2}, {"US", "US", 2}, {"NL", "NL", 1}}, values)
	require.Equal(t, http.StatusOK, resource(t, d, "values?queryType=access_requests&field=user_email&prefix=GR"+span, &values))
	require.Equal(t, []suggestion{{"grace@example.com", "grace@example.com", 2}}, values)
	require.Equal(t, http.StatusOK, resource(t, d, "values?queryType=access_requests&field=outcome"+span, &values))
	require.Equal(t, []suggestion{{"Allowed", "allowed", 0}, {"Blocked", "blocked", 0}}, values)
	for _, bad := range []string{"values", "values?queryType=access_requests&field=nope", "values?queryType=access_requests&field=country&from=yesterday", "values?queryType=access_requests&field=country&from=2&to=1"} {
		require.Equal(t, http.StatusBadRequest, resource(t, d, bad, nil), bad)
	}
	require.Equal(t, http.StatusNotFound, resource(t, d, "nope", nil))
	for _, list := range []string{"users?search=a", "identity-providers", "apps", "accounts", "budget"} {
		require.Equal(t, http.StatusOK, resource(t, d, list, nil), list)
	}
}

func TestHealth(t *testing.T) {
	tests := []struct {
		name, deny, more string
		status           backend.HealthStatus
		message          []string
	}{
		{name: "all", status: backend.HealthStatusOk, message: []string{"4 of 4 query types"}},
		{name: "one missing", deny: "/scim/", status: backend.HealthStatusOk, message: []string{"3 of 4", "Access: SCIM Logs Read"}},
		{name: "none", deny: "/", status: backend.HealthStatusError, message: []string{"refuses every call", "Access: Audit Logs Read, Access: SCIM Logs Read, Account Analytics Read"}},
		{name: "unreachable", more: `,"apiUrl":"http://127.0.0.1:1"`, status: backend.HealthStatusError, message: []string{"cannot be read"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := loadUpstream(t, "testdata/scim_updates/upstream.json")
			u.deny = test.deny
			h, err := instance(t, u.serve(t), test.more).CheckHealth(t.Context(), &backend.CheckHealthRequest{})
			require.NoError(t, err)
			require.Equal(t, test.status, h.Status, h.Message)
			for _, want := range test.message {
				require.Contains(t, h.Message, want)
			}
			var details struct{ Surfaces []probeResult }
			require.NoError(t, json.Unmarshal(h.JSONDetails, &details))
			require.GreaterOrEqual(t, len(details.Surfaces), 4)
			require.NotContains(t, h.Message+string(h.JSONDetails), testToken)
		})
	}
}

// TestSecretStaysInside asks an upstream that repeats what it was sent.
func TestSecretStaysInside(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.Header.Get("Authorization")+" <html>", http.StatusBadGateway)
	}))
	t.Cleanup(echo.Close)
	d := instance(t, echo.URL, "")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := d.QueryData(ctx, &backend.QueryDataRequest{Queries: []backend.DataQuery{dataQuery("A", ar(""))}})
	require.NoError(t, err)
	require.Error(t, r.Responses["A"].Error)
	require.NotContains(t, r.Responses["A"].Error.Error(), testToken)
	require.NotContains(t, r.Responses["A"].Error.Error(), "html")
}

func TestMaskedIdentities(t *testing.T) {
	url := loadUpstream(t, "testdata/access_requests/upstream.json").serve(t)
	for _, mask := range []string{"pseudonym", "redact"} {
		d := instance(t, url, `,"maskIdentities":"`+mask+`"`)
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
	d := instance(t, url, `,"maskIdentities":"pseudonym"`)
	var values []suggestion
	span := fmt.Sprintf("&from=%d&to=%d", trioRange.From.UnixMilli(), trioRange.To.UnixMilli())
	require.Equal(t, http.StatusOK, resource(t, d, "values?queryType=access_requests&field=user_email"+span, &values))
	require.Len(t, values, 3, "counting by pseudonym still works")
	filtered := ask(t, d, nil, dataQuery("A", ar(`"filters":[{"field":"user_email","operator":"=","values":["`+values[0].Value+`"]}]`)))["A"]
	require.Equal(t, int(values[0].Count), filtered.Frames[0].Rows(), "a pseudonym can be filtered by")
}
