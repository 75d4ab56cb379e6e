package plugin

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// asAlert marks a request as the evaluation of an alert rule.
var asAlert = map[string]string{"FromAlert": "true"}

// plainOf is the query of a type's plain table, oldest row first, with what is added.
func plainOf(t *testing.T, q *catalogue.QueryType, more map[string]any) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + q.Name + "/table.query.json")
	require.NoError(t, err)
	var file struct{ Query map[string]any }
	require.NoError(t, json.Unmarshal(b, &file))
	file.Query["direction"] = "asc"
	maps.Copy(file.Query, more)
	b, err = json.Marshal(file.Query)
	require.NoError(t, err)
	return string(b)
}

// keyed are the times of a frame's rows, and what they have in a field.
func keyed(t *testing.T, f *data.Frame, timeField, field string) (times []time.Time, keys []string) {
	t.Helper()
	at, index := f.FieldByName(timeField)
	require.GreaterOrEqual(t, index, 0)
	by, index := f.FieldByName(field)
	require.GreaterOrEqual(t, index, 0)
	for i := range f.Rows() {
		when, _ := at.ConcreteAt(i)
		key, _ := by.ConcreteAt(i)
		times, keys = append(times, when.(time.Time)), append(keys, fmt.Sprint(key))
	}
	return times, keys
}

// Every query type with events finds the first of their kind, and pairs of them, as a loop
// over its plain table does: in the last five minutes of ten, for alert rules too.
func TestEveryLogHasDetections(t *testing.T) {
	for _, q := range catalogue.All() {
		if !q.HasEvents() {
			continue
		}
		t.Run(q.Name, func(t *testing.T) {
			d := instance(t, account.New(upstreamOf(t, q.Name)), "")
			from, to := trioRange.From, trioRange.To
			half := from.Add(5 * time.Minute)
			by := q.Groupable()[0].Name
			if q.Outcome.Field != "" {
				by = q.Outcome.Field
			}
			table := func(from time.Time, more map[string]any) *data.Frame {
				answer := ask(t, d, asAlert, over(plainOf(t, q, more), from, to, 0))["A"]
				require.NoError(t, answer.Error)
				return answer.Frames[0]
			}
			times, keys := keyed(t, table(from.Add(-24*time.Hour), nil), q.TimeFieldName, by)
			require.Greater(t, len(times), 1)
			var first, seconds, starts []time.Time
			last, opened := map[string]time.Time{}, map[string]time.Time{}
			for i, at := range times {
				earliest := at.Add(-time.Hour)
				if before, seen := last[keys[i]]; (!seen || before.Before(earliest)) && !at.Before(half) {
					first = append(first, at)
				}
				last[keys[i]] = at
				if start, open := opened[keys[i]]; open && !start.Before(earliest) {
					delete(opened, keys[i])
					if !at.Before(half) {
						seconds, starts = append(seconds, at), append(starts, start)
					}
				} else {
					opened[keys[i]] = at
				}
			}
			got, _ := keyed(t, table(half, map[string]any{"firstSeen": map[string]any{"by": []string{by}, "history": "1h"}}), q.TimeFieldName, by)
			require.Equal(t, first, got, "first seen")
			pairs := table(half, map[string]any{"sequence": map[string]any{"by": []string{by}, "within": "1h", "steps": []any{map[string]any{}, map[string]any{}}}})
			got, _ = keyed(t, pairs, q.TimeFieldName, by)
			require.Equal(t, seconds, got, "pairs")
			began, _ := keyed(t, pairs, "sequence_start", by)
			require.Equal(t, starts, began)
		})
	}
}

// An alert rule about what was first seen fails where its history does.
func TestAnAlertNeedsItsHistory(t *testing.T) {
	from := trioRange.From
	events := account.NewEvents(4000, from.Add(-72*time.Hour), trioRange.To, 1)
	a := account.New(account.Config{Token: testToken, Now: trioTime, Events: events, Before: func(r *http.Request) error {
		if until, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("until")); err == nil && until.Before(from.Add(-30*time.Hour)) {
			return account.Refusal(http.StatusServiceUnavailable, 10000, "Service unavailable")
		}
		return nil
	}})
	d := instance(t, a, "")
	model := ar(`"groupBy":["country"],"firstSeen":{"by":["user_email"],"history":"3d"}`)
	query := func() backend.DataQuery { return over(model, from, trioRange.To, 0) }
	shown := ask(t, d, nil, query())["A"]
	require.NoError(t, shown.Error)
	require.False(t, coverageOf(t, shown).Complete)
	refused := ask(t, d, asAlert, query())["A"]
	require.ErrorContains(t, refused.Error, "of the history")
	require.True(t, strings.HasPrefix(refused.Error.Error(), "the answer is not complete (upstream)"), refused.Error)
}
