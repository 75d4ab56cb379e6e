package plugin

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// sealedSource has an answer that takes no more calls, in virtual time.
func sealedSource(t *testing.T) (*account.Account, *Datasource, func(headers map[string]string) error) {
	t.Helper()
	time.Sleep(time.Until(trioTime()))
	c := upstreamOf(t, "access_requests")
	c.Now = time.Now
	a := account.New(c)
	d := made(t, a, *pluginContext(inMemoryURL, "").DataSourceInstanceSettings, time.Now)
	again := func(headers map[string]string) error {
		return ask(t, d, headers, dataQuery("A", ar(`"format":"time_series"`)))["A"].Error
	}
	require.NoError(t, again(nil))
	calls := a.Counts().Calls()
	require.NoError(t, again(nil))
	require.Equal(t, calls, a.Counts().Calls(), "the answer comes from memory")
	return a, d, again
}

func revoke(a *account.Account) {
	a.Change(func(c *account.Config) { c.Token = "another one" })
}

var fromAlert = map[string]string{backend.FromAlertHeaderName: "true"}

// A token that was revoked shows nothing after five minutes, although the answer would take no
// call, and what it brought is freed.
func TestARevokedTokenEndsWhatIsKept(t *testing.T) {
	for _, headers := range []map[string]string{nil, fromAlert} {
		synctest.Test(t, func(t *testing.T) {
			a, d, again := sealedSource(t)
			revoke(a)
			time.Sleep(trustFor + time.Second)
			require.ErrorContains(t, again(headers), "Cloudflare")
			require.Zero(t, d.surfaces.Stats())
			require.Error(t, again(headers))
		})
	}
}

// Where another query was refused, the doubt is cleared up at once.
func TestARefusedCallEndsWhatIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, d, again := sealedSource(t)
		a.Change(func(c *account.Config) {
			c.Before = func(*http.Request) error { return account.Refusal(http.StatusUnauthorized, 1000, "Invalid API Token") }
		})
		live := dataQuery("A", ar(""))
		live.TimeRange = backend.TimeRange{From: time.Now().Add(-time.Minute), To: time.Now()}
		require.Error(t, ask(t, d, nil, live)["A"].Error)
		require.Zero(t, d.surfaces.Stats(), "also where nobody asks for it")
		require.Error(t, again(fromAlert))
		require.Equal(t, http.StatusUnauthorized, asking(t, d, nil, "values?queryType=access_requests&field=outcome").Status)
	})
}

// Cloudflare refuses valid tokens now and then: the token itself is fine, so nothing is lost.
func TestAPassingRefusalLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, d, again := sealedSource(t)
		a.Change(func(c *account.Config) {
			c.Before = func(r *http.Request) error {
				if strings.HasSuffix(r.URL.Path, "/tokens/verify") {
					return nil
				}
				return account.Refusal(http.StatusBadRequest, 10000, "Authentication error")
			}
		})
		live := dataQuery("A", ar(""))
		live.TimeRange = backend.TimeRange{From: time.Now().Add(-time.Minute), To: time.Now()}
		require.Error(t, ask(t, d, nil, live)["A"].Error)
		kept := d.surfaces.Stats()
		require.NotZero(t, kept.Rows)
		require.NoError(t, again(fromAlert))
		require.Error(t, ask(t, d, nil, live)["A"].Error)
		require.NoError(t, again(fromAlert))
		require.Equal(t, kept, d.surfaces.Stats())
	})
}

// In an outage, what is known still shows: nobody has said that the token is not valid.
func TestAnOutageLeavesWhatIsKept(t *testing.T) {
	for _, failure := range []error{account.Refusal(http.StatusServiceUnavailable, 0, ""), account.Refusal(http.StatusNotFound, 7003, "Could not route")} {
		synctest.Test(t, func(t *testing.T) {
			a, d, again := sealedSource(t)
			a.Change(func(c *account.Config) { c.Before = func(*http.Request) error { return failure } })
			time.Sleep(time.Hour)
			require.NoError(t, again(nil))
			calls := a.Counts().Calls()
			require.NoError(t, again(nil))
			require.Equal(t, calls, a.Counts().Calls(), "Cloudflare is not asked again at once")
			require.NotZero(t, d.surfaces.Stats().Rows)
		})
	}
}

// A token of an account answers at another address than one of a person, and one that has
// expired is not refused, but says so.
func TestTokensOfAccountsAndExpiredOnes(t *testing.T) {
	for status, valid := range map[string]bool{"active": true, "expired": false, "disabled": false} {
		synctest.Test(t, func(t *testing.T) {
			a, _, again := sealedSource(t)
			a.Change(func(c *account.Config) {
				c.Before = func(r *http.Request) error {
					if strings.Contains(r.URL.Path, "/accounts/") {
						return &account.Failure{Status: http.StatusOK, Body: `{"success":true,"result":{"status":"` + status + `"}}`}
					}
					return account.Refusal(http.StatusUnauthorized, 1000, "Invalid API Token")
				}
			})
			time.Sleep(trustFor + time.Second)
			require.Equal(t, valid, again(nil) == nil, status)
		})
	}
}
