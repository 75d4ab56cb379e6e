package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// startUp is one start of the process.
type startUp struct {
	serving, answered time.Duration
	used              usage
}

// runStartUp measures what a user waits for after Grafana started or the plugin
// was updated.
func runStartUp(ctx context.Context, b *bench) error {
	b.section("Start-up")
	var serving, answered, cpu []time.Duration
	var resident []int64
	for range repeats {
		one, err := b.startUp(ctx)
		if err != nil {
			return err
		}
		serving, answered = append(serving, one.serving), append(answered, one.answered)
		cpu, resident = append(cpu, one.used.cpu), append(resident, one.used.resident)
	}
	file, err := os.Stat(b.executablePath)
	if err != nil {
		return err
	}
	b.table([]string{"until it serves", "until the first health check is answered", "CPU", "memory", "executable"}, [][]string{{
		duration(slices.Min(serving)), duration(slices.Min(answered)), duration(slices.Min(cpu)), mib(float64(slices.Min(resident))), mib(float64(file.Size()))}})
	return nil
}

func (b *bench) startUp(ctx context.Context) (_ startUp, err error) {
	started := time.Now()
	now := started.Truncate(time.Millisecond)
	s, err := b.open(account.Config{Logins: account.NewLogins(100, now.Add(-time.Hour), now, account.Even)}, nil)
	if err != nil {
		return startUp{}, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	one := startUp{serving: time.Since(started)}
	answer, err := s.process.CheckHealth(ctx, &pluginv2.CheckHealthRequest{PluginContext: backend.ToProto().PluginContext(s.source)})
	if err != nil {
		return one, err
	}
	if answer.GetStatus() != pluginv2.CheckHealthResponse_OK {
		return one, errors.New("the health check is not OK: " + answer.GetMessage())
	}
	one.answered = time.Since(started)
	one.used, err = readUsage(s.process.PID())
	return one, err
}
