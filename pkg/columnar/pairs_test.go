package columnar

import (
	"testing"

	"pgregory.net/rapid"
)

func TestPairsAreNumberedAsTheyAreMet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pairs
		want := map[[2]uint32]uint32{}
		most := rapid.SampledFrom([]uint32{3, 40, 5000}).Draw(t, "most") // of 5000 × 5000 there is no table
		for range rapid.IntRange(0, 300).Draw(t, "n") {
			pair := [2]uint32{rapid.Uint32Max(most).Draw(t, "first"), rapid.Uint32Max(most).Draw(t, "second")}
			if _, ok := want[pair]; !ok {
				want[pair] = uint32(len(want))
			}
			if got := p.of(pair[0], pair[1]); got != want[pair] || p.values[got] != pair {
				t.Fatalf("%v is number %d, want %d", pair, got, want[pair])
			}
		}
		if len(p.values) != len(want) || len(p.table) > maxTable {
			t.Fatalf("%d of %d pairs in a table of %d", len(p.values), len(want), len(p.table))
		}
	})
}
