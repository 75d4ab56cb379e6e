package plugin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// failure is an error as Grafana wants it: status, whose fault, a sentence.
type failure struct {
	status backend.Status
	source backend.ErrorSource
	err    error
}

func (f failure) response() backend.DataResponse {
	return backend.DataResponse{Status: f.status, ErrorSource: f.source, Error: f.err}
}

// needing names the permission that a query of this type needs, where Cloudflare refused for want of one: its own
// answer never does.
func (f failure) needing(permission string) failure {
	var upstream *cloudflare.Error
	if errors.As(f.err, &upstream) && upstream.Kind == cloudflare.KindPermission {
		f.err = fmt.Errorf("%w %s", f.err, "This query needs the permission "+permission+".")
	}
	return f
}

var kindStatus = map[cloudflare.Kind]int{
	cloudflare.KindAuth:        http.StatusUnauthorized,
	cloudflare.KindPermission:  http.StatusForbidden,
	cloudflare.KindNotFound:    http.StatusNotFound,
	cloudflare.KindBadRequest:  http.StatusBadRequest,
	cloudflare.KindRateLimit:   http.StatusTooManyRequests,
	cloudflare.KindUnavailable: http.StatusBadGateway,
	cloudflare.KindTimeout:     http.StatusGatewayTimeout,
	cloudflare.KindMalformed:   http.StatusBadGateway,
}

// statusCanceled is the customary status of a request whose client went away.
const statusCanceled = 499

// classify maps any error once to its status, source and sentence. The user's
// mistakes and Cloudflare's faults are downstream; what is left is ours.
func classify(err error) failure {
	var wrong *query.InvalidError
	if errors.As(err, &wrong) {
		return failure{backend.StatusBadRequest, backend.ErrorSourceDownstream, err}
	}
	var barred *roleError
	if errors.As(err, &barred) {
		return failure{backend.StatusForbidden, backend.ErrorSourceDownstream, err}
	}
	var upstream *cloudflare.Error
	if errors.As(err, &upstream) && upstream.Kind != cloudflare.KindCanceled {
		status, ok := kindStatus[upstream.Kind]
		if !ok {
			status = http.StatusBadGateway
		}
		return failure{backend.Status(status), backend.ErrorSourceDownstream, err}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return failure{backend.StatusTimeout, backend.ErrorSourceDownstream,
			errors.New("the query took longer than Grafana allows; select a shorter time range, or increase the data source's timeout")}
	case errors.Is(err, context.Canceled) || upstream != nil:
		return failure{statusCanceled, backend.ErrorSourceDownstream, errors.New("the query was canceled")}
	}
	return failure{backend.StatusInternal, backend.ErrorSourcePlugin, err}
}

// problemFailure is the answer of an instance whose settings cannot be used.
func problemFailure(err error) failure {
	return failure{backend.StatusBadRequest, backend.ErrorSourceDownstream, err}
}
