package facts

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/directory"
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
	appIDs              []string
	address             string

	mu sync.Mutex
	// asked are the parts that were asked for, so that none is twice.
	asked map[string]bool
	// listing is the account's Zero Trust lists, without what is in them.
	listing []json.RawMessage
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
	return &session{Gatherer: g, question: q, within: within, show: show, login: g.now(), asked: map[string]bool{}, taken: map[string]bool{}}
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
	// What is to be known of the login once it is found takes calls, too.
	s.calls.Bound(maxSearching)
	s.facts.RayID, s.facts.Show = s.question.RayID, s.show
	s.facts.Lists = map[string]explain.List{}
	if err := s.findUser(ctx); err != nil {
		return nil, err
	}
	if err := s.findLogin(ctx); err != nil {
		return nil, err
	}
	s.calls.Bound(maxCalls)
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

// enrich reads what the login points to, in order of its worth for the verdict: the
// application and who signed in, then all that the policies name, and last what
// happened around the login.
func (s *session) enrich(ctx context.Context) error {
	var unknownApp error
	var groups []event
	first, cancel := inPart(ctx, 2)
	defer cancel()
	tasks := []task{{"the application", directory.ReadsApps, func() error {
		err := s.readApplication(first)
		if _, ok := errors.AsType[*query.InvalidError](err); ok {
			unknownApp, err = err, nil
		}
		return err
	}, func(m *explain.Missing) { s.facts.App.Missing = m }}}
	if s.found && !s.groupsRead {
		near := around(s.login, apart).Clip(s.retention(loginGroups))
		tasks = append(tasks, task{loginGroupsOf, permissionAnalytics, func() (err error) {
			groups, err = s.readGroups(first, near)
			return err
		}, func(m *explain.Missing) { s.facts.Group.Missing = m }})
	}
	if s.facts.UserUUID != "" {
		tasks = append(tasks, s.identity(first))
	}
	s.together(append(tasks, s.table(first, identityProviders, &s.facts.IdentityProviders))...)
	if unknownApp != nil {
		return unknownApp
	}
	s.takeGroup(groups)
	s.readNamed(ctx)
	s.together(s.around(ctx)...)
	s.readNames(alone(ctx))
	return nil
}

// inPart gives a step one in so many parts of the time that is left, so that a call
// that hangs costs no more than what it asks for.
func inPart(ctx context.Context, parts time.Duration) (context.Context, context.CancelFunc) {
	deadline, _ := ctx.Deadline() // Gather sees to it that there is one.
	return context.WithTimeout(ctx, time.Until(deadline)/parts)
}

// task reads a part of the facts, which takes a call at least.
type task struct {
	what, permission string
	read             func() error
	// miss is told why the part is not there, or not whole; nil where nothing rests
	// on it.
	miss func(*explain.Missing)
}

// once says whether a part is asked for the first time.
func (s *session) once(part string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.asked[part]
	s.asked[part] = true
	return first
}

// together runs tasks at the same time. There are no more of them than calls left,
// so the most telling come first. One that panics fails the question, and not the
// process.
func (s *session) together(tasks ...task) {
	var group errgroup.Group
	left := s.calls.Left()
	for i, t := range tasks {
		if i >= left {
			s.lack(t, errSpared)
			continue
		}
		group.Go(func() error {
			defer func() {
				if p := recover(); p != nil {
					s.mu.Lock()
					defer s.mu.Unlock()
					s.broken = eventlog.Panicked(p)
				}
			}()
			if err := t.read(); err != nil {
				s.lack(t, err)
			}
			return nil
		})
	}
	_ = group.Wait() // its functions return no error
}

// lack notes that a task did not bring its part, or not all of it.
func (s *session) lack(t task, err error) {
	m := s.gap(t.what, t.permission, err)
	if t.miss != nil {
		t.miss(m)
	}
}

// gap notes what could not be read, and is why.
func (s *session) gap(what, permission string, err error) *explain.Missing {
	g := Gap{Missing: missing(what, permission, err), Kind: cloudflare.KindOf(err)}
	if cloudflare.BeyondBound(err) {
		g.Kind = cloudflare.KindOther
	}
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
