package eventlog_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

// few are events of few users and countries, some of them at the same instant, of which
// half are blocked.
func few(t *rapid.T, from, to time.Time) []account.Event {
	events := account.NewEvents(rapid.IntRange(0, 1500).Draw(t, "events"), from, to, rapid.Uint64().Draw(t, "seed"))
	for i := range events {
		e := &events[i]
		e.Email, e.Allowed = fmt.Sprintf("user%d@example.com", e.RayID[0]%9), e.RayID[1]%2 == 0
		if e.RayID[2]%4 == 0 && i > 0 {
			e.At = events[i-1].At
		}
	}
	return events
}

// inOrder are all events until an instant, in the order of the surface: that of a plain
// table.
func inOrder(t lab.T, l *lab.Lab, from, to time.Time) []account.Event {
	known := map[string]account.Event{}
	for _, e := range l.Account.Truth(from, to, nil) {
		known[e.RayID] = e
	}
	var events []account.Event
	for _, ray := range lab.Rays(t, l.Ask(t, `{"direction":"asc","limit":100000,"fields":["ray_id"]}`, from, to).Table) {
		events = append(events, known[ray])
	}
	return events
}

// newPlaces are the events from an instant on before which the user was not in the
// country within a time.
func newPlaces(events []account.Event, from time.Time, history time.Duration) []account.Event {
	var first []account.Event
	for i, e := range events {
		if !e.At.Before(from) && !slices.ContainsFunc(events[:i], func(o account.Event) bool {
			return o.Email == e.Email && strings.EqualFold(o.Country, e.Country) && !o.At.Before(e.At.Add(-history))
		}) {
			first = append(first, e)
		}
	}
	return first
}

// breakIn is a successful login after blocked ones of the same user.
type breakIn struct {
	account.Event
	answer.Match
}

// breakIns are those from an instant on, each after so many blocked logins within a time.
func breakIns(events []account.Event, from time.Time, atLeast int64, within time.Duration) []breakIn {
	var found []breakIn
	blocked := map[string][]time.Time{}
	for _, e := range events {
		own := slices.DeleteFunc(blocked[e.Email], func(at time.Time) bool { return at.Before(e.At.Add(-within)) })
		switch {
		case !e.Allowed:
			own = append(own, e.At)
		case int64(len(own)) >= atLeast:
			if !e.At.Before(from) {
				found = append(found, breakIn{e, answer.Match{Start: own[0], Events: int64(len(own)) + 1}})
			}
			own = nil
		}
		blocked[e.Email] = own
	}
	return found
}

const (
	newPlace    = `"firstSeen":{"by":["user_email","country"],"history":"%s"}`
	afterBursts = `"sequence":{"by":["user_email"],"within":"%s","steps":[{"atLeast":%d,"filters":[{"field":"outcome","operator":"=","values":["blocked"]}]},{"filters":[{"field":"outcome","operator":"=","values":["allowed"]}]}]}`
)

func raysOf[E any](list []E, event func(E) account.Event) []string {
	rays := []string{}
	for _, e := range list {
		rays = append(rays, event(e).RayID)
	}
	return rays
}

func itself(e account.Event) account.Event { return e }

// TestDetectionsAreWhatALoopFinds holds tables, groups and series of detections against
// plain loops over all events, across pages, stores and moved ranges.
func TestDetectionsAreWhatALoopFinds(t *testing.T) {
	lab.Check(t, func(t *rapid.T) {
		from, to := noon.Add(-48*time.Hour), noon.Add(-time.Hour)
		config := holding(few(t, from, to))
		config.Quirks = account.Quirks{PageCap: rapid.SampledFrom([]int{0, 25, 100}).Draw(t, "cap"), Bounds: account.Bounds(rapid.IntRange(0, int(account.BoundsKinds)-1).Draw(t, "bounds"))}
		l := lab.New(t, config, func(c *surface.Config) {
			c.Limit = rapid.SampledFrom([]int64{0, 20_000, 1 << 30}).Draw(t, "cache")
		})
		events := inOrder(t, l, from.Add(-time.Hour), to)
		for range 3 {
			start := to.Add(-time.Duration(rapid.IntRange(1, 44*3600).Draw(t, "length")) * time.Second)
			end := start.Add(time.Duration(rapid.IntRange(1, 44*3600).Draw(t, "end")) * time.Second)
			known := events[:sortedUpTo(events, end)]
			history := time.Duration(rapid.IntRange(1, 40*3600).Draw(t, "history")) * time.Second
			first := newPlaces(known, start, history)
			within, atLeast := rapid.SampledFrom([]time.Duration{20 * time.Minute, 3 * time.Hour, 24 * time.Hour}).Draw(t, "within"), rapid.Int64Range(1, 5).Draw(t, "atLeast")
			broken := breakIns(known, start, atLeast, within)
			places := fmt.Sprintf(newPlace, seconds(history))
			bursts := fmt.Sprintf(afterBursts, seconds(within), atLeast)
			checkRows(t, l, places, start, end, raysOf(first, itself))
			res := checkRows(t, l, bursts, start, end, raysOf(broken, func(b breakIn) account.Event { return b.Event }))
			matches := []answer.Match{}
			for _, b := range broken {
				matches = append(matches, b.Match)
			}
			if diff := cmp.Diff(matches, res.Table.Matches); diff != "" {
				t.Fatal(diff)
			}
			checkCounts(t, l, places, start, end, first)
		}
	})
}

func seconds(d time.Duration) string { return fmt.Sprintf("%ds", d/time.Second) }

func sortedUpTo(events []account.Event, end time.Time) int {
	n, _ := slices.BinarySearchFunc(events, end, func(e account.Event, end time.Time) int {
		if e.At.After(end) {
			return 1
		}
		return -1
	})
	return n
}

// checkRows asks for a detection both ways, and for its newest rows.
func checkRows(t *rapid.T, l *lab.Lab, detection string, start, end time.Time, want []string) *answer.Result {
	asc := l.Ask(t, `{"limit":100000,"direction":"asc",`+detection+`}`, start, end)
	if diff := cmp.Diff(want, lab.Rays(t, asc.Table)); diff != "" || !asc.Coverage.Complete || asc.Coverage.Rows != int64(len(want)) {
		t.Fatalf("%s %+v %v", diff, asc.Coverage, asc.Notices)
	}
	desc := l.Ask(t, `{"limit":3,"format":"logs",`+detection+`}`, start, end)
	newest := slices.Clone(want)
	slices.Reverse(newest)
	newest = newest[:min(3, len(newest))]
	if diff := cmp.Diff(newest, lab.Rays(t, desc.Table)); diff != "" || desc.Coverage.Complete != (len(want) <= 3) {
		t.Fatalf("%s %+v", diff, desc.Coverage)
	}
	if n := len(asc.Table.Matches); asc.Table.Matches != nil {
		for i, m := range desc.Table.Matches {
			if m != asc.Table.Matches[n-1-i] {
				t.Fatalf("%v, want %v backwards", desc.Table.Matches, asc.Table.Matches)
			}
		}
	}
	return asc
}

// checkCounts asks how many events a detection finds by group, and by bucket.
func checkCounts(t *rapid.T, l *lab.Lab, detection string, start, end time.Time, found []account.Event) {
	want := map[string]int64{}
	for _, e := range found {
		want[e.Email]++
	}
	got := map[string]int64{}
	for _, g := range l.Ask(t, `{"groupBy":["user_email"],`+detection+`}`, start, end).Groups.Rows {
		got[g.Key[0].Text] = g.Count
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	// The edges of whole buckets lie in the range.
	start, end = start.Truncate(time.Hour), end.Truncate(time.Hour).Add(-time.Millisecond)
	if !end.After(start) {
		return
	}
	res := l.Ask(t, `{"format":"time_series","groupBy":[],`+detection+`}`, start, end, func(o *query.Options) { o.Interval = time.Hour })
	for i, n := range res.Series.Groups[0].Counts {
		at := start.Add(time.Duration(i) * time.Hour)
		in := int64(0)
		for _, e := range found {
			if !e.At.Before(at) && e.At.Before(at.Add(time.Hour)) {
				in++
			}
		}
		if i > 0 && n != in { // the first bucket begins before the range that was looked at
			t.Fatalf("%d in bucket %d, want %d", n, i, in)
		}
	}
}

// A history that a dashboard's other panels have fetched already costs nothing, and
// many detections over it cost as much as one.
func TestHistoryIsSharedWithEverythingElse(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := noon.Add(-14*24*time.Hour), noon.Add(-time.Hour)
		config := spread(20_000, from, to)
		config.Before = lab.Slow(time.Second)
		l := lab.New(t, config)
		before := l.Calls()
		l.Ask(t, `{"groupBy":["country"]}`, from, to)
		scan := l.Calls() - before
		if scan < 10 {
			t.Fatalf("%d calls for a scan", scan)
		}
		before = l.Calls()
		l.Ask(t, `{`+fmt.Sprintf(newPlace, "13d")+`}`, to.Add(-12*time.Hour), to)
		l.Ask(t, `{`+fmt.Sprintf(afterBursts, "20m", 5)+`}`, to.Add(-12*time.Hour), to)
		if calls := l.Calls() - before; calls != 0 {
			t.Errorf("%d calls for what was fetched", calls)
		}

		fresh := lab.On(t, l.Account)
		before = l.Calls()
		var answered []<-chan outcome
		for i := range 12 {
			model := fmt.Sprintf(newPlace, fmt.Sprintf("%dd", 13-i))
			if i%2 == 1 {
				model = fmt.Sprintf(afterBursts, fmt.Sprintf("%dm", 10*i), i)
			}
			r := lab.Request(t, []string{`{"groupBy":["country"],`, `{"format":"time_series",`, `{`}[i%3]+model+`}`, to.Add(-12*time.Hour), to)
			answered = append(answered, asked(context.Background(), fresh, r))
		}
		for _, a := range answered {
			if o := <-a; o.err != nil || !o.result.Coverage.Complete {
				t.Error(o.err, o.result)
			}
		}
		if calls := l.Calls() - before; calls*10 > scan*12 {
			t.Errorf("%d calls for twelve detections, %d for a scan", calls, scan)
		}
	})
}

// The history of one user among many is asked for through Cloudflare's filter, as the
// range is.
func TestAFilterThatIsPushedIsPushedForTheHistory(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from, to := week()
		config := spread(30_000, from, to)
		for i := range config.Events {
			if i%200 == 0 {
				config.Events[i].Email = "someone@example.com"
			}
		}
		l := lab.New(t, config)
		start := to.Add(-24 * time.Hour)
		var own []account.Event
		for _, e := range l.Account.Truth(from, to, nil) {
			if e.Email == "someone@example.com" {
				own = append(own, e)
			}
		}
		want := newPlaces(own, start, 2*time.Hour)
		before := l.Calls()
		for _, history := range []string{"2h", "5d"} {
			res := l.Ask(t, `{"direction":"asc","limit":1000,"filters":[{"field":"user_email","operator":"=","values":["someone@example.com"]}],`+fmt.Sprintf(newPlace, history)+`}`, start, to)
			if history == "5d" {
				want = newPlaces(own, start, 5*24*time.Hour)
			}
			if diff := cmp.Diff(raysOf(want, itself), lab.Rays(t, res.Table)); diff != "" || !res.Coverage.Complete {
				t.Errorf("%s: %s %+v %v", history, diff, res.Coverage, res.Notices)
			}
		}
		if calls := l.Calls() - before; calls > 12 {
			t.Errorf("%d calls; a scan of the history takes 30", calls)
		}
	})
}
