package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// hostileUpstream answers every call with a body; write stops when the caller has
// had enough.
type hostileUpstream struct {
	name string
	// write writes the body. at is a time within every range that is asked for.
	write func(w io.Writer, at string) error
}

// hostileBytes is about what bodies come to that have an end: just what the
// executable used to take.
const hostileBytes = 63 << 20

var errEnough = errors.New("enough")

// repeat writes an envelope with rows until they have so many bytes; 0 for no end.
func repeat(bytes int, row func(i int) string) func(w io.Writer, at string) error {
	return func(w io.Writer, at string) error {
		if _, err := io.WriteString(w, `{"success":true,"errors":[],"result":[`); err != nil {
			return err
		}
		for i, n := 0, 0; bytes == 0 || n < bytes; i++ {
			text := strings.ReplaceAll(row(i), "AT", at)
			if n += len(text); i > 0 {
				text = "," + text
			}
			if _, err := io.WriteString(w, text); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, `],"result_info":{"per_page":1000}}`)
		return err
	}
}

var hostileUpstreams = []hostileUpstream{
	{name: "63 MiB of tiny rows, compressed", write: repeat(hostileBytes, func(int) string { return `{"created_at":"AT"}` })},
	{name: "63 MiB of empty rows, compressed", write: repeat(hostileBytes, func(int) string { return `{}` })},
	{name: "63 MiB of different long texts", write: repeat(hostileBytes, func(i int) string {
		return fmt.Sprintf(`{"created_at":"AT","ray_id":"%016x","app_name":"%s%d","other":"%s%d"}`, i, strings.Repeat("x", 4000), i, strings.Repeat("y", 4000), i)
	})},
	{name: "pages of different long texts, without end", write: repeat(8<<20, func(i int) string {
		return fmt.Sprintf(`{"created_at":"AT","ray_id":"%016x","app_name":"%s%d"}`, time.Now().UnixNano()+int64(i), strings.Repeat("x", 8000), time.Now().UnixNano())
	})},
	{name: "rows without end", write: repeat(0, func(int) string { return `{"created_at":"AT","app_name":"x"}` })},
	{name: "63 MiB of brackets", write: func(w io.Writer, _ string) error {
		_, err := io.WriteString(w, `{"success":true,"result":`+strings.Repeat("[", hostileBytes))
		return err
	}},
	{name: "one key of 63 MiB", write: func(w io.Writer, _ string) error {
		_, err := io.WriteString(w, `{"`+strings.Repeat("k", hostileBytes)+`":1}`)
		return err
	}},
}

// serve is the upstream as a handler. A body that has an end is made once.
func (h hostileUpstream) serve(at string) http.HandlerFunc {
	var body bytes.Buffer
	endless := h.name == "rows without end" || h.name == "pages of different long texts, without end"
	if !endless {
		packed := gzip.NewWriter(&body)
		if h.write(packed, at) != nil || packed.Close() != nil {
			panic(errEnough) // a buffer takes all
		}
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		if !endless {
			_, _ = w.Write(body.Bytes()) // fails where the caller has had enough
			return
		}
		packed, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is a valid one
		if h.write(packed, at) == nil {
			_ = packed.Close()
		}
	}
}

// hostilePanels ask each kind of upstream, in ranges of their own, so that none shares
// another's fetch.
func hostilePanels(now time.Time) []question {
	var list []question
	for i := range 3 {
		from := now.Add(-retention + time.Duration(i)*time.Hour)
		user := []account.Filter{{Field: "user_id", Operator: "=", Values: []string{fmt.Sprintf("6b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e%02d", i), fmt.Sprintf("7b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e%02d", i)}}}
		list = append(list,
			question{name: "table", format: "table", limit: 100_000, from: from, to: now},
			question{name: "series", format: "time_series", from: from, to: now, interval: hourly},
			question{name: "updates", queryType: "scim_updates", format: "logs", limit: 100_000, from: from, to: now,
				filters: []account.Filter{{Field: "idp_id", Operator: "=", Values: []string{fmt.Sprint(i)}}}},
			question{name: "failed logins", queryType: "failed_logins", format: "table", filters: user, from: from, to: now},
			question{name: "groups", queryType: "login_groups", format: "table", from: from, to: now})
	}
	return list
}

// hostilePatience is the deadline of the questions.
const hostilePatience = 20 * time.Second

// hostile asks an upstream. What it answers does not matter here, but that there is
// an answer does: the process must be alive.
func (b *bench) hostile(ctx context.Context, h hostileUpstream) (spent cost, err error) {
	now := time.Now().Truncate(time.Millisecond)
	server := httptest.NewServer(h.serve(now.Add(-time.Minute).UTC().Format(time.RFC3339)))
	defer server.Close()
	s, err := b.open(account.Config{}, settings{"apiUrl": server.URL})
	if err != nil {
		return spent, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	questions := hostilePanels(now)
	for i := range questions {
		questions[i].patience = hostilePatience
	}
	return s.measure(func() error {
		_, err := s.askAll(ctx, questions...)
		if s.process.Exited() {
			return fmt.Errorf("the executable ended: %w", err)
		}
		return nil
	})
}
