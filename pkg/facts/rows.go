package facts

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// event is a row of a log.
type event struct {
	at time.Time
	// text has the normalized values by field.
	text map[string]string
	json json.RawMessage
}

// key tells events of one log apart, however they were read.
func (e event) key() string {
	return strings.Join([]string{e.at.String(), e.text["ray_id"] + e.text["cfRayId"], e.text["app_uid"] + e.text["appId"], e.text["app_domain"], e.text["outcome"]}, "\x00")
}

// events are rows of a log, newest first.
type events struct {
	events   []event
	complete bool
	reason   answer.Reason
	// spared says that the question had no calls left for more.
	spared bool
}

// ask reads events, and as their time is known, knows them apart from each other.
func (s *session) ask(ctx context.Context, l Log) (events, error) {
	result, err := s.logs.Ask(ctx, l)
	if err != nil || result.Table == nil {
		return events{}, err
	}
	out := events{complete: result.Coverage.Complete, reason: result.Coverage.Reason}
	// All that Cloudflare still has is all that can be asked for. Failures would be
	// the first reason.
	out.complete = out.complete || out.reason == answer.ReasonRetention
	out.spared = out.reason == answer.ReasonRateLimit && s.calls.Left() == 0
	for row := range result.Table.Times {
		out.events = append(out.events, rowOf(result.Table, row))
	}
	return out, nil
}

// why is the reason for which events are not all there, as an error.
func (e events) why() error {
	if e.spared {
		return errSpared
	}
	return incomplete(e.reason)
}

// rowOf writes a row as Cloudflare sent it, as far as the store keeps it.
func rowOf(t *answer.Table, row int) event {
	e := event{at: t.Times[row], text: map[string]string{}}
	members := map[string]any{}
	if t.Other != nil && t.Other[row] != "" {
		_ = json.Unmarshal([]byte(t.Other[row]), &members) // the store's own JSON
	}
	for i := range t.Columns {
		column := &t.Columns[i]
		cell := t.Cell(column, row)
		if !cell.Valid {
			continue
		}
		e.text[column.Field.Name] = cell.Text
		if len(column.Field.Path) > 0 {
			put(members, strings.Split(column.Field.Path[0], "."), valueOf(column.Field, cell))
		}
	}
	e.json, _ = json.Marshal(members) // texts, numbers and JSON alone never fail
	return e
}

// put sets a value deep in a JSON object.
func put(members map[string]any, path []string, value any) {
	if len(path) == 1 {
		members[path[0]] = value
		return
	}
	if members[path[0]] == nil {
		members[path[0]] = map[string]any{}
	}
	// A field that keeps an object whole has all that others keep of it.
	if inner, ok := members[path[0]].(map[string]any); ok {
		put(inner, path[1:], value)
	}
}

// valueOf is a cell with the JSON type that Cloudflare gives its field.
func valueOf(f *catalogue.Field, cell query.Cell) any {
	switch f.Kind {
	case catalogue.KindBoolean:
		b, err := strconv.ParseBool(cell.Text)
		switch {
		case err != nil:
		case f.GraphQLType == "": // GraphQL has 0 and 1.
			return b
		case b:
			return 1
		default:
			return 0
		}
	case catalogue.KindNumber, catalogue.KindDuration:
		return json.Number(cell.Text)
	case catalogue.KindTime:
		if t, err := query.ParseTime(cell.Text); err == nil && f.Encoding == catalogue.EpochSeconds {
			return t.Unix()
		}
	case catalogue.KindJSON:
		if json.Valid([]byte(cell.Text)) {
			return json.RawMessage(cell.Text)
		}
	}
	return cell.Text
}

func documentOf(d explain.Document) gjson.Result { return gjson.ParseBytes(d.JSON) }
