package eventlog_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

func keptFor(keepFor time.Duration) func(*surface.Config) {
	return func(c *surface.Config) { c.KeepFor = keepFor }
}

// What has reached its age is asked for again, sealed or not: the upstream may have
// erased it since.
func TestNothingOlderThanAllowedIsServed(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, spread(500, noon.Add(-24*time.Hour), noon.Add(-time.Hour)), keptFor(6*time.Hour))
		from, to := day()
		l.Ask(t, `{"groupBy":["user_email"]}`, from, to)
		l.Change(func(c *account.Config) { c.Events = c.Events[:100] })
		time.Sleep(6*time.Hour - time.Second)
		calls := l.Calls()
		if res := l.Ask(t, `{"groupBy":["user_email"]}`, from, to); l.Calls() != calls || res.Scanned != 500 {
			t.Errorf("within the age: %d calls, %d rows", l.Calls()-calls, res.Scanned)
		}
		time.Sleep(time.Second)
		if res := l.Ask(t, `{"groupBy":["user_email"]}`, from, to); l.Calls() == calls || res.Scanned != 100 {
			t.Errorf("beyond the age: %d calls, %d rows", l.Calls()-calls, res.Scanned)
		}
	})
}

// Parts that later queries add, and that are joined with what is there, do not keep it young.
func TestRefreshesDoNotProlongWhatIsKept(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, spread(500, noon.Add(-24*time.Hour), noon.Add(-time.Hour)), keptFor(6*time.Hour))
		for range 12 {
			l.Ask(t, `{"groupBy":["user_email"]}`, noon.Add(-24*time.Hour), time.Now())
			time.Sleep(30*time.Minute - time.Second)
		}
		l.Change(func(c *account.Config) { c.Events = nil })
		time.Sleep(time.Minute)
		if res := l.Ask(t, `{"groupBy":["user_email"]}`, noon.Add(-24*time.Hour), noon); res.Scanned != 0 {
			t.Errorf("%d rows that were read six hours ago", res.Scanned)
		}
	})
}

// Memory is freed in time although nobody asks.
func TestWhatIsKeptIsFreedWhenIdle(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, spread(500, noon.Add(-24*time.Hour), noon.Add(-time.Hour)), keptFor(6*time.Hour))
		from, to := day()
		l.Ask(t, `{"groupBy":["user_email"]}`, from, to)
		time.Sleep(6*time.Hour - time.Second)
		if l.Stats().Rows != 500 {
			t.Fatalf("%d rows are kept", l.Stats().Rows)
		}
		time.Sleep(2 * time.Second)
		if s := l.Stats(); s.Rows != 0 || s.Bytes != 0 {
			t.Errorf("%+v after the age", s)
		}
	})
}

// A machine that slept, or whose clock jumped, did not run what frees in time.
func TestAClockThatJumpsServesNothingOld(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		jump := time.Duration(0)
		l := lab.New(t, spread(500, noon.Add(-24*time.Hour), noon.Add(-time.Hour)), keptFor(6*time.Hour),
			func(c *surface.Config) { c.Now = func() time.Time { return time.Now().Add(jump) } })
		from, to := day()
		l.Ask(t, `{"groupBy":["user_email"]}`, from, to)
		l.Change(func(c *account.Config) { c.Events = c.Events[:100] })
		jump = 7 * time.Hour
		if res := l.Ask(t, `{"groupBy":["user_email"]}`, from, to); res.Scanned != 100 {
			t.Errorf("%d rows after a jump", res.Scanned)
		}
	})
}

// late brings each answer a second after it was given.
type late struct{ http.RoundTripper }

func (l late) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.RoundTripper.RoundTrip(r)
	time.Sleep(time.Second)
	return response, err
}

// What is on its way when all is forgotten is not kept either.
func TestForgetFreesEverything(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		a := account.New(spread(5_000, noon.Add(-24*time.Hour), noon.Add(-time.Hour)))
		client := cloudflare.New(cloudflare.Config{BaseURL: a.URL(), Credentials: cloudflare.Credentials{Token: account.Token},
			HTTP: &http.Client{Transport: late{a.Transport()}}})
		t.Cleanup(client.Close)
		l := lab.On(t, a, func(c *surface.Config) { c.Client = client })
		from, to := day()
		r := lab.Request(t, `{"groupBy":["user_email"]}`, from, to)
		running := asked(t.Context(), l, r)
		time.Sleep(1500 * time.Millisecond) // A part has arrived, and answers are on their way.
		l.Change(func(c *account.Config) { c.Events = c.Events[:100] })
		l.Forget()
		if s := l.Stats(); s.Rows != 0 || s.Bytes != 0 {
			t.Errorf("%+v after all was forgotten", s)
		}
		// The query at work is answered, with what there is now.
		if got := <-running; got.err != nil || got.result.Scanned != 100 {
			t.Errorf("the query at work: %v, %+v", got.err, got.result)
		}
		if res := l.Ask(t, `{"groupBy":["user_email"]}`, from, to); res.Scanned != 100 {
			t.Errorf("%d rows after all was forgotten", res.Scanned)
		}
	})
}
