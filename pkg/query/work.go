package query

import "context"

// maxWork is what one query may spend on comparing values. A unit is one step of a
// regular expression's program at one character, or sixteen characters searched for
// a text: at most some ten nanoseconds. So a query ends after the same work on any
// machine and at any load. Twenty steps at the digits of ten million Ray IDs are
// within it, as are a thousand addresses searched for among a million others.
const maxWork = 5_000_000_000

// cost is what a filter spends on a value.
type cost struct {
	// flat is in units, scan in units for each sixteen bytes.
	flat, scan int64
}

// disguising is the cost of a pseudonym: a keyed hash of the value.
var disguising = cost{flat: 200, scan: 8}

// addTexts adds the search for a number of texts.
func (c *cost) addTexts(n int) { c.flat, c.scan = c.flat+int64(n), c.scan+int64(n) }

// addProgram adds the match of a regular expression: each step of its program may
// be at work at each byte, and at the ends.
func (c *cost) addProgram(size int) { c.flat, c.scan = c.flat+2*int64(size), c.scan+16*int64(size) }

// Cost is what Match spends on a text of a length, in units of Work.
func (f *Filter) Cost(length int) int64 { return f.cost.flat + f.cost.scan*int64(length)/16 }

// Work is what one query has left to spend on comparing values. It belongs to one
// goroutine. A nil Work never ends.
type Work struct {
	ctx       context.Context
	left      int64
	unchecked int64
	err       error
}

// NewWork makes the Work of a query, which ends early where the context does.
func NewWork(ctx context.Context) *Work { return &Work{ctx: ctx, left: maxWork} }

// checkEvery is how much is spent, well within a tenth of a second, before the
// context is looked at.
const checkEvery = 1 << 20

// Spend books units before they are spent. It is false once the work has to end;
// what was found by then is of no use.
func (w *Work) Spend(units int64) bool {
	if w == nil {
		return true
	}
	w.left -= units
	if w.unchecked += units; w.unchecked > checkEvery {
		w.unchecked = 0
		w.check()
	}
	return w.err == nil
}

func (w *Work) check() {
	switch {
	case w.err != nil:
	case w.ctx.Err() != nil:
		w.err = w.ctx.Err()
	case w.left < 0:
		w.err = invalid("the query's filters take too much work. Use fewer or simpler regular expressions, use = in place of =~ or contains, or select a shorter time range")
	}
}

// Err is why the work had to end; nil if it did not.
func (w *Work) Err() error {
	if w == nil {
		return nil
	}
	w.check()
	return w.err
}
