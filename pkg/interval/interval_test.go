package interval

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// universe is the number of instants that the properties are checked on.
const universe = 48

// bitmap says of each instant whether it is in a list: what the algebra is held
// against.
type bitmap [universe]bool

func bitmapOf(list ...Interval) (in bitmap) {
	for _, i := range list {
		for at := max(i.From, 0); at < min(i.To, universe); at++ {
			in[at] = true
		}
	}
	return in
}

func (b bitmap) where(other bitmap, holds func(a, b bool) bool) (in bitmap) {
	for at := range in {
		in[at] = holds(b[at], other[at])
	}
	return in
}

func and(a, b bool) bool    { return a && b }
func andNot(a, b bool) bool { return a && !b }

// drawInterval draws one that may be empty.
func drawInterval() *rapid.Generator[Interval] {
	return rapid.Custom(func(t *rapid.T) Interval {
		from := rapid.Int64Range(0, universe).Draw(t, "from")
		return Interval{from, rapid.Int64Range(from, universe).Draw(t, "to")}
	})
}

func drawList() *rapid.Generator[[]Interval] { return rapid.SliceOfN(drawInterval(), 0, 6) }

// disjoint says whether no instant is in two intervals of a list.
func disjoint(list []Interval) bool {
	length := int64(0)
	for _, i := range list {
		length += i.Length()
	}
	in := bitmapOf(list...)
	for _, there := range in {
		if there {
			length--
		}
	}
	return length == 0
}

func hasEmpty(list []Interval) bool { return slices.ContainsFunc(list, Interval.Empty) }

func TestListsAreSetsOfInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawList().Draw(t, "a"), drawList().Draw(t, "b")
		asked := fmt.Sprint(a, b)
		union := Union(a)
		if bitmapOf(union...) != bitmapOf(a...) || hasEmpty(union) {
			t.Fatalf("the union is %v", union)
		}
		for n := range max(len(union)-1, 0) {
			if union[n].To >= union[n+1].From {
				t.Fatalf("the union %v is not in order, or not joined", union)
			}
		}
		rest := Subtract(a, b...)
		if bitmapOf(rest...) != bitmapOf(a...).where(bitmapOf(b...), andNot) {
			t.Fatalf("%v is left", rest)
		}
		if rest = Subtract(union, b...); !disjoint(rest) || hasEmpty(rest) || !slices.IsSortedFunc(rest, func(x, y Interval) int { return int(x.From - y.From) }) {
			t.Fatalf("of a list in order, %v is left", rest)
		}
		both := Intersect(a, b...)
		if bitmapOf(both...) != bitmapOf(a...).where(bitmapOf(b...), and) || hasEmpty(both) {
			t.Fatalf("both have %v", both)
		}
		if both = Intersect(union, Union(b)...); !disjoint(both) {
			t.Fatalf("%v overlap", both)
		}
		if fmt.Sprint(a, b) != asked {
			t.Fatal("the lists were changed")
		}
	})
}

func TestIntervalsAreSetsOfInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawInterval().Draw(t, "a"), drawInterval().Draw(t, "b")
		both := bitmapOf(a).where(bitmapOf(b), and)
		if bitmapOf(a.Clip(b)) != both {
			t.Fatalf("both have %v", a.Clip(b))
		}
		if !a.Empty() && !b.Empty() && a.Overlaps(b) != (both != bitmap{}) {
			t.Fatalf("overlaps: %t", a.Overlaps(b))
		}
		in, count := bitmapOf(a), int64(0)
		for at, there := range in {
			if a.Contains(int64(at)) != there {
				t.Fatalf("contains %d: %t", at, !there)
			}
			if there {
				count++
			}
		}
		if a.Length() != count || a.Empty() != (count == 0) {
			t.Fatalf("length %d, empty %t, of %d instants", a.Length(), a.Empty(), count)
		}
	})
}

func TestPartsOfAnInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := drawInterval().Draw(t, "interval")
		edges := rapid.SliceOfN(rapid.Int64Range(-5, universe+5), 0, 5).Draw(t, "edges")
		slices.Sort(edges)
		parts := i.CutAt(edges...)
		for _, part := range parts {
			if slices.ContainsFunc(edges, func(at int64) bool { return part.From < at && at < part.To }) {
				t.Fatalf("%v was not cut", part)
			}
		}
		checkParts(t, i, parts)

		length := rapid.Int64Range(1, 12).Draw(t, "length")
		parts = i.Each(length)
		for _, part := range parts {
			if Floor(part.From, length) != Floor(part.To-1, length) {
				t.Fatalf("%v is in two multiples", part)
			}
		}
		if want := Ceil(i.To, length)/length - Floor(i.From, length)/length; !i.Empty() && int64(len(parts)) != want {
			t.Fatalf("%d parts, want %d", len(parts), want)
		}
		checkParts(t, i, parts)
	})
}

// checkParts says whether parts follow each other and make up an interval.
func checkParts(t *rapid.T, i Interval, parts []Interval) {
	at := i.From
	for _, part := range parts {
		if part.From != at || part.Empty() {
			t.Fatalf("parts %v of %v", parts, i)
		}
		at = part.To
	}
	if at != i.To {
		t.Fatalf("parts %v of %v", parts, i)
	}
}

func TestFloorAndCeilAreMultiplesNextToAnInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Int64Range(-1<<60, 1<<60).Draw(t, "at")
		unit := rapid.Int64Range(1, Day).Draw(t, "unit")
		floor, ceil := Floor(at, unit), Ceil(at, unit)
		if floor%unit != 0 || floor > at || at-floor >= unit {
			t.Fatalf("floor %d", floor)
		}
		if ceil%unit != 0 || ceil < at || ceil-at >= unit {
			t.Fatalf("ceil %d", ceil)
		}
	})
}

func TestInclusiveHasBothEndsToTheMillisecond(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	contains := func(i Interval, at time.Time) bool { return i.Contains(at.UnixNano()) }
	i := Inclusive(noon, noon.Add(time.Second))
	require.False(t, contains(i, noon.Add(-time.Nanosecond)))
	require.True(t, contains(i, noon))
	require.True(t, contains(i, noon.Add(time.Second+999*time.Microsecond)), "cut to the millisecond it is the end itself")
	require.False(t, contains(i, noon.Add(time.Second+time.Millisecond)))
	require.Equal(t, noon, i.Start())
	require.Equal(t, noon.Add(time.Second), i.Last())
	require.Equal(t, noon.Add(time.Second+time.Millisecond), i.End())

	cut := Inclusive(noon.Add(1999*time.Microsecond), noon.Add(1999*time.Microsecond))
	require.Equal(t, Interval{noon.Add(time.Millisecond).UnixNano(), noon.Add(2 * time.Millisecond).UnixNano()}, cut)
	require.Equal(t, time.UTC, Inclusive(noon.Local(), noon.Local()).Start().Location())
}

func TestAlwaysHasWhatCanBeAsked(t *testing.T) {
	require.True(t, Always.Contains(0))
	require.True(t, Always.Contains(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()))
}
