package rest

import (
	"context"
	"crypto/sha256"
	"sync"

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
	t := &taking{builder: columnar.NewBuilder(w.list.layout), piece: &piece}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(parallelLists)
	for _, fetch := range w.lists {
		group.Go(func() error { return t.list(inner, fetch) })
	}
	if err := group.Wait(); err != nil {
		to.Fail(err, i)
		return
	}
	piece.Rows = t.builder.Freeze()
	to.Deliver(piece)
}

const (
	// MaxListRows and maxListBytes, of texts, bound what lists that come whole hold
	// together.
	MaxListRows  = 100_000
	maxListBytes = 32 << 20
)

// taking takes in several lists at once: page by page, so that no more than one long
// answer of each has to be kept. The mutex guards builder and piece.
type taking struct {
	mu      sync.Mutex
	builder *columnar.Builder
	piece   *eventlog.Piece
}

// list asks for page after page of a list, as long as Cloudflare says that one is
// full and the next is another one. A list that is shorter than Cloudflare says it
// is cannot be trusted to be whole: whether page is obeyed where it is not documented
// is an open question.
func (t *taking) list(ctx context.Context, fetch Fetch) error {
	var before [sha256.Size]byte
	rows, total, pages, said := 0, 0, 0, 0
	for n := 1; n <= maxWalkPages; n++ {
		page, got, again, err := t.page(ctx, fetch, n, &before)
		if err != nil {
			return err
		}
		if again {
			break
		}
		rows, total, pages, said = rows+got, max(total, page.Total), n, page.Pages
		if n >= page.Pages && (page.PerPage == 0 || got < page.PerPage) {
			break
		}
	}
	if total > rows || said > pages {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.piece.Partial = append(t.piece.Partial, eventlog.Failure{Interval: t.piece.Interval, Err: errTotal})
	}
	return nil
}

// page takes in a page with so many rows, unless it is the page before again.
func (t *taking) page(ctx context.Context, fetch Fetch, number int, before *[sha256.Size]byte) (page *Page, rows int, again bool, err error) {
	held, release := cloudflare.Hold(ctx)
	defer release()
	if page, err = fetch(held, PageRequest{Number: number}); err != nil {
		return nil, 0, false, err
	}
	sum := sha256.Sum256(page.Rows)
	if again = number > 1 && sum == *before; again {
		return page, 0, true, nil
	}
	*before = sum
	t.mu.Lock()
	defer t.mu.Unlock()
	d, err := decode(ctx, t.builder, page, MaxListRows-t.builder.Len())
	page.Rows = nil
	t.piece.Bad += d.Bad
	if err == nil && t.builder.Bytes() > maxListBytes {
		err = errTooManyRows
	}
	return page, d.Rows, false, err
}

var errTotal = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare says that it has more rows than it sends. Look for the others in the Cloudflare dashboard."}

// Fill implements eventlog.Scanner: the first page is all there is.
func (w *whole) Fill(ctx context.Context, list []interval.Interval, _ eventlog.Plan, to eventlog.Sink) {
	for _, i := range list {
		w.First(ctx, i, false, to)
	}
}
