package surface

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
	"golang.org/x/sync/singleflight"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
)

const (
	settingsTTL = time.Hour
	// settingsRetry is how long assumptions serve after settings could not be read.
	settingsRetry = time.Minute
	// maxAliases is how many nodes one request holds; each counts towards
	// Cloudflare's "too many nodes, zones and accounts".
	maxAliases = 10
	// mostPageSize keeps an answer of many dimensions within what is read.
	mostPageSize = 20000
	// leastDuration ends the search for a time range that Cloudflare accepts.
	leastDuration = time.Minute
)

// groupLimits are what the account may ask the node for. Without the settings
// node they are what was seen on real accounts.
type groupLimits struct {
	disabled     bool
	maxDuration  time.Duration
	maxPageSize  int
	notOlderThan time.Duration // 0: unknown
	maxFields    int           // 0: unknown
	available    map[string]bool
	// margin keeps a window's start clear of the edge of the retention, which
	// moves while a call is under way, and of a clock that differs.
	margin  time.Duration
	aliases int
	// pageCap is a page size smaller than the one asked for that the node was
	// seen to cut at; 0: none.
	pageCap int
	denied  map[string]bool // fields, in lower case
	// lessons counts what refusals taught.
	lessons int
}

func defaultGroupLimits() groupLimits {
	return groupLimits{maxDuration: 7 * 24 * time.Hour, maxPageSize: 10000, margin: 5 * time.Second, aliases: maxAliases}
}

// offers says whether a dimension may be asked for. Where the settings list no
// dimension at all, all of the catalogue may.
func (l *groupLimits) offers(dimension string) bool {
	if l.denied[strings.ToLower(dimension)] {
		return false
	}
	return l.available == nil || l.available["dimensions_"+dimension]
}

func (l *groupLimits) offersSampling() bool {
	return l.available == nil || l.available["avg_sampleInterval"]
}

// maxDimensions is how many fit beside count and the sample interval; 0: any.
func (l *groupLimits) maxDimensions() int {
	if l.maxFields == 0 {
		return 0
	}
	return max(l.maxFields-2, 1)
}

// step is the longest time range of one node. A range is at most a second
// shorter than allowed: Cloudflare may round its ends outward.
func (l *groupLimits) step() time.Duration { return max(l.maxDuration-time.Second, time.Second) }

// limitsKeeper reads the settings node once an hour, and keeps what refusals
// taught since.
type limitsKeeper struct {
	client    *cloudflare.Client
	accountID string
	endpoint  string
	now       func() time.Time
	flight    singleflight.Group
	mu        sync.Mutex
	limits    groupLimits
	until     time.Time
}

const settingsQuery = `query settings($accountTag: string!) { viewer { accounts(filter: {accountTag: $accountTag}) { settings { %s { enabled availableFields maxDuration maxNumberOfFields maxPageSize notOlderThan } } } } }`

// get returns the limits that hold now. Settings that cannot be read are no
// error: the query itself says what is wrong.
func (k *limitsKeeper) get(ctx context.Context) (groupLimits, error) {
	k.mu.Lock()
	limits, fresh := k.limits, k.now().Before(k.until)
	k.mu.Unlock()
	if fresh {
		return limits, nil
	}
	shared := k.flight.DoChan("settings", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), listCallTimeout)
		defer cancel()
		return k.read(ctx), nil
	})
	select {
	case r := <-shared:
		return r.Val.(groupLimits), nil
	case <-ctx.Done():
		return limits, ctx.Err()
	}
}

func (k *limitsKeeper) read(ctx context.Context) groupLimits {
	text := strings.Replace(settingsQuery, "%s", k.endpoint, 1)
	data, err := k.client.GraphQL(ctx, text, map[string]any{"accountTag": k.accountID})
	node := gjson.GetBytes(data, "viewer.accounts.0.settings."+k.endpoint)
	k.mu.Lock()
	defer k.mu.Unlock()
	ttl := settingsTTL
	if err != nil || !node.IsObject() {
		if k.limits.maxDuration == 0 {
			k.limits = defaultGroupLimits()
		}
		ttl = settingsRetry
	} else {
		k.limits = readGroupLimits(node)
	}
	k.until = k.now().Add(ttl)
	return k.limits
}

func readGroupLimits(node gjson.Result) groupLimits {
	l := defaultGroupLimits()
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
func (k *limitsKeeper) current() groupLimits {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.limits
}

func (k *limitsKeeper) change(f func(l *groupLimits)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f(&k.limits)
}

var (
	tooOld        = regexp.MustCompile(`cannot request data older than (\d+)`)
	tooManyRows   = regexp.MustCompile(`limit must be positive number and not greater than (\d+)`)
	tooManyFields = regexp.MustCompile(`number of fields can't be more than (\d+)`)
	noAccess      = regexp.MustCompile(`does not have access to the field '?"?(\w+)`)
)

// errReplan says that a refusal taught a limit, with which the query has to be
// planned anew.
var errReplan = errors.New("a limit was learned")

// learn reads a limit out of a refusal, and says whether there was one that was
// not known. The texts: https://developers.cloudflare.com/analytics/graphql-api/errors/
func (k *limitsKeeper) learn(err error) bool {
	var refused *cloudflare.Error
	if !errors.As(err, &refused) {
		return false
	}
	learned := false
	k.change(func(l *groupLimits) {
		for _, text := range refused.GraphQLMessages() {
			learned = l.learn(strings.ToLower(text)) || learned
		}
		if learned {
			l.lessons++
		}
	})
	return learned
}

func (l *groupLimits) learn(text string) bool {
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

func (l *groupLimits) deny(field string) bool {
	if l.denied[field] {
		return false
	}
	denied := map[string]bool{field: true}
	for name := range l.denied {
		denied[name] = true
	}
	l.denied = denied
	return true
}

// clipRetention cuts what Cloudflare no longer has off the ranges. clipped says
// that something was cut, from the moment returned on there is data.
func (l *groupLimits) clipRetention(ranges []timeRange, now time.Time) (kept []timeRange, oldest time.Time, clipped bool) {
	if l.notOlderThan == 0 {
		return ranges, longAgo, false
	}
	oldest = ceilTime(now.Add(-l.notOlderThan).Add(l.margin), time.Second)
	for _, r := range ranges {
		if r.from.Before(oldest) {
			clipped = true
			r.from = oldest
		}
		if !r.empty() {
			kept = append(kept, r)
		}
	}
	return kept, oldest, clipped
}

// reasonOf maps an error to the reason that the coverage shows.
func reasonOf(err error) (eventlog.Reason, time.Time) {
	var e *cloudflare.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return eventlog.ReasonTimeout, time.Time{}
	case !errors.As(err, &e):
		return eventlog.ReasonUpstream, time.Time{}
	case e.Kind == cloudflare.KindRateLimit:
		return eventlog.ReasonRateLimit, e.RetryAt
	case e.Kind == cloudflare.KindTimeout:
		return eventlog.ReasonTimeout, time.Time{}
	}
	return eventlog.ReasonUpstream, e.RetryAt
}
