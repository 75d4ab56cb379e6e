package plugin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/backend/resource/httpadapter"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/directory"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/frame"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/settings"
)

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
	for name, answer := range map[string]func(*http.Request) (any, error){
		settings.Users:             d.users,
		settings.IdentityProviders: d.entries((*directory.Directory).IdentityProviders),
		settings.Apps:              d.entries((*directory.Directory).Apps),
		settings.Accounts:          d.accounts,
		settings.Budget:            func(*http.Request) (any, error) { return d.client.Budgets(), nil },
	} {
		handle("/"+name, d.guardedResource(name, answer))
	}
	mux.HandleFunc("POST /forget", func(w http.ResponseWriter, r *http.Request) { d.serve(w, r, d.forget) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusNotFound, map[string]string{
			"error": "unknown resource; allowed are GET values, users, identity-providers, apps, accounts, budget, and POST forget"})
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
		d.writeFailure(w, problemFailure(d.problem))
		return
	}
	ctx, cancel := inTime(asLookup(r.Context()))
	defer cancel()
	body, err := answer(r.WithContext(ctx))
	if err == nil && d.trust != nil {
		err = d.trust.confirm(ctx)
	}
	if err != nil {
		d.writeFailure(w, classify(err))
		return
	}
	writeJSON(w, http.StatusOK, body)
}

// asLookup makes calls under the context keep to the look-ups' allowance, and to the
// part of it that the user has.
func asLookup(ctx context.Context) context.Context {
	who := cloudflare.Spender{Purpose: cloudflare.Lookups}
	if user := backend.UserFromContext(ctx); user != nil {
		who.Caller = user.Login
	}
	return cloudflare.WithSpender(ctx, who)
}

func (d *Datasource) writeFailure(w http.ResponseWriter, f failure) {
	var upstream *cloudflare.Error
	if errors.As(f.err, &upstream) && !upstream.RetryAt.IsZero() {
		seconds := max(math.Ceil(upstream.RetryAt.Sub(d.now()).Seconds()), 1)
		w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
	}
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

// users answers the users that match search. Their values are UUIDs.
func (d *Datasource) users(r *http.Request) (any, error) {
	search := strings.TrimSpace(r.URL.Query().Get("search"))
	if d.masker.Hides() {
		return nil, &query.InvalidError{Message: "the data source does not list users while it masks identities"}
	}
	users, err := d.surfaces.Directory().UsersLike(r.Context(), search)
	if err != nil {
		return nil, err
	}
	return choices(users, search), nil
}

func (d *Datasource) entries(list func(*directory.Directory, context.Context) ([]directory.Entry, error)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		entries, err := list(d.surfaces.Directory(), r.Context())
		return choices(entries, ""), err
	}
}

// forgotten is what was freed.
type forgotten struct {
	Rows  int   `json:"rows"`
	Bytes int64 `json:"bytes"`
}

// forget frees all that is kept of the account, for administrators of Grafana.
func (d *Datasource) forget(r *http.Request) (any, error) {
	if role := callerOf(r.Context()); role < settings.Admin {
		return nil, &roleError{"forget", role, settings.Admin}
	}
	kept := d.surfaces.Stats()
	d.surfaces.Forget()
	return forgotten{Rows: kept.Rows, Bytes: kept.Bytes}, nil
}

// accounts answers the accounts that the credentials reach. Cloudflare names an
// account after the person who made it, so a mask leaves its ID alone.
func (d *Datasource) accounts(r *http.Request) (any, error) {
	accounts, err := directory.Accounts(r.Context(), d.client)
	if d.settings.Mask != frame.MaskNone {
		for i := range accounts {
			accounts[i].Name = ""
		}
	}
	return choices(accounts, ""), err
}

// choices keeps what contains search: Cloudflare may answer with more.
func choices(entries []directory.Entry, search string) []choice {
	out := make([]choice, 0, len(entries))
	for _, e := range entries {
		text := cmp.Or(e.Email, e.Name, e.ID)
		if search == "" || strings.Contains(strings.ToLower(text+" "+e.Name+" "+e.ID), strings.ToLower(search)) {
			out = append(out, choice{Text: text, Value: e.ID})
		}
	}
	return out
}
