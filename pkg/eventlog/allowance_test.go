package eventlog_test

import (
	"context"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// A query joins what a suggestion fetches, and is not held to its allowance.
func TestAQueryThatJoinsALookupIsComplete(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		config := spread(60_000, noon.Add(-24*time.Hour), noon)
		config.Limit = 300 // so that 30 calls are the look-ups' part
		config.Before = lab.Slow(time.Second)
		l := lab.New(t, config)
		lookup := cloudflare.WithSpender(context.Background(), cloudflare.Spender{Purpose: cloudflare.Lookups})
		r := lab.Request(t, `{"groupBy":["country"]}`, noon.Add(-24*time.Hour), noon)
		suggested := asked(lookup, l, r)
		time.Sleep(time.Second)
		res, err := l.Query(t.Context(), r)
		if err != nil || !res.Coverage.Complete {
			t.Fatalf("the query that joined: %v, %+v", err, res)
		}
		if got := <-suggested; got.err != nil || !got.result.Coverage.Complete {
			t.Errorf("what a query pays for serves the suggestion too: %v, %+v", got.err, got.result)
		}
	})
}

// A query that comes when a suggestion's fetch has been cut short does the rest.
func TestAQueryGoesBeyondWhatALookupMay(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		config := spread(60_000, noon.Add(-24*time.Hour), noon)
		config.Limit = 300
		config.Before = lab.Slow(time.Second)
		l := lab.New(t, config)
		lookup := cloudflare.WithSpender(context.Background(), cloudflare.Spender{Purpose: cloudflare.Lookups})
		r := lab.Request(t, `{"groupBy":["country"]}`, noon.Add(-24*time.Hour), noon)
		suggested := asked(lookup, l, r)
		for l.Calls() < 30 {
			time.Sleep(time.Millisecond)
		}
		// All that is left of the look-up runs or has been refused by now.
		res, err := l.Query(t.Context(), r)
		if err != nil || !res.Coverage.Complete || res.Scanned != 60_000 {
			t.Fatalf("the query that joined late: %v, %+v", err, res)
		}
		if got := <-suggested; got.err != nil {
			t.Error(got.err)
		}
	})
}
