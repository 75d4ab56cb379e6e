package eventlog

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/detect"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// past is what a query needs of the time before its range.
type past struct {
	// length is how far the history reaches back from the first event that is asked for;
	// 0 where none is needed. asked is what the query itself says.
	length, asked int64
	// kept is the first instant that Cloudflare can still have; lacking says that the
	// history asked for begins before it.
	kept    int64
	lacking bool
	// undetermined says that it cannot be told which events earlier sequences used up.
	undetermined bool
	// matches are the sequences that the picked events end.
	matches []answer.Match
}

// maxPast and maxPastFactor bound how far back the history of a sequence is extended,
// unless it has so few events that it may reach back as far as any history.
const (
	maxPast       = 10 * interval.Day
	maxPastFactor = 64
)

// extended adds the history to what is wanted of the range. Filters on times hold for it
// as well: what they exclude decides about nothing.
func (e *execution) extended(wanted []interval.Interval) ([]interval.Interval, error) {
	p := &e.past
	if p.asked == 0 || len(wanted) == 0 {
		return wanted, nil
	}
	first, end := wanted[0].From, wanted[len(wanted)-1].To
	p.kept = e.kept()
	var err error
	if p.lacking, err = e.asksOf(interval.Interval{From: first - p.asked, To: min(p.kept, first)}); err != nil {
		return nil, err
	}
	// What Cloudflare no longer has must not pass for a time without events.
	return e.request.IntervalsIn(interval.Interval{From: max(first-p.length, min(p.kept, first), 0), To: end})
}

// kept is the first instant that Cloudflare can still have. What is not asked for as such,
// but decides about something else, has to be from there on.
func (e *execution) kept() int64 {
	oldest := e.source.Oldest
	if days := int64(e.request.Type.Retention.MaxDays); days > 0 {
		oldest = max(oldest, e.start-days*interval.Day)
	}
	return oldest
}

// asksOf says whether filters on times leave anything of an interval.
func (e *execution) asksOf(i interval.Interval) (bool, error) {
	if i.Empty() {
		return false, nil
	}
	list, err := e.request.IntervalsIn(i)
	return len(list) > 0, err
}

// recent is the part of a view that lies in the query's range.
func (e *execution) recent(v view) view { return v.within(e.request.Needed()) }

// most is how many rows may be scanned of an interval: those of the history come on top
// of those of the range.
func (e *execution) most(i interval.Interval) int {
	if i.From < e.request.Needed().From {
		return (1 + query.HistoryFactor) * e.maxRows
	}
	return e.maxRows
}

// tooMany says whether more rows are known than may be scanned.
func (e *execution) tooMany(known view) bool {
	recent := e.recent(known).rows()
	return recent > e.maxRows || known.rows()-recent > query.HistoryFactor*e.maxRows
}

// explainTooMany says which rows were more than may be scanned.
func (e *execution) explainTooMany(res *answer.Result, g gathered) {
	many := e.request.Type.Noun.Many
	if e.past.length > 0 && e.recent(g.view).rows() <= e.maxRows {
		res.Incomplete(answer.ReasonMaxRows, fmt.Sprintf(
			"The history contains more %s than one query can scan (%d). The answer rests on only those %s. Shorten the history, or increase the maximum rows in the data source's settings.",
			many, query.HistoryFactor*e.maxRows, e.side(g.view.Interval)))
		return
	}
	res.Incomplete(answer.ReasonMaxRows, fmt.Sprintf(
		"The time range contains more %s than one query can scan (%d). The answer includes only those %s. Narrow the time range, or increase the maximum rows in the data source's settings.",
		many, e.maxRows, e.side(g.view.Interval)))
}

// explainPast says what the history lacks that no call failed for. It comes after what
// says which calls did: what they lack can be what a sequence depends on.
func (e *execution) explainPast(res *answer.Result) {
	p := &e.past
	many := e.request.Type.Noun.Many
	if p.lacking {
		res.Incomplete(answer.ReasonRetention, fmt.Sprintf(
			"Cloudflare no longer has the %s before %s, so the history covers %s. Choose a later start, or shorten the history.",
			many, clock(p.kept), share(e.request.Needed().From-p.kept, p.asked)))
	}
	if p.undetermined && res.Coverage.Complete {
		res.Incomplete(answer.ReasonUnverified, fmt.Sprintf(
			"Sequences follow each other so closely since %s that the data source cannot tell which %s earlier ones used up. The answer leaves out those sequences that depend on it. Narrow the steps, or shorten the time within which they happen.",
			clock(e.wanted[0].From), many))
	}
}

// explainRetention says that an empty past need not be an eventless one:
// Cloudflare answers with nothing for times beyond the plan's retention.
func (e *execution) explainRetention(res *answer.Result, g gathered) {
	want := g.demand.want
	unsaid := e.request.Type.Retention.MaxDays == 0 && (!e.request.Ordered() || e.source.Oldest > 0)
	if unsaid || g.ending != everything || e.push != nil || want.From > e.start-interval.Day || e.past.lacking {
		return
	}
	oldest := g.view.oldest()
	if oldest != 0 && oldest-want.From < max(interval.Day, want.Length()/4) {
		return
	}
	since := "in this time range"
	if oldest != 0 {
		since = "before " + clock(oldest)
	}
	if e.request.Ordered() {
		since += ", so the history can be shorter than the query asks for"
	}
	res.Inform("Cloudflare has no %s %s. For times beyond the plan's retention period (%s), it returns nothing.",
		e.request.Type.Noun.Many, since, e.request.Type.Retention.Text)
}

// sampleInterval is for how many events one stands on average; 0 where that is not known.
// Events that are not shown decide about others as well.
func (e *execution) sampleInterval(g gathered, t tally) float64 {
	if !e.layout.Weighted() {
		return 0
	}
	if e.request.Ordered() {
		c := columnar.NewCounter(e.layout, e.matcher, nil, nil)
		for _, p := range g.view.parts {
			c.Next(p.run)
		}
		t = tallyOf(c)
	}
	return t.sampled / float64(max(t.events, 1))
}

// share is a part of a length of time in words, in the longest unit in which both can be
// said: 3 of 14 days.
func share(part, whole int64) string {
	part = max(part, 0)
	for _, unit := range []struct {
		length int64
		name   string
	}{{interval.Day, "days"}, {interval.Hour, "hours"}, {interval.Minute, "minutes"}} {
		if whole%unit.length == 0 && (part >= unit.length || part == 0) {
			return fmt.Sprintf("%d of %d %s", part/unit.length, whole/unit.length, unit.name)
		}
	}
	return fmt.Sprintf("%d of %d seconds", part/interval.Second, whole/interval.Second)
}

// conclude picks the events of a detection, where there is one, and finishes. Where
// events depend on what sequences before the history used up, it answers anew with more
// history: what was fetched is held meanwhile.
func (e *execution) conclude(g gathered) (*answer.Result, error) {
	if !e.request.Ordered() {
		return e.finish(g, g.view)
	}
	shown, err := e.pick(g.view)
	if err = cmp.Or(err, e.work.Err()); err != nil {
		return nil, err
	}
	if e.past.undetermined && g.ending == everything && len(g.gaps()) == 0 && e.extend(g.view) {
		return e.answer()
	}
	return e.finish(g, shown)
}

// extend doubles the history of a sequence. It is false where there is none to be had, or
// it would be too long.
func (e *execution) extend(known view) bool {
	p := &e.past
	next := 2 * p.length
	far := next > min(maxPastFactor*p.asked, max(maxPast, p.asked))
	if known.From <= p.kept || far && (2*known.rows() > e.maxRows || next > query.MaxHistory) {
		return false
	}
	p.length = next
	e.push, e.seen, e.matcher = nil, view{}, e.matching(e.request.Filters...)
	return true
}

// pick is the query's range of a view, with those rows only that the detection picks.
func (e *execution) pick(v view) (view, error) {
	r := e.request
	events := detect.Events{
		Layout: e.layout, Matching: e.matching, Passing: e.matcher, Show: r.Disguise,
		Known: v.From, From: r.Needed().From,
	}
	before, err := e.asksOf(interval.Interval{From: v.From - e.past.asked, To: v.From})
	if err != nil {
		return view{}, err
	}
	if !before {
		events.Known = math.MinInt64
	}
	var pick func(columnar.Run) []uint32
	var sequence *detect.Sequence
	if r.FirstSeen != nil {
		pick = detect.NewFirstSeen(r.FirstSeen, events).Pick
	} else {
		sequence = detect.NewSequence(r.Sequence, events)
		pick = sequence.Pick
	}
	shown := view{Interval: v.Clip(r.Needed())}
	for _, p := range v.parts {
		p.run = p.run.Only(pick(p.run))
		if p.Interval = p.Clip(r.Needed()); !p.Empty() {
			shown.parts = append(shown.parts, p)
		}
	}
	if sequence != nil {
		e.past.matches, e.past.undetermined = sequence.Matches, sequence.Undetermined
	}
	return shown, nil
}

// listMatches makes a table of the sequences, a row for the event that ends each.
func (e *execution) listMatches(v view) (*answer.Table, tally) {
	r := e.request
	refs, t := e.listRows(v)
	table := e.layout.Table(e.source.Shown(r), refs, !e.layout.Weighted() && (r.Other || len(r.Fields) == 0), r.Other)
	if e.layout.Weighted() {
		table.Counts = slices.Repeat([]int64{1}, len(refs))
	}
	matches := slices.Clone(e.past.matches)
	if !r.Ascending {
		slices.Reverse(matches)
	}
	table.Matches = matches[:len(refs)]
	return table, t
}
