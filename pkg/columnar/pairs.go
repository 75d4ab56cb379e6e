package columnar

// pairs numbers pairs of numbers in the order in which they are met. As both are counted
// from 0, a table of them all is small as a rule, and several times as fast as a map.
type pairs struct {
	values [][2]uint32
	// table has 1 + the number of each pair, width for each first number; nil once it
	// would be too large.
	table []uint32
	width int
	index map[[2]uint32]uint32
}

// maxTable bounds the table: it takes 16 MiB.
const maxTable = 1 << 22

// known is the number of a pair, unnumbered where the table does not tell.
func (p *pairs) known(first, second uint32) uint32 {
	if at := int(first)*p.width + int(second); int(second) < p.width && at < len(p.table) {
		return p.table[at] - 1
	}
	return unnumbered
}

func (p *pairs) of(first, second uint32) uint32 {
	if n := p.known(first, second); n != unnumbered {
		return n
	}
	pair := [2]uint32{first, second}
	if n, ok := p.index[pair]; ok {
		return n
	}
	n := uint32(len(p.values))
	p.values = append(p.values, pair)
	p.put(pair, n)
	return n
}

func (p *pairs) put(pair [2]uint32, n uint32) {
	if p.index == nil && !p.fits(pair) {
		p.grow(pair)
	}
	if p.index != nil {
		p.index[pair] = n
		return
	}
	p.table[int(pair[0])*p.width+int(pair[1])] = n + 1
}

func (p *pairs) fits(pair [2]uint32) bool {
	return int(pair[1]) < p.width && int(pair[0])*p.width+int(pair[1]) < len(p.table)
}

// grow makes room for a pair, and for as many again; in a map where the table would be
// too large.
func (p *pairs) grow(pair [2]uint32) {
	first, width := 16, max(p.width, 16)
	if p.width > 0 {
		first = len(p.table) / p.width
	}
	for int(pair[0]) >= first {
		first *= 2
	}
	for int(pair[1]) >= width {
		width *= 2
	}
	values := p.values
	if first*width > maxTable {
		*p = pairs{values: values, index: make(map[[2]uint32]uint32, len(values))}
	} else {
		*p = pairs{values: values, table: make([]uint32, first*width), width: width}
	}
	for i, own := range values {
		if own != pair {
			p.put(own, uint32(i))
		}
	}
}
