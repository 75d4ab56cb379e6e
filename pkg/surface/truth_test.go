package surface_test

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	difference "github.com/google/go-cmp/cmp"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// The truth of login groups: what an answer has to be, counted from the account's
// logins. It shares no code with what is tested but the reading of the query.

// grains are the fields that are a login's time, and their units.
var grains = map[string]time.Duration{"datetime": time.Second, "datetimeMinute": time.Minute, "date": 24 * time.Hour}

// shown is what an answer shows of a login.
func shown(f *catalogue.Field, e account.LoginEvent) string {
	switch {
	case f.Name == "outcome":
		return map[string]string{"1": "allowed", "0": "blocked"}[e.Text("isSuccessfulLogin")]
	case f.Kind == catalogue.KindBoolean:
		return map[string]string{"1": "true", "0": "false"}[e.Text(f.Name)]
	case f.Kind == catalogue.KindCountry:
		return strings.ToUpper(e.Text(f.Name))
	case grains[f.Name] > 0:
		return e.At.UTC().Truncate(grains[f.Name]).Format(time.RFC3339)
	}
	return e.Text(f.Name)
}

// passes says whether a filter lets a login through.
func passes(f *query.Filter, e account.LoginEvent) bool {
	operator, negated := strings.CutPrefix(string(f.Operator), "!")
	value := shown(f.Field, e)
	hit := slices.ContainsFunc(f.Values, func(v string) bool {
		switch operator {
		case "=":
			return compareValues(f.Field, value, v) == 0
		case "contains":
			return strings.Contains(value, v)
		case "=~", "~":
			return regexp.MustCompile(v).MatchString(value)
		case "<":
			return compareValues(f.Field, value, v) < 0
		case "<=":
			return compareValues(f.Field, value, v) <= 0
		case ">":
			return compareValues(f.Field, value, v) > 0
		case ">=":
			return compareValues(f.Field, value, v) >= 0
		}
		panic("no truth about " + f.String())
	})
	return hit != negated
}

func compareValues(f *catalogue.Field, a, b string) int {
	switch f.Kind {
	case catalogue.KindTime:
		x, failed := time.Parse(time.RFC3339Nano, a)
		y, err := time.Parse(time.RFC3339Nano, b)
		if failed != nil || err != nil {
			panic(a + " or " + b + " is no time")
		}
		return x.Compare(y)
	case catalogue.KindNumber:
		x, failed := strconv.ParseFloat(a, 64)
		y, err := strconv.ParseFloat(b, 64)
		if failed != nil || err != nil {
			panic(a + " or " + b + " is no number")
		}
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

// truth is the logins that a request is about. Cloudflare tells the second of a
// login, so that is its time.
func (s *source) truth(r *query.Request) []account.LoginEvent {
	return s.account.LoginTruth(r.Needed().Start(), r.Needed().Last(), func(e account.LoginEvent) bool {
		return !slices.ContainsFunc(r.Filters, func(f *query.Filter) bool { return !passes(f, e) })
	})
}

func (s *source) weight(e account.LoginEvent) int64 { return max(e.Count, 1) * s.sampled }

// key is what a login shows of fields.
func key(fields []*catalogue.Field, e account.LoginEvent) string {
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = shown(f, e)
	}
	return strings.Join(texts, "|")
}

func keyOf(cells []query.Cell) string {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = c.Text
	}
	return strings.Join(texts, "|")
}

// wantCounts are the counts of groups, or of groups and buckets.
func (s *source) wantCounts(r *query.Request) map[string]int64 {
	want := map[string]int64{}
	for _, e := range s.truth(r) {
		name := key(r.GroupBy, e)
		if r.Interval > 0 {
			name += fmt.Sprintf("@%d", e.At.Truncate(time.Second).Sub(r.Needed().Start())/r.Interval)
		}
		want[name] += s.weight(e)
	}
	return want
}

func gotCounts(result *answer.Result) map[string]int64 {
	got := map[string]int64{}
	if result.Groups != nil {
		for _, row := range result.Groups.Rows {
			got[keyOf(row.Key)] += row.Count
		}
		return got
	}
	for _, g := range result.Series.Groups {
		for i, count := range g.Counts {
			if count != 0 {
				got[fmt.Sprintf("%s@%d", keyOf(g.Key), i)] += count
			}
		}
	}
	return got
}

// line is a row of a plain table.
type line struct {
	at    time.Time
	texts []string
	count int64
}

func (l line) String() string { return fmt.Sprintf("%s %d", strings.Join(l.texts, "|"), l.count) }

// wantList is what a plain table shows: a line a group, newest or largest first,
// up to the limit.
func (s *source) wantList(r *query.Request) (lines []string, cut bool) {
	index := map[string]*line{}
	for _, e := range s.truth(r) {
		l := index[key(r.Fields, e)]
		if l == nil {
			l = &line{}
			for _, f := range r.Fields {
				l.texts = append(l.texts, shown(f, e))
				if unit := grains[f.Name]; unit > 0 && e.At.Truncate(unit).After(l.at) {
					l.at = e.At.Truncate(unit)
				}
			}
			index[key(r.Fields, e)] = l
		}
		l.count += s.weight(e)
	}
	var all []*line
	for _, l := range index {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b *line) int {
		at := b.at.Compare(a.at)
		if r.Ascending {
			at = -at
		}
		return cmp.Or(at, cmp.Compare(b.count, a.count), slices.Compare(a.texts, b.texts))
	})
	for i, l := range all {
		if i == r.Limit {
			return lines, true
		}
		lines = append(lines, l.String())
	}
	return lines, false
}

func gotList(table *answer.Table) []string {
	var lines []string
	for i := range table.Times {
		l := line{count: table.Counts[i]}
		for c := range table.Columns {
			l.texts = append(l.texts, table.Cell(&table.Columns[c], i).Text)
		}
		lines = append(lines, l.String())
	}
	return lines
}

// check holds an answer against the truth: counts, or a plain table with named
// columns. Nothing but the limit can cut it.
func (s *source) check(t tester, r *query.Request, result *answer.Result) {
	t.Helper()
	c, cut, rows := result.Coverage, false, int64(0)
	if result.Table == nil {
		want := s.wantCounts(r)
		if diff := difference.Diff(want, gotCounts(result)); diff != "" {
			t.Error(diff)
		}
		for _, count := range want {
			rows += count
		}
	} else {
		var want []string
		if want, cut = s.wantList(r); len(r.Fields) == 0 {
			t.Fatal("the truth needs to know the columns")
		}
		if diff := difference.Diff(want, gotList(result.Table)); diff != "" {
			t.Error(diff)
		}
		for _, count := range result.Table.Counts {
			rows += count
		}
	}
	if c.Complete == cut || cut && c.Reason != answer.ReasonLimit {
		t.Errorf("cut %v, coverage %+v, notices %+v", cut, c, result.Notices)
	}
	if c.Sampled != (s.sampled > 1 && rows > 0) || c.Sampled && c.SampleInterval != float64(s.sampled) {
		t.Errorf("sampled %v, by %v", c.Sampled, c.SampleInterval)
	}
	if c.CachedRows > 0 && c.CachedAt == nil {
		t.Errorf("%d cached logins of %v", c.CachedRows, c.CachedAt)
	}
	if c.Rows != rows {
		t.Errorf("%d logins of %d in the coverage", c.Rows, rows)
	}
}

// checked asks, and holds the answer against the truth. calls are those that it
// took.
func (s *source) checked(t tester, r *query.Request) (result *answer.Result, calls int) {
	t.Helper()
	before := s.calls()
	result = s.ask(t, r)
	s.check(t, r, result)
	return result, s.calls() - before
}
