package surface

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// answerBytes bounds what one request may bring, at about 50 bytes a value.
const answerBytes = 32 << 20

// groupPiece is a part of a query that one node asks for: a range of time, and
// inside a second that is too full, a part of the values of some dimensions.
type groupPiece struct {
	timeRange
	splits []map[string]any
	// doubt is the answer that this piece helps to check; nil if none.
	doubt *groupDoubt
	part  *groupPart // that it belongs to
	page  *groupPage
}

func (p *groupPiece) condition(where []map[string]any) map[string]any {
	condition := timeCondition(p.timeRange)
	if all := slices.Concat(where, p.splits); len(all) > 0 {
		condition["AND"] = all
	}
	return condition
}

// batchSize is how many nodes of a plan go into one request.
func batchSize(p *groupPlan, l *groupLimits, pageSize int) int {
	row := 60 + 50*len(p.dims)
	return max(min(l.aliases, answerBytes/(row*pageSize)), 1)
}

// teaches says that an error can be about a limit.
func teaches(err error) bool {
	var e *cloudflare.Error
	return errors.As(err, &e) && slices.Contains([]cloudflare.Kind{cloudflare.KindBadRequest, cloudflare.KindPermission, cloudflare.KindUnavailable}, e.Kind)
}

// queryText is the query for a number of pieces. Names in it come from the
// catalogue alone; every value is a variable.
func queryText(p *groupPlan, pieces int) string {
	var head, body strings.Builder
	input := "Account" + strings.ToUpper(p.endpoint[:1]) + p.endpoint[1:] + "Filter_InputObject"
	order := "count_DESC"
	if p.timeDim != "" {
		order = p.timeDim + "_DESC"
		if p.ascending {
			order = p.timeDim + "_ASC"
		}
	}
	metrics := "count"
	if p.sampling {
		metrics += " avg { sampleInterval }"
	}
	for i := range pieces {
		fmt.Fprintf(&head, ", $w%d: %s!", i, input)
		fmt.Fprintf(&body, " w%d: %s(filter: $w%d, limit: $limit, orderBy: [%s]) { %s dimensions { %s } }",
			i, p.endpoint, i, order, metrics, strings.Join(p.dims, " "))
	}
	return fmt.Sprintf("query loginGroups($accountTag: string!, $limit: uint64!%s) { viewer { accounts(filter: {accountTag: $accountTag}) {%s } } }", &head, &body)
}

// ask sends one request for some pieces and sets their pages. The error is
// errReplan where a refusal taught a limit, or one was learned since the plan.
func (s *loginGroups) ask(ctx context.Context, p *groupPlan, pieces []*groupPiece, limit int) error {
	variables := map[string]any{"accountTag": s.accountID, "limit": limit}
	for i, piece := range pieces {
		variables[fmt.Sprintf("w%d", i)] = piece.condition(p.where)
	}
	data, err := s.client.GraphQL(urgently(ctx), queryText(p, len(pieces)), variables)
	if err != nil {
		// Another query may have been taught the same while this one was under way.
		if s.limits.learn(err) || teaches(err) && s.limits.current().lessons > p.lessons {
			return errReplan
		}
		return err
	}
	accounts := gjson.GetBytes(data, "viewer.accounts").Array()
	if len(accounts) != 1 {
		return &cloudflare.Error{Kind: cloudflare.KindPermission, Status: 200,
			Message: "Cloudflare's GraphQL does not know the account, or it is not one of the credentials' accounts. Check the account ID, and that the API token has the permission Account Analytics Read."}
	}
	timeIndex := slices.Index(p.dims, p.timeDim)
	for i, piece := range pieces {
		page, err := readGroupPage(accounts[0].Get(fmt.Sprintf("w%d", i)), p.dims, timeIndex, p.sampling)
		if err != nil {
			return err
		}
		cloudflare.TraceOf(ctx).Received(page.listed)
		page.noteStrays(piece.timeRange, p.unit)
		piece.page = page
	}
	return nil
}
