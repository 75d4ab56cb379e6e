package explain

import (
	"testing"

	must "github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var truths = []truth{no, unsure, yes}

// TestKleene holds the logic against its definition: unsure is any of the two, and a
// result that is the same for both is known.
func TestKleene(t *testing.T) {
	could := func(v truth) []bool {
		return map[truth][]bool{no: {false}, yes: {true}, unsure: {false, true}}[v]
	}
	fold := func(results map[bool]bool) truth {
		if len(results) == 2 {
			return unsure
		}
		return truthOf(results[true])
	}
	for _, a := range truths {
		not := map[bool]bool{}
		for _, x := range could(a) {
			not[!x] = true
		}
		must.Equal(t, fold(not), a.not())
		for _, b := range truths {
			and, or := map[bool]bool{}, map[bool]bool{}
			for _, x := range could(a) {
				for _, y := range could(b) {
					and[x && y], or[x || y] = true, true
				}
			}
			must.Equal(t, fold(and), a.and(b))
			must.Equal(t, fold(or), a.or(b))
			must.Equal(t, a.and(b), a.not().or(b.not()).not(), "De Morgan")
		}
	}
}

// TestBelief says that what is certain never contradicts what is likely.
func TestBelief(t *testing.T) {
	atom := rapid.Custom(func(t *rapid.T) belief {
		return held(rapid.SampledFrom(truths).Draw(t, "truth"), rapid.Bool().Draw(t, "firm"))
	})
	rapid.Check(t, func(t *rapid.T) {
		b := atom.Draw(t, "first")
		for range rapid.IntRange(0, 8).Draw(t, "length") {
			switch c := atom.Draw(t, "next"); rapid.IntRange(0, 2).Draw(t, "operation") {
			case 0:
				b = b.and(c)
			case 1:
				b = b.or(c)
			default:
				b = b.not()
			}
		}
		must.True(t, b.certain == unsure || b.certain == b.likely, "%+v", b)
	})
}
