package account

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Filter is one of a query's filters, in its words.
type Filter struct {
	Field    string   `json:"field"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

// match tells which rows pass. It is the truth that answers are held against, so
// it shares no code with the data source.
func (l *Logins) match(filters []Filter) (func(row int) bool, error) {
	tests := make([]func(row int) bool, 0, len(filters))
	for _, f := range filters {
		test, err := f.test()
		if err != nil {
			return nil, err
		}
		if c, ok := l.columns[f.Field]; ok {
			passes := make([]bool, len(c.values))
			for code, value := range c.values {
				passes[code] = test(value)
			}
			tests = append(tests, func(row int) bool { return passes[c.codes[row]] })
			continue
		}
		tests = append(tests, func(row int) bool { return test(l.value(f.Field, row)) })
	}
	return func(row int) bool {
		for _, test := range tests {
			if !test(row) {
				return false
			}
		}
		return true
	}, nil
}

func (f Filter) test() (func(value string) bool, error) {
	operator, negated := strings.CutPrefix(f.Operator, "!")
	var holds func(value string) bool
	switch operator {
	case "=":
		holds = func(value string) bool { return slices.Contains(f.Values, value) }
	case "contains":
		holds = func(value string) bool {
			return slices.ContainsFunc(f.Values, func(v string) bool { return strings.Contains(value, v) })
		}
	case "=~", "~":
		pattern, err := regexp.Compile(strings.Join(f.Values, "|"))
		if err != nil {
			return nil, err
		}
		holds = pattern.MatchString
	default:
		return nil, fmt.Errorf("the account knows no operator %q", f.Operator)
	}
	return func(value string) bool { return holds(value) != negated }, nil
}

// Counting is what Count counts: the rows from From to before Until that pass the
// filters, by the values of GroupBy and by bucket. The Buckets are of equal
// length and reach from From to To.
type Counting struct {
	Filters         []Filter
	GroupBy         []string
	From, To, Until time.Time
	Buckets         int
}

// Count counts logins. Keys are the values of the grouping fields, joined with
// a zero byte.
func (l *Logins) Count(c Counting) (map[string][]int64, error) {
	passes, err := l.match(c.Filters)
	if err != nil {
		return nil, err
	}
	fields := make([]column, len(c.GroupBy))
	for i, name := range c.GroupBy {
		fields[i].codes, fields[i].values = l.Column(name)
	}
	length := c.To.Sub(c.From).Nanoseconds() / int64(c.Buckets)
	byCode := map[uint64][]int64{}
	lo, hi := l.Between(c.From, c.Until)
	for row := lo; row < hi; row++ {
		if !passes(row) {
			continue
		}
		code := uint64(0)
		for _, field := range fields {
			code = code*uint64(len(field.values)) + uint64(field.codes[row])
		}
		counts := byCode[code]
		if counts == nil {
			counts = make([]int64, c.Buckets)
			byCode[code] = counts
		}
		counts[(l.Times[row]-c.From.UnixNano())/length]++
	}
	result := make(map[string][]int64, len(byCode))
	for code, counts := range byCode {
		key := make([]string, len(fields))
		for i := len(fields) - 1; i >= 0; i-- {
			size := uint64(len(fields[i].values))
			key[i], code = fields[i].values[code%size], code/size
		}
		name := strings.Join(key, "\x00")
		// Several codes can stand for the same value.
		if sum := result[name]; sum != nil {
			for i, n := range counts {
				sum[i] += n
			}
			continue
		}
		result[name] = counts
	}
	return result, nil
}

// Column gives a field's code for each row, and what the codes stand for. It is
// for the loops that the data source is measured against.
func (l *Logins) Column(name string) (codes []uint32, values []string) {
	c, ok := l.columns[name]
	if !ok {
		panic("no column " + name)
	}
	return c.codes, c.values
}

// Value is what the data source shows of a field of a row; times are not among
// the fields.
func (l *Logins) Value(name string, row int) string { return l.value(name, row) }

// Has says whether the rows have a field, besides their time.
func (l *Logins) Has(name string) bool {
	_, ok := l.columns[name]
	return ok || name == "ray_id" || name == "action"
}

// Newest are the times of the newest rows from from to before until that pass
// the filters, newest first, at most limit.
func (l *Logins) Newest(filters []Filter, from, until time.Time, limit int) ([]int64, error) {
	passes, err := l.match(filters)
	if err != nil {
		return nil, err
	}
	var times []int64
	lo, hi := l.Between(from, until)
	for row := hi - 1; row >= lo && len(times) < limit; row-- {
		if passes(row) {
			times = append(times, l.Times[row])
		}
	}
	return times, nil
}

// parameters are the query parameters of access_requests that filter, with the
// field that each is about. Those without a documented value are taken as
// Cloudflare's dashboard would have to send them.
var parameters = map[string]string{"email": "user_email", "allowed": "allowed", "country_code": "country",
	"app_type": "app_type", "app_uid": "app_uid", "ray_id": "ray_id", "idp": "idp", "non_identity": "non_identity"}

// FilterQuirk is what becomes of a parameter that filters.
type FilterQuirk int

// What can become of it.
const (
	FilterApplied FilterQuirk = iota
	FilterIgnored
	// FilterEmptied lets no row pass.
	FilterEmptied
	// FilterRefused answers the call with HTTP 400.
	FilterRefused
)

// filters are those that a request asks the account to apply. nothing says that
// no row passes them. Parameters about a field that the log lacks are ignored, as
// Cloudflare does with those that it does not know.
func (k Quirks) filters(q url.Values, l rowLog) (filters []Filter, nothing bool, err error) {
	for parameter, field := range parameters {
		if !q.Has(parameter) {
			continue
		}
		switch k.Filters[parameter] {
		case FilterRefused:
			return nil, false, fmt.Errorf("unknown parameter %s", parameter)
		case FilterEmptied:
			nothing = true
		case FilterIgnored:
			continue
		}
		if !l.Has(field) {
			continue
		}
		value, operator := q.Get(parameter), "="
		if field == "country" {
			value = strings.ToUpper(value)
		}
		if field == "user_email" && q.Get("email_exact") != "true" && q.Get("emailOp") != "eq" {
			operator = "contains"
		}
		if q.Get(parameter+"Op") == "neq" {
			operator = "!" + operator
		}
		filters = append(filters, Filter{Field: field, Operator: operator, Values: []string{value}})
	}
	return filters, nothing, nil
}
