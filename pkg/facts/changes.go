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

// versions are the tasks to ask for the last change before the login of what was
// changed after it, where that lies further back than all changes that were read.
func (s *session) versions(ctx context.Context, n *needs) []task {
	if s.facts.Changes.From.IsZero() {
		return nil
	}
	former := s.former()
	var tasks []task
	for _, id := range s.younger(n) {
		if _, known := former[id]; known || !s.once("version "+id) {
			continue
		}
		tasks = append(tasks, task{"an earlier version of the configuration", permissionSettings, func() error {
			within := interval.Interval{From: s.login.UnixNano() - auditReach, To: s.facts.Changes.From.UnixNano()}
			found, err := s.glance(ctx, accessChanges, resourceID, id, within)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.facts.Changes.Rows = append(s.facts.Changes.Rows, jsonOf(found.events)...)
			return err
		}, nil})
	}
	return tasks
}

// younger are the IDs of the application, its policies and their groups that were
// changed after the login, and of its policies that were deleted then.
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
			ids = addID(ids, idOf(d))
		}
	}
	for _, row := range s.facts.Changes.Rows {
		if v, ok := explain.VersionOf(row); ok && v.Deleted && v.At.After(s.login) && s.isApp(v.AppID) {
			ids = addID(ids, strings.ToLower(v.ID))
		}
	}
	return ids
}
