package facts

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/directory"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

// resource is a list of the account's configuration.
type resource struct {
	path, what, permission string
	// perPage is the largest page that Cloudflare documents, or its default where it
	// names no largest one; 0 for lists that the directory has.
	perPage int
}

var (
	identityProviders = resource{"/access/identity_providers", "the list of identity providers", directory.ReadsProviders, 200}
	accessGroups      = resource{"/access/groups", "the list of Access groups", directory.ReadsProviders, 1000}
	reusablePolicies  = resource{"/access/policies", "the list of reusable policies", directory.ReadsApps, 100}
	serviceTokens     = resource{"/access/service_tokens", "the list of service tokens", directory.ReadsTokens, 0}
	certificates      = resource{"/access/certificates", "the list of mTLS certificates", directory.ReadsCertificates, 0}
	postureRules      = resource{"/devices/posture", "the list of posture rules", directory.ReadsZeroTrust, 100}
	zeroTrustLists    = resource{"/gateway/lists", "the Zero Trust lists", directory.ReadsZeroTrust, 1000}
	applications      = resource{"/access/apps", "the list of applications", directory.ReadsApps, 0}
)

const (
	// maxPages bounds a list: each is a call.
	maxPages = 3
	// leastPage is the smallest page size that Cloudflare documents for any list.
	leastPage = 20
)

// document reads one object, or a list that comes whole, and keeps it for a while.
func (s *session) document(ctx context.Context, path string, params url.Values, ttl time.Duration) (json.RawMessage, error) {
	page, err := s.page(ctx, path, params, ttl)
	if err != nil {
		return nil, err
	}
	return page.Result, nil
}

// page reads the answer to a call. It is kept with its result_info.
func (s *session) page(ctx context.Context, path string, params url.Values, ttl time.Duration) (*cloudflare.Envelope, error) {
	key := path + "?" + params.Encode()
	if known, ok := s.documents.Get(key); ok && s.now().Before(known.until) {
		return known.value, nil
	}
	deadline, _ := ctx.Deadline()
	return cloudflare.Share(ctx, s.client, "document "+key, func(ctx context.Context) (*cloudflare.Envelope, error) {
		ctx, cancel := context.WithDeadline(ctx, deadline)
		defer cancel()
		envelope, err := s.client.Get(ctx, "/accounts/"+url.PathEscape(s.accountID)+path, params)
		if err != nil {
			return nil, err
		}
		if len(envelope.Result) <= maxDocument {
			s.documents.Add(key, kept[*cloudflare.Envelope]{envelope, s.until(ttl)})
		}
		return envelope, nil
	})
}

// table is the task to read a list. What was read before a failure is a part of it.
func (s *session) table(ctx context.Context, r resource, into *explain.Table) task {
	return task{r.what, r.permission, func() (err error) {
		if r.perPage == 0 {
			into.Rows, err = s.shared(ctx, r)
		} else {
			into.Rows, err = s.rows(ctx, r, nil)
		}
		return err
	}, func(m *explain.Missing) { into.Missing = m }}
}

// shared reads a list that the directory has.
func (s *session) shared(ctx context.Context, r resource) ([]json.RawMessage, error) {
	list, err := s.directory.Rows(ctx, r.path, maxPages)
	if err == nil && list.Cut {
		err = errTooLong
	}
	return list.Rows, err
}

// rows pages until a page is shorter than it could be, or brings nothing new:
// result_info may be absent, and pages may be cut below the size asked for.
func (s *session) rows(ctx context.Context, r resource, params url.Values) ([]json.RawMessage, error) {
	var rows []json.RawMessage
	seen := map[string]bool{}
	for number := 1; ; number++ {
		q := url.Values{"page": {strconv.Itoa(number)}, "per_page": {strconv.Itoa(r.perPage)}}
		for name, values := range params {
			q[name] = values
		}
		page, err := s.page(ctx, r.path, q, configurationTTL)
		if err != nil {
			return rows, err
		}
		list := gjson.ParseBytes(page.Result)
		if !list.IsArray() {
			return rows, errNoList
		}
		got, fresh := 0, 0
		for _, row := range list.Array() {
			got++
			if !seen[row.Raw] {
				seen[row.Raw] = true
				fresh++
				rows = append(rows, json.RawMessage(row.Raw))
			}
		}
		size := leastPage
		if given := page.Info.PerPage; given > 0 {
			size = min(given, r.perPage)
		}
		switch {
		case fresh == 0 || got < size:
			return rows, nil
		case number == maxPages:
			return rows, errTooLong
		}
	}
}
