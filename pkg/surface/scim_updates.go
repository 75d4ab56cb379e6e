package surface

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func init() {
	register("scim_updates", func(c Config, d *Directory) Surface { return &scimUpdates{c, d} })
}

// scimUpdates are the changes that identity providers made to users and groups.
// They are few, so that only idp_id, which Cloudflare requires, is pushed.
type scimUpdates struct {
	config    Config
	directory *Directory
}

func (s *scimUpdates) Query(ctx context.Context, r *query.Request) (*eventlog.Result, error) {
	providers := valuesOf(r, "idp_id")
	if len(providers) == 0 {
		all, err := s.directory.IdentityProviders(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range all {
			if p.SCIM {
				providers = append(providers, p.ID)
			}
		}
	}
	slices.Sort(providers)
	providers = slices.Compact(providers)
	if len(providers) == 0 {
		return s.none(r)
	}
	return s.config.events.Query(ctx, r, eventlog.Source{
		Key:   r.Type.Name + "\x00" + strings.Join(providers, "\x00"),
		Type:  r.Type,
		Fetch: s.config.logPages(s.config.accountPath("/access/logs/scim/updates"), url.Values{"idp_id": providers}),
	})
}

// none answers for an account without SCIM.
func (s *scimUpdates) none(r *query.Request) (*eventlog.Result, error) {
	result, err := eventlog.Empty(r)
	if err != nil {
		return nil, err
	}
	result.Notices = append(result.Notices, eventlog.Notice{Severity: eventlog.Info,
		Text: "No identity provider of the account has SCIM on, so that there are no updates. Turn SCIM on in the identity provider's settings in Cloudflare One, or name one with a filter on idp_id."})
	return result, nil
}

// Close does nothing: the Set owns the event log.
func (s *scimUpdates) Close() {}
