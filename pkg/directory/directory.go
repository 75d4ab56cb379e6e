// Package directory is what the account has beside logs: its users, applications,
// policies, identity providers and service tokens, by ID and name, and which parts of the
// account the credentials reach.
package directory

import (
	"context"
	"net/url"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// listTTL is how long a list is kept at most: people and applications change
// seldom, and each list costs calls of the budget that the logs need.
const listTTL = 5 * time.Minute

const (
	// maxKeptLists bounds what searches leave behind.
	maxKeptLists = 100
	// maxSuggestedPages is up to how many pages of users are read as a whole, so that
	// each text that somebody types is searched for here. More are searched by
	// Cloudflare.
	maxSuggestedPages = 10
)

// Entry is a person or thing of the account.
type Entry struct {
	ID string
	// Name is what people call it; Email is set for users only.
	Name  string
	Email string
	// SCIM says whether an identity provider has SCIM on.
	SCIM bool
	// aliases are other identifiers of an application or a user; policies are those
	// within an application.
	aliases  []string
	policies []Entry
}

// Directory lists what the account has: users, applications, identity
// providers, service tokens, certificates, accounts. Lists are kept for a short time, and
// callers at the same time share one.
type Directory struct {
	client    *cloudflare.Client
	accountID string
	now       func() time.Time
	// keepFor is the greatest age of what is kept, ttl that of lists.
	keepFor, ttl time.Duration
	// keptBytes bounds the rows of a list that is kept.
	keptBytes int
	lists     *lru.Cache[string, keptList]
	names     *lru.Cache[string, keptNames]
}

// New makes an empty Directory of an account. It keeps nothing for longer than keepFor,
// and of rows only lists that are small beside the limit in bytes; now is the clock.
func New(client *cloudflare.Client, accountID string, keepFor time.Duration, limit int64, now func() time.Time) *Directory {
	lists, _ := lru.New[string, keptList](maxKeptLists) // fails for sizes below 1 only
	names, _ := lru.New[string, keptNames](maxKeptLists)
	return &Directory{client, accountID, now, keepFor, min(listTTL, keepFor), int(min(limit/8, maxKeptBytes)), lists, names}
}

// Forget frees all lists.
func (d *Directory) Forget() {
	d.lists.Purge()
	d.names.Purge()
}

// Users are all of the account's.
func (d *Directory) Users(ctx context.Context) ([]Entry, error) {
	return d.list(ctx, "/access/users", nil)
}

// UsersLike are users that a search can find: all, or those that Cloudflare finds
// where there are too many to read. Callers choose from what they get, as Cloudflare
// does not say whether its search is exact. Where there are too many and search is
// empty, it is the first ones.
func (d *Directory) UsersLike(ctx context.Context, search string) ([]Entry, error) {
	first, err := d.pages(ctx, reading{path: "/access/users", most: maxSuggestedPages})
	if err != nil || !first.cut || search == "" {
		return first.entries, err
	}
	return d.list(ctx, "/access/users", url.Values{"search": {search}})
}

// UserIDs finds the UUIDs of the users with an e-mail address, without case.
// How Cloudflare matches `email` is not documented: where it finds nothing, the
// whole list is searched here.
func (d *Directory) UserIDs(ctx context.Context, email string) ([]string, error) {
	for _, params := range []url.Values{{"email": {email}}, {}} {
		users, err := d.list(ctx, "/access/users", params)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, u := range users {
			if strings.EqualFold(u.Email, email) {
				ids = append(ids, u.ID)
			}
		}
		if len(ids) > 0 {
			return ids, nil
		}
	}
	return nil, nil
}

// Apps are the Access applications.
func (d *Directory) Apps(ctx context.Context) ([]Entry, error) {
	return d.list(ctx, "/access/apps", nil)
}

// IdentityProviders are the account's, with SCIM or without.
func (d *Directory) IdentityProviders(ctx context.Context) ([]Entry, error) {
	return d.list(ctx, "/access/identity_providers", nil)
}

// ServiceTokens are the Access service tokens.
func (d *Directory) ServiceTokens(ctx context.Context) ([]Entry, error) {
	return d.list(ctx, "/access/service_tokens", nil)
}

// Accounts are those that a credential reaches. It needs no account itself.
func Accounts(ctx context.Context, client *cloudflare.Client) ([]Entry, error) {
	list := keptList{}
	err := list.read(ctx, client, "/accounts", 50, false, reading{most: maxListPages})
	return list.entries, err
}

// newEntry copies what it takes of a row: its texts would keep the whole answer.
func newEntry(row gjson.Result) Entry {
	text := func(of gjson.Result, name string) string { return strings.Clone(of.Get(name).String()) }
	e := Entry{ID: text(row, "id"), Name: text(row, "name"), Email: text(row, "email"), SCIM: row.Get("scim_config.enabled").Bool()}
	uid, aud := text(row, "uid"), text(row, "aud")
	if e.ID == "" {
		e.ID = uid
	}
	for _, alias := range []string{uid, aud} {
		if alias != "" && alias != e.ID {
			e.aliases = append(e.aliases, alias)
		}
	}
	row.Get("policies").ForEach(func(_, policy gjson.Result) bool {
		e.policies = append(e.policies, Entry{ID: text(policy, "id"), Name: text(policy, "name")})
		return true
	})
	return e
}
