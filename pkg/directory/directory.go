// Package directory is what the account has beside logs: its users, applications,
// identity providers and service tokens, by ID and name, and which parts of the
// account the credentials reach.
package directory

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// listTTL is how long a list is kept: people and applications change
// seldom, and each list costs calls of the budget that the logs need.
const listTTL = 5 * time.Minute

const (
	// maxListPages ends a list whose upstream never sends an empty page.
	maxListPages = 200
	// maxKeptLists bounds what searches leave behind.
	maxKeptLists = 100
)

// Entry is a person or thing of the account.
type Entry struct {
	ID string
	// Name is what people call it; Email is set for users only.
	Name  string
	Email string
	// SCIM says whether an identity provider has SCIM on.
	SCIM bool
}

// Directory lists what the account has: users, applications, identity
// providers, service tokens, accounts. Lists are kept for listTTL, and
// callers at the same time share one.
type Directory struct {
	client    *cloudflare.Client
	accountID string
	now       func() time.Time
	lists     *lru.Cache[string, keptList]
}

type keptList struct {
	entries []Entry
	at      time.Time
}

// New makes an empty Directory of an account; now is the clock.
func New(client *cloudflare.Client, accountID string, now func() time.Time) *Directory {
	lists, _ := lru.New[string, keptList](maxKeptLists) // fails for sizes below 1 only
	return &Directory{client, accountID, now, lists}
}

// Users are those that match search, or all where it is empty. Cloudflare does
// not say whether its search is exact, so callers check what they get.
func (d *Directory) Users(ctx context.Context, search string) ([]Entry, error) {
	params := url.Values{}
	if search != "" {
		params.Set("search", search)
	}
	return d.list(ctx, "/access/users", params)
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
	return fetchAll(ctx, client, "/accounts", nil, 50)
}

func (d *Directory) list(ctx context.Context, path string, params url.Values) ([]Entry, error) {
	key := path + "?" + params.Encode()
	if kept, ok := d.lists.Get(key); ok && d.now().Sub(kept.at) < listTTL {
		return kept.entries, nil
	}
	return cloudflare.Share(ctx, d.client, key, func(ctx context.Context) ([]Entry, error) {
		entries, err := fetchAll(ctx, d.client, "/accounts/"+url.PathEscape(d.accountID)+path, params, 1000)
		if err == nil {
			d.lists.Add(key, keptList{entries: entries, at: d.now()})
		}
		return entries, err
	})
}

// fetchAll pages until a page brings nothing new: page caps differ by endpoint
// and are not all documented, and total_count is not to be trusted.
func fetchAll(ctx context.Context, client *cloudflare.Client, path string, params url.Values, perPage int) ([]Entry, error) {
	seen := map[string]bool{}
	var entries []Entry
	for page := 1; page <= maxListPages; page++ {
		q := url.Values{"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(perPage)}}
		for name, values := range params {
			q[name] = values
		}
		envelope, err := client.Get(ctx, path, q)
		if err != nil {
			return nil, err
		}
		rows := gjson.ParseBytes(envelope.Result)
		if !rows.IsArray() && rows.Type != gjson.Null {
			return nil, &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's list has an unexpected structure. Try again. If the problem persists, report it."}
		}
		got, fresh := 0, 0
		rows.ForEach(func(_, row gjson.Result) bool {
			got++
			e := newEntry(row)
			if e.ID != "" && !seen[e.ID] {
				seen[e.ID] = true
				fresh++
				entries = append(entries, e)
			}
			return true
		})
		size := perPage
		if envelope.Info.PerPage > 0 && envelope.Info.PerPage < size {
			size = envelope.Info.PerPage
		}
		if fresh == 0 || (envelope.Info.PerPage > 0 && got < size) {
			return entries, nil
		}
	}
	return nil, fmt.Errorf("%s has more than %d pages", path, maxListPages)
}

func newEntry(row gjson.Result) Entry {
	e := Entry{ID: row.Get("id").String(), Name: row.Get("name").String(), Email: row.Get("email").String()}
	if e.ID == "" {
		e.ID = row.Get("uid").String()
	}
	e.SCIM = row.Get("scim_config.enabled").Bool()
	return e
}
