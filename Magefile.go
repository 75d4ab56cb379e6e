//go:build mage

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	// mage:import
	build "github.com/grafana/grafana-plugin-sdk-go/build"
	"github.com/grafana/grafana-plugin-sdk-go/build/buildinfo"
)

// Default configures the default target.
var Default = build.BuildAll

func init() { _ = build.SetBeforeBuildCallback(reproducible) }

// reproducible makes the same source give the same executables, wherever and whenever they are built: the SDK writes the
// time of the build into them, Go the folder, and the state of a git repository that a copy of the source doesn't have.
// The SDK also calls it with no environment, for a manifest.
func reproducible(cfg build.Config) (build.Config, error) {
	if cfg.Env == nil {
		return cfg, nil
	}
	cfg.Env["GOFLAGS"] = strings.TrimSpace(os.Getenv("GOFLAGS") + " -trimpath -buildvcs=false")
	date, err := sourceDate()
	if err != nil {
		return cfg, err
	}
	var plugin struct{ ID string }
	var project struct{ Version string }
	if err := errors.Join(read("src/plugin.json", &plugin), read("package.json", &project)); err != nil {
		return cfg, err
	}
	cfg.CustomVars = map[string]string{}
	buildinfo.Info{Time: date.UnixMilli(), PluginID: plugin.ID, Version: project.Version}.AppendFlags(cfg.CustomVars)
	return cfg, nil
}

// sourceDate is the time of the source: SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch),
// otherwise of the newest commit; where there is no repository, now. scripts/release/sourceDate.ts does the same.
func sourceDate() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		commit, err := exec.Command("git", "log", "-1", "--format=%ct").Output()
		if err != nil {
			return time.Now(), nil
		}
		text = strings.TrimSpace(string(commit))
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH needs seconds since 1970: %w", err)
	}
	return time.Unix(seconds, 0), nil
}

func read(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
