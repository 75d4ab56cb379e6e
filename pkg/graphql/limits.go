// Package graphql counts events with a node of Cloudflare's GraphQL Analytics API:
// which dimensions and conditions a request asks for, and how a range is scanned
// within the limits that the node states.
package graphql

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

const (
	settingsTTL = time.Hour
	// settingsRetry is how long assumptions serve after settings could not be read.
	settingsRetry = time.Minute
	// rayPageSize is the page size for the groups of a Ray ID, which are few: so one
	// request has room for more pieces of the time range.
	rayPageSize = 1000
	// maxAliases is how many nodes one request holds; each counts towards
	// Cloudflare's "too many nodes, zones and accounts".
	maxAliases = 10
	// mostPageSize keeps an answer of many dimensions within what is read.
	mostPageSize = 20000
	// leastDuration ends the search for a time range that Cloudflare accepts.
	leastDuration = time.Minute
)

// limits are what the account may ask the node for. Without the settings
// node they are what was seen on real accounts.
type limits struct {
	disabled     bool
	maxDuration  time.Duration
	maxPageSize  int
	notOlderThan time.Duration // 0: unknown
	maxFields    int           // 0: unknown
	available    map[string]bool
	// margin keeps a range's start clear of the edge of the retention, which
	// moves while a call is under way, and of a clock that differs.
	margin  time.Duration
	aliases int
	denied  map[string]bool // fields, in lower case
	// version counts what refusals taught.
	version int
}

func defaultLimits() limits {
	return limits{maxDuration: 7 * 24 * time.Hour, maxPageSize: 10000, margin: 5 * time.Second, aliases: maxAliases}
}

// offers says whether a dimension may be asked for. Where the settings list no
// dimension at all, all of the catalogue may.
func (l *limits) offers(dimension string) bool {
	if l.denied[strings.ToLower(dimension)] {
		return false
	}
	return l.available == nil || l.available["dimensions_"+dimension]
}

func (l *limits) offersSampling() bool {
	return l.available == nil || l.available["avg_sampleInterval"]
}

// maxDimensions is how many fit beside count and the sample interval; 0: any.
func (l *limits) maxDimensions() int {
	if l.maxFields == 0 {
		return 0
	}
	return max(l.maxFields-2, 1)
}

// step is the longest time range of one node. A range is at most a second
// shorter than allowed: Cloudflare may round its ends outward.
func (l *limits) step() time.Duration { return max(l.maxDuration-time.Second, time.Second) }

// Node is a GraphQL node of an account. It reads the node's limits once an hour,
// and keeps what refusals taught since.
type Node struct {
	client    *cloudflare.Client
	accountID string
	name      string
	now       func() time.Time
	mu        sync.Mutex
	limits    limits
	until     time.Time
}

// NewNode makes the Node of a name below viewer.accounts.
func NewNode(client *cloudflare.Client, accountID, name string, now func() time.Time) *Node {
	return &Node{client: client, accountID: accountID, name: name, now: now}
}

const settingsQuery = `query settings($accountTag: string!) { viewer { accounts(filter: {accountTag: $accountTag}) { settings { %s { enabled availableFields maxDuration maxNumberOfFields maxPageSize notOlderThan } } } } }`

// get returns the limits that hold now. Settings that cannot be read are no
// error: the query itself says what is wrong.
func (n *Node) get(ctx context.Context) (limits, error) {
	n.mu.Lock()
	known, fresh := n.limits, n.now().Before(n.until)
	n.mu.Unlock()
	if fresh {
		return known, nil
	}
	return cloudflare.Share(ctx, n.client, "settings of "+n.name, n.read)
}

func (n *Node) read(ctx context.Context) (limits, error) {
	text := strings.Replace(settingsQuery, "%s", n.name, 1)
	data, err := n.client.GraphQL(ctx, text, map[string]any{"accountTag": n.accountID})
	node := gjson.GetBytes(data, "viewer.accounts.0.settings."+n.name)
	n.mu.Lock()
	defer n.mu.Unlock()
	ttl := settingsTTL
	if err != nil || !node.IsObject() {
		if n.limits.maxDuration == 0 {
			n.limits = defaultLimits()
		}
		ttl = settingsRetry
	} else {
		n.limits = readLimits(node)
	}
	n.until = n.now().Add(ttl)
	return n.limits, nil
}

func readLimits(node gjson.Result) limits {
	l := defaultLimits()
	l.disabled = node.Get("enabled").Type == gjson.False
	if s := node.Get("maxDuration").Int(); s > 0 {
		l.maxDuration = max(seconds(s), 2*time.Second)
	}
	if n := node.Get("maxPageSize").Int(); n > 0 {
		l.maxPageSize = int(min(n, mostPageSize))
	}
	if s := node.Get("notOlderThan").Int(); s > 0 {
		l.notOlderThan = seconds(s)
	}
	l.maxFields = int(max(node.Get("maxNumberOfFields").Int(), 0))
	available := map[string]bool{}
	dimensions := false
	for _, name := range node.Get("availableFields").Array() {
		available[name.String()] = true
		dimensions = dimensions || strings.HasPrefix(name.String(), "dimensions_")
	}
	if dimensions {
		l.available = available
	}
	return l
}

// seconds keeps a duration that Cloudflare gives within what can be computed with.
func seconds(n int64) time.Duration {
	return time.Duration(min(n, 100*365*24*60*60)) * time.Second
}

// current are the limits as last learned.
func (n *Node) current() limits {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.limits
}

var (
	tooOld        = regexp.MustCompile(`cannot request data older than (\d+)`)
	tooManyRows   = regexp.MustCompile(`limit must be positive number and not greater than (\d+)`)
	tooManyFields = regexp.MustCompile(`number of fields can't be more than (\d+)`)
	noAccess      = regexp.MustCompile(`does not have access to the field '?"?(\w+)`)
)

// ErrReplan says that a refusal taught a limit, so the query has to be planned
// anew.
var ErrReplan = errors.New("a limit was learned")

// learn reads a limit out of a refusal, and says whether there was one that was
// not known. The texts: https://developers.cloudflare.com/analytics/graphql-api/errors/
func (n *Node) learn(err error) bool {
	var refused *cloudflare.Error
	if !errors.As(err, &refused) {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	before := n.limits.version
	for _, text := range refused.GraphQLMessages() {
		if n.limits.learn(strings.ToLower(text)) {
			n.limits.version++
		}
	}
	return n.limits.version > before
}

func (l *limits) learn(text string) bool {
	number := func(pattern *regexp.Regexp) int {
		if m := pattern.FindStringSubmatch(text); m != nil {
			n, _ := strconv.Atoi(m[1])
			return n
		}
		return 0
	}
	switch {
	case number(tooOld) > 0:
		reach := seconds(int64(number(tooOld)))
		if l.notOlderThan == reach {
			l.margin *= 4
			return l.margin < time.Hour
		}
		l.notOlderThan = reach
	case number(tooManyRows) > 0 && number(tooManyRows) != l.maxPageSize:
		l.maxPageSize = number(tooManyRows)
	case number(tooManyFields) > 0 && number(tooManyFields) != l.maxFields:
		l.maxFields = number(tooManyFields)
	case strings.Contains(text, "time range is too large") && l.maxDuration > leastDuration:
		l.maxDuration = max(l.maxDuration/2, leastDuration)
	case strings.Contains(text, "too many nodes"), strings.Contains(text, "excessive resources"):
		if l.aliases == 1 {
			return false
		}
		l.aliases /= 2
	case noAccess.MatchString(text):
		return l.deny(noAccess.FindStringSubmatch(text)[1])
	default:
		return false
	}
	return true
}

func (l *limits) deny(field string) bool {
	if l.denied[field] {
		return false
	}
	denied := map[string]bool{field: true}
	maps.Copy(denied, l.denied) // plans read the map that they were made with
	l.denied = denied
	return true
}

// oldest is the first instant that the account still has, 0 if that is not known.
func (l *limits) oldest(now time.Time) int64 {
	if l.notOlderThan == 0 {
		return 0
	}
	return interval.Ceil(now.Add(-l.notOlderThan).Add(l.margin).UnixNano(), interval.Second)
}
