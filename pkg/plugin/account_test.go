package plugin

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

const (
	testAccount = account.ID
	testToken   = "test-token-that-must-never-be-seen"
	// inMemoryURL is an address that no socket serves.
	inMemoryURL = "http://cloudflare.internal/client/v4"
)

// upstreamFile is what an account of testdata has: the "upstream's answer" of a
// trio.
type upstreamFile struct {
	AccessRequests    []account.Row            `json:"access_requests"`
	FailedLogins      map[string][]account.Row `json:"failed_logins"`
	ActiveSessions    map[string][]account.Row `json:"active_sessions"`
	SCIMUpdates       []account.Row            `json:"scim_updates"`
	AuditLog          []account.Row            `json:"audit_log"`
	JITRequests       []account.Row            `json:"jit_requests"`
	Users             []account.Row            `json:"users"`
	IdentityProviders []account.Row            `json:"identity_providers"`
	Apps              []account.Row            `json:"apps"`
	LoginGroups       []struct {
		Count      int64       `json:"count"`
		Dimensions account.Row `json:"dimensions"`
	} `json:"login_groups"`
}

// upstreamOf is the account of a query type's trios.
func upstreamOf(t *testing.T, queryType string) account.Config {
	t.Helper()
	b, err := os.ReadFile("testdata/" + queryType + "/upstream.json")
	require.NoError(t, err)
	var file upstreamFile
	require.NoError(t, json.Unmarshal(b, &file))
	c := account.Config{Token: testToken, Now: trioTime, SCIMUpdates: file.SCIMUpdates, JITRequests: file.JITRequests, Users: file.Users,
		IdentityProviders: file.IdentityProviders, Apps: file.Apps, FailedLogins: map[string]account.FailedLoginList{}, ActiveSessions: file.ActiveSessions}
	for _, row := range file.AccessRequests {
		c.Events = append(c.Events, account.EventOf(row))
	}
	for _, row := range file.AuditLog {
		c.AuditLog = append(c.AuditLog, account.AuditEntryOf(row))
	}
	for user, rows := range file.FailedLogins {
		c.FailedLogins[user] = account.FailedLoginList{Rows: rows}
	}
	for _, group := range file.LoginGroups {
		at, err := time.Parse(time.RFC3339, group.Dimensions["datetime"].(string))
		require.NoError(t, err)
		c.Groups = append(c.Groups, account.LoginEvent{At: at, Count: group.Count, Dimensions: group.Dimensions})
	}
	return c
}

// denying refuses calls whose path holds a text.
func denying(text string) func(*http.Request) error {
	return func(r *http.Request) error {
		if strings.Contains(r.URL.Path, text) {
			return account.Refusal(http.StatusForbidden, 10000, "Authentication error")
		}
		return nil
	}
}

// start serves an account until the test ends.
func start(t *testing.T, c account.Config) string {
	t.Helper()
	a, err := account.Start(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a.URL()
}

// trioTime is a time at which the trios' events are two hours old, whenever the
// tests run.
func trioTime() time.Time { return trioRange.To.Add(2 * time.Hour) }

// inMemory makes clients that ask an account without sockets.
func inMemory(a *account.Account) clientMaker {
	return func(o httpclient.Options) (*http.Client, error) {
		o.ConfigureTransport = func(_ httpclient.Options, t *http.Transport) { t.RegisterProtocol("http", a.Transport()) }
		return newHTTPClient(o)
	}
}

// instance is a data source on an account, in memory. more is added to its jsonData.
func instance(t *testing.T, a *account.Account, more string) *Datasource {
	t.Helper()
	return made(t, a, *pluginContext(inMemoryURL, more).DataSourceInstanceSettings, trioTime)
}

func made(t *testing.T, a *account.Account, s backend.DataSourceInstanceSettings, now func() time.Time) *Datasource {
	t.Helper()
	i, err := newDatasource(t.Context(), s, now, inMemory(a))
	require.NoError(t, err)
	d := i.(*Datasource)
	t.Cleanup(d.Dispose)
	return d
}
