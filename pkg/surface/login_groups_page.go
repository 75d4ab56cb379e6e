package surface

import (
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// groupPage holds the groups of one node's answer by columns. Texts of the
// dimensions are kept once each; codes index them. It is read-only once made.
type groupPage struct {
	dims    []string
	texts   [][]string // by dimension: the distinct texts
	codes   [][]uint32 // by dimension: an index into texts for each group
	times   []int64    // Unix milliseconds of the time dimension; nil without one
	counts  []int64
	sampled float64 // sum of sample interval × count
	events  int64   // sum of counts
	bad     int     // groups whose time could not be read
	twice   int     // groups that stand in the answer again
	strays  int     // groups of other times, where that makes the others uncertain
	listed  int     // groups in the answer, repeated ones counted
}

func (p *groupPage) rows() int { return len(p.counts) }

// pick is a page of some of the groups. It shares nothing but texts, so that what
// is left out can go.
func (p *groupPage) pick(rows []int) *groupPage {
	cut := &groupPage{dims: p.dims, listed: len(rows), twice: p.twice, strays: p.strays, counts: make([]int64, len(rows))}
	for i, row := range rows {
		cut.counts[i] = p.counts[row]
		cut.events += p.counts[row]
	}
	if p.times != nil {
		cut.times = make([]int64, len(rows))
		for i, row := range rows {
			cut.times[i] = p.times[row]
		}
	}
	for dim, codes := range p.codes {
		moved := map[uint32]uint32{}
		var texts []string
		own := make([]uint32, len(rows))
		for i, row := range rows {
			code, ok := moved[codes[row]]
			if !ok {
				code = uint32(len(texts))
				moved[codes[row]] = code
				texts = append(texts, p.texts[dim][codes[row]])
			}
			own[i] = code
		}
		cut.codes = append(cut.codes, own)
		cut.texts = append(cut.texts, texts)
	}
	if p.events > 0 {
		cut.sampled = p.sampled * float64(cut.events) / float64(p.events)
	}
	return cut
}

// joinPages is a page of all groups of pages with the same dimensions.
func joinPages(pages []*groupPage) *groupPage {
	all := &groupPage{dims: pages[0].dims, texts: make([][]string, len(pages[0].dims)), codes: make([][]uint32, len(pages[0].dims))}
	for _, p := range pages {
		all.times = append(all.times, p.times...)
		all.counts = append(all.counts, p.counts...)
		all.sampled += p.sampled
		all.events += p.events
		all.bad += p.bad
		all.twice += p.twice
		all.strays += p.strays
		all.listed += p.listed
	}
	for dim := range all.dims {
		index := map[string]uint32{}
		for _, p := range pages {
			moved := make([]uint32, len(p.texts[dim]))
			for code, text := range p.texts[dim] {
				at, ok := index[text]
				if !ok {
					at = uint32(len(all.texts[dim]))
					index[text] = at
					all.texts[dim] = append(all.texts[dim], text)
				}
				moved[code] = at
			}
			for _, code := range p.codes[dim] {
				all.codes[dim] = append(all.codes[dim], moved[code])
			}
		}
	}
	return all
}

// noteStrays counts groups of other times than were asked for. Where the range
// ends inside a unit of the groups' time, they show that the groups at its ends
// may hold more than the range.
func (p *groupPage) noteStrays(r timeRange, unit time.Duration) {
	if p.times == nil || aligned(r.from, unit) && aligned(r.to, unit) {
		return
	}
	for _, at := range p.times {
		if at >= 0 && !r.touches(time.UnixMilli(at), unit) {
			p.strays++
		}
	}
}

// size is about the bytes that the page occupies.
func (p *groupPage) size() int64 {
	n := int64(cap(p.counts)*8+cap(p.times)*8) + 200
	for i, texts := range p.texts {
		n += int64(cap(p.codes[i])*4+cap(texts)*16) + 48
		for _, text := range texts {
			n += int64(len(text))
		}
	}
	return n
}

// tuple is a text for a group's combination of dimensions, the same on any page.
func (p *groupPage) tuple(row int) string {
	var b strings.Builder
	for i, texts := range p.texts {
		b.WriteString(texts[p.codes[i][row]])
		b.WriteByte(0)
	}
	return b.String()
}

type pageBuilder struct {
	page      *groupPage
	timeIndex int
	index     []map[string]uint32
	seen      map[string]int
	key       []byte
}

func errGroups(what string) error {
	return &cloudflare.Error{Kind: cloudflare.KindMalformed, Status: 200,
		Message: "Cloudflare's GraphQL answer cannot be used: " + what + ". Try again; if it stays, report it."}
}

// readGroupPage decodes the groups of one node. timeIndex is the dimension that
// places groups in time, -1 if none does.
//
// In one answer a combination of dimensions stands once: Cloudflare groups by
// them. Of one that stands twice nobody knows whether it is repeated or divided;
// the larger count is kept, and the page is not taken to be certain.
func readGroupPage(list gjson.Result, dims []string, timeIndex int, sampling bool) (*groupPage, error) {
	if !list.IsArray() {
		return nil, errGroups("it has no list of groups")
	}
	b := &pageBuilder{
		page:      &groupPage{dims: dims, texts: make([][]string, len(dims)), codes: make([][]uint32, len(dims))},
		timeIndex: timeIndex, index: make([]map[string]uint32, len(dims)), seen: map[string]int{},
	}
	for i := range b.index {
		b.index[i] = map[string]uint32{}
	}
	if timeIndex >= 0 {
		b.page.times = []int64{}
	}
	var err error
	list.ForEach(func(_, row gjson.Result) bool {
		b.page.listed++
		err = b.add(row, sampling)
		return err == nil
	})
	return b.page, err
}

func (b *pageBuilder) add(row gjson.Result, sampling bool) error {
	var count, dimensions, interval gjson.Result
	row.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "count":
			count = value
		case "dimensions":
			dimensions = value
		case "avg":
			interval = value.Get("sampleInterval")
		}
		return true
	})
	n := count.Int()
	if count.Type != gjson.Number && count.Type != gjson.String || n < 0 {
		return errGroups("a group has no count")
	}
	codes := make([]uint32, len(b.page.dims))
	found := 0
	dimensions.ForEach(func(key, value gjson.Result) bool {
		for i, name := range b.page.dims {
			if name == key.Str {
				codes[i] = b.code(i, value.String())
				found++
				return true
			}
		}
		return true
	})
	if found != len(codes) {
		return errGroups("a group lacks a dimension")
	}
	weight := 0.0
	if sampling {
		weight = max(interval.Float(), 1)
	}
	b.append(codes, n, weight)
	return nil
}

// append takes in a group. weight is its sample interval, 0 where it is not known.
func (b *pageBuilder) append(codes []uint32, n int64, weight float64) {
	p := b.page
	b.key = b.key[:0]
	for _, c := range codes {
		b.key = append(b.key, byte(c), byte(c>>8), byte(c>>16), byte(c>>24))
	}
	if i, ok := b.seen[string(b.key)]; ok {
		p.twice++
		if more := n - p.counts[i]; more > 0 {
			p.events += more
			p.sampled += weight * float64(more)
			p.counts[i] = n
		}
		return
	}
	b.seen[string(b.key)] = len(p.counts)
	if b.timeIndex >= 0 {
		at, ok := parseGroupTime(p.texts[b.timeIndex][codes[b.timeIndex]])
		if !ok {
			p.bad++
			at = -1
		}
		p.times = append(p.times, at)
	}
	for i, c := range codes {
		p.codes[i] = append(p.codes[i], c)
	}
	p.counts = append(p.counts, n)
	p.events += n
	p.sampled += weight * float64(n)
}

// code interns a text; the copy frees the answer's body.
func (b *pageBuilder) code(dim int, text string) uint32 {
	if c, ok := b.index[dim][text]; ok {
		return c
	}
	text = strings.Clone(text)
	c := uint32(len(b.page.texts[dim]))
	b.index[dim][text] = c
	b.page.texts[dim] = append(b.page.texts[dim], text)
	return c
}

// parseGroupTime reads a Time or a Date.
func parseGroupTime(text string) (ms int64, ok bool) {
	layout := time.RFC3339Nano
	if len(text) == len(time.DateOnly) {
		layout = time.DateOnly
	}
	t, err := time.Parse(layout, text)
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return 0, false
	}
	return t.UnixMilli(), true
}
