package query

import (
	"encoding/json"
	"errors"
	"math"
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
)

// Having keeps the groups whose measure holds against a value.
type Having struct {
	Operator catalogue.Operator
	Value    float64
}

// Holds says whether a group of that measure stays.
func (h *Having) Holds(measure int64) bool {
	sign := 0
	switch n := float64(measure); {
	case n < h.Value:
		sign = -1
	case n > h.Value:
		sign = 1
	}
	return holds(h.Operator, sign) != (h.Operator == catalogue.NotEqual)
}

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

// Step is that at least so many events pass its filters.
type Step struct {
	Filters []*Filter
	AtLeast int
}

// What Compare shows; ShowAll is each of them.
const (
	ShowAll       = ""
	ShowValue     = "value"
	ShowBaseline  = "baseline"
	ShowDeviation = "deviation"
)

// Compare sets each bucket of a series beside the same one Shift ago, 2 × Shift ago,
// and so on, Times times.
type Compare struct {
	Shift time.Duration
	Times int
	Show  string
}

type measureModel struct {
	Type  string `json:"type"`
	Field string `json:"field"`
}

type havingModel struct {
	Operator string          `json:"operator"`
	Value    json.RawMessage `json:"value"`
}

type firstSeenModel struct {
	By      []string `json:"by"`
	History string   `json:"history"`
}

type sequenceModel struct {
	By     []string    `json:"by"`
	Steps  []stepModel `json:"steps"`
	Within string      `json:"within"`
}

type stepModel struct {
	Filters []filterModel `json:"filters"`
	AtLeast *int          `json:"atLeast"`
}

type compareModel struct {
	Shift string `json:"shift"`
	Times *int   `json:"times"`
	Show  string `json:"show"`
}

// Judged are the fields beside those shown and filtered by whose values decide what
// is counted.
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
		for _, step := range r.Sequence.Steps {
			for _, f := range step.Filters {
				fields = append(fields, f.Field)
			}
		}
	}
	return fields
}

// CountName is the name of the number that groups and series have.
func (r *Request) CountName() string {
	if r.Measure != nil {
		return "distinct_" + r.Measure.Name
	}
	return r.Type.Count
}

// refuseDetections keeps what only events have from query types without any.
func (r *Request) refuseDetections(m *model, _ Options) error {
	if m.Measure != nil || m.Having != nil || m.FirstSeen != nil || m.Sequence != nil || m.Compare != nil {
		return invalid("%s has no events to count or to compare; remove measure, having, firstSeen, sequence, and compare", r.Type.Name)
	}
	return nil
}

func (r *Request) setMeasure(m *model, _ Options) error {
	if m.Measure == nil {
		return nil
	}
	switch m.Measure.Type {
	case "count":
		if m.Measure.Field != "" {
			return invalid("the measure count takes no field; remove it, or use the type distinct")
		}
		return nil
	case "distinct":
	default:
		return invalid("unknown measure %q; allowed are count and distinct", shorten(m.Measure.Type))
	}
	if r.Format == FormatLogs {
		return invalid("logs cannot be counted; use the format table or time_series, or remove measure")
	}
	fields, err := r.groupable("measure.field", []string{m.Measure.Field})
	if err != nil {
		return err
	}
	r.Measure = fields[0]
	return nil
}

func (r *Request) setHaving(m *model, _ Options) error {
	if m.Having == nil {
		return nil
	}
	if r.Format != FormatTable || len(r.GroupBy) == 0 {
		return invalid("having only applies to the groups of a table; use the format table with groupBy, or remove having")
	}
	allowed := []catalogue.Operator{catalogue.Equal, catalogue.NotEqual, catalogue.Less, catalogue.LessOrEqual, catalogue.Greater, catalogue.GreaterOrEqual}
	op := catalogue.Operator(m.Having.Operator)
	if !slices.Contains(allowed, op) {
		return invalid("having has the operator %q; allowed are %s", shorten(m.Having.Operator), joinOperators(allowed))
	}
	text, err := scalar(m.Having.Value)
	value, notNumber := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || notNumber != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return invalid("having takes a number as its value, such as 15")
	}
	r.Having = &Having{op, value}
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
	if n := len(m.Sequence.Steps); n < MinSteps || n > MaxSteps {
		return invalid("the sequence has %d steps; allowed are %d to %d", n, MinSteps, MaxSteps)
	}
	for i, own := range m.Sequence.Steps {
		step := Step{AtLeast: 1}
		last := i == len(m.Sequence.Steps)-1
		if own.AtLeast != nil {
			step.AtLeast = *own.AtLeast
		}
		switch {
		case step.AtLeast < 1 || step.AtLeast > MaxAtLeast:
			return invalid("step %d of the sequence has atLeast %d; allowed are 1 to %d", i+1, step.AtLeast, MaxAtLeast)
		case last && step.AtLeast != 1:
			return invalid("the last step of the sequence is a single event; remove its atLeast, or make it 1")
		}
		if step.Filters, err = r.compileFilters(own.Filters, o); err != nil {
			var wrong *InvalidError
			if errors.As(err, &wrong) {
				return invalid("step %d of the sequence: %s", i+1, wrong)
			}
			return err
		}
		s.Steps = append(s.Steps, step)
	}
	r.Sequence = s
	return nil
}

func (r *Request) setCompare(m *model, _ Options) error {
	if m.Compare == nil {
		return nil
	}
	switch {
	case r.Format != FormatTimeSeries:
		return invalid("compare only applies to a time series; use the format time_series, or remove compare")
	case m.FirstSeen != nil || m.Sequence != nil:
		return invalid("compare cannot be combined with firstSeen or sequence; remove one of them")
	}
	shift, err := duration("compare.shift", m.Compare.Shift, MaxShift)
	if err != nil {
		return err
	}
	if least := r.Type.MinInterval(); shift%least != 0 {
		return invalid("compare.shift of %s must be a multiple of %s", strings.ToLower(r.Type.Title), least)
	}
	c := &Compare{Shift: shift, Times: 1, Show: m.Compare.Show}
	if m.Compare.Times != nil {
		c.Times = *m.Compare.Times
	}
	if c.Times < 1 || c.Times > MaxTimes {
		return invalid("compare.times is %d; allowed are 1 to %d", c.Times, MaxTimes)
	}
	shown := []string{ShowValue, ShowBaseline, ShowDeviation}
	if c.Show != ShowAll && !slices.Contains(shown, c.Show) {
		return invalid("compare.show is %q; allowed are %s, or none for all of them", shorten(c.Show), strings.Join(shown, ", "))
	}
	r.Compare = c
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

// units of a duration.
var units = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}

// duration reads a whole number and a unit, from one second to most nanoseconds.
func duration(property, text string, most int64) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if len(text) > 1 {
		unit, ok := units[text[len(text)-1]]
		n, err := strconv.ParseUint(text[:len(text)-1], 10, 32)
		if ok && err == nil && n > 0 && int64(n) <= most/int64(unit) {
			return time.Duration(n) * unit, nil
		}
	}
	return 0, invalid("%s is %q; allowed are a whole number and one of s, m, h, d, w, such as 20m, from 1s to %dd", property, shorten(text), most/interval.Day)
}
