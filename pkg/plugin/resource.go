package plugin

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"context"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/backend/resource/httpadapter"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

// maxSuggestions bounds an answer of suggestions.
const maxSuggestions = 1000

// suggestion is one value to choose, with how often it was seen.
type suggestion struct {
	Text  string `json:"text"`
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// choice is one thing to choose from a list.
type choice struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

// newResources routes what the browser half asks for beside queries.
func newResources(d *Datasource) backend.CallResourceHandler {
	mux := http.NewServeMux()
	handle := func(path string, answer func(r *http.Request) (any, error)) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { d.serve(w, r, answer) })
	}
	handle("/values", d.values)
	handle("/users", d.users)
	handle("/identity-providers", d.entries((*surface.Directory).IdentityProviders))
	handle("/apps", d.entries((*surface.Directory).Apps))
	handle("/accounts", d.accounts)
	handle("/budget", func(*http.Request) (any, error) { return d.client.Budgets(), nil })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusNotFound, map[string]string{
			"error": "unknown resource; allowed are GET values, users, identity-providers, apps, accounts, budget"})
	})
	return httpadapter.New(mux)
}

// CallResource answers the browser half.
func (d *Datasource) CallResource(ctx context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	return d.resources.CallResource(ctx, req, sender)
}

func (d *Datasource) serve(w http.ResponseWriter, r *http.Request, answer func(*http.Request) (any, error)) {
	// The account list is what a user needs to mend a missing account.
	if d.problem != nil && (d.client == nil || r.URL.Path != "/accounts") {
		writeFailure(w, problemFailure(d.problem))
		return
	}
	ctx, cancel := inTime(r.Context())
	defer cancel()
	body, err := answer(r.WithContext(ctx))
	if err != nil {
		writeFailure(w, classify(err))
		return
	}
	writeJSON(w, http.StatusOK, body)
}

func writeFailure(w http.ResponseWriter, f failure) {
	writeJSON(w, int(f.status), map[string]string{"error": f.err.Error(), "message": f.err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		log.DefaultLogger.Error("a resource's answer cannot be written", "error", err)
		status, b = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// values suggests what a field can be compared with, most frequent first.
func (d *Datasource) values(r *http.Request) (any, error) {
	q, f, err := valuesOf(r)
	if err != nil {
		return nil, err
	}
	prefix := strings.ToLower(strings.TrimSpace(r.URL.Query().Get("prefix")))
	var found []suggestion
	switch {
	case f.Suggest == "none":
		found = nil
	case f.Suggest == "enum":
		for _, v := range f.Values {
			found = append(found, suggestion{Text: v.Text, Value: v.Value})
		}
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

// seen counts the values of the events in the window. Names are put beside IDs
// where the account's lists have them.
func (d *Datasource) seen(r *http.Request, q *catalogue.QueryType, f *catalogue.Field) ([]suggestion, error) {
	w, err := window(r, d.now())
	if err != nil {
		return nil, err
	}
	if len(q.RequiredFilters) > 0 {
		return d.listed(r.Context(), f)
	}
	rows, err := d.countValues(r.Context(), q, f, w)
	if err != nil {
		return nil, err
	}
	names := d.names(r.Context(), f)
	out := make([]suggestion, 0, len(rows))
	for _, row := range rows {
		if c := row.Key[0]; c.Valid && c.Text != "" {
			out = append(out, suggestion{Text: cmp.Or(names[c.Text], c.Text), Value: c.Text, Count: row.Count})
		}
	}
	return out, nil
}

// window is that of the parameters from and to; the last 24 hours without them.
func window(r *http.Request, now time.Time) (query.Window, error) {
	w := query.Window{From: now.Add(-24 * time.Hour), To: now}
	for name, at := range map[string]*time.Time{"from": &w.From, "to": &w.To} {
		if text := r.URL.Query().Get(name); text != "" {
			t, err := query.ParseTime(text)
			if err != nil {
				return w, &query.InvalidError{Message: name + " must be epoch milliseconds or RFC 3339, such as 2026-01-31T08:00:00Z"}
			}
			*at = t
		}
	}
	if w.To.Before(w.From) {
		return w, &query.InvalidError{Message: "from must not be after to"}
	}
	return query.Window{From: w.From.Truncate(time.Millisecond), To: w.To.Truncate(time.Millisecond)}, nil
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
			out = append(out, suggestion{Text: d.label(f, e, value), Value: d.shown(f, value)})
		}
	}
	return out, nil
}

func (d *Datasource) listOf(ctx context.Context, f *catalogue.Field) ([]surface.Entry, error) {
	directory := d.surfaces.Directory()
	switch f.Suggest {
	case "users":
		return directory.Users(ctx, "")
	case "apps":
		return directory.Apps(ctx)
	case "identity-providers":
		return directory.IdentityProviders(ctx)
	case "service-tokens":
		return directory.ServiceTokens(ctx)
	}
	return nil, nil
}

// shown masks a personal value where identities are masked.
func (d *Datasource) shown(f *catalogue.Field, value string) string {
	if disguise := d.masker.Disguise(); disguise != nil {
		return disguise(f, value)
	}
	return value
}

func (d *Datasource) label(f *catalogue.Field, e surface.Entry, value string) string {
	if f.Personal && d.masker.Disguise() != nil {
		return d.shown(f, value)
	}
	return cmp.Or(e.Email, e.Name, value)
}

// names by ID; empty where the list is not allowed, because suggestions then
// still work, and Save & test names the permission that is missing.
func (d *Datasource) names(ctx context.Context, f *catalogue.Field) map[string]string {
	if f.Kind != catalogue.KindUUID || f.Personal && d.masker.Disguise() != nil {
		return nil
	}
	entries, err := d.listOf(ctx, f)
	if err != nil {
		log.DefaultLogger.FromContext(ctx).Debug("suggestions go without names", "field", f.Name)
		return nil
	}
	names := make(map[string]string, len(entries))
	for _, e := range entries {
		names[e.ID] = cmp.Or(e.Email, e.Name)
	}
	return names
}

// users answers the users that match search. Their values are UUIDs.
func (d *Datasource) users(r *http.Request) (any, error) {
	search := strings.TrimSpace(r.URL.Query().Get("search"))
	if d.masker.Disguise() != nil {
		return nil, &query.InvalidError{Message: "users are not listed while identities are masked"}
	}
	users, err := d.surfaces.Directory().Users(r.Context(), search)
	if err != nil {
		return nil, err
	}
	return choices(users, search), nil
}

func (d *Datasource) entries(list func(*surface.Directory, context.Context) ([]surface.Entry, error)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		entries, err := list(d.surfaces.Directory(), r.Context())
		return choices(entries, ""), err
	}
}

func (d *Datasource) accounts(r *http.Request) (any, error) {
	accounts, err := surface.Accounts(r.Context(), d.client)
	return choices(accounts, ""), err
}

// choices keeps what contains search: Cloudflare may answer with more.
func choices(entries []surface.Entry, search string) []choice {
	out := make([]choice, 0, len(entries))
	for _, e := range entries {
		text := cmp.Or(e.Email, e.Name, e.ID)
		if search == "" || strings.Contains(strings.ToLower(text+" "+e.Name+" "+e.ID), strings.ToLower(search)) {
			out = append(out, choice{Text: text, Value: e.ID})
		}
	}
	return out
}
