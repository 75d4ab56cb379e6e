package graphql

import (
	"slices"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// piece is a part of a scan that one node asks for: an interval, and inside a
// second that is too full, a part of the values of some dimensions.
type piece struct {
	interval.Interval
	splits []map[string]any
	second *second // that it is a part of
	asked  int64
	full   bool
	// list is the answer of a full piece that is not cut by time alone, last the
	// instant of its last group, and chunk the answer of a piece that is whole.
	list  gjson.Result
	last  int64
	chunk *columnar.Chunk
	rows  int
	bad   int
}

// second gathers the parts of a second that is asked for value by value.
type second struct {
	piece   eventlog.Piece
	builder *columnar.Builder
	pending int
}

// cellOf is the length at whose multiples groups without a time are cut, so that
// what is kept serves a time range that has moved on: a range has eight at most.
func cellOf(length int64) int64 {
	cell := 5 * interval.Minute
	for length > 8*cell {
		cell *= 2
	}
	return cell
}

// pieceLength is the length of a piece at first. A series of minutes can have
// several groups in each, so half a page of minutes is a safe start; but not for
// more than one request's worth, as the account may be quiet.
func (s *scanner) pieceLength(list []interval.Interval, density float64) int64 {
	step, page := int64(s.limits.step()), float64(s.limits.maxPageSize)
	switch {
	case density > 0:
		step = min(step, int64(min(0.7*page/density, 1e18)))
	case s.timeDim != nil && s.timeDim.GrainMS >= 1000:
		var total int64
		for _, i := range list {
			total += i.Length()
		}
		share := interval.Ceil(total/int64(s.batchSize(s.limits.maxPageSize)), interval.Minute)
		step = min(step, max(s.timeDim.GrainMS*interval.Millisecond*int64(s.limits.maxPageSize)*9/20, share))
	}
	return max(step, interval.Second)
}

// forget drops the answer of a full piece that is cut by time: all that is used of it
// is when its last group is.
func (s *scanner) forget(p *piece) {
	if !p.full || p.Length() <= interval.Second {
		return
	}
	last, err := s.time(p.list.Get(strconv.Itoa(p.rows - 1)).Get("dimensions"))
	if s.timeDim != nil && err == nil {
		p.last = last
	}
	p.list = gjson.Result{}
}

// parts is into how many parts to cut a full piece: a third more than the density
// of its page says, as density varies.
func (s *scanner) parts(p *piece) int64 {
	if p.last == 0 {
		return 4
	}
	covered := max(p.To-p.last, interval.Second)
	return min(max(4*p.Length()/(3*covered)+1, 2), 32)
}

// splitByValue cuts a piece in two at the middle value of the dimension with the
// most values; nil where there is none. Cloudflare compares the texts itself, so
// the two parts hold everything once, in whichever order it sorts.
func (s *scanner) splitByValue(p *piece) []*piece {
	if len(p.splits) >= maxSplits {
		return nil
	}
	var best []string
	dimension := ""
	for _, f := range s.dims {
		if f.GraphQLType != "string" {
			continue
		}
		var values []string
		p.list.ForEach(func(_, row gjson.Result) bool {
			values = append(values, row.Get("dimensions."+f.Path[0]).Str)
			return true
		})
		slices.Sort(values)
		if values = slices.Compact(values); len(values) > max(len(best), 1) {
			best, dimension = values, f.Path[0]
		}
	}
	if best == nil {
		return nil
	}
	var halves []*piece
	for _, suffix := range []string{"_lt", "_geq"} {
		splits := append(slices.Clone(p.splits), map[string]any{dimension + suffix: best[len(best)/2]})
		halves = append(halves, &piece{Interval: p.Interval, splits: splits, second: p.second})
	}
	return halves
}

// piecesOf cuts an interval into pieces of at most a length, oldest first, on
// edges that are whole minutes where the length allows, else whole seconds.
func piecesOf(i interval.Interval, length int64) []*piece {
	unit := interval.Second
	if length >= 2*interval.Minute {
		unit = interval.Minute
	}
	var edges []int64
	for at := i.From; at < i.To; {
		next := interval.Floor(at+length, unit)
		if next <= at {
			next = interval.Floor(at, interval.Second) + max(length, interval.Second)
		}
		edges, at = append(edges, next), next
	}
	var pieces []*piece
	for _, part := range i.CutAt(edges...) {
		pieces = append(pieces, &piece{Interval: part})
	}
	return pieces
}
