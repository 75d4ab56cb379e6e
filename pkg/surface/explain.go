package surface

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/facts"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func init() {
	register("explain", func(s shared) Surface {
		e := &explanation{shared: s}
		keepFor := s.KeepFor
		if s.Limit == 0 {
			keepFor = 0 // The cache is off.
		}
		e.facts = facts.New(s.Client, s.AccountID, s.Now, s.directory, e, keepFor)
		return e
	})
}

// explanation says why a login was decided as it was. It has no log of its own.
type explanation struct {
	shared
	facts *facts.Gatherer
}

func (s *explanation) Query(ctx context.Context, r *query.Request) (*answer.Result, error) {
	trace := cloudflare.TraceOf(ctx)
	if trace == nil {
		trace = &cloudflare.Trace{}
		ctx = cloudflare.WithTrace(ctx, trace)
	}
	found, err := s.facts.Gather(ctx, r.Question(), r.Range, r.Show)
	if err != nil {
		return nil, err
	}
	judged := explain.Judge(found.Facts)
	result := &answer.Result{Calls: trace.Requests(), Coverage: answer.Coverage{
		From: r.Range.Start(), To: r.Range.Last(), Complete: true, FilteredHere: []string{}, UpstreamCalls: trace.Calls()}}
	for _, p := range s.queryType.Parts {
		rows := rowsOf(judged, p.Name)
		if r.Part == "" || r.Part == p.Name {
			result.Parts = append(result.Parts, partOf(s.queryType, p, rows))
			result.Coverage.Rows += int64(len(rows))
		}
	}
	for _, gap := range found.Gaps {
		result.Incomplete(reasonOf(gap.Kind), sentence(gap))
	}
	for _, remark := range found.Remarks {
		result.Inform("%s", remark)
	}
	return result, nil
}

// Forget frees what is kept for other questions.
func (s *explanation) Forget() { s.facts.Forget() }

// Ask implements facts.Logs with the surfaces of the events.
func (s *explanation) Ask(ctx context.Context, l facts.Log) (*answer.Result, error) {
	surface, ok := s.find(l.QueryType)
	if !ok || !slices.Contains(facts.QueryTypes, l.QueryType) { // by which roles are checked
		return nil, fmt.Errorf("no explanation can rest on the query type %s", l.QueryType)
	}
	q, _ := catalogue.Lookup(l.QueryType)
	r, err := s.inner(l, sent(q))
	if err != nil {
		return nil, err
	}
	result, err := surface.Query(ctx, r)
	var refused *query.InvalidError
	if !errors.As(err, &refused) {
		return result, err
	}
	// An account need not have all fields. Those that it has are the default.
	if r, err = s.inner(l, nil); err != nil {
		return nil, err
	}
	return surface.Query(ctx, r)
}

// sent are the names of the fields that rows come with. What the data source adds
// to rows can cost calls.
func sent(q *catalogue.QueryType) []string {
	var names []string
	for _, f := range q.Columns(true) {
		if len(f.Path) > 0 || f.Name == q.Outcome.Field {
			names = append(names, f.Name)
		}
	}
	if q.API == "rest" {
		names = append(names, catalogue.OtherField)
	}
	return names
}

// inner is the request for events.
func (s *explanation) inner(l facts.Log, fields []string) (*query.Request, error) {
	var filters []map[string]any
	for field, values := range l.Filters {
		filters = append(filters, map[string]any{"field": field, "operator": catalogue.Equal, "values": values})
	}
	raw, err := json.Marshal(map[string]any{"format": query.FormatTable, "limit": l.Limit, "fields": fields, "filters": filters})
	if err != nil {
		return nil, err
	}
	r, err := query.Parse(raw, query.Options{QueryType: l.QueryType, From: l.Within.Start(), To: l.Within.Last(), MaxLimit: max(l.Limit, s.MaxRows), Now: s.Now()})
	if err != nil {
		return nil, err
	}
	r.MaxRows, r.AsSent, r.Unpushed = l.MaxRows, true, l.Unpushed
	return r, nil
}

// reasonOf says why an answer is not complete that goes without a part.
func reasonOf(kind cloudflare.Kind) answer.Reason {
	switch kind {
	case cloudflare.KindRateLimit:
		return answer.ReasonRateLimit
	case cloudflare.KindTimeout:
		return answer.ReasonTimeout
	case cloudflare.KindPermission, cloudflare.KindAuth, cloudflare.KindNotFound, cloudflare.KindOther:
		return answer.ReasonUnverified
	}
	return answer.ReasonUpstream
}

// sentence is what the notice says of a gap.
func sentence(gap facts.Gap) string {
	text := strings.ToUpper(gap.Why[:1]) + gap.Why[1:] + ". The answer goes without it."
	if gap.Permission != "" {
		text += fmt.Sprintf(" To read it, the API token needs the permission %s.", gap.Permission)
	}
	return text
}

// row has the values of a part's row by field.
type row map[string]any

// rowsOf are the rows of a part.
func rowsOf(a explain.Answer, part string) []row {
	var rows []row
	switch part {
	case "verdict":
		v := a.Verdict
		rows = []row{{"time": v.Time, "ray_id": v.RayID, "user_email": v.UserEmail, "app_name": v.AppName, "app_uid": v.AppUID,
			"outcome": v.Outcome, "verdict": v.Verdict, "reason": v.Reason, "policy_name": v.PolicyName, "policy_id": v.PolicyID,
			"rule": v.Rule, "certainty": v.Certainty, "as_of": v.AsOf, "next_step": v.NextStep}}
	case "checks":
		for _, c := range a.Checks {
			rows = append(rows, row{"order": c.Order, "policy_name": c.PolicyName, "policy_id": c.PolicyID, "decision": c.Decision,
				"section": c.Section, "rule_type": c.RuleType, "rule": c.Rule, "wanted": c.Wanted, "seen": c.Seen, "result": c.Result,
				"decisive": c.Decisive, "source": c.Source, "note": c.Note})
		}
	case "timeline":
		for _, e := range a.Timeline {
			rows = append(rows, row{"time": e.Time, "what": e.What, "outcome": e.Outcome, "title": e.Title, "ray_id": e.RayID, "detail": string(e.Detail)})
		}
	}
	return rows
}

// partOf has a column for each of the part's fields. What is not known is null.
func partOf(q *catalogue.QueryType, p catalogue.Part, rows []row) answer.Part {
	part := answer.Part{Name: p.Name}
	for f := range slices.Values(q.FieldsOf(p)) {
		cells := make([]query.Cell, len(rows))
		for i, r := range rows {
			switch value := r[f.Name].(type) {
			case time.Time:
				if !value.IsZero() {
					cells[i] = query.Cell{Text: value.UTC().Format(time.RFC3339Nano), Valid: true}
				}
			case nil:
				panic("explain has no " + f.Name)
			default:
				text := fmt.Sprint(value)
				cells[i] = query.Cell{Text: text, Valid: text != ""}
			}
		}
		part.Columns = append(part.Columns, answer.NewColumn(f, cells))
	}
	return part
}
