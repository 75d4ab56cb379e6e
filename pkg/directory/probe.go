package directory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// Probe asks for as little as shows whether the credentials reach a surface.
type Probe struct {
	Title      string
	Permission string
	// Optional probes are for names, suggestions, and explanations; without them queries
	// still work.
	Optional bool
	Ask      func(ctx context.Context) error
}

// settingsProbe reads the limits of a GraphQL node: the cheapest query that needs
// its permission.
const settingsProbe = `query probe($accountTag: string!) { viewer { accounts(filter: {accountTag: $accountTag}) { settings { %s { enabled } } } } }`

// shortest is the shortest page of a list.
var shortest = url.Values{"page": {"1"}, "per_page": {"1"}}

// extras are the lists beside those of query types, each with what goes missing without
// it. One call is enough for all lists that need the same permission.
var extras = []struct {
	title, permission, path string
	params                  url.Values
}{
	{"Identity providers and Access groups (for SCIM updates of all providers, names, and explaining logins)", ReadsProviders, "/access/identity_providers", shortest},
	{"Posture checks and lists (for explaining logins)", ReadsZeroTrust, "/devices/posture", nil}, // It has one page.
}

// alsoFor is what else goes missing without the lists that query types show.
const alsoFor = " (also for names, and explaining logins)"

// Probes are one for each query type, and one for each list that editors use.
func (d *Directory) Probes() []Probe {
	probes := make([]Probe, 0, len(catalogue.All())+len(extras))
	for _, q := range catalogue.All() {
		switch {
		case q.HasEvents():
			probes = append(probes, Probe{Title: q.Title, Permission: q.Permission, Ask: d.probeOf(q)})
		case q.Inventory:
			probes = append(probes, Probe{Title: q.Title + alsoFor, Permission: q.Permission, Optional: true, Ask: d.get(pathOf(q), shortest)})
		}
		// The others read what these do.
	}
	for _, extra := range extras {
		probes = append(probes, Probe{
			Title: extra.title, Permission: extra.permission, Optional: true,
			Ask: d.get(extra.path, extra.params),
		})
	}
	return probes
}

func (d *Directory) probeOf(q *catalogue.QueryType) func(context.Context) error {
	path := pathOf(q)
	switch {
	case q.API == "graphql":
		return func(ctx context.Context) error {
			_, err := d.client.GraphQL(ctx, fmt.Sprintf(settingsProbe, q.Endpoint), map[string]any{"accountTag": d.accountID})
			return err
		}
	case strings.Contains(path, "{user_id}"):
		// The users list needs the same permission, and names no user.
		return d.get("/access/users", shortest)
	case q.Name == "scim_updates":
		return d.probeSCIM(path, q)
	}
	return func(ctx context.Context) error { return d.get(path, d.leastOf(q))(ctx) }
}

// leastOf asks for one row of a list, of the last minute where the list has a time
// range: the audit log requires one.
func (d *Directory) leastOf(q *catalogue.QueryType) url.Values {
	now := d.now().UTC()
	least := url.Values{
		"limit": {"1"}, "per_page": {"1"}, "page": {"1"},
		"since": {now.Add(-time.Minute).Format(time.RFC3339)}, "until": {now.Format(time.RFC3339)}, "before": {now.Format(time.RFC3339)},
	}
	maps.DeleteFunc(least, func(name string, _ []string) bool { return !q.Takes(name) })
	return least
}

// probeSCIM asks with an identity provider that has SCIM on: Cloudflare documents
// idp_id as required. Where none has, the refusal of a call without idp_id still
// shows that the permission is there.
func (d *Directory) probeSCIM(path string, q *catalogue.QueryType) func(context.Context) error {
	return func(ctx context.Context) error {
		least := d.leastOf(q)
		// A list that cannot be read has a row of its own in the table.
		providers, unread := d.IdentityProviders(ctx)
		for _, p := range providers {
			if p.SCIM {
				least.Set("idp_id", p.ID)
				break
			}
		}
		err := d.get(path, least)(ctx)
		// Who refuses every call says nothing of this one.
		if isBadRequest(err) && !least.Has("idp_id") && !isBadRequest(unread) {
			return nil
		}
		return err
	}
}

func isBadRequest(err error) bool {
	var refused *cloudflare.Error
	return errors.As(err, &refused) && refused.Kind == cloudflare.KindBadRequest
}

func (d *Directory) get(path string, q url.Values) func(context.Context) error {
	return func(ctx context.Context) error {
		envelope, err := d.client.Get(ctx, "/accounts/"+url.PathEscape(d.accountID)+path, q)
		if err == nil && len(envelope.Result) > 0 && envelope.Result[0] != '[' && string(envelope.Result) != "null" {
			return &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "The answer is not a list. Check the API URL."}
		}
		return err
	}
}
