package query

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// Bounds of what is counted and of what needs history.
const (
	MaxHistory = 180 * interval.Day
	MaxWithin  = interval.Day
	MaxShift   = 180 * interval.Day
	MaxTimes   = 12
	MinSteps   = 2
	MaxSteps   = 5
	MaxAtLeast = 1000
	// HistoryFactor is how many times as many events as a query may scan in its time
	// range its history may have besides.
	HistoryFactor = 10
)

// FirstSeen keeps the events before which no other with the same values of By came
// within History.
type FirstSeen struct {
	By      []*catalogue.Field
	History time.Duration
}

// Sequence keeps the events of the last step before which those of the earlier steps
// came, in their order, within that time, with the same values of By.
type Sequence struct {
	By     []*catalogue.Field
	Steps  []Step
	Within time.Duration
}

// Filters are those of all steps.
func (s *Sequence) Filters() []*Filter {
	var filters []*Filter
	for _, step := range s.Steps {
		filters = append(filters, step.Filters...)
	}
	return filters
}

// Step is that at least so many events pass its filters.
type Step struct {
	Filters []*Filter
	AtLeast int
}

type firstSeenModel struct {
	By      []string        `json:"by"`
	History json.RawMessage `json:"history"`
}

type sequenceModel struct {
	By     []string        `json:"by"`
	Steps  []stepModel     `json:"steps"`
	Within json.RawMessage `json:"within"`
}

type stepModel struct {
	Filters []filterModel   `json:"filters"`
	AtLeast json.RawMessage `json:"atLeast"`
}

// Judged are the fields beside those shown and filtered by whose values decide what
// is counted, each as often as it does.
func (r *Request) Judged() []*catalogue.Field {
	var fields []*catalogue.Field
	if r.Measure != nil {
		fields = append(fields, r.Measure)
	}
	if r.FirstSeen != nil {
		fields = append(fields, r.FirstSeen.By...)
	}
	if r.Sequence != nil {
		fields = append(fields, r.Sequence.By...)
	}
	return fields
}

// Ordered says whether it matters which event came first.
func (r *Request) Ordered() bool { return r.FirstSeen != nil || r.Sequence != nil }

// History is how long before an event the others that decide about it can have been.
func (r *Request) History() time.Duration {
	switch {
	case r.FirstSeen != nil:
		return r.FirstSeen.History
	case r.Sequence != nil:
		return r.Sequence.Within
	}
	return 0
}

// refuseDetections keeps what only events have from query types without any.
func (r *Request) refuseDetections(m *model, _ Options) error {
	if r.Type.HasEvents() {
		return nil
	}
	if m.Measure != nil || m.Having != nil || m.FirstSeen != nil || m.Sequence != nil || m.Compare != nil {
		return invalid("%s has no events to count or to compare; remove measure, having, firstSeen, sequence, and compare", r.Type.Name)
	}
	return nil
}

func (r *Request) setFirstSeen(m *model, _ Options) error {
	if m.FirstSeen == nil {
		return nil
	}
	if m.Sequence != nil {
		return invalid("a query has either firstSeen or sequence; remove one of them")
	}
	by, err := r.groupable("firstSeen.by", m.FirstSeen.By)
	if err != nil {
		return err
	}
	history, err := duration("firstSeen.history", m.FirstSeen.History, MaxHistory)
	if err != nil {
		return err
	}
	r.FirstSeen = &FirstSeen{by, history}
	return nil
}

func (r *Request) setSequence(m *model, o Options) error {
	if m.Sequence == nil {
		return nil
	}
	by, err := r.groupable("sequence.by", m.Sequence.By)
	if err != nil {
		return err
	}
	within, err := duration("sequence.within", m.Sequence.Within, MaxWithin)
	if err != nil {
		return err
	}
	s := &Sequence{By: by, Within: within}
	switch n := len(m.Sequence.Steps); {
	case n == 1:
		return invalid("the sequence has 1 step; allowed are %d to %d", MinSteps, MaxSteps)
	case n < MinSteps || n > MaxSteps:
		return invalid("the sequence has %d steps; allowed are %d to %d", n, MinSteps, MaxSteps)
	}
	for i, own := range m.Sequence.Steps {
		var step Step
		if step.AtLeast, err = wholeNumber(fmt.Sprintf("atLeast of step %d of the sequence", i+1), own.AtLeast, MaxAtLeast); err != nil {
			return err
		}
		if last := i == len(m.Sequence.Steps)-1; last && step.AtLeast != 1 {
			return invalid("the last step of the sequence is a single event; remove its atLeast, or make it 1")
		}
		if step.Filters, err = r.compileFilters(own.Filters, o); err != nil {
			var wrong *InvalidError
			if errors.As(err, &wrong) {
				return invalid("step %d of the sequence: %s", i+1, wrong)
			}
			return err
		}
		for _, f := range step.Filters {
			if f.Field.FilterOnly {
				return invalid("step %d of the sequence has a filter on %s, which no row tells; filter the query by it instead", i+1, f.Field.Name)
			}
		}
		s.Steps = append(s.Steps, step)
	}
	r.Sequence = s
	return nil
}

// groupable finds the fields that a property names, each once.
func (r *Request) groupable(property string, names []string) ([]*catalogue.Field, error) {
	if len(names) == 0 || slices.Equal(names, []string{""}) {
		return nil, invalid("%s needs a field; allowed are %s", property, catalogue.FieldNames(r.Type.Groupable()))
	}
	var fields []*catalogue.Field
	for _, name := range names {
		f, ok := r.Type.Field(name)
		if !ok || !f.Groupable {
			return nil, invalid("%s has the field %q; allowed are %s", property, shorten(name), catalogue.FieldNames(r.Type.Groupable()))
		}
		if !slices.Contains(fields, f) {
			fields = append(fields, f)
		}
	}
	return fields, nil
}

// written is what stands for a text or a number in a query, as far as it is one.
func written(raw json.RawMessage) string {
	if text, err := scalar(raw); err == nil {
		return strings.TrimSpace(text)
	}
	return string(raw)
}

// wholeNumber reads a number from 1 to most, which is 1 where nothing is said.
func wholeNumber(property string, raw json.RawMessage, most int) (int, error) {
	text := written(raw)
	if text == "" || text == "null" {
		return 1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, invalid("%s is %s; allowed are 1 to %d", property, shorten(text), most)
	}
	return n, nil
}

// units of a duration.
var units = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}

// duration reads a whole number and a unit, from one second to most nanoseconds.
func duration(property string, raw json.RawMessage, most int64) (time.Duration, error) {
	text := written(raw)
	if len(text) > 1 {
		unit, ok := units[text[len(text)-1]]
		n, err := strconv.ParseUint(text[:len(text)-1], 10, 32)
		if ok && err == nil && n > 0 && int64(n) <= most/int64(unit) {
			return time.Duration(n) * unit, nil
		}
	}
	return 0, invalid("%s is %q; allowed are a whole number and one of s, m, h, d, w, such as 20m, from 1s to %dd", property, shorten(text), most/interval.Day)
}
