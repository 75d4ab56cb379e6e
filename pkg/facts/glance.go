package facts

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// resourceID is the field of the audit log that says what was changed.
const resourceID = "resource_id"

// glancePage is the largest page that logs are known to give.
const glancePage = "1000"

// accountPath is what the addresses of the catalogue begin with.
const accountPath = "/accounts/{account_id}"

// glance has Cloudflare filter a log, in one call, instead of reading it: events
// with a value of a field. Cloudflare may ignore the filter, or leave out what
// passes it, so what comes is checked, and is no proof that there is no more.
type glance struct {
	events []event
	// full says that there may be more: other events came too, or very many.
	full bool
	// ignored says that the filter was not applied.
	ignored bool
}

func (s *session) glance(ctx context.Context, queryType, field, value string, within interval.Interval) (glance, error) {
	q, _ := catalogue.Lookup(queryType)
	f, _ := q.Field(field)
	until := "until"
	if q.Takes("before") {
		until = "before"
	}
	params := url.Values{
		"since": {within.Start().Format(timeFormat)}, until: {within.End().Format(timeFormat)},
		"direction": {"desc"}, "limit": {glancePage},
	}
	if q.Takes("per_page") {
		params.Set("per_page", glancePage)
		params.Set("page", "1")
	}
	for name, push := range f.Upstream[catalogue.Equal] {
		params.Set(name, strings.ReplaceAll(push.Template, "{value}", value))
	}
	ctx, cancel := inPart(ctx, 4)
	defer cancel()
	path, _ := strings.CutPrefix(q.Endpoint, accountPath)
	page, err := s.page(ctx, path, params, absentTTL)
	if cloudflare.KindOf(err) == cloudflare.KindBadRequest {
		return glance{full: true}, nil // A filter that is refused is of no more use.
	}
	if err != nil {
		return glance{}, err
	}
	list := gjson.ParseBytes(page.Result)
	if !list.IsArray() {
		return glance{}, errNoList
	}
	wanted, _ := query.Normalize(f, value)
	var g glance
	for n, row := range list.Array() {
		e, ok := read(q, row)
		switch {
		case !ok || !within.Contains(e.at.UnixNano()):
		case strings.EqualFold(e.text[field], wanted), field == resourceID && e.about(wanted):
			g.events = append(g.events, e)
		default:
			g.full, g.ignored = true, true
		}
		g.full = g.full || n+1 >= fullGlance || page.Info.Cursor != ""
	}
	return g, nil
}

// about says whether an entry of the audit log is about the thing with an ID: which
// resource it names is not established, so the path counts, too.
func (e event) about(id string) bool {
	return slices.Contains(strings.Split(strings.ToLower(e.text["uri"]), "/"), strings.ToLower(id))
}

// fullGlance is the number of rows from which a page counts as full: caps on
// pages differ, and are not all documented.
const fullGlance = 100

// timeFormat writes times as Cloudflare takes them.
const timeFormat = "2006-01-02T15:04:05.999Z07:00"

// read takes the values of a row that Cloudflare sent; ok says that it tells its
// time.
func read(q *catalogue.QueryType, row gjson.Result) (e event, ok bool) {
	e = event{text: map[string]string{}, json: []byte(row.Raw)}
	for _, f := range q.Fields {
		for _, path := range f.Path {
			value := row.Get(path)
			if !value.Exists() || value.Type == gjson.Null {
				continue
			}
			e.text[f.Name], _ = query.Normalize(f, value.String())
			break
		}
	}
	for _, f := range q.Fields {
		if f.Derived != nil && f.Derived.From != "" && f.NamesFrom() == "" {
			from, told := e.text[f.Derived.From]
			if cell := query.Derive(f.Derived, query.Cell{Text: from, Valid: told}, nil); cell.Valid {
				e.text[f.Name] = cell.Text
			}
		}
	}
	at, err := query.ParseInstant(q.TimeField(), e.text[q.TimeFieldName])
	e.at = at
	return e, err == nil
}
