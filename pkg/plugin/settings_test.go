package plugin

import (
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/frame"
)

func stored(json string, secrets map[string]string) backend.DataSourceInstanceSettings {
	return backend.DataSourceInstanceSettings{UID: "cfaccess", Name: "Cloudflare Access", JSONData: []byte(json), DecryptedSecureJSONData: secrets}
}

func TestSettingsDefaults(t *testing.T) {
	s, err := LoadSettings(stored(`{"accountId":"`+strings.ToUpper(testAccount)+`"}`, map[string]string{"apiToken": " " + testToken + "\n"}))
	require.NoError(t, err)
	require.Equal(t, &Settings{
		CanConnect: true, AccountID: testAccount, APIURL: cloudflare.DefaultURL,
		Credentials: cloudflare.Credentials{Token: testToken}, CacheLimit: 256 << 20,
		SealAfter: 15 * time.Minute, MaxRows: 100_000, Reserve: 0.1, Mask: frame.MaskNone,
	}, s)
}

func TestSettingsListEveryProblem(t *testing.T) {
	s, err := LoadSettings(stored(`{"accountId":"xyz","authType":"apiKey","email":"nobody","apiUrl":"ftp://x","cacheLimitMb":-1,"sealAfter":"soon","maxRows":"many","maskIdentities":"pseudonym"}`, nil))
	require.False(t, s.CanConnect)
	for _, want := range []string{"8 problems", "accountId must be 32", "apiUrl must be", "email must be", "API key is missing", "cacheLimitMb", "sealAfter", "maxRows", "maskKey is missing"} {
		require.ErrorContains(t, err, want)
	}
}

func TestSettings(t *testing.T) {
	secrets := map[string]string{"apiToken": testToken}
	tests := []struct {
		name, json string
		secrets    map[string]string
		want       string
	}{
		{"missing account", `{}`, secrets, "accountId is missing"},
		{"broken JSON", `{`, secrets, "not valid JSON"},
		{"wrong type", `{"accountId":1}`, secrets, "accountId cannot be a number"},
		{"missing token", `{"accountId":"` + testAccount + `"}`, nil, "API token is missing"},
		{"token with a line break", `{"accountId":"` + testAccount + `"}`, map[string]string{"apiToken": "a\nb"}, "cannot be sent"},
		{"auth type", `{"accountId":"` + testAccount + `","authType":"magic"}`, secrets, "authType must be"},
		{"secret in the clear", `{"accountId":"` + testAccount + `","apiUrl":"http://api.example.com"}`, secrets, "https://"},
		{"user in the address", `{"accountId":"` + testAccount + `","apiUrl":"https://a:b@api.example.com"}`, secrets, "without a user"},
		{"mask", `{"accountId":"` + testAccount + `","maskIdentities":"hide"}`, secrets, "none, pseudonym, or redact"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := LoadSettings(stored(test.json, test.secrets))
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), testToken)
		})
	}
	for _, local := range []string{"http://127.0.0.1:8787/client/v4/", "http://localhost:1", "http://simulator:8787", "http://[::1]:1"} {
		_, err := LoadSettings(stored(`{"accountId":"`+testAccount+`","apiUrl":"`+local+`","maxRows":"50","cacheLimitMb":0}`, secrets))
		require.NoError(t, err, local)
	}
}
