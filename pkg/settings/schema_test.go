package settings

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/pluginschema"
	"github.com/stretchr/testify/require"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// settingsSchema is the generated schema of the settings, as Grafana's API server reads it.
func settingsSchema(t *testing.T) spec.Schema {
	t.Helper()
	schema, err := pluginschema.NewSchemaProvider(os.DirFS("../../src/schema")).Get("v0alpha1")
	require.NoError(t, err)
	return *schema.SettingsSchema.Spec
}

// sdkSettings are read by the SDK's HTTP client, not by Load.
var sdkSettings = []string{
	"enableSecureSocksProxy", "timeout", "tlsAuth", "tlsAuthWithCACert", "tlsSkipVerify", "serverName",
}

func TestSchemaOfSettingsEqualsTheSettings(t *testing.T) {
	properties := settingsSchema(t).Properties["jsonData"].Properties
	want := slices.Clone(sdkSettings)
	for _, f := range reflect.VisibleFields(reflect.TypeFor[model]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		want = append(want, name)
	}
	var got []string
	for name := range properties {
		got = append(got, name)
	}
	require.ElementsMatch(t, want, got, "npm run generate writes the schema")
}

func TestSchemaBoundsAreTheSettings(t *testing.T) {
	load := func(name string, value any) error {
		jsonData, err := json.Marshal(map[string]any{"accountId": strings.Repeat("0a", 16), name: value})
		if err != nil {
			t.Fatal(err)
		}
		_, err = Load(backend.DataSourceInstanceSettings{
			JSONData:                jsonData,
			DecryptedSecureJSONData: map[string]string{"apiToken": "token", "maskKey": "a key of enough letters"},
		})
		return err
	}
	for name, s := range settingsSchema(t).Properties["jsonData"].Properties {
		if slices.Contains(sdkSettings, name) || name == "authType" {
			continue
		}
		accepted := slices.Clone(s.Enum)
		if s.Default != nil {
			accepted = append(accepted, s.Default)
		}
		if s.Minimum != nil && s.Maximum != nil {
			accepted = append(accepted, *s.Minimum, *s.Maximum)
			for _, value := range []float64{*s.Minimum - 1, *s.Maximum + 1} {
				if load(name, value) == nil {
					t.Errorf("%s takes %v, which the schema does not", name, value)
				}
			}
		}
		for _, value := range accepted {
			if err := load(name, value); err != nil {
				t.Errorf("%s does not take %v, which the schema does: %v", name, value, err)
			}
		}
		if len(s.Enum) > 0 && load(name, "something else") == nil {
			t.Errorf("%s takes a value that the schema does not have", name)
		}
	}
}
