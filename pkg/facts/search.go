package facts

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

const (
	accessRequests = "access_requests"
	loginGroups    = "login_groups"

	// maxOfRay bounds the events of one Ray ID: a session has several.
	maxOfRay = 20
	// maxScanned bounds a search through events for one that cannot be asked for.
	maxScanned = 3000
	// maxSearching is how many calls the search for a login takes: the others are for
	// why it was decided so.
	maxSearching = 10
	// apart is how far the times of one login may lie apart in Cloudflare's APIs.
	apart = 5 * interval.Minute

	loginGroupsOf       = "the login groups of GraphQL"
	permissionAudit     = "Access: Audit Logs Read"
	permissionAnalytics = "Account Analytics Read"
)

// findLogin finds the login that is asked about: by its Ray ID wherever it is, or
// the latest one of the user to the application.
func (s *session) findLogin(ctx context.Context) error {
	if s.question.RayID == "" {
		s.findByUser(ctx)
		return ctx.Err()
	}
	direct, err := s.glance(ctx, accessRequests, "ray_id", s.question.RayID, s.retention(accessRequests))
	switch {
	case err != nil:
		s.facts.Request.Missing = s.gap("the log of logins", permissionAudit, err)
	case s.takeRequest(direct.events):
		return nil // Its login group is read together with the rest.
	}
	ray := map[string][]string{"ray_id": {s.question.RayID}}
	groups := s.findGroup(ctx, s.retention(loginGroups))
	switch {
	case s.found && err == nil:
		s.findBeside(ctx, ray, direct.ignored)
	case err == nil:
		s.findOutward(ctx, ray, !direct.full)
	}
	if !s.found && (s.facts.Request.Missing != nil || !groups) {
		s.facts.Searched = firstMissing(s.facts.Searched, s.facts.Request.Missing, s.facts.Group.Missing)
	}
	return ctx.Err()
}

// findGroup reads the groups with the Ray ID, by which GraphQL filters for certain,
// and says whether that worked out.
func (s *session) findGroup(ctx context.Context, within interval.Interval) bool {
	groups, err := s.readGroups(ctx, within)
	if err != nil {
		s.facts.Group.Missing = s.gap(loginGroupsOf, permissionAnalytics, err)
		return false
	}
	s.takeGroup(groups)
	return true
}

// readGroups reads the groups with the Ray ID of the login.
func (s *session) readGroups(ctx context.Context, within interval.Interval) ([]event, error) {
	ray := s.rayID()
	s.groupsRead = true
	switch {
	case ray == "":
		return nil, nil
	case within.Empty():
		return nil, errGone
	}
	ctx, cancel := inPart(ctx, 4)
	defer cancel()
	found, err := s.ask(ctx, Log{QueryType: loginGroups, Filters: map[string][]string{"cfRayId": {ray}}, Within: within, Limit: maxOfRay})
	if err == nil && !found.complete && len(found.events) == 0 {
		err = found.why()
	}
	return found.events, err
}

// findBeside reads the login that a group is of; logins without an identity have
// none. Where Cloudflare ignores the Ray ID, those of so short a time are few.
func (s *session) findBeside(ctx context.Context, ray map[string][]string, ignored bool) {
	at := s.login.UnixNano()
	if ignored {
		if near, err := s.glance(ctx, accessRequests, "ray_id", s.question.RayID, around(s.login, apart)); err == nil && s.takeRequest(near.events) {
			return
		}
	}
	found, err := s.ask(ctx, Log{QueryType: accessRequests, Filters: ray, Limit: maxOfRay, MaxRows: maxScanned,
		Within: interval.Interval{From: interval.Floor(at-apart, interval.Second), To: min(at+apart, s.end())}})
	switch {
	case err != nil:
	case s.takeRequest(found.events) || found.complete:
		return
	default:
		err = found.why()
	}
	s.facts.Request.Missing = s.gap("the log of logins", permissionAudit, err)
}

// findOutward looks for the Ray ID among the events themselves: from the newest
// backwards, and before that in the time range where it is a past one, as people
// choose it for that. Where Cloudflare gave nothing at all for the ID, most likely
// there is nothing.
func (s *session) findOutward(ctx context.Context, ray map[string][]string, nothing bool) {
	if nothing && s.findsKnown(ctx) {
		return
	}
	all := s.retention(accessRequests)
	places := []interval.Interval{all}
	if past := s.within.Clip(all); past.To < all.To-interval.Minute {
		places = []interval.Interval{past, all}
	}
	for _, place := range places {
		if place.Empty() || s.calls.Left() == 0 {
			continue
		}
		found, err := s.ask(ctx, Log{QueryType: accessRequests, Filters: ray, Within: place, Limit: maxOfRay, MaxRows: maxScanned, Unpushed: true})
		switch {
		case cloudflare.BeyondBound(err):
		case err != nil:
			s.facts.Request.Missing = s.gap("the log of logins", permissionAudit, err)
			return
		case s.takeRequest(found.events), found.complete && place == all:
			return
		}
	}
	s.facts.Searched = s.gap("the log of logins", "", errTooManyLogins)
}

// findsKnown says whether Cloudflare finds the newest login by its Ray ID, so that
// it can be trusted where it finds none.
func (s *session) findsKnown(ctx context.Context) bool {
	known, err := s.ask(ctx, Log{QueryType: accessRequests, Within: around(s.now(), interval.Day).Clip(s.retention(accessRequests)), Limit: 1})
	if err != nil || len(known.events) == 0 {
		return false
	}
	newest := known.events[0]
	found, err := s.glance(ctx, accessRequests, "ray_id", newest.text["ray_id"], around(newest.at, apart))
	return err == nil && len(found.events) > 0
}

// findByUser finds the latest login of the user to the application, whatever the case
// of either's name.
func (s *session) findByUser(ctx context.Context) {
	s.appUID = s.question.AppUID
	within := s.within.Clip(s.retention(accessRequests))
	if within.Empty() {
		return
	}
	direct, err := s.glance(ctx, accessRequests, "user_email", s.facts.UserEmail, within)
	if s.takeLatest(direct.events) {
		return
	}
	var found events
	if err == nil {
		// Whether case counts upstream is not known, nor whether the filter is applied.
		found, err = s.ask(ctx, Log{QueryType: accessRequests, Filters: map[string][]string{"user_email": {s.facts.UserEmail}}, Within: within, Limit: maxNearby, MaxRows: maxScanned})
	}
	switch {
	case s.takeLatest(found.events):
	case err == nil && !found.complete:
		err = found.why()
	case err == nil:
		s.remark("The user has no login to the application in the time range, so this says how Access would decide now.")
	}
	if err != nil {
		s.facts.Request.Missing = s.gap("the log of logins", permissionAudit, err)
	}
}

// takeLatest takes the latest of a user's logins to the application.
func (s *session) takeLatest(events []event) bool {
	field, wanted := "app_uid", s.question.AppUID
	if wanted == "" {
		field, wanted = "app_name", s.question.AppName
	}
	toApp := slices.DeleteFunc(slices.Clone(events), func(e event) bool { return !strings.EqualFold(e.text[field], wanted) })
	if len(toApp) == 0 {
		return false
	}
	return s.takeRequest([]event{slices.MaxFunc(toApp, func(a, b event) int { return a.at.Compare(b.at) })})
}

// takeRequest takes the login that was blocked, or else the newest one, of events
// that share a Ray ID: a session has one for several paths and applications.
func (s *session) takeRequest(events []event) bool {
	if len(events) == 0 {
		return false
	}
	chosen := slices.MaxFunc(events, func(a, b event) int { return preference(a).Compare(preference(b)) })
	if len(events) > 1 {
		s.remark(fmt.Sprintf("%d events have this Ray ID. The answer is about the one at %s, the newest that was blocked or, where none was, the newest of all. The timeline has the others.",
			len(events), chosen.at.Format(time.RFC3339)))
	}
	s.found, s.login = true, chosen.at
	s.facts.Request = explain.Document{JSON: chosen.json}
	s.appUID, s.domain, s.address = chosen.text["app_uid"], chosen.text["app_domain"], chosen.text["ip_address"]
	s.facts.UserEmail, s.facts.UserUUID = chosen.text["user_email"], chosen.text["user_id"]
	s.keep(explain.WhatLogin, events, chosen)
	return true
}

// preference orders logins by how likely somebody asks about them: a blocked one
// before all that were not, and later ones before earlier ones.
func preference(e event) time.Time {
	if e.text["outcome"] == explain.OutcomeBlocked {
		return e.at.AddDate(100, 0, 0)
	}
	return e.at
}

// takeGroup takes the group of the login: the one of the same application and
// outcome, as far as there is a choice, that lies nearest to it.
func (s *session) takeGroup(events []event) {
	if len(events) == 0 {
		return
	}
	chosen := events[0]
	if s.found {
		login := documentOf(s.facts.Request)
		distance := func(e event) time.Duration {
			d := e.at.Sub(s.login).Abs()
			if s.appUID != "" && e.text["appId"] != "" && !strings.EqualFold(s.appUID, e.text["appId"]) {
				d += 2 * time.Hour
			}
			if allowed := login.Get("allowed"); allowed.Exists() && allowed.Bool() != (e.text["outcome"] == explain.OutcomeAllowed) {
				d += time.Hour
			}
			return d
		}
		chosen = slices.MinFunc(events, func(a, b event) int { return int(distance(a) - distance(b)) })
	} else {
		chosen = slices.MaxFunc(events, func(a, b event) int { return preference(a).Compare(preference(b)) })
		s.found, s.login = true, chosen.at
	}
	s.facts.Group = explain.Document{JSON: chosen.json}
	s.appUID = cmp.Or(s.appUID, chosen.text["appId"])
	s.address = cmp.Or(s.address, chosen.text["ipAddress"])
	s.facts.UserUUID = cmp.Or(s.facts.UserUUID, chosen.text["userUuid"])
	s.keep(explain.WhatLoginGroup, events, chosen)
}

// keep has the timeline show events, each once, but for the one that is the login.
func (s *session) keep(what string, events []event, but event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken[but.key()] = true
	for _, e := range events {
		if !s.taken[e.key()] {
			s.taken[e.key()] = true
			s.facts.Events = append(s.facts.Events, explain.Event{What: what, JSON: e.json})
		}
	}
}

// rayID is that of the question, or of the login that was found for it.
func (s *session) rayID() string {
	if s.question.RayID != "" {
		return s.question.RayID
	}
	id, _ := query.NormalizeRayID(documentOf(s.facts.Request).Get("ray_id").String())
	return id
}

// retention is what Cloudflare may still have of a query type's events.
func (s *session) retention(queryType string) interval.Interval {
	days := 180
	if q, ok := catalogue.Lookup(queryType); ok && q.Retention.MaxDays > 0 {
		days = q.Retention.MaxDays
	}
	// Whole minutes let questions that follow each other share what is kept.
	return interval.Interval{From: interval.Floor(s.now().AddDate(0, 0, -days).UnixNano(), interval.Minute), To: s.end()}
}

func (s *session) end() int64 { return interval.Ceil(s.now().UnixNano()+1, interval.Minute) }

// around is the time so near to an instant.
func around(at time.Time, distance int64) interval.Interval {
	d := time.Duration(distance)
	return interval.Inclusive(at.Add(-d), at.Add(d))
}
