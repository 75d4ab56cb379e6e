// Package rest scans an upstream list page by page: in parallel lanes, with few
// more calls than the rows need, and without losing a row, whichever way the
// upstream treats what it does not document.
package rest

import (
	"context"
	"errors"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// PageSize is the number of rows asked for in a call: the largest that
// Cloudflare documents for any Access log.
const PageSize = 1000

// PageRequest is one page of an interval. Cloudflare does not say whether Since
// and Until are inclusive, exclusive or cut to seconds, so the pager leaves a
// margin and cuts the rows itself.
type PageRequest struct {
	Since, Until time.Time
	Ascending    bool
	// Number of the page, from 1. A Cursor takes its place where lists have them.
	Number int
	Cursor string
	// WithoutLimit leaves the parameter limit out: how it combines with per_page
	// is not documented, and it may bound all pages together.
	WithoutLimit bool
	// Pushed are parameters that filter upstream, by name.
	Pushed map[string]string
}

// Page is an answer. Rows is the JSON list as it came; PerPage is the page size
// that Cloudflare says it used, 0 if it does not say.
type Page struct {
	Rows    []byte
	PerPage int
	// Total and Pages are how many rows and pages Cloudflare says the list has, 0 if
	// it does not say.
	Total, Pages int
	// Cursor leads to the next page, "" where there is none.
	Cursor string
	// Others are the times of what the page holds beside events of the query type:
	// they tell how far it reaches.
	Others []int64
	// Doubt is why it cannot be told whether Rows are all such events; nil if it can.
	Doubt error
}

// Fetch asks for one page. It is called from several goroutines.
type Fetch func(ctx context.Context, p PageRequest) (*Page, error)

// List is an upstream list and what was learned of it.
type List struct {
	layout *columnar.Layout
	now    func() time.Time
	habits *habits
	// cursors lead from page to page, in place of numbers.
	cursors bool
	// unordered lists have no parameter that says in which order their rows come.
	unordered bool
}

// NewList makes the List of a query type's events; now is the clock.
func NewList(q *catalogue.QueryType, l *columnar.Layout, now func() time.Time) *List {
	return &List{layout: l, now: now, habits: &habits{}, cursors: q.Takes("cursor"), unordered: !q.Takes("direction")}
}

// Scanner scans the list by time. pushed are parameters that filter upstream.
func (l *List) Scanner(fetch Fetch, pushed map[string]string) eventlog.Scanner {
	return &scanner{list: l, fetch: fetch, pushed: pushed}
}

// scanner implements eventlog.Scanner.
type scanner struct {
	list   *List
	fetch  Fetch
	pushed map[string]string
}

// PageSize implements eventlog.Scanner.
func (s *scanner) PageSize() int { return s.list.habits.page() }

// First implements eventlog.Scanner.
func (s *scanner) First(ctx context.Context, i interval.Interval, ascending bool, to eventlog.Sink) {
	b := columnar.NewBuilder(s.list.layout)
	p := pager{scanner: s}
	st, err := p.next(ctx, b, i, ascending)
	if cloudflare.Transient(err) && ctx.Err() == nil {
		b.Truncate(0)
		p.trying = false
		st, err = p.next(ctx, b, i, ascending)
	}
	if err != nil {
		to.Fail(err, i)
		return
	}
	b.Keep(0, st.covered)
	piece := eventlog.Piece{Interval: st.covered, Rows: b.Freeze(), Fetched: st.asked, Bad: st.bad}
	if st.fault != nil {
		piece.Partial = []eventlog.Failure{{Interval: st.partial, Err: st.fault}}
	}
	to.Deliver(piece)
}

// Fill implements eventlog.Scanner.
func (s *scanner) Fill(ctx context.Context, list []interval.Interval, plan eventlog.Plan, to eventlog.Sink) {
	sc := &scan{scanner: s, to: to, maxRows: plan.MaxRows + 2*PageSize}
	sc.run(ctx, list, plan.Density)
}

// ask makes one call for a page and decodes it.
func (p *pager) ask(ctx context.Context, b *columnar.Builder, r PageRequest) (columnar.Page, *Page, error) {
	r.Pushed = p.pushed
	r.WithoutLimit = r.WithoutLimit || p.list.habits.limitBoundsAll.Load()
	page, err := p.fetch(ctx, r)
	if err != nil {
		return columnar.Page{}, nil, err
	}
	d, err := decode(ctx, b, page)
	return d, page, err
}

func decode(ctx context.Context, b *columnar.Builder, page *Page) (columnar.Page, error) {
	d, err := b.Decode(page.Rows)
	cloudflare.TraceOf(ctx).Received(d.Rows)
	if errors.Is(err, columnar.ErrNotList) {
		err = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's answer contains no list of events. Check the API URL.", Err: err}
	}
	return d, err
}
