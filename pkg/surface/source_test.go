package surface_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

// noon is when every test begins; midnight is twelve hours before.
var (
	noon     = time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	midnight = noon.Add(-12 * time.Hour)
)

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	rapid.TB
	Cleanup(cleanup func())
}

// clock goes on with the time of the test's bubble, and by leaps besides: those
// take no time of the bubble, in which rapid counts how long it may shrink.
type clock struct {
	began  time.Time
	leaped atomic.Int64
}

func (c *clock) now() time.Time {
	return noon.Add(time.Since(c.began) + time.Duration(c.leaped.Load()))
}

func (c *clock) pass(d time.Duration) { c.leaped.Add(int64(d)) }

// source is the surfaces of a data source, and the account that they ask.
type source struct {
	*clock
	*surface.Set
	account *account.Account
	// sampled is how many logins each counted one stands for.
	sampled int64
}

const (
	cached   = int64(1) << 24
	uncached = int64(0)
)

// open makes a data source that keeps so many bytes. The test runs in a bubble.
func open(t tester, cache int64, c account.Config) *source {
	s := &source{clock: &clock{began: time.Now()}, sampled: max(c.GraphQL.SampleInterval, 1)}
	c.Now = s.now
	if c.Limit == 0 {
		c.Limit = account.Unlimited
	}
	s.account = account.New(c)
	s.renew(t, cache)
	return s
}

// renew replaces the data source by one that knows nothing yet.
func (s *source) renew(t tester, cache int64) {
	client := cloudflare.New(cloudflare.Config{
		BaseURL: s.account.URL(), Credentials: cloudflare.Credentials{Token: account.Token},
		HTTP: &http.Client{Transport: s.account.Transport()}, Now: s.now,
	})
	set := surface.NewSet(surface.Config{Client: client, AccountID: account.ID,
		Config: eventlog.Config{Limit: cache, SealAfter: 15 * time.Minute, KeepFor: 24 * time.Hour, MaxRows: 100_000, Now: s.now}})
	s.Set = set
	t.Cleanup(func() {
		set.Close()
		client.Close()
	})
}

// counted is an account whose logins GraphQL counts.
func counted(events []account.LoginEvent) account.Config { return account.Config{Groups: events} }

// limited is an account with limits of GraphQL.
func limited(events []account.LoginEvent, g account.GraphQL) account.Config {
	return account.Config{Groups: events, GraphQL: g}
}

// arrive adds logins.
func (s *source) arrive(events ...account.LoginEvent) {
	s.account.Change(func(c *account.Config) { c.Groups = append(c.Groups, events...) })
}

// fail has each call but those for the settings fail from now on, unless failure
// gives nil for it. n counts those calls from 1.
func (s *source) fail(failure func(n int) error) {
	var n atomic.Int64
	s.account.Change(func(c *account.Config) {
		c.Before = func(r *http.Request) error {
			if account.AsksSettings(r) {
				return nil
			}
			return failure(int(n.Add(1)))
		}
	})
}

// heal ends all failures.
func (s *source) heal() { s.account.Change(func(c *account.Config) { c.Before = nil }) }

// hold has all calls but those for the settings wait until the test lets them
// proceed. Their answer is failure, or if that is nil the account's own.
func (s *source) hold(failure error) (proceed func()) {
	released := make(chan struct{})
	s.fail(func(int) error {
		<-released
		return failure
	})
	return func() { close(released) }
}

// calls is how often groups, or rows, were asked for.
func (s *source) calls() int {
	c := s.account.Counts()
	return c.Calls() - c.Settings
}

// checkNotRefused says that GraphQL was asked for nothing that it refuses.
func (s *source) checkNotRefused(t tester) {
	t.Helper()
	if refused := s.account.Refusals(); len(refused) > 0 {
		t.Errorf("refused upstream: %v", refused)
	}
}

// question is a query as a dashboard has it.
type question struct {
	Type      string   `json:"queryType"`
	Format    string   `json:"format,omitempty"`
	GroupBy   []string `json:"groupBy,omitzero"`
	Fields    []string `json:"fields,omitempty"`
	Filters   []filter `json:"filters,omitempty"`
	Direction string   `json:"direction,omitempty"`
	Limit     int      `json:"limit,omitempty"`
	// disguise masks the personal fields.
	disguise func(f *catalogue.Field, value string) string
}

type filter struct {
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Values   []any  `json:"values"`
}

func where(field, operator string, values ...any) filter { return filter{field, operator, values} }

// over is the question about a time range. It is about login groups unless it
// says otherwise.
func (q question) over(t tester, s *source, from, to time.Time, interval ...time.Duration) *query.Request {
	t.Helper()
	if q.Type == "" {
		q.Type = "login_groups"
	}
	raw, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	o := query.Options{From: from, To: to, MaxDataPoints: 60, MaxLimit: 100_000, Now: s.now(), Disguise: q.disguise}
	if len(interval) > 0 {
		o.Interval = interval[0]
	}
	r, err := query.Parse(raw, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// try asks, and has the calls counted, as the plugin does.
func (s *source) try(ctx context.Context, r *query.Request) (*answer.Result, error) {
	found, ok := s.Surface(r.Type.Name)
	if !ok {
		return nil, errors.New("no surface " + r.Type.Name)
	}
	return found.Query(cloudflare.WithTrace(ctx, &cloudflare.Trace{}), r)
}

// ask asks what has an answer.
func (s *source) ask(t tester, r *query.Request) *answer.Result {
	t.Helper()
	result, err := s.try(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func hasNotice(result *answer.Result, text string) bool {
	return slices.ContainsFunc(result.Notices, func(n answer.Notice) bool { return strings.Contains(n.Text, text) })
}

// bubbled runs a test in virtual time.
func bubbled(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// property checks a property in virtual time. Each check takes a moment of it, so
// that rapid shrinks what fails in 1,500 checks at most; -rapid.shrinktime allows
// more.
func property(t *testing.T, check func(t *rapid.T)) {
	synctest.Test(t, func(t *testing.T) {
		// A bubble does not tell rapid the deadline of a *testing.T.
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) {
			time.Sleep(20 * time.Millisecond)
			check(t)
		})
	})
}
