package eventlog_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestColdScanTakesHardlyMoreCallsThanPages(t *testing.T) {
	for name, events := range map[string][]event{
		"even":   spread(100_000, epoch.Add(-24*time.Hour), epoch.Add(-time.Hour), 1),
		"bursts": append(spread(60_000, epoch.Add(-24*time.Hour), epoch, 2), relabel(spread(40_000, epoch.Add(-5*time.Hour), epoch.Add(-5*time.Hour+10*time.Minute), 3))...),
	} {
		for bounds := range boundsKinds {
			u := newUpstream(personality{Bounds: bounds}, events, 1)
			l := newLog(t, u)
			r := ask(t, u, `{"limit":200000}`, epoch.Add(-24*time.Hour), epoch)
			res, err := l.Query(context.Background(), r, u.source())
			if err != nil {
				t.Fatal(err)
			}
			if got, want := raysOf(t, res.Table), u.truth(r.Window, nil); !sameSet(got, want) || !res.Coverage.Complete {
				t.Errorf("%s, bounds %d: %d rows of %d, coverage %+v", name, bounds, len(got), len(want), res.Coverage)
			}
			if u.count() > 125 {
				t.Errorf("%s, bounds %d: %d calls for 100,000 rows", name, bounds, u.count())
			}
			t.Logf("%s, bounds %d: %d calls", name, bounds, u.count())
		}
	}
}

// relabel gives events Ray IDs of their own.
func relabel(events []event) []event {
	for i := range events {
		events[i].ray = "f" + events[i].ray[:15]
	}
	return events
}

// A page that spans three seconds does not show the order of rows by itself.
func TestDenseFeedsTakeHardlyMoreCallsThanPages(t *testing.T) {
	u := newUpstream(personality{}, spread(100_000, epoch.Add(-6*time.Minute), epoch.Add(-time.Minute), 1), 1)
	res := run(t, newLog(t, u), u, `{"groupBy":["country"]}`, epoch.Add(-6*time.Minute), epoch.Add(-time.Minute))
	if res.Coverage.Rows != 100_000 || u.count() > 125 {
		t.Errorf("%d calls for %d rows", u.count(), res.Coverage.Rows)
	}
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// drawEvents draws a feed with bursts, ties, and more ties than a page holds.
func drawEvents(t *rapid.T) []event {
	length := rapid.SampledFrom([]time.Duration{6 * time.Hour, 10 * time.Minute, 10 * time.Second}).Draw(t, "length")
	start := epoch.Add(-length)
	events := spread(rapid.IntRange(0, 3000).Draw(t, "events"), start, epoch, rapid.Uint64().Draw(t, "seed"))
	for range rapid.IntRange(0, 3).Draw(t, "ties") {
		at := start.Add(time.Duration(rapid.Int64Range(0, int64(length)).Draw(t, "tied at")))
		if rapid.Bool().Draw(t, "whole second") {
			at = at.Truncate(time.Second)
		}
		from := rapid.IntRange(0, max(0, len(events)-1)).Draw(t, "first tied")
		for i := from; i < min(len(events), from+rapid.IntRange(1, 400).Draw(t, "tied")); i++ {
			events[i].at = at
		}
	}
	return events
}

func drawPersonality(t *rapid.T) personality {
	return personality{
		Bounds:      boundsKind(rapid.IntRange(0, int(boundsKinds)-1).Draw(t, "bounds")),
		Limit:       limitKind(rapid.IntRange(0, int(limitKinds)-1).Draw(t, "limit")),
		Cap:         rapid.SampledFrom([]int{0, 0, 25, 37, 100, 250, 500}).Draw(t, "cap"),
		NoInfo:      rapid.Bool().Draw(t, "no result_info"),
		EchoesSize:  rapid.Bool().Draw(t, "echoes the size"),
		Order:       rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3}).Draw(t, "order"),
		TiesShuffle: rapid.Bool().Draw(t, "ties shuffle"),
		Repeats:     rapid.SampledFrom([]float64{0, 0, 0.05}).Draw(t, "repeats"),
		Shift:       rapid.SampledFrom([]float64{0, 0, 0.2}).Draw(t, "shift"),
		Faults:      rapid.SampledFrom([]float64{0, 0, 0.05}).Draw(t, "faults"),
		IgnoresPage: rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, "ignores page"),
		Strays:      rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, "strays"),
	}
}

// harmless personalities leave nothing to guess: the answer must be complete.
func (p personality) harmless() bool {
	return p.Faults == 0 && p.Shift == 0 && p.Repeats == 0 && !p.IgnoresPage && !p.TiesShuffle && p.Order != 3 && !p.Strays
}

func TestAnyUpstreamGivesTheTruthOrSaysThatItDoesNot(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPersonality(rt)
		u := newUpstream(p, drawEvents(rt), 7)
		l := eventlog.New(eventlog.Config{Limit: rapid.SampledFrom([]int64{0, 20_000, 1 << 30}).Draw(rt, "cache"), SealAfter: 15 * time.Minute, MaxRows: 100_000, Now: u.clock.now})
		defer l.Close()
		for range 3 {
			reach := rapid.SampledFrom([]time.Duration{7 * time.Hour, 11 * time.Minute, 11 * time.Second}).Draw(rt, "reach")
			from := epoch.Add(-time.Duration(rapid.Int64Range(0, int64(reach/time.Millisecond)).Draw(rt, "from")) * time.Millisecond)
			to := from.Add(time.Duration(rapid.Int64Range(0, int64(reach/time.Millisecond)).Draw(rt, "length")) * time.Millisecond)
			r := ask(t, u, rapid.SampledFrom([]string{`{"limit":100000}`, `{"limit":100000,"direction":"asc"}`}).Draw(rt, "query"), from, to)
			before := u.count()
			res, err := l.Query(context.Background(), r, u.source())
			if err != nil {
				if p.harmless() {
					rt.Fatalf("error %v", err)
				}
				continue
			}
			check(rt, u, r, res, p)
			if n := len(u.truth(query.Window{From: from.Add(-time.Hour), To: to.Add(time.Hour)}, nil)); u.count()-before > 60+40*n/25 {
				rt.Fatalf("%d calls for %d rows", u.count()-before, n)
			}
		}
	})
}

func check(rt *rapid.T, u *upstream, r *query.Request, res *eventlog.Result, p personality) {
	got, want := raysOf(rt, res.Table), u.truth(r.Window, nil)
	if res.Coverage.Complete && !sameSet(got, want) {
		rt.Fatalf("complete with %d rows, the truth has %d", len(got), len(want))
	}
	if !res.Coverage.Complete && res.Coverage.Reason == "" {
		rt.Fatal("incomplete without a reason")
	}
	if !res.Coverage.Complete && p.harmless() {
		rt.Fatalf("incomplete: %s, %+v", res.Coverage.Reason, res.Notices)
	}
	if !subset(got, want) {
		rt.Fatalf("%d rows are not a part of the truth's %d", len(got), len(want))
	}
	if !slices.IsSortedFunc(res.Table.Times, func(a, b time.Time) int {
		if r.Ascending {
			return a.Compare(b)
		}
		return b.Compare(a)
	}) {
		rt.Fatal("rows are not in order")
	}
}

func subset(part, all []string) bool {
	left := map[string]int{}
	for _, x := range all {
		left[x]++
	}
	for _, x := range part {
		if left[x]--; left[x] < 0 {
			return false
		}
	}
	return true
}

// drawFilter draws a filter with the events that it keeps.
func drawFilter(t *rapid.T, u *upstream) (string, func(event) bool) {
	some := event{ray: "0", email: "nobody@example.com"}
	if len(u.events) > 0 && rapid.IntRange(0, 3).Draw(t, "known") > 0 {
		some = u.events[rapid.IntRange(0, len(u.events)-1).Draw(t, "of")]
	}
	switch rapid.IntRange(0, 3).Draw(t, "filter") {
	case 0:
		return `{"field":"ray_id","operator":"=","values":["` + some.ray + `"]}`, func(e event) bool { return e.ray == some.ray }
	case 1:
		return `{"field":"user_email","operator":"=","values":["` + some.email + `"]}`, func(e event) bool { return e.email == some.email }
	case 2:
		return `{"field":"outcome","operator":"=","values":["blocked"]}`, func(e event) bool { return !e.allowed }
	default:
		return `{"field":"country","operator":"!=","values":["GB"]}`, func(e event) bool { return e.country != "GB" }
	}
}

// Filters are pushed where the feed is long; whatever the upstream makes of them,
// lists, groups and series have to agree with the truth or say that they do not.
func TestAnyFilterGivesTheTruthOrSaysThatItDoesNot(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPersonality(rt)
		p.Cap = rapid.SampledFrom([]int{25, 100}).Draw(rt, "small cap")
		u := newUpstream(p, drawEvents(rt), 7)
		u.mishandles = rapid.SampledFrom([]string{"", "", "ray_id", "email", "allowed", "country_code"}).Draw(rt, "ignores")
		u.empties = rapid.SampledFrom([]string{"", "", "ray_id", "email", "allowed", "country_code"}).Draw(rt, "empties")
		maxRows := rapid.SampledFrom([]int{200, 1000, 100_000}).Draw(rt, "maxRows")
		l := eventlog.New(eventlog.Config{Limit: 1 << 20, SealAfter: 15 * time.Minute, MaxRows: maxRows, Now: u.clock.now})
		defer l.Close()
		for range 3 {
			filter, keep := drawFilter(rt, u)
			shape := rapid.SampledFrom([]string{`"limit":100000`, `"limit":50`, `"limit":50,"direction":"asc"`, `"groupBy":["country"]`, `"format":"time_series"`}).Draw(rt, "shape")
			r := ask(t, u, `{"filters":[`+filter+`],`+shape+`}`, epoch.Add(-7*time.Hour), epoch)
			res, err := l.Query(context.Background(), r, u.source())
			if err != nil {
				if p.harmless() {
					rt.Fatalf("error %v", err)
				}
				continue
			}
			want := u.truth(r.Span(), keep)
			switch c := res.Coverage; {
			case c.Rows > int64(len(want)):
				rt.Fatalf("%d rows of %d", c.Rows, len(want))
			case c.Complete && c.Rows != int64(len(want)):
				rt.Fatalf("complete with %d rows of %d", c.Rows, len(want))
			case c.Reason == eventlog.ReasonLimit && !u.atTheEnd(raysOf(rt, res.Table), want, r):
				rt.Fatalf("not the %d rows at the end", r.Limit)
			case !c.Complete && p.harmless() && c.Reason != eventlog.ReasonLimit && c.Reason != eventlog.ReasonMaxRows:
				rt.Fatalf("incomplete: %s", c.Reason)
			}
		}
	})
}

// atTheEnd says whether the rows are the newest, or oldest, of all, which are
// oldest first. Which of several rows at the same instant the limit keeps is the
// log's to choose.
func (u *upstream) atTheEnd(rows, all []string, r *query.Request) bool {
	ends := all[max(0, len(all)-r.Limit):]
	if r.Ascending {
		ends = all[:min(r.Limit, len(all))]
	}
	return subset(rows, all) && slices.Equal(u.times(rows), u.times(ends))
}

// times are when the rows happened, oldest first.
func (u *upstream) times(rays []string) []int64 {
	out := make([]int64, 0, len(rays))
	for _, e := range u.events {
		if slices.Contains(rays, e.ray) {
			out = append(out, e.at.UnixNano())
		}
	}
	slices.Sort(out)
	return out
}
