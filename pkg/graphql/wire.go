package graphql

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// answerBytes bounds what one request may bring, at about 50 bytes a value.
const answerBytes = 32 << 20

// batchSize is how many pieces go into one request.
func (p *Plan) batchSize(pageSize int) int {
	row := 60 + 50*len(p.dims)
	return max(min(p.limits.aliases, answerBytes/(row*pageSize)), 1)
}

// text is the GraphQL query for a number of pieces. Names in it come from the
// catalogue alone; every value is a variable.
func (p *Plan) text(pieces int, ascending bool) string {
	var head, body strings.Builder
	name := p.node.name
	input := "Account" + strings.ToUpper(name[:1]) + name[1:] + "Filter_InputObject"
	order := "count_DESC"
	if p.timeDim != nil {
		order = p.timeDim.Path[0] + "_DESC"
		if ascending {
			order = p.timeDim.Path[0] + "_ASC"
		}
	}
	metrics := "count"
	if p.limits.offersSampling() {
		metrics += " avg { sampleInterval }"
	}
	for i := range pieces {
		fmt.Fprintf(&head, ", $w%d: %s!", i, input)
		fmt.Fprintf(&body, " w%d: %s(filter: $w%d, limit: $limit, orderBy: [%s]) { %s dimensions { %s } }",
			i, name, i, order, metrics, strings.Join(p.dimensions(), " "))
	}
	return fmt.Sprintf("query loginGroups($accountTag: string!, $limit: uint64!%s) { viewer { accounts(filter: {accountTag: $accountTag}) {%s } } }", &head, &body)
}

// timeCondition says an interval in Cloudflare's terms. Bounds on whole seconds are
// exact however Cloudflare compares. A lower bound between seconds is said twice:
// should the column or the comparison know only whole seconds, the second before
// the bound would otherwise slip in. An upper bound between seconds is the last
// millisecond that belongs to the interval, included.
func timeCondition(i interval.Interval) map[string]any {
	text := func(at int64) string { return interval.Instant(at).Format("2006-01-02T15:04:05.999Z07:00") }
	condition := map[string]any{"datetime_geq": text(i.From)}
	if second := interval.Floor(i.From, interval.Second); second != i.From {
		condition["datetime_gt"] = text(second)
	}
	if i.To%interval.Second == 0 {
		condition["datetime_lt"] = text(i.To)
	} else {
		condition["datetime_leq"] = text(i.To - interval.Millisecond)
	}
	return condition
}

// ask sends one request for some pieces and reads their answers. The error is
// ErrReplan where a refusal taught a limit, or one was learned since the plan.
func (s *scanner) ask(ctx context.Context, pieces []*piece, limit int, ascending bool) error {
	variables := map[string]any{"accountTag": s.node.accountID, "limit": limit}
	for i, piece := range pieces {
		condition := timeCondition(piece.Interval)
		if all := slices.Concat(s.where, piece.splits); len(all) > 0 {
			condition["AND"] = all
		}
		variables[fmt.Sprintf("w%d", i)] = condition
		piece.asked = s.node.now().UnixNano()
	}
	held, release := cloudflare.Hold(ctx)
	defer release()
	data, err := s.node.client.GraphQL(held, s.text(len(pieces), ascending), variables)
	if err != nil {
		// Another query may have been taught the same while this one was under way.
		if s.node.learn(err) || cloudflare.Refusal(err) && s.node.current().version > s.limits.version {
			return ErrReplan
		}
		return err
	}
	accounts := gjson.GetBytes(data, "viewer.accounts").Array()
	if len(accounts) != 1 {
		return &cloudflare.Error{Kind: cloudflare.KindPermission, Status: 200,
			Message: "Cloudflare's GraphQL API does not know the account, or the credentials have no access to it. Check the account ID."}
	}
	for i, piece := range pieces {
		if err := s.read(accounts[0].Get(fmt.Sprintf("w%d", i)), piece, limit); err != nil {
			return err
		}
		cloudflare.TraceOf(ctx).Received(piece.rows)
	}
	return nil
}

// read takes in a piece's list of groups. One that is not full, and so whole, is
// decoded at once.
func (s *scanner) read(list gjson.Result, p *piece, limit int) error {
	if !list.IsArray() {
		return errGroups("it has no list of groups")
	}
	p.list, p.rows, p.bad = list, int(list.Get("#").Int()), 0
	if p.full = p.rows >= limit; p.full || p.second != nil {
		return nil
	}
	b := columnar.NewBuilder(s.layout)
	err := s.decode(b, p)
	p.list, p.chunk = gjson.Result{}, b.Freeze()
	return err
}

func errGroups(what string) error {
	return &cloudflare.Error{Kind: cloudflare.KindMalformed, Status: 200,
		Message: "The data source cannot use Cloudflare's GraphQL answer: " + what + ". Try again. If the problem persists, report it."}
}

// decode appends a piece's groups. A group that began before the piece is placed
// at its start: of it the answer holds what lies in the piece.
func (s *scanner) decode(b *columnar.Builder, p *piece) (err error) {
	p.list.ForEach(func(_, row gjson.Result) bool {
		var count, dimensions, sample gjson.Result
		row.ForEach(func(key, value gjson.Result) bool {
			switch key.Str {
			case "count":
				count = value
			case "dimensions":
				dimensions = value
			case "avg":
				sample = value.Get("sampleInterval")
			}
			return true
		})
		n, failed := strconv.ParseInt(count.String(), 10, 64)
		if failed != nil || n < 0 {
			err = errGroups("a group has no count")
			return false
		}
		at := p.From
		if s.timeDim != nil {
			t, err := s.time(dimensions)
			if err != nil {
				p.bad++
				return true
			}
			at = min(max(t, p.From), p.To-1)
		}
		w := columnar.Weight{Count: n}
		if s.limits.offersSampling() {
			w.Sample = max(sample.Float(), 1)
		}
		b.AddGroup(dimensions, at, w)
		return true
	})
	return err
}

// time is the instant at which a group's unit of time begins.
func (s *scanner) time(dimensions gjson.Result) (int64, error) {
	if s.timeDim == nil {
		return 0, nil
	}
	t, err := query.ParseInstant(s.timeDim, dimensions.Get(s.timeDim.Path[0]).Str)
	return t.UnixNano(), err
}
