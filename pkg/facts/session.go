package facts

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// session is one question on its way to its facts.
type session struct {
	*Gatherer
	question query.Question
	within   interval.Interval
	show     func(value string) string
	calls    *cloudflare.Trace
	// login is the time of the login; the time of asking where none is found.
	login time.Time
	found bool
	// appUID, aud, and domain name the application, as far as the login does.
	appUID, aud, domain string
	address             string

	mu    sync.Mutex
	facts explain.Facts
	// gaps by what they are about, in their order.
	gaps    []Gap
	remarks []string
}

func newSession(g *Gatherer, q query.Question, within interval.Interval, show func(string) string) *session {
	return &session{Gatherer: g, question: q, within: within, show: show, login: g.now()}
}

// gather finds the login and then, in as few rounds as the facts depend on each
// other, all else. Calls of a round run at the same time, and each fails alone.
func (s *session) gather(ctx context.Context) (*Gathered, error) {
	if s.calls = cloudflare.TraceOf(ctx); s.calls == nil {
		s.calls = &cloudflare.Trace{}
		ctx = cloudflare.WithTrace(ctx, s.calls)
	}
	s.facts.RayID, s.facts.Show = s.question.RayID, s.show
	if err := s.findUser(ctx); err != nil {
		return nil, err
	}
	if err := s.findLogin(ctx); err != nil {
		return nil, err
	}
	s.facts.ReadAt = s.now()
	if s.found || s.question.RayID == "" {
		if err := s.enrich(ctx); err != nil {
			return nil, err
		}
	}
	return &Gathered{Facts: s.facts, Gaps: s.gaps, Remarks: s.remarks}, nil
}

// enrich reads what the login points to.
func (s *session) enrich(ctx context.Context) error {
	var unknown error
	s.together(
		func() { unknown = s.readApplication(ctx) },
		func() { s.readIdentity(ctx) },
		func() { s.facts.IdentityProviders = s.table(ctx, identityProviders) },
	)
	if unknown != nil {
		return unknown
	}
	needs := s.needs()
	// What decides comes first, and what may happen to be of interest last.
	tasks := s.named(ctx, needs)
	for _, task := range s.around(ctx, needs) {
		if s.calls.Calls()+len(tasks) < maxCalls {
			tasks = append(tasks, task.run)
		} else {
			task.skip(errSpared)
		}
	}
	s.together(tasks...)
	s.together(append(s.inGroups(ctx, needs), s.versions(ctx)...)...)
	return nil
}

// together runs tasks at the same time.
func (s *session) together(tasks ...func()) {
	var group errgroup.Group
	for _, task := range tasks {
		group.Go(func() error { task(); return nil })
	}
	_ = group.Wait() // its functions return no error
}

// gap notes what could not be read, and is why.
func (s *session) gap(what, permission string, err error) *explain.Missing {
	g := Gap{What: what, Missing: missing(what, permission, err), Kind: cloudflare.KindOf(err)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gaps = append(s.gaps, g)
	return &g.Missing
}

func (s *session) remark(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remarks = append(s.remarks, text)
}

// passing says whether something could not be read that can be a moment later.
func (s *session) passing() bool {
	for _, g := range s.gaps {
		switch g.Kind {
		case cloudflare.KindPermission, cloudflare.KindNotFound, cloudflare.KindOther:
		default:
			return true
		}
	}
	return false
}
