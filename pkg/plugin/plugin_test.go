package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/handover"
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
	handover.Enable() // as main does
	goleak.VerifyTestMain(tests{m})
}

var trioRange = backend.TimeRange{
	From: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC),
	To:   time.Date(2026, 11, 20, 10, 10, 0, 0, time.UTC),
}

func dataQuery(refID, json string) backend.DataQuery {
	return backend.DataQuery{RefID: refID, JSON: []byte(json), TimeRange: trioRange, Interval: 5 * time.Minute}
}

func ask(t *testing.T, d *Datasource, headers map[string]string, queries ...backend.DataQuery) backend.Responses {
	t.Helper()
	r, err := d.QueryData(t.Context(), &backend.QueryDataRequest{Headers: headers, Queries: queries})
	require.NoError(t, err)
	require.Len(t, r.Responses, len(queries))
	return r.Responses
}

func TestBadQueryFailsAlone(t *testing.T) {
	d := instance(t, account.New(upstreamOf(t, "access_requests")), "")
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

func (panicking) Query(context.Context, *query.Request) (*answer.Result, error) { panic("boom") }

func TestPanicIsOneRedQuery(t *testing.T) {
	d := instance(t, account.New(upstreamOf(t, "access_requests")), "")
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
	d := instance(t, account.New(upstreamOf(t, "access_requests")), "")
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

// A field that one row lacks is an empty value there, so that a rule still evaluates
// on all of them; one that no row has tells nothing.
func TestAnAlertByAFieldThatARowLacks(t *testing.T) {
	c := upstreamOf(t, "access_requests")
	delete(c.Events[1].Row, "country")
	alert := map[string]string{backend.FromAlertHeaderName: "true"}
	for _, format := range []string{"table", "time_series"} {
		answer := ask(t, instance(t, account.New(c), ""), alert, dataQuery("A", ar(`"groupBy":["country"],"format":"`+format+`"`)))["A"]
		require.NoError(t, answer.Error)
		require.Equal(t, coverage{Complete: true, Rows: 5, UpstreamCalls: 2}, coverageOf(t, answer))
	}
	c.Quirks.Withholds = []string{"country"}
	answer := ask(t, instance(t, account.New(c), ""), alert, dataQuery("A", ar(`"groupBy":["country"]`)))["A"]
	require.ErrorContains(t, answer.Error, "not complete (unverified)")
	require.ErrorContains(t, answer.Error, "None of these logins has the field country")
}

func TestWhoRefusesEveryCallIsNotHealthy(t *testing.T) {
	a := account.New(account.Config{Before: func(*http.Request) error {
		return account.Refusal(http.StatusBadRequest, 7003, "Could not route")
	}})
	h, err := instance(t, a, "").CheckHealth(t.Context(), &backend.CheckHealthRequest{})
	require.NoError(t, err)
	require.Equal(t, backend.HealthStatusError, h.Status, h.Message)
}

func TestSettingsProblemIsAnAnswer(t *testing.T) {
	d := made(t, account.New(upstreamOf(t, "access_requests")),
		backend.DataSourceInstanceSettings{JSONData: []byte(`{"accountId":"nope","apiUrl":"` + inMemoryURL + `"}`), DecryptedSecureJSONData: map[string]string{"apiToken": testToken}}, trioTime)
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

func urlPath(url string) string {
	path, _, _ := strings.Cut(url, "?")
	return path
}

func resource(t *testing.T, d *Datasource, url string, into any) int {
	t.Helper()
	status := 0
	err := d.CallResource(t.Context(), &backend.CallResourceRequest{Method: http.MethodGet, Path: urlPath(url), URL: url},
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
	d := instance(t, account.New(upstreamOf(t, "access_requests")), "")
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
	all := 0
	for _, q := range catalogue.All() {
		if q.HasEvents() { // The others read what these do.
			all++
		}
	}
	tests := []struct {
		name    string
		before  func(*http.Request) error
		status  backend.HealthStatus
		message []string
	}{
		{name: "all", status: backend.HealthStatusOk, message: []string{fmt.Sprintf("%d of %d query types", all, all)}},
		{name: "one missing", before: denying("/scim/"), status: backend.HealthStatusOk, message: []string{fmt.Sprintf("%d of %d", all-1, all), "Access: SCIM Logs Read"}},
		{name: "an explanation's source missing", before: denying("/devices/posture"), status: backend.HealthStatusOk,
			message: []string{fmt.Sprintf("%d of %d", all, all), "Posture checks and lists", "Zero Trust Read"}},
		{name: "none", before: denying("/"), status: backend.HealthStatusError, message: []string{"rejects every call", "Access: Audit Logs Read, Access: SCIM Logs Read, Account Analytics Read"}},
		{name: "unreachable", before: func(*http.Request) error { return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED} },
			status: backend.HealthStatusError, message: []string{"cannot read Cloudflare Access", "refuses the connection"}},
	}
	for _, test := range tests {
		inBubble := func(t *testing.T) {
			c := upstreamOf(t, "scim_updates")
			c.Before = test.before
			h, err := instance(t, account.New(c), "").CheckHealth(t.Context(), &backend.CheckHealthRequest{})
			require.NoError(t, err)
			require.Equal(t, test.status, h.Status, h.Message)
			for _, want := range test.message {
				require.Contains(t, h.Message, want)
			}
			var details struct{ Surfaces []probeResult }
			require.NoError(t, json.Unmarshal(h.JSONDetails, &details))
			require.GreaterOrEqual(t, len(details.Surfaces), all)
			require.NotContains(t, h.Message+string(h.JSONDetails), testToken)
		}
		t.Run(test.name, func(t *testing.T) { synctest.Test(t, inBubble) })
	}
}

// TestSecretStaysInside asks an upstream that repeats what it was sent.
func TestSecretStaysInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := account.New(account.Config{Before: func(r *http.Request) error {
			return &account.Failure{Status: http.StatusBadGateway, Body: r.Header.Get("Authorization") + " <html>"}
		}})
		answer := ask(t, instance(t, a, ""), nil, dataQuery("A", ar("")))["A"]
		require.ErrorContains(t, answer.Error, "HTTP 502")
		require.NotContains(t, answer.Error.Error(), testToken)
		require.NotContains(t, answer.Error.Error(), "html")
	})
}
