package facts

import (
	"context"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
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

// identity is the task to read what Access last knew of the user.
func (s *session) identity(ctx context.Context) task {
	return task{"the user's last seen identity", permissionAudit, func() error { return s.readIdentity(ctx) },
		func(m *explain.Missing) { s.facts.Identity.Missing = m }}
}

// readIdentity reads it. The rows of logins need not have the user's UUID; the list
// of users has.
func (s *session) readIdentity(ctx context.Context) error {
	if s.facts.UserUUID == "" {
		if err := s.findUUID(ctx); err != nil || s.facts.UserUUID == "" {
			return err // Nobody is known by that name, or it is not known who.
		}
	}
	identity, err := s.document(ctx, "/access/users/"+url.PathEscape(s.facts.UserUUID)+"/last_seen_identity", nil, momentTTL)
	if err != nil {
		return err
	}
	s.facts.Identity.JSON = identity
	if s.facts.UserEmail == "" {
		s.facts.UserEmail = documentOf(s.facts.Identity).Get("email").String()
	}
	return nil
}

// findUUID finds the user among those of the address. How Cloudflare matches `email`
// is not documented: where it finds nobody, the list as a whole is searched.
func (s *session) findUUID(ctx context.Context) error {
	users := resource{"/access/users", "the list of users", permissionAudit, 1000}
	for _, params := range []url.Values{{"email": {s.facts.UserEmail}}, {}} {
		rows, err := s.rows(ctx, users, params)
		var ids []string
		for _, row := range rows {
			if user := gjson.ParseBytes(row); strings.EqualFold(user.Get("email").String(), s.facts.UserEmail) {
				ids = append(ids, user.Get("id").String())
			}
		}
		if len(ids) == 1 {
			s.facts.UserUUID = ids[0]
		}
		if err != nil || len(ids) > 0 {
			return err
		}
	}
	return nil
}

// alone makes calls that are only nice to have keep to their own part of the
// budget.
func alone(ctx context.Context) context.Context {
	return cloudflare.WithSpender(ctx, cloudflare.Spender{Purpose: cloudflare.Enrichment})
}
