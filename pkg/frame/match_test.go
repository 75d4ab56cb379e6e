package frame

import (
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// A table of sequences has their columns after those that were asked for, typed even where
// it is empty: Grafana's SQL expressions fail without.
func TestSequencesHaveColumns(t *testing.T) {
	q, _ := catalogue.Lookup("access_requests")
	r := &query.Request{Type: q, Format: query.FormatTable}
	for _, matches := range [][]answer.Match{{}, {{Start: at.Add(-time.Minute), Events: 11}}} {
		column := answer.NewColumn(fields(t, "user_email")[0], make([]query.Cell, len(matches)))
		f := table(r, &answer.Table{Times: make([]time.Time, len(matches)), Columns: []answer.Column{column}, Matches: matches}, Origin{})
		require.Len(t, f.Fields, 3)
		start, events := f.Fields[1], f.Fields[2]
		require.Equal(t, "sequence_start", start.Name)
		require.Equal(t, data.FieldTypeTime, start.Type())
		require.Equal(t, "sequence_events", events.Name)
		require.Equal(t, data.FieldTypeFloat64, events.Type())
		require.Equal(t, len(matches), f.Rows())
		if len(matches) > 0 {
			require.Equal(t, at.Add(-time.Minute), start.At(0))
			require.InDelta(t, 11, events.At(0), 0)
		}
	}
}

// Whatever a line's labels are, they tell of its sequence.
func TestLinesTellOfTheirSequence(t *testing.T) {
	q, _ := catalogue.Lookup("access_requests")
	r := &query.Request{Type: q, Format: query.FormatLogs, Labels: fields(t, "country")}
	lines := newLogLines(r, &answer.Table{
		Times: []time.Time{at}, Columns: []answer.Column{answer.NewColumn(fields(t, "user_email")[0], []query.Cell{cell("ada@example.com")})},
		Matches: []answer.Match{{Start: at.Add(-time.Minute), Events: 11}},
	})
	require.JSONEq(t, `{"sequence_start":"2026-11-20T09:59:00Z","sequence_events":"11"}`, string(lines.labels(0)))
}
