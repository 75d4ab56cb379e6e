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

// listTTL is how long a list is kept at most: people and applications change
// seldom, and each list costs calls of the budget that the logs need.
const listTTL = 5 * time.Minute

const (
	// maxListPages ends a list whose upstream never sends an empty page.
	maxListPages = 200
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
}

// Directory lists what the account has: users, applications, identity
// providers, service tokens, accounts. Lists are kept for a short time, and
// callers at the same time share one.
type Directory struct {
	client    *cloudflare.Client
	accountID string
	now       func() time.Time
	ttl       time.Duration
	lists     *lru.Cache[string, keptList]
}

type keptList struct {
	entries []Entry
	at      time.Time
	// cut says that there may be more than that.
	cut bool
}

// New makes an empty Directory of an account. It keeps nothing for longer than keepFor;
// now is the clock.
func New(client *cloudflare.Client, accountID string, keepFor time.Duration, now func() time.Time) *Directory {
	lists, _ := lru.New[string, keptList](maxKeptLists) // fails for sizes below 1 only
	return &Directory{client, accountID, now, min(listTTL, keepFor), lists}
}

// Forget frees all lists.
func (d *Directory) Forget() { d.lists.Purge() }

// Users are all of the account's.
func (d *Directory) Users(ctx context.Context) ([]Entry, error) {
	return d.list(ctx, "/access/users", nil)
}

// UsersLike are users that a search can find: all, or those that Cloudflare finds
// where there are too many to read. Callers choose from what they get, as Cloudflare
// does not say whether its search is exact. Where there are too many and search is
// empty, it is the first ones.
func (d *Directory) UsersLike(ctx context.Context, search string) ([]Entry, error) {
	if kept, ok := d.kept(listKey("/access/users", nil)); ok {
		return kept.entries, nil
	}
	first, err := d.pages(ctx, "/access/users", nil, maxSuggestedPages)
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
	list, err := fetchPages(ctx, client, "/accounts", nil, 50, maxListPages)
	return list.entries, err
}

func (d *Directory) list(ctx context.Context, path string, params url.Values) ([]Entry, error) {
	list, err := d.pages(ctx, path, params, maxListPages)
	if err == nil && list.cut {
		err = fmt.Errorf("%s has more than %d pages", path, maxListPages)
	}
	return list.entries, err
}

// pages is a list as far as so many pages reach.
func (d *Directory) pages(ctx context.Context, path string, params url.Values, most int) (keptList, error) {
	key := listKey(path, params)
	cut := key + "\x00cut"
	if kept, ok := d.kept(key); ok {
		return kept, nil
	}
	if kept, ok := d.kept(cut); ok && most < maxListPages {
		return kept, nil
	}
	return cloudflare.Share(ctx, d.client, fmt.Sprint(most, key), func(ctx context.Context) (keptList, error) {
		list, err := fetchPages(ctx, d.client, "/accounts/"+url.PathEscape(d.accountID)+path, params, 1000, most)
		if list.at = d.now(); err != nil {
			return list, err
		}
		if list.cut {
			d.keep(cut, list)
		} else {
			d.keep(key, list)
		}
		return list, nil
	})
}

func listKey(path string, params url.Values) string { return path + "?" + params.Encode() }

// keep keeps a list for as long as it may be, whether anybody asks for it or not.
func (d *Directory) keep(key string, list keptList) {
	d.lists.Add(key, list)
	time.AfterFunc(d.ttl, func() {
		if kept, ok := d.lists.Peek(key); ok && kept.at.Equal(list.at) {
			d.lists.Remove(key)
		}
	})
}

func (d *Directory) kept(key string) (keptList, bool) {
	kept, ok := d.lists.Get(key)
	return kept, ok && d.now().Sub(kept.at) < d.ttl
}

// fetchPages pages until a page brings nothing new: page caps differ by endpoint
// and are not all documented, and total_count is not to be trusted.
func fetchPages(ctx context.Context, client *cloudflare.Client, path string, params url.Values, perPage, most int) (keptList, error) {
	seen := map[string]bool{}
	var entries []Entry
	for page := 1; page <= most; page++ {
		q := url.Values{"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(perPage)}}
		for name, values := range params {
			q[name] = values
		}
		envelope, err := client.Get(ctx, path, q)
		if err != nil {
			return keptList{}, err
		}
		rows := gjson.ParseBytes(envelope.Result)
		if !rows.IsArray() && rows.Type != gjson.Null {
			return keptList{}, &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's list has an unexpected structure. Try again. If the problem persists, report it."}
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
			return keptList{entries: entries}, nil
		}
	}
	return keptList{entries: entries, cut: true}, nil
}

func newEntry(row gjson.Result) Entry {
	e := Entry{ID: row.Get("id").String(), Name: row.Get("name").String(), Email: row.Get("email").String()}
	if e.ID == "" {
		e.ID = row.Get("uid").String()
	}
	e.SCIM = row.Get("scim_config.enabled").Bool()
	return e
}
