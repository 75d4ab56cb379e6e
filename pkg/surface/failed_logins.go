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
	"golang.org/x/sync/errgroup"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func init() {
	register("failed_logins", func(c Config, d *Directory) Surface { return &failedLogins{c, d} })
}

const (
	// maxFailedLoginUsers bounds a query: each user is a call.
	maxFailedLoginUsers = 50
	// userConcurrency is how many users are asked for at a time.
	userConcurrency = 4
)

// failedLogins are the failed sign-ins of users that the query names. Cloudflare
// takes no time range for them and documents no pages.
type failedLogins struct {
	config    Config
	directory *Directory
}

// userID is the form of a user's UUID. It becomes part of a path, so that nothing
// else may pass.
var userID = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

func (s *failedLogins) Query(ctx context.Context, r *query.Request) (*eventlog.Result, error) {
	users, err := s.users(ctx, r)
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		return eventlog.Empty(r)
	}
	return s.config.events.Query(ctx, r, eventlog.Source{
		Key:  r.Type.Name + "\x00" + strings.Join(users, "\x00"),
		Type: r.Type,
		Fetch: func(ctx context.Context, p eventlog.PageRequest) (*eventlog.Page, error) {
			return s.fetch(ctx, users, p)
		},
		Whole: true,
	})
}

// users are the UUIDs of the users that all filters on user_id have in common.
func (s *failedLogins) users(ctx context.Context, r *query.Request) ([]string, error) {
	var users []string
	first := true
	for _, f := range r.Filters {
		if f.Field.Name != "user_id" {
			continue
		}
		named, err := s.lookUp(ctx, f.Values)
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
	if len(users) > maxFailedLoginUsers {
		return nil, &query.InvalidError{Message: fmt.Sprintf("failed logins are asked for user by user; %d users are too many, at most %d are allowed", len(users), maxFailedLoginUsers)}
	}
	return users, nil
}

// lookUp turns UUIDs and e-mail addresses into UUIDs.
func (s *failedLogins) lookUp(ctx context.Context, values []string) ([]string, error) {
	var ids []string
	for _, value := range values {
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
				return nil, &query.InvalidError{Message: "no user of the account has the e-mail address in the filter on user_id; correct it, or use the user's UUID"}
			}
			ids = append(ids, found...)
		default:
			return nil, &query.InvalidError{Message: "the filter on user_id takes a user's UUID, such as 6b3d4f0e-1c2a-4d5b-8e7f-0a1b2c3d4e5f, or e-mail address; nothing else is allowed"}
		}
	}
	return ids, nil
}

// fetch asks for a page of each user's list. The lists are joined as they are:
// their rows name the user.
func (s *failedLogins) fetch(ctx context.Context, users []string, p eventlog.PageRequest) (*eventlog.Page, error) {
	answers := make([]*cloudflare.Envelope, len(users))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(userConcurrency)
	for i, id := range users {
		group.Go(func() error {
			var params url.Values
			if p.Number > 1 {
				params = url.Values{"page": {strconv.Itoa(p.Number)}}
			}
			var err error
			answers[i], err = s.config.Client.Get(ctx, s.config.accountPath("/access/users/"+url.PathEscape(id)+"/failed_logins"), params)
			return unknownUser(err)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return joinLists(answers)
}

// unknownUser says what a path that is not found means here: the account's
// other paths are found, or the address would have been refused before.
func unknownUser(err error) error {
	var upstream *cloudflare.Error
	if errors.As(err, &upstream) && upstream.Kind == cloudflare.KindNotFound {
		named := *upstream
		named.Message = "Cloudflare knows no user of this account with a UUID in the filter on user_id. Correct it, or use the user's e-mail address. (" + upstream.Message + ")"
		return &named
	}
	return err
}

// joinLists makes one page of several lists. There is another page as long as
// Cloudflare says of one of the lists that it fills its page.
func joinLists(answers []*cloudflare.Envelope) (*eventlog.Page, error) {
	page := &eventlog.Page{}
	rows := []byte{'['}
	for _, a := range answers {
		list := gjson.ParseBytes(a.Result)
		if !list.IsArray() {
			if list.Type == gjson.Null {
				continue
			}
			return nil, &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's list of failed logins has an unexpected shape; try again, and report it if it stays"}
		}
		n := 0
		list.ForEach(func(_, row gjson.Result) bool {
			if n++; len(rows) > 1 {
				rows = append(rows, ',')
			}
			rows = append(rows, row.Raw...)
			return true
		})
		page.More = page.More || a.Info.PerPage > 0 && n >= a.Info.PerPage
	}
	page.Rows = append(rows, ']')
	return page, nil
}

// Close does nothing: the Set owns the event log.
func (s *failedLogins) Close() {}
