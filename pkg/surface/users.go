package surface

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/rest"
)

// maxUsers bounds a query: each user is a call.
const maxUsers = 50

// userLists answers from lists that Cloudflare has by user, for the users that
// the query names. It takes no time range for them and documents no pages.
type userLists struct {
	shared
	list *rest.List
}

func newUserLists(s shared) Surface { return &userLists{s, s.newList()} }

// userID is the form of a user's UUID. It becomes part of a path, so nothing else
// may pass.
var userID = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

func (s *userLists) Query(ctx context.Context, r *query.Request) (*answer.Result, error) {
	users, err := s.users(ctx, r)
	if err != nil {
		return nil, err
	}
	lists := make([]rest.Fetch, len(users))
	for i, id := range users {
		lists[i] = s.listOf(id)
	}
	source := s.source(strings.Join(users, "\x00"), s.list.Whole(lists...))
	source.Whole = true
	return s.events.Query(ctx, r, source)
}

// users are the UUIDs of the users that all filters on user_id have in common.
func (s *userLists) users(ctx context.Context, r *query.Request) ([]string, error) {
	var users []string
	first := true
	for _, f := range r.Filters {
		if f.Field.Name != "user_id" {
			continue
		}
		named, err := s.lookUp(ctx, f)
		if err != nil {
			return nil, err
		}
		if first {
			users, first = named, false
		} else {
			users = slices.DeleteFunc(users, func(id string) bool { return !slices.Contains(named, id) })
		}
	}
	slices.Sort(users)
	users = slices.Compact(users)
	if len(users) > maxUsers {
		return nil, &query.InvalidError{Message: fmt.Sprintf("Cloudflare lists %s user by user; the query names %d users, and at most %d are allowed",
			strings.ToLower(r.Type.Title), len(users), maxUsers)}
	}
	return users, nil
}

// lookUp turns UUIDs and email addresses into UUIDs; under a mask, the pseudonyms of
// either.
func (s *userLists) lookUp(ctx context.Context, f *query.Filter) ([]string, error) {
	var ids []string
	if f.Masked() {
		all, err := s.directory.Users(ctx, "")
		for _, u := range all {
			if userID.MatchString(u.ID) && (slices.Contains(f.Values, f.Show(u.ID)) || u.Email != "" && slices.Contains(f.Values, f.Show(u.Email))) {
				ids = append(ids, u.ID)
			}
		}
		if err == nil && len(ids) == 0 {
			err = &query.InvalidError{Message: "no user of the account has the pseudonym in the filter on user_id; copy one from an answer"}
		}
		return ids, err
	}
	for _, value := range f.Values {
		value = strings.TrimSpace(value)
		switch {
		case userID.MatchString(value):
			ids = append(ids, strings.ToLower(value))
		case strings.Contains(value, "@") && !strings.ContainsAny(value, "/\\ "):
			found, err := s.directory.UserIDs(ctx, value)
			if err != nil {
				return nil, err
			}
			found = slices.DeleteFunc(found, func(id string) bool { return !userID.MatchString(id) })
			if len(found) == 0 {
				return nil, &query.InvalidError{Message: "no user of the account has the email address in the filter on user_id; correct it, or use the user's UUID"}
			}
			ids = append(ids, found...)
		default:
			return nil, &query.InvalidError{Message: "the filter on user_id takes a user's UUID, such as 6b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e5f, or email address; nothing else is allowed"}
		}
	}
	return ids, nil
}

// listOf asks for pages of a user's list.
func (s *userLists) listOf(user string) rest.Fetch {
	return func(ctx context.Context, p rest.PageRequest) (*rest.Page, error) {
		var params url.Values
		if p.Number > 1 {
			params = url.Values{"page": {strconv.Itoa(p.Number)}}
		}
		envelope, err := s.Client.Get(ctx, s.endpoint(user), params)
		if err != nil {
			return nil, unknownUser(err)
		}
		info := envelope.Info
		return &rest.Page{Rows: naming(user, envelope.Result), PerPage: info.PerPage, Total: info.TotalCount, Pages: info.TotalPages}, nil
	}
}

// naming puts the user into each row of a list, as not all rows name theirs.
func naming(user string, list []byte) []byte {
	rows := gjson.ParseBytes(list)
	if !rows.IsArray() {
		return list
	}
	out := []byte{'['}
	rows.ForEach(func(_, row gjson.Result) bool {
		if len(out) > 1 {
			out = append(out, ',')
		}
		if inner, ok := strings.CutPrefix(row.Raw, "{"); ok {
			out = fmt.Appendf(out, `{"user_uuid":%q`, user)
			if strings.TrimSpace(inner) != "}" {
				out = append(out, ',')
			}
			row.Raw = inner
		}
		out = append(out, row.Raw...)
		return true
	})
	return append(out, ']')
}

// unknownUser says what a path that is not found means here: the account's
// other paths are found, or the address would have been refused before.
func unknownUser(err error) error {
	var upstream *cloudflare.Error
	if errors.As(err, &upstream) && upstream.Kind == cloudflare.KindNotFound {
		named := *upstream
		named.Message = "Cloudflare knows no user of this account with a UUID in the filter on user_id. Correct it, or use the user's email address. " + upstream.Message
		return &named
	}
	return err
}
