package cloudflare

import (
	"net/http"
	"sync"
	"time"
)

const (
	restAPI    = "rest"
	graphqlAPI = "graphql"

	// maxInFlight bounds the calls that run at the same time for one API.
	maxInFlight = 8
	// defaultBlock is how long Cloudflare blocks who exceeds the limit.
	defaultBlock = 5 * time.Minute
	// resetSlack covers that headers count in whole seconds.
	resetSlack = time.Second
)

// budget is the rate limit of one credential at one API. Calls ask for a
// ticket and give it back with what the answer's headers said.
//
// What the headers say is left overrules our own count, because dashboards,
// scripts, and other replicas spend from the same limit. Our own count serves
// where there are no headers. It counts a call from its start until a window
// after its end, so no window of Cloudflare's sees more, wherever it starts.
//
// Nothing is known before the first answer, after a window has ended, and after a
// block. Then one call goes alone, and the others wait for what it learns.
type budget struct {
	api     string
	reserve float64
	now     func() time.Time

	mu       sync.Mutex
	closed   bool
	limit    int           // of our own count
	window   time.Duration // of our own count
	ends     []time.Time   // when the calls of the window ended, oldest first
	inFlight int
	took     time.Duration // by the last call that was answered
	quotas   map[string]*quotaState
	learned  time.Time // when headers were last read
	unknown  bool
	probe    *ticket
	blocked  time.Time
	waiting  [3][]*waiter // by Priority
	timer    *time.Timer
	// spendings are the calls that count against an allowance.
	spendings []*spending
}

// quotaState is a named quota as the last answers told it.
type quotaState struct {
	limit  int // 0 if unknown
	window time.Duration
	left   int
	reset  time.Time
}

// ticket allows one attempt. It must be given back exactly once.
type ticket struct {
	start time.Time
	spent *spending // nil without an allowance
}

func newBudget(api string, limit int, reserve float64, now func() time.Time) *budget {
	reserve = min(max(reserve, 0), 0.9)
	return &budget{
		api: api, reserve: reserve, now: now, limit: limit, window: 5 * time.Minute,
		quotas: map[string]*quotaState{}, unknown: true,
	}
}

// giveBack ends an attempt. h are the answer's headers, nil if none came. If
// Cloudflare refused the call for its rate limit, all calls stop: as long as
// Retry-After says, otherwise to the end of the window that is used up, otherwise
// for as long as Cloudflare's own block lasts. blocked is when they may go on.
func (b *budget) giveBack(t *ticket, h http.Header, refused bool) (blocked time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.inFlight--
	b.ends = append(b.ends, now)
	if h != nil {
		b.took = now.Sub(t.start)
	}
	if t.spent != nil {
		t.spent.ended = now
	}
	b.forget(now)
	newer := b.probe == t || !t.start.Before(b.learned)
	if b.probe == t {
		b.probe = nil
	}
	if h != nil {
		b.learn(readQuotas(h), newer, now)
	}
	if refused {
		b.blocked = later(b.blocked, b.blockEnd(h, now))
		b.unknown = true
	}
	b.pump()
	return b.blocked
}

// learn takes in what an answer said. An answer to a call that started before
// the last one was read may be older than that one, so it can only lower what is
// left.
func (b *budget) learn(quotas map[string]quota, newer bool, now time.Time) {
	if newer {
		for name, s := range b.quotas {
			if !s.reset.After(now) {
				delete(b.quotas, name)
			}
		}
		b.unknown = false
	}
	for name, q := range quotas {
		if q.left < 0 {
			b.learnPolicy(q)
			continue
		}
		s := b.quotas[name]
		if s == nil {
			s = &quotaState{left: q.left, window: b.window}
			b.quotas[name] = s
		}
		if q.limit > 0 {
			s.limit = q.limit
		}
		s.limit = max(s.limit, q.left)
		if q.window > 0 {
			s.window = q.window
		}
		if newer || q.left < s.left {
			s.left = q.left
			reset := s.window
			if q.reset >= 0 {
				reset = q.reset
			}
			s.reset = now.Add(reset + resetSlack)
		}
		b.learned = now
	}
}

// learnPolicy takes a policy without the number of calls left as the limit of
// our own count, if it is the tighter one.
func (b *budget) learnPolicy(q quota) {
	if q.limit <= 0 || q.window <= 0 {
		return
	}
	if float64(q.limit)/q.window.Seconds() <= float64(b.limit)/b.window.Seconds() {
		b.limit, b.window = q.limit, q.window
	}
}

// blockEnd is when a refused call may be made again. What its own answer says of
// the windows counts even where it is too old to tell what is left of them.
func (b *budget) blockEnd(h http.Header, now time.Time) time.Time {
	if at, ok := readRetryAfter(h, now); ok {
		return at
	}
	var used, any time.Time
	see := func(left int, reset time.Time) {
		any = later(any, reset)
		if left == 0 {
			used = later(used, reset)
		}
	}
	for _, s := range b.quotas {
		if s.reset.After(now) {
			see(s.left, s.reset)
		}
	}
	if any.IsZero() && h != nil {
		for _, q := range readQuotas(h) {
			if q.left >= 0 && q.reset >= 0 {
				see(q.left, now.Add(q.reset+resetSlack))
			}
		}
	}
	switch {
	case !used.IsZero():
		return used
	case !any.IsZero():
		return any
	}
	return now.Add(defaultBlock)
}

// admissible says whether a call may go now; if not, when it may. The time is
// zero where it depends on the end of a call that runs.
func (b *budget) admissible(now time.Time, class Priority) (ok bool, at time.Time) {
	if now.Before(b.blocked) {
		return false, b.blocked
	}
	for _, s := range b.quotas {
		if !s.reset.After(now) {
			b.unknown = true
		}
	}
	if b.unknown {
		return b.probe == nil && b.inFlight < maxInFlight, time.Time{}
	}
	if b.inFlight >= maxInFlight {
		return false, time.Time{}
	}
	if len(b.quotas) > 0 {
		return b.quotaAdmits(class)
	}
	b.forget(now)
	room := b.limit - b.kept(b.limit, class)
	if len(b.ends)+b.inFlight < room {
		return true, time.Time{}
	}
	if len(b.ends) == 0 {
		return false, time.Time{}
	}
	return false, b.ends[0].Add(b.window)
}

func (b *budget) quotaAdmits(class Priority) (ok bool, at time.Time) {
	ok = true
	for _, s := range b.quotas {
		room := s.left - b.kept(s.limit, class)
		if room-b.inFlight > 0 {
			continue
		}
		ok = false
		if room <= 0 || b.inFlight == 0 {
			at = later(at, s.reset)
		}
	}
	return ok, at
}

// kept is the part of a limit that stays free for others. One call is always
// ours: a limit must not be reserved away. Alert rules may use half of the part.
func (b *budget) kept(limit int, class Priority) int {
	part := max(min(int(float64(limit)*b.reserve), limit-1), 0)
	if class == Alert {
		return part / 2
	}
	return part
}

// forget drops what our own count no longer needs.
func (b *budget) forget(now time.Time) {
	n := 0
	for n < len(b.ends) && !b.ends[n].Add(b.window).After(now) {
		n++
	}
	b.ends = b.ends[n:]
}

// state describes the tightest limit.
func (b *budget) state() BudgetState {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	ok, at := b.admissible(now, Interactive)
	b.forget(now)
	s := BudgetState{API: b.api, Limit: b.limit, Window: int(b.window.Seconds()), Left: max(b.limit-len(b.ends)-b.inFlight, 0), NextAt: now}
	tightest := -1
	for _, q := range b.quotas {
		left := q.left
		if !q.reset.After(now) {
			left = q.limit
		}
		if tightest < 0 || left < tightest {
			tightest = left
			s.Limit, s.Window, s.Left = q.limit, int(q.window.Seconds()), left
		}
	}
	if now.Before(b.blocked) {
		s.Left = 0
	}
	if !ok && !at.IsZero() {
		s.NextAt = at
	}
	return s
}
