package surface

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/rest"
)

func init() {
	register("scim_updates", func(s shared) Surface { return &scimUpdates{s, s.newList()} })
}

// scimUpdates are the changes that identity providers made to users and groups.
// They are few, so only idp_id, which Cloudflare requires, is pushed.
type scimUpdates struct {
	shared
	list *rest.List
}

func (s *scimUpdates) Query(ctx context.Context, r *query.Request) (*answer.Result, error) {
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
	if len(providers) == 0 {
		return s.ofUnknown(ctx, r)
	}
	slices.Sort(providers)
	providers = slices.Compact(providers)
	return s.of(ctx, r, providers)
}

func (s *scimUpdates) of(ctx context.Context, r *query.Request, providers []string) (*answer.Result, error) {
	pages := s.pages(url.Values{"idp_id": providers})
	return s.events.Query(ctx, r, s.source(strings.Join(providers, "\x00"), s.list.Scanner(pages, nil)))
}

// ofUnknown answers where no identity provider is known to have SCIM on. Cloudflare
// lists those only that the credentials may see, and says no word of the others, so
// that nothing known does not mean nothing there. It is not settled whether idp_id
// is enforced: updates that come without it are the answer.
func (s *scimUpdates) ofUnknown(ctx context.Context, r *query.Request) (*answer.Result, error) {
	result, err := s.of(ctx, r, nil)
	var upstream *cloudflare.Error
	if errors.As(err, &upstream) && upstream.Kind == cloudflare.KindBadRequest {
		result, err = s.events.Query(ctx, r, s.source("none", s.list.Whole()))
	}
	if err != nil || result.Scanned > 0 {
		return result, err
	}
	result.Incomplete(answer.ReasonUnverified, "Cloudflare shows these credentials no identity provider that has SCIM on, so the data source cannot know whether there are updates. "+
		"Turn SCIM on in the identity provider's settings in Cloudflare One, check that the credentials may see the identity provider, or name one with a filter on idp_id.")
	return result, nil
}
