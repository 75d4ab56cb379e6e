// Package lab is a data source on an account in memory, for tests of how events
// are scanned, kept and shared. Its tests run in virtual time.
package lab

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
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

// Noon is when each test begins. Virtual time goes on only while a test waits.
var Noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// Test runs a test in virtual time.
func Test(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(Noon))
		test(t)
	})
}

// Check checks a property in virtual time.
func Check(t *testing.T, property func(t *rapid.T)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			time.Sleep(time.Until(Noon))
			property(t)
		})
	})
}

// T is what *testing.T and *rapid.T have in common.
type T interface {
	Helper()
	Fatal(args ...any)
	Cleanup(cleanup func())
}

// Lab is a data source, and the account that it asks.
type Lab struct {
	*account.Account
	*surface.Set
}

// New makes an account, and a data source on it. Its calls are not limited unless
// c says so.
func New(t T, c account.Config, change ...func(*surface.Config)) *Lab {
	if c.Limit == 0 {
		c.Limit = account.Unlimited
	}
	return On(t, account.New(c), change...)
}

// On makes a data source that knows nothing yet on an account.
func On(t T, a *account.Account, change ...func(*surface.Config)) *Lab {
	client := cloudflare.New(cloudflare.Config{
		BaseURL: a.URL(), Credentials: cloudflare.Credentials{Token: account.Token}, HTTP: &http.Client{Transport: a.Transport()},
	})
	c := surface.Config{Client: client, AccountID: account.ID,
		Config: eventlog.Config{Limit: 256 << 20, SealAfter: 15 * time.Minute, MaxRows: 1_000_000, Now: time.Now}}
	for _, f := range change {
		f(&c)
	}
	l := &Lab{a, surface.NewSet(c)}
	t.Cleanup(func() {
		l.Close()
		client.Close()
	})
	return l
}

// Close ends the data source. The account in memory needs no end.
func (l *Lab) Close() { l.Set.Close() }

// Calls is how many calls the account got.
func (l *Lab) Calls() int { return l.Counts().Calls() }

// Request parses a query as the plugin does. Without a query type, it is about
// access requests.
func Request(t T, model string, from, to time.Time, change ...func(*query.Options)) *query.Request {
	t.Helper()
	o := query.Options{QueryType: "access_requests", From: from, To: to, MaxDataPoints: 300, MaxLimit: 1_000_000, Now: time.Now()}
	for _, f := range change {
		f(&o)
	}
	r, err := query.Parse([]byte(model), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Query asks a question. Its calls are counted for itself, as the plugin has it.
func (l *Lab) Query(ctx context.Context, r *query.Request) (*answer.Result, error) {
	s, ok := l.Surface(r.Type.Name)
	if !ok {
		return nil, errors.New("no surface " + r.Type.Name)
	}
	return s.Query(cloudflare.WithTrace(ctx, &cloudflare.Trace{}), r)
}

// Ask asks what has an answer.
func (l *Lab) Ask(t T, model string, from, to time.Time, change ...func(*query.Options)) *answer.Result {
	t.Helper()
	res, err := l.Query(context.Background(), Request(t, model, from, to, change...))
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// Truth are the events that a request is about and that keep lets through, oldest
// first.
func (l *Lab) Truth(r *query.Request, keep func(account.Event) bool) []account.Event {
	needed := r.Needed()
	return l.Account.Truth(needed.Start(), needed.End().Add(-1), keep)
}

// Cell is the value of a field in a row of a table.
func Cell(t T, table *answer.Table, field string, row int) query.Cell {
	t.Helper()
	for k := range table.Columns {
		if table.Columns[k].Field.Name == field {
			return table.Cell(&table.Columns[k], row)
		}
	}
	t.Fatal("the table has no column " + field)
	return query.Cell{}
}

// Rays are the Ray IDs of a table, in its order.
func Rays(t T, table *answer.Table) []string {
	t.Helper()
	rays := make([]string, len(table.Times))
	for row := range rays {
		rays[row] = Cell(t, table, "ray_id", row).Text
	}
	return rays
}

// Slow is a Config.Before: each call takes about so long. Calls for different
// times or pages never end at the same moment, so that what a scan does next depends
// on virtual time alone, and not on how the machine schedules its goroutines.
func Slow(about time.Duration) func(*http.Request) error {
	return func(r *http.Request) error {
		h := fnv.New64a()
		_, _ = h.Write([]byte(r.URL.Query().Get("until") + r.URL.Query().Get("before") + r.URL.Query().Get("page"))) // never fails
		return Wait(r.Context(), about+time.Duration(h.Sum64()%uint64(about/1000)))
	}
}

// Wait waits, unless the caller goes away.
func Wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Masked has a request ask as it does where identities are masked.
func Masked(o *query.Options) {
	o.Disguise = func(f *catalogue.Field, value string) string {
		if f.Personal {
			return Pseudonym(value)
		}
		return value
	}
}

// Pseudonym is what Masked shows of a personal value.
func Pseudonym(value string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(value)) // never fails
	return fmt.Sprintf("p_%016x", h.Sum64())
}
