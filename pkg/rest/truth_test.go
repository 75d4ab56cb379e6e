package rest_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

// drawEvents draws a feed with bursts, ties, and more ties than a page holds. It
// begins so long before noon.
func drawEvents(t *rapid.T) (events []account.Event, length time.Duration) {
	length = rapid.SampledFrom([]time.Duration{6 * time.Hour, 10 * time.Minute, 10 * time.Second}).Draw(t, "length")
	start := noon.Add(-length)
	most := rapid.SampledFrom([]int{10, 300, 3000, 3000}).Draw(t, "most events")
	events = account.NewEvents(rapid.IntRange(most/2, most).Draw(t, "events"), start, noon, rapid.Uint64().Draw(t, "seed"))
	for range rapid.IntRange(0, 3).Draw(t, "ties") {
		at := start.Add(time.Duration(rapid.Int64Range(0, int64(length)).Draw(t, "tied at")))
		if rapid.Bool().Draw(t, "whole second") {
			at = at.Truncate(time.Second)
		}
		from := rapid.IntRange(0, max(0, len(events)-1)).Draw(t, "first tied")
		for i := from; i < min(len(events), from+rapid.IntRange(1, 400).Draw(t, "tied")); i++ {
			events[i].At = at
		}
	}
	return events, length
}

func drawQuirks(t *rapid.T) account.Quirks {
	return account.Quirks{
		Bounds:        account.Bounds(rapid.IntRange(0, int(account.BoundsKinds)-1).Draw(t, "bounds")),
		Limit:         account.Limit(rapid.IntRange(0, int(account.LimitKinds)-1).Draw(t, "limit")),
		PageCap:       rapid.SampledFrom([]int{0, 0, 25, 37, 100, 250, 500}).Draw(t, "cap"),
		NoResultInfo:  rapid.Bool().Draw(t, "no result_info"),
		EchoesPerPage: rapid.Bool().Draw(t, "echoes the size"),
		ShufflesTies:  rapid.Bool().Draw(t, "shuffles ties"),
		Shift:         rapid.SampledFrom([]float64{0, 0, 0.2}).Draw(t, "shift"),
		IgnoresPage:   rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, "ignores page"),
		// The client asks three times, so that one call in 16 fails for good.
		Unavailable: rapid.SampledFrom([]float64{0, 0, 0.4}).Draw(t, "unavailable"),
	}
}

// harmless quirks leave nothing to guess: the answer must be complete.
func harmless(q account.Quirks) bool {
	return q.Unavailable == 0 && q.Shift == 0 && !q.IgnoresPage && !q.ShufflesTies
}

func TestAnyUpstreamGivesTheTruthOrSaysThatItDoesNot(t *testing.T) {
	lab.Check(t, func(t *rapid.T) {
		quirks := drawQuirks(t)
		events, length := drawEvents(t)
		l := lab.New(t, account.Config{Events: events, Quirks: quirks, Seed: 7, Before: lab.Slow(time.Second)}, func(c *surface.Config) {
			c.Limit, c.MaxRows = rapid.SampledFrom([]int64{0, 20_000, 1 << 30}).Draw(t, "cache"), 100_000
		})
		for range 3 {
			reach := (length + length/10).Milliseconds()
			from := noon.Add(-time.Duration(rapid.Int64Range(0, reach).Draw(t, "from")) * time.Millisecond)
			to := from.Add(time.Duration(rapid.Int64Range(0, reach).Draw(t, "length")) * time.Millisecond)
			if rapid.Bool().Draw(t, "all") {
				from, to = noon.Add(-time.Duration(reach)*time.Millisecond), noon
			}
			r := lab.Request(t, rapid.SampledFrom([]string{`{"limit":100000}`, `{"limit":100000,"direction":"asc"}`}).Draw(t, "query"), from, to)
			before := l.Calls()
			res, err := l.Query(context.Background(), r)
			if err != nil {
				if harmless(quirks) {
					t.Fatalf("error %v", err)
				}
				continue
			}
			check(t, l, r, res, harmless(quirks))
			attempts := 1
			if quirks.Unavailable > 0 {
				attempts = 3
			}
			n := len(l.Account.Truth(from.Add(-time.Hour), to.Add(time.Hour), nil))
			if calls := l.Calls() - before; calls > attempts*(60+40*n/25) {
				t.Fatalf("%d calls for %d rows", calls, n)
			}
		}
	})
}

func check(t *rapid.T, l *lab.Lab, r *query.Request, res *answer.Result, harmless bool) {
	got, want := lab.Rays(t, res.Table), account.RayIDs(l.Truth(r, nil))
	if res.Coverage.Complete && !sameSet(got, want) {
		t.Fatalf("complete with %d rows, the truth has %d", len(got), len(want))
	}
	if !res.Coverage.Complete && res.Coverage.Reason == "" {
		t.Fatal("incomplete without a reason")
	}
	if !res.Coverage.Complete && harmless {
		t.Fatalf("incomplete: %s, %+v", res.Coverage.Reason, res.Notices)
	}
	if !subset(got, want) {
		t.Fatalf("%d rows are not a part of the truth's %d", len(got), len(want))
	}
	if !slices.IsSortedFunc(res.Table.Times, func(a, b time.Time) int {
		if r.Ascending {
			return a.Compare(b)
		}
		return b.Compare(a)
	}) {
		t.Fatal("rows are not in order")
	}
}

// drawFilter draws a filter with the events that it keeps. Under a mask, users are
// named as they are shown.
func drawFilter(t *rapid.T, events []account.Event, masked bool) (string, func(account.Event) bool) {
	some := account.Event{RayID: "0", Email: "nobody@example.com"}
	if len(events) > 0 && rapid.IntRange(0, 3).Draw(t, "known") > 0 {
		some = events[rapid.IntRange(0, len(events)-1).Draw(t, "of")]
	}
	switch rapid.IntRange(0, 3).Draw(t, "filter") {
	case 0:
		return `{"field":"ray_id","operator":"=","values":["` + some.RayID + `"]}`, func(e account.Event) bool { return e.RayID == some.RayID }
	case 1:
		shown := some.Email
		if masked {
			shown = lab.Pseudonym(shown)
		}
		return `{"field":"user_email","operator":"=","values":["` + shown + `"]}`, func(e account.Event) bool { return e.Email == some.Email }
	case 2:
		return `{"field":"outcome","operator":"=","values":["blocked"]}`, func(e account.Event) bool { return !e.Allowed }
	default:
		return `{"field":"country","operator":"!=","values":["GB"]}`, func(e account.Event) bool { return e.Country != "GB" }
	}
}

// drawFilterQuirks draws what becomes of one of the parameters that filter.
func drawFilterQuirks(t *rapid.T) map[string]account.FilterQuirk {
	quirk := rapid.SampledFrom([]account.FilterQuirk{account.FilterApplied, account.FilterIgnored, account.FilterEmptied, account.FilterRefused}).Draw(t, "filters are")
	return map[string]account.FilterQuirk{rapid.SampledFrom([]string{"ray_id", "email", "allowed", "country_code"}).Draw(t, "parameter"): quirk}
}

// Filters are pushed where the feed is long; whatever the upstream makes of them,
// lists, groups and series have to agree with the truth or say that they do not.
func TestAnyFilterGivesTheTruthOrSaysThatItDoesNot(t *testing.T) {
	lab.Check(t, func(t *rapid.T) {
		quirks := drawQuirks(t)
		quirks.PageCap = rapid.SampledFrom([]int{25, 100}).Draw(t, "small cap")
		quirks.Filters = drawFilterQuirks(t)
		events, _ := drawEvents(t)
		l := lab.New(t, account.Config{Events: events, Quirks: quirks, Seed: 7, Before: lab.Slow(time.Second)}, func(c *surface.Config) {
			c.Limit, c.MaxRows = 1<<20, rapid.SampledFrom([]int{200, 1000, 100_000}).Draw(t, "maxRows")
		})
		for range 3 {
			masked, mask := rapid.Bool().Draw(t, "masked"), func(*query.Options) {}
			if masked {
				mask = lab.Masked
			}
			filter, keep := drawFilter(t, events, masked)
			shape := rapid.SampledFrom([]string{`"limit":100000`, `"limit":50`, `"limit":50,"direction":"asc"`, `"groupBy":["country"]`, `"format":"time_series"`}).Draw(t, "shape")
			r := lab.Request(t, `{"filters":[`+filter+`],`+shape+`}`, noon.Add(-7*time.Hour), noon, mask)
			res, err := l.Query(context.Background(), r)
			if err != nil {
				if harmless(quirks) {
					t.Fatalf("error %v", err)
				}
				continue
			}
			if slices.ContainsFunc(l.AskedFor("/access_requests"), func(q url.Values) bool { return strings.HasPrefix(q.Get("email"), "p_") }) {
				t.Fatal("Cloudflare was asked for what a mask shows")
			}
			want := l.Truth(r, keep)
			switch c := res.Coverage; {
			case c.Rows > int64(len(want)):
				t.Fatalf("%d rows of %d", c.Rows, len(want))
			case c.Complete && c.Rows != int64(len(want)):
				t.Fatalf("complete with %d rows of %d", c.Rows, len(want))
			case c.Reason == answer.ReasonLimit && !atTheEnd(lab.Rays(t, res.Table), want, r):
				t.Fatalf("not the %d rows at the end", r.Limit)
			case !c.Complete && harmless(quirks) && c.Reason != answer.ReasonLimit && c.Reason != answer.ReasonMaxRows:
				t.Fatalf("incomplete: %s", c.Reason)
			}
		}
	})
}

// atTheEnd says whether the rows are the newest, or oldest, of all, which are
// oldest first. Which of several rows at the same instant the limit keeps is the
// log's to choose.
func atTheEnd(rows []string, all []account.Event, r *query.Request) bool {
	ends := all[max(0, len(all)-r.Limit):]
	if r.Ascending {
		ends = all[:min(r.Limit, len(all))]
	}
	listed := slices.DeleteFunc(slices.Clone(all), func(e account.Event) bool { return !slices.Contains(rows, e.RayID) })
	return subset(rows, account.RayIDs(all)) && slices.EqualFunc(listed, ends, func(a, b account.Event) bool { return a.At.Equal(b.At) })
}
