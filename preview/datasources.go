package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

// plugin is what the preview needs of dist/plugin.json.
type plugin struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Executable string `json:"executable"`
	Info       struct {
		Version string `json:"version"`
	} `json:"info"`

	// meta is the whole of plugin.json: the browser gets it as Grafana's plugin meta.
	meta map[string]any
	// executable is the path of the executable for this machine.
	executable string
}

// readPlugin reads the built plugin in dist.
func readPlugin(dist string) (*plugin, error) {
	text, err := os.ReadFile(filepath.Join(dist, "plugin.json"))
	if err != nil {
		return nil, fmt.Errorf("there is no built plugin, run npm run build: %w", err)
	}
	p := &plugin{}
	if err := errors.Join(json.Unmarshal(text, p), json.Unmarshal(text, &p.meta)); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dist, "plugin.json"), err)
	}
	name := fmt.Sprintf("%s_%s_%s", p.Executable, runtime.GOOS, runtime.GOARCH)
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	p.executable, err = filepath.Abs(filepath.Join(dist, name))
	return p, err
}

// dataSource is one configured data source, in the words of Grafana's provisioning files.
type dataSource struct {
	ID             int64             `yaml:"-"`
	UID            string            `yaml:"uid"`
	Name           string            `yaml:"name"`
	Type           string            `yaml:"type"`
	URL            string            `yaml:"url"`
	IsDefault      bool              `yaml:"isDefault"`
	JSONData       map[string]any    `yaml:"jsonData"`
	SecureJSONData map[string]string `yaml:"secureJsonData"`
	Version        int               `yaml:"version"`
	Updated        time.Time         `yaml:"-"`
}

// dataSources holds the settings in memory, secrets included; they never leave for the browser.
type dataSources struct {
	mu    sync.RWMutex
	byUID map[string]dataSource
}

// loadDataSources reads the plugin's data sources from the provisioning files of a folder. Without any there is one
// with empty settings.
func loadDataSources(folder string, p *plugin) (*dataSources, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.y*ml"))
	if err != nil {
		return nil, err
	}
	sources := &dataSources{byUID: map[string]dataSource{}}
	for _, file := range files {
		var content struct {
			DataSources []dataSource `yaml:"datasources"`
		}
		if err := readYAML(file, &content); err != nil {
			return nil, err
		}
		for _, source := range content.DataSources {
			if source.Type == p.ID {
				sources.add(source)
			}
		}
	}
	if len(sources.byUID) == 0 {
		sources.add(dataSource{UID: p.ID, Name: p.Name, Type: p.ID, IsDefault: true})
	}
	return sources, nil
}

func (s *dataSources) add(source dataSource) {
	source.ID = int64(len(s.byUID) + 1)
	source.Updated = time.Now()
	if source.UID == "" {
		source.UID = source.Name
	}
	if source.JSONData == nil {
		source.JSONData = map[string]any{}
	}
	s.byUID[source.UID] = source
}

func (s *dataSources) get(uid string) (dataSource, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	source, ok := s.byUID[uid]
	return source, ok
}

func (s *dataSources) list() []dataSource {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.SortedFunc(maps.Values(s.byUID), func(a, b dataSource) int { return int(a.ID - b.ID) })
}

// settingsUpdate is the part of a data source that Save & test changes.
type settingsUpdate struct {
	Name           string            `json:"name"`
	URL            string            `json:"url"`
	JSONData       map[string]any    `json:"jsonData"`
	SecureJSONData map[string]string `json:"secureJsonData"`
}

// update saves settings. As in Grafana, a secret that is not sent stays and an empty one is cleared.
func (s *dataSources) update(uid string, change settingsUpdate) (dataSource, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	source, ok := s.byUID[uid]
	if !ok {
		return source, false
	}
	secrets := map[string]string{}
	maps.Copy(secrets, source.SecureJSONData)
	maps.Copy(secrets, change.SecureJSONData)
	maps.DeleteFunc(secrets, func(_, value string) bool { return value == "" })
	if change.Name != "" {
		source.Name = change.Name
	}
	if change.JSONData == nil {
		change.JSONData = map[string]any{}
	}
	source.URL, source.JSONData, source.SecureJSONData = change.URL, change.JSONData, secrets
	source.Version++
	// The SDK makes a new instance where this time differs, to the millisecond.
	if now := time.Now(); now.Sub(source.Updated) >= time.Millisecond {
		source.Updated = now
	} else {
		source.Updated = source.Updated.Add(time.Millisecond)
	}
	s.byUID[uid] = source
	return source, true
}

var environmentVariable = regexp.MustCompile(`\$\$|\$__env\{(\w+)\}|\$\{(\w+)\}|\$(\w+)`)

// expandEnvironment replaces $NAME, ${NAME} and $__env{NAME}; $$ is a dollar sign
// (https://grafana.com/docs/grafana/latest/administration/provisioning/#using-environment-variables).
func expandEnvironment(text string) string {
	return environmentVariable.ReplaceAllStringFunc(text, func(match string) string {
		if match == "$$" {
			return "$"
		}
		groups := environmentVariable.FindStringSubmatch(match)
		return os.Getenv(groups[1] + groups[2] + groups[3])
	})
}

func readYAML(file string, into any) error {
	text, err := os.ReadFile(file) //nolint:gosec // a file of the provisioning folder that the user named
	if err != nil {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	expandNode(&document)
	if err := document.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// expandNode expands in the parsed values, so that a variable cannot add keys.
func expandNode(node *yaml.Node) {
	if expanded := expandEnvironment(node.Value); node.Kind == yaml.ScalarNode && expanded != node.Value {
		node.Value = expanded
	}
	for _, child := range node.Content {
		expandNode(child)
	}
}
