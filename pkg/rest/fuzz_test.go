package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/rest"
)

// FuzzPager pages through a feed whose density, ties, page cap and bounds come from
// the input: it has to end, and to have each row once.
func FuzzPager(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, uint8(3), uint8(0))
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0, 0}, uint8(4), uint8(1))
	f.Add([]byte{255, 0, 255, 0, 0, 0, 255}, uint8(2), uint8(2))
	f.Add([]byte{0, 0, 0, 0}, uint8(1), uint8(3))
	f.Fuzz(func(t *testing.T, gaps []byte, size, kind uint8) {
		if len(gaps) > 300 {
			t.Skip("long enough")
		}
		times := make([]int64, len(gaps))
		at := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC).UnixNano()
		for i, g := range gaps {
			at += int64(g) * 20 * interval.Millisecond
			times[i] = at
		}
		all := interval.Interval{From: at - interval.Second, To: at + interval.Millisecond}
		if len(times) > 0 {
			all.From = times[0]
		}
		to := pageThrough(t, times, int(size%50)+1, kind, all)
		if to.failed.Load() || !slices.Equal(to.times(), times) {
			t.Fatalf("%d rows of %d, failed: %t", len(to.times()), len(times), to.failed.Load())
		}
	})
}

// pageThrough scans an upstream of rows at given times.
func pageThrough(t *testing.T, times []int64, size int, kind uint8, all interval.Interval) *pieces {
	var calls atomic.Int64
	fetch := func(_ context.Context, r rest.PageRequest) (*rest.Page, error) {
		if calls.Add(1) > 5000 {
			t.Error("the scan does not end")
			return nil, context.Canceled
		}
		since, until := r.Since.UnixNano(), r.Until.UnixNano()
		if kind&1 != 0 {
			since, until = interval.Floor(since, interval.Second), interval.Floor(until, interval.Second)
		}
		rows := []json.RawMessage{}
		for i, at := range times {
			if at > since && at < until || kind&2 != 0 && (at == since || at == until) {
				rows = append(rows, fmt.Appendf(nil, `{"created_at":%q,"ray_id":"%016x"}`, interval.Instant(at).Format(time.RFC3339Nano), i+1))
			}
		}
		if !r.Ascending {
			slices.Reverse(rows)
		}
		start := min((r.Number-1)*size, len(rows))
		page := &rest.Page{}
		if kind&4 != 0 {
			page.PerPage = size
		}
		var err error
		page.Rows, err = json.Marshal(rows[start:min(start+size, len(rows))])
		return page, err
	}
	q, _ := catalogue.Lookup("access_requests")
	to := &pieces{}
	rest.NewList(q, columnar.NewLayout(q), time.Now).Scanner(fetch, nil).
		Fill(t.Context(), []interval.Interval{all}, eventlog.Plan{MaxRows: 1 << 20}, to)
	return to
}

// pieces are what a scan brings.
type pieces struct {
	mu     sync.Mutex
	list   []eventlog.Piece
	failed atomic.Bool
}

// Deliver implements eventlog.Sink.
func (p *pieces) Deliver(piece eventlog.Piece) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, piece)
	if len(piece.Partial) > 0 {
		p.failed.Store(true)
	}
}

// Fail implements eventlog.Sink.
func (p *pieces) Fail(error, ...interval.Interval) { p.failed.Store(true) }

// times are those of the rows in the pieces' intervals.
func (p *pieces) times() []int64 {
	times := []int64{}
	for _, piece := range p.list {
		for run, row := piece.Rows.Within(piece.Interval), 0; row < run.Rows(); row++ {
			times = append(times, run.Time(run.Lo+row))
		}
	}
	slices.Sort(times)
	return times
}
