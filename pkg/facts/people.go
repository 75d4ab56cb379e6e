package facts

import (
	"context"
	"net/url"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// findUser finds who the question is about. Where identities are masked, only the
// list of users can tell.
func (s *session) findUser(ctx context.Context) error {
	if s.question.RayID != "" {
		return nil
	}
	if !s.question.MaskedUser {
		s.facts.UserEmail = s.question.UserEmail
		return nil
	}
	users, err := s.directory.Users(ctx)
	if err != nil {
		return err
	}
	for _, u := range users {
		if u.Email != "" && s.show(u.Email) == s.question.UserEmail {
			s.facts.UserEmail, s.facts.UserUUID = u.Email, u.ID
			return nil
		}
	}
	return &query.InvalidError{Message: "no user of the account has the pseudonym in the filter on user_email; copy one from an answer"}
}

// readIdentity reads what Access last knew of the user. The rows of logins need
// not have the user's UUID; the list of users has.
func (s *session) readIdentity(ctx context.Context) {
	const what = "the user's last seen identity"
	if s.facts.UserUUID == "" && s.facts.UserEmail != "" {
		ids, err := s.directory.UserIDs(ctx, s.facts.UserEmail)
		if err != nil {
			s.facts.Identity.Missing = s.gap("the list of users", permissionAudit, err)
			return
		}
		if len(ids) != 1 {
			return // Nobody is known by that name, or it is not known who.
		}
		s.facts.UserUUID = ids[0]
	}
	identity, err := s.document(ctx, "/access/users/"+url.PathEscape(s.facts.UserUUID)+"/last_seen_identity", nil, momentTTL)
	if err != nil {
		s.facts.Identity.Missing = s.gap(what, permissionAudit, err)
		return
	}
	s.facts.Identity.JSON = identity
	if s.facts.UserEmail == "" {
		s.facts.UserEmail = documentOf(s.facts.Identity).Get("email").String()
	}
}

// alone makes calls that are only nice to have keep to their own part of the
// budget.
func alone(ctx context.Context) context.Context {
	return cloudflare.WithSpender(ctx, cloudflare.Spender{Purpose: cloudflare.Enrichment})
}
