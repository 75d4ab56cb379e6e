// Package executable runs the plugin's executable as Grafana does: as a child
// process that answers over gRPC
// (https://github.com/grafana/grafana/tree/main/pkg/plugins/backendplugin/grpcplugin).
// The preview and the benchmark use it; it is no part of the plugin.
package executable

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
)

// Clients are the services of the executable that a data source answers with.
type Clients struct {
	grpcplugin.DataClient
	grpcplugin.ResourceClient
	grpcplugin.DiagnosticsClient
}

// Options say how a process is started.
type Options struct {
	// GrafanaVersion is the Grafana that the host passes itself off as.
	GrafanaVersion string
	// LogLevel is the least level of the executable's log that goes to standard
	// error.
	LogLevel hclog.Level
}

// Process is a running executable. It ends with Kill, or by itself.
type Process struct {
	Clients
	client *goplugin.Client
	pid    int
	// folder holds the process's socket. go-plugin would put that into the
	// temporary folder of all, where one that is killed leaves it behind.
	folder string
}

// Start starts the executable and waits until it answers. A process that does
// not is ended.
func Start(path string, o Options) (*Process, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("no executable for %s/%s: %w", runtime.GOOS, runtime.GOARCH, err)
	}
	folder, err := os.MkdirTemp("", "executable")
	if err != nil {
		return nil, err
	}
	command := exec.Command(path) //nolint:gosec // the path is the caller's own build
	command.Env = append(os.Environ(), "GF_VERSION="+o.GrafanaVersion, goplugin.EnvUnixSocketDir+"="+folder)
	p := &Process{folder: folder, client: goplugin.NewClient(&goplugin.ClientConfig{
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
		Logger:           hclog.New(&hclog.LoggerOptions{Name: "plugin", Level: o.LogLevel, Output: os.Stderr}),
	})}
	if err := p.dispense(); err != nil {
		p.Kill()
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	p.pid = command.Process.Pid
	return p, nil
}

func (p *Process) dispense() error {
	connection, err := p.client.Client()
	if err != nil {
		return err
	}
	data, dataErr := connection.Dispense("data")
	resource, resourceErr := connection.Dispense("resource")
	diagnostics, diagnosticsErr := connection.Dispense("diagnostics")
	if err := errors.Join(dataErr, resourceErr, diagnosticsErr); err != nil {
		return err
	}
	var ok [3]bool
	p.DataClient, ok[0] = data.(grpcplugin.DataClient)
	p.ResourceClient, ok[1] = resource.(grpcplugin.ResourceClient)
	p.DiagnosticsClient, ok[2] = diagnostics.(grpcplugin.DiagnosticsClient)
	if ok != [3]bool{true, true, true} {
		return errors.New("the executable does not serve data, resource and diagnostics")
	}
	return nil
}

// PID is the process's id.
func (p *Process) PID() int { return p.pid }

// Exited says whether the process has ended.
func (p *Process) Exited() bool { return p.client.Exited() }

// Kill ends the process, waits until it has, and removes what it left behind. It
// is also for a process that ended by itself.
func (p *Process) Kill() {
	p.client.Kill()
	_ = os.RemoveAll(p.folder)
}
