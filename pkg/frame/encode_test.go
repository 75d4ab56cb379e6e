package frame

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// TestEncodedLogsAreTheSDKs holds the encoded frame against what the SDK makes of
// the frame, byte by byte.
func TestEncodedLogsAreTheSDKs(t *testing.T) {
	q, _ := catalogue.Lookup("access_requests")
	groups, _ := catalogue.Lookup("login_groups")
	result := func(n int) *answer.Result {
		table := &answer.Table{}
		var people, countries, rays []query.Cell
		for i := range n {
			table.Times = append(table.Times, at.Add(time.Duration(i/2)*time.Second))
			people = append(people, cell(fmt.Sprintf("person%d@example.com", i/4)))
			countries = append(countries, query.Cell{Text: strings.Repeat("ü", i/100), Valid: i%3 > 0})
			rays = append(rays, query.Cell{Text: fmt.Sprintf("%016x", i), Valid: i%5 > 0})
		}
		f := fields(t, "user_email", "country", "ray_id")
		table.Columns = []answer.Column{answer.NewColumn(f[0], people), answer.NewColumn(f[1], countries), answer.NewColumn(f[2], rays)}
		r := &answer.Result{Table: table, Calls: []string{"GET /a", "GET /b"}}
		r.Incomplete(answer.ReasonLimit, "Narrow it.")
		return r
	}
	counted := result(3)
	counted.Table.Counts, counted.Table.Other = []int64{1, 2, 3}, []string{"", `{"x":1}`, ""}
	longer := result(3)
	longer.Calls = []string{strings.Repeat("a long call ", 20_000)}
	for name, c := range map[string]struct {
		request *query.Request
		result  *answer.Result
	}{
		"none":          {&query.Request{Type: q}, result(0)},
		"one":           {&query.Request{Type: q}, result(1)},
		"many":          {&query.Request{Type: q}, result(5000)},
		"some labels":   {&query.Request{Type: q, Labels: fields(t, "country")}, result(300)},
		"counted":       {&query.Request{Type: groups}, counted},
		"a longer head": {&query.Request{Type: q}, longer},
	} {
		t.Run(name, func(t *testing.T) {
			c.request.Format = query.FormatLogs
			o := Origin{RefID: "A", DatasourceUID: "uid", Now: at}
			want, err := Build(c.request, c.result, o)[0].MarshalArrow()
			require.NoError(t, err)
			got, err := EncodeLogs(c.request, c.result, o)
			require.NoError(t, err)
			require.True(t, string(want) == string(got), "%d bytes, the SDK has %d", len(got), len(want))
		})
	}
}

// TestEncodedLogsFitWhereTheyAreWritten is what keeps a long answer to two copies
// of itself: neither Arrow's columns nor the file grow while they are written.
func TestEncodedLogsFitWhereTheyAreWritten(t *testing.T) {
	table := &answer.Table{}
	var rays []query.Cell
	for i := range 20_000 {
		table.Times = append(table.Times, at)
		rays = append(rays, cell(fmt.Sprintf("%016x", i)))
	}
	table.Columns = []answer.Column{answer.NewColumn(fields(t, "ray_id")[0], rays)}
	q, _ := catalogue.Lookup("access_requests")
	r := &query.Request{Type: q, Format: query.FormatLogs}
	file, err := EncodeLogs(r, &answer.Result{Table: table}, Origin{})
	require.NoError(t, err)
	require.LessOrEqual(t, cap(file), len(file)+2*fileHead)
	for _, column := range logColumns(newLogLines(r, table)) {
		for _, b := range column.Data().Buffers() {
			if b != nil {
				require.LessOrEqual(t, b.Cap(), b.Len()*11/10+len(rays), column.DataType().Name())
			}
		}
	}
}
