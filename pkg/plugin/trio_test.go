package plugin

import (
	"context"
	"encoding/json"
	"flag"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/experimental"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/datasourcetest"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

var update = flag.Bool("update", false, "write the golden frames anew")

// trioQuery is a query with what Grafana sends beside it.
type trioQuery struct {
	Range struct {
		From     time.Time `json:"from"`
		To       time.Time `json:"to"`
		Interval string    `json:"interval"`
	} `json:"range"`
	Query json.RawMessage `json:"query"`
}

// TestTrios asks each query of testdata over gRPC and holds the answer against
// its golden frame: testdata/<query type>/{upstream.json, <name>.query.json,
// <name>.jsonc}. `go test ./pkg/plugin -run Trios -update` writes goldens anew.
func TestTrios(t *testing.T) {
	for _, q := range catalogue.All() {
		files, err := filepath.Glob(filepath.Join("testdata", q.Name, "*.query.json"))
		require.NoError(t, err)
		formats := map[string]bool{}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".query.json")
			formats[name] = true
			t.Run(q.Name+"/"+name, func(t *testing.T) { checkTrio(t, filepath.Dir(file), name) })
		}
		wanted := []string{"table", "time_series", "logs", "grouped"}
		switch {
		case q.Inventory:
			wanted = []string{"table", "numeric", "grouped"}
		case !q.HasEvents():
			wanted = []string{"ray", "user", "part"}
		}
		for _, format := range wanted {
			require.True(t, formats[format], "%s has no trio %s", q.Name, format)
		}
	}
}

func checkTrio(t *testing.T, dir, name string) {
	b, err := os.ReadFile(filepath.Join(dir, name+".query.json"))
	require.NoError(t, err)
	var q trioQuery
	require.NoError(t, json.Unmarshal(b, &q))
	interval, err := time.ParseDuration(q.Range.Interval)
	require.NoError(t, err)

	url := start(t, upstreamOf(t, filepath.Base(dir)))
	plugin, err := served()
	require.NoError(t, err)
	response, err := plugin.Client.QueryData(context.Background(), &backend.QueryDataRequest{
		PluginContext: pluginContext(url, ""),
		Queries: []backend.DataQuery{{
			RefID: "A", JSON: q.Query, Interval: interval,
			TimeRange: backend.TimeRange{From: q.Range.From, To: q.Range.To},
		}},
	})
	require.NoError(t, err)
	answer := response.Responses["A"]
	require.NoError(t, answer.Error)
	require.NotEmpty(t, answer.Frames)
	require.True(t, coverageOf(t, answer).Complete == (name != "columns"), "only the limit cuts")
	settle(&answer)
	experimental.CheckGoldenJSONResponse(t, dir, name, &answer, *update)
}

var retrievedAt = regexp.MustCompile(`"cachedAt":"[^"]*"`)

// settle takes out of an answer what differs between runs.
func settle(answer *backend.DataResponse) {
	for _, frame := range answer.Frames {
		meta := frame.Meta
		b, _ := json.Marshal(meta.Custom)
		var custom any
		_ = json.Unmarshal(retrievedAt.ReplaceAll(b, []byte(`"cachedAt":null`)), &custom)
		meta.Custom = custom
		// Calls that run at the same time are listed in either order.
		calls := strings.Split(meta.ExecutedQueryString, "\n")
		slices.Sort(calls)
		meta.ExecutedQueryString = strings.Join(calls, "\n")
	}
}

type coverage struct {
	Complete      bool
	Reason        string
	Rows          int64
	UpstreamCalls int
	CachedRows    int64
}

func coverageOf(t *testing.T, answer backend.DataResponse) coverage {
	t.Helper()
	b, err := json.Marshal(answer.Frames[0].Meta.Custom)
	require.NoError(t, err)
	var custom struct{ Coverage coverage }
	require.NoError(t, json.Unmarshal(b, &custom))
	return custom.Coverage
}

// atTrioTime makes a data source whose clock stands at trioTime.
func atTrioTime(ctx context.Context, s backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	return newDatasource(ctx, s, trioTime, newHTTPClient)
}

// served is the plugin over gRPC, as Grafana meets it: one for all tests, because
// the SDK registers its metrics once a process. It ends in TestMain.
var served = sync.OnceValues(func() (datasourcetest.TestPlugin, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return datasourcetest.TestPlugin{}, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return datasourcetest.TestPlugin{}, err
	}
	return datasourcetest.Manage(atTrioTime, datasourcetest.ManageOpts{Address: address})
})

// pluginContext is a data source on the upstream; more is added to its jsonData.
func pluginContext(apiURL, more string) backend.PluginContext {
	s := backend.DataSourceInstanceSettings{
		UID: "cfaccess", Name: "Cloudflare Access", Updated: time.Now(),
		JSONData:                []byte(`{"accountId":"` + testAccount + `","apiUrl":"` + apiURL + `"` + more + `}`),
		DecryptedSecureJSONData: map[string]string{"apiToken": testToken, "maskKey": "a key of enough letters"},
	}
	return backend.PluginContext{Namespace: "default", PluginID: ID, DataSourceInstanceSettings: &s}
}
