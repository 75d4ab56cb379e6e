package surface

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// groupCell is a dimension's text as a field's value. Cloudflare sends "" and 0
// for what an event does not have.
func groupCell(q *catalogue.QueryType, f *catalogue.Field, text string) eventlog.Cell {
	if f.Derived != nil && f.Derived.From != "" {
		if from, ok := q.Field(f.Derived.From); ok {
			source := groupCell(q, from, text)
			if derived, ok := f.Derived.Values[source.Text]; ok {
				return eventlog.Cell{Text: derived, Valid: true}
			}
		}
		if f.Derived.Otherwise != nil {
			return eventlog.Cell{Text: *f.Derived.Otherwise, Valid: true}
		}
		return eventlog.Cell{}
	}
	switch f.Kind {
	case catalogue.KindBoolean:
		if known, ok := map[string]string{"0": "false", "1": "true"}[text]; ok {
			text = known
		}
	case catalogue.KindCountry:
		text = strings.ToUpper(strings.TrimSpace(text))
	case catalogue.KindRayID:
		if id, ok := query.NormalizeRayID(text); ok {
			text = id
		}
	case catalogue.KindIP:
		if ip, err := netip.ParseAddr(text); err == nil {
			text = ip.String()
		}
	case catalogue.KindTime:
		ms, ok := parseGroupTime(text)
		if !ok {
			return eventlog.Cell{}
		}
		text = time.UnixMilli(ms).UTC().Format(time.RFC3339Nano)
	}
	return eventlog.Cell{Text: text, Valid: true}
}

// pageReader reads a page's groups as fields, filtered.
type pageReader struct {
	page    *groupPage
	ranges  []timeRange
	clip    timeRange
	unit    time.Duration
	columns []*byText[eventlog.Cell]
	filters []*byText[bool]
}

// byText works out a value from a dimension's text, once for each distinct text
// that is looked at.
type byText[T any] struct {
	codes  []uint32
	texts  []string
	from   func(text string) T
	values []T
	known  []bool
}

func newByText[T any](page *groupPage, dimension string, from func(text string) T) *byText[T] {
	dim := slices.Index(page.dims, dimension)
	texts := page.texts[dim]
	return &byText[T]{codes: page.codes[dim], texts: texts, from: from, values: make([]T, len(texts)), known: make([]bool, len(texts))}
}

func (b *byText[T]) at(row int) T {
	code := b.codes[row]
	if !b.known[code] {
		b.values[code], b.known[code] = b.from(b.texts[code]), true
	}
	return b.values[code]
}

func newPageReader(p *groupPlan, page *groupPage, ranges []timeRange, clip timeRange) *pageReader {
	r := &pageReader{page: page, ranges: ranges, clip: clip, unit: p.unit}
	q := p.request.Type
	for _, f := range p.columns {
		r.columns = append(r.columns, newByText(page, sourceField(q, f), func(text string) eventlog.Cell { return groupCell(q, f, text) }))
	}
	for _, f := range p.here {
		r.filters = append(r.filters, newByText(page, sourceField(q, f.Field), func(text string) bool {
			c := groupCell(q, f.Field, text)
			return f.Match(c.Text, c.Valid)
		}))
	}
	return r
}

// passes applies the filters and the range of time to a group.
func (r *pageReader) passes(row int) bool {
	if r.page.times != nil {
		at := r.time(row)
		if !r.clip.touches(at, r.unit) || !slices.ContainsFunc(r.ranges, func(x timeRange) bool { return x.touches(at, r.unit) }) {
			return false
		}
	}
	return !slices.ContainsFunc(r.filters, func(f *byText[bool]) bool { return !f.at(row) })
}

func (r *pageReader) time(row int) time.Time { return time.UnixMilli(r.page.times[row]).UTC() }

// key fills cells with the columns of a group.
func (r *pageReader) key(row int, cells []eventlog.Cell) []eventlog.Cell {
	cells = cells[:0]
	for _, c := range r.columns {
		cells = append(cells, c.at(row))
	}
	return cells
}

// listedRow is a row of a plain table or of logs.
type listedRow struct {
	cells  []eventlog.Cell
	at     time.Time
	count  int64
	cached int64 // of the count, what was kept from before
}

// groupTotals adds up what pages hold.
type groupTotals struct {
	plan    *groupPlan
	ranges  []timeRange
	series  *eventlog.SeriesBuilder
	byKey   map[string]int
	rows    []listedRow
	events  int64
	cached  int64   // of the events, those that were kept from before
	weight  float64 // sum of sample interval × count
	counted int64   // over the pages, for the weight
	// bad groups cannot be placed in time, others stand twice in an answer, or are
	// of other times than were asked for.
	bad, twice, strays int
	// flawedPages are those that these count.
	flawedPages []*groupPage
	newest      time.Time
	// cachedAt is when the oldest part that was kept from before was fetched.
	cachedAt time.Time
}

func newGroupTotals(p *groupPlan, ranges []timeRange) *groupTotals {
	t := &groupTotals{plan: p, ranges: ranges, byKey: map[string]int{}}
	if p.request.Format == query.FormatTimeSeries {
		t.series = eventlog.NewSeriesBuilder(p.request)
	}
	return t
}

// add counts what of a part lies in its clip.
func (t *groupTotals) add(h heldPart) error {
	if h.cached && (t.cachedAt.IsZero() || h.at.Before(t.cachedAt)) {
		t.cachedAt = h.at
	}
	for _, page := range h.groupPart.pages {
		if err := t.addPage(page, h); err != nil {
			return err
		}
	}
	return nil
}

func (t *groupTotals) addPage(page *groupPage, h heldPart) error {
	reader := newPageReader(t.plan, page, t.ranges, h.clip)
	t.weight += page.sampled
	t.counted += page.events
	if page.bad+page.twice+page.strays > 0 && !slices.Contains(t.flawedPages, page) {
		t.flawedPages = append(t.flawedPages, page)
		t.bad += page.bad
		t.twice += page.twice
		t.strays += page.strays
	}
	var cells []eventlog.Cell
	for row := range page.rows() {
		if !reader.passes(row) {
			continue
		}
		cells = reader.key(row, cells)
		var at time.Time
		if page.times != nil {
			at = reader.time(row)
		}
		counted, err := t.count(cells, at, page.counts[row], h.cached)
		if err != nil {
			return err
		}
		if counted && at.After(t.newest) {
			t.newest = at
		}
	}
	return nil
}

// count adds a group. Groups that differ only in what is not shown, or in
// spelling, are one group here; without a time of their own, those of different
// ranges are too.
func (t *groupTotals) count(cells []eventlog.Cell, at time.Time, count int64, cached bool) (bool, error) {
	if t.series != nil {
		if ok, err := t.series.Add(cells, at, count); !ok {
			return false, err
		}
	} else {
		text := eventlog.KeyText(cells)
		i, ok := t.byKey[text]
		if !ok {
			i = len(t.rows)
			t.byKey[text] = i
			t.rows = append(t.rows, listedRow{cells: slices.Clone(cells), at: at})
		}
		t.rows[i].count += count
		if cached {
			t.rows[i].cached += count
		}
	}
	t.events += count
	if cached {
		t.cached += count
	}
	return true, nil
}

// table lists the rows: in the order of time where there is a time, else the
// largest first.
func (t *groupTotals) table(limit int) (table *eventlog.Table, cut bool) {
	slices.SortFunc(t.rows, func(a, b listedRow) int {
		byTime := b.at.Compare(a.at)
		if t.plan.ascending {
			byTime = -byTime
		}
		return cmp.Or(byTime, cmp.Compare(b.count, a.count), eventlog.CompareKeys(a.cells, b.cells))
	})
	rows := t.rows
	if len(rows) > limit {
		rows, cut = rows[:limit], true
	}
	table = &eventlog.Table{Counts: []int64{}, Times: []time.Time{}}
	for i, f := range t.plan.columns {
		cells := make([]eventlog.Cell, len(rows))
		for j, row := range rows {
			cells[j] = row.cells[i]
		}
		table.Columns = append(table.Columns, eventlog.NewColumn(f, cells))
	}
	t.events, t.cached, t.newest = 0, 0, time.Time{}
	for _, row := range rows {
		table.Times = append(table.Times, row.at)
		table.Counts = append(table.Counts, row.count)
		t.events += row.count
		t.cached += row.cached
		if row.at.After(t.newest) {
			t.newest = row.at
		}
	}
	return table, cut
}

// groups counts by the fields grouped by; the limit cuts the smallest groups.
func (t *groupTotals) groups(limit int) (g *eventlog.Groups, cut int) {
	g = &eventlog.Groups{Fields: t.plan.columns, Rows: make([]eventlog.Group, 0, len(t.rows))}
	for _, row := range t.rows {
		g.Rows = append(g.Rows, eventlog.Group{Key: row.cells, Count: row.count})
	}
	eventlog.SortGroups(g.Rows)
	if limit > 0 && len(g.Rows) > limit {
		cut = len(g.Rows) - limit
		g.Rows = g.Rows[:limit]
	}
	return g, cut
}
