package main

import (
	"errors"
	"fmt"
	"sync"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	launch "github.com/cfaccess/cfaccess-logs-datasource/internal/executable"
)

// grafanaVersion is the Grafana that the preview passes itself off as: that of the @grafana packages in its page.
const grafanaVersion = "13.2.2"

// capabilities are the services of the executable that a data source answers with.
type capabilities = launch.Clients

// executable is the plugin's process. It is started as Grafana starts it, and again after it died.
type executable struct {
	path string

	mu      sync.Mutex
	process *launch.Process
}

func newExecutable(path string) *executable {
	return &executable{path: path}
}

// connect answers with clients of a running process, which it starts where none runs.
func (e *executable) connect() (*capabilities, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.process != nil && !e.process.Exited() {
		return &e.process.Clients, nil
	}
	process, err := launch.Start(e.path, launch.Options{GrafanaVersion: grafanaVersion, LogLevel: hclog.Warn})
	if err != nil {
		return nil, fmt.Errorf("the built plugin's executable: %w", err)
	}
	e.process = process
	return &process.Clients, nil
}

// explain turns the error of a failed call into one for people. A process that died is replaced at once, so that only
// the call that it died in fails.
func (e *executable) explain(err error) error {
	if status.Code(err) != codes.Unavailable {
		return errors.New(status.Convert(err).Message())
	}
	e.stop()
	if _, startErr := e.connect(); startErr != nil {
		return fmt.Errorf("the plugin's executable died during this call and could not be started again: %w", startErr)
	}
	return errors.New("the plugin's executable died during this call. It is running again: repeat the call. " +
		"Its last words are in the preview's output")
}

// stop ends the process.
func (e *executable) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.process != nil {
		e.process.Kill()
	}
}
