package directory

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// upstream answers every call with the same body.
type upstream string

// RoundTrip implements http.RoundTripper.
func (u upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(u))), ContentLength: -1, Request: r}, nil
}

// FuzzLists reads any JSON as a list of the account: it ends, it is an error where it
// is no list, and each entry has an ID that no other has.
func FuzzLists(f *testing.F) {
	for _, seed := range []string{
		`[]`, `{}`, `"x"`, `[{"id":"a","name":"Ada","email":"ada@example.com"},{"id":"a"},{"uid":"b","scim_config":{"enabled":true}}]`,
		`[{"id":7,"name":null,"email":{"x":1},"scim_config":[]}]`, `[[],null,1,{"id":""}]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		if !json.Valid([]byte(list)) || strings.TrimSpace(list) == "null" {
			t.Skip("the client lets only results through")
		}
		client := cloudflare.New(cloudflare.Config{HTTP: &http.Client{Transport: upstream(`{"success":true,"result":` + list + `}`)}})
		defer client.Close()
		var got keptList
		err := got.read(t.Context(), client, "/x", 1000, false, reading{most: maxListPages})
		if isList := strings.HasPrefix(strings.TrimSpace(list), "["); isList == (err != nil) {
			t.Fatalf("%v", err)
		}
		seen := map[string]bool{}
		for _, e := range got.entries {
			if e.ID == "" || seen[e.ID] {
				t.Fatalf("the ID %q stands twice, or is empty", e.ID)
			}
			seen[e.ID] = true
		}
	})
}
