package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	result "github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/frame"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// runFrames measures what stands between stored rows and the answer on the
// wire, by itself: the one figure that is not taken from outside.
func runFrames(ctx context.Context, b *bench) error {
	b.section("Frame building")
	b.paragraph("Rows with all columns into a data frame, and the frame into Arrow, as the executable does; in a process that does nothing else. " +
		"`hand-over` is what gRPC takes to bring the encoded frame over a socket.")
	var sizes []int
	var rows [][]string
	var figures []float64
	for _, n := range b.rows {
		if n > 100_000 {
			continue // a query lists at most 100,000 rows by default
		}
		took, err := runFrame(ctx, n)
		if err != nil {
			return err
		}
		sizes, figures = append(sizes, n), append(figures, ms(took.Wall))
		rows = append(rows, []string{number(n), duration(took.Wall), duration(took.CPU), fmt.Sprintf("%.2f µs", 1000*ms(took.Wall)/float64(n)), duration(took.HandOver)})
	}
	if len(rows) == 0 {
		b.paragraph("No size of at most 100,000 rows.")
		return nil
	}
	b.table([]string{"rows", "time", "CPU", "a row", "hand-over"}, rows)
	if len(sizes) > 1 {
		b.paragraph("Grows as %s.", growth(sizes, figures))
	}
	return nil
}

// frameCommand is how the program starts itself to build frames: in a process of
// its own, whose heap is as small as the executable's, so that the garbage
// collector has as much to do.
const frameCommand = "frame"

// runFrame runs frameMain for a number of rows.
func runFrame(ctx context.Context, rows int) (result selfMeasured, err error) {
	err = runSelf(ctx, &result, frameCommand, "-rows", strconv.Itoa(rows))
	return result, err
}

// frameMain prints the least time that building and encoding the table of a
// number of logins takes.
func frameMain(args []string, out io.Writer) error {
	flags := flag.NewFlagSet(frameCommand, flag.ContinueOnError)
	rows := flags.Int("rows", 1000, "rows of the table")
	if err := flags.Parse(args); err != nil {
		return err
	}
	now := time.Now()
	request, err := query.Parse([]byte(`{"queryType":"access_requests","format":"table"}`), query.Options{
		From: now.Add(-retention), To: now, Now: now, MaxLimit: *rows})
	if err != nil {
		return err
	}
	result := &result.Result{Coverage: result.Coverage{Complete: true},
		Table: tableOf(request, account.NewLogins(*rows, now.Add(-retention), now, account.Even))}
	best := selfMeasured{Rows: *rows}
	var answer *pluginv2.QueryDataResponse
	for i := range repeats {
		var spent cost
		if answer, spent, err = buildFrame(request, result); err != nil {
			return err
		}
		if i == 0 || spent.wall < best.Wall {
			best.Wall = spent.wall
		}
		if i == 0 || spent.cpu < best.CPU {
			best.CPU = spent.cpu
		}
	}
	if best.HandOver, err = handOver(answer); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(best)
}

// tableOf lists logins with all columns, newest first.
func tableOf(r *query.Request, l *account.Logins) *result.Table {
	n := len(l.Times)
	table := &result.Table{}
	for i := range n {
		table.Times = append(table.Times, time.Unix(0, l.Times[n-1-i]).UTC())
	}
	for _, field := range r.Type.Columns(false) {
		if field.Name == r.Type.TimeFieldName {
			table.Columns = append(table.Columns, result.Column{Field: field})
			continue
		}
		cells := make([]query.Cell, n)
		for i := range cells {
			if l.Has(field.Name) {
				cells[i] = query.Cell{Text: l.Value(field.Name, n-1-i), Valid: true}
			}
		}
		table.Columns = append(table.Columns, result.NewColumn(field, cells))
	}
	return table
}

// buildFrame builds and encodes a frame as the executable does.
func buildFrame(r *query.Request, result *result.Result) (*pluginv2.QueryDataResponse, cost, error) {
	before, err := readUsage(os.Getpid())
	if err != nil {
		return nil, cost{}, err
	}
	started := time.Now()
	frames := frame.Build(r, result, frame.Origin{RefID: "A", DatasourceUID: "bench", DatasourceName: "bench"})
	answer, err := backend.ToProto().QueryDataResponse(backend.DataFrameFormat_ARROW, &backend.QueryDataResponse{
		Responses: backend.Responses{"A": {Frames: frames}}})
	if err != nil {
		return nil, cost{}, err
	}
	wall := time.Since(started)
	after, err := readUsage(os.Getpid())
	if n := len(result.Table.Times); frames[0].Rows() != n {
		return nil, cost{}, fmt.Errorf("the frame has %d rows of %d", frames[0].Rows(), n)
	}
	return answer, cost{wall: wall, cpu: after.cpu - before.cpu}, err
}
