package facts

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

const (
	// nearby is the time around a login that the timeline is about.
	nearby = interval.Hour
	// maxNearby bounds the events of each log.
	maxNearby = 500
)

// around are the tasks to read what else is known of the time around the login, the
// most telling first.
func (s *session) around(ctx context.Context) []task {
	var tasks []task
	if s.facts.UserUUID != "" {
		tasks = append(tasks, task{"the user's failed logins", permissionAudit, func() error { return s.readFailed(ctx) },
			func(m *explain.Missing) { s.facts.Failed.Missing = m }})
	}
	if s.needs().certificates {
		tasks = append(tasks, s.table(ctx, certificates, &s.facts.Certificates))
	}
	tasks = append(tasks, task{"the other logins of the time", permissionAudit, func() error { return s.readNearby(ctx) }, nil})
	if providers := s.providersWithSCIM(); s.facts.UserEmail != "" && len(providers) > 0 {
		tasks = append(tasks, task{"the SCIM updates of the user", "Access: SCIM Logs Read", func() error { return s.readSCIM(ctx, providers) }, nil})
	}
	return tasks
}

// readNames reads what the applications and service tokens of other login groups are
// called: they have IDs alone. Nothing rests on it, so that it fails is no gap.
func (s *session) readNames(ctx context.Context) {
	var apps, tokens bool
	for _, e := range s.facts.Events {
		if row := documentOf(explain.Document{JSON: e.JSON}); e.What == explain.WhatLoginGroup {
			apps = apps || !s.isApp(row.Get("appId").String())
			tokens = tokens || row.Get("serviceTokenId").String() != ""
		}
	}
	if apps && s.calls.Left() > 0 {
		s.facts.Apps.Rows, _ = s.shared(ctx, applications)
	}
	if tokens && s.calls.Left() > 0 && s.once(serviceTokens.path) {
		s.facts.ServiceTokens.Rows, _ = s.shared(ctx, serviceTokens)
	}
}

// readFailed reads the user's failed logins: that of the question, and others.
func (s *session) readFailed(ctx context.Context) error {
	found, err := s.ask(ctx, Log{QueryType: "failed_logins", Filters: map[string][]string{"user_id": {s.facts.UserUUID}},
		Within: around(s.login, nearby), Limit: maxNearby})
	if err != nil {
		return err
	}
	ray := s.rayID()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range found.events {
		if ray != "" && e.text["ray_id"] == ray && s.facts.Failed.JSON == nil {
			s.facts.Failed.JSON = e.json
			continue
		}
		s.facts.Events = append(s.facts.Events, explain.Event{What: explain.WhatFailedLogin, JSON: e.json})
	}
	return nil
}

// readJIT reads the requests for temporary access that may hold at the login.
func (s *session) readJIT(ctx context.Context) error {
	at := s.login.UnixNano()
	found, err := s.ask(ctx, Log{QueryType: "jit_requests", Limit: maxNearby,
		Within: interval.Interval{From: interval.Floor(at-before, interval.Second), To: min(at+nearby, s.end())}})
	if err != nil {
		return err
	}
	s.facts.JIT.Rows = jsonOf(found.events)
	s.readDecisions(ctx, found.events)
	if !found.complete {
		return found.why()
	}
	return nil
}

// maxDecisions bounds the requests of which it is asked when they were approved.
const maxDecisions = 2

// readDecisions reads of requests that were approved when that was: the list does
// not say.
func (s *session) readDecisions(ctx context.Context, requests []event) {
	asked := 0
	for i, e := range requests {
		approved := e.text["status"] == "APPROVED" || e.text["status"] == "SPENT"
		if !approved || !strings.EqualFold(e.text["requester_email"], s.facts.UserEmail) || e.text["app_aud"] != s.aud || asked == maxDecisions {
			continue
		}
		asked++
		whole, err := s.document(ctx, "/access/logs/jit_requests/"+url.PathEscape(e.text["knock_request_id"]), nil, momentTTL)
		if err != nil {
			s.gap("the decision about a request for temporary access", permissionAudit, err)
			continue
		}
		s.facts.JIT.Rows[i] = whole
	}
}

// readNearby reads the logins of the same user or, where nobody signed in, from the
// same address.
func (s *session) readNearby(ctx context.Context) error {
	within := around(s.login, nearby)
	if s.facts.UserEmail != "" {
		found, err := s.glance(alone(ctx), accessRequests, "user_email", s.facts.UserEmail, within)
		if err != nil {
			return err
		}
		s.keep(explain.WhatLogin, found.events, event{})
		if found.full {
			return errTooLong
		}
		return nil
	}
	filters := map[string][]string{"ipAddress": {s.address}}
	switch {
	case s.facts.UserUUID != "":
		filters = map[string][]string{"userUuid": {s.facts.UserUUID}}
	case s.address == "":
		return nil
	}
	if within = within.Clip(s.retention(loginGroups)); within.Empty() {
		return errGone
	}
	found, err := s.ask(alone(ctx), Log{QueryType: loginGroups, Filters: filters, Within: within, Limit: maxNearby})
	if err != nil {
		return err
	}
	s.keep(explain.WhatLoginGroup, found.events, event{})
	if !found.complete {
		return found.why()
	}
	return nil
}

// providersWithSCIM are the identity providers that can have told of the user.
func (s *session) providersWithSCIM() []string {
	var ids []string
	for _, row := range s.facts.IdentityProviders.Rows {
		if p := documentOf(explain.Document{JSON: row}); p.Get("scim_config.enabled").Bool() {
			ids = append(ids, p.Get("id").String())
		}
	}
	return ids
}

// readSCIM reads what identity providers told of the user.
func (s *session) readSCIM(ctx context.Context, providers []string) error {
	found, err := s.ask(alone(ctx), Log{QueryType: "scim_updates", Within: around(s.login, nearby), Limit: maxNearby, MaxRows: maxNearby,
		Filters: map[string][]string{"idp_id": providers, "resource_user_email": {s.facts.UserEmail}}})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range found.events {
		s.facts.Events = append(s.facts.Events, explain.Event{What: explain.WhatSCIMUpdate, JSON: e.json})
	}
	if !found.complete {
		return found.why()
	}
	return nil
}

func jsonOf(list []event) []json.RawMessage {
	rows := make([]json.RawMessage, len(list))
	for i, e := range list {
		rows[i] = e.json
	}
	return rows
}
