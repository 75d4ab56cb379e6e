package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

const (
	// namesTTL is how long names are kept, and failureTTL how long a failure is, so
	// that a dashboard doesn't ask again with each of its panels.
	namesTTL   = 10 * time.Minute
	failureTTL = time.Minute
	// staleTTL is how long names stand in for those that can't be read: a legend, or
	// the labels of an alert, should not turn into IDs because of one failed call.
	staleTTL = time.Hour
	// namesTimeout is how long a query waits for names. What comes later is there for
	// the next one.
	namesTimeout = 5 * time.Second
	// namesPages bounds what names cost: it is 10,000 entries of most lists.
	namesPages = 10
)

// Names are what the things of one of the account's lists are called.
type Names struct {
	// ByID has the names by ID in lower case. It is read-only.
	ByID map[string]string
	// Problem says in whole sentences why names are missing; it is empty where
	// Cloudflare sent the whole list.
	Problem string
}

type keptNames struct {
	Names
	read  time.Time // when Cloudflare sent them; zero if it didn't
	until time.Time // when to ask again
}

// listing is one of the account's lists, as the catalogue names it.
type listing struct {
	things     string
	permission string
	read       func(d *Directory, ctx context.Context, pages int) ([]Entry, error)
}

const (
	readsApps      = "Access: Apps and Policies Read"
	readsProviders = "Access: Organizations, Identity Providers, and Groups Read"
	readsTokens    = "Access: Service Tokens Read"
	readsUsers     = "Access: Audit Logs Read"
)

var listings = map[string]listing{
	"apps":               {"applications", readsApps, firstOf("/access/apps")},
	"identity-providers": {"identity providers", readsProviders, firstOf("/access/identity_providers")},
	"policies":           {"policies", readsApps, (*Directory).allPolicies},
	"service-tokens":     {"service tokens", readsTokens, firstOf("/access/service_tokens")},
	"users":              {"users", readsUsers, firstOf("/access/users")},
}

func firstOf(path string) func(*Directory, context.Context, int) ([]Entry, error) {
	return func(d *Directory, ctx context.Context, pages int) ([]Entry, error) {
		return d.firstPages(ctx, path, nil, pages)
	}
}

// allPolicies are the reusable policies, and those that applications hold.
func (d *Directory) allPolicies(ctx context.Context, pages int) ([]Entry, error) {
	apps, failed := d.firstPages(ctx, "/access/apps", nil, pages)
	policies, err := d.firstPages(ctx, "/access/policies", nil, pages)
	all := append([]Entry{}, policies...) // the list is kept
	for _, app := range apps {
		all = append(all, app.policies...)
	}
	if failed == nil {
		failed = err
	}
	return all, failed
}

// Names are those of a list that the catalogue names. They are asked for once for
// all queries, and kept: names change seldom, and each costs calls of the budget
// that the logs need. There are always some, if need be none with a Problem.
func (d *Directory) Names(ctx context.Context, list string) Names {
	kept, _ := d.names.Get(list)
	if d.now().Before(kept.until) {
		return kept.Names
	}
	patient, cancel := context.WithTimeout(ctx, namesTimeout)
	defer cancel()
	names, err := cloudflare.Share(patient, d.client, "names of "+list, func(ctx context.Context) (Names, error) {
		return d.readNames(ctx, list), nil
	})
	if err == nil {
		return names
	}
	problem := fmt.Sprintf("Cloudflare did not send the names of the account's %s in time.", listings[list].things)
	if ctx.Err() != nil { // the caller is in a hurry: that says nothing of the list
		return Names{Problem: problem}
	}
	return d.without(list, problem)
}

// readNames asks for a list's names, and keeps them.
func (d *Directory) readNames(ctx context.Context, list string) Names {
	l := listings[list]
	entries, err := l.read(d, ctx, namesPages)
	names := Names{ByID: make(map[string]string, len(entries))}
	for _, e := range entries {
		name := cmp.Or(e.Email, e.Name)
		if list == "users" {
			name = e.Email
		}
		for _, id := range append([]string{e.ID}, e.aliases...) {
			if id != "" && name != "" {
				names.ByID[strings.ToLower(id)] = name
			}
		}
	}
	switch {
	case errors.Is(err, errTooLong):
		names.Problem = fmt.Sprintf("The account has more %s than the data source reads the names of.", l.things)
	case err != nil && len(entries) == 0:
		return d.without(list, l.problem(err))
	case err != nil:
		names.Problem = l.problem(err)
	case len(entries) == 0:
		// Cloudflare leaves out of a list what the credentials may not see.
		names.Problem = fmt.Sprintf("Cloudflare shows these credentials no %s. Check that they may see them.", l.things)
	}
	now := d.now()
	kept := keptNames{Names: names, read: now, until: now.Add(namesTTL)}
	if err != nil && !errors.Is(err, errTooLong) {
		kept.until = now.Add(failureTTL)
	}
	d.names.Add(list, kept)
	return names
}

// without are the names where none could be read: those from before, as long as
// they are not too old. It is remembered for a while.
func (d *Directory) without(list, problem string) Names {
	now := d.now()
	kept, _ := d.names.Get(list)
	if now.Before(kept.until) { // another query was luckier
		return kept.Names
	}
	if kept.read.IsZero() || now.Sub(kept.read) > staleTTL {
		kept = keptNames{Names: Names{Problem: problem}}
	}
	kept.until = now.Add(failureTTL)
	d.names.Add(list, kept)
	return kept.Names
}

func (l listing) problem(err error) string {
	switch cloudflare.KindOf(err) {
	case cloudflare.KindPermission, cloudflare.KindAuth:
		return fmt.Sprintf("The credentials cannot read the account's %s. Add the permission %s to the API token.", l.things, l.permission)
	}
	return fmt.Sprintf("The data source could not read the account's %s. %s", l.things, err)
}
