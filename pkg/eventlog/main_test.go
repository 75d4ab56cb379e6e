package eventlog_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = lab.Noon

func day() (from, to time.Time) { return noon.Add(-24 * time.Hour), noon.Add(-time.Hour) }

func week() (from, to time.Time) { return noon.Add(-7 * 24 * time.Hour), noon }

// holding is an account that has events.
func holding(events []account.Event) account.Config { return account.Config{Events: events} }

// spread are n events, evenly but for a little noise.
func spread(n int, from, to time.Time) account.Config {
	return holding(account.NewEvents(n, from, to, 1))
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// outcome is what a query in the background came to.
type outcome struct {
	result *answer.Result
	err    error
}

// asked starts a query in the background, and lets it go as far as it gets.
func asked(ctx context.Context, l *lab.Lab, r *query.Request) <-chan outcome {
	answered := make(chan outcome, 1)
	go func() {
		result, err := l.Query(ctx, r)
		answered <- outcome{result, err}
	}()
	synctest.Wait()
	return answered
}

func isCanceled(err error) bool { return cloudflare.KindOf(err) == cloudflare.KindCanceled }
