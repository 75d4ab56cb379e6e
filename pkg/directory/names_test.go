package directory

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// Names can be email addresses: nothing of them stays longer than anything may.
func TestNamesAreFreedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := cloudflare.New(cloudflare.Config{HTTP: &http.Client{Transport: upstream(`{"success":true,"result":[{"id":"a","email":"ada@example.com"}]}`)}})
		defer client.Close()
		d := New(client, "account", 5*time.Minute, 1<<20, time.Now)
		if names := d.Names(t.Context(), "users"); names.ByID["a"] != "ada@example.com" || d.names.Len() != 1 {
			t.Fatalf("%v, of which %d are kept", names, d.names.Len())
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if n := d.names.Len(); n != 0 {
			t.Errorf("%d lists of names outlive their time", n)
		}
	})
}
