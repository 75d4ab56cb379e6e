package main

import (
	"fmt"
	"math/rand/v2"
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
// some go through the past.
func (k *soak) dashboard(r *rand.Rand, user int) dashboard {
	d := dashboard{list: panels}
	if user%2 == 1 {
		d.list = k.otherPanels
	}
	lengths := []time.Duration{time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 23 * time.Hour}
	d.length = lengths[r.IntN(len(lengths))]
	if user%4 >= 2 && r.IntN(2) == 0 {
		d.ago = time.Duration(r.Int64N(int64(soakSpan - d.length)))
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

// otherPanels are of all surfaces, and alert evaluations. Failed logins are those
// of people that the account has.
func (k *soak) otherPanels(time.Time, time.Time) []question {
	s := k.first()
	_, ids := s.logins.Column("user_id")
	failed := account.FailedLogins(ids[:5]...)
	blocked := []account.Filter{{Field: "outcome", Operator: "=", Values: []string{"blocked"}}}
	return []question{
		{name: "all logins by outcome", queryType: "login_groups", format: "time_series", groupBy: []string{"outcome"}},
		{name: "all logins", queryType: "login_groups", format: "time_series", groupBy: []string{}},
		{name: "outcomes of all logins", queryType: "login_groups", format: "table", groupBy: []string{"outcome"}, limit: 10},
		{name: "alert on all logins", queryType: "login_groups", format: "time_series", groupBy: []string{"outcome"}, alert: true},
		{name: "failed logins", queryType: "failed_logins", format: "time_series", groupBy: []string{"user_email"}, filters: failed},
		{name: "failed logins by application", queryType: "failed_logins", format: "table", groupBy: []string{"app_name"}, filters: failed, limit: 100},
		{name: "failed logins listed", queryType: "failed_logins", format: "table", filters: failed, limit: 100},
		{name: "failed logins as a log", queryType: "failed_logins", format: "logs", filters: failed, limit: 20},
		{name: "alert on blocked logins", format: "time_series", groupBy: []string{"country"}, filters: blocked, alert: true},
		{name: "blocked logins as a log", format: "logs", filters: blocked, limit: 200},
		{name: "newest logins", format: "table", limit: 500},
	}
}
