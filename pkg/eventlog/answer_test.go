package eventlog_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func TestSeriesCountsEveryBucket(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := day()
		l := lab.New(t, spread(5000, from, to))
		r := lab.Request(t, `{"format":"time_series","groupBy":["country","allowed"]}`, from.Add(7*time.Second), to)
		res, err := l.Query(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		want, total := map[string][]int64{}, int64(0)
		for _, e := range l.Truth(r, nil) {
			key := strings.ToUpper(e.Country) + map[bool]string{true: "true", false: "false"}[e.Allowed]
			if want[key] == nil {
				want[key] = make([]int64, r.Buckets())
			}
			want[key][e.At.Sub(r.Needed().Start())/r.Interval]++
			total++
		}
		got := map[string][]int64{}
		for _, g := range res.Series.Groups {
			got[g.Key[0].Text+g.Key[1].Text] = g.Counts
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if c := res.Coverage; c.Rows != total || !c.Complete || total < 4000 {
			t.Errorf("%+v, want %d rows", c, total)
		}
	})
}

func TestABucketHoldsItsStartAndNotItsEnd(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		start := noon.Add(-time.Hour)
		var events []account.Event
		add := func(country string, at time.Time, count int) {
			for _, e := range account.TiedEvents(count, at, uint64(at.UnixNano())) {
				e.Country = country
				events = append(events, e)
			}
		}
		add("GB", start, 1)
		add("US", start.Add(time.Minute-time.Millisecond), 2)
		add("US", start.Add(time.Minute), 3)
		add("DE", start.Add(3*time.Minute-time.Nanosecond), 1)
		add("US", start.Add(-time.Nanosecond), 50)
		add("US", start.Add(3*time.Minute), 50)
		l := lab.New(t, holding(events))
		res := l.Ask(t, `{"format":"time_series","groupBy":["country"]}`, start.Add(30*time.Second), start.Add(150*time.Second),
			func(o *query.Options) { o.Interval = time.Minute })
		var got []any
		for _, g := range res.Series.Groups {
			got = append(got, g.Key[0].Text, g.Counts)
		}
		want := []any{"US", []int64{2, 3, 0}, "DE", []int64{0, 0, 1}, "GB", []int64{1, 0, 0}}
		if diff := cmp.Diff(want, got); diff != "" || res.Coverage.Rows != 7 {
			t.Error(diff, res.Coverage.Rows)
		}
	})
}

func TestFiltersAndGroups(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := day()
		config := spread(3000, from, to)
		l := lab.New(t, config)
		some := config.Events[1234]
		for _, c := range []struct {
			filters string
			keep    func(account.Event) bool
		}{
			{`{"field":"country","operator":"=","values":["de"]}`, func(e account.Event) bool { return e.Country == "de" }},
			{`{"field":"country","operator":"!=","values":["DE","GB"]}`, func(e account.Event) bool { return e.Country != "de" && e.Country != "GB" }},
			{`{"field":"outcome","operator":"=","values":["blocked"]}`, func(e account.Event) bool { return !e.Allowed }},
			{`{"field":"allowed","operator":"!=","values":[true]}`, func(e account.Event) bool { return !e.Allowed }},
			{`{"field":"user_email","operator":"=~","values":["^user1\\d@"]}`, func(e account.Event) bool { return len(e.Email) == len("user10@example.com") && e.Email[4] == '1' }},
			{`{"field":"ray_id","operator":"=","values":["` + strings.ToUpper(some.RayID) + `-LHR"]}`, func(e account.Event) bool { return e.RayID == some.RayID }},
			{`{"field":"ray_id","operator":"contains","values":["` + some.RayID[:3] + `"]}`, func(e account.Event) bool { return strings.Contains(e.RayID, some.RayID[:3]) }},
			{`{"field":"created_at","operator":">","values":["` + some.At.Format(time.RFC3339Nano) + `"]}`, func(e account.Event) bool { return e.At.After(some.At) }},
			{`{"field":"non_identity","operator":"=","values":["true"]}`, func(account.Event) bool { return false }},
			{`{"field":"country","operator":"=","values":["GB"]},{"field":"outcome","operator":"=","values":["allowed"]}`, func(e account.Event) bool { return e.Country == "GB" && e.Allowed }},
		} {
			r := lab.Request(t, `{"limit":100000,"filters":[`+c.filters+`]}`, from, to)
			res, err := l.Query(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if want := account.RayIDs(l.Truth(r, c.keep)); !sameSet(lab.Rays(t, res.Table), want) || !res.Coverage.Complete {
				t.Errorf("%s: %d rows, want %d, %+v", c.filters, len(res.Table.Times), len(want), res.Coverage)
			}
			grouped := l.Ask(t, `{"groupBy":["country","user_email"],"limit":100000,"filters":[`+c.filters+`]}`, from, to)
			var total int64
			for _, g := range grouped.Groups.Rows {
				total += g.Count
			}
			if total != res.Coverage.Rows || grouped.Coverage.Rows != total {
				t.Errorf("%s: the groups count %d, want %d", c.filters, total, res.Coverage.Rows)
			}
		}
	})
}

func TestCutGroupsCountAll(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := day()
		res := lab.New(t, spread(3000, from, to)).Ask(t, `{"groupBy":["country"],"limit":2}`, from, to)
		if len(res.Groups.Rows) != 2 || res.Coverage.Rows != 3000 || !res.Coverage.Complete || len(res.Notices) != 1 {
			t.Errorf("%+v %+v %v", res.Groups.Rows, res.Coverage, res.Notices)
		}
		if res.Groups.Rows[0].Count < res.Groups.Rows[1].Count {
			t.Error("the largest group is not the first")
		}
	})
}

func TestEmptyPastsMentionRetention(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, spread(100, noon.Add(-24*time.Hour), noon))
		if res := l.Ask(t, `{}`, noon.Add(-30*24*time.Hour), noon); len(res.Notices) != 1 || !strings.Contains(res.Notices[0].Text, "retention") || !res.Coverage.Complete {
			t.Errorf("%v", res.Notices)
		}
		if res := l.Ask(t, `{}`, noon.Add(-20*time.Hour), noon); len(res.Notices) != 0 {
			t.Errorf("%v", res.Notices)
		}
	})
}

func TestAnAnswerIsTheCallersOwn(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := day()
		l := lab.New(t, spread(100, from, to))
		ask := func() []string {
			res := l.Ask(t, `{"limit":1000}`, from, to)
			rays := lab.Rays(t, res.Table)
			for k := range res.Table.Columns { // as masking does
				for i := range res.Table.Columns[k].Values {
					res.Table.Columns[k].Values[i].Text = "masked"
				}
			}
			return rays
		}
		if first, again := ask(), ask(); !slices.Equal(first, again) {
			t.Error("what a caller did to its answer is in the next one")
		}
	})
}
