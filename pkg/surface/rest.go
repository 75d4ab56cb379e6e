package surface

import (
	"context"
	"net/url"
	"strconv"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
)

// boundsFormat writes the ends of a span as Cloudflare takes them; fractions of
// a second only where there are any.
const boundsFormat = "2006-01-02T15:04:05.999Z07:00"

// logPages asks a log of Access for a page. limit and per_page are both sent:
// how they combine is not documented, and one alone leaves the other at its
// default of 25 or 20.
func (c Config) logPages(path string, fixed url.Values) func(context.Context, eventlog.PageRequest) (*eventlog.Page, error) {
	return func(ctx context.Context, r eventlog.PageRequest) (*eventlog.Page, error) {
		size := strconv.Itoa(eventlog.PageSize)
		params := url.Values{
			"since":     {r.Since.UTC().Format(boundsFormat)},
			"until":     {r.Until.UTC().Format(boundsFormat)},
			"per_page":  {size},
			"page":      {strconv.Itoa(r.Number)},
			"direction": {"desc"},
		}
		if r.Ascending {
			params.Set("direction", "asc")
		}
		if !r.WithoutLimit {
			params.Set("limit", size)
		}
		for name, values := range fixed {
			params[name] = values
		}
		for name, value := range r.Pushed {
			params.Set(name, value)
		}
		envelope, err := c.Client.Get(ctx, path, params)
		if err != nil {
			return nil, err
		}
		return &eventlog.Page{Rows: envelope.Result, PerPage: envelope.Info.PerPage}, nil
	}
}

// accountPath is an address below the account's.
func (c Config) accountPath(path string) string {
	return "/accounts/" + url.PathEscape(c.AccountID) + path
}
