package plugin

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/directory"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/frame"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// maxSuggestions bounds an answer of suggestions.
const maxSuggestions = 1000

// suggestion is one value to choose, with how often it was seen.
type suggestion struct {
	Text  string `json:"text"`
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// values suggests what a field can be compared with, most frequent first.
func (d *Datasource) values(r *http.Request) (any, error) {
	q, f, err := valuesOf(r)
	if err == nil {
		err = d.permit(callerOf(r.Context()), q.Name)
	}
	if err != nil {
		return nil, err
	}
	prefix := strings.ToLower(strings.TrimSpace(r.URL.Query().Get("prefix")))
	var found []suggestion
	switch {
	case f.Suggest == "none", f.Personal && d.settings.Mask == frame.MaskRedact:
		found = nil // There is nothing that could be shown and filtered by.
	case f.Suggest == "enum":
		found = d.enumerated(r, q, f)
	case f.FilterOnly || !f.Groupable:
		found, err = d.listed(r.Context(), f)
	default:
		found, err = d.seen(r, q, f)
	}
	if err != nil {
		return nil, err
	}
	out := make([]suggestion, 0, len(found))
	for _, s := range found {
		if strings.Contains(strings.ToLower(s.Text), prefix) || strings.Contains(strings.ToLower(s.Value), prefix) {
			out = append(out, s)
		}
	}
	// What starts with the prefix is what was meant, before what contains it.
	slices.SortStableFunc(out, func(a, b suggestion) int {
		return cmp.Compare(startsLate(a, prefix), startsLate(b, prefix))
	})
	return out[:min(len(out), maxSuggestions)], nil
}

func startsLate(s suggestion, prefix string) int {
	if strings.HasPrefix(strings.ToLower(s.Text), prefix) || strings.HasPrefix(strings.ToLower(s.Value), prefix) {
		return 0
	}
	return 1
}

func valuesOf(r *http.Request) (*catalogue.QueryType, *catalogue.Field, error) {
	params := r.URL.Query()
	q, ok := catalogue.Lookup(params.Get("queryType"))
	if !ok {
		return nil, nil, &query.InvalidError{Message: "queryType must be one of " + strings.Join(catalogue.Names(), ", ")}
	}
	f, ok := q.Field(params.Get("field"))
	if !ok {
		return nil, nil, &query.InvalidError{Message: "field must be one of " + catalogue.FieldNames(q.Fields)}
	}
	return q, f, nil
}

// enumerated are the values that the catalogue lists for a field, with those that
// Cloudflare has come to send since. Where the rows cannot be read, the listed ones
// have to do.
func (d *Datasource) enumerated(r *http.Request, q *catalogue.QueryType, f *catalogue.Field) []suggestion {
	var found []suggestion
	if f.Derived == nil && f.Kind == catalogue.KindEnum && f.Groupable && len(q.RequiredFilters) == 0 {
		var err error
		if found, err = d.seen(r, q, f); err != nil {
			log.DefaultLogger.FromContext(r.Context()).Debug("suggestions go without values of the rows", "field", f.Name)
		}
	}
	for _, v := range f.Values {
		i := slices.IndexFunc(found, func(s suggestion) bool { return s.Value == v.Value })
		if i < 0 {
			found = append(found, suggestion{Text: v.Text, Value: v.Value})
		} else {
			found[i].Text = v.Text
		}
	}
	return found
}

// seen counts the values of the events in the window. Names are put beside IDs
// where the account's lists have them.
func (d *Datasource) seen(r *http.Request, q *catalogue.QueryType, f *catalogue.Field) ([]suggestion, error) {
	within, err := timeRange(r, d.now())
	if err != nil {
		return nil, err
	}
	if len(q.RequiredFilters) > 0 {
		return d.listed(r.Context(), f)
	}
	rows, err := d.countValues(r.Context(), q, f, within)
	if err != nil {
		return nil, err
	}
	names := d.names(r.Context(), f)
	out := make([]suggestion, 0, len(rows))
	for _, row := range rows {
		if c := row.Key[0]; c.Valid && c.Text != "" {
			out = append(out, suggestion{Text: cmp.Or(names[strings.ToLower(c.Text)], c.Text), Value: c.Text, Count: row.Count})
		}
	}
	return out, nil
}

// timeRange is that of the parameters from and to, both included; the last 24
// hours without them.
func timeRange(r *http.Request, now time.Time) (interval.Interval, error) {
	from, to := now.Add(-24*time.Hour), now
	for name, at := range map[string]*time.Time{"from": &from, "to": &to} {
		if text := r.URL.Query().Get(name); text != "" {
			t, err := query.ParseTime(text)
			if err != nil {
				return interval.Interval{}, &query.InvalidError{Message: name + " must be epoch milliseconds or RFC 3339, such as 2026-01-31T08:00:00Z"}
			}
			*at = t
		}
	}
	if to.Before(from) {
		return interval.Interval{}, &query.InvalidError{Message: "from must not be after to"}
	}
	return interval.Inclusive(from, to), nil
}

// listed suggests from the account's lists instead of from events.
func (d *Datasource) listed(ctx context.Context, f *catalogue.Field) ([]suggestion, error) {
	entries, err := d.listOf(ctx, f)
	if err != nil {
		return nil, err
	}
	out := make([]suggestion, 0, len(entries))
	for _, e := range entries {
		value := e.ID
		if f.Kind == catalogue.KindEmail {
			value = e.Email
		}
		if value != "" {
			out = append(out, suggestion{Text: d.label(f, e, value), Value: d.masker.Show(f, value)})
		}
	}
	if f.Personal && d.masker.Hides() { // Cloudflare's order can be that of names.
		slices.SortFunc(out, func(a, b suggestion) int { return cmp.Compare(a.Value, b.Value) })
	}
	return out, nil
}

func (d *Datasource) listOf(ctx context.Context, f *catalogue.Field) ([]directory.Entry, error) {
	// Lists of the same name are resources, which may need more than the query type.
	if err := d.permit(callerOf(ctx), f.Suggest); err != nil {
		return nil, err
	}
	lists := d.surfaces.Directory()
	switch f.Suggest {
	case "users":
		return lists.UsersLike(ctx, "")
	case "apps":
		return lists.Apps(ctx)
	case "identity-providers":
		return lists.IdentityProviders(ctx)
	case "service-tokens":
		return lists.ServiceTokens(ctx)
	}
	return nil, nil
}

func (d *Datasource) label(f *catalogue.Field, e directory.Entry, value string) string {
	if f.Personal && d.masker.Hides() {
		return d.masker.Show(f, value)
	}
	return cmp.Or(e.Email, e.Name, value)
}

// names by ID in lower case; empty where the list is not allowed, because suggestions
// then still work, and Save & test names the permission that is missing.
func (d *Datasource) names(ctx context.Context, f *catalogue.Field) map[string]string {
	if f.Kind != catalogue.KindUUID || f.Personal && d.masker.Hides() {
		return nil
	}
	names := d.surfaces.Directory().Names(ctx, f.Suggest)
	if names.Problem != "" {
		log.DefaultLogger.FromContext(ctx).Debug("suggestions go without names", "field", f.Name)
	}
	return names.ByID
}
