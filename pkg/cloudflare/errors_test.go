package cloudflare

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func failure(code, message string) string {
	return `{"success":false,"errors":[{"code":` + code + `,"message":"` + message + `"}],"messages":[],"result":null}`
}

func TestEveryFaultHasItsKind(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		kind   Kind
		says   string
	}{
		"bad token":                 {400, failure("10000", "Authentication error"), KindAuth, "API token"},
		"missing permission":        {403, failure("10000", "Authentication error"), KindPermission, "permission"},
		"fresh token":               {403, failure("10001", "Unable to authenticate request"), KindAuth, "up to a minute"},
		"token in the key's field":  {400, `{"success":false,"errors":[{"code":6003,"message":"Invalid request headers","error_chain":[{"code":6103,"message":"Invalid format for X-Auth-Key header"}]}],"result":null}`, KindAuth, "not an API key"},
		"key in the token's field":  {400, `{"success":false,"errors":[{"code":6003,"message":"Invalid request headers","error_chain":[{"code":6111,"message":"Invalid format for Authorization header"}]}],"result":null}`, KindAuth, "not an API token"},
		"invalid headers":           {400, failure("6003", "Invalid request headers"), KindAuth, "credentials"},
		"no credentials":            {400, failure("9106", "Missing X-Auth-Key"), KindAuth, "no credentials"},
		"unknown key":               {403, failure("9103", "Unknown X-Auth-Key or X-Auth-Email"), KindAuth, "API key"},
		"resource refused":          {403, failure("9109", "Unauthorized to access requested resource"), KindPermission, "permission"},
		"invalid access token":      {403, failure("9109", "Invalid access token"), KindAuth, "API token"},
		"account of somebody else":  {403, failure("7403", "The given account is not valid or is not authorized"), KindPermission, "account ID"},
		"no such account":           {404, `{"success":false,"errors":[{"code":7003,"message":"Could not route to /accounts/x"},{"code":7000,"message":"No route for that URI"}],"result":null}`, KindNotFound, "account ID"},
		"invalid token, verify":     {401, failure("1000", "Invalid API Token"), KindAuth, "API token"},
		"unknown code":              {400, failure("12130", "something new"), KindBadRequest, "code 12130 something new"},
		"status without codes":      {401, `{"success":false,"errors":[],"result":null}`, KindAuth, "API token"},
		"failure inside 200":        {200, failure("12130", "not today"), KindBadRequest, "not today"},
		"failure without errors":    {200, `{"success":false,"result":null}`, KindUnavailable, "Try again"},
		"errors without a result":   {200, `{"success":true,"errors":[{"code":971,"message":"Please wait"}],"result":null}`, KindRateLimit, "rate limit"},
		"errors without success":    {200, `{"errors":[{"code":1,"message":"partial"}],"result":[]}`, KindBadRequest, "partial"},
		"result null":               {200, `{"success":true,"errors":[],"result":null}`, KindMalformed, "no result"},
		"no result":                 {200, `{"success":true,"errors":[]}`, KindMalformed, "no result"},
		"not the envelope":          {200, `{"hello":"world"}`, KindMalformed, "envelope"},
		"HTML with 200":             {200, `<html>Sign in</html>`, KindMalformed, "HTML"},
		"HTML with 502":             {502, `<html>Bad gateway</html>`, KindUnavailable, "HTTP 502"},
		"HTML with 403":             {403, `<html>Blocked</html>`, KindPermission, "HTTP 403"},
		"truncated":                 {200, okBody[:len(okBody)-20], KindMalformed, "ends early"},
		"empty":                     {200, ``, KindMalformed, "empty"},
		"a list":                    {200, `[]`, KindMalformed, "not a JSON object"},
		"nested without end":        {200, strings.Repeat("[", 2_000_000), KindMalformed, "not a JSON object"},
		"500 as JSON":               {500, failure("10002", "Internal error"), KindUnavailable, "Internal error"},
		"500 with a refusal's code": {500, failure("10000", "Internal server error"), KindUnavailable, "Internal server error"},
		"503 empty":                 {503, ``, KindUnavailable, "HTTP 503"},
	} {
		t.Run(name, func(t *testing.T) {
			client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			})
			_, err := get(client)
			e := asError(t, err)
			if e.Kind != c.kind {
				t.Errorf("kind %s, want %s: %s", e.Kind, c.kind, e.Message)
			}
			if !strings.Contains(e.Message, c.says) {
				t.Errorf("message %q does not say %q", e.Message, c.says)
			}
		})
	}
}

func TestErrorsHoldNothingPersonal(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		_, _ = w.Write([]byte(failure("12130", "user <ann@example.com> at 192.0.2.7:443, [2001:db8::1] used "+testToken+strings.Repeat(" long", 200))))
	})
	_, err := client.Get(context.Background(), "/x", map[string][]string{"email": {"ann@example.com"}})
	e := asError(t, err)
	for _, secret := range []string{"ann", "example.com", "192.0.2.7", "2001:db8", testToken} {
		if strings.Contains(e.Message, secret) {
			t.Errorf("message repeats %q: %s", secret, e.Message)
		}
	}
	if len(e.Message) > 500 {
		t.Errorf("message has %d bytes", len(e.Message))
	}
}

// TestSecretsAreScrubbedBeforeTextsAreCut has Cloudflare and the network repeat
// each secret at every position around the cut.
func TestSecretsAreScrubbedBeforeTextsAreCut(t *testing.T) {
	credentials := Credentials{Token: `tok"en/+secret=~>?~>?0123456789abcdefghijk`, Email: "adam+x@example.com", Key: "0123456789abcdef0123456789abcdef01234"}
	both := credentials.Email + ":" + credentials.Key
	quoted, err := json.Marshal(credentials.Token)
	if err != nil {
		t.Fatal(err)
	}
	echoes := map[string]string{
		"token": credentials.Token, "key": credentials.Key, "email in a URL": url.QueryEscape(credentials.Email),
		"in a URL": url.QueryEscape(credentials.Token), "in a path": url.PathEscape(credentials.Token), "in JSON": string(quoted[1 : len(quoted)-1]),
		"base64": base64.StdEncoding.EncodeToString([]byte(credentials.Token)), "base64 of a URL": base64.URLEncoding.EncodeToString([]byte(credentials.Token)),
		"both in base64": base64.StdEncoding.EncodeToString([]byte(both)), "both in base64 without padding": base64.RawURLEncoding.EncodeToString([]byte(both)),
	}
	for name, echo := range echoes {
		t.Run(name, func(t *testing.T) {
			for _, cut := range []int{maxQuote, maxTracedText} {
				for before := cut - len(echo); before <= cut; before++ {
					message := strings.Repeat("x", before) + echo + " and more"
					for place, text := range repeatedBy(t, credentials, message) {
						for i := range len(echo) - 5 {
							if strings.Contains(text, echo[i:i+6]) {
								t.Fatalf("%s repeats %q of %q at %d", place, echo[i:i+6], echo, before)
							}
						}
					}
				}
			}
		})
	}
}

// repeatedBy gives everything that callers see of a message, by where it came.
func repeatedBy(t *testing.T, credentials Credentials, message string) map[string]string {
	t.Helper()
	encoded, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	body := `{"errors":[{"message":` + string(encoded) + `}]}`
	secrets := scrubber(credentials)
	_, rest := decodeREST(400, []byte(body), secrets)
	_, graphQL := decodeGraphQL(200, []byte(body), secrets)
	network := New(Config{Credentials: credentials}).transportError(errors.New(message))
	return map[string]string{
		"REST": rest.Message, "GraphQL": graphQL.Message, "GraphQL's own text": graphQL.GraphQLMessages()[0], "the network": network.Message,
	}
}

func TestKindsOfFailure(t *testing.T) {
	wrap := func(k Kind) error { return fmt.Errorf("wrapped: %w", &Error{Kind: k}) }
	for name, c := range map[string]struct {
		err                error
		kind               Kind
		refusal, transient bool
	}{
		"nothing":    {nil, KindOther, false, false},
		"ours":       {errors.New("x"), KindOther, true, false},
		"canceled":   {fmt.Errorf("wrapped: %w", context.Canceled), KindCanceled, true, false},
		"deadline":   {context.DeadlineExceeded, KindTimeout, true, false},
		"auth":       {wrap(KindAuth), KindAuth, true, false},
		"permission": {wrap(KindPermission), KindPermission, true, false},
		"not found":  {wrap(KindNotFound), KindNotFound, true, false},
		"request":    {wrap(KindBadRequest), KindBadRequest, true, false},
		"limit":      {wrap(KindRateLimit), KindRateLimit, false, false},
		"went away":  {wrap(KindCanceled), KindCanceled, false, false},
		"5xx":        {wrap(KindUnavailable), KindUnavailable, false, true},
		"timeout":    {wrap(KindTimeout), KindTimeout, false, true},
		"malformed":  {wrap(KindMalformed), KindMalformed, false, true},
	} {
		if k, r, s := KindOf(c.err), Refusal(c.err), Transient(c.err); k != c.kind || r != c.refusal || s != c.transient {
			t.Errorf("%s: %s, refusal %v, transient %v", name, k, r, s)
		}
	}
}

// TestMessagesAreWholeSentences holds for every error that a client can make, as
// callers put more sentences behind them.
func TestMessagesAreWholeSentences(t *testing.T) {
	client := New(Config{Credentials: Credentials{Token: testToken}})
	now := time.Now()
	list := []*Error{errBudget(restAPI, Alert, now, now), errClosed(), contextError(context.Background()), noJSON(200, nil),
		newError(400, []apiError{{0, "Ends with a period. "}}), newError(400, []apiError{{12130, ""}})}
	for _, status := range []int{200, 302, 400, 401, 403, 404, 408, 425, 429, 500} {
		list = append(list, newError(status, nil))
	}
	for code := range verdicts {
		list = append(list, newError(403, []apiError{{code, "x"}}))
	}
	for _, known := range graphQLPhrases {
		list = append(list, known.verdict.newError(200, []apiError{{0, known.phrase}}))
	}
	for _, err := range []error{errors.New("x"), &net.DNSError{Name: "h"}, syscall.ECONNREFUSED, context.DeadlineExceeded, &tls.CertificateVerificationError{}} {
		list = append(list, client.transportError(err))
	}
	for _, e := range list {
		if !regexp.MustCompile(`^[A-Z][^\n]*[^.\s]\.$`).MatchString(e.Message) {
			t.Errorf("%q is no whole sentence", e.Message)
		}
	}
}

func TestNetworkErrorsDoNotRepeatTheAddress(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		panic(http.ErrAbortHandler)
	})
	_, err := client.Get(context.Background(), "/x", map[string][]string{"email": {"ann@example.com"}})
	for e := error(asError(t, err)); e != nil; {
		if strings.Contains(e.Error(), "ann") {
			t.Errorf("%T repeats the query: %s", e, e)
		}
		unwrapper, ok := e.(interface{ Unwrap() error })
		if !ok {
			break
		}
		e = unwrapper.Unwrap()
	}
}

func TestMessagesAreNoErrors(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"success":true,"errors":[],"messages":[{"code":10000,"message":"This API Token is valid and active"}],"result":{"status":"active"}}`))
	})
	envelope, err := get(client)
	if err != nil {
		t.Fatal(err)
	}
	if string(envelope.Result) != `{"status":"active"}` {
		t.Errorf("got %s", envelope.Result)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for name, call := range map[string]func(*Client) error{
		"REST":    func(c *Client) error { _, err := get(c); return err },
		"GraphQL": func(c *Client) error { _, err := c.GraphQL(context.Background(), "{ x }", nil); return err },
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(name+" "+http.StatusText(status), func(t *testing.T) {
				var calls atomic.Int32
				client := serve(t, func(w http.ResponseWriter, r *http.Request) {
					calls.Add(1)
					http.Redirect(w, r, "/elsewhere", status)
				})
				e := asError(t, call(client))
				if e.Kind != KindMalformed || !strings.Contains(e.Message, "redirect") {
					t.Errorf("got %s: %s", e.Kind, e.Message)
				}
				if calls.Load() != 1 {
					t.Errorf("%d calls, want 1", calls.Load())
				}
			})
		}
	}
}

func TestGraphQLErrorsInside200(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		kind   Kind
	}{
		"account":        {200, `{"data":null,"errors":[{"message":"not authorized for that account","path":null}]}`, KindPermission},
		"path":           {200, `{"data":null,"errors":[{"message":"zone 1 does not have access to the path"}]}`, KindPermission},
		"field":          {200, `{"data":null,"errors":[{"message":"account does not have access to the field 'appid'"}]}`, KindPermission},
		"unavailable":    {200, `{"data":null,"errors":[{"message":"unable to execute query, please try again later"}]}`, KindUnavailable},
		"range":          {200, `{"data":null,"errors":[{"message":"query time range is too large"}]}`, KindBadRequest},
		"beside data":    {200, `{"data":{"viewer":{"accounts":[]}},"errors":[{"message":"cannot request data older than 7776000s"}]}`, KindBadRequest},
		"REST envelope":  {403, failure("10000", "Authentication error"), KindPermission},
		"no data":        {200, `{"errors":null}`, KindMalformed},
		"data null":      {200, `{"data":null,"errors":null}`, KindMalformed},
		"odd errors":     {200, `{"data":{},"errors":"no"}`, KindMalformed},
		"plain 503":      {503, `upstream connect error`, KindUnavailable},
		"unknown at 500": {500, `{"data":null,"errors":[{"message":"boom"}]}`, KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			})
			_, err := client.GraphQL(context.Background(), "{ x }", nil)
			if e := asError(t, err); e.Kind != c.kind {
				t.Errorf("kind %s, want %s: %s", e.Kind, c.kind, e.Message)
			}
		})
	}
}
