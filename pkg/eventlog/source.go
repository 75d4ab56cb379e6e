package eventlog

import (
	"context"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

// PageSize is the number of rows asked for in a call: the largest that
// Cloudflare documents for any Access log.
const PageSize = 1000

// Source is an upstream list of events.
type Source struct {
	// Key tells sources apart whose events differ: by address and parameters.
	Key  string
	Type *catalogue.QueryType
	// Fetch asks for one page. It is called from several goroutines.
	Fetch func(ctx context.Context, p PageRequest) (*Page, error)
	// Whole says that the upstream has neither a time range nor documented pages:
	// it answers with all it has.
	Whole bool
	// Push says how filters reach the upstream; nil if none are pushed.
	Push bool
}

// PageRequest is one page of a span of time. Cloudflare does not say whether
// Since and Until are inclusive, exclusive or cut to seconds, so the caller
// leaves a margin and cuts the rows itself.
type PageRequest struct {
	Since, Until time.Time
	Ascending    bool
	// Number of the page, from 1.
	Number int
	// WithoutLimit leaves the parameter limit out: how it combines with per_page
	// is not documented, and it may bound all pages together.
	WithoutLimit bool
	// Pushed are parameters that filter upstream, by name.
	Pushed map[string]string
}

// Page is an answer. Rows is the JSON list as it came; PerPage is the page size
// that Cloudflare says it used, 0 if it does not say.
type Page struct {
	Rows    []byte
	PerPage int
	// More says, of a Whole source, that there may be another page.
	More bool
}
