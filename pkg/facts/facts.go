// Package facts gathers what the judgement of a login rests on: the login itself,
// wherever in the logs it is, who made it, the application with its policies and
// all that they name, and what happened around it. It makes few calls, keeps what
// it read for a while, and tells what it could not read and why. It judges nothing.
package facts

import (
	"context"
	"fmt"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/directory"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

const (
	// configurationTTL is how long configuration is kept: it changes seldom.
	// momentTTL is how long the rest is, which changes with every login.
	configurationTTL = 5 * time.Minute
	momentTTL        = time.Minute
	absentTTL        = 10 * time.Second
	// maxDocuments, maxDocument and maxGathered bound what is kept: a document has a
	// few kilobytes, and a long list of it at most so many bytes.
	maxDocuments = 100
	maxDocument  = 1 << 20
	maxGathered  = 50
	// maxCalls is how many calls a question makes, as far as it can be helped.
	maxCalls = 15
	// patience is how long Cloudflare is waited for where the caller names no time.
	patience = 30 * time.Second
)

// QueryTypes are those whose events the facts can hold.
var QueryTypes = []string{accessRequests, loginGroups, "failed_logins", "scim_updates", "access_changes", "jit_requests"}

// Log asks one of QueryTypes for events, on behalf of a question.
type Log struct {
	QueryType string
	// Filters are values by field; an event needs one of the values of each.
	Filters map[string][]string
	Within  interval.Interval
	// Limit is the most events, newest first.
	Limit int
	// MaxRows bounds the events that are scanned; 0 for the data source's bound.
	MaxRows int
	// Unpushed has the events filtered here alone.
	Unpushed bool
}

// Logs answers from the surfaces' own stores.
type Logs interface {
	Ask(ctx context.Context, l Log) (*answer.Result, error)
}

// Gatherer gathers for one data source.
type Gatherer struct {
	client    *cloudflare.Client
	accountID string
	now       func() time.Time
	directory *directory.Directory
	logs      Logs
	keepFor   time.Duration
	documents *lru.Cache[string, kept[*cloudflare.Envelope]]
	gathered  *lru.Cache[string, kept[*Gathered]]
}

// kept is what was read at a time.
type kept[T any] struct {
	value T
	until time.Time
}

// New makes a Gatherer that knows nothing yet. It keeps nothing for longer than
// keepFor.
func New(client *cloudflare.Client, accountID string, now func() time.Time, d *directory.Directory, logs Logs, keepFor time.Duration) *Gatherer {
	documents, _ := lru.New[string, kept[*cloudflare.Envelope]](maxDocuments) // fails for sizes below 1 only
	gathered, _ := lru.New[string, kept[*Gathered]](maxGathered)
	return &Gatherer{client, accountID, now, d, logs, keepFor, documents, gathered}
}

// until is when what is read now counts no longer.
func (g *Gatherer) until(ttl time.Duration) time.Time { return g.now().Add(min(ttl, g.keepFor)) }

// Forget frees all that is kept.
func (g *Gatherer) Forget() {
	g.documents.Purge()
	g.gathered.Purge()
}

// Gathered is what a question came to. It is read-only, as it is shared.
type Gathered struct {
	Facts explain.Facts
	// Gaps are what could not be read, in the order of the facts.
	Gaps []Gap
	// Remarks are good to know.
	Remarks []string
}

// Gap is a part of the facts that could not be read.
type Gap struct {
	explain.Missing
	Kind cloudflare.Kind
}

// Gather gathers the facts of a question. The same question is gathered once for
// all who ask it at about the same time. show is what the data source shows of a
// personal value. Errors are *query.InvalidError, the context's, or what kept a
// masked user from being looked up: all else that Cloudflare does not give is a gap.
func (g *Gatherer) Gather(ctx context.Context, q query.Question, within interval.Interval, show func(string) string) (*Gathered, error) {
	// A login that was found is the same in every time range.
	login := strings.Join([]string{q.RayID, q.UserEmail, q.AppUID, q.AppName}, "\x00")
	key := fmt.Sprint(login, "\x00", interval.Floor(within.From, interval.Minute), "\x00", interval.Floor(within.To, interval.Minute))
	for _, k := range []string{login, key} {
		if known, ok := g.gathered.Get(k); ok && g.now().Before(known.until) {
			return known.value, nil
		}
	}
	deadline, limited := ctx.Deadline()
	return cloudflare.Share(ctx, g.client, "facts of "+key, func(ctx context.Context) (*Gathered, error) {
		if !limited {
			deadline = time.Now().Add(patience)
		}
		// What is left of the time is for the judgement.
		ctx, cancel := context.WithDeadline(ctx, time.Now().Add(time.Until(deadline)*9/10))
		defer cancel()
		s := newSession(g, q, within, show)
		found, err := s.gather(ctx)
		switch {
		case err != nil || s.passing():
		case s.found && q.RayID != "":
			g.gathered.Add(login, kept[*Gathered]{found, g.until(momentTTL)})
		default:
			// What is not there can arrive any moment.
			g.gathered.Add(key, kept[*Gathered]{found, g.until(absentTTL)})
		}
		return found, err
	})
}
