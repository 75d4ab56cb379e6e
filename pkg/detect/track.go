package detect

import (
	"sort"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// event is what a sequence needs of an event: when it was, for how many it counts, and
// as bit i, whether it is of step i.
type event struct {
	at     int64
	weight int64
	steps  uint8
}

func (e event) of(step int) bool { return e.steps&(1<<step) != 0 }

// track follows the events of one group. Which of them are used up depends on earlier
// sequences, and so on backwards, beyond what is known: so a track keeps every state
// that the group can be in. A sequence uses up all events so far, so a state is a number
// of events that are used up. States become the same once an event ends a sequence in
// all of them, or once all that tells them apart is too long ago.
type track struct {
	// events are those that a sequence can still have, oldest first: the first one is of
	// the first step. base is how many there were before them.
	events []event
	base   int
	// chains are those of each step but the last.
	chains []chain
	// used are the possible numbers of events that are used up, in order. open says that
	// there can also have been no sequence since the first instant that is known, so that
	// events before it can take part.
	used []int
	open bool
}

// chain is the sequence up to a step that begins last. Whatever is used up before it
// begins, there is a sequence then.
type chain struct {
	// links are the last events of the step, as many as it takes: atLeast.
	links           []link
	weight, atLeast int64
}

// link is an event of a step, and where the sequence up to the step before it begins.
type link struct {
	begin  int
	weight int64
}

func newTrack(steps []step, open bool) *track {
	t := &track{open: open}
	for _, s := range steps[:len(steps)-1] {
		t.chains = append(t.chains, chain{atLeast: s.atLeast})
	}
	if !open {
		t.used = []int{0}
	}
	return t
}

// forget drops what was before an instant, and what is of no use without it.
func (t *track) forget(before, known int64) {
	n := 0
	for n < len(t.events) && (t.events[n].at < before || !t.events[n].of(0) || !t.open && t.base+n < t.used[0]) {
		n++
	}
	t.events, t.base = t.events[n:], t.base+n
	if t.open && before >= known {
		t.open = false
		t.used = append([]int{t.base}, t.used...)
	}
	// States in which nothing that is left is used up are the same.
	for len(t.used) > 1 && t.used[1] <= t.base {
		t.used = t.used[1:]
	}
}

// verdict on whether an event ends a sequence.
type verdict int

const (
	no verdict = iota
	yes
	perhaps // in some states it does
)

// begin is where the sequence that an event can end begins at the latest; below base,
// there is none.
func (t *track) begin() int { return t.chains[len(t.chains)-1].begin() }

// ends says whether all steps but the last have happened.
func (t *track) ends() verdict {
	switch begin := t.begin(); {
	case begin >= t.base && (len(t.used) == 0 || t.used[len(t.used)-1] <= begin):
		return yes
	case t.open || begin >= max(t.base, t.used[0]):
		return perhaps
	}
	return no
}

// match is the sequence that an event ends. It is certain if it is the same in all
// states.
func (t *track) match() (m answer.Match, certain bool) {
	m = answer.Match{Start: interval.Instant(t.events[0].at), Events: 1}
	step, n := 0, int64(0)
	for _, e := range t.events {
		switch {
		case n >= t.chains[step].atLeast && step+1 < len(t.chains) && e.of(step+1):
			step, n = step+1, e.weight
		case e.of(step):
			n += e.weight
		default:
			continue
		}
		m.Events += e.weight
	}
	return m, !t.open && len(t.used) == 1
}

// use marks all events as used up.
func (t *track) use() {
	t.base += len(t.events)
	t.events, t.used, t.open = nil, append(t.used[:0], t.base), false
}

// perhapsUse takes in an event that ends a sequence in some states: in those, all events
// are used up, it included.
func (t *track) perhapsUse(e event) {
	if begin := t.begin(); begin >= t.base {
		t.open = false
		t.used = t.used[sort.SearchInts(t.used, begin+1):]
	}
	t.push(e)
	if all := t.base + len(t.events); len(t.used) == 0 || t.used[len(t.used)-1] < all {
		t.used = append(t.used, all)
	}
}

// push takes in an event that ends no sequence.
func (t *track) push(e event) {
	last := len(t.chains)
	if e.steps&^(1<<last) == 0 || len(t.events) == 0 && !e.of(0) {
		return
	}
	for i := last - 1; i > 0; i-- { // backwards: an event is of one step only
		if begin := t.chains[i-1].begin(); e.of(i) && begin >= t.base {
			t.chains[i].push(link{begin, e.weight})
		}
	}
	if e.of(0) {
		t.chains[0].push(link{t.base + len(t.events), e.weight})
	}
	t.events = append(t.events, e)
}

func (c *chain) push(l link) {
	c.links = append(c.links, l)
	c.weight += l.weight
	for c.weight-c.links[0].weight >= c.atLeast {
		c.weight -= c.links[0].weight
		c.links = c.links[1:]
	}
}

// begin is that of the chain, -1 if the step has not happened.
func (c *chain) begin() int {
	if c.weight < c.atLeast {
		return -1
	}
	return c.links[0].begin
}
