package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestMain makes this test's own binary the plugin's executable when the host starts it as one.
func TestMain(m *testing.M) {
	if os.Getenv(grpcplugin.MagicCookieKey) == grpcplugin.MagicCookieValue {
		if err := datasource.Manage("fake-datasource", newFake, datasource.ManageOpts{}); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// fake is a data source that answers with its own settings.
type fake struct {
	settings backend.DataSourceInstanceSettings
}

func newFake(_ context.Context, settings backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	return &fake{settings}, nil
}

func (f *fake) QueryData(_ context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	response := backend.NewQueryDataResponse()
	for _, query := range req.Queries {
		switch query.QueryType {
		case "die":
			os.Exit(3)
		case "fail":
			response.Responses[query.RefID] = backend.ErrDataResponse(backend.StatusBadRequest, "no such thing")
		default:
			values := []string{string(f.settings.JSONData), f.settings.DecryptedSecureJSONData["apiToken"],
				query.TimeRange.Duration().String(), query.Interval.String(), req.GetHTTPHeader("X-Panel-Title"),
				req.PluginContext.User.Login}
			response.Responses[query.RefID] = backend.DataResponse{
				Frames: data.Frames{data.NewFrame("", data.NewField("value", nil, values))}}
		}
	}
	return response, nil
}

func (f *fake) CheckHealth(context.Context, *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: "wrong secret",
		JSONDetails: []byte(`{"verboseMessage":"table"}`)}, nil
}

func (f *fake) CallResource(_ context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	if err := sender.Send(&backend.CallResourceResponse{Status: http.StatusTeapot,
		Headers: map[string][]string{"X-Echo": {req.Method}}, Body: []byte(req.URL + " ")}); err != nil {
		return err
	}
	return sender.Send(&backend.CallResourceResponse{Body: req.Body})
}

const provisioned = `
datasources:
  - name: Other
    type: other-datasource
  - name: Fake
    uid: fake
    type: fake-datasource
    jsonData: { accountId: "$PREVIEW_TEST_ACCOUNT", pattern: "a$$" }
    secureJsonData: { apiToken: "${PREVIEW_TEST_TOKEN}" }
`

// startHost serves a host of the fake plugin; call sends a request to it and answers with status and body.
func startHost(t *testing.T) (call func(method, path, body string, headers ...string) (int, string)) {
	t.Helper()
	t.Setenv("PREVIEW_TEST_ACCOUNT", "0123: x")
	t.Setenv("PREVIEW_TEST_TOKEN", "secret-token")
	folder := t.TempDir()
	write(t, filepath.Join(folder, "datasources", "one.yaml"), provisioned)
	write(t, filepath.Join(folder, "dist", "plugin.json"), `{"id":"fake-datasource","executable":"gpx_fake"}`)
	write(t, filepath.Join(folder, "page", "index.html"), "<html>")
	name := filepath.Join(folder, "dist", "gpx_fake_"+runtime.GOOS+"_"+runtime.GOARCH)
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, name))

	plugin, err := readPlugin(filepath.Join(folder, "dist"))
	require.NoError(t, err)
	sources, err := loadDataSources(filepath.Join(folder, "datasources"), plugin)
	require.NoError(t, err)
	executable := newExecutable(plugin.executable)
	t.Cleanup(executable.stop)
	server := httptest.NewUnstartedServer(nil)
	host := &host{plugin: plugin, sources: sources, executable: executable,
		address: "http://" + server.Listener.Addr().String(), dist: filepath.Join(folder, "dist"),
		page: filepath.Join(folder, "page"), dashboards: folder}
	server.Config.Handler = host.handler()
	server.Start()
	t.Cleanup(server.Close)

	return func(method, path, body string, headers ...string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		for i := 0; i+1 < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
			if headers[i] == "Host" {
				request.Host = headers[i+1]
			}
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer func() { require.NoError(t, response.Body.Close()) }()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(text)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
}

func queries(types ...string) string {
	all := []map[string]any{}
	for i, queryType := range types {
		all = append(all, map[string]any{"refId": string(rune('A' + i)), "queryType": queryType, "intervalMs": 15000,
			"datasource": map[string]string{"uid": "fake"}})
	}
	text, _ := json.Marshal(map[string]any{"from": "1000", "to": "61000", "queries": all}) // maps of strings always marshal
	return string(text)
}

func TestQueryReachesTheExecutableAsFromGrafana(t *testing.T) {
	call := startHost(t)
	status, body := call(http.MethodPost, "/api/ds/query", queries(""), "X-Panel-Title", "Logins")
	require.Equal(t, http.StatusOK, status, body)
	for _, part := range []string{`0123: x`, `a$`, `"secret-token"`, `"1m0s"`, `"15s"`, `"Logins"`, `"admin"`} {
		require.Contains(t, body, part)
	}
}

func TestQueryFailsAlone(t *testing.T) {
	call := startHost(t)
	status, body := call(http.MethodPost, "/api/ds/query", queries("fail", ""))
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, "no such thing")
	require.Contains(t, body, "secret-token", "the neighbour is answered")
}

func TestSavedSettingsReachTheExecutableAndSecretsStay(t *testing.T) {
	call := startHost(t)
	_, before := call(http.MethodPost, "/api/ds/query", queries(""))
	require.Contains(t, before, "0123: x")

	status, saved := call(http.MethodPut, "/api/datasources/uid/fake", `{"jsonData":{"accountId":"4567"}}`)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, saved, `"secureJsonFields":{"apiToken":true}`)
	_, after := call(http.MethodPost, "/api/ds/query", queries(""))
	require.Contains(t, after, "4567")
	require.Contains(t, after, "secret-token", "a secret that is not sent stays")

	call(http.MethodPut, "/api/datasources/uid/fake", `{"secureJsonData":{"apiToken":"new-token"}}`)
	_, renewed := call(http.MethodPost, "/api/ds/query", queries(""))
	require.Contains(t, renewed, "new-token")
	for _, path := range []string{"/api/datasources/uid/fake", "/api/frontend/settings"} {
		_, body := call(http.MethodGet, path, "")
		require.NotContains(t, body, "new-token", path)
	}
}

func TestExecutableThatDiesIsStartedAgain(t *testing.T) {
	call := startHost(t)
	status, body := call(http.MethodPost, "/api/ds/query", queries("die"))
	require.Equal(t, http.StatusInternalServerError, status)
	require.Contains(t, body, "crashed during this call and is running again")
	status, _ = call(http.MethodPost, "/api/ds/query", queries(""))
	require.Equal(t, http.StatusOK, status)
}

func TestHealthAndResourcesPassThrough(t *testing.T) {
	call := startHost(t)
	status, body := call(http.MethodGet, "/api/datasources/uid/fake/health", "")
	require.Equal(t, http.StatusBadRequest, status)
	require.JSONEq(t, `{"status":"ERROR","message":"wrong secret","details":{"verboseMessage":"table"}}`, body)

	status, body = call(http.MethodPost, "/api/datasources/uid/fake/resources/a/b?c=d%26e", "body")
	require.Equal(t, http.StatusTeapot, status)
	require.Equal(t, "a/b?c=d%26e body", body)
}

func TestRefusals(t *testing.T) {
	call := startHost(t)
	for name, test := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		message            string
	}{
		"unknown data source": {http.MethodGet, "/api/datasources/uid/none", "", nil, http.StatusNotFound, "no data source"},
		"unknown address":     {http.MethodGet, "/api/org", "", nil, http.StatusNotFound, "not part of the preview"},
		"bad query body":      {http.MethodPost, "/api/ds/query", "{", nil, http.StatusBadRequest, "bad request data"},
		"bad time": {http.MethodPost, "/api/ds/query", `{"from":"soon","to":"now","queries":[]}`, nil,
			http.StatusBadRequest, "soon"},
		"name of another host": {http.MethodGet, "/api/health", "", []string{"Host", "evil.example"},
			http.StatusForbidden, "answers at http://127.0.0.1"},
		"request of another page": {http.MethodPost, "/api/ds/query", queries(""),
			[]string{"Origin", "https://evil.example"}, http.StatusForbidden, "cross-origin"},
		"health check by another page": {http.MethodGet, "/api/datasources/uid/fake/health", "",
			[]string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden, "cross-origin"},
		"health check by another server of this machine": {http.MethodGet, "/api/datasources/uid/fake/health", "",
			[]string{"Sec-Fetch-Site", "same-site"}, http.StatusForbidden, "cross-origin"},
		"values for another page of an old browser": {http.MethodGet, "/api/datasources/uid/fake/resources/values", "",
			[]string{"Origin", "https://evil.example"}, http.StatusForbidden, "cross-origin"},
		"the preview's own health, for another page": {http.MethodGet, "/api/health", "",
			[]string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden, "cross-origin"},
		"the executable as a file": {http.MethodGet,
			"/public/plugins/fake-datasource/gpx_fake_" + runtime.GOOS + "_" + runtime.GOARCH, "", nil,
			http.StatusNotFound, "not found"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := call(test.method, test.path, test.body, test.headers...)
			require.Equal(t, test.status, status, body)
			require.Contains(t, body, test.message)
		})
	}
}

func TestThePreviewsOwnPageIsAnswered(t *testing.T) {
	call := startHost(t)
	for _, site := range []string{"same-origin", "none"} {
		status, body := call(http.MethodGet, "/api/datasources/uid/fake/health", "", "Sec-Fetch-Site", site)
		require.NotEqual(t, http.StatusForbidden, status, body)
	}
	status, body := call(http.MethodGet, "/", "", "Sec-Fetch-Site", "cross-site")
	require.NotEqual(t, http.StatusForbidden, status, "a link on another page: "+body)
}
