package graphql

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// FuzzGroups reads any JSON as a list of groups: it is an error, or no event is lost
// but those of groups without a time.
func FuzzGroups(f *testing.F) {
	for _, seed := range []string{
		`[]`, `null`, `{}`, `[{}]`, `[7]`,
		`[{"count":3,"avg":{"sampleInterval":1.5},"dimensions":{"datetime":"2026-06-01T12:00:00Z","country":"gb","isSuccessfulLogin":1}}]`,
		`[{"count":"12","avg":{"sampleInterval":10},"dimensions":{"datetime":"2026-06-01T12:00:59Z","country":null,"isSuccessfulLogin":"no"}},{"count":1,"dimensions":{"datetime":""}}]`,
		`[{"count":"many"}]`, `[{"count":-1}]`, `[{"count":1e30,"dimensions":[]}]`, `[{"count":9223372036854775807,"dimensions":{}},{"count":1}]`,
	} {
		f.Add([]byte(seed))
	}
	q, _ := catalogue.Lookup("login_groups")
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			t.Skip("the client lets only JSON through")
		}
		for _, timed := range []bool{true, false} {
			plan := &Plan{limits: limits{maxPageSize: 100}}
			for _, name := range []string{"country", "isSuccessfulLogin"} {
				field, _ := q.Field(name)
				plan.dims = append(plan.dims, field)
			}
			if timed {
				plan.timeDim = q.TimeField()
			}
			s := &scanner{Plan: plan, layout: columnar.NewGroupLayout(q, plan.dims)}
			start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC).UnixNano()
			p := &piece{Interval: interval.Interval{From: start, To: start + interval.Minute}}
			list := gjson.ParseBytes(raw)
			if err := s.read(list, p, 1<<20); err != nil || p.chunk == nil {
				continue
			}
			checkGroups(t, list, p, timed)
		}
	})
}

func checkGroups(t *testing.T, list gjson.Result, p *piece, timed bool) {
	var all int64
	for _, row := range list.Array() {
		n := row.Get("count").Int()
		if n > 1<<40 || hasTwins(row) {
			return // a sum beyond what is counted, or a row of which either reading is right
		}
		all += n
	}
	run := p.chunk.Within(p.Interval)
	got := p.chunk.Events(run.Lo, run.Hi)
	if got > all || !timed && (got != all || p.bad != 0) || timed && p.bad == 0 && got != all {
		t.Fatalf("%d events of %d, %d rows without a time", got, all, p.bad)
	}
}

func hasTwins(row gjson.Result) bool {
	seen, twins := map[string]bool{}, false
	row.ForEach(func(key, _ gjson.Result) bool {
		twins = twins || seen[key.Str]
		seen[key.Str] = true
		return true
	})
	return twins
}
