package query

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
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

type compareModel struct {
	Shift json.RawMessage `json:"shift"`
	Times json.RawMessage `json:"times"`
	Show  string          `json:"show"`
}

// CountName is the name of the number that groups and series have.
func (r *Request) CountName() string {
	if r.Measure != nil {
		return "distinct_" + r.Measure.Name
	}
	return r.Type.Count
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
	times, err := wholeNumber("compare.times", m.Compare.Times, MaxTimes)
	if err != nil {
		return err
	}
	c := &Compare{Shift: shift, Times: times, Show: m.Compare.Show}
	shown := []string{ShowValue, ShowBaseline, ShowDeviation}
	if c.Show != ShowAll && !slices.Contains(shown, c.Show) {
		return invalid("compare.show is %q; allowed are %s, or none for all of them", shorten(c.Show), strings.Join(shown, ", "))
	}
	r.Compare = c
	return nil
}
