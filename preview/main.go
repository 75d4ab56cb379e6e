// Command preview shows the built plugin in a browser where no Grafana is: it runs the plugin's executable as Grafana
// does, answers the part of Grafana's HTTP API that a data source uses, and serves a page made of Grafana's published
// packages. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

type options struct {
	port         int
	dist         string
	page         string
	provisioning string
}

func main() {
	var opts options
	flag.IntVar(&opts.port, "port", 3000, "port on 127.0.0.1, or the next free port if it is taken; 0 takes any free port")
	flag.StringVar(&opts.dist, "dist", "dist", "folder of the built plugin")
	flag.StringVar(&opts.page, "page", filepath.Join("preview", "page", "dist"), "folder of the built page")
	flag.StringVar(&opts.provisioning, "provisioning", "provisioning",
		"folder with datasources/*.yaml and dashboards/*.json, as in Grafana")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, opts); err != nil {
		fmt.Fprintln(os.Stderr, "preview:", err)
		stop()
		os.Exit(1)
	}
}

// run serves until ctx ends and then stops the plugin's executable, which would outlive this process.
func run(ctx context.Context, opts options) error {
	plugin, err := readPlugin(opts.dist)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(opts.page, "index.html")); err != nil {
		return fmt.Errorf("the page isn't built, run npm run build:preview: %w", err)
	}
	sources, err := loadDataSources(filepath.Join(opts.provisioning, "datasources"), plugin)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, opts.port)
	if err != nil {
		return err
	}
	executable := newExecutable(plugin.executable)
	defer executable.stop()
	if _, err := executable.connect(); err != nil {
		return errors.Join(err, listener.Close())
	}

	address := "http://" + listener.Addr().String()
	host := &host{plugin: plugin, sources: sources, executable: executable, address: address,
		dist: opts.dist, page: opts.page, dashboards: filepath.Join(opts.provisioning, "dashboards")}
	server := &http.Server{Handler: host.handler(), ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn)}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Printf("Preview: %s/\n", address)

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}

// listen binds to the wanted port of 127.0.0.1 or to one of the hundred after it.
func listen(ctx context.Context, port int) (net.Listener, error) {
	var config net.ListenConfig
	for candidate := port; ; candidate++ {
		listener, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(candidate)))
		if err == nil || candidate == port+100 || !errors.Is(err, syscall.EADDRINUSE) {
			return listener, err
		}
	}
}
