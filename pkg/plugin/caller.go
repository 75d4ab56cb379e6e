package plugin

import (
	"context"
	"fmt"
	"net/http"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/settings"
)

// roleOf is the role of who asks. Grafana tells of everybody who comes with a browser,
// also of those who look at an externally shared dashboard, who have no role
// (pkg/services/publicdashboards: buildAnonymousUser). It evaluates alert rules as a
// user of its own with the role Admin (pkg/services/ngalert/schedule: SchedulerUserFor).
// A browser can send the header that marks evaluations, so it counts only where there is
// no user at all, which no browser can bring about.
func roleOf(user *backend.User, alert bool) settings.Role {
	switch {
	case user != nil:
		return settings.ParseRole(user.Role)
	case alert:
		return settings.Admin
	}
	return settings.Nobody
}

// roleError is what somebody's role does not allow.
type roleError struct {
	name        string
	role, least settings.Role
}

func (e *roleError) Error() string {
	return fmt.Sprintf("your role in Grafana is %s, and this data source answers %s to the role %s or a higher one only; ask an administrator of Grafana",
		e.role, e.name, e.least)
}

// permit says whether a role may ask for a query type or a resource.
func (d *Datasource) permit(role settings.Role, name string) error {
	if least := d.settings.MinRoles[name]; role < least {
		return &roleError{name, role, least}
	}
	return nil
}

// guardedResource makes a resource answer only to who may ask for it.
func (d *Datasource) guardedResource(name string, answer func(*http.Request) (any, error)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		if err := d.permit(callerOf(r.Context()), name); err != nil {
			return nil, err
		}
		return answer(r)
	}
}

// callerOf is the role of who asks for a resource. Grafana evaluates nothing with
// resources, so the mark of an evaluation says nothing there.
func callerOf(ctx context.Context) settings.Role {
	return roleOf(backend.UserFromContext(ctx), false)
}
