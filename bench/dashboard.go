package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// users open the dashboard at the same time.
const users = 10

// panels are the twelve of a dashboard over a range: other filters, groupings
// and formats, one account.
func panels(from, to time.Time) []question {
	is := func(field string, values ...string) []account.Filter {
		return []account.Filter{{Field: field, Operator: "=", Values: values}}
	}
	blocked := is("outcome", "blocked")
	list := []question{
		{name: "logins by outcome", format: "time_series", groupBy: []string{"outcome"}},
		{name: "blocked by country", format: "time_series", groupBy: []string{"country"}, filters: blocked},
		{name: "one application", format: "time_series", groupBy: []string{"outcome"}, filters: is("app_name", "Application 3")},
		{name: "by identity provider", format: "time_series", groupBy: []string{"connection"}},
		{name: "abroad", format: "time_series", groupBy: []string{}, filters: []account.Filter{{Field: "country", Operator: "!=", Values: []string{"GB", "IE"}}}},
		{name: "a team", format: "time_series", groupBy: []string{"app_type"}, filters: []account.Filter{{Field: "user_email", Operator: "=~", Values: []string{"^person1.@"}}}},
		{name: "countries", format: "table", groupBy: []string{"country"}, limit: 1000},
		{name: "applications", format: "table", groupBy: []string{"app_name", "outcome"}, limit: 1000},
		{name: "most blocked", format: "table", groupBy: []string{"user_email"}, filters: blocked, limit: 10},
		{name: "addresses", format: "table", groupBy: []string{"ip_address"}, filters: is("country", "US"), limit: 20},
		{name: "newest blocked", format: "table", filters: blocked, limit: 100},
		{name: "log", format: "logs", filters: is("connection", "saml"), limit: 200},
	}
	for i := range list {
		list[i].from, list[i].to, list[i].interval = from, to, hourly
	}
	return list
}

// dashboardRun is one account with the dashboard open.
type dashboardRun struct {
	rows    int
	latency time.Duration
	session *session
	// opened is when the dashboard was asked for last.
	opened time.Time

	scan, manyCold, cold, refresh, many cost
}

func runDashboard(ctx context.Context, b *bench) (err error) {
	b.section("Twelve-panel dashboard")
	b.paragraph("Twelve different panels at once over 30 days, each in a request of its own. `scan` is one unfiltered series on "+
		"another data source of the same account. `refresh` is the same dashboard %s of real time later, its range moved along; "+
		"`%d users` is the same again after as long, by %d users at once. `%d users, cold` is all of them on a data source that knows nothing.",
		duration(b.refreshAfter), users, users, users)
	var runs []*dashboardRun
	defer func() {
		for _, r := range runs {
			err = errors.Join(err, r.session.close())
		}
	}()
	for _, rows := range b.rows {
		// Logins go on to happen while the dashboard stands.
		now := time.Now()
		logins := account.NewLogins(rows, now.Add(-retention), now.Add(20*time.Minute), account.Even)
		for _, latency := range b.latencies {
			s, err := b.open(account.Config{Logins: logins, Latency: latency}, rowsFor(rows))
			if err != nil {
				return err
			}
			runs = append(runs, &dashboardRun{rows: rows, latency: latency, session: s})
		}
	}
	for _, stage := range []func(context.Context, *dashboardRun) error{b.compareScan, b.openDashboard, b.refreshDashboard, b.openByMany} {
		for _, r := range runs {
			b.progress("dashboard: %s logins at %s", number(r.rows), duration(r.latency))
			if err := stage(ctx, r); err != nil {
				return fmt.Errorf("%s logins at %s: %w", number(r.rows), duration(r.latency), err)
			}
		}
	}
	b.dashboardTable(runs)
	return nil
}

// show asks for the dashboard as a number of users at once do, and checks all
// answers.
func (r *dashboardRun) show(ctx context.Context, users int) (cost, error) {
	var questions []question
	for range users {
		to := time.Now().Truncate(time.Millisecond)
		questions = append(questions, panels(to.Add(-retention), to)...)
	}
	r.opened = time.Now()
	return r.session.checked(ctx, questions...)
}

// compareScan measures what the dashboard is compared with, each on a data
// source of its own.
func (b *bench) compareScan(ctx context.Context, r *dashboardRun) (err error) {
	to := time.Now().Truncate(time.Millisecond)
	if r.scan, err = r.session.checked(ctx, panels(to.Add(-retention), to)[0]); err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	if err := r.session.newDataSource(rowsFor(r.rows)); err != nil {
		return err
	}
	if r.manyCold, err = r.show(ctx, users); err != nil {
		return fmt.Errorf("users, cold: %w", err)
	}
	return nil
}

func (b *bench) openDashboard(ctx context.Context, r *dashboardRun) (err error) {
	if err := r.session.newDataSource(rowsFor(r.rows)); err != nil {
		return err
	}
	if r.cold, err = r.show(ctx, 1); err != nil {
		return fmt.Errorf("cold: %w", err)
	}
	return nil
}

func (b *bench) refreshDashboard(ctx context.Context, r *dashboardRun) (err error) {
	time.Sleep(time.Until(r.opened.Add(b.refreshAfter)))
	if r.refresh, err = r.show(ctx, 1); err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	return nil
}

func (b *bench) openByMany(ctx context.Context, r *dashboardRun) (err error) {
	time.Sleep(time.Until(r.opened.Add(b.refreshAfter)))
	if r.many, err = r.show(ctx, users); err != nil {
		return fmt.Errorf("users: %w", err)
	}
	return nil
}

func (b *bench) dashboardTable(runs []*dashboardRun) {
	var table [][]string
	for _, r := range runs {
		row := []string{number(r.rows), duration(r.latency), number(r.scan.counts.Calls())}
		for _, c := range []cost{r.cold, r.manyCold, r.refresh, r.many} {
			row = append(row, number(c.counts.Calls()), duration(c.wall), duration(c.cpu))
		}
		table = append(table, append(row, mib(float64(r.many.peak))))
	}
	headers := []string{"logins", "latency", "scan's calls"}
	for _, what := range []string{"cold", fmt.Sprintf("%d users, cold", users), "refresh", fmt.Sprintf("%d users", users)} {
		headers = append(headers, what+": calls", "wall", "CPU")
	}
	b.table(append(headers, "peak of three data sources"), table)
	b.worst("dashboard: calls of a scan's", runs, 1.2, times, func(r *dashboardRun) float64 {
		return float64(r.cold.counts.Calls()) / float64(r.scan.counts.Calls())
	})
	b.worst("refresh: calls", runs, 2, plain, func(r *dashboardRun) float64 { return float64(r.refresh.counts.Calls()) })
	b.worst(fmt.Sprintf("%d users: calls", users), runs, 2, plain, func(r *dashboardRun) float64 { return float64(r.many.counts.Calls()) })
}

// worst holds the run with the largest figure against a target.
func (b *bench) worst(what string, runs []*dashboardRun, target float64, format func(float64) string, figure func(*dashboardRun) float64) {
	r := slices.MaxFunc(runs, func(x, y *dashboardRun) int { return cmp.Compare(figure(x), figure(y)) })
	b.atMost(fmt.Sprintf("%s, the most of all (%s logins, %s)", what, number(r.rows), duration(r.latency)), figure(r), target, format)
}
