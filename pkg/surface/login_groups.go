package surface

import (
	"context"
	"errors"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/graphql"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func init() {
	register("login_groups", func(s shared) Surface {
		return &loginGroups{s, graphql.NewNode(s.Client, s.AccountID, s.queryType.Endpoint, s.Now)}
	})
}

// maxPlans bounds how often a query is planned anew after a limit was learned.
const maxPlans = 12

// loginGroups are counts of all logins by any combination of dimensions.
type loginGroups struct {
	shared
	node *graphql.Node
}

func (s *loginGroups) Query(ctx context.Context, r *query.Request) (*answer.Result, error) {
	for range maxPlans {
		plan, err := s.node.Plan(ctx, r)
		if err != nil {
			return nil, err
		}
		source := plan.Source()
		source.Directory = s.directory
		result, err := s.events.Query(ctx, r, source)
		switch {
		case errors.Is(err, graphql.ErrReplan):
			continue
		case err != nil:
			return nil, err
		}
		plan.Note(result)
		return result, nil
	}
	return nil, &cloudflare.Error{Kind: cloudflare.KindBadRequest, Message: "Cloudflare's GraphQL API keeps changing its limits for this query. Select a shorter time range or fewer columns."}
}
