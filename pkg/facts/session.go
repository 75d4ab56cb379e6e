package facts

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
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
	// groupsRead says that the login groups were asked for the Ray ID.
	groupsRead bool
	// appUID, aud, and domain name the application, as far as the login does.
	appUID, aud, domain string
	address             string

	mu sync.Mutex
	// taken are the events that are facts already, by their keys.
	taken map[string]bool
	facts explain.Facts
	// gaps by what they are about, in their order.
	gaps    []Gap
	remarks []string
	// broken is a task that panicked.
	broken error
}

func newSession(g *Gatherer, q query.Question, within interval.Interval, show func(string) string) *session {
	return &session{Gatherer: g, question: q, within: within, show: show, login: g.now(), taken: map[string]bool{}}
}

// gather finds the login and then, in as few rounds as the facts depend on each
// other, all else. Calls of a round run at the same time, and each fails alone.
func (s *session) gather(ctx context.Context) (found *Gathered, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = eventlog.Panicked(p)
		}
	}()
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
	if s.broken != nil {
		return nil, s.broken
	}
	// What was left out on purpose is the least of what is missing.
	slices.SortStableFunc(s.gaps, func(a, b Gap) int { return cmp.Compare(a.rank(), b.rank()) })
	return &Gathered{Facts: s.facts, Gaps: s.gaps, Remarks: s.remarks}, nil
}

// enrich reads what the login points to.
func (s *session) enrich(ctx context.Context) error {
	var unknownApp, noGroups error
	var groups []event
	first, cancel := inPart(ctx, 2)
	defer cancel()
	round := []func(){
		func() { unknownApp = s.readApplication(first) },
		func() { s.facts.IdentityProviders = s.table(first, identityProviders) },
	}
	if s.facts.UserUUID != "" {
		round = append(round, func() { s.readIdentity(first) })
	}
	if s.found && !s.groupsRead {
		near := around(s.login, apart).Clip(s.retention(loginGroups))
		round = append(round, func() { groups, noGroups = s.readGroups(first, near) })
	}
	s.together(round...)
	if unknownApp != nil {
		return unknownApp
	}
	if noGroups != nil {
		s.facts.Group.Missing = s.gap(loginGroupsOf, permissionAnalytics, noGroups)
	}
	s.takeGroup(groups)
	needs := s.needs()
	second, cancel := inPart(ctx, 2)
	defer cancel()
	// What decides comes first, and what may happen to be of interest last.
	tasks := s.named(second, needs)
	if s.facts.Identity.JSON == nil && s.facts.Identity.Missing == nil && s.facts.UserEmail+s.facts.UserUUID != "" {
		tasks = append(tasks, func() { s.readIdentity(second) })
	}
	// A list takes a second call where its items lie apart, which turns out on the way.
	left := maxCalls - s.calls.Calls() - len(tasks) - len(needs.lists)
	var later []optional
	for _, task := range s.around(second, needs) {
		if left -= task.calls; left >= 0 {
			tasks = append(tasks, task.run)
		} else {
			later = append(later, task)
		}
	}
	s.together(tasks...)
	tasks = append(s.inGroups(ctx, needs), s.versions(ctx, needs)...)
	for _, task := range later {
		if s.calls.Calls()+len(tasks) < maxCalls {
			tasks = append(tasks, task.run)
		} else {
			task.skip(errSpared)
		}
	}
	s.together(tasks...)
	return nil
}

// inPart gives a step one in so many parts of the time that is left, so that a call
// that hangs costs no more than what it asks for.
func inPart(ctx context.Context, parts time.Duration) (context.Context, context.CancelFunc) {
	deadline, _ := ctx.Deadline() // Gather sees to it that there is one.
	return context.WithTimeout(ctx, time.Until(deadline)/parts)
}

// together runs tasks at the same time. One that panics fails the question, and not
// the process.
func (s *session) together(tasks ...func()) {
	var group errgroup.Group
	for _, task := range tasks {
		group.Go(func() error {
			defer func() {
				if p := recover(); p != nil {
					s.mu.Lock()
					defer s.mu.Unlock()
					s.broken = eventlog.Panicked(p)
				}
			}()
			task()
			return nil
		})
	}
	_ = group.Wait() // its functions return no error
}

// gap notes what could not be read, and is why.
func (s *session) gap(what, permission string, err error) *explain.Missing {
	g := Gap{Missing: missing(what, permission, err), Kind: cloudflare.KindOf(err)}
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

func (g Gap) rank() int {
	if g.Kind == cloudflare.KindOther {
		return 1
	}
	return 0
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
