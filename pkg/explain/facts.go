// Package explain is the judge: it says why a login was decided as it was. It is
// pure. Facts go in, as Cloudflare sent them; a verdict, the checks of every rule,
// and a timeline come out. It makes no call, knows nothing of Grafana, and has no
// clock: what can't be read is itself a fact, and the answer says so.
package explain

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/tidwall/gjson"
)

// Facts is all that a judgment rests on. The zero value is a question about which
// nothing could be read; every part that is filled in makes the answer better, and
// no part is needed. Documents are Cloudflare's JSON as it came, so that a rule
// type nobody knew yet can still be shown.
type Facts struct {
	// RayID is what was asked for; empty where the question is how a login of a
	// user to an application would be decided.
	RayID string
	// ReadAt is when the configuration and the identity were read: the "now" of
	// the judgment.
	ReadAt time.Time

	// Request is the row of access_requests, Group the dimensions of the row of
	// accessLoginRequestsAdaptiveGroups (with or without the `dimensions` around
	// them), Failed the row of failed_logins. All three are of one login. A row
	// that is not there and not Missing was looked for and doesn't exist.
	Request, Group, Failed Document
	// Searched says whether the logs were read to the end of their retention, so
	// that a Ray ID that is not found is not in them. Nil is yes.
	Searched *Missing

	// UserEmail and UserUUID are who the question is about, where a filter or the
	// list of users says so. The login's own rows come before them.
	UserEmail, UserUUID string

	// App is the application as it stands at ReadAt, with its policies embedded.
	App Document
	// Apps are the account's applications. Only the timeline takes names from them.
	Apps Table
	// AppPolicies are the policies of the application where they were asked for
	// on their own; with rows, they stand for the embedded ones.
	AppPolicies Table
	// Policies are the account's reusable policies. They fill in policies that the
	// application names by ID only.
	Policies Table
	// AccessGroups, IdentityProviders, ServiceTokens and PostureRules are the
	// account's lists of these. Certificates are its mTLS root certificates.
	AccessGroups, IdentityProviders, ServiceTokens, PostureRules, Certificates Table
	// Lists are the Zero Trust lists that rules of type ip_list and email_list
	// name, by ID.
	Lists map[string]List

	// Identity is the user's last_seen_identity.
	Identity Document
	// JIT are rows of jit_requests, each with the `events` of its own page where
	// that was read. No rows and not Missing is that nobody asked for access.
	JIT Table
	// Changes are rows of Audit Logs v2 about Access.
	Changes Changes

	// Events are what else happened around the login. Who and when is checked
	// here, so more than belongs into the timeline does no harm.
	Events []Event

	// Show masks a personal value; nil shows it. It is applied to every text that
	// leaves.
	Show func(value string) string
}

// missing are the sources that a permission would open.
func (f *Facts) missing() []*Missing {
	all := []*Missing{
		f.Request.Missing, f.Group.Missing, f.App.Missing, f.AppPolicies.Missing, f.Policies.Missing, f.AccessGroups.Missing,
		f.IdentityProviders.Missing, f.ServiceTokens.Missing, f.PostureRules.Missing, f.Identity.Missing, f.JIT.Missing, f.Changes.Missing,
	}
	for _, list := range f.Lists {
		all = append(all, list.Missing)
	}
	return slices.DeleteFunc(all, func(m *Missing) bool { return m == nil || m.Permission == "" })
}

// Missing says why something could not be read, and what would make it readable.
type Missing struct {
	// Why is a clause that follows "because", without a full stop: "Cloudflare
	// refused the list of Access groups (403)".
	Why string
	// Permission is the API token permission, or the feature, that would tell;
	// empty where it is not a matter of permission.
	Permission string
}

// Document is one object from Cloudflare, or why there is none.
type Document struct {
	JSON    json.RawMessage
	Missing *Missing
}

// Table is a list of objects that have an `id`. Rows together with Missing are
// a part of the list: an ID that is not among them is not known.
type Table struct {
	Rows    []json.RawMessage
	Missing *Missing
}

// List is a Zero Trust list with its items: addresses, CIDR blocks, or e-mail
// addresses. Items with Missing are a part of it, in which only what is there is
// known.
type List struct {
	Name string
	// UpdatedAt is Cloudflare's `updated_at`; zero where it is not known.
	UpdatedAt time.Time
	Items     []string
	Missing   *Missing
}

// Changes is what is known of the configuration's past.
type Changes struct {
	// Rows are entries of Audit Logs v2 (`action`, `actor`, `raw`, `resource`), in
	// any order, also those of other applications.
	Rows []json.RawMessage
	// From and To are the range that was read to its end; zero where none was. A row
	// before From is the last change of its object before From.
	// Entries become visible up to 450 seconds late, so To is no later than that
	// before the reading.
	From, To time.Time
	// Missing says why there are no rows, or fewer than there are.
	Missing *Missing
}

// Version is an application, a policy, or a group as it was written.
type Version struct {
	At time.Time
	// AppID is the application whose policy it is; empty for all else.
	ID, AppID string
	// Document is what was written, as far as the audit log has it whole.
	Document gjson.Result
	Deleted  bool
}

// VersionOf reads what a row of the audit log wrote; ok is false where it wrote none
// of these.
func VersionOf(row json.RawMessage) (v Version, ok bool) {
	c, ok := readChange(gjson.ParseBytes(row))
	return Version{c.at, c.id, c.appID, c.doc, c.deleted}, ok
}

// What happened, as the timeline calls it.
const (
	WhatLogin        = "login"
	WhatLoginGroup   = "login_group"
	WhatFailedLogin  = "failed_login"
	WhatSCIMUpdate   = "scim_update"
	WhatAccessChange = "access_change"
	WhatJITRequest   = "jit_request"
)

// Event is a row that may belong into the timeline: What names the log it is of.
// Rows of Request, Group, Failed, JIT and Changes need not be repeated.
type Event struct {
	What string
	JSON json.RawMessage
}
