package query

import (
	"slices"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

// refuseAlert keeps alert rules from what has nothing to count.
func (r *Request) refuseAlert(*model, Options) error {
	if r.FromAlert {
		return invalid("an alert rule cannot ask %q; use the query type access_requests with a filter such as outcome = blocked", r.Type.Name)
	}
	return nil
}

// setPart takes the part asked for. The parts have their columns, so there is
// nothing to choose, to group or to cut.
func (r *Request) setPart(m *model, _ Options) error {
	names := make([]string, len(r.Type.Parts))
	for i, p := range r.Type.Parts {
		names[i] = p.Name
	}
	switch {
	case m.Part != "" && !slices.Contains(names, m.Part):
		return invalid("%s has no part %q; allowed are %s, or none for all of them", r.Type.Name, shorten(m.Part), strings.Join(names, ", "))
	case len(m.GroupBy) > 0:
		return invalid("%s cannot be grouped; remove groupBy", r.Type.Name)
	case len(m.Fields) > 0:
		return invalid("%s has fixed columns; remove fields, or use part to get one of %s", r.Type.Name, strings.Join(names, ", "))
	}
	r.Part = m.Part
	return nil
}

// Question is what an explanation is about: a Ray ID, or a user at an application
// that is named by its ID or by its name.
type Question struct {
	RayID, UserEmail, AppUID, AppName string
	// MaskedUser says that UserEmail is what masking shows of the user.
	MaskedUser bool
}

// Question reads the filters, which setQuestion has checked.
func (r *Request) Question() Question {
	var q Question
	for _, f := range r.Filters {
		switch value := f.Values[0]; f.Field.Name {
		case "ray_id":
			q.RayID = value
		case "user_email":
			q.UserEmail, q.MaskedUser = value, f.Masked()
		case "app_uid":
			q.AppUID = value
		case "app_name":
			q.AppName = value
		}
	}
	return q
}

// setQuestion checks that the filters make one question.
func (r *Request) setQuestion(*model, Options) error {
	const allowed = "use one filter on ray_id, or one on user_email together with one on app_uid or app_name"
	seen := map[string]bool{}
	for _, f := range r.Filters {
		if seen[f.Field.Name] || len(f.Values) != 1 {
			return invalid("%s takes one value of %s; %s", r.Type.Name, f.Field.Name, allowed)
		}
		seen[f.Field.Name] = true
		if f.Field.Kind != catalogue.KindRayID && strings.TrimSpace(f.Values[0]) == "" {
			return invalid("the filter on %s has an empty value; %s", f, allowed)
		}
	}
	byUser := seen["user_email"] && seen["app_uid"] != seen["app_name"]
	if seen["ray_id"] && len(seen) == 1 || !seen["ray_id"] && byUser {
		return nil
	}
	return invalid("%s needs to know which login: %s", r.Type.Name, allowed)
}
