package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

var shapes = []string{`"limit":1000`, `"format":"logs"`, `"format":"time_series"`, `"groupBy":["country"]`}

// A filter that would take minutes must not, and nobody may take what it found by then
// for an answer.
func TestFiltersThatTakeTooMuchWorkAreRefused(t *testing.T) {
	row := `[{"created_at":"2026-06-01T11:59:59Z","country":"GB","app_name":"` + strings.Repeat("a", 2_000_000) + `"}]`
	for name, filter := range map[string]string{
		"a regular expression": `"operator":"=~","values":["(.*a){800}"]`,
		"a negative one":       `"operator":"!~","values":["(.*b){800}"]`,
	} {
		for _, shape := range shapes {
			t.Run(name+shape, func(t *testing.T) {
				lab.Test(t, func(t *testing.T) {
					l := lab.New(t, answering(row))
					res, err := l.Query(t.Context(), lab.Request(t, `{"filters":[{"field":"app_name",`+filter+`}],`+shape+`}`, noon.Add(-time.Hour), noon))
					var wrong *query.InvalidError
					if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "too much work") {
						t.Errorf("%+v, %v", res, err)
					}
				})
			})
		}
	}
}

// The rows are all known, so that nothing is left to wait for but the matching.
func TestACanceledQueryStopsMatching(t *testing.T) {
	for _, shape := range shapes {
		lab.Test(t, func(t *testing.T) {
			l := lab.New(t, answering(`[{"created_at":"2026-06-01T11:59:59Z","country":"GB","app_name":"wiki"}]`))
			l.Ask(t, `{}`, noon.Add(-time.Hour), noon)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := l.Query(ctx, lab.Request(t, fmt.Sprintf(`{"filters":[{"field":"app_name","operator":"=~","values":["w.*i"]}],%s}`, shape), noon.Add(-time.Hour), noon))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", shape, err)
			}
		})
	}
}
