package account

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// LimitWindow is the time over which Cloudflare counts calls, and for which it
// refuses all of them once there were too many.
const LimitWindow = 5 * time.Minute

// limiter counts calls in windows of LimitWindow and refuses those beyond the
// limit, and then all until LimitWindow has passed, as Cloudflare does
// (https://developers.cloudflare.com/fundamentals/api/reference/limits/).
type limiter struct {
	mu           sync.Mutex
	limit        int       // 0: none
	ends         time.Time // of the window
	used         int
	calls        int
	refusedCalls int
}

func (l *limiter) setLimit(limit int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = limit
}

// admit counts a call, writes the rate-limit headers and says whether the call
// may go on.
func (l *limiter) admit(h http.Header, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.limit == 0 {
		return true
	}
	if now.After(l.ends) {
		l.ends, l.used = now.Add(LimitWindow), 0
	}
	l.used++
	left := l.limit - l.used
	reset := int(l.ends.Sub(now).Seconds()) + 1
	h.Set("Ratelimit-Policy", fmt.Sprintf(`"default";q=%d;w=%d`, l.limit, int(LimitWindow.Seconds())))
	h.Set("Ratelimit", fmt.Sprintf(`"default";r=%d;t=%d`, max(left, 0), reset))
	if left >= 0 {
		return true
	}
	l.refusedCalls++
	l.ends = now.Add(LimitWindow)
	h.Set("Retry-After", fmt.Sprint(int(LimitWindow.Seconds())))
	return false
}

func (l *limiter) counts() (calls, refused int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls, l.refusedCalls
}

// Counts is what an account was asked since it started.
type Counts struct {
	REST, GraphQL, Refused int
	// Settings are those of the GraphQL calls that asked for the account's limits.
	Settings int
	// Lists are those of the REST calls that asked for people and things by name.
	Lists int
	// Nodes are the parts of GraphQL calls that asked for groups.
	Nodes int
	// Rows were sent with access_requests.
	Rows int64
}

// Calls are all calls, refused ones included.
func (c Counts) Calls() int { return c.REST + c.GraphQL }

// Since is what came after an earlier count.
func (c Counts) Since(o Counts) Counts {
	return Counts{c.REST - o.REST, c.GraphQL - o.GraphQL, c.Refused - o.Refused, c.Settings - o.Settings, c.Lists - o.Lists, c.Nodes - o.Nodes, c.Rows - o.Rows}
}

// Plus is both together.
func (c Counts) Plus(o Counts) Counts {
	return Counts{c.REST + o.REST, c.GraphQL + o.GraphQL, c.Refused + o.Refused, c.Settings + o.Settings, c.Lists + o.Lists, c.Nodes + o.Nodes, c.Rows + o.Rows}
}

// Counts is what the account was asked.
func (a *Account) Counts() Counts {
	rest, restRefused := a.rest.counts()
	graphql, graphqlRefused := a.graphql.counts()
	a.calls.mu.Lock()
	defer a.calls.mu.Unlock()
	return Counts{REST: rest, GraphQL: graphql, Refused: restRefused + graphqlRefused,
		Settings: a.calls.settings, Lists: a.calls.lists, Nodes: a.calls.nodes, Rows: a.rows.Load()}
}

// Peak is the largest number of calls that ran at the same time.
func (a *Account) Peak() int { return int(a.peak.Load()) }

// ResetPeak starts to look for the peak anew.
func (a *Account) ResetPeak() { a.peak.Store(0) }

// Connections are those that are open.
func (a *Account) Connections() int { return int(a.connections.Load()) }

// Call is a call that the account was asked, however it was answered.
type Call struct {
	Method string
	URL    *url.URL
	// Settings says that it is a GraphQL call for the account's limits.
	Settings bool
	// Nodes are what a GraphQL call asks to be counted.
	Nodes []Node
}

// calls is a record of what was asked.
type calls struct {
	mu       sync.Mutex
	list     []Call
	total    int
	settings int
	lists    int
	nodes    int
	refusals []string
}

// keptCalls bounds the record, as the benchmark makes calls for hours.
const keptCalls = 10_000

func (c *calls) add(call Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++
	c.nodes += len(call.Nodes)
	if call.Settings {
		c.settings++
	}
	if AsksList(call.URL.Path) {
		c.lists++
	}
	if len(c.list) < keptCalls {
		c.list = append(c.list, call)
	}
}

func (c *calls) refuse(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.refusals) < keptCalls {
		c.refusals = append(c.refusals, text)
	}
}

// Asked are all calls, in their order. It panics if there were more than are
// kept, so that no test takes a part for all of them.
func (a *Account) Asked() []Call {
	a.calls.mu.Lock()
	defer a.calls.mu.Unlock()
	if a.calls.total > keptCalls {
		panic(fmt.Sprintf("the account keeps %d calls, but was asked %d", keptCalls, a.calls.total))
	}
	return slices.Clone(a.calls.list)
}

// AskedFor are the parameters of the REST calls whose path has an ending.
func (a *Account) AskedFor(ending string) []url.Values {
	var list []url.Values
	for _, call := range a.Asked() {
		if strings.HasSuffix(call.URL.Path, ending) {
			list = append(list, call.URL.Query())
		}
	}
	return list
}

// Nodes are what all GraphQL calls asked to be counted.
func (a *Account) Nodes() []Node {
	var list []Node
	for _, call := range a.Asked() {
		list = append(list, call.Nodes...)
	}
	return list
}

// Refusals are the errors that GraphQL answered with, of its own accord.
func (a *Account) Refusals() []string {
	a.calls.mu.Lock()
	defer a.calls.mu.Unlock()
	return slices.Clone(a.calls.refusals)
}
