package plugin

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var layoutRow = regexp.MustCompile("(?m)^\\| `pkg/(\\w+)/`")

var drawing = regexp.MustCompile("(?s)```mermaid\n(.*?)```")

// TestTheDrawingNamesFiles looks for the files of the drawing in CONTRIBUTING.md.
// A name without a folder is in that of the name before it.
func TestTheDrawingNamesFiles(t *testing.T) {
	page, err := os.ReadFile("../../CONTRIBUTING.md")
	require.NoError(t, err)
	drawn := drawing.FindSubmatch(page)
	require.NotNil(t, drawn)
	folder := ""
	names := regexp.MustCompile(`(?:(\w+)/)?(\w+\.go)`).FindAllStringSubmatch(string(drawn[1]), -1)
	require.NotEmpty(t, names)
	for _, name := range names {
		if name[1] != "" {
			folder = name[1]
		}
		require.FileExists(t, filepath.Join("..", folder, name[2]))
	}
}

// TestImportsPointDownwards holds the packages against the order in which
// CONTRIBUTING.md lists them.
func TestImportsPointDownwards(t *testing.T) {
	page, err := os.ReadFile("../../CONTRIBUTING.md")
	require.NoError(t, err)
	var order []string
	for _, row := range layoutRow.FindAllStringSubmatch(string(page), -1) {
		order = append(order, row[1])
	}
	packages, err := os.ReadDir("..")
	require.NoError(t, err)
	var names []string
	for _, p := range packages {
		if p.IsDir() {
			names = append(names, p.Name())
		}
	}
	require.ElementsMatch(t, names, order, "every package has its place")
	files, err := filepath.Glob("../*/*.go")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		require.NoError(t, err)
		from := slices.Index(order, filepath.Base(filepath.Dir(file)))
		for _, spec := range f.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			if _, to, ok := strings.Cut(path, "/cfaccess-logs-datasource/pkg/"); ok {
				require.Greater(t, slices.Index(order, to), from, "%s imports pkg/%s", file, to)
			}
			require.NotContains(t, path, "/cfaccess-logs-datasource/internal/", "%s imports what is for tests", file)
		}
	}
}
