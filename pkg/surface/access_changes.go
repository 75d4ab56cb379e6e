package surface

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/eventlog"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/rest"
)

func init() {
	register("access_changes", func(s shared) Surface { return &accessChanges{shared: s, list: s.newList()} })
}

// accessChanges are the entries of the account's audit log that are about Access.
type accessChanges struct {
	shared
	list *rest.List
	// told is set once an entry told its URI.
	told atomic.Bool
}

func (s *accessChanges) Query(ctx context.Context, r *query.Request) (*answer.Result, error) {
	pages := s.ofAccess(s.pages(nil))
	source := s.source("", s.list.Scanner(pages, nil))
	source.Pushing = func(params map[string]string) eventlog.Scanner { return s.list.Scanner(pages, params) }
	return s.events.Query(ctx, r, source)
}

// ofAccess takes what is not about Access out of pages: the audit log is of the
// whole account, and its filter on the URI takes whole ones only.
func (s *accessChanges) ofAccess(fetch rest.Fetch) rest.Fetch {
	return func(ctx context.Context, r rest.PageRequest) (*rest.Page, error) {
		page, err := fetch(ctx, r)
		if err != nil {
			return nil, err
		}
		list := gjson.ParseBytes(page.Rows)
		if !list.IsArray() {
			return page, nil
		}
		kept := []byte{'['}
		list.ForEach(func(_, row gjson.Result) bool {
			raw, uri := row.Get("raw"), row.Get("raw.uri")
			if uri.Type == gjson.String {
				s.told.Store(true)
			}
			switch at, err := query.ParseInstant(s.queryType.TimeField(), row.Get("action.time").String()); {
			case strings.Contains(uri.String(), "/access/"), uri.Type == gjson.JSON, raw.Type != gjson.Null && !raw.IsObject():
				// What cannot be read may be about Access. It stays, so that the answer says
				// that it is in doubt.
				if len(kept) > 1 {
					kept = append(kept, ',')
				}
				kept = append(kept, row.Raw...)
			case err == nil:
				page.Others = append(page.Others, at.UnixNano())
			}
			return true
		})
		page.Rows = append(kept, ']')
		if len(list.Array()) > 0 && !s.told.Load() {
			page.Doubt = errNoURI
		}
		return page, nil
	}
}

var errNoURI = &cloudflare.Error{Kind: cloudflare.KindMalformed, Message: "None of the entries of Cloudflare's audit log has raw.uri, so the data source cannot know which ones are about Access. Look at them in the Cloudflare dashboard."}
