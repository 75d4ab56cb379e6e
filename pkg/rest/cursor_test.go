package rest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
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

// auditEntries are n entries of an audit log within a span; one in so many is
// about Access.
func auditEntries(n, oneIn int, from, to time.Time, seed uint64) []account.Event {
	random := rand.New(rand.NewPCG(seed, 3)) //nolint:gosec // reproducible on purpose
	entries := make([]account.Event, n)
	for i := range entries {
		at := from.Add(time.Duration(random.Int64N(int64(to.Sub(from))))).Truncate(time.Millisecond)
		uri := "/accounts/" + account.ID + "/gateway/rules"
		if random.IntN(oneIn) == 0 {
			uri = "/accounts/" + account.ID + "/access/apps/a/policies/p"
		}
		entries[i] = account.AuditEntry(at, fmt.Sprintf("e%d", i), uri)
	}
	return entries
}

func changesIn(entries []account.Event, from, to, now time.Time) []string {
	var ids []string
	for _, e := range entries {
		uri := e.Row["raw"].(account.Row)["uri"].(string)
		if strings.Contains(uri, "/access/") && !e.At.Before(from) && !e.At.After(to) && !e.At.After(now) && !e.Arrives.After(now) {
			ids = append(ids, e.RayID)
		}
	}
	return ids
}

func ids(t lab.T, table *answer.Table) []string {
	out := make([]string, len(table.Times))
	for row := range out {
		out[row] = lab.Cell(t, table, "id", row).Text
	}
	return out
}

func ofChanges(o *query.Options) { o.QueryType = "access_changes" }

func drawCursorQuirks(t *rapid.T) account.Quirks {
	return account.Quirks{
		Bounds:       account.Bounds(rapid.IntRange(0, int(account.BoundsKinds)-1).Draw(t, "bounds")),
		PageCap:      rapid.SampledFrom([]int{0, 0, 25, 37, 100, 500}).Draw(t, "cap"),
		NoResultInfo: rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, "no result_info"),
		Cursors: account.Cursors{
			After:    rapid.Bool().Draw(t, "cursors.after"),
			EmptyEnd: rapid.Bool().Draw(t, "empty end"),
			Sparse:   rapid.Bool().Draw(t, "sparse"),
			Loops:    rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, "loops"),
		},
		Unavailable: rapid.SampledFrom([]float64{0, 0, 0.4}).Draw(t, "unavailable"),
	}
}

// Cursors that lead on leave nothing to guess, wherever they stand and however
// short the pages are.
func leadsOn(q account.Quirks) bool {
	return q.Unavailable == 0 && !q.NoResultInfo && !q.Cursors.Loops
}

func TestAnyCursorGivesTheTruthOrSaysThatItDoesNot(t *testing.T) {
	lab.Check(t, func(t *rapid.T) {
		quirks := drawCursorQuirks(t)
		if quirks.NoResultInfo { // a short page that leads nowhere is the end
			quirks.Cursors.Sparse, quirks.PageCap = false, 0
		}
		length := rapid.SampledFrom([]time.Duration{6 * time.Hour, 10 * time.Minute, 10 * time.Second}).Draw(t, "length")
		most := rapid.SampledFrom([]int{0, 10, 300, 2000}).Draw(t, "entries")
		entries := auditEntries(most, rapid.SampledFrom([]int{1, 4, 50}).Draw(t, "one in"), noon.Add(-length), noon, rapid.Uint64().Draw(t, "seed"))
		for range rapid.IntRange(0, 2).Draw(t, "ties") {
			at := noon.Add(-time.Duration(rapid.Int64Range(0, int64(length)).Draw(t, "tied at"))).Truncate(time.Millisecond)
			from := rapid.IntRange(0, max(0, len(entries)-1)).Draw(t, "first tied")
			for i := from; i < min(len(entries), from+rapid.IntRange(1, 400).Draw(t, "tied")); i++ {
				e := entries[i]
				uri := e.Row["raw"].(account.Row)["uri"].(string)
				entries[i] = account.AuditEntry(at, e.RayID, uri)
				entries[i].Arrives = at.Add(time.Duration(rapid.IntRange(0, 450).Draw(t, "late")) * time.Second)
			}
		}
		l := lab.New(t, account.Config{AuditLog: entries, Quirks: quirks, Seed: 7, Before: lab.Slow(time.Second)}, func(c *surface.Config) {
			c.Limit, c.MaxRows = rapid.SampledFrom([]int64{0, 20_000, 1 << 30}).Draw(t, "cache"), 100_000
		})
		for range 3 {
			reach := (length + length/10).Milliseconds()
			from := noon.Add(-time.Duration(rapid.Int64Range(0, reach).Draw(t, "from")) * time.Millisecond)
			to := from.Add(time.Duration(rapid.Int64Range(0, reach).Draw(t, "length")) * time.Millisecond)
			model := rapid.SampledFrom([]string{`{"limit":100000}`, `{"limit":100000,"direction":"asc"}`, `{"limit":3}`, `{"limit":3,"direction":"asc"}`}).Draw(t, "query")
			r := lab.Request(t, model, from, to, ofChanges)
			before := time.Now()
			res, err := l.Query(context.Background(), r)
			if err != nil {
				if leadsOn(quirks) {
					t.Fatalf("error %v", err)
				}
				continue
			}
			got := ids(t, res.Table)
			// What arrives while the question is at work may be in the answer or not.
			if all := changesIn(entries, from, to, time.Now()); !subset(got, all) {
				t.Fatalf("%d rows are not a part of the truth's %d", len(got), len(all))
			}
			known := changesIn(entries, from, to, before.Add(-450*time.Second))
			whole := subset(known, got)
			switch {
			case res.Coverage.Complete && !whole:
				t.Fatalf("complete with %d rows, the truth has at least %d", len(got), len(known))
			case !res.Coverage.Complete && res.Coverage.Reason == "":
				t.Fatal("incomplete without a reason")
			case !res.Coverage.Complete && res.Coverage.Reason != answer.ReasonLimit && leadsOn(quirks):
				t.Fatalf("incomplete: %s, %+v", res.Coverage.Reason, res.Notices)
			}
		}
	})
}

// A page of a log of the whole account has few entries about Access: how many rows
// are to be expected must not keep the scan from being shared out.
func TestEntriesOfOthersAreScannedInParallel(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from := noon.Add(-24 * time.Hour)
		entries := auditEntries(40_000, 100, from, noon.Add(-time.Hour), 1)
		l := lab.New(t, account.Config{AuditLog: entries, Before: lab.Slow(time.Second)})
		res := l.Ask(t, `{"limit":100000}`, from, noon, ofChanges)
		want := changesIn(entries, from, noon, noon)
		if got := ids(t, res.Table); !sameSet(got, want) || !res.Coverage.Complete || res.Coverage.Rows != int64(len(want)) {
			t.Errorf("%d rows of %d, coverage %+v", len(got), len(want), res.Coverage)
		}
		if took := time.Since(noon); l.Calls() > 60 || took > 20*time.Second {
			t.Errorf("%d calls in %s for 40 pages", l.Calls(), took)
		}
		if kept := l.Stats().Rows; kept != len(want) {
			t.Errorf("%d rows are kept, %d of them about Access", kept, len(want))
		}
	})
}

func TestACursorThatLeadsBackIsNoticed(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		second := noon.Add(-time.Hour)
		entries := auditEntries(300, 1, second, second.Add(time.Second), 1)
		quirks := account.Quirks{PageCap: 100, Cursors: account.Cursors{Loops: true}}
		l := lab.New(t, account.Config{AuditLog: entries, Quirks: quirks})
		res := l.Ask(t, `{"limit":100000}`, noon.Add(-2*time.Hour), noon, ofChanges)
		if c := res.Coverage; c.Complete || c.Reason != answer.ReasonUpstream || l.Calls() > 5 {
			t.Errorf("coverage %+v after %d calls", c, l.Calls())
		}
		l.Change(func(c *account.Config) { c.Quirks.Cursors.Loops = false })
		time.Sleep(10 * time.Minute)
		if res = l.Ask(t, `{"limit":100000}`, noon.Add(-2*time.Hour), noon, ofChanges); !res.Coverage.Complete || res.Coverage.Rows != 300 {
			t.Errorf("coverage %+v once the cursors lead on", res.Coverage)
		}
	})
}

// The time range is required, and the filter on a Ray ID is worth a call of its own
// where the log is long.
func TestTheAuditLogIsAskedAsDocumented(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from := noon.Add(-24 * time.Hour)
		entries := auditEntries(30_000, 1, from, noon.Add(-time.Hour), 1)
		ray := entries[0].Row["raw"].(account.Row)["cf_ray_id"].(string)
		l := lab.New(t, account.Config{AuditLog: entries})
		res := l.Ask(t, `{"filters":[{"field":"ray_id","operator":"=","values":["`+ray+`"]}]}`, from, noon, ofChanges)
		if res.Coverage.Rows != 1 || !res.Coverage.Complete || l.Calls() > 6 {
			t.Errorf("%d calls, coverage %+v", l.Calls(), res.Coverage)
		}
		calls := l.AskedFor("/logs/audit")
		for _, q := range calls {
			for name := range q {
				if !slices.Contains([]string{"since", "before", "direction", "limit", "cursor", "raw_cf_ray_id"}, name) {
					t.Errorf("the call has %s", name)
				}
			}
		}
		if !slices.ContainsFunc(calls, func(q url.Values) bool { return q.Get("raw_cf_ray_id") == ray }) {
			t.Error("the filter was not pushed")
		}
	})
}
