package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-hclog"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/executable"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/plugin"
)

// grafanaVersion is the Grafana that the benchmark passes itself off as.
const grafanaVersion = "12.4.0"

// session is a process of its own with an account to ask, so that no figure
// holds anything of another case.
type session struct {
	process *executable.Process
	account *account.Account
	logins  *account.Logins
	source  backend.PluginContext
}

// settings are the data source's, beside those that every session has.
type settings map[string]any

func (b *bench) start() (*executable.Process, error) {
	level := hclog.Off
	if b.verbose {
		level = hclog.Debug
	}
	return executable.Start(b.executablePath, executable.Options{GrafanaVersion: grafanaVersion, LogLevel: level})
}

// open starts a process and an account; close ends both.
func (b *bench) open(config account.Config, more settings) (*session, error) {
	if config.Limit == 0 {
		config.Limit = account.Unlimited
	}
	a, err := account.Start(config)
	if err != nil {
		return nil, err
	}
	process, err := b.start()
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	s := &session{process: process, account: a, logins: config.Logins}
	return s, s.newDataSource(more)
}

func (s *session) close() error {
	s.process.Kill()
	return s.account.Close()
}

// newDataSource goes on with another data source of the same process, which
// knows nothing yet.
func (s *session) newDataSource(more settings) error {
	all := settings{"accountId": account.ID, "apiUrl": s.account.URL()}
	for name, value := range more {
		all[name] = value
	}
	jsonData, err := json.Marshal(all)
	if err != nil {
		return err
	}
	now := time.Now()
	s.source = backend.PluginContext{Namespace: "default", PluginID: plugin.ID,
		DataSourceInstanceSettings: &backend.DataSourceInstanceSettings{
			ID: now.UnixNano(), UID: fmt.Sprint(now.UnixNano()), Name: "bench", Type: plugin.ID, Updated: now,
			JSONData: jsonData, DecryptedSecureJSONData: map[string]string{"apiToken": account.Token},
		}}
	return nil
}

// rowsFor is the maxRows that lets all logins of an account through.
func rowsFor(n int) settings { return settings{"maxRows": max(2*n, 100_000)} }

// cost is what something took.
type cost struct {
	wall, cpu time.Duration
	counts    account.Counts
	// peak is the most memory in bytes that the process has held so far.
	peak int64
}

// merge keeps the least times, and the most of the rest.
func (c *cost) merge(o cost) {
	c.wall, c.cpu = min(c.wall, o.wall), min(c.cpu, o.cpu)
	c.peak = max(c.peak, o.peak)
	if o.counts.Calls() > c.counts.Calls() {
		c.counts = o.counts
	}
}

// measure runs something and says what it took the executable and the account.
func (s *session) measure(run func() error) (cost, error) {
	before, err := readUsage(s.process.PID())
	if err != nil {
		return cost{}, err
	}
	counts, started := s.account.Counts(), time.Now()
	runErr := run()
	wall := time.Since(started)
	after, err := readUsage(s.process.PID())
	return cost{wall, after.cpu - before.cpu, s.account.Counts().Since(counts), after.peak}, errors.Join(runErr, err)
}

// timed measures questions that are asked at the same time. Their answers are to
// be checked when nothing is measured any more.
func (s *session) timed(ctx context.Context, questions ...question) (cost, []*answer, error) {
	var answers []*answer
	spent, err := s.measure(func() (err error) {
		answers, err = s.askAll(ctx, questions...)
		return err
	})
	return spent, answers, err
}

// checked measures questions that are asked at the same time, and checks the
// answers.
func (s *session) checked(ctx context.Context, questions ...question) (cost, error) {
	spent, answers, err := s.timed(ctx, questions...)
	if err != nil {
		return spent, err
	}
	return spent, s.check(answers...)
}

// repeats is how often what is quick is measured. The least counts, as whatever
// else runs on the machine can only add.
const repeats = 5

// repeated asks a question several times. Wall and CPU are the least, calls are
// of all the times together. The last answer is returned.
func (s *session) repeated(ctx context.Context, q question) (cost, []*answer, error) {
	all, answers, err := s.timed(ctx, q)
	for i := 1; i < repeats && err == nil; i++ {
		var spent cost
		spent, answers, err = s.timed(ctx, q)
		calls := all.counts.Plus(spent.counts)
		all.merge(spent)
		all.counts = calls
	}
	return all, answers, err
}

// askAll asks questions at the same time, each in a request of its own, as
// Grafana does for the panels of a dashboard. Answers are not decoded yet.
func (s *session) askAll(ctx context.Context, questions ...question) ([]*answer, error) {
	answers, failures := make([]*answer, len(questions)), make([]error, len(questions))
	var running sync.WaitGroup
	for i, q := range questions {
		running.Go(func() { answers[i], failures[i] = s.ask(ctx, q) })
	}
	running.Wait()
	return answers, errors.Join(failures...)
}

// patience is the deadline of a question. Grafana's own default is 30 seconds;
// a million rows at 100 ms latency take longer.
const patience = 5 * time.Minute

func (s *session) ask(ctx context.Context, q question) (*answer, error) {
	wait := q.patience
	if wait == 0 {
		wait = patience
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	query, err := q.dataQuery()
	if err != nil {
		return nil, err
	}
	request := backend.ToProto().QueryDataRequest(&backend.QueryDataRequest{PluginContext: s.asking(q.login), Queries: []backend.DataQuery{query}})
	if q.alert {
		request.Headers = map[string]string{backend.FromAlertHeaderName: "true"}
	}
	a := &answer{question: q, asked: time.Now()}
	a.response, err = s.process.QueryData(ctx, request)
	a.arrived = time.Now()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.name, err)
	}
	return a, nil
}

// asking is the data source as a Grafana user asks it; nobody in particular if
// there is no login.
func (s *session) asking(login string) backend.PluginContext {
	source := s.source
	if login != "" {
		source.User = &backend.User{Login: login, Name: login, Email: login + "@example.com", Role: "Viewer"}
	}
	return source
}

// metrics are the executable's own, in the Prometheus text format.
func (s *session) metrics(ctx context.Context) ([]byte, error) {
	answer, err := s.process.CollectMetrics(ctx, &pluginv2.CollectMetricsRequest{PluginContext: backend.ToProto().PluginContext(s.source)})
	if err != nil {
		return nil, err
	}
	return answer.GetMetrics().GetPrometheus(), nil
}
