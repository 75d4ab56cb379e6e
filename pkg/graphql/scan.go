package graphql

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

const (
	// parallelRequests of one scan run at a time.
	parallelRequests = 4
	// maxRequests and maxRows end a scan that would never.
	maxRequests = 200
	maxRows     = 2_000_000
	// maxSplits is how often a second that is too full is halved by its values.
	maxSplits = 12
)

// scanner implements eventlog.Scanner for a plan.
type scanner struct {
	*Plan
	layout *columnar.Layout
	// first is the page size where only the first groups are asked for, cell the
	// length at whose multiples groups without a time are cut.
	first int
	cell  int64
}

// PageSize implements eventlog.Scanner.
func (s *scanner) PageSize() int { return s.limits.maxPageSize }

// First implements eventlog.Scanner: the node sorts groups by time, so that a page
// holds the first ones.
func (s *scanner) First(ctx context.Context, i interval.Interval, ascending bool, to eventlog.Sink) {
	pieces := piecesOf(i, int64(s.limits.step()))
	if !ascending {
		slices.Reverse(pieces)
	}
	pieces = pieces[:min(len(pieces), s.batchSize(s.first))]
	if err := s.ask(ctx, pieces, s.first, ascending); err != nil {
		to.Fail(err, i)
		return
	}
	for n, p := range pieces {
		if full := p.full; !full || s.front(p, ascending) {
			if p.deliver(to); full {
				return // what lies beyond does not join
			}
			continue
		}
		if n == 0 {
			s.Fill(ctx, []interval.Interval{p.Interval}, eventlog.Plan{MaxRows: maxRows}, to)
		}
		return
	}
}

// front cuts a full piece to what its page is sure to tell whole: all but the
// last instant of its groups. It is false where that is nothing.
func (s *scanner) front(p *piece, ascending bool) bool {
	b := columnar.NewBuilder(s.layout)
	if err := s.decode(b, p); err != nil || b.Len() == 0 {
		return false
	}
	grain := s.timeDim.GrainMS * interval.Millisecond
	if times := b.Times(0); ascending {
		p.To = interval.Floor(slices.Max(times), grain)
	} else {
		p.From = max(p.From, interval.Floor(slices.Min(times), grain)+grain)
	}
	if p.Empty() {
		return false
	}
	b.Keep(0, p.Interval)
	p.chunk = b.Freeze()
	return true
}

func (p *piece) deliver(to eventlog.Sink) {
	to.Deliver(eventlog.Piece{Interval: p.Interval, Rows: p.chunk, Fetched: p.asked, Bad: p.bad})
}

// Fill implements eventlog.Scanner. No piece is done before an answer showed fewer
// groups than the page holds. Pieces never overlap, so equal groups of different
// pieces are different events and their counts add up.
func (s *scanner) Fill(ctx context.Context, list []interval.Interval, plan eventlog.Plan, to eventlog.Sink) {
	var pending []*piece
	length := s.pieceLength(list, plan.Density)
	for _, i := range list {
		var pieces []*piece
		parts := []interval.Interval{i}
		if s.cell > 0 {
			parts = i.Each(s.cell)
		}
		for _, part := range parts {
			pieces = append(pieces, piecesOf(part, length)...)
		}
		slices.Reverse(pieces)
		pending = append(pending, pieces...)
	}
	rows := 0
	for requests := 0; len(pending) > 0; {
		switch {
		case requests >= maxRequests:
			failAll(to, errTooMany, pending)
			return
		case rows > plan.MaxRows:
			failAll(to, nil, pending)
			return
		}
		batches := slices.Collect(slices.Chunk(pending, s.batchSize(s.limits.maxPageSize)))
		requests += len(batches)
		full, err := s.round(ctx, batches, to)
		if err != nil {
			return
		}
		for _, p := range pending {
			rows += p.rows
		}
		pending = nil
		for _, p := range full {
			pending = append(pending, s.settle(p, to)...)
		}
	}
}

var errTooMany = &eventlog.PartialError{Reason: answer.ReasonMaxRows, Message: "There are too many groups to count. Group by fewer fields, add a filter, or select a shorter time range."}

func failAll(to eventlog.Sink, err error, pieces []*piece) {
	for _, p := range pieces {
		to.Fail(err, p.Interval)
	}
}

// round asks for pieces, several requests at a time, hands over those that are
// whole, and returns the others. An error ends the scan; the sink knows it.
func (s *scanner) round(ctx context.Context, batches [][]*piece, to eventlog.Sink) (rest []*piece, ended error) {
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(parallelRequests)
	for _, batch := range batches {
		group.Go(func() error {
			mu.Lock()
			err := ended
			mu.Unlock()
			if err == nil {
				err = s.askSafely(ctx, batch)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failAll(to, err, batch)
				if !cloudflare.Transient(err) || ctx.Err() != nil {
					ended = err
				}
				return nil
			}
			for _, p := range batch {
				if p.full || p.second != nil {
					s.forget(p)
					rest = append(rest, p)
				} else {
					p.deliver(to)
				}
			}
			return nil
		})
	}
	_ = group.Wait() // its functions return no error
	if ended != nil {
		failAll(to, ended, rest)
	}
	return rest, ended
}

// askSafely makes a panic the error of those who wait for the answer.
func (s *scanner) askSafely(ctx context.Context, batch []*piece) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = eventlog.Panicked(r)
		}
	}()
	return s.ask(ctx, batch, s.limits.maxPageSize, false)
}

// settle returns the parts to ask for in place of a piece that was full, and hands
// over the second whose last part has come.
func (s *scanner) settle(p *piece, to eventlog.Sink) []*piece {
	if p.full && p.Length() > interval.Second {
		return piecesOf(p.Interval, interval.Ceil(p.Length()/s.parts(p), interval.Second))
	}
	if p.second == nil {
		p.second = &second{builder: columnar.NewBuilder(s.layout), pending: 1,
			piece: eventlog.Piece{Interval: p.Interval, Fetched: p.asked}}
	}
	sec := p.second
	if p.full {
		if halves := s.splitByValue(p); halves != nil {
			sec.pending++
			return halves
		}
		sec.piece.Partial = []eventlog.Failure{{Interval: p.Interval, Err: errCrowded}}
	}
	if err := s.decode(sec.builder, p); err != nil {
		sec.piece.Partial = []eventlog.Failure{{Interval: p.Interval, Err: err}}
	}
	sec.piece.Bad += p.bad
	if sec.pending--; sec.pending == 0 {
		sec.piece.Rows = sec.builder.Freeze()
		to.Deliver(sec.piece)
	}
	return nil
}

var errCrowded = &eventlog.PartialError{Reason: answer.ReasonPageSize, Message: "Cloudflare has more groups in one second than it sends at once. Group by fewer fields, select fewer columns, or add a filter."}
