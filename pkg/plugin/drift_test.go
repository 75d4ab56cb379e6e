package plugin

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// drifting changes a member of the first row, or of all rows, of each list that an
// account answers with.
type drifting struct {
	http.RoundTripper
	path string
	// change gives the new value; gone is set to take the member out of all rows.
	value any
	gone  bool
	mu    sync.Mutex
	// struck counts the rows that were changed.
	struck int
}

// RoundTrip implements http.RoundTripper.
func (d *drifting) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := d.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var answer map[string]any
	if err := decoder.Decode(&answer); err != nil {
		return nil, err
	}
	d.mu.Lock() // lists of several users are asked for at the same time
	d.walk(answer)
	d.mu.Unlock()
	body, err = json.Marshal(answer)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Del("Content-Length")
	return response, err
}

func (d *drifting) walk(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			d.walk(member)
		}
	case []any:
		struck := d.struck
		for _, row := range v {
			if d.gone || d.struck == struck {
				d.strike(row)
			}
		}
		if d.struck == struck {
			for _, row := range v {
				d.walk(row)
			}
		}
	}
}

// strike changes the member of a row, or of the dimensions of a group.
func (d *drifting) strike(row any) {
	members, ok := row.(map[string]any)
	if ok && members["dimensions"] != nil {
		members, ok = members["dimensions"].(map[string]any)
	}
	keys := strings.Split(d.path, ".")
	for _, key := range keys[:len(keys)-1] {
		if ok {
			members, ok = members[key].(map[string]any)
		}
	}
	key := keys[len(keys)-1]
	if _, there := members[key]; !ok || !there {
		return
	}
	d.struck++
	if members[key] = d.value; d.gone {
		delete(members, key)
	}
}

// askDrifting asks a query of a query type's trio while the account drifts.
func askDrifting(t *testing.T, q *catalogue.QueryType, d *drifting, alert bool, change func(query map[string]any)) backend.DataResponse {
	t.Helper()
	text, err := os.ReadFile("testdata/" + q.Name + "/table.query.json")
	require.NoError(t, err)
	var trio trioQuery
	require.NoError(t, json.Unmarshal(text, &trio))
	var model map[string]any
	require.NoError(t, json.Unmarshal(trio.Query, &model))
	change(model)
	body, err := json.Marshal(model)
	require.NoError(t, err)

	d.RoundTripper, d.struck = account.New(upstreamOf(t, q.Name)).Transport(), 0
	source, err := newDatasource(t.Context(), *pluginContext(inMemoryURL, "").DataSourceInstanceSettings, trioTime, func(o httpclient.Options) (*http.Client, error) {
		o.ConfigureTransport = func(_ httpclient.Options, t *http.Transport) { t.RegisterProtocol("http", d) }
		return newHTTPClient(o)
	})
	require.NoError(t, err)
	t.Cleanup(source.(*Datasource).Dispose)
	headers := map[string]string{}
	if alert {
		headers[backend.FromAlertHeaderName] = "true"
	}
	return ask(t, source.(*Datasource), headers, backend.DataQuery{RefID: "A", JSON: body, Interval: 5 * time.Minute,
		TimeRange: backend.TimeRange{From: trio.Range.From, To: trio.Range.To}})["A"]
}

func columns(map[string]any) {}

// A value that Cloudflare sends in another form than ever makes the answer doubtful,
// and fails an alert rule; a new value of the same form does not.
func TestSchemaDriftIsSaidByEveryQueryType(t *testing.T) {
	for _, q := range catalogue.All() {
		if !q.HasRows() {
			continue // It judges what is uncertain itself.
		}
		t.Run(q.Name, func(t *testing.T) {
			struck := 0
			for _, f := range q.Fields {
				if len(f.Path) == 0 {
					continue
				}
				path := f.Path[0] // the others count only where this one has no value
				for _, value := range []any{map[string]any{"value": "x"}, []any{"x"}, "quantum"} {
					d := &drifting{path: path, value: value}
					answer := askDrifting(t, q, d, false, columns)
					if d.struck == 0 {
						continue // no row has it
					}
					struck++
					require.NoError(t, answer.Error, path)
					got := coverageOf(t, answer)
					_, text := value.(string)
					_, list := value.([]any)
					if f.Kind == catalogue.KindJSON || text && takesAnyText(q, f) || list && f.Encoding == catalogue.Length {
						require.True(t, got.Complete, "%s %v: %+v", path, value, got)
						continue
					}
					require.Equal(t, "bad_rows", got.Reason, "%s %v: %+v", path, value, answer.Frames[0].Meta.Notices)
					require.ErrorContains(t, askDrifting(t, q, d, true, columns).Error, "bad_rows", path)
				}
			}
			require.NotZero(t, struck)
		})
	}
}

// takesAnyText says whether a new text in a field is nothing to doubt. One from which
// an outcome follows is: the event would count as neither.
func takesAnyText(q *catalogue.QueryType, f *catalogue.Field) bool {
	if o, ok := q.Field(q.Outcome.Field); ok && o.Derived != nil && o.Derived.From == f.Name {
		return false
	}
	switch f.Kind {
	case catalogue.KindTime, catalogue.KindBoolean, catalogue.KindNumber, catalogue.KindDuration, catalogue.KindIP, catalogue.KindCountry:
		return false
	}
	return true
}

// The number of blocked logins must not be 0 because Cloudflare says "no" for false.
func TestAnAlertDoesNotReadZeroWhereTheVerdictDrifts(t *testing.T) {
	for _, q := range catalogue.All() {
		outcome, ok := q.Field(q.Outcome.Field)
		if !ok || outcome.Derived == nil || outcome.Derived.From == "" {
			continue
		}
		for _, format := range []string{"time_series", "table"} {
			blocked := func(model map[string]any) {
				model["format"], model["groupBy"] = format, []string{outcome.Name}
				filters, _ := model["filters"].([]any)
				model["filters"] = append(filters, map[string]any{"field": outcome.Name, "operator": "=", "values": []string{q.Outcome.Refused}})
			}
			source, _ := q.Field(outcome.Derived.From)
			for _, value := range []any{"no", nil, map[string]any{}, []any{}} {
				d := &drifting{path: source.Path[0], value: value}
				answer := askDrifting(t, q, d, true, blocked)
				require.NotZero(t, d.struck)
				require.ErrorContains(t, answer.Error, "bad_rows", "%s %s %v", q.Name, format, value)
			}
			gone := &drifting{path: source.Path[0], gone: true}
			answer := askDrifting(t, q, gone, true, blocked)
			require.NotZero(t, gone.struck)
			require.Error(t, answer.Error, "%s %s without the field", q.Name, format)
		}
	}
}

// A field that is gone leaves a grouping by it unverified.
func TestAFieldThatIsGoneIsSaidByEveryQueryType(t *testing.T) {
	for _, q := range catalogue.All() {
		for _, f := range q.Groupable() {
			// A name that rows lack is looked up.
			if len(f.Path) != 1 || f.Optional || f.Name == q.TimeFieldName || f.NamesFrom() != "" {
				continue
			}
			d := &drifting{path: f.Path[0], gone: true}
			answer := askDrifting(t, q, d, false, func(model map[string]any) { model["groupBy"] = []string{f.Name} })
			if d.struck == 0 {
				continue
			}
			require.NoError(t, answer.Error)
			// Without the URI, it can't be told which entries of the audit log are changes.
			require.Contains(t, []string{"unverified", "upstream"}, coverageOf(t, answer).Reason, "%s %s", q.Name, f.Name)
		}
	}
}

// An object that holds the values of several fields can be something else, too.
func TestAnObjectThatIsNoneIsSaidByEveryQueryType(t *testing.T) {
	tried := 0
	for _, q := range catalogue.All() {
		parents := map[string]bool{}
		for _, f := range q.Fields {
			for _, path := range f.Path {
				if at := strings.LastIndexByte(path, '.'); at > 0 {
					parents[path[:at]] = true
				}
			}
		}
		for _, f := range q.Fields { // A JSON field takes any value.
			for _, path := range f.Path {
				delete(parents, path)
			}
		}
		for parent := range parents {
			for _, value := range []any{"x", 1, []any{map[string]any{}}} {
				d := &drifting{path: parent, value: value}
				answer := askDrifting(t, q, d, false, columns)
				if d.struck == 0 {
					continue
				}
				tried++
				require.NoError(t, answer.Error)
				require.Equal(t, "bad_rows", coverageOf(t, answer).Reason, "%s %s %v", q.Name, parent, value)
			}
		}
	}
	require.NotZero(t, tried)
}
