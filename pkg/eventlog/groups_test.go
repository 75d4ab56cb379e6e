package eventlog_test

import (
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
)

// groupsOfLogins are some groups of logins in the hours before noon, oldest first, each in
// a second of its own: Cloudflare tells no finer time of them.
func groupsOfLogins(t *rapid.T) []account.LoginEvent {
	at := noon.Add(-10 * time.Hour)
	var events []account.LoginEvent
	for range rapid.IntRange(0, 300).Draw(t, "n") {
		at = at.Add(time.Duration(rapid.SampledFrom([]int{1, 10, 60, 300}).Draw(t, "step")) * time.Second)
		if at.After(noon.Add(-time.Hour)) {
			break
		}
		e := account.NewLoginEvent(at, "country", rapid.SampledFrom([]string{"GB", "gb", "US", "DE"}).Draw(t, "country"), "isSuccessfulLogin", rapid.IntRange(0, 1).Draw(t, "allowed"))
		e.Count = rapid.Int64Range(1, 4).Draw(t, "count")
		events = append(events, e)
	}
	return events
}

// A group of logins counts for as many in the steps of a sequence, but as one where it is
// the first of its kind or ends a sequence.
func TestDetectionsOfLoginGroups(t *testing.T) {
	lab.Check(t, func(t *rapid.T) {
		events := groupsOfLogins(t)
		l := lab.New(t, account.Config{Groups: events})
		start := noon.Add(-time.Duration(rapid.IntRange(1, 10*3600).Draw(t, "start")) * time.Second)
		within, atLeast := rapid.SampledFrom([]time.Duration{time.Minute, 10 * time.Minute, 3 * time.Hour}).Draw(t, "within"), rapid.Int64Range(1, 8).Draw(t, "atLeast")

		type blocked struct {
			at    time.Time
			count int64
		}
		last, used := map[string]time.Time{}, map[string][]blocked{}
		var first, ends []time.Time
		matches := []answer.Match{}
		for _, e := range events {
			place := strings.ToUpper(e.Text("country"))
			if before, ok := last[place]; (!ok || before.Before(e.At.Add(-within))) && !e.At.Before(start) {
				first = append(first, e.At)
			}
			last[place] = e.At
			own := slices.DeleteFunc(used[place], func(b blocked) bool { return b.at.Before(e.At.Add(-within)) })
			total := int64(0)
			for _, b := range own {
				total += b.count
			}
			switch {
			case e.Text("isSuccessfulLogin") == "0":
				own = append(own, blocked{e.At, e.Count})
			case total >= atLeast:
				if !e.At.Before(start) {
					ends = append(ends, e.At)
					matches = append(matches, answer.Match{Start: own[0].at, Events: total + 1})
				}
				own = nil
			}
			used[place] = own
		}

		options := func(o *query.Options) { o.Interval = time.Hour }
		const ask = `{"queryType":"login_groups","direction":"asc","limit":10000,`
		places := fmt.Sprintf(`"firstSeen":{"by":["country"],"history":%q}`, seconds(within))
		res := l.Ask(t, ask+`"fields":["datetime","country"],`+places+`}`, start, noon)
		if diff := cmp.Diff(first, res.Table.Times); len(first) > 0 && diff != "" || len(res.Table.Times) != len(first) || !res.Coverage.Complete {
			t.Fatal(diff, res.Coverage)
		}
		for _, n := range res.Table.Counts {
			if n != 1 {
				t.Fatalf("a first one counts for %d", n)
			}
		}
		if grouped := l.Ask(t, ask+`"groupBy":["outcome"],`+places+`}`, start, noon); grouped.Coverage.Rows != int64(len(first)) {
			t.Fatalf("%d in groups, want %d", grouped.Coverage.Rows, len(first))
		}

		bursts := fmt.Sprintf(afterBursts, seconds(within), atLeast)
		bursts = `"sequence":{"by":["country"]` + bursts[len(`"sequence":{"by":["user_email"]`):]
		res = l.Ask(t, ask+`"fields":["datetime","country"],`+bursts+`}`, start, noon, options)
		if diff := cmp.Diff(matches, res.Table.Matches); diff != "" || len(res.Table.Counts) != len(ends) || !res.Coverage.Complete {
			t.Fatal(diff, res.Coverage, res.Notices)
		}
		if diff := cmp.Diff(ends, res.Table.Times); len(ends) > 0 && diff != "" {
			t.Fatal(diff)
		}
		series := l.Ask(t, `{"queryType":"login_groups","format":"time_series","groupBy":["country"],`+bursts+`}`, start.Truncate(time.Hour).Add(time.Hour), noon, options)
		want := int64(0)
		for _, at := range ends {
			if !at.Before(start.Truncate(time.Hour).Add(time.Hour)) {
				want++
			}
		}
		if series.Coverage.Rows != want {
			t.Fatalf("%d in the series, want %d", series.Coverage.Rows, want)
		}
	})
}

// What no event can have come before is not undetermined.
func TestASequenceBeginsWhereAFilterOnTheTimeDoes(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		var events []account.LoginEvent
		for at := noon.Add(-30 * time.Hour); at.Before(noon); at = at.Add(5 * time.Minute) {
			events = append(events, account.NewLoginEvent(at))
		}
		l := lab.New(t, account.Config{Groups: events})
		since := noon.Add(-time.Hour)
		model := `{"queryType":"login_groups","direction":"asc","limit":1000,"fields":["datetime"],"filters":[{"field":"datetime","operator":">=","values":["` + since.Format(time.RFC3339) + `"]}],` +
			`"sequence":{"by":["country"],"within":"10m","steps":[{},{}]}}`
		res := l.Ask(t, model, noon.Add(-30*time.Minute), noon)
		want := []time.Time{noon.Add(-25 * time.Minute), noon.Add(-15 * time.Minute), noon.Add(-5 * time.Minute)}
		if diff := cmp.Diff(want, res.Table.Times); diff != "" || !res.Coverage.Complete {
			t.Error(diff, res.Coverage, res.Notices)
		}
	})
}
