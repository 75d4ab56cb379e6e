package surface

import (
	"context"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/rest"
)

func init() {
	register("jit_requests", func(s shared) Surface { return &jitRequests{s, s.newList()} })
}

// jitRequests are requests for temporary access, each as it stands now. They are
// few, so no filter is pushed: Cloudflare finds a SPENT one as APPROVED.
type jitRequests struct {
	shared
	list *rest.List
}

func (s *jitRequests) Query(ctx context.Context, r *query.Request) (*answer.Result, error) {
	source := s.source("", s.list.Scanner(s.pages(nil), nil))
	source.Changing = true
	return s.events.Query(ctx, r, source)
}
