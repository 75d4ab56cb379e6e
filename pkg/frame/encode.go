package frame

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

const (
	// sampled is how many log lines tell how long all of them are about.
	sampled = 1000
	// fileHead is room for what a file has beside its columns: twice the schema,
	// whose longest part are the calls.
	fileHead = 64 << 10
)

// EncodeLogs encodes the frame that Build makes of log lines, byte by byte as the
// SDK would. A line has hundreds of bytes, so lines go straight into Arrow's
// columns, and these into a file of the right size: there are two copies of them
// at once, where the SDK has six.
func EncodeLogs(r *query.Request, result *answer.Result, o Origin) ([]byte, error) {
	lineless := *result
	lineless.Table = &answer.Table{}
	for _, c := range linked(result.Table) {
		lineless.Table.Columns = append(lineless.Table.Columns, answer.NewColumn(c.Field, nil))
	}
	head, err := data.FrameToArrowTable(Build(r, &lineless, o)[0])
	if err != nil {
		return nil, err
	}
	columns, size := logColumns(newLogLines(r, result.Table)), fileHead
	for _, c := range linked(result.Table) {
		columns = append(columns, textsOf(c))
	}
	for _, c := range columns {
		size += int(c.Data().SizeInBytes())
	}
	file := bytes.NewBuffer(make([]byte, 0, size))
	w, err := ipc.NewFileWriter(file, ipc.WithSchema(head.Schema()))
	if err != nil {
		return nil, err
	}
	if n := len(result.Table.Times); n > 0 {
		if err := w.Write(array.NewRecordBatch(head.Schema(), columns, int64(n))); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}

// logColumns are log lines as logs has them. Their memory is Go's: nothing has to
// be released.
func logColumns(l *logLines) []arrow.Array {
	n := len(l.times)
	times := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: arrow.Nanosecond})
	body, severity, id := textBuilder(n, l.body), textBuilder(n, l.severity), array.NewStringBuilder(memory.DefaultAllocator)
	labels := array.NewBinaryBuilder(memory.DefaultAllocator, arrow.BinaryTypes.Binary)
	times.Resize(n)
	id.Resize(n)
	id.ReserveData(n * idLength)
	labels.Resize(n)
	labels.ReserveData(expected(n, func(i int) int { return len(l.labels(i)) }))
	for i, at := range l.times {
		times.Append(arrow.Timestamp(at.UnixNano()))
		body.Append(l.body(i))
		severity.Append(l.severity(i))
		id.Append(l.id(i))
		labels.Append(l.labels(i))
	}
	return []arrow.Array{times.NewArray(), body.NewArray(), severity.NewArray(), id.NewArray(), labels.NewArray()}
}

// textBuilder is a builder with room for a text a row.
func textBuilder(n int, text func(row int) string) *array.StringBuilder {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.Resize(n)
	b.ReserveData(expected(n, func(i int) int { return len(text(i)) }))
	return b
}

// textsOf is a column of texts, null where an event has none. Its rows are not
// reserved: the size of what says which are null would differ from the SDK's.
func textsOf(c answer.Column) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.ReserveData(expected(len(c.Codes), func(i int) int { return len(c.Values[c.Codes[i]].Text) }))
	for _, code := range c.Codes {
		if v := c.Values[code]; v.Valid {
			b.Append(v.Text)
		} else {
			b.AppendNull()
		}
	}
	return b.NewArray()
}

// expected is about how many bytes all rows have, and a little more: a builder
// without enough room takes twice as much.
func expected(n int, length func(row int) int) int {
	sum, rows := 0, 0
	for i := 0; i < n; i += n/sampled + 1 {
		sum += length(i)
		rows++
	}
	mean := sum / max(rows, 1)
	return n * (mean + mean/20 + 1)
}
