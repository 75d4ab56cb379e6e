package main

import (
	"fmt"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// dashboard is what a user looks at.
type dashboard struct {
	list func(from, to time.Time) []question
	// length of the range, and how long ago it ends; 0 for now.
	length, ago time.Duration
}

// dashboard is the one that a user looks at next: most look at the last hours,
// some go through the past. Alert rules look at the last minutes.
func (k *soak) dashboard(u *visitor) dashboard {
	d := dashboard{list: panels}
	switch u.habit {
	case alerting:
		return dashboard{list: k.alertRules, length: 15 * time.Minute}
	case watchingSurfaces:
		d.list = k.otherPanels
	}
	lengths := []time.Duration{time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 23 * time.Hour}
	d.length = lengths[u.random.IntN(len(lengths))]
	if u.number%4 >= 2 && u.random.IntN(2) == 0 {
		d.ago = time.Duration(u.random.Int64N(int64(soakSpan - d.length)))
	}
	return d
}

// questions are the panels at a moment.
func (d dashboard) questions(now time.Time) []question {
	to := now.Add(-d.ago).Truncate(time.Millisecond)
	list := d.list(to.Add(-d.length), to)
	for i := range list {
		list[i].from, list[i].to, list[i].interval = to.Add(-d.length), to, max(time.Minute, (d.length/100).Truncate(time.Minute))
		list[i].name = fmt.Sprintf("%s over %s", list[i].name, d.length)
	}
	return list
}

// blockedLogins is the filter of the questions about refusals.
var blockedLogins = []account.Filter{{Field: "outcome", Operator: "=", Values: []string{"blocked"}}}

// otherPanels are of all surfaces. Failed logins are those of people that the
// account has.
func (k *soak) otherPanels(time.Time, time.Time) []question {
	s := k.first()
	_, ids := s.logins.Column("user_id")
	failed := account.FailedLogins(ids[:5]...)
	return []question{
		{name: "all logins by outcome", queryType: "login_groups", format: "time_series", groupBy: []string{"outcome"}},
		{name: "all logins", queryType: "login_groups", format: "time_series", groupBy: []string{}},
		{name: "outcomes of all logins", queryType: "login_groups", format: "table", groupBy: []string{"outcome"}, limit: 10},
		{name: "failed logins", queryType: "failed_logins", format: "time_series", groupBy: []string{"user_email"}, filters: failed},
		{name: "failed logins by application", queryType: "failed_logins", format: "table", groupBy: []string{"app_name"}, filters: failed, limit: 100},
		{name: "failed logins listed", queryType: "failed_logins", format: "table", filters: failed, limit: 100},
		{name: "failed logins as a log", queryType: "failed_logins", format: "logs", filters: failed, limit: 20},
		{name: "blocked by country", format: "time_series", groupBy: []string{"country"}, filters: blockedLogins},
		{name: "blocked logins as a log", format: "logs", filters: blockedLogins, limit: 200},
		{name: "newest logins", format: "table", limit: 500},
	}
}

// alertRules are evaluated together, and nobody in particular asks.
func (k *soak) alertRules(time.Time, time.Time) []question {
	return []question{
		{name: "alert on all logins", queryType: "login_groups", format: "time_series", groupBy: []string{"outcome"}, alert: true},
		{name: "alert on blocked logins", format: "time_series", groupBy: []string{"country"}, filters: blockedLogins, alert: true},
		{name: "alert on people who are blocked", format: "table", groupBy: []string{"user_email"}, filters: blockedLogins, limit: 1000, alert: true},
	}
}
