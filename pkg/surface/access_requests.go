package surface

import (
	"context"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func init() {
	register("access_requests", func(c Config, _ *Directory) Surface { return &accessRequests{c} })
}

// accessRequests are the logins with an identity.
type accessRequests struct{ config Config }

func (s *accessRequests) Query(ctx context.Context, r *query.Request) (*eventlog.Result, error) {
	return s.config.events.Query(ctx, r, eventlog.Source{
		Key:   r.Type.Name,
		Type:  r.Type,
		Fetch: s.config.logPages(s.config.accountPath("/access/logs/access_requests"), nil),
		Push:  true,
	})
}

// Close does nothing: the Set owns the event log.
func (s *accessRequests) Close() {}

// valuesOf are the values of all filters on a field that ask for equality.
func valuesOf(r *query.Request, field string) []string {
	var values []string
	for _, f := range r.Filters {
		if f.Field.Name == field && f.Operator == catalogue.Equal {
			values = append(values, f.Values...)
		}
	}
	return values
}
