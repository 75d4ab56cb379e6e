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

// executable is the plugin's process. It starts as Grafana starts it, and again after a crash.
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
	if e.process != nil {
		e.process.Kill() // it has ended by itself; what is left are its files
	}
	process, err := launch.Start(e.path, launch.Options{GrafanaVersion: grafanaVersion, LogLevel: hclog.Warn})
	if err != nil {
		return nil, fmt.Errorf("the built plugin's executable: %w", err)
	}
	e.process = process
	return &process.Clients, nil
}

// explain turns the error of a failed call into one for people. It replaces a process that crashed at once, so only the
// call during which it crashed fails.
func (e *executable) explain(err error) error {
	if status.Code(err) != codes.Unavailable {
		return errors.New(status.Convert(err).Message())
	}
	e.stop()
	if _, startErr := e.connect(); startErr != nil {
		return fmt.Errorf("the plugin's executable crashed during this call and couldn't be restarted: %w", startErr)
	}
	return errors.New("the plugin's executable crashed during this call and is running again. Repeat the call. " +
		"The preview's output shows why it crashed")
}

// stop ends the process.
func (e *executable) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.process != nil {
		e.process.Kill()
	}
}
