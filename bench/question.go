package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	result "github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
)

// question is a query, as a panel asks it.
type question struct {
	name      string
	queryType string // access_requests if absent
	format    string
	filters   []account.Filter
	groupBy   []string
	// detection is firstSeen or sequence, by that name.
	detection map[string]any
	limit     int
	from, to  time.Time
	interval  time.Duration
	// alert marks an alert evaluation, which must be complete or fail.
	alert bool
	// patience is the caller's deadline, if it is not the usual one.
	patience time.Duration
	// login is the Grafana user's, if one asks.
	login string
}

func (q question) dataQuery() (backend.DataQuery, error) {
	if q.queryType == "" {
		q.queryType = "access_requests"
	}
	model := map[string]any{"refId": "A", "queryType": q.queryType, "format": q.format, "filters": q.filters}
	if q.groupBy != nil {
		model["groupBy"] = q.groupBy
	}
	maps.Copy(model, q.detection)
	if q.limit > 0 {
		model["limit"] = q.limit
	}
	text, err := json.Marshal(model)
	return backend.DataQuery{RefID: "A", QueryType: q.queryType, JSON: text, Interval: q.interval, MaxDataPoints: 1000,
		TimeRange: backend.TimeRange{From: q.from, To: q.to}}, err
}

// answer is what came back for a question.
type answer struct {
	question question
	asked    time.Time
	arrived  time.Time
	response *pluginv2.QueryDataResponse
}

// decode gives the answer's frame and what it says that it covers. The error is
// the answer's own, or that it is none.
func (a *answer) decode() (*data.Frame, result.Coverage, error) {
	var coverage struct{ Coverage result.Coverage }
	response, err := backend.FromProto().QueryDataResponse(a.response)
	if err != nil {
		return nil, coverage.Coverage, err
	}
	result := response.Responses["A"]
	if result.Error != nil {
		return nil, coverage.Coverage, result.Error
	}
	if len(result.Frames) != 1 || result.Frames[0].Meta == nil {
		return nil, coverage.Coverage, fmt.Errorf("%d frames instead of one with meta", len(result.Frames))
	}
	text, err := json.Marshal(result.Frames[0].Meta.Custom)
	if err == nil {
		err = json.Unmarshal(text, &coverage)
	}
	return result.Frames[0], coverage.Coverage, err
}
