package surface

import (
	"context"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/rest"
)

func init() {
	register("access_requests", func(s shared) Surface { return &accessRequests{s, s.newList()} })
}

// accessRequests are the logins with an identity.
type accessRequests struct {
	shared
	list *rest.List
}

func (s *accessRequests) Query(ctx context.Context, r *query.Request) (*answer.Result, error) {
	pages := s.pages(nil)
	source := s.source("", s.list.Scanner(pages, nil))
	source.Pushing = func(params map[string]string) eventlog.Scanner { return s.list.Scanner(pages, params) }
	return s.events.Query(ctx, r, source)
}
