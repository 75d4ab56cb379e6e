package cloudflare

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// A discreet client tells status and codes of a refusal, and what to do, but nothing in
// Cloudflare's own words.
func TestADiscreetClientQuotesNothing(t *testing.T) {
	for _, discreet := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := bubbleClient(t, Config{Discreet: discreet}, func(*http.Request) (*http.Response, error) {
				return answer(404, failure("7003", "Could not route to /users/Wilhelmina")), nil
			})
			_, err := get(c)
			if strings.Contains(err.Error(), "Wilhelmina") == discreet || !strings.Contains(err.Error(), "HTTP 404; code 7003") {
				t.Errorf("discreet %v: %v", discreet, err)
			}
		})
	}
}
