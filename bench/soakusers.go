package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// soakCancels is the share of the dashboards whose user goes away while they
// load.
const soakCancels = 0.05

// habit is what a user of Grafana does all day.
type habit int

const (
	watchingLogins   habit = iota // a dashboard of access requests
	watchingSurfaces              // a dashboard of everything
	exploring                     // one question after the other, and suggestions
	alerting                      // nothing, but their alert rules are evaluated
)

// habits are of ten users: six look at dashboards, three explore, one has alert
// rules. Eight users have each habit too.
var habits = [10]habit{watchingLogins, watchingSurfaces, exploring, watchingLogins, watchingSurfaces, alerting,
	watchingLogins, watchingSurfaces, exploring, exploring}

// visitor is a user of Grafana.
type visitor struct {
	number    int
	login     string
	habit     habit
	random    *rand.Rand
	dashboard dashboard
}

func newVisitor(number int) *visitor {
	return &visitor{number: number, login: fmt.Sprintf("user%d", number), habit: habits[number%len(habits)],
		random: rand.New(rand.NewPCG(uint64(number), 7))} //nolint:gosec // reproducible on purpose
}

// mayLeave ends some contexts while answers are under way.
func (u *visitor) mayLeave(ctx context.Context) (context.Context, context.CancelFunc) {
	if u.random.Float64() >= soakCancels {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(1+u.random.IntN(60))*time.Millisecond)
}

// explore is one step of a search: suggestions for a field, a series with a
// filter of its own, and the log behind it.
func (k *soak) explore(ctx context.Context, u *visitor, s *session) {
	ctx, cancel := u.mayLeave(ctx)
	defer cancel()
	field := []string{"app_name", "country", "connection", "user_email"}[u.random.IntN(4)]
	_, values := s.logins.Column(field)
	value := values[u.random.IntN(len(values))]
	k.suggest(ctx, u, s, field, value)
	filters := []account.Filter{{Field: field, Operator: "=", Values: []string{value}}}
	for _, q := range []question{
		{name: "explored as a series", format: "time_series", groupBy: []string{"outcome"}, filters: filters},
		{name: "explored as a log", format: "logs", filters: filters, limit: 1000},
		{name: "explored as a table", format: "table", filters: append(filters, blockedLogins...), limit: 1000},
	} {
		d := u.dashboard
		d.list = func(time.Time, time.Time) []question { return []question{q} }
		q = d.questions(time.Now())[0]
		q.login = u.login
		k.put(ctx, s, q)
	}
}

// suggest asks for the values of a field that begin as one does.
func (k *soak) suggest(ctx context.Context, u *visitor, s *session, field, value string) {
	caller := ctx
	ctx, cancel := context.WithTimeout(ctx, k.wait)
	defer cancel()
	_, values := s.logins.Column(field)
	got, err := s.suggestions(ctx, u.login, url.Values{"queryType": {"access_requests"}, "field": {field}, "prefix": {value[:1]}})
	if caller.Err() == nil {
		k.judgeSuggestions("suggestions for "+field, got, func(value string) bool { return slices.Contains(values, value) }, err)
	}
}

// suggestions are the values that the executable suggests; the error is its own
// sentence.
func (s *session) suggestions(ctx context.Context, login string, q url.Values) ([]string, error) {
	source := s.asking(login)
	stream, err := s.process.CallResource(ctx, &pluginv2.CallResourceRequest{PluginContext: backend.ToProto().PluginContext(source),
		Path: "values", Method: http.MethodGet, Url: "values?" + q.Encode()})
	if err != nil {
		return nil, err
	}
	answer, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	if answer.GetCode() != http.StatusOK {
		return nil, errors.New(string(answer.GetBody()))
	}
	var list []struct{ Value string }
	if err := json.Unmarshal(answer.GetBody(), &list); err != nil {
		return nil, fmt.Errorf("suggestions that can't be read: %w", err)
	}
	values := make([]string, len(list))
	for i, one := range list {
		values[i] = one.Value
	}
	return values, nil
}
