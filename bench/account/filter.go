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
	"app_type": "app_type", "app_uid": "app_uid", "ray_id": "ray_id"}

// pushedFilters are the filters that a request asks the account to apply.
func pushedFilters(q url.Values) []Filter {
	var filters []Filter
	for parameter, field := range parameters {
		if !q.Has(parameter) {
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
	return filters
}
