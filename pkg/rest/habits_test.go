package rest

import "testing"

func TestWhichPageIsTheLast(t *testing.T) {
	type page struct {
		rows, perPage int
		last          bool
	}
	for name, pages := range map[string][]page{
		"sizes are told":        {{100, 100, false}, {99, 100, true}, {0, 100, true}},
		"sizes are echoed":      {{100, PageSize, false}, {100, PageSize, false}, {99, PageSize, true}},
		"no sizes are told":     {{100, 0, false}, {100, 0, false}, {99, 0, true}, {0, 0, true}},
		"one size is not told":  {{100, 100, false}, {50, 0, false}, {100, 100, false}, {50, 100, true}},
		"sizes change and tell": {{100, 100, false}, {50, 50, false}, {49, 50, true}},
	} {
		h := &habits{}
		for n, p := range pages {
			if last := h.isLast(p.rows, p.perPage); last != p.last {
				t.Errorf("%s: page %d is the last: %t", name, n+1, last)
			}
		}
	}
}
