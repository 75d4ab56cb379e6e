package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/facts"
)

// planted are the identities that the planter puts wherever one can be. No byte
// that leaves the process may hold a part of them that tells who it is.
var planted = struct{ text, email, ip, uuid string }{
	"Wilhelmina Planted", "wilhelmina.planted@example.com", "203.0.113.77", "5eaf00d5-aaaa-4bbb-8ccc-123456789abc",
}

var plantedParts = []string{"wilhelmina", "planted", "203.0.113.77", "5eaf00d5"}

// planter is an upstream that puts the identities into every personal field of a
// query type, and into a key that nobody knows, whatever the account answers. With
// an echo, it refuses each call and repeats the identities in its own words.
type planter struct {
	next  http.RoundTripper
	kinds map[string]catalogue.Kind // of personal fields, by the last step of their paths
	echo  func(text string) (status int, body string)
	// logsOnly says that what is no log is left as it is: an explanation shows the names
	// of policies and groups.
	logsOnly bool
	// list is the end of the path whose rows are answers; "" for logs.
	list string
}

func plant(a *account.Account, q *catalogue.QueryType) *planter {
	p := &planter{next: a.Transport(), kinds: map[string]catalogue.Kind{}, logsOnly: !q.HasRows()}
	if q.Inventory {
		p.list = path.Base(q.Endpoint)
	}
	types := []string{q.Name}
	if p.logsOnly {
		types = append(types, facts.QueryTypes...)
	}
	for _, name := range types {
		q, _ := catalogue.Lookup(name)
		for _, f := range q.Fields {
			if !f.Personal {
				continue
			}
			for _, at := range append(slices.Clone(f.Path), f.Name) {
				if at != "resource.id" { // for which the ID of the row itself would be taken
					p.kinds[at[strings.LastIndex(at, ".")+1:]] = f.Kind
				}
			}
		}
	}
	return p
}

func (p *planter) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.echo != nil {
		text, _ := json.Marshal(strings.Join([]string{planted.text, planted.email, planted.ip, planted.uuid, r.URL.String()}, " "))
		status, body := p.echo(string(text))
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
	response, err := p.next.RoundTrip(r)
	if err != nil {
		return response, err
	}
	defer func() { _ = response.Body.Close() }()
	var answer any
	decoder := json.NewDecoder(response.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		return nil, err
	}
	kinds := p.kinds
	if at := r.URL.Path; strings.HasSuffix(at, "/users") || strings.HasSuffix(at, "/accounts") {
		kinds = map[string]catalogue.Kind{"name": catalogue.KindString}
	} else if strings.HasSuffix(at, "/apps") || strings.HasSuffix(at, "/identity_providers") || strings.HasSuffix(at, "/service_tokens") {
		kinds = nil
	} else if p.logsOnly && !strings.Contains(at, "log") && !strings.HasSuffix(at, "/graphql") {
		kinds = nil
	}
	answer = sown(answer, kinds, !p.logsOnly)
	if p.list != "" && path.Base(r.URL.Path) == p.list {
		for _, row := range answer.(map[string]any)["result"].([]any) {
			row.(map[string]any)["x_unknown"] = map[string]any{"who": planted.text}
		}
	}
	body, err := json.Marshal(answer)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return response, err
}

// sown puts the identities into all objects of an answer, with inKeys also into the keys
// of JSON.
func sown(value any, kinds map[string]catalogue.Kind, inKeys bool) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = sown(v[i], kinds, inKeys)
		}
	case map[string]any:
		_, isRow := v["datetime"]
		for key := range maps.Clone(v) {
			kind, personal := kinds[key]
			if !personal {
				v[key] = sown(v[key], kinds, inKeys)
				continue
			}
			isRow = true
			switch kind {
			case catalogue.KindEmail:
				v[key] = planted.email
			case catalogue.KindIP:
				v[key] = planted.ip
			case catalogue.KindUUID:
				v[key] = planted.uuid
			case catalogue.KindJSON:
				v[key] = map[string]any{map[bool]string{true: planted.text}[inKeys]: []any{planted.email, planted.ip}}
			default:
				v[key] = planted.text
				if key == "uri" { // by which entries of the audit log are told to be about Access
					v[key] = fmt.Sprint(v[key], "/access/", planted.text)
				}
			}
		}
		if isRow {
			v["x_unknown"] = map[string]any{"who": planted.text}
		}
	}
	return value
}

// leakQueries are those of the query type's trios, and one for each format, column
// and grouping. show is what a value is written as in a filter.
func leakQueries(t *testing.T, q *catalogue.QueryType, show func(*catalogue.Field, string) string) []backend.DataQuery {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", q.Name, "*.query.json"))
	require.NoError(t, err)
	var queries []backend.DataQuery
	add := func(model map[string]any) {
		b, err := json.Marshal(model)
		require.NoError(t, err)
		queries = append(queries, dataQuery(fmt.Sprint(len(queries)), string(b)))
	}
	var filters any
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		var trio struct{ Query map[string]any }
		require.NoError(t, json.Unmarshal(b, &trio))
		list, _ := trio.Query["filters"].([]any)
		for _, item := range list {
			filter := item.(map[string]any)
			if f, ok := q.Field(filter["field"].(string)); ok && f.Personal {
				for i, value := range filter["values"].([]any) {
					filter["values"].([]any)[i] = show(f, value.(string))
				}
			}
		}
		if filepath.Base(file) == "table.query.json" {
			filters = trio.Query["filters"]
		}
		add(trio.Query)
	}
	for _, format := range []string{"table", "time_series", "logs"} {
		add(map[string]any{"queryType": q.Name, "format": format, "filters": filters})
		for _, f := range q.Fields {
			if f.Groupable && format != "logs" {
				add(map[string]any{"queryType": q.Name, "format": format, "filters": filters, "groupBy": []string{f.Name}})
			}
			if !f.FilterOnly && format != "time_series" {
				add(map[string]any{"queryType": q.Name, "format": format, "filters": filters, "fields": []string{f.Name}})
			}
		}
	}
	return queries
}

// leakResources are all that a browser can ask for beside queries.
func leakResources(q *catalogue.QueryType) []string {
	urls := []string{"users", "users?search=" + url.QueryEscape(planted.text), "users?search=e", "identity-providers", "apps", "accounts", "budget", "nothing"}
	for _, f := range q.Fields {
		urls = append(urls, fmt.Sprintf("values?queryType=%s&field=%s&from=%d&to=%d", q.Name, f.Name, trioRange.From.UnixMilli(), trioRange.To.UnixMilli()))
	}
	return urls
}

// leaving is every byte that leaves a data source that is asked all of it.
func leaving(t *testing.T, d *Datasource, q *catalogue.QueryType) string {
	t.Helper()
	var out bytes.Buffer
	write := func(v any) {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		out.Write(append(b, '\n'))
	}
	for _, headers := range []map[string]string{nil, {backend.FromAlertHeaderName: "true"}} {
		response, err := d.QueryData(t.Context(), &backend.QueryDataRequest{Headers: headers, Queries: leakQueries(t, q, d.masker.Show)})
		require.NoError(t, err)
		for _, answer := range response.Responses {
			write(answer.Frames)
			if answer.Error != nil {
				write(answer.Error.Error())
			}
		}
	}
	for _, url := range leakResources(q) {
		answer := asking(t, d, nil, url)
		write(answer.Headers)
		out.Write(append(answer.Body, '\n'))
	}
	health, err := d.CheckHealth(t.Context(), nil)
	require.NoError(t, err)
	write(health)
	out.Write(health.JSONDetails)
	return out.String()
}

// plantedSource is a data source on an account full of identities, and the
// account's own ones.
func plantedSource(t *testing.T, q *catalogue.QueryType, mask string, echo func(string) (int, string)) (d *Datasource, personal []string) {
	t.Helper()
	c := upstreamOf(t, q.Name)
	for _, user := range c.Users {
		personal = append(personal, fmt.Sprint(user["id"]), fmt.Sprint(user["email"]))
	}
	p := plant(account.New(c), q)
	p.echo = echo
	s := *pluginContext(inMemoryURL, `,"maskIdentities":"`+mask+`"`).DataSourceInstanceSettings
	s.UID = "leaks-" + q.Name + "-" + mask
	i, err := newDatasource(t.Context(), s, trioTime, func(o httpclient.Options) (*http.Client, error) {
		o.ConfigureTransport = func(_ httpclient.Options, t *http.Transport) { t.RegisterProtocol("http", p) }
		return newHTTPClient(o)
	})
	require.NoError(t, err)
	d = i.(*Datasource)
	t.Cleanup(d.Dispose)
	return d, append(personal, plantedParts...)
}

// refusals are the ways in which Cloudflare repeats what it was asked.
var refusals = map[string]func(text string) (int, string){
	"": nil,
	"REST error": func(text string) (int, string) {
		return 400, `{"success":false,"errors":[{"code":12130,"message":` + text + `,"error_chain":[{"code":1,"message":` + text + `}]}],"result":null}`
	},
	"not found": func(text string) (int, string) {
		return 404, `{"success":false,"errors":[{"code":7003,"message":` + text + `}],"result":null}`
	},
	"error without a code": func(text string) (int, string) {
		return 200, `{"success":false,"data":null,"errors":[{"message":` + text + `}],"messages":[` + text + `]}`
	},
	"HTML": func(text string) (int, string) { return 502, `<html>` + text + `</html>` },
	"text": func(text string) (int, string) { return 200, text },
}

// With a mask, no byte that leaves the process tells who somebody is, for every query
// type of the catalogue, format and resource, and whatever Cloudflare sends.
func TestNoMaskLeaks(t *testing.T) {
	for _, q := range catalogue.All() {
		for name, echo := range refusals {
			for _, mask := range []string{"pseudonym", "redact"} {
				synctest.Test(t, func(t *testing.T) {
					logged, spans := captureLog(t), captureSpans(t)
					d, personal := plantedSource(t, q, mask, echo)
					out := leaving(t, d, q)
					families, err := prometheus.DefaultGatherer.Gather()
					require.NoError(t, err)
					observed, err := json.Marshal([]any{logged(), spans.GetSpans(), families})
					require.NoError(t, err)
					for _, part := range personal {
						notIn(t, strings.Join([]string{q.Name, mask, name}, " "), strings.ToLower(out+string(observed)), strings.ToLower(part))
					}
				})
			}
		}
		synctest.Test(t, func(t *testing.T) {
			d, _ := plantedSource(t, q, "none", nil)
			out := strings.ToLower(leaving(t, d, q))
			require.Contains(t, out, "planted", "the identities must reach the answers for the test to mean anything")
			require.Equal(t, q.API == "rest", strings.Contains(out, "x_unknown"))
		})
	}
}

// notIn shows the surroundings of a text, not all of what it is in.
func notIn(t *testing.T, where, whole, part string) {
	t.Helper()
	if i := strings.Index(whole, part); i >= 0 {
		t.Errorf("%s: %q leaves the process: …%s…", where, part, whole[max(0, i-200):min(len(whole), i+200)])
	}
}
