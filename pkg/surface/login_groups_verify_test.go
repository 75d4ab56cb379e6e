package surface

import (
	"errors"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
)

func TestMishandledFiltersAreFoundOutOnce(t *testing.T) {
	base := time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)
	filters := []map[string]any{where("country", "=", "GB"), where("ipAddress", "!=", "192.0.2.7")}
	for name, change := range map[string]func(n *fakeNode){
		"as asked":        func(*fakeNode) {},
		"country ignored": func(n *fakeNode) { n.ignores = "country" },
		"country emptied": func(n *fakeNode) { n.empties = "country" },
		"address ignored": func(n *fakeNode) { n.ignores = "ipAddress" },
	} {
		for _, q := range []question{
			{Format: "time_series", GroupBy: []string{"outcome"}, Filters: filters},
			{Format: "table", Fields: []string{"datetime", "cfRayId"}, Filters: filters, Limit: 100000},
			{Format: "table", GroupBy: []string{"country"}, Filters: filters},
		} {
			t.Run(name+" "+q.Format, func(t *testing.T) {
				n := newFakeNode(t, someLogins(6, base, 20*time.Hour, 3000))
				change(n)
				s := n.start(1 << 24)
				check := func(r time.Duration) *eventlog.Result {
					request := q.request(t, n, base, base.Add(r), time.Hour)
					result := ask(t, s, request)
					if result.Table != nil {
						checkList(t, n, request, q.Fields, result)
					} else {
						checkCounts(t, n, request, result)
					}
					return result
				}
				first := check(10 * time.Hour)
				if faulty := name != "as asked"; hasNotice(first, "applied here from now on") != faulty {
					t.Errorf("notices %+v", first.Notices)
				}
				before := n.calls
				check(10 * time.Hour)
				if n.calls != before {
					t.Errorf("%d calls for the same again", n.calls-before)
				}
				check(19 * time.Hour)
				if n.calls > before+1 {
					t.Errorf("%d calls for what came later", n.calls-before)
				}
			})
		}
	}
}

func TestACheckWithoutEvidenceIsMadeAgain(t *testing.T) {
	base := time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(6, base.Add(10*time.Hour), 5*time.Hour, 300))
	n.empties = "country"
	s := n.start(1 << 24)
	q := question{Format: "table", GroupBy: []string{"outcome"}, Filters: []map[string]any{where("country", "=", "GB")}}
	for _, reach := range []time.Duration{9 * time.Hour, 9*time.Hour + 30*time.Second, 15 * time.Hour} {
		request := q.request(t, n, base, base.Add(reach), time.Hour)
		checkCounts(t, n, request, ask(t, s, request))
	}
}

func TestAFilterThatCouldNotBeCheckedIsSaid(t *testing.T) {
	base := time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(6, base, 20*time.Hour, 300))
	n.fault = func(call int) (int, string) {
		if call == 1 {
			return 0, ""
		}
		return 400, "{}"
	}
	q := question{Format: "table", GroupBy: []string{"outcome"}, Filters: []map[string]any{where("country", "=", "GB")}}
	result := ask(t, n.start(0), q.request(t, n, base, base.Add(time.Hour), time.Hour))
	if result.Coverage.Complete || !hasNotice(result, "could not be checked") {
		t.Errorf("coverage %+v, notices %+v", result.Coverage, result.Notices)
	}
}

func TestCountsThatStandTwiceAreNotCertain(t *testing.T) {
	base := time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(6, base, 20*time.Hour, 3000))
	n.splits = true
	result := ask(t, n.start(1<<24), question{Format: "table", GroupBy: []string{"country"}}.request(t, n, base, n.now, 0))
	if c := result.Coverage; c.Complete || c.Reason != eventlog.ReasonUnverified || c.Sampled {
		t.Errorf("coverage %+v", c)
	}
}

func TestALimitThatAnotherQueryLearnedIsNoError(t *testing.T) {
	base := time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(6, base, 20*time.Hour, 30))
	n.maxFields, n.settingsFail = 5, true
	s := n.start(0)
	r := question{Format: "table"}.request(t, n, base, n.now, 0)
	limits, err := s.limits.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := newGroupPlan(r, &limits, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		piece := &groupPiece{timeRange: timeRange{base, base.Add(time.Hour)}}
		if err := s.ask(t.Context(), plan, []*groupPiece{piece}, 10); !errors.Is(err, errReplan) {
			t.Errorf("got %v", err)
		}
	}
}
