package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// grafanaVersion is the Grafana that the preview passes itself off as: that of the @grafana packages in its page.
const grafanaVersion = "13.2.2"

// capabilities are the services of the executable that a data source answers with.
type capabilities struct {
	grpcplugin.DataClient
	grpcplugin.ResourceClient
	grpcplugin.DiagnosticsClient
}

// executable is the plugin's process. It is started as Grafana starts it
// (https://github.com/grafana/grafana/tree/main/pkg/plugins/backendplugin/grpcplugin) and again after it died.
type executable struct {
	path string

	mu      sync.Mutex
	process *goplugin.Client
	clients *capabilities
}

func newExecutable(path string) *executable {
	return &executable{path: path}
}

// connect answers with clients of a running process, which it starts where none runs.
func (e *executable) connect() (*capabilities, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.process != nil && !e.process.Exited() {
		return e.clients, nil
	}
	if _, err := os.Stat(e.path); err != nil {
		return nil, fmt.Errorf("no executable for %s/%s in the built plugin: %w", runtime.GOOS, runtime.GOARCH, err)
	}
	command := exec.Command(e.path) //nolint:gosec // the path is made of the plugin's own plugin.json
	command.Env = append(os.Environ(), "GF_VERSION="+grafanaVersion)
	process := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion:  grpcplugin.ProtocolVersion,
			MagicCookieKey:   grpcplugin.MagicCookieKey,
			MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{grpcplugin.ProtocolVersion: {
			"data":        &grpcplugin.DataGRPCPlugin{},
			"resource":    &grpcplugin.ResourceGRPCPlugin{},
			"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
		}},
		Cmd:              command,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Logger:           hclog.New(&hclog.LoggerOptions{Name: "plugin", Level: hclog.Info, Output: os.Stderr}),
	})
	clients, err := dispense(process)
	if err != nil {
		process.Kill()
		return nil, fmt.Errorf("starting %s: %w", e.path, err)
	}
	e.process, e.clients = process, clients
	return clients, nil
}

func dispense(process *goplugin.Client) (*capabilities, error) {
	connection, err := process.Client()
	if err != nil {
		return nil, err
	}
	data, dataErr := connection.Dispense("data")
	resource, resourceErr := connection.Dispense("resource")
	diagnostics, diagnosticsErr := connection.Dispense("diagnostics")
	if err := errors.Join(dataErr, resourceErr, diagnosticsErr); err != nil {
		return nil, err
	}
	clients := &capabilities{}
	var ok [3]bool
	clients.DataClient, ok[0] = data.(grpcplugin.DataClient)
	clients.ResourceClient, ok[1] = resource.(grpcplugin.ResourceClient)
	clients.DiagnosticsClient, ok[2] = diagnostics.(grpcplugin.DiagnosticsClient)
	if ok != [3]bool{true, true, true} {
		return nil, errors.New("the executable does not serve data, resource and diagnostics")
	}
	return clients, nil
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
