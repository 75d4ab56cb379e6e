package surface

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/directory"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Inventories differ in their catalogue files alone.
func init() {
	for _, q := range catalogue.All() {
		if q.Inventory {
			register(q.Name, func(s shared) Surface { return &inventory{s} })
		}
	}
}

// inventory answers with what there is now, from a list that the directory keeps.
type inventory struct{ shared }

func (s *inventory) Query(ctx context.Context, r *query.Request) (*answer.Result, error) {
	// A direction is one of time. Without times, rows are in the order of their first
	// column, which is what things are called.
	named := *r
	named.Ascending = true
	var partly error
	result, err := s.events.Present(ctx, &named, s.source("", nil), func(ctx context.Context) (*columnar.Chunk, time.Time, error) {
		list, err := s.directory.Inventory(ctx, s.queryType)
		if err != nil && len(list.Rows) == 0 {
			return nil, time.Time{}, err
		}
		partly = err
		b := columnar.NewBuilder(s.layout)
		_, err = b.Decode(s.rows(list), len(list.Rows))
		return b.Freeze(), list.At, err
	})
	if err == nil && partly != nil {
		result.Incomplete(answer.ReasonUpstream, fmt.Sprintf("Some %s are missing. %s", r.Type.Noun.Many, partly))
	}
	return result, err
}

// rows are those of a list with what the data source adds to each.
func (s *inventory) rows(list directory.List) []byte {
	now := s.Now()
	out := []byte{'['}
	for i, raw := range list.Rows {
		if i > 0 {
			out = append(out, ',')
		}
		row := gjson.ParseBytes(raw)
		added := []string{}
		for _, f := range s.queryType.Fields {
			if f.Derived != nil && f.Derived.DaysUntil {
				added = append(added, s.daysUntil(f, row, now)...)
			}
		}
		if rest := strings.TrimSpace(row.Raw[1:]); rest != "}" {
			added = append(added, strings.TrimSuffix(rest, "}"))
		}
		out = fmt.Appendf(out, "{%s}", strings.Join(added, ","))
	}
	return append(out, ']')
}

// daysUntil is the key of a field with its value, or none where the row does not tell.
func (s *inventory) daysUntil(f *catalogue.Field, row gjson.Result, now time.Time) []string {
	from, _ := s.queryType.Field(f.Derived.From)
	at, duration := row.Get(from.Path[0]), row.Get("duration").String()
	left := query.DaysUntil(at.String(), duration, now)
	switch {
	case left.Valid:
		return []string{fmt.Sprintf("%q:%s", f.Name, left.Text)}
	case at.Exists() || query.IsForever(duration):
		return []string{fmt.Sprintf("%q:null", f.Name)}
	}
	return nil
}
