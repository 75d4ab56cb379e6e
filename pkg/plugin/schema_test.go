package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/pluginschema"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/settings"
)

// loadSchema reads the generated schema as Grafana's API server does.
func loadSchema(t *testing.T) *pluginschema.PluginSchema {
	t.Helper()
	schema, err := pluginschema.NewSchemaProvider(os.DirFS("../../src/schema")).Get("v0alpha1")
	if err != nil {
		t.Fatal(err)
	}
	if schema.SettingsSchema.IsZero() || schema.SettingsExamples.IsZero() || schema.Routes.IsZero() ||
		schema.QueryTypes == nil || schema.QueryExamples == nil {
		t.Fatal("a part of the schema is missing; run npm run generate")
	}
	return schema
}

func TestSchemaOfQueriesEqualsTheCatalogue(t *testing.T) {
	types := loadSchema(t).QueryTypes.Items
	var names []string
	for _, item := range types {
		names = append(names, item.Name)
		q, ok := catalogue.Lookup(item.Name)
		if !ok {
			continue
		}
		s := item.Spec.Schema.Spec
		equal(t, item.Name+" formats", enum(s.Properties["format"]), texts(query.FormatsOf(q)))
		if q.HasRows() {
			equal(t, item.Name+" groupBy", enum(*s.Properties["groupBy"].Items.Schema), fieldNames(q.Groupable()))
			columns := fieldNames(q.Columns(true))
			if q.API == "rest" {
				columns = append(columns, catalogue.OtherField)
			}
			equal(t, item.Name+" fields", enum(*s.Properties["fields"].Items.Schema), columns)
		} else {
			var parts []string
			for _, p := range q.Parts {
				parts = append(parts, p.Name)
			}
			equal(t, item.Name+" parts", enum(s.Properties["part"]), parts)
		}
		filters := s.Properties["filters"].Items.Schema.OneOf
		var filtered []string
		for _, f := range filters {
			name := enum(f.Properties["field"])[0]
			filtered = append(filtered, name)
			if field, ok := q.Field(name); ok {
				equal(t, item.Name+" operators of "+name, enum(f.Properties["operator"]), texts(field.Operators))
			}
			values := f.Properties["values"]
			if *values.MaxItems != query.MaxValues || *values.Items.Schema.MaxLength != query.MaxValueLength {
				t.Errorf("%s bounds the values of %s differently than pkg/query", item.Name, name)
			}
		}
		equal(t, item.Name+" filters", filtered, fieldNames(q.Filterable()))
		if *s.Properties["filters"].MaxItems != query.MaxFilters {
			t.Errorf("%s allows %d filters, pkg/query %d", item.Name, *s.Properties["filters"].MaxItems, query.MaxFilters)
		}
	}
	equal(t, "query types", names, catalogue.Names())
}

func TestSchemaExamplesAreValidQueries(t *testing.T) {
	now := time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
	for _, example := range loadSchema(t).QueryExamples.Examples {
		t.Run(example.Name, func(t *testing.T) {
			raw, err := json.Marshal(example.SaveModel)
			if err != nil {
				t.Fatal(err)
			}
			_, err = query.Parse(raw, query.Options{
				QueryType: example.QueryType,
				From:      now.Add(-time.Hour),
				To:        now,
				Interval:  time.Minute,
				MaxLimit:  settings.DefaultMaxRows,
				Now:       now,
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSchemaRoutesAreAnswered(t *testing.T) {
	handler := newResources(&Datasource{problem: errors.New("not configured")})
	status := func(method, path string) (code int) {
		sender := backend.CallResourceResponseSenderFunc(func(r *backend.CallResourceResponse) error {
			code = r.Status
			return nil
		})
		request := &backend.CallResourceRequest{Method: method, Path: path, URL: path}
		if err := handler.CallResource(context.Background(), request, sender); err != nil {
			t.Fatal(err)
		}
		return code
	}
	if got := status(http.MethodGet, "nothing"); got != http.StatusNotFound {
		t.Fatalf("an unknown resource is answered with %d", got)
	}
	for path, route := range loadSchema(t).Routes.Paths {
		method := http.MethodGet
		if route.Post != nil {
			method = http.MethodPost
		}
		name, ok := strings.CutPrefix(path, "/resources/")
		if !ok {
			t.Errorf("%s is not below /resources", path)
		}
		if got := status(method, name); got == http.StatusNotFound {
			t.Errorf("%s is in the schema but not answered", path)
		}
	}
}

func enum(s spec.Schema) []string {
	out := make([]string, len(s.Enum))
	for i, v := range s.Enum {
		out[i] = fmt.Sprint(v)
	}
	return out
}

func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

func fieldNames(fields []*catalogue.Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s disagree:\nschema %v\nGo     %v", what, got, want)
	}
}
