package surface

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
)

// loginEvent is one login of the fake account, by dimension; at has milliseconds.
type loginEvent struct {
	at, second time.Time
	dims       map[string]any
}

// fakeNode evaluates the one shape of query that login groups send, over a list
// of events, within limits as the real node has them.
type fakeNode struct {
	t            *testing.T
	cleanup      func(func())
	now          time.Time
	events       []loginEvent
	maxDuration  time.Duration
	pageSize     int
	silentCap    int
	notOlderThan time.Duration
	maxFields    int
	maxNodes     int
	unavailable  []string
	denied       string // a field that the settings list but the node refuses
	settingsFail bool
	disabled     bool
	sample       int64
	repeat       bool
	ignoreOrder  bool
	wholeSeconds bool   // cut operands to seconds
	ignores      string // a field whose conditions let everything pass
	empties      string // a field whose conditions let nothing pass
	splits       bool   // counts stand in two rows
	fault        func(call int) (status int, body string)

	mu       sync.Mutex
	calls    int
	settings int
	nodes    int
	refusals []string
}

func newFakeNode(t *testing.T, events []loginEvent) *fakeNode {
	return &fakeNode{
		t: t, cleanup: t.Cleanup, now: time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC), events: events,
		maxDuration: 7 * 24 * time.Hour, pageSize: 10000, notOlderThan: 90 * 24 * time.Hour, maxFields: 30, maxNodes: 10, sample: 1,
	}
}

// start serves the node and makes the surface that asks it.
func (n *fakeNode) start(cache int64) *loginGroups {
	server := httptest.NewServer(http.HandlerFunc(n.serve))
	n.cleanup(server.Close)
	client := cloudflare.New(cloudflare.Config{BaseURL: server.URL, Credentials: cloudflare.Credentials{Token: "token"}, HTTP: &http.Client{Transport: &http.Transport{}}})
	n.cleanup(client.Close)
	c := Config{Client: client, AccountID: "0123456789abcdef0123456789abcdef", CacheLimit: cache, SealAfter: 15 * time.Minute, MaxRows: 100000, Now: func() time.Time { return n.now }}
	c.events = eventlog.New(eventlog.Config{Limit: c.CacheLimit, SealAfter: c.SealAfter, MaxRows: c.MaxRows, Now: c.Now})
	n.cleanup(c.events.Close)
	s := newLoginGroups(c)
	n.cleanup(s.Close)
	return s
}

type fakeRequest struct {
	Query     string                     `json:"query"`
	Variables map[string]json.RawMessage `json:"variables"`
}

var nodePattern = regexp.MustCompile(`w(\d+): accessLoginRequestsAdaptiveGroups\(filter: \$w(\d+), limit: \$limit, orderBy: \[(\w+)_(ASC|DESC)\]\) \{ count( avg \{ sampleInterval \})? dimensions \{ ([^}]*) \} \}`)

func (n *fakeNode) serve(w http.ResponseWriter, r *http.Request) {
	var q fakeRequest
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller went away
	}
	if err := json.Unmarshal(body, &q); err != nil {
		n.t.Errorf("the body is not JSON: %v", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if strings.Contains(q.Query, "settings {") {
		n.settings++
		n.answerSettings(w)
		return
	}
	n.calls++
	if n.fault != nil {
		if status, body := n.fault(n.calls); status != 0 {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return
		}
	}
	nodes := nodePattern.FindAllStringSubmatch(q.Query, -1)
	n.nodes += len(nodes)
	account := map[string]any{}
	refusal := ""
	if len(nodes) == 0 || len(nodes) > n.maxNodes {
		refusal = "too many nodes, zones and accounts"
	}
	for _, node := range nodes {
		groups, err := n.node(q, node)
		refusal = cmp.Or(refusal, err)
		account["w"+node[1]] = groups
	}
	if refusal != "" {
		n.refusals = append(n.refusals, refusal)
		n.write(w, map[string]any{"data": nil, "errors": []any{map[string]any{"message": refusal}}})
		return
	}
	n.write(w, map[string]any{"data": map[string]any{"viewer": map[string]any{"accounts": []any{account}}}, "errors": nil})
}

func (n *fakeNode) write(w http.ResponseWriter, v any) {
	// The client may have gone away.
	_ = json.NewEncoder(w).Encode(v)
}

func (n *fakeNode) answerSettings(w http.ResponseWriter) {
	if n.settingsFail {
		n.write(w, map[string]any{"data": nil, "errors": []any{map[string]any{"message": "unknown field settings"}}})
		return
	}
	fields := []string{"count", "avg_sampleInterval"}
	for _, name := range fakeDimensions {
		if !slices.Contains(n.unavailable, name) {
			fields = append(fields, "dimensions_"+name)
		}
	}
	node := map[string]any{
		"enabled": !n.disabled, "availableFields": fields, "maxDuration": n.maxDuration.Seconds(),
		"maxPageSize": n.pageSize, "notOlderThan": n.notOlderThan.Seconds(), "maxNumberOfFields": n.maxFields,
	}
	n.write(w, map[string]any{"data": map[string]any{"viewer": map[string]any{"accounts": []any{map[string]any{"settings": map[string]any{"accessLoginRequestsAdaptiveGroups": node}}}}}})
}

var fakeDimensions = []string{
	"appId", "approvingPolicyId", "cfRayId", "country", "date", "datetime", "datetimeMinute", "deviceId", "hasExistingJWT", "hasGatewayEnabled",
	"hasWarpEnabled", "identityProvider", "ipAddress", "isSuccessfulLogin", "mtlsCertSerialId", "mtlsCommonName", "mtlsStatus", "serviceTokenId", "userUuid",
}

// node answers one alias, or refuses as Cloudflare does.
func (n *fakeNode) node(q fakeRequest, m []string) ([]any, string) {
	var filter map[string]any
	var limit int
	if json.Unmarshal(q.Variables["w"+m[2]], &filter) != nil || json.Unmarshal(q.Variables["limit"], &limit) != nil {
		return nil, "error parsing args"
	}
	dims := strings.Fields(m[6])
	if refusal := n.check(filter, dims, limit, m[3]); refusal != "" {
		return nil, refusal
	}
	groups := n.group(filter, dims)
	if !n.ignoreOrder {
		slices.SortStableFunc(groups, func(a, b *fakeGroup) int {
			c := compareAny(a.value(m[3]), b.value(m[3]))
			if m[4] == "DESC" {
				return -c
			}
			return c
		})
	}
	if n.silentCap > 0 {
		limit = min(limit, n.silentCap)
	}
	if len(groups) > limit {
		groups = groups[:limit]
	}
	out := []any{}
	for i, g := range groups {
		count := g.count * n.sample
		if n.splits && count > 1 {
			out = append(out, map[string]any{"count": count / 2, "dimensions": g.dims, "avg": map[string]any{"sampleInterval": n.sample}})
			count -= count / 2
		}
		row := map[string]any{"count": count, "dimensions": g.dims, "avg": map[string]any{"sampleInterval": n.sample}}
		out = append(out, row)
		if n.repeat && i%2 == 0 && len(out) < limit {
			out = append(out, row)
		}
	}
	return out, ""
}

func (n *fakeNode) check(filter map[string]any, dims []string, limit int, order string) string {
	for _, name := range dims {
		if slices.Contains(n.unavailable, name) || name == n.denied {
			return "account does not have access to the field '" + strings.ToLower(name) + "'"
		}
		if !slices.Contains(fakeDimensions, name) {
			return "unknown field " + name
		}
	}
	if len(dims)+2 > n.maxFields {
		return fmt.Sprintf("number of fields can't be more than %d", n.maxFields)
	}
	if limit < 1 || limit > n.pageSize {
		return fmt.Sprintf("limit must be positive number and not greater than %d", n.pageSize)
	}
	if order != "count" && !slices.Contains(dims, order) {
		return "cannot order by " + order
	}
	from, to := bounds(filter)
	if from.Before(n.now.Add(-n.notOlderThan)) {
		return fmt.Sprintf("cannot request data older than %ds", int(n.notOlderThan.Seconds()))
	}
	if to.Sub(from) >= n.maxDuration { // stricter than Cloudflare says
		return "query time range is too large"
	}
	return ""
}

// bounds are a filter's on datetime, rounded outward.
func bounds(filter map[string]any) (from, to time.Time) {
	end := filter["datetime_lt"]
	if end == nil {
		end = filter["datetime_leq"]
	}
	return second(filter["datetime_geq"], false), second(end, true)
}

// second rounds a bound outward to whole seconds, as strict as an upstream can.
func second(v any, up bool) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, fmt.Sprint(v))
	if floor := t.Truncate(time.Second); up && !floor.Equal(t) {
		return floor.Add(time.Second)
	}
	return t.Truncate(time.Second)
}

type fakeGroup struct {
	dims  map[string]any
	count int64
}

func (g *fakeGroup) value(name string) any {
	if name == "count" {
		return g.count
	}
	return g.dims[name]
}

func (n *fakeNode) group(filter map[string]any, dims []string) []*fakeGroup {
	index := map[string]*fakeGroup{}
	var groups []*fakeGroup
	from, to := bounds(filter)
	matches := n.compile(filter)
	for _, e := range n.events {
		// Far from the bounds, the filter need not be looked at.
		if e.at.Before(from.Add(-time.Minute)) || e.at.After(to.Add(time.Minute)) || !matches(e) {
			continue
		}
		var key strings.Builder
		for _, name := range dims {
			key.WriteString(plain(e.dims[name]))
			key.WriteByte(0)
		}
		g := index[key.String()]
		if g == nil {
			g = &fakeGroup{dims: map[string]any{}}
			for _, name := range dims {
				g.dims[name] = e.dims[name]
			}
			index[key.String()] = g
			groups = append(groups, g)
		}
		g.count++
	}
	return groups
}

// plain is the text of a dimension's value.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	}
	return fmt.Sprint(v)
}
