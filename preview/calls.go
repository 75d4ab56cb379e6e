package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

// forwardedHeaders are the request headers that Grafana passes on with a query, and the one with which it marks the
// evaluation of an alert rule.
var forwardedHeaders = []string{"X-Datasource-Uid", "X-Dashboard-Uid", "X-Dashboard-Title", "X-Panel-Id",
	"X-Panel-Title", "X-Panel-Plugin-Id", "X-Query-Group-Id", backend.FromAlertHeaderName}

// queryRequest is the body of POST /api/ds/query; from and to are epoch milliseconds or like now-6h.
type queryRequest struct {
	From    string            `json:"from"`
	To      string            `json:"to"`
	Queries []json.RawMessage `json:"queries"`
}

// dataQuery is the part of a query that Grafana itself reads.
type dataQuery struct {
	RefID         string `json:"refId"`
	QueryType     string `json:"queryType"`
	MaxDataPoints int64  `json:"maxDataPoints"`
	IntervalMS    int64  `json:"intervalMs"`
	DataSource    struct {
		UID string `json:"uid"`
	} `json:"datasource"`
}

// open answers with what every call needs: a running executable and the context of the data source.
func (h *host) open(source dataSource) (*capabilities, *pluginv2.PluginContext, error) {
	pluginContext, err := h.pluginContext(source)
	if err != nil {
		return nil, nil, err
	}
	clients, err := h.executable.connect()
	return clients, pluginContext, err
}

func (h *host) serveQuery(w http.ResponseWriter, r *http.Request) {
	request, source, err := h.parseQueries(r)
	if err != nil {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	response, err := h.queryData(r, request, source)
	if err != nil {
		writeError(w, http.StatusInternalServerError, err)
		return
	}
	status := http.StatusOK
	for _, result := range response.Responses {
		if result.Error != nil {
			status = http.StatusBadRequest
		}
	}
	writeJSON(w, status, response)
}

func (h *host) parseQueries(r *http.Request) (*backend.QueryDataRequest, dataSource, error) {
	var body queryRequest
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, dataSource{}, fmt.Errorf("bad request data: %w", err)
	}
	times := gtime.NewTimeRange(body.From, body.To)
	from, fromErr := times.ParseFrom()
	to, toErr := times.ParseTo()
	if err := errors.Join(fromErr, toErr); err != nil {
		return nil, dataSource{}, fmt.Errorf("%q to %q is not a time range: %w", body.From, body.To, err)
	}
	request := &backend.QueryDataRequest{}
	uid := ""
	for _, text := range body.Queries {
		query := dataQuery{RefID: "A", MaxDataPoints: 100, IntervalMS: 1000}
		if err := json.Unmarshal(text, &query); err != nil {
			return nil, dataSource{}, fmt.Errorf("bad request data: %w", err)
		}
		if uid != "" && uid != query.DataSource.UID {
			return nil, dataSource{}, errors.New("the preview supports only one data source per request")
		}
		uid = query.DataSource.UID
		request.Queries = append(request.Queries, backend.DataQuery{
			RefID: query.RefID, QueryType: query.QueryType, MaxDataPoints: query.MaxDataPoints,
			Interval:  time.Duration(query.IntervalMS) * time.Millisecond,
			TimeRange: backend.TimeRange{From: from, To: to}, JSON: text,
		})
	}
	source, ok := h.sources.get(uid)
	if !ok {
		return nil, dataSource{}, errNoDataSource
	}
	for _, name := range forwardedHeaders {
		if value := r.Header.Get(name); value != "" {
			request.SetHTTPHeader(name, value)
		}
	}
	return request, source, nil
}

// queryData asks the executable. Where the browser gives up, so does the call.
func (h *host) queryData(r *http.Request, request *backend.QueryDataRequest, source dataSource,
) (*backend.QueryDataResponse, error) {
	clients, pluginContext, err := h.open(source)
	if err != nil {
		return nil, err
	}
	message := backend.ToProto().QueryDataRequest(request)
	message.PluginContext = pluginContext
	answer, err := clients.QueryData(r.Context(), message)
	if err != nil {
		return nil, h.executable.explain(err)
	}
	return backend.FromProto().QueryDataResponse(answer)
}

func (h *host) serveSourceHealth(w http.ResponseWriter, r *http.Request, source dataSource) {
	clients, pluginContext, err := h.open(source)
	if err != nil {
		writeError(w, http.StatusInternalServerError, err)
		return
	}
	answer, err := clients.CheckHealth(r.Context(), &pluginv2.CheckHealthRequest{PluginContext: pluginContext})
	if err != nil {
		writeError(w, http.StatusInternalServerError, h.executable.explain(err))
		return
	}
	result := backend.FromProto().CheckHealthResponse(answer)
	payload := map[string]any{"status": result.Status.String(), "message": result.Message}
	if len(result.JSONDetails) > 0 {
		payload["details"] = json.RawMessage(result.JSONDetails)
	}
	status := http.StatusOK
	if result.Status != backend.HealthStatusOk {
		status = http.StatusBadRequest
	}
	writeJSON(w, status, payload)
}

func (h *host) serveResource(w http.ResponseWriter, r *http.Request, source dataSource) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
	if err != nil {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	clients, pluginContext, err := h.open(source)
	if err != nil {
		writeError(w, http.StatusInternalServerError, err)
		return
	}
	path := r.PathValue("path")
	target := path
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	headers := r.Header.Clone()
	headers.Del("Cookie")
	message := backend.ToProto().CallResourceRequest(&backend.CallResourceRequest{
		Path: path, Method: r.Method, URL: target, Headers: headers, Body: body})
	message.PluginContext = pluginContext
	stream, err := clients.CallResource(r.Context(), message)
	if err != nil {
		writeError(w, http.StatusInternalServerError, h.executable.explain(err))
		return
	}
	h.passOn(w, stream)
}

// passOn writes the streamed answer of a resource call: status and headers come with the first message.
func (h *host) passOn(w http.ResponseWriter, stream pluginv2.Resource_CallResourceClient) {
	for started := false; ; started = true {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			if !started {
				writeError(w, http.StatusInternalServerError, h.executable.explain(err))
			}
			return
		}
		response := backend.FromProto().CallResourceResponse(message)
		if !started {
			for name, values := range response.Headers {
				for _, value := range values {
					w.Header().Add(name, value)
				}
			}
			w.WriteHeader(response.Status)
		}
		_, _ = w.Write(response.Body) // fails where the browser went away
	}
}
