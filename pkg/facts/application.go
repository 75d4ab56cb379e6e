package facts

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/directory"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// readApplication reads the application with its policies. Objects of the API have
// the policies in them; where they do not, or by ID only, the policies are asked
// for. It fails only for a name that no application has.
func (s *session) readApplication(ctx context.Context) error {
	app, err := s.application(ctx)
	switch {
	case err != nil:
		return err
	case app == nil && s.question.RayID == "" && !s.found:
		return &query.InvalidError{Message: fmt.Sprintf("the account has no application with the %s of the filter, or does not show it to these credentials; correct the filter", s.filteredBy())}
	case app == nil:
		return errNoApplication
	}
	s.facts.App.JSON = app
	parsed := gjson.ParseBytes(app)
	s.appIDs = []string{s.appUID, parsed.Get("id").String(), parsed.Get("uid").String()}
	s.appUID = parsed.Get("id").String()
	s.aud = parsed.Get("aud").String()
	policies := parsed.Get("policies").Array()
	if len(policies) == 0 || !written(policies) {
		own := resource{"/access/apps/" + url.PathEscape(s.appUID) + "/policies", "the application's policies", directory.ReadsApps, 200}
		s.together(s.table(ctx, own, &s.facts.AppPolicies))
		if len(s.facts.AppPolicies.Rows) > 0 {
			policies = nil
			for _, row := range s.facts.AppPolicies.Rows {
				policies = append(policies, gjson.ParseBytes(row))
			}
		}
	}
	if !written(policies) && s.once(reusablePolicies.path) {
		s.together(s.table(ctx, reusablePolicies, &s.facts.Policies))
	}
	return nil
}

func (s *session) filteredBy() string {
	if s.question.AppUID != "" {
		return "ID"
	}
	return "name"
}

// written says whether policies come with their rules, and not by ID alone.
func written(policies []gjson.Result) bool {
	return !slices.ContainsFunc(policies, func(p gjson.Result) bool { return !p.Get("include").IsArray() })
}

// application finds the application by its ID, or among all by its name or domain.
// It is nil where the account has none.
func (s *session) application(ctx context.Context) (json.RawMessage, error) {
	if s.appUID != "" {
		app, err := s.document(ctx, "/access/apps/"+url.PathEscape(s.appUID), nil, configurationTTL)
		if err == nil || cloudflare.KindOf(err) != cloudflare.KindNotFound {
			return app, err
		}
	}
	all, err := s.shared(ctx, applications)
	if err != nil {
		return nil, err
	}
	var best json.RawMessage
	longest := -1
	for _, row := range all {
		if fit := s.fits(gjson.ParseBytes(row)); fit > longest {
			best, longest = row, fit
		}
	}
	return best, nil
}

// fits says how well an application fits the login: by ID or name wholly, by its
// domain by so many characters; -1 if not at all.
func (s *session) fits(app gjson.Result) int {
	const wholly = 1 << 20
	switch name := s.question.AppName; {
	case s.appUID != "" && (strings.EqualFold(app.Get("id").String(), s.appUID) || strings.EqualFold(app.Get("uid").String(), s.appUID)):
		return wholly
	case name != "" && strings.EqualFold(app.Get("name").String(), name):
		return wholly
	}
	longest := -1
	for _, domain := range domainsOf(app) {
		if rest, ok := strings.CutPrefix(strings.ToLower(s.domain), domain); ok && domain != "" && (rest == "" || rest[0] == '/') {
			longest = max(longest, len(domain))
		}
	}
	return longest
}

// domainsOf are the hosts and paths of an application, in lower case.
func domainsOf(app gjson.Result) []string {
	var domains []string
	for _, path := range []string{"domain", "self_hosted_domains", "destinations.#.uri"} {
		for _, domain := range app.Get(path).Array() {
			domains = append(domains, strings.ToLower(strings.TrimSuffix(domain.String(), "/")))
		}
	}
	return domains
}
