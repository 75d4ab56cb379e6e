package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/cfaccess/cfaccess-logs-datasource/bench/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/frame"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// runFrames measures what stands between stored rows and the answer on the
// wire, by itself: the one figure that is not taken from outside.
func runFrames(_ context.Context, b *bench) error {
	b.section("Frame building")
	b.paragraph("Rows with all columns into a data frame, and the frame into Arrow, as the executable does; in the measuring process.")
	var sizes []int
	var rows [][]string
	var figures []float64
	now := time.Now()
	for _, n := range b.rows {
		if n > 100_000 {
			continue // a query lists at most 100,000 rows by default
		}
		took, err := frameTime(account.NewLogins(n, now.Add(-retention), now, account.Even), n)
		if err != nil {
			return err
		}
		sizes, figures = append(sizes, n), append(figures, ms(took.wall))
		rows = append(rows, []string{number(n), duration(took.wall), duration(took.cpu), fmt.Sprintf("%.2f µs", 1000*ms(took.wall)/float64(n))})
	}
	if len(rows) == 0 {
		b.paragraph("No size of at most 100,000 rows.")
		return nil
	}
	b.table([]string{"rows", "time", "CPU", "a row"}, rows)
	if len(sizes) > 1 {
		b.paragraph("Grows as %s.", growth(sizes, figures))
	}
	return nil
}

// frameTime is the least time that building and encoding the table of the newest
// n logins takes.
func frameTime(l *account.Logins, n int) (cost, error) {
	now := time.Now()
	request, err := query.Parse([]byte(`{"queryType":"access_requests","format":"table"}`), query.Options{
		Window: query.Window{From: now.Add(-retention), To: now}, Now: now, MaxLimit: n})
	if err != nil {
		return cost{}, err
	}
	table := &eventlog.Table{}
	lo := len(l.Times) - n
	for i := len(l.Times) - 1; i >= lo; i-- {
		table.Times = append(table.Times, time.Unix(0, l.Times[i]).UTC())
	}
	for _, field := range request.Type.Columns(false) {
		column := eventlog.Column{Field: field, Cells: make([]eventlog.Cell, n)}
		for i := range column.Cells {
			if field.Name != request.Type.TimeFieldName && l.Has(field.Name) {
				column.Cells[i] = eventlog.Cell{Text: l.Value(field.Name, lo+n-1-i), Valid: true}
			}
		}
		table.Columns = append(table.Columns, column)
	}
	result := &eventlog.Result{Table: table, Coverage: eventlog.Coverage{Complete: true}}
	least := cost{wall: time.Hour, cpu: time.Hour}
	for range repeats {
		before, err := readUsage(os.Getpid())
		if err != nil {
			return cost{}, err
		}
		started := time.Now()
		frames := frame.Build(request, result, frame.Origin{RefID: "A", DatasourceUID: "bench", DatasourceName: "bench"})
		if _, err := backend.ToProto().QueryDataResponse(backend.DataFrameFormat_ARROW, &backend.QueryDataResponse{
			Responses: backend.Responses{"A": {Frames: frames}}}); err != nil {
			return cost{}, err
		}
		wall := time.Since(started)
		after, err := readUsage(os.Getpid())
		if err != nil {
			return cost{}, err
		}
		least.merge(cost{wall: wall, cpu: after.cpu - before.cpu})
		if frames[0].Rows() != n {
			return cost{}, fmt.Errorf("the frame has %d rows of %d", frames[0].Rows(), n)
		}
	}
	return least, nil
}
