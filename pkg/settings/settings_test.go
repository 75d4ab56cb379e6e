package settings

import (
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/frame"
)

const testToken = "test-token-that-must-never-be-seen"

func stored(json string, secrets map[string]string) backend.DataSourceInstanceSettings {
	return backend.DataSourceInstanceSettings{UID: "cfaccess", Name: "Cloudflare Access", JSONData: []byte(json), DecryptedSecureJSONData: secrets}
}

func TestSettingsDefaults(t *testing.T) {
	s, err := Load(stored(`{"accountId":"`+strings.ToUpper(account.ID)+`"}`, map[string]string{"apiToken": " " + testToken + "\n"}))
	require.NoError(t, err)
	require.Equal(t, &DataSource{
		CanConnect: true, AccountID: account.ID, APIURL: cloudflare.DefaultURL,
		Credentials: cloudflare.Credentials{Token: testToken}, CacheLimit: 256 << 20,
		SealAfter: 15 * time.Minute, KeepFor: 24 * time.Hour, MaxRows: 100_000, Reserve: 0.1, Mask: frame.MaskNone, MinRoles: map[string]Role{},
	}, s)
}

func TestSettingsListEveryProblem(t *testing.T) {
	s, err := Load(stored(`{"accountId":"xyz","authType":"apiKey","email":"nobody","apiUrl":"ftp://x","cacheLimitMb":-1,"sealAfter":"soon","maxRows":"many","maskIdentities":"pseudonym"}`, nil))
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
		{"missing token", `{"accountId":"` + account.ID + `"}`, nil, "API token is missing"},
		{"token with a line break", `{"accountId":"` + account.ID + `"}`, map[string]string{"apiToken": "a\nb"}, "cannot be sent"},
		{"auth type", `{"accountId":"` + account.ID + `","authType":"magic"}`, secrets, "authType must be"},
		{"kept too long", `{"accountId":"` + account.ID + `","keepFor":"4321h"}`, secrets, "keepFor must be"},
		{"kept too short", `{"accountId":"` + account.ID + `","keepFor":"59s"}`, secrets, "keepFor must be"},
		{"short key", `{"accountId":"` + account.ID + `","maskIdentities":"pseudonym"}`, map[string]string{"apiToken": testToken, "maskKey": "fifteen letters"}, "at least 16 characters"},
		{"role of nothing", `{"accountId":"` + account.ID + `","minRoles":{"uesrs":"Admin"}}`, secrets, "neither a query type nor a resource"},
		{"no role", `{"accountId":"` + account.ID + `","minRoles":{"users":"Boss"}}`, secrets, "one of the roles Viewer, Editor, Admin"},
		{"user in the address", `{"accountId":"` + account.ID + `","apiUrl":"https://a:b@api.example.com"}`, secrets, "without a user"},
		{"mask", `{"accountId":"` + account.ID + `","maskIdentities":"hide"}`, secrets, "none, pseudonym, or redact"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(stored(test.json, test.secrets))
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), testToken)
		})
	}
	for _, local := range []string{"http://127.0.0.1:8787/client/v4/", "http://localhost:1", "http://127.0.0.2", "http://[::1]:1", "https://api.cloudflare.com/client/v4"} {
		_, err := Load(stored(`{"accountId":"`+account.ID+`","apiUrl":"`+local+`","maxRows":"50","cacheLimitMb":0}`, secrets))
		require.NoError(t, err, local)
	}
}

// The secret goes to allowed hosts only: those of Grafana's configuration, or Cloudflare's and
// this machine.
func TestAllowedHosts(t *testing.T) {
	for _, c := range []struct{ allowed, url, want string }{
		{"", "https://api.cloudflare.com", ""},
		{"", "https://api.cloudflare.com.evil.example", "does not allow"},
		{"", "https://evil.example/api.cloudflare.com", "does not allow"},
		{"", "http://127.evil.example", "does not allow"},
		{"", "http://127.0.0.1.evil.example", "does not allow"},
		{"", "http://metadata.google.internal/client/v4", "does not allow"},
		{"", "http://169.254.169.254", "does not allow"},
		{"", "http://simulator:8787", "does not allow"},
		{"", "http://api.cloudflare.com", "must start with https://"},
		{"", "https://api.cloudflare.com/client/v4?", "without a user, query, or fragment"},
		{"", "https://api.cloudflare.com/client/v4#", "without a user, query, or fragment"},
		{"", "https://api.cloudflare.com/client/v4/#/", "without a user, query, or fragment"},
		{"proxy.example.com", "https://proxy.example.com:8443/cf", ""},
		{"proxy.example.com", "http://proxy.example.com", "must start with https://"},
		{"proxy.example.com", "http://127.0.0.1:1", "does not allow"},
		{"proxy.example.com", "", "does not allow"},
		{"proxy.example.com:8443", "https://proxy.example.com:8444", "does not allow"},
		{"api.cloudflare.com, http://simulator:8787", "http://simulator:8787/client/v4", ""},
		{"api.cloudflare.com http://simulator", "http://SIMULATOR:1", ""},
		{"loopback", "http://[::ffff:127.0.0.1]:1", ""},
	} {
		t.Setenv(allowedHostsVariable, c.allowed)
		_, err := Load(stored(`{"accountId":"`+account.ID+`","apiUrl":"`+c.url+`"}`, map[string]string{"apiToken": testToken}))
		if c.want == "" {
			require.NoError(t, err, "%+v", c)
		} else {
			require.ErrorContains(t, err, c.want, "%+v", c)
		}
	}
}

func TestRoles(t *testing.T) {
	for text, want := range map[string]Role{"": Nobody, "None": Nobody, "admin": Nobody, "Viewer": Viewer, "Editor": Editor, "Admin": Admin, "Grafana Admin": Admin} {
		require.Equal(t, want, ParseRole(text), text)
	}
}

// FuzzLoad reads whatever is stored: it is refused or has all its bounds.
func FuzzLoad(f *testing.F) {
	f.Add(`{"accountId":"0123456789abcdef0123456789abcdef","apiUrl":"https://api.cloudflare.com/client/v4","maxRows":"50","minRoles":{"users":"Admin"}}`, "0123456789abcdef0")
	f.Fuzz(func(t *testing.T, json, secret string) {
		s, err := Load(stored(json, map[string]string{"apiToken": secret, "apiKey": secret, "maskKey": secret}))
		if err != nil {
			if len(secret) > 8 && !strings.Contains(json, secret) && strings.Contains(err.Error(), secret) {
				t.Errorf("the error holds a secret: %v", err)
			}
			return
		}
		if !accountID.MatchString(s.AccountID) || s.MaxRows < 1 || s.CacheLimit < 0 || s.KeepFor < minKeepFor || s.KeepFor > maxKeepFor ||
			s.SealAfter < 0 || s.Reserve < 0 || s.Reserve > 0.9 || s.Mask == frame.MaskPseudonym && len(s.MaskKey) < minMaskKey ||
			strings.ContainsAny(s.APIURL, "?#@") {
			t.Errorf("%s is taken as %+v", json, s)
		}
	})
}
