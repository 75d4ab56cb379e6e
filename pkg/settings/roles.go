package settings

import (
	"maps"
	"slices"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/facts"
)

// Role is what somebody is in Grafana. Greater roles may do what smaller ones may.
type Role int

// Roles, smallest first.
const (
	// Nobody is who did not sign in, such as who looks at an externally shared
	// dashboard.
	Nobody Role = iota
	Viewer
	Editor
	Admin
)

var roleNames = []string{Viewer: "Viewer", Editor: "Editor", Admin: "Admin"}

// ParseRole reads a role as Grafana writes it. Those that it gives no data, and those
// that are not known, are Nobody.
func ParseRole(text string) Role {
	if text == "Grafana Admin" {
		return Admin
	}
	return Role(max(slices.Index(roleNames[Viewer:], text)+1, 0))
}

func (r Role) String() string {
	if r == Nobody {
		return "none"
	}
	return roleNames[r]
}

// Resources that a role can be set for, beside query types. Suggestions of a field need the
// role of its query type.
const (
	Users             = "users"
	IdentityProviders = "identity-providers"
	Apps              = "apps"
	Accounts          = "accounts"
	Budget            = "budget"
)

// explain is the query type whose answers rest on facts.
const explain = "explain"

// guarded are the names of all that a role can be set for.
func guarded() []string {
	return append(catalogue.Names(), Users, IdentityProviders, Apps, Accounts, Budget)
}

// minRoles checks the setting. A name that is not known is refused, because it would
// guard nothing. An explanation shows events of other query types, so it needs the
// highest of their roles.
func (p *problems) minRoles(m map[string]string) map[string]Role {
	roles := map[string]Role{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		role := ParseRole(m[name])
		switch {
		case !slices.Contains(guarded(), name):
			p.add("minRoles names %q, which is neither a query type nor a resource; allowed are %s", name, strings.Join(guarded(), ", "))
		case role == Nobody:
			p.add("minRoles must give %s one of the roles %s", name, strings.Join(roleNames[Viewer:], ", "))
		default:
			roles[name] = role
		}
	}
	for _, shown := range facts.QueryTypes {
		if role, ok := roles[shown]; ok {
			roles[explain] = max(roles[explain], role)
		}
	}
	return roles
}
