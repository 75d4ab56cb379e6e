package query

import "strings"

// Names say what the IDs of one of the account's lists are called. They are for
// one query: they note the IDs that they know no name of. They are used by one
// goroutine.
type Names struct {
	byID    map[string]string
	unnamed map[string]struct{}
}

// NewNames makes Names of a map by IDs in lower case, which it only reads.
func NewNames(byID map[string]string) *Names {
	return &Names{byID: byID, unnamed: map[string]struct{}{}}
}

// of is an ID's name, or the ID itself where the list has none for it. The APIs
// differ in the case of IDs.
func (n *Names) of(id string) string {
	if n == nil || id == "" {
		return id
	}
	if name, ok := n.byID[strings.ToLower(id)]; ok {
		return name
	}
	n.unnamed[id] = struct{}{}
	return id
}

// Unnamed is the number of different IDs that were looked up and have no name.
func (n *Names) Unnamed() int { return len(n.unnamed) }
