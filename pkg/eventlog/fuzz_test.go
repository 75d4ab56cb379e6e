package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

func queryType(name string) *catalogue.QueryType {
	q, _ := catalogue.Lookup(name)
	return q
}

// FuzzDecode reads any JSON as rows: none may be lost, and what encoding/json
// reads as a text has to come out as that text.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`[]`, `null`, `{}`, `[{}]`, `[1,"x",null]`,
		`[{"created_at":"2026-06-01T12:00:00.123456Z","ray_id":"8D3F0A1B2C3D4E5F","country":"gb","allowed":false,"new":{"a":[1]}}]`,
		`[{"created_at":"2026-06-01T12:00:00Z","user_email":"\u00e9@example.com","app_name":"a\"b"},{"created_at":7},{"created_at":"2026-06-01T12:00:00Z","created_at":"2026-06-01T11:00:00Z"}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			t.Skip("the client lets only JSON through")
		}
		for _, name := range []string{"access_requests", "failed_logins"} {
			checkDecoded(t, newLayout(queryType(name)), raw)
		}
	})
}

func checkDecoded(t *testing.T, l *layout, raw []byte) {
	b := newBuilder(l)
	d, err := b.decode(raw)
	list := gjson.ParseBytes(raw)
	switch {
	case errors.Is(err, errNotList):
		if list.IsArray() {
			t.Fatal("a list was not taken for one")
		}
		return
	case err != nil:
		t.Fatal(err)
	}
	if want := len(list.Array()); list.IsArray() && d.rows != want || d.rows != d.bad+b.len() {
		t.Fatalf("%d rows, %d bad, %d kept, want %d", d.rows, d.bad, b.len(), want)
	}
	c, repeats := b.freeze()
	if c.len()+repeats != d.placed() || !slices.IsSorted(c.times) {
		t.Fatalf("%d rows and %d repeats of %d", c.len(), repeats, d.placed())
	}
	whole := join(l, part{c, 0, c.len() / 2}, part{c, c.len() / 2, c.len()})
	for row := range c.len() {
		if rowKey(c, row) != rowKey(whole, row) {
			t.Fatalf("row %d changed when it was joined", row)
		}
		for i := range c.cols {
			cell := c.cols[i].cell(c.cols[i].code(row), row)
			if i == l.other() && cell.Valid && !json.Valid([]byte(cell.Text)) {
				t.Fatalf("other is no JSON: %q", cell.Text)
			}
		}
	}
}

// FuzzPager pages through a feed whose density, ties, page cap, order and bounds
// come from the input: it has to end, and to have each row once or say so.
func FuzzPager(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, uint8(3), uint8(0))
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0, 0}, uint8(4), uint8(1))
	f.Add([]byte{255, 0, 255, 0, 0, 0, 255}, uint8(2), uint8(2))
	f.Add([]byte{0, 0, 0, 0}, uint8(1), uint8(3))
	f.Fuzz(func(t *testing.T, gaps []byte, size, kind uint8) {
		if len(gaps) > 300 {
			t.Skip("long enough")
		}
		times := make([]int64, len(gaps))
		at := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC).UnixNano()
		for i, g := range gaps {
			at += int64(g) * 20 * millisecond
			times[i] = at
		}
		s := span{times0(times, at), at + millisecond}
		got, ok := pageThrough(t, times, int(size%50)+1, kind, s)
		if ok && !slices.Equal(got, times) {
			t.Fatalf("%d rows of %d", len(got), len(times))
		}
	})
}

func times0(times []int64, at int64) int64 {
	if len(times) == 0 {
		return at - second
	}
	return times[0]
}

// pageThrough runs a scan over an upstream of rows at given times.
func pageThrough(t *testing.T, times []int64, size int, kind uint8, s span) (got []int64, complete bool) {
	calls := 0
	sc := &scan{layout: newLayout(queryType("access_requests")), habits: newHabits(), now: time.Now, maxRows: 1 << 20}
	sc.fetch = func(_ context.Context, r PageRequest) (*Page, error) {
		sc.mu.Lock()
		calls++
		tooMany := calls > 5000
		sc.mu.Unlock()
		if tooMany {
			t.Error("the scan does not end")
			return nil, context.Canceled
		}
		since, until := r.Since.UnixNano(), r.Until.UnixNano()
		if kind&1 != 0 {
			since, until = floorTo(since, second), floorTo(until, second)
		}
		var rows []string
		for i, at := range times {
			if at > since && at < until || kind&2 != 0 && (at == since || at == until) {
				rows = append(rows, fmt.Sprintf(`{"created_at":%q,"ray_id":"%016x"}`, instant(at).Format(time.RFC3339Nano), i+1))
			}
		}
		if kind&4 == 0 {
			slices.Reverse(rows)
		}
		start := min((r.Number-1)*size, len(rows))
		list, err := json.Marshal(raws(rows[start:min(start+size, len(rows))]))
		return &Page{Rows: list}, err
	}
	var pieces []piece
	sc.deliver = func(p piece) {
		sc.mu.Lock()
		defer sc.mu.Unlock()
		pieces = append(pieces, p)
	}
	sc.run(context.Background(), []span{s}, 0)
	for _, p := range pieces {
		got = append(got, p.rows.times...)
	}
	slices.Sort(got)
	return got, len(sc.failures) == 0
}

func raws(rows []string) []json.RawMessage {
	out := make([]json.RawMessage, len(rows))
	for i, r := range rows {
		out[i] = json.RawMessage(r)
	}
	return out
}
