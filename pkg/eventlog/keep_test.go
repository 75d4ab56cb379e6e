package eventlog_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
)

func kept(hour int, bytes int64) eventlog.Kept {
	from := epoch.Add(time.Duration(hour) * time.Hour)
	return eventlog.Kept{From: from, To: from.Add(time.Hour), Value: hour, Bytes: bytes, Rows: 1}
}

// there says which hours a shelf has, and marks them as used.
func there(l *eventlog.Log, shelf string, from, to int) string {
	var hours []int
	for _, k := range l.Kept(shelf, epoch.Add(time.Duration(from)*time.Hour), epoch.Add(time.Duration(to)*time.Hour)) {
		hours = append(hours, k.Value.(int))
	}
	return fmt.Sprint(hours)
}

func TestEventsAndWhatIsKeptShareOneLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(0, 400_000).Draw(t, "limit")
		u := newUpstream(personality{}, spread(rapid.IntRange(0, 4000).Draw(t, "events"), epoch.Add(-24*time.Hour), epoch, 1), 1)
		l := eventlog.New(eventlog.Config{Limit: limit, SealAfter: 15 * time.Minute, MaxRows: 100_000, Now: u.clock.now})
		defer l.Close()
		for range 12 {
			if rapid.Bool().Draw(t, "query") {
				from := epoch.Add(-time.Duration(rapid.IntRange(1, 24).Draw(t, "hours")) * time.Hour)
				if _, err := l.Query(context.Background(), ask(t, u, `{"groupBy":["country"]}`, from, from.Add(2*time.Hour)), u.source()); err != nil {
					t.Fatal(err)
				}
			} else {
				k := kept(rapid.IntRange(0, 5).Draw(t, "hour"), rapid.Int64Range(0, 200_000).Draw(t, "bytes"))
				if rapid.Bool().Draw(t, "for a moment") {
					k.Until = u.clock.now().Add(10 * time.Second)
				}
				l.Keep(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "shelf"), k)
			}
			u.clock.advance(time.Second)
			if s := l.Stats(); s.Bytes > limit || s.Bytes < 0 || limit == 0 && s.Events > 0 {
				t.Fatalf("%+v is kept, %d bytes are allowed", s, limit)
			}
		}
		l.Close()
		if s := l.Stats(); s != (eventlog.Stats{}) {
			t.Fatalf("%+v after Close", s)
		}
	})
}

func TestTheLimitHoldsWhileAllAreAtWork(t *testing.T) {
	const limit = 300_000
	u := newUpstream(personality{}, spread(5000, epoch.Add(-24*time.Hour), epoch, 1), 1)
	l := newLog(t, u, func(c *eventlog.Config) { c.Limit = limit })
	var wg sync.WaitGroup
	for i := range 8 {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		wg.Go(func() {
			for range 30 {
				if i%2 == 0 {
					l.Keep("a", kept(r.IntN(40), r.Int64N(limit/2)))
					_ = there(l, "a", 0, 40)
					continue
				}
				from := epoch.Add(-time.Duration(1+r.IntN(24)) * time.Hour)
				if _, err := l.Query(context.Background(), ask(t, u, `{"groupBy":["country"]}`, from, from.Add(time.Hour)), u.source()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if s := l.Stats(); s.Bytes > limit || s.Bytes == 0 {
		t.Errorf("%+v is kept, %d bytes are allowed", s, limit)
	}
}

func TestTheLeastRecentlyUsedOfBothGoesFirst(t *testing.T) {
	u := newUpstream(personality{}, spread(1000, epoch.Add(-24*time.Hour), epoch.Add(-time.Hour), 1), 1)
	events := func(l *eventlog.Log) {
		run(t, l, u, `{"groupBy":["country"]}`, epoch.Add(-24*time.Hour), epoch.Add(-time.Hour))
	}
	alone := newLog(t, u)
	events(alone)
	bytes := alone.Stats().Bytes
	limit := 3 * bytes
	for name, c := range map[string]struct {
		last func(l *eventlog.Log)
		want string
		rows int
	}{
		"events": {func(l *eventlog.Log) { _ = there(l, "a", 0, 1) }, "[0 2]", 0},
		"kept":   {events, "[2]", 1000},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t, u, func(c *eventlog.Config) { c.Limit = limit })
			l.Keep("a", kept(0, bytes))
			events(l)
			c.last(l)
			before := u.count()
			l.Keep("a", kept(2, limit/2-1000))
			if got := there(l, "a", 0, 9); got != c.want {
				t.Errorf("%s is kept, want %s", got, c.want)
			}
			if s := l.Stats(); s.Bytes > limit || (s.Events > 500) != (c.rows > 0) {
				t.Errorf("%+v is kept", s)
			}
			events(l)
			if again := u.count() - before; (again == 0) != (c.rows > 0) {
				t.Errorf("%d calls for the events", again)
			}
		})
	}
}

func TestKeptHoldsForItsTime(t *testing.T) {
	u := newUpstream(personality{}, nil, 1)
	l := newLog(t, u)
	live := kept(1, 1000)
	live.Until = u.clock.now().Add(10 * time.Second)
	l.Keep("a", kept(0, 1000))
	l.Keep("a", live)
	l.Keep("b", kept(3, 1000))
	if got := there(l, "a", 0, 9); got != "[0 1]" {
		t.Errorf("%s is kept", got)
	}
	if got := there(l, "a", 1, 2); got != "[1]" {
		t.Errorf("%s is kept of one hour", got)
	}
	u.clock.advance(10 * time.Second)
	if got := there(l, "a", 0, 9); got != "[0]" {
		t.Errorf("%s is kept after its time", got)
	}
	if s := l.Stats(); s.Events != 2 {
		t.Errorf("%+v: what no longer holds still counts", s)
	}
}

func TestKeptReplacesWhatItCovers(t *testing.T) {
	u := newUpstream(personality{}, nil, 1)
	l := newLog(t, u)
	day := eventlog.Kept{From: epoch, To: epoch.Add(24 * time.Hour), Value: 100, Bytes: 10}
	for hour := range 3 {
		l.Keep("a", kept(hour, 1000))
	}
	l.Keep("a", day)
	if got := there(l, "a", 0, 24); got != "[0 1 2 100]" {
		t.Errorf("%s: what serves its own span alone replaces no part", got)
	}
	day.Divisible, day.Until = true, u.clock.now().Add(time.Second)
	l.Keep("a", day)
	if got := there(l, "a", 0, 24); got != "[0 1 2 100 100]" {
		t.Errorf("%s: what holds for a moment replaces nothing that holds for good", got)
	}
	day.Until = time.Time{}
	l.Keep("a", day)
	if got := there(l, "a", 0, 24); got != "[100]" {
		t.Errorf("%s is kept", got)
	}
}
