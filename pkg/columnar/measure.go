package columnar

import (
	"slices"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

// Measure says what rows add to the number of their group and bucket: the events that
// they stand for, or 1 for each value of a field that was not there before. It is used
// by one goroutine.
type Measure struct {
	keyer  *Keyer
	values []uint32
	// last is the bucket in which a group last had a value.
	last map[[2]uint32]int
}

// NewMeasure counts the different values of a field, as a mask shows them; of nil it
// counts events. An absent value is the empty one.
func NewMeasure(l *Layout, of *catalogue.Field, show func(f *catalogue.Field, value string) string) *Measure {
	if of == nil {
		return &Measure{}
	}
	return &Measure{keyer: NewKeyer(l, []*catalogue.Field{of}, show), last: map[[2]uint32]int{}}
}

// Next takes the rows that Of is asked about.
func (m *Measure) Next(r Run, rows []uint32) {
	if m.keyer != nil {
		m.values = slices.Grow(m.values[:0], len(rows))[:len(rows)]
		m.keyer.Number(r.Chunk, rows, m.values)
	}
}

// Of is what row i of those taken, which stands for so many events, adds to its group's
// number in a bucket. Buckets are asked about in their order.
func (m *Measure) Of(i int, events int64, group uint32, bucket int) int64 {
	if m.keyer == nil {
		return events
	}
	return m.fresh(i, group, bucket)
}

// fresh is 1 if the group did not have the row's value in the bucket yet.
func (m *Measure) fresh(i int, group uint32, bucket int) int64 {
	key := [2]uint32{group, m.values[i]}
	if last, ok := m.last[key]; ok && last == bucket {
		return 0
	}
	m.last[key] = bucket
	return 1
}
