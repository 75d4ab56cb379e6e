package directory

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

const (
	// namesTTL is how long names are kept, and failureTTL how long it takes until
	// panels that only show names ask again after a failure.
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

// Names are what the things of one of the account's lists are called. Those of what
// is no list of the account are none.
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
	// failed says that the last attempt brought no names, or not all.
	failed bool
}

// listing is one of the account's lists, as the catalogue names it.
type listing struct {
	things     string
	permission string
	paths      []string
}

// Permissions of an API token, as Cloudflare names them, and what they read.
const (
	ReadsApps         = "Access: Apps and Policies Read"
	ReadsProviders    = "Access: Organizations, Identity Providers, and Groups Read"
	ReadsTokens       = "Access: Service Tokens Read"
	ReadsCertificates = "Access: Mutual TLS Certificates Read"
	ReadsZeroTrust    = "Zero Trust Read"
	readsUsers        = "Access: Audit Logs Read"
)

var listings = map[string]listing{
	"apps":               {"applications", ReadsApps, []string{"/access/apps"}},
	"identity-providers": {"identity providers", ReadsProviders, []string{"/access/identity_providers"}},
	// An application holds its policies; those that are reusable have a list besides.
	"policies":       {"policies", ReadsApps, []string{"/access/apps", policiesPath}},
	"service-tokens": {"service tokens", ReadsTokens, []string{"/access/service_tokens"}},
	"users":          {"users", readsUsers, []string{"/access/users"}},
}

// Names are those of a list that the catalogue names. They are asked for once for
// all queries, and kept: names change seldom, and each list costs calls of the budget
// that the logs need. There are always some, if need be none with a Problem.
func (d *Directory) Names(ctx context.Context, list string) Names {
	if _, ok := listings[list]; !ok {
		return Names{}
	}
	// What depends on the names, as a filter does, is worth another try.
	patient := cloudflare.SpenderOf(ctx).Purpose != cloudflare.Queries
	known := func() (Names, bool) {
		kept, _ := d.names.Get(list)
		return kept.Names, d.now().Before(kept.until) && (patient || !kept.failed)
	}
	if names, ok := known(); ok {
		return names
	}
	wait := namesTimeout
	if deadline, ok := ctx.Deadline(); ok { // what there is has to be shown in time
		wait = min(wait, time.Until(deadline)/2)
	}
	soon, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	names, err := cloudflare.Share(soon, d.client, "names of "+list, func(ctx context.Context) (Names, error) {
		if names, ok := known(); ok { // another query's came in the meantime
			return names, nil
		}
		return d.readNames(ctx, list), nil
	})
	if err == nil {
		return names
	}
	// Where the caller had no time, that says nothing of the list.
	return d.without(list, fmt.Sprintf("Cloudflare did not send the names of the account's %s in time.", listings[list].things), ctx.Err() == nil && wait == namesTimeout)
}

// readNames asks for a list's names, and keeps them.
func (d *Directory) readNames(ctx context.Context, list string) Names {
	l := listings[list]
	names := Names{ByID: map[string]string{}}
	var failed error
	for _, path := range l.paths {
		read, err := d.pages(ctx, reading{path: path, most: namesPages})
		if failed == nil {
			failed = err
		}
		if read.cut {
			names.Problem = fmt.Sprintf("The account has more %s than the data source reads the names of.", l.things)
		}
		for _, e := range read.entries {
			names.add(e)
		}
	}
	switch {
	case failed != nil && len(names.ByID) == 0:
		return d.without(list, l.problem(failed), !cloudflare.BeyondAllowance(failed))
	case failed != nil:
		names.Problem = l.problem(failed)
	case len(names.ByID) == 0:
		// Cloudflare leaves out of a list what the credentials may not see.
		names.Problem = fmt.Sprintf("Cloudflare shows these credentials no %s. Check that they may see them.", l.things)
	}
	now := d.now()
	kept := keptNames{Names: names, read: now, until: now.Add(min(namesTTL, d.keepFor)), failed: failed != nil}
	if failed != nil {
		kept.until = now.Add(failureTTL)
	}
	d.names.Add(list, kept)
	// Nothing outlives its time, whether anybody asks for it or not.
	time.AfterFunc(min(staleTTL, d.keepFor), func() {
		if last, ok := d.names.Peek(list); ok && last.read.Equal(now) {
			d.names.Remove(list)
		}
	})
	return names
}

// add names an entry, and what is within it: IDs of one kind are never those of
// another.
func (n Names) add(e Entry) {
	name := e.Name
	if e.Email != "" {
		name = e.Email
	}
	for _, id := range append([]string{e.ID}, e.aliases...) {
		if id != "" && name != "" {
			n.ByID[strings.ToLower(id)] = name
		}
	}
	for _, policy := range e.policies {
		n.add(policy)
	}
}

// without are the names where none could be read: those from before, as long as
// they are not too old. What is remembered is not asked for again for a while.
func (d *Directory) without(list, problem string, remember bool) Names {
	now := d.now()
	kept, _ := d.names.Get(list)
	if now.Before(kept.until) && !kept.failed { // another query was luckier
		return kept.Names
	}
	if kept.read.IsZero() || now.Sub(kept.read) > min(staleTTL, d.keepFor) {
		kept = keptNames{Names: Names{Problem: problem}}
	}
	kept.until, kept.failed = now.Add(failureTTL), true
	if remember {
		d.names.Add(list, kept)
	}
	return kept.Names
}

func (l listing) problem(err error) string {
	switch cloudflare.KindOf(err) {
	case cloudflare.KindPermission, cloudflare.KindAuth:
		return fmt.Sprintf("The credentials cannot read the account's %s. Add the permission %s to the API token.", l.things, l.permission)
	}
	return fmt.Sprintf("The data source could not read the account's %s. %s", l.things, err)
}
