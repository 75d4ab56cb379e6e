// Package surface says how to fetch each query type: one file a surface. A
// surface registers itself under the name of its catalogue file, so that adding
// a query type is one JSON file and one Go file.
package surface

import (
	"context"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/columnar"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/directory"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/rest"
)

// Surface answers the questions of one query type.
type Surface interface {
	// Query fetches what the request needs and answers it. The result is the
	// caller's own: nothing in it is shared with the event log. Calls made are
	// counted in the context's cloudflare.Trace.
	Query(ctx context.Context, r *query.Request) (*answer.Result, error)
}

// Config is what surfaces share. Everything in it belongs to one data source.
type Config struct {
	Client    *cloudflare.Client
	AccountID string
	eventlog.Config
}

// shared is what a surface is made with.
type shared struct {
	Config
	queryType *catalogue.QueryType
	layout    *columnar.Layout
	events    *eventlog.Log
	directory *directory.Directory
	// find is the look-up of another query type's surface.
	find func(queryType string) (Surface, bool)
}

// constructors by query type; filled by each surface's init.
var constructors = map[string]func(shared) Surface{}

func register(queryType string, construct func(shared) Surface) {
	constructors[queryType] = construct
}

// Set holds the surfaces of one data source.
type Set struct {
	config    Config
	surfaces  map[string]Surface
	events    *eventlog.Log
	directory *directory.Directory
}

// NewSet makes every registered surface.
func NewSet(c Config) *Set {
	s := &Set{
		config: c, surfaces: map[string]Surface{}, directory: directory.New(c.Client, c.AccountID, c.KeepFor, c.Limit, c.Now),
		events: eventlog.New(c.Config),
	}
	for name, construct := range constructors {
		q, ok := catalogue.Lookup(name)
		if !ok {
			panic("catalogue: " + name + " is missing")
		}
		s.surfaces[name] = construct(shared{c, q, columnar.NewLayout(q), s.events, s.directory, s.Surface})
	}
	return s
}

// Surface finds the surface of a query type.
func (s *Set) Surface(queryType string) (Surface, bool) {
	found, ok := s.surfaces[queryType]
	return found, ok
}

// Directory looks up users, applications and the like.
func (s *Set) Directory() *directory.Directory { return s.directory }

// Stats says how much all surfaces together keep.
func (s *Set) Stats() eventlog.Stats { return s.events.Stats() }

// Forget frees all events and lists, and what surfaces keep beside them.
func (s *Set) Forget() {
	s.events.Forget()
	s.directory.Forget()
	for _, surface := range s.surfaces {
		if keeper, ok := surface.(interface{ Forget() }); ok {
			keeper.Forget()
		}
	}
}

// Close ends what runs and frees what is kept.
func (s *Set) Close() {
	s.events.Close()
	s.Forget()
}

// boundsFormat writes the ends of an interval as Cloudflare takes them; fractions
// of a second only where there are any.
const boundsFormat = "2006-01-02T15:04:05.999Z07:00"

// newList is the query type's list, before anything was learned of it.
func (s shared) newList() *rest.List { return rest.NewList(s.queryType, s.layout, s.Now) }

// pages asks the query type's log for pages, by the parameters that Cloudflare
// documents for it. Where it has limit and per_page, both are sent: how they
// combine is not documented, and one alone leaves the other at its default of 25
// or 20.
func (s shared) pages(fixed url.Values) rest.Fetch {
	return func(ctx context.Context, r rest.PageRequest) (*rest.Page, error) {
		envelope, err := s.Client.Get(ctx, s.endpoint(""), s.parameters(r, fixed))
		if err != nil {
			return nil, err
		}
		return &rest.Page{Rows: envelope.Result, PerPage: envelope.Info.PerPage, Cursor: envelope.Info.Cursor}, nil
	}
}

func (s shared) parameters(r rest.PageRequest, fixed url.Values) url.Values {
	size := strconv.Itoa(rest.PageSize)
	params := url.Values{
		"since":     {r.Since.UTC().Format(boundsFormat)},
		"until":     {r.Until.UTC().Format(boundsFormat)},
		"before":    {r.Until.UTC().Format(boundsFormat)},
		"per_page":  {size},
		"page":      {strconv.Itoa(r.Number)},
		"direction": {"desc"},
		"limit":     {size},
		"cursor":    {r.Cursor},
	}
	if r.Ascending {
		params.Set("direction", "asc")
	}
	maps.DeleteFunc(params, func(name string, values []string) bool {
		return !s.queryType.Takes(name) || values[0] == "" || name == "limit" && r.WithoutLimit
	})
	maps.Copy(params, fixed)
	for name, value := range r.Pushed {
		params.Set(name, value)
	}
	return params
}

// endpoint is the query type's address, of a user where it is a user's.
func (s shared) endpoint(user string) string {
	return strings.NewReplacer("{account_id}", url.PathEscape(s.AccountID), "{user_id}", url.PathEscape(user)).Replace(s.queryType.Endpoint)
}

// source is that of a list of events; key tells those of the query type apart.
func (s shared) source(key string, scanner eventlog.Scanner) eventlog.Source {
	return eventlog.Source{
		Key: s.queryType.Name + "\x00" + key, Type: s.queryType, Layout: s.layout, Grain: interval.Millisecond, Scanner: scanner, Directory: s.directory,
	}
}

// valuesOf are the values of all filters on a field that ask for equality.
func valuesOf(r *query.Request, field string) []string {
	var values []string
	for _, f := range r.Filters {
		if f.Field.Name == field && f.Operator == catalogue.Equal {
			values = append(values, f.Values...)
		}
	}
	return values
}
