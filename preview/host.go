package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/useragent"
	"github.com/grafana/grafana-plugin-sdk-go/config"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/featuretoggles"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

// host answers the part of Grafana's HTTP API that the plugin and the page use.
type host struct {
	plugin     *plugin
	sources    *dataSources
	executable *executable
	address    string
	dist       string
	page       string
	dashboards string
}

var errNoDataSource = errors.New("there is no data source with this uid")

// contentSecurityPolicy keeps the page from any other host. As Grafana's own it allows what emotion (inline styles) and
// plugins built with `npm run dev` (eval) need.
const contentSecurityPolicy = "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"font-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'"

func (h *host) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/health", h.serveHealth)
	mux.HandleFunc("GET /api/frontend/settings", h.serveFrontendSettings)
	mux.HandleFunc("POST /api/ds/query", h.serveQuery)
	mux.HandleFunc("GET /api/datasources/uid/{uid}", h.withSource(h.serveSource))
	mux.HandleFunc("PUT /api/datasources/uid/{uid}", h.serveSourceUpdate)
	mux.HandleFunc("GET /api/datasources/uid/{uid}/health", h.withSource(h.serveSourceHealth))
	mux.HandleFunc("/api/datasources/uid/{uid}/resources/{path...}", h.withSource(h.serveResource))
	mux.HandleFunc("GET /api/dashboards", h.serveDashboards)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusNotFound, fmt.Errorf("%s %s is not part of the preview", r.Method, r.URL.Path))
	})
	files := http.StripPrefix("/public/plugins/"+h.plugin.ID, http.FileServer(http.Dir(h.dist)))
	mux.HandleFunc("GET /public/plugins/"+h.plugin.ID+"/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(filepath.Base(r.URL.Path), h.plugin.Executable) {
			http.NotFound(w, r)
			return
		}
		files.ServeHTTP(w, r)
	})
	mux.Handle("GET /public/", http.StripPrefix("/public", http.FileServer(http.Dir(h.page))))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(h.page, "index.html"))
	})
	return h.guard(http.NewCrossOriginProtection().Handler(mux))
}

// guard refuses requests that a foreign page makes: through a name of its own for 127.0.0.1 (DNS rebinding), or to the
// API in the background, where it can't read the answer but each health check and each list of values spends the calls
// that the user's Cloudflare token has. http.CrossOriginProtection only refuses what is no GET, as links are GETs; no
// link leads to the API, so there GETs are refused too.
func (h *host) guard(next http.Handler) http.Handler {
	port := h.address[strings.LastIndex(h.address, ":"):]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "127.0.0.1"+port && r.Host != "localhost"+port {
			writeError(w, http.StatusForbidden, errors.New("the preview only answers at "+h.address))
			return
		}
		if strings.HasPrefix(r.URL.Path, "/api/") && isForeign(r, h.address) {
			writeError(w, http.StatusForbidden, errors.New("the preview answers no cross-origin request"))
			return
		}
		w.Header().Set("Content-Security-Policy", contentSecurityPolicy)
		w.Header().Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

// isForeign says whether another page makes the request. Browsers since 2023 send Sec-Fetch-Site with each request, older
// ones at least Origin with those whose answer a page could read. What is no browser sends neither.
func isForeign(r *http.Request, address string) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
		origin := r.Header.Get("Origin")
		return origin != "" && origin != address && origin != "http://"+r.Host
	default:
		return true
	}
}

func (h *host) withSource(serve func(http.ResponseWriter, *http.Request, dataSource)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		source, ok := h.sources.get(r.PathValue("uid"))
		if !ok {
			writeError(w, http.StatusNotFound, errNoDataSource)
			return
		}
		serve(w, r, source)
	}
}

// pluginContext is what Grafana tells the executable with every call.
func (h *host) pluginContext(source dataSource) (*pluginv2.PluginContext, error) {
	settings, err := json.Marshal(source.JSONData)
	if err != nil {
		return nil, err
	}
	agent, err := useragent.New(grafanaVersion, runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	return backend.ToProto().PluginContext(backend.PluginContext{
		OrgID:         1, //lint:ignore SA1019 Grafana sends both
		Namespace:     "default",
		PluginID:      h.plugin.ID,
		PluginVersion: h.plugin.Info.Version,
		UserAgent:     agent,
		User:          &backend.User{Login: "admin", Name: "Admin", Email: "admin@example.com", Role: "Admin"},
		DataSourceInstanceSettings: &backend.DataSourceInstanceSettings{
			ID: source.ID, UID: source.UID, Name: source.Name, Type: source.Type, URL: source.URL,
			JSONData: settings, DecryptedSecureJSONData: source.SecureJSONData, Updated: source.Updated,
		},
		GrafanaConfig: config.NewGrafanaCfg(map[string]string{
			config.AppURL:                  h.address + "/",
			config.ConcurrentQueryCount:    "10",
			config.SQLRowLimit:             "1000000",
			featuretoggles.EnabledFeatures: "dashboardNewLayouts",
		}),
	}), nil
}

func (h *host) serveHealth(w http.ResponseWriter, _ *http.Request) {
	if _, err := h.executable.connect(); err != nil {
		writeError(w, http.StatusServiceUnavailable, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"database": "ok", "version": grafanaVersion, "preview": true})
}

// serveFrontendSettings answers with what Grafana boots its page with, as far as the plugin sees it.
func (h *host) serveFrontendSettings(w http.ResponseWriter, _ *http.Request) {
	meta := map[string]any{"module": "public/plugins/" + h.plugin.ID + "/module.js",
		"baseUrl": "public/plugins/" + h.plugin.ID, "signature": "unsigned"}
	for key, value := range h.plugin.meta {
		meta[key] = value
	}
	sources := map[string]any{}
	defaultName := ""
	for _, source := range h.sources.list() {
		if defaultName == "" || source.IsDefault {
			defaultName = source.Name
		}
		sources[source.Name] = map[string]any{
			"id": source.ID, "uid": source.UID, "name": source.Name, "type": source.Type, "access": "proxy",
			"url": "/api/datasources/proxy/uid/" + source.UID, "isDefault": source.IsDefault, "readOnly": false,
			"jsonData": source.JSONData, "meta": meta,
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"datasources": sources, "defaultDatasource": defaultName, "appUrl": h.address + "/", "appSubUrl": "",
		"buildInfo":      map[string]any{"version": grafanaVersion, "edition": "Open Source", "env": "production"},
		"featureToggles": map[string]bool{}, "secureSocksDSProxyEnabled": false,
		"exploreEnabled": true, "unifiedAlertingEnabled": true,
	})
}

func (h *host) serveSource(w http.ResponseWriter, _ *http.Request, source dataSource) {
	secrets := map[string]bool{}
	for key, value := range source.SecureJSONData {
		secrets[key] = value != ""
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"id": source.ID, "uid": source.UID, "orgId": 1, "name": source.Name, "type": source.Type,
		"typeName": h.plugin.Name, "access": "proxy", "url": source.URL, "isDefault": source.IsDefault,
		"jsonData": source.JSONData, "secureJsonFields": secrets, "version": source.Version, "readOnly": false,
	})
}

func (h *host) serveSourceUpdate(w http.ResponseWriter, r *http.Request) {
	var change settingsUpdate
	if err := json.NewDecoder(r.Body).Decode(&change); err != nil {
		writeError(w, http.StatusBadRequest, fmt.Errorf("bad request data: %w", err))
		return
	}
	source, ok := h.sources.update(r.PathValue("uid"), change)
	if !ok {
		writeError(w, http.StatusNotFound, errNoDataSource)
		return
	}
	h.serveSource(w, r, source)
}

// serveDashboards answers with all provisioned dashboards, read anew so that an edited file shows on reload.
func (h *host) serveDashboards(w http.ResponseWriter, _ *http.Request) {
	files, err := filepath.Glob(filepath.Join(h.dashboards, "*.json"))
	dashboards := []json.RawMessage{}
	for _, file := range files {
		text, readErr := os.ReadFile(file) //nolint:gosec // a file of the provisioning folder that the user named
		if readErr == nil && !json.Valid(text) {
			readErr = fmt.Errorf("%s is not JSON", file)
		}
		err = errors.Join(err, readErr)
		dashboards = append(dashboards, text)
	}
	if err != nil {
		writeError(w, http.StatusInternalServerError, err)
		return
	}
	writeJSON(w, http.StatusOK, dashboards)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"message":"the answer cannot be written as JSON"}`)
		slog.Error("writing an answer", "error", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // fails where the browser went away
}

func writeError(w http.ResponseWriter, status int, err error) {
	writeJSON(w, status, map[string]string{"message": err.Error()})
}
