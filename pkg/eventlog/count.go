package eventlog

import (
	"cmp"
	"slices"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// tally is what was found while rows were listed or counted.
type tally struct {
	// events pass the filters; sampled is the sum of their sample intervals.
	events  int64
	sampled float64
	newest  int64
	// more says that the limit cut rows, or groups.
	more bool
}

func tallyOf(c *columnar.Counter) tally {
	return tally{events: c.Events, sampled: c.Sampled, newest: c.Newest}
}

// countGroups measures the events that pass, by group. Without any to group by, they
// are one group, also where there are none.
func (e *execution) countGroups(v view) (*answer.Groups, tally) {
	r := e.request
	c := columnar.NewCounter(e.layout, e.matcher, r.GroupBy, r.Disguise)
	m := columnar.NewMeasure(e.layout, r.Measure, r.Disguise)
	var counts []int64
	if len(r.GroupBy) == 0 {
		counts = []int64{0}
	}
	for _, p := range v.parts {
		rows, groups := c.Next(p.run)
		m.Next(p.run, rows)
		for i, group := range groups {
			for int(group) >= len(counts) {
				counts = append(counts, 0)
			}
			counts[group] += m.Of(i, p.run.RowEvents(rows[i]), group, 0)
		}
	}
	g := &answer.Groups{Fields: r.GroupBy, Rows: make([]answer.Group, 0, len(counts))}
	for i, n := range counts {
		if r.Having == nil || r.Having.Holds(n) {
			g.Rows = append(g.Rows, answer.Group{Key: c.Key(uint32(i)), Count: n})
		}
	}
	answer.SortGroups(g.Rows)
	t := tallyOf(c)
	if r.Limit > 0 && len(g.Rows) > r.Limit {
		g.Rows, t.more = g.Rows[:r.Limit:r.Limit], true
	}
	return g, t
}

// countSeries measures the events that pass, by bucket and group.
func (e *execution) countSeries(v view) (*answer.Series, tally, error) {
	r := e.request
	c := columnar.NewCounter(e.layout, e.matcher, r.GroupBy, r.Disguise)
	m := columnar.NewMeasure(e.layout, r.Measure, r.Disguise)
	start, length, buckets := r.Needed().From, int64(r.Interval), r.Buckets()
	var counts [][]int64
	for _, p := range v.parts {
		rows, groups := c.Next(p.run)
		m.Next(p.run, rows)
		bucket, end := 0, start+length
		for i, row := range rows {
			if at := p.run.Time(int(row)); at >= end {
				bucket = int((at - start) / length)
				end = start + int64(bucket+1)*length
			}
			for int(groups[i]) >= len(counts) {
				if err := answer.CheckSeriesSize(len(counts)+1, buckets); err != nil {
					return nil, tally{}, err
				}
				counts = append(counts, make([]int64, buckets))
			}
			counts[groups[i]][bucket] += m.Of(i, p.run.RowEvents(row), groups[i], bucket)
		}
	}
	groups := make([]answer.SeriesGroup, len(counts))
	for i, n := range counts {
		groups[i] = answer.SeriesGroup{Key: c.Key(uint32(i)), Counts: n}
	}
	return answer.NewSeries(r, groups), tallyOf(c), nil
}

// list makes a table of the rows that pass, in the order asked for.
func (e *execution) list(v view) (*answer.Table, tally) {
	r := e.request
	if r.Sequence != nil {
		return e.listMatches(v)
	}
	if !e.layout.Weighted() {
		refs, t := e.listRows(v)
		return e.layout.Table(e.source.Shown(r), refs, r.Other || len(r.Fields) == 0, r.Other), t
	}
	refs, counts, t := e.listGroups(v)
	if t.more = len(refs) > r.Limit; t.more {
		refs, counts = refs[:r.Limit], counts[:r.Limit]
		each := t.sampled / float64(t.events)
		t = tally{more: true}
		for i, n := range counts {
			t.events += n
			t.newest = max(t.newest, refs[i].Time())
		}
		t.sampled = each * float64(t.events)
	}
	table := e.layout.Table(e.source.Shown(r), refs, false, false)
	table.Counts = counts
	return table, t
}

// listRows finds the rows that pass, in the order asked for, up to the limit.
func (e *execution) listRows(v view) ([]columnar.Ref, tally) {
	r := e.request
	refs := make([]columnar.Ref, 0, min(v.rows(), r.Limit))
	var t tally
	for i := range v.parts {
		run := v.parts[i].run
		if !r.Ascending {
			run = v.parts[len(v.parts)-1-i].run
		}
		rows := e.matcher.Match(run)
		if !r.Ascending {
			slices.Reverse(rows)
		}
		if len(refs)+len(rows) > r.Limit {
			rows, t.more = rows[:r.Limit-len(refs)], true
		}
		for _, row := range rows {
			refs = append(refs, columnar.Ref{Chunk: run.Chunk, Row: row})
		}
		if t.more {
			break
		}
	}
	t.events = int64(len(refs))
	for _, ref := range refs {
		t.newest = max(t.newest, ref.Time())
	}
	return refs, t
}

// listGroups finds the groups that pass, and the events of each. Those that differ
// only in what is not shown are one group here; in the order of time where they
// have one, else the largest first.
func (e *execution) listGroups(v view) ([]columnar.Ref, []int64, tally) {
	type listed struct {
		ref   columnar.Ref
		group uint32
		count int64
	}
	c := columnar.NewCounter(e.layout, e.matcher, e.source.Shown(e.request), e.request.Disguise)
	var list []listed
	for _, p := range v.parts {
		rows, groups := c.Next(p.run)
		for i, row := range rows {
			for int(groups[i]) >= len(list) {
				list = append(list, listed{columnar.Ref{Chunk: p.run.Chunk, Row: row}, uint32(len(list)), 0})
			}
			list[groups[i]].count += p.run.RowEvents(row)
		}
	}
	slices.SortFunc(list, func(a, b listed) int {
		byTime := 0
		if grain := e.source.Grain; grain != Timeless {
			byTime = cmp.Compare(interval.Floor(b.ref.Time(), grain), interval.Floor(a.ref.Time(), grain))
		}
		if e.request.Ascending {
			byTime = -byTime
		}
		if byTime != 0 || a.count != b.count {
			return cmp.Or(byTime, cmp.Compare(b.count, a.count))
		}
		return answer.CompareKeys(c.Key(a.group), c.Key(b.group))
	})
	refs, counts := make([]columnar.Ref, len(list)), make([]int64, len(list))
	for i, l := range list {
		refs[i], counts[i] = l.ref, l.count
	}
	return refs, counts, tallyOf(c)
}
