package detect

import (
	"slices"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Sequence picks the events of the last step before which those of the earlier steps
// came, in their order, within some time. It is used by one goroutine.
type Sequence struct {
	// Matches are the sequences that the picked events end, in their order.
	Matches []answer.Match
	// Undetermined says that an event from From on ends a sequence or not, or a longer
	// or a shorter one, depending on what sequences before Known used up. Such events are
	// not picked.
	Undetermined bool

	events  Events
	within  int64
	steps   []step
	keyer   *columnar.Keyer
	masks   []uint8
	rows    []uint32
	groups  []uint32
	tracks  []*track
	alive   int
	sweepAt int
}

// step is one but the last: how many events that pass a filter it takes. Of the last
// step there is only the matcher.
type step struct {
	matcher *columnar.Matcher
	atLeast int64
}

// NewSequence knows of no event yet.
func NewSequence(q *query.Sequence, e Events) *Sequence {
	s := &Sequence{Matches: []answer.Match{}, events: e, within: int64(q.Within), keyer: columnar.NewKeyer(e.Layout, q.By, e.Show)}
	for _, own := range q.Steps {
		s.steps = append(s.steps, step{e.Matching(own.Filters...), int64(own.AtLeast)})
	}
	return s
}

// Pick gives the rows of a run that end a sequence. The runs come in order, oldest
// first.
func (s *Sequence) Pick(run columnar.Run) []uint32 {
	s.choose(run)
	s.groups = slices.Grow(s.groups[:0], len(s.rows))[:len(s.rows)]
	s.keyer.Number(run.Chunk, s.rows, s.groups)
	var picked []uint32
	for i, row := range s.rows {
		e := event{run.Time(int(row)), run.RowEvents(row), s.masks[int(row)-run.Lo]}
		if match := s.next(s.groups[i], e); match != nil {
			picked = append(picked, row)
			s.Matches = append(s.Matches, *match)
		}
	}
	if n := len(s.rows); n > 0 {
		s.sweep(run.Time(int(s.rows[n-1])))
	}
	return picked
}

// choose finds the rows that pass and are of some step, and of which: bit i of a mask
// is step i.
func (s *Sequence) choose(run columnar.Run) {
	s.masks = slices.Grow(s.masks[:0], run.Rows())[:run.Rows()]
	clear(s.masks)
	for i := range s.steps {
		for _, row := range s.steps[i].matcher.Match(run) {
			s.masks[int(row)-run.Lo] |= 1 << i
		}
	}
	s.rows = s.rows[:0]
	for _, row := range s.events.Passing.Match(run) {
		if s.masks[int(row)-run.Lo] != 0 {
			s.rows = append(s.rows, row)
		}
	}
}

// next takes in the next event of a group. It returns the sequence that the event
// ends; nil if it ends none, or is not asked for.
func (s *Sequence) next(group uint32, e event) *answer.Match {
	for int(group) >= len(s.tracks) {
		s.tracks = append(s.tracks, nil)
	}
	t, open := s.tracks[group], e.at-s.within < s.events.Known
	asked, last := e.at >= s.events.From, e.of(len(s.steps)-1)
	if t == nil && !e.of(0) { // it goes on with nothing that is known
		s.Undetermined = s.Undetermined || asked && last && open
		return nil
	}
	if t == nil {
		t = newTrack(s.steps, open)
		s.tracks[group] = t
		s.alive++
	}
	t.forget(e.at-s.within, s.events.Known)
	ends := no
	if last {
		ends = t.ends()
	}
	switch ends {
	case yes:
		match, certain := t.match()
		t.use()
		if asked && certain {
			return &match
		}
		s.Undetermined = s.Undetermined || asked
	case perhaps:
		t.perhapsUse(e)
		s.Undetermined = s.Undetermined || asked
	case no:
		t.push(e)
	}
	return nil
}

// sweep forgets the groups whose events are too long ago for any sequence, each time
// that twice as many came together: most groups have events only now and then.
func (s *Sequence) sweep(now int64) {
	if s.alive < s.sweepAt {
		return
	}
	for group, t := range s.tracks {
		if t == nil {
			continue
		}
		if t.forget(now-s.within, s.events.Known); len(t.events) == 0 {
			s.tracks[group] = nil
			s.alive--
		}
	}
	s.sweepAt = 2*s.alive + 1024
}
