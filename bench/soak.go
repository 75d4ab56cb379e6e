package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

const (
	// soakRefreshes are those of an hour at one in 30 seconds.
	soakRefreshes = 120
	// soakSaves is after how many refreshes somebody saves the settings of a data
	// source anew, which ends its instance and starts another one.
	soakSaves = 30
	// soakSpan is how far back the account has logins.
	soakSpan = 24 * time.Hour
	// soakShare is the share of the calls that go wrong.
	soakShare = 0.05
	// disposal is how long the executable keeps an instance whose settings were
	// changed, and a little more.
	disposal = 6 * time.Second
)

// soak is a run of dashboards against an account that misbehaves.
type soak struct {
	*bench
	faults  *account.Faults
	minutes *account.Minutes
	// sessions are of one process and one account, with a data source each. The
	// first one is replaced when its settings are saved; the other stays as it is
	// during the whole run.
	sessions [2]atomic.Pointer[session]
	every    time.Duration
	wait     time.Duration
	started  time.Time
	tally    tally
}

func runSoak(ctx context.Context, b *bench) (err error) {
	refreshes := soakRefreshes
	if b.quick {
		refreshes = 6
	}
	k := &soak{bench: b, every: b.soak / time.Duration(refreshes)}
	k.wait = min(max(5*time.Second, k.every), 20*time.Second)
	k.faults = &account.Faults{Share: soakShare, Refused: 2 * time.Second, Hang: k.wait, Slow: 2 * time.Second}
	if b.quick {
		// Enough for each fault in a few seconds.
		k.faults.Share, k.faults.Refused = 0.25, time.Second
	}
	b.section("Dashboards for hours")
	b.paragraph("%d users look at dashboards, explore, and have alert rules for %s, with a refresh every %s; %g %% of the calls go wrong. "+
		"Callers wait for %s at most. An hour has %d refreshes of 30 seconds. The data source's own times are not accelerated.",
		b.soakUsers, b.soak, duration(k.every), 100*k.faults.Share, duration(k.wait), soakRefreshes)
	if err := k.open(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.first().close()) }()
	before, err := k.rest(ctx)
	if err != nil {
		return fmt.Errorf("before the run: %w", err)
	}
	k.faults.Turn(true)
	var during []sample
	spent, err := k.first().measure(func() (err error) {
		during, err = k.look(ctx, refreshes)
		return err
	})
	if err != nil {
		return err
	}
	k.faults.Turn(false)
	if err := errors.Join(k.save(0), k.save(1)); err != nil {
		return err
	}
	after, err := k.rest(ctx)
	if err != nil {
		return fmt.Errorf("after the run: %w", err)
	}
	k.report(before, after, during, spent)
	return k.tally.wrong
}

// open starts an account whose logins go on to happen during the whole run.
func (k *soak) open() error {
	n := 50_000
	if k.quick {
		n = 5_000
	}
	now := time.Now()
	end := now.Add(k.soak + 10*time.Minute)
	k.minutes = account.NewMinutes(now.Add(-soakSpan), end)
	s, err := k.bench.open(account.Config{Logins: account.NewLogins(n, now.Add(-soakSpan), end, account.Even), Minutes: k.minutes,
		Latency: 20 * time.Millisecond, Faults: k.faults}, soakSettings)
	if err != nil {
		return err
	}
	other := *s
	if err := other.newDataSource(soakSettings); err != nil {
		return errors.Join(err, s.close())
	}
	k.sessions[0].Store(s)
	k.sessions[1].Store(&other)
	return nil
}

func (k *soak) first() *session { return k.sessions[0].Load() }

// soakSettings are of both data sources: their event log holds less than what is
// asked for, so that events are dropped and fetched again.
var soakSettings = settings{"cacheLimitMb": 2, "maxRows": 200_000}

// save saves the settings of a data source as they are. Grafana gives them a new
// time then, and the executable makes a new instance.
func (k *soak) save(which int) error {
	next := *k.sessions[which].Load()
	uid := next.source.DataSourceInstanceSettings.UID
	id := next.source.DataSourceInstanceSettings.ID
	if err := next.newDataSource(soakSettings); err != nil {
		return err
	}
	next.source.DataSourceInstanceSettings.UID, next.source.DataSourceInstanceSettings.ID = uid, id
	k.sessions[which].Store(&next)
	return nil
}

// rest asks both data sources a small question, waits until nothing runs any
// more, and samples.
func (k *soak) rest(ctx context.Context) (sample, error) {
	to := time.Now().Add(-time.Hour).Truncate(time.Minute)
	for i := range k.sessions {
		small := question{name: "small", format: "time_series", groupBy: []string{}, from: to.Add(-time.Minute), to: to, interval: time.Minute}
		if _, err := k.sessions[i].Load().checked(ctx, small); err != nil {
			return sample{}, err
		}
	}
	time.Sleep(disposal)
	return k.sample(ctx)
}

// look lets all users look at their dashboards, and samples meanwhile.
func (k *soak) look(ctx context.Context, refreshes int) ([]sample, error) {
	k.started = time.Now()
	var users sync.WaitGroup
	for user := range k.soakUsers {
		users.Go(func() { k.user(ctx, user, refreshes) })
	}
	over := make(chan struct{})
	go func() { users.Wait(); close(over) }()
	var during []sample
	var failed error
	ticker := time.NewTicker(max(k.soak/480, time.Second/2))
	defer ticker.Stop()
	for saves := 1; ; {
		select {
		case <-over:
			return during, errors.Join(failed, ctx.Err())
		case <-ticker.C:
		}
		one, err := k.sample(ctx)
		if err != nil && failed == nil {
			failed = fmt.Errorf("a sample during the run: %w", err)
		}
		during = append(during, one)
		if time.Since(k.started) > time.Duration(saves*soakSaves)*k.every {
			saves++
			failed = errors.Join(failed, k.save(0))
			k.progress("soak: %s of %s, %s", duration(time.Since(k.started)), duration(k.soak), k.tally.line())
		}
	}
}

// user is one of the Grafana users for the whole run. Each starts at a moment of
// their own. Like Grafana, a dashboard that still loads leaves out the refresh
// that is due.
func (k *soak) user(ctx context.Context, number, refreshes int) {
	u := newVisitor(number)
	u.dashboard = k.dashboard(u)
	begin := k.started.Add(k.every * time.Duration(number) / time.Duration(k.soakUsers))
	for i := range refreshes {
		if i%4 == 3 {
			u.dashboard = k.dashboard(u)
		}
		due := begin.Add(time.Duration(i) * k.every)
		if time.Since(due) > k.every {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(due)):
		}
		s := k.sessions[number*len(k.sessions)/k.soakUsers].Load()
		if u.habit == exploring {
			k.explore(ctx, u, s)
		} else {
			k.refresh(ctx, u, s)
		}
	}
}

// refresh asks for all panels of a dashboard at once, or for all alert rules,
// and checks what comes.
func (k *soak) refresh(ctx context.Context, u *visitor, s *session) {
	ctx, cancel := u.mayLeave(ctx)
	defer cancel()
	var asked sync.WaitGroup
	for _, q := range u.dashboard.questions(time.Now()) {
		if !q.alert {
			q.login = u.login
		}
		asked.Go(func() { k.put(ctx, s, q) })
	}
	asked.Wait()
}

// put asks a question and judges the answer.
func (k *soak) put(ctx context.Context, s *session, q question) {
	q.patience = k.wait
	a, err := s.ask(ctx, q)
	k.judge(s, a, err)
}
