package eventlog_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

func TestWhatAHistoryLacksIsSaid(t *testing.T) {
	threeDays := func() account.Config { return spread(3000, noon.Add(-72*time.Hour), noon) }
	rows := func(most int) func(*surface.Config) { return func(c *surface.Config) { c.MaxRows = most } }
	for name, c := range map[string]struct {
		config  account.Config
		change  func(*surface.Config)
		history string
		reason  answer.Reason
		notice  string
	}{
		"a part that fails": {
			func() account.Config {
				c := threeDays()
				c.Before = func(r *http.Request) error {
					if _, until := bounds(r.URL.Query()); until.Before(noon.Add(-30 * time.Hour)) {
						return unavailable
					}
					return nil
				}
				return c
			}(), rows(100_000), "60h", answer.ReasonUpstream, "Logins of the history from "},
		"what Cloudflare keeps":         {threeDays(), rows(100_000), "180d", answer.ReasonRetention, "the history covers 179 of 180 days"},
		"a plan that keeps less":        {threeDays(), rows(100_000), "14d", "", "Cloudflare has no logins before 2026-05-29T12:00:"},
		"all that may be scanned":       {threeDays(), rows(300), "70h", "", ""},
		"more than may be scanned":      {threeDays(), rows(60), "70h", answer.ReasonMaxRows, "The history contains more logins than one query can scan (600)."},
		"more in the range than may be": {spread(9000, noon.Add(-2*time.Hour), noon), rows(1000), "1h", answer.ReasonMaxRows, "The time range contains more logins than one query can scan (1000)."},
		"nothing":                       {threeDays(), rows(100_000), "60h", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			lab.Test(t, func(t *testing.T) {
				l := lab.New(t, c.config, c.change)
				res := l.Ask(t, `{"groupBy":["country"],`+fmt.Sprintf(newPlace, c.history)+`}`, noon.Add(-time.Hour), noon)
				said := ""
				for _, n := range res.Notices {
					said += n.Text + "\n"
				}
				if got := res.Coverage; got.Complete != (c.reason == "") || got.Reason != c.reason || !strings.Contains(said, c.notice) || (said == "") != (c.notice == "") {
					t.Errorf("%+v\n%s", got, said)
				}
				if got := res.Coverage; !got.From.Equal(noon.Add(-time.Hour)) || !got.To.Equal(noon) {
					t.Errorf("covers %s to %s", got.From, got.To)
				}
			})
		})
	}
}

// What a filter on the time excludes is before nothing, so it is not asked for either.
func TestFiltersOnTheTimeHoldForTheHistory(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, account.Config{Groups: account.NewLoginEvents(3000, noon.Add(-72*time.Hour), 72*time.Hour, 1)})
		since := noon.Add(-3 * time.Hour)
		model := `{"queryType":"login_groups","limit":100000,"filters":[%s],"fields":["datetime","country"],"firstSeen":{"by":["country"],"history":"180d"}}`
		filter := `{"field":"datetime","operator":">=","values":["` + since.Format(time.RFC3339) + `"]}`
		res := l.Ask(t, fmt.Sprintf(model, filter), since.Add(-time.Hour), noon)
		if !res.Coverage.Complete || len(res.Table.Times) < 3 || slices.ContainsFunc(res.Table.Times, func(at time.Time) bool { return at.Before(since) }) {
			t.Errorf("%v %+v %v", res.Table.Times, res.Coverage, res.Notices)
		}
		for _, call := range l.Asked() {
			for _, node := range call.Nodes {
				if from := fmt.Sprint(node.Filter["datetime_geq"]); from < since.Add(-10*time.Minute).Format(time.RFC3339) {
					t.Errorf("asked since %s", from)
				}
			}
		}
		// Without it, there is more history than the account has.
		if res = l.Ask(t, fmt.Sprintf(model, ""), noon.Add(-time.Hour), noon); res.Coverage.Reason != answer.ReasonRetention {
			t.Errorf("%+v %v", res.Coverage, res.Notices)
		}
	})
}

// In a stream of pairs, each login is the first or the second one of a pair, depending on
// all before it, back to a pause.
func TestTheHistoryOfASequenceReachesBackAsFarAsItMatters(t *testing.T) {
	const pairs = `{"direction":"asc","limit":1000,"sequence":{"by":["user_email"],"within":"10m","steps":[{},{}]}}`
	for name, c := range map[string]struct {
		since    time.Duration
		complete bool
	}{
		"a pause hours ago":    {6 * time.Hour, true},
		"a pause too long ago": {30 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			lab.Test(t, func(t *testing.T) {
				var events []account.Event
				for at := noon.Add(-c.since); !at.After(noon); at = at.Add(5 * time.Minute) {
					events = append(events, account.Event{At: at, Email: "ada@example.com", RayID: fmt.Sprintf("%016x", len(events)), Allowed: true})
				}
				l := lab.New(t, holding(events), keeping(0))
				from := noon.Add(-32 * time.Minute)
				var want []string
				for i := 1; i < len(events) && c.complete; i += 2 {
					if !events[i].At.Before(from) {
						want = append(want, events[i].RayID)
					}
				}
				before := l.Calls()
				res := l.Ask(t, pairs, from, noon)
				if got := lab.Rays(t, res.Table); !slices.Equal(got, want) || res.Coverage.Complete != c.complete {
					t.Errorf("%v, want %v; %+v %v", got, want, res.Coverage, res.Notices)
				}
				if !c.complete && (res.Coverage.Reason != answer.ReasonUnverified || !strings.Contains(res.Notices[0].Text, "cannot tell which logins earlier ones used up")) {
					t.Errorf("%+v %v", res.Coverage, res.Notices)
				}
				if calls := l.Calls() - before; calls > 12 {
					t.Errorf("%d calls", calls)
				}
			})
		})
	}
}

// Under a mask, values that are shown alike are alike, and filters of steps take what is
// shown.
func TestDetectionsGoByWhatIsShown(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from := noon.Add(-24 * time.Hour)
		config := spread(2000, from, noon)
		for i := range config.Events {
			config.Events[i].Email = fmt.Sprintf("user%d@example.com", i%7)
		}
		l := lab.New(t, config)
		first := newPlaces(inOrder(t, l, from, noon), noon.Add(-time.Hour), time.Hour)
		res := l.Ask(t, `{"groupBy":["user_email"],`+fmt.Sprintf(newPlace, "1h")+`}`, noon.Add(-time.Hour), noon, lab.Masked)
		want := map[string]int64{}
		for _, e := range first {
			want[lab.Pseudonym(e.Email)]++
		}
		for _, g := range res.Groups.Rows {
			if want[g.Key[0].Text] != g.Count {
				t.Errorf("%d of %s, want %d", g.Count, g.Key[0].Text, want[g.Key[0].Text])
			}
		}
		if len(want) != len(res.Groups.Rows) || len(want) == 0 {
			t.Errorf("%d users, want %d", len(res.Groups.Rows), len(want))
		}
		steps := fmt.Sprintf(`{"limit":1000,"sequence":{"by":["country"],"within":"1h","steps":[{"filters":[{"field":"user_email","operator":"=","values":[%q]}]},{"filters":[{"field":"user_email","operator":"=","values":[%q]}]}]}}`,
			lab.Pseudonym("user1@example.com"), lab.Pseudonym("user2@example.com"))
		res = l.Ask(t, steps, from, noon, lab.Masked)
		if len(res.Table.Times) == 0 || len(res.Table.Matches) != len(res.Table.Times) {
			t.Errorf("%d rows, %d matches", len(res.Table.Times), len(res.Table.Matches))
		}
		for row := range res.Table.Times {
			if email := lab.Cell(t, res.Table, "user_email", row).Text; email != "user2@example.com" {
				t.Errorf("ends with %s", email)
			}
		}
	})
}
