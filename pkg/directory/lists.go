package directory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

const (
	// maxListPages ends a list whose upstream never sends an empty page.
	maxListPages = 200
	// maxListBytes bounds the rows of a list, and maxKeptBytes those of one that is
	// kept: applications hold their policies.
	maxListBytes = 32 << 20
	maxKeptBytes = 8 << 20
)

const (
	policiesPath     = "/access/policies"
	certificatesPath = "/access/certificates"
)

// pageSize is how much of a list to ask for at once. How large a page of policies or
// certificates may be is not documented; this is what comes where nothing is asked for.
func pageSize(path string) int {
	switch path {
	case policiesPath:
		return 100
	case certificatesPath:
		return 50
	}
	return 1000
}

// pathOf is where a query type's list is, within the account.
func pathOf(q *catalogue.QueryType) string {
	path, _ := strings.CutPrefix(q.Endpoint, "/accounts/{account_id}")
	return path
}

// inventories are the paths of the lists whose rows are asked for, and not only their
// names.
var inventories = func() map[string]bool {
	paths := map[string]bool{}
	for _, q := range catalogue.All() {
		if q.Inventory {
			paths[pathOf(q)] = true
		}
	}
	return paths
}()

// List is one of the account's lists, with its rows as Cloudflare sends them.
type List struct {
	Rows []json.RawMessage
	// At is when it was asked for.
	At time.Time
	// Cut says that there may be more than that.
	Cut bool
}

var (
	errNoList   = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's list has an unexpected structure. Try again. If the problem persists, report it."}
	errTooLarge = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare's list is far longer than any that the data source can show. Check the API URL and any proxy."}
	// errShort is of a list that contradicts itself: it is not all that there is.
	errShort = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "Cloudflare says that it has more rows than it sends. Check that the API token may see all of them, or look for the others in the Cloudflare dashboard."}
)

// Inventory is the whole list of a query type. Where there is an error beside rows,
// they are not all: the list contradicts itself.
func (d *Directory) Inventory(ctx context.Context, q *catalogue.QueryType) (List, error) {
	list, err := d.pages(ctx, reading{path: pathOf(q), most: maxListPages, proof: true})
	switch {
	case err != nil:
		return List{}, err
	case list.cut:
		err = errTooLarge
	case list.short():
		err = errShort
	}
	return List{Rows: list.rows, At: list.at, Cut: list.cut}, err
}

// Rows are those of the list of a query type that is an inventory, as far as so many
// pages reach. What was read before an error comes beside it.
func (d *Directory) Rows(ctx context.Context, path string, most int) (List, error) {
	list, err := d.pages(ctx, reading{path: path, most: most})
	return List{Rows: list.rows, At: list.at, Cut: list.cut}, err
}

// list is what a list has, with all pages.
func (d *Directory) list(ctx context.Context, path string, params url.Values) ([]Entry, error) {
	list, err := d.pages(ctx, reading{path: path, params: params, most: maxListPages})
	if err == nil && list.cut {
		err = fmt.Errorf("%s has more than %d pages", path, maxListPages)
	}
	return list.entries, err
}

// reading is what somebody wants of a list.
type reading struct {
	path   string
	params url.Values
	// most is how many pages may be read.
	most int
	// proof asks for what nothing can be missing from. That Cloudflare sent less than
	// was asked for, and confirms the size, is no proof: a smaller page cap, which is not
	// documented for all lists, looks the same.
	proof bool
}

// keptList is a list as far as it was read.
type keptList struct {
	entries []Entry
	// rows are there of inventories only, and bytes is how long they are together.
	rows  []json.RawMessage
	bytes int
	at    time.Time
	// pages were read; count rows were on them, of total as Cloudflare says.
	pages, count, total int
	// cut says that there may be more than that, proven that there cannot be.
	cut, proven bool
}

// short says that Cloudflare counts more rows than it sends.
func (l *keptList) short() bool { return l.total > l.count }

// serves says whether a list that was read before is what is asked for.
func (l *keptList) serves(r reading, now time.Time) bool {
	switch {
	case l.cut && l.pages < r.most:
		return false
	case r.proof && l.short(): // which can be because it changed while it was read
		return l.proven && now.Sub(l.at) < failureTTL
	}
	return l.proven || l.cut || !r.proof
}

// pages is a list as far as so many pages reach. It goes on where somebody who needed
// less has stopped.
func (d *Directory) pages(ctx context.Context, r reading) (keptList, error) {
	key := listKey(r.path, r.params)
	known := func() (keptList, bool) {
		list, ok := d.kept(key)
		return list, ok && list.serves(r, d.now())
	}
	if list, ok := known(); ok {
		return list, nil
	}
	return cloudflare.Share(ctx, d.client, fmt.Sprint(r.most, r.proof, key), func(ctx context.Context) (keptList, error) {
		if list, ok := known(); ok { // another caller's came in the meantime
			return list, nil
		}
		list, ok := d.kept(key)
		if !ok || list.proven {
			list = keptList{at: d.now()}
		}
		err := list.read(ctx, d.client, "/accounts/"+url.PathEscape(d.accountID)+r.path, pageSize(r.path), inventories[r.path], r)
		if err == nil && list.bytes <= d.keptBytes {
			d.keep(key, list)
		}
		return list, err
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

// read pages until a page brings nothing new: page caps differ by endpoint and are not
// all documented, and total_count is not to be trusted. What is asked for without proof
// also ends where Cloudflare sends less than the page size that it names.
func (l *keptList) read(ctx context.Context, client *cloudflare.Client, path string, perPage int, rows bool, r reading) error {
	l.entries, l.rows, l.cut = slices.Clip(l.entries), slices.Clip(l.rows), false // others read them
	seen := map[string]bool{}
	for _, e := range l.entries {
		seen[e.ID] = true
	}
	for l.pages < r.most {
		q := url.Values{"page": {strconv.Itoa(l.pages + 1)}, "per_page": {strconv.Itoa(perPage)}}
		maps.Copy(q, r.params)
		envelope, err := client.Get(ctx, path, q)
		if err != nil {
			return err
		}
		got, fresh, err := l.take(envelope.Result, seen, rows)
		if err != nil {
			return err
		}
		l.pages++
		l.total = max(l.total, envelope.Info.TotalCount)
		size := envelope.Info.PerPage
		switch {
		case fresh == 0, size > 0 && size < perPage && got < size:
			l.proven = true
			return nil
		case !r.proof && size > 0 && got < perPage:
			return nil
		}
	}
	l.cut = true
	return nil
}

// take adds the rows of a page that are not seen yet. Cloudflare gives each an ID.
func (l *keptList) take(page json.RawMessage, seen map[string]bool, rows bool) (got, fresh int, err error) {
	list := gjson.ParseBytes(page)
	if !list.IsArray() && list.Type != gjson.Null {
		return 0, 0, errNoList
	}
	list.ForEach(func(_, row gjson.Result) bool {
		got++
		e := newEntry(row)
		if rows {
			e.ID = cmp.Or(e.ID, row.Raw) // what is shown is not left out
		}
		if e.ID == "" || seen[e.ID] {
			return true
		}
		seen[e.ID] = true
		fresh++
		l.entries = append(l.entries, e)
		if rows {
			l.rows = append(l.rows, json.RawMessage(row.Raw))
			l.bytes += len(row.Raw)
		}
		if rows && !row.IsObject() {
			err = errNoList
		}
		if l.bytes > maxListBytes {
			err = errTooLarge
		}
		return err == nil
	})
	l.count += fresh
	return got, fresh, err
}
