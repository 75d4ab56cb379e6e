package frame

import (
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// What tells of the sequence that an event ends, in tables and in the labels of logs.
const (
	matchStart  = "sequence_start"
	matchEvents = "sequence_events"
)

func matchFields(r *query.Request, matches []answer.Match) data.Fields {
	starts, events := make([]time.Time, len(matches)), make([]float64, len(matches))
	for i, m := range matches {
		starts[i], events[i] = m.Start, float64(m.Events)
	}
	return data.Fields{
		data.NewField(matchStart, nil, starts).SetConfig(&data.FieldConfig{
			DisplayNameFromDS: "Sequence start",
			Description:       "When the first event of the sequence was that this one ends.",
		}),
		data.NewField(matchEvents, nil, events).SetConfig(&data.FieldConfig{
			DisplayNameFromDS: "Sequence events",
			Description:       "Number of " + r.Type.Noun.Many + " in the sequence, this one included.",
		}),
	}
}
