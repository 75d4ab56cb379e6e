package rest

import (
	"bytes"
	"context"

	"github.com/tidwall/gjson"
	"golang.org/x/sync/errgroup"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// parallelLists is how many lists are asked for at a time.
const parallelLists = 4

// Whole scans lists that have no time range, and no documented pages: each is
// asked for all it has.
func (l *List) Whole(lists ...Fetch) eventlog.Scanner { return &whole{l, lists} }

// whole implements eventlog.Scanner.
type whole struct {
	list  *List
	lists []Fetch
}

// PageSize implements eventlog.Scanner.
func (w *whole) PageSize() int { return PageSize }

// First implements eventlog.Scanner.
func (w *whole) First(ctx context.Context, i interval.Interval, _ bool, to eventlog.Sink) {
	piece := eventlog.Piece{Interval: i, Fetched: w.list.now().UnixNano()}
	answers := make([][]*Page, len(w.lists))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(parallelLists)
	for n, fetch := range w.lists {
		group.Go(func() (err error) {
			answers[n], err = pagesOf(inner, fetch)
			return err
		})
	}
	err := group.Wait()
	b := columnar.NewBuilder(w.list.layout)
	for _, pages := range answers {
		if err == nil {
			err = w.read(ctx, b, pages, &piece)
		}
	}
	if err != nil {
		to.Fail(err, i)
		return
	}
	piece.Rows = b.Freeze()
	to.Deliver(piece)
}

// read decodes the pages of one list. One that is shorter than Cloudflare says it
// is cannot be trusted to be whole: whether page is obeyed where it is not
// documented is an open question.
func (w *whole) read(ctx context.Context, b *columnar.Builder, pages []*Page, piece *eventlog.Piece) error {
	rows, total := 0, 0
	for _, page := range pages {
		d, err := decode(ctx, b, page)
		if err != nil {
			return err
		}
		piece.Bad += d.Bad
		rows += d.Rows
		total = max(total, page.Total)
	}
	if total > rows || pages[len(pages)-1].Pages > len(pages) {
		piece.Partial = append(piece.Partial, eventlog.Failure{Interval: piece.Interval, Err: errTotal})
	}
	return nil
}

var errTotal = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare says that it has more rows than it sends. Look for the others in the Cloudflare dashboard."}

// pagesOf asks for page after page, as long as Cloudflare says that one is full
// and the next is another one.
func pagesOf(ctx context.Context, fetch Fetch) ([]*Page, error) {
	var pages []*Page
	for n := 1; n <= maxWalkPages; n++ {
		page, err := fetch(ctx, PageRequest{Number: n})
		if err != nil {
			return nil, err
		}
		if n > 1 && bytes.Equal(page.Rows, pages[n-2].Rows) {
			break
		}
		pages = append(pages, page)
		if rows := int(gjson.GetBytes(page.Rows, "#").Int()); n >= page.Pages && (page.PerPage == 0 || rows < page.PerPage) {
			break
		}
	}
	return pages, nil
}

// Fill implements eventlog.Scanner: the first page is all there is.
func (w *whole) Fill(ctx context.Context, list []interval.Interval, _ eventlog.Plan, to eventlog.Sink) {
	for _, i := range list {
		w.First(ctx, i, false, to)
	}
}
