package facts

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

const (
	accessChanges = "access_changes"
	theAuditLog   = "the audit log"

	permissionSettings = "Account Settings Read"

	// before is the time before a login whose changes the timeline tells of, after
	// the time after it whose changes are read where the login is long ago.
	before = 7 * interval.Day
	after  = interval.Day
	// auditDelay is the age by which entries of the audit log can be read; the
	// latest were seen after 450 seconds.
	auditDelay = 10 * time.Minute
	// auditReach is how long Cloudflare keeps the audit log.
	auditReach = 18 * 30 * interval.Day
	// maxAuditPages bounds what is read of the audit log: it is that of the whole
	// account, and each page is a call.
	maxAuditPages = 2
)

// readChanges reads what was changed from a week before the login to now. Of
// logins long ago, it is the changes up to a day after them. Where there are too
// many, the newest ones are known.
func (s *session) readChanges(ctx context.Context) error {
	at := s.login.UnixNano()
	within := interval.Interval{From: interval.Floor(at-before, interval.Second), To: s.end()}
	if within.Length() > 2*before {
		within.To = interval.Ceil(at+after, interval.Second)
	}
	rows, reached, err := s.auditLog(ctx, within)
	c := &s.facts.Changes
	c.Rows = rows
	if err != nil && !errors.Is(err, errTooLong) {
		return err
	}
	if c.From, c.To = reached, within.End(); err != nil {
		s.gap(theAuditLog, permissionSettings, err)
	}
	if delivered := s.now().Add(-auditDelay); c.To.After(delivered) {
		c.To = delivered
	}
	return nil
}

// auditLog reads entries that are about Access, newest first, and says how far
// back it came.
func (s *session) auditLog(ctx context.Context, within interval.Interval) (rows []json.RawMessage, reached time.Time, err error) {
	q, _ := catalogue.Lookup(accessChanges)
	path, _ := strings.CutPrefix(q.Endpoint, accountPath)
	params := url.Values{"since": {within.Start().Format(timeFormat)}, "before": {within.End().Format(timeFormat)}, "direction": {"desc"}, "limit": {glancePage}}
	reached = within.End()
	for range maxAuditPages {
		page, err := s.page(ctx, path, params, absentTTL)
		if err != nil {
			return rows, reached, err
		}
		list := gjson.ParseBytes(page.Result)
		if !list.IsArray() {
			return rows, reached, errNoList
		}
		for _, row := range list.Array() {
			e, ok := read(q, row)
			if !ok || !within.Contains(e.at.UnixNano()) {
				continue
			}
			if e.at.Before(reached) {
				reached = e.at
			}
			// The log is that of the whole account.
			if strings.Contains(e.text["uri"], "/access/") {
				rows = append(rows, e.json)
			}
		}
		if page.Info.Cursor == "" || page.Info.Cursor == params.Get("cursor") && len(list.Array()) == 0 {
			return rows, within.Start(), nil
		}
		params = url.Values{"since": params["since"], "before": params["before"], "direction": params["direction"], "limit": params["limit"], "cursor": {page.Info.Cursor}}
	}
	return rows, reached, errTooLong
}

// versions asks for the last change before the login of what was changed after
// it, where that lies further back than all changes that were read.
func (s *session) versions(ctx context.Context, n *needs) []func() {
	if s.facts.Changes.From.IsZero() {
		return nil
	}
	known := map[string]bool{}
	for _, row := range s.facts.Changes.Rows {
		if change := documentOf(explain.Document{JSON: row}); !change.Get("action.time").Time().After(s.login) {
			known[change.Get("resource.id").String()] = true
		}
	}
	var tasks []func()
	for _, id := range s.younger(n) {
		if known[id] || s.calls.Calls()+len(tasks) >= maxCalls {
			continue
		}
		tasks = append(tasks, func() {
			within := interval.Interval{From: s.login.UnixNano() - auditReach, To: s.facts.Changes.From.UnixNano()}
			found, err := s.glance(ctx, accessChanges, "resource_id", id, within)
			if err != nil {
				s.gap("an earlier version of the configuration", permissionSettings, err)
				return
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.facts.Changes.Rows = append(s.facts.Changes.Rows, jsonOf(found.events)...)
		})
	}
	return tasks
}

// younger are the IDs of the application, its policies and their groups that were
// changed after the login.
func (s *session) younger(n *needs) []string {
	documents := append(s.policies(), documentOf(s.facts.App))
	for _, row := range s.facts.AccessGroups.Rows {
		group := documentOf(explain.Document{JSON: row})
		if slices.ContainsFunc(n.groups, func(id string) bool { return strings.EqualFold(id, idOf(group)) }) {
			documents = append(documents, group)
		}
	}
	var ids []string
	for _, d := range documents {
		if updated := d.Get("updated_at").Time(); updated.After(s.login) {
			ids = addID(ids, d.Get("id").String())
		}
	}
	return ids
}
