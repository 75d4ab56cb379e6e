package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	result "github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
)

const (
	// budgetLimit is the number of calls in five minutes.
	budgetLimit = 60
	// budgetPatience is the deadline of a question there.
	budgetPatience = 5 * time.Second
)

// runBudget asks for far more than a small rate limit allows. No call may be
// refused, and no answer may hold more than there is, or pass for complete.
func runBudget(ctx context.Context, b *bench) (err error) {
	n := 200_000
	if b.quick {
		n = 80_000
	}
	b.section("Budget")
	b.paragraph("An account that allows %d calls in five minutes, and has %s logins: more than that holds. Callers wait for %s at most. "+
		"`complete` are answers that hold all, `in part` those that say that they do not, `refused` those with an error.",
		budgetLimit, number(n), duration(budgetPatience))
	to := time.Now().Truncate(time.Millisecond)
	from := to.Add(-retention)
	end := to.Truncate(hourly)
	s, err := b.open(account.Config{Logins: account.NewLogins(n, from, to, account.Even), Minutes: account.NewMinutes(end.Add(-retention), end),
		Limit: budgetLimit}, rowsFor(n))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var many []question
	for range users {
		many = append(many, panels(from, to)...)
	}
	series := panels(from, to)[0]
	alert := series
	alert.alert = true
	month := question{name: "month", queryType: "login_groups", format: "time_series", groupBy: []string{"outcome"}, from: from, to: to, interval: hourly}
	var table [][]string
	for _, step := range []struct {
		name      string
		questions []question
	}{{"series", []question{series}}, {"dashboard", panels(from, to)}, {"ten users", many}, {"alert", []question{alert}}, {"GraphQL", []question{month}}} {
		row, err := s.askWithinBudget(ctx, step.name, step.questions)
		if err != nil {
			return err
		}
		table = append(table, row)
	}
	b.table([]string{"asked", "questions", "complete", "in part", "refused", "calls", "refused upstream", "wall"}, table)
	b.atMost("budget of 60 calls: refused by the account", float64(s.account.Counts().Refused), 0, plain)
	return nil
}

func (s *session) askWithinBudget(ctx context.Context, name string, questions []question) ([]string, error) {
	for i := range questions {
		questions[i].patience = budgetPatience
	}
	spent, answers, err := s.timed(ctx, questions...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	complete, partial, refused := 0, 0, 0
	for _, a := range answers {
		f, coverage, err := a.decode()
		switch {
		case err != nil:
			refused++
			continue
		case a.question.alert && !coverage.Complete:
			return nil, fmt.Errorf("%s: an alert was given a part", name)
		case coverage.Complete || coverage.Reason == result.ReasonLimit:
			complete++
			if a.question.queryType == "" {
				err = s.compare(a, f)
			}
		default:
			partial++
			if a.question.queryType == "" && a.question.format == "time_series" {
				err = s.compareSeries(a, f, false)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, a.question.name, err)
		}
	}
	return []string{name, number(len(questions)), number(complete), number(partial), number(refused),
		number(spent.counts.Calls()), number(spent.counts.Refused), duration(spent.wall)}, nil
}
