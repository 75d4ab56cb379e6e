package surface

// groupDoubt is an answer with a suspiciously round number of groups. A page
// size smaller than the one asked for looks like an end, so the same is asked
// for once more in parts.
type groupDoubt struct {
	page *groupPage
	part *groupPart
	// taken are the parts whose answers are beyond doubt.
	taken []*groupPiece
}

// take takes in the pieces that a doubtful page was asked for again in. Those
// that look cut themselves prove nothing: it returns their parts, to ask for.
func (d *groupDoubt) take(p *groupPlan, pieces []*groupPiece) (again []*groupPiece) {
	for _, piece := range pieces {
		if looksCut(piece.page) {
			if parts := cutPiece(p, piece); parts != nil {
				for _, part := range parts {
					part.doubt = d
				}
				again = append(again, parts...)
				continue
			}
		}
		d.taken = append(d.taken, piece)
	}
	return again
}

// looksCut says that the number of groups of an answer looks like a page size,
// with those that it repeats or without.
func looksCut(p *groupPage) bool { return isRound(p.listed) || isRound(p.rows()) }

// isRound says that a number is one that page sizes are: of five hundreds, a power
// of two, or one of the usual small ones. A range of minutes has as many groups, so
// that numbers which lengths of time come to are not doubted.
func isRound(n int) bool {
	return n >= 100 && (n%500 == 0 || n&(n-1) == 0) || n == 100 || n == 200 || n == 250
}

// distinctGroups counts the groups of pieces, equal ones once.
func distinctGroups(pieces []*groupPiece) int {
	seen := map[string]bool{}
	for _, piece := range pieces {
		for row := range piece.page.rows() {
			seen[piece.page.tuple(row)] = true
		}
	}
	return len(seen)
}
