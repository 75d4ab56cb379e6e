package surface

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
)

func TestFailedListIsAskedForAgain(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(26, base, 12*time.Hour, 1500))
	n.pageSize = 150
	for name, body := range map[string]string{
		"unavailable": `<html>`, "refused": `{"data":null,"errors":[{"message":"rate limiter budget depleted, try again after 5 minutes","extensions":{"code":"budget"}}]}`,
		"truncated": `{"data":{"viewer":{"acc`,
	} {
		t.Run(name, func(t *testing.T) {
			n.t, n.calls = t, 0
			failing := true
			n.fault = func(call int) (int, string) {
				switch {
				case !failing || call == 1:
					return 0, ""
				case name == "unavailable":
					return 503, body
				}
				return 200, body
			}
			s := n.start(1 << 24)
			r := question{Format: "table", Fields: listColumns, Limit: 1000}.request(t, n, base, n.now, 0)
			result := ask(t, s, r)
			if c := result.Coverage; c.Complete || c.Rows == 0 || c.Rows > 150 || !hasNotice(result, "missing (2026-03-31") || c.Reason == eventlog.ReasonLimit {
				t.Errorf("coverage %+v, notices %+v", c, result.Notices)
			}
			want, _ := wantList(n, r, listColumns)
			if got := gotList(result.Table); !slices.Equal(got, want[:len(got)]) {
				t.Error("what is shown is not the newest")
			}
			failing = false
			if result, _ = asked(t, n.startedAgain(s), n, r); result.Coverage.CachedRows == 0 {
				t.Errorf("nothing was kept of what succeeded: %+v", result.Coverage)
			}
		})
	}
}

// startedAgain is the surface with a client that has met no failure, and its cache.
func (n *fakeNode) startedAgain(s *loginGroups) *loginGroups {
	fresh := n.start(1 << 24)
	fresh.cache = s.cache
	return fresh
}

func TestEdgeThatFailsIsMissingFromWhatIsKnown(t *testing.T) {
	base := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	n := newFakeNode(t, someLogins(27, base, 11*time.Hour, 900))
	s := n.start(1 << 24)
	q := question{Format: "table", Fields: listColumns, Limit: 5000}
	asked(t, s, n, q.request(t, n, base, n.now, 0))
	n.now = n.now.Add(30 * time.Second)
	n.fault = func(int) (int, string) { return 503, `<html>` }
	result := ask(t, s, q.request(t, n, base, n.now, 0))
	if c := result.Coverage; c.Complete || c.Reason != eventlog.ReasonUpstream || c.Rows != 900 || !hasNotice(result, "missing (2026-03-31 11:45:00") {
		t.Errorf("coverage %+v, notices %+v", c, result.Notices)
	}
	// Nothing is known of a part without logins either: an error, not no data.
	_, err := s.Query(context.Background(), q.request(t, n, n.now.Add(-40*time.Minute), n.now, 0))
	var e *cloudflare.Error
	if !errors.As(err, &e) || e.Kind != cloudflare.KindUnavailable {
		t.Errorf("got %v", err)
	}
}

func TestFailureOfAnotherListIsShared(t *testing.T) {
	n := newFakeNode(t, nil)
	entered, proceed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	n.fault = func(int) (int, string) {
		once.Do(func() {
			close(entered)
			<-proceed
		})
		return 200, `{"data":{"viewer":{"accounts":[]}},"errors":null}`
	}
	s := n.start(1 << 24)
	r := question{Format: "logs"}.request(t, n, n.now.Add(-time.Hour), n.now, 0)
	var wait sync.WaitGroup
	query := func() {
		var e *cloudflare.Error
		if _, err := s.Query(context.Background(), r); !errors.As(err, &e) || e.Kind != cloudflare.KindPermission {
			t.Errorf("got %v", err)
		}
	}
	wait.Go(query)
	<-entered
	for range 9 {
		wait.Go(query)
	}
	waitFor(t, s, 10)
	close(proceed)
	wait.Wait()
	if n.calls != 1 {
		t.Errorf("%d calls for ten lists that are refused", n.calls)
	}
}

func TestGroupsWithoutTimeAreNotKept(t *testing.T) {
	n := newFakeNode(t, nil)
	n.fault = func(int) (int, string) {
		return 200, fmt.Sprintf(`{"data":{"viewer":{"accounts":[{"w0":[{"count":1,"avg":{"sampleInterval":1},"dimensions":{"datetime":%q,"country":"GB","cfRayId":"1"}},`+
			`{"count":1,"avg":{"sampleInterval":1},"dimensions":{"datetime":"no time","country":"GB","cfRayId":"2"}}]}]}}}`, n.now.Add(-time.Hour).Format(time.RFC3339))
	}
	s := n.start(1 << 24)
	r := question{Format: "table", Fields: listColumns, Limit: 10}.request(t, n, n.now.Add(-5*time.Hour), n.now, 0)
	for want := 1; want < 3; want++ {
		result := ask(t, s, r)
		if c := result.Coverage; c.Complete || c.Reason != eventlog.ReasonBadRows || c.Rows != 1 || c.CachedRows != 0 || n.calls != want {
			t.Errorf("%d calls, coverage %+v", n.calls, c)
		}
	}
}
