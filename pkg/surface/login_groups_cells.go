package surface

import "time"

const (
	// cells is how many cells most windows are cut into; what is left of the last
	// one is cut into parts, so that a refresh asks for little.
	cells     = 3
	cellParts = 4
)

// grids are the lengths of cells, so that windows that move share them.
var grids = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour,
	6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 72 * time.Hour, 144 * time.Hour,
}

// cellRanges cuts ranges on edges that stay put, so that a later window finds
// what this one fetched. What is not sealed yet stays in one piece. Where groups
// are placed in time, the first cell is fetched whole, and what lies before the
// range is left out when counting.
func (s *loginGroups) cellRanges(p *groupPlan, l *groupLimits, ranges []timeRange) []timeRange {
	if !s.cache.on {
		return ranges
	}
	var out []timeRange
	sealed := s.now().Add(-s.sealAfter)
	for _, r := range ranges {
		grid := gridFor(r.length(), l.step())
		if grid == 0 {
			out = append(out, r)
			continue
		}
		first := floorTime(r.from, grid)
		if len(ranges) == 1 && p.timeDim != "" && aligned(r.from, p.unit) && s.reaches(l, first) && !first.Add(grid).After(sealed) {
			r.from = first
		}
		for _, length := range []time.Duration{grid, grid / cellParts} {
			for end := floorTime(r.from, length).Add(length); end.Before(r.to) && !end.After(sealed); end = end.Add(length) {
				out = append(out, timeRange{r.from, end})
				r.from = end
			}
		}
		out = append(out, r)
	}
	return out
}

// reaches says whether Cloudflare still has what happened at an instant.
func (s *loginGroups) reaches(l *groupLimits, at time.Time) bool {
	return l.notOlderThan == 0 || at.After(s.now().Add(-l.notOlderThan).Add(l.margin))
}

// gridFor is the shortest cell that cuts a length into few; 0 if none fits.
func gridFor(length, step time.Duration) time.Duration {
	var best time.Duration
	for _, grid := range grids {
		if grid > step {
			break
		}
		best = grid
		if length <= grid*cells {
			break
		}
	}
	return best
}
