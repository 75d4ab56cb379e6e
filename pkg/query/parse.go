package query

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// model is the query as it stands in a dashboard's JSON.
type model struct {
	QueryType string          `json:"queryType"`
	Format    string          `json:"format"`
	Filters   []filterModel   `json:"filters"`
	GroupBy   []string        `json:"groupBy"`
	Fields    []string        `json:"fields"`
	Direction string          `json:"direction"`
	Limit     json.RawMessage `json:"limit"`
	Part      string          `json:"part"`
	Measure   *measureModel   `json:"measure"`
	Having    *havingModel    `json:"having"`
	FirstSeen *firstSeenModel `json:"firstSeen"`
	Sequence  *sequenceModel  `json:"sequence"`
	Compare   *compareModel   `json:"compare"`
}

type filterModel struct {
	Field    string            `json:"field"`
	Operator string            `json:"operator"`
	Values   []json.RawMessage `json:"values"`
}

// Options are what a query does not say itself.
type Options struct {
	// QueryType is used where the JSON has none: Grafana keeps it beside the JSON.
	QueryType string
	// From and To are the panel's time range, both included.
	From, To time.Time
	// Interval is the panel's; MaxDataPoints is used where it is 0.
	Interval      time.Duration
	MaxDataPoints int64
	FromAlert     bool
	// MaxLimit is the largest limit that may be asked for.
	MaxLimit int
	Now      time.Time
	// Stopped says why the caller no longer waits, as a context's Err does; nil if it
	// always does.
	Stopped func() error
	// Disguise replaces the values of personal fields where identities are
	// masked; filters then hold for what is shown as well. Nil: nothing is.
	Disguise func(field *catalogue.Field, value string) string
	// patterns is what the regular expressions of the whole query may come to.
	patterns *patternBudget
}

// Parse reads a query and checks it. Every error is an *InvalidError, or that of
// Stopped.
func Parse(raw []byte, o Options) (*Request, error) {
	var m model
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, invalid("the query has an invalid structure: %s", describeJSONError(err))
	}
	if m.QueryType == "" {
		m.QueryType = o.QueryType
	}
	q, ok := catalogue.Lookup(m.QueryType)
	if !ok {
		return nil, invalid("unknown query type %q; allowed are %s", shorten(m.QueryType), strings.Join(catalogue.Names(), ", "))
	}
	r := &Request{Type: q, FromAlert: o.FromAlert, Disguise: o.Disguise}
	o.patterns = &patternBudget{stopped: o.Stopped}
	checks := []func(*model, Options) error{
		r.refuseDetections, r.setFormat, r.setRange, r.setFilters, r.setGroupBy, r.setFields, r.setDirection, r.setLimit, r.setInterval,
		r.setMeasure, r.setHaving, r.setFirstSeen, r.setSequence, r.setCompare,
	}
	if !q.HasRows() {
		checks = []func(*model, Options) error{r.refuseAlert, r.refuseDetections, r.setFormat, r.setRange, r.setFilters, r.setPart, r.setQuestion}
	}
	for _, check := range checks {
		if err := check(&m, o); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func joinNames[T ~string](names []T) string {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = string(name)
	}
	return strings.Join(texts, ", ")
}

// forms are what the properties of a query can be.
var forms = map[reflect.Kind]string{reflect.String: "a string", reflect.Slice: "a list", reflect.Struct: "an object"}

func describeJSONError(err error) string {
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) && typed.Field != "" {
		return fmt.Sprintf("%s cannot be a %s; it is %s", typed.Field, typed.Value, forms[typed.Type.Kind()])
	}
	return err.Error()
}

func (r *Request) setFormat(m *model, _ Options) error {
	if m.Format == "" {
		m.Format = string(FormatTable)
	}
	r.Format = Format(m.Format)
	if formats := FormatsOf(r.Type); !slices.Contains(formats, r.Format) {
		return invalid("%s have no format %q; allowed are %s", r.Type.Noun.Many, shorten(m.Format), joinNames(formats))
	}
	return nil
}

func (r *Request) setRange(_ *model, o Options) error {
	if o.From.IsZero() || o.To.IsZero() || o.From.Unix() < 0 || o.To.Year() > 2200 {
		return invalid("the time range has no start or no end between 1970 and 2200; choose a time range")
	}
	if o.To.Before(o.From) {
		return invalid("the time range ends (%s) before it starts (%s); swap the start and the end", o.To.UTC().Format(time.RFC3339), o.From.UTC().Format(time.RFC3339))
	}
	if days := r.Type.Retention.MaxDays; days > 0 {
		oldest := o.Now.Add(-time.Duration(days) * 24 * time.Hour)
		if o.To.Before(oldest) {
			return invalid("the time range ends on %s, but Cloudflare keeps %s for at most %d days; choose a range after %s",
				o.To.UTC().Format(time.DateOnly), strings.ToLower(r.Type.Title), days, oldest.UTC().Format(time.DateOnly))
		}
	}
	r.Range = interval.Inclusive(o.From, o.To)
	return nil
}

func (r *Request) setFilters(m *model, o Options) (err error) {
	if r.Filters, err = r.compileFilters(m.Filters, o); err != nil {
		return err
	}
	for _, name := range r.Type.RequiredFilters {
		if !slices.ContainsFunc(r.Filters, func(f *Filter) bool { return f.Field.Name == name }) {
			return invalid("%s need a filter on %s: a UUID or an email address", strings.ToLower(r.Type.Title), name)
		}
	}
	return nil
}

func (r *Request) compileFilters(models []filterModel, o Options) ([]*Filter, error) {
	if len(models) > MaxFilters {
		return nil, invalid("the query has %d filters; at most %d are allowed", len(models), MaxFilters)
	}
	filters := make([]*Filter, len(models))
	for i, f := range models {
		var err error
		if filters[i], err = compileFilter(r.Type, f, o.Disguise, o.patterns); err != nil {
			return nil, err
		}
	}
	return filters, nil
}

func (r *Request) setGroupBy(m *model, _ Options) error {
	if m.GroupBy == nil && r.Format == FormatTimeSeries && r.Type.Outcome.Field != "" {
		m.GroupBy = []string{r.Type.Outcome.Field}
	}
	if r.Format == FormatLogs {
		if len(m.GroupBy) > 0 {
			return invalid("logs cannot be grouped; use the format table or time_series, or remove groupBy")
		}
		return nil
	}
	for _, name := range m.GroupBy {
		f, ok := r.Type.Field(name)
		if !ok || !f.Groupable {
			return invalid("%s cannot be grouped by %q; allowed are %s", strings.ToLower(r.Type.Title), shorten(name), catalogue.FieldNames(r.Type.Groupable()))
		}
		if !slices.Contains(r.GroupBy, f) {
			r.GroupBy = append(r.GroupBy, f)
		}
	}
	return nil
}

func (r *Request) setFields(m *model, _ Options) error {
	for _, name := range m.Fields {
		if name == catalogue.OtherField && r.Type.API == "rest" {
			r.Other = true
			continue
		}
		f, ok := r.Type.Field(name)
		if !ok || f.FilterOnly {
			return invalid("%s have no field %q; allowed are %s", strings.ToLower(r.Type.Title), shorten(name), catalogue.FieldNames(r.Type.Columns(true)))
		}
		if !slices.Contains(r.Fields, f) {
			r.Fields = append(r.Fields, f)
		}
	}
	if r.Format == FormatLogs {
		// The line itself needs all fields, whichever of them are its labels.
		r.Labels, r.Fields = r.Fields, nil
		r.LabelOther, r.Other = r.Other, false
	}
	return nil
}

func (r *Request) setDirection(m *model, _ Options) error {
	switch m.Direction {
	case "", "desc":
	case "asc":
		r.Ascending = true
	default:
		return invalid("unknown direction %q; allowed are desc (newest first) and asc", shorten(m.Direction))
	}
	return nil
}

func (r *Request) setLimit(m *model, o Options) error {
	limit := DefaultLimit
	if limit > o.MaxLimit {
		limit = o.MaxLimit
	}
	if len(m.Limit) > 0 && string(m.Limit) != "null" {
		if err := json.Unmarshal(m.Limit, &limit); err != nil || limit < 1 || limit > o.MaxLimit {
			return invalid("limit %s is not allowed; it must be a whole number from 1 to %d (the data source's maximum rows)", shorten(string(m.Limit)), o.MaxLimit)
		}
	}
	if r.Format != FormatTimeSeries {
		r.Limit = limit
	}
	return nil
}

func (r *Request) setInterval(_ *model, o Options) error {
	if r.Format != FormatTimeSeries {
		return nil
	}
	length := time.Duration(r.Range.Length())
	bucket := o.Interval
	if bucket <= 0 {
		points := o.MaxDataPoints
		if points <= 0 {
			points = 1000
		}
		bucket = roundUp(length/time.Duration(points), time.Second)
	}
	least := r.Type.MinInterval()
	bucket = roundUp(max(bucket, least), time.Millisecond)
	if int64(length/bucket)+2 > MaxBuckets {
		bucket = roundUp(length/(MaxBuckets-2), least)
	}
	r.Interval = bucket
	return nil
}

// shorten keeps what a person wrote recognisable in a message of bounded length.
func shorten(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// roundUp raises d to the next multiple of unit, at least one.
func roundUp(d, unit time.Duration) time.Duration {
	return time.Duration(interval.Ceil(max(int64(d), 1), int64(unit)))
}
