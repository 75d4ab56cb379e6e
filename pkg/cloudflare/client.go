package cloudflare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// maxBody bounds an answer, decompressed. A page of 1,000 rows has about
	// half a MiB.
	maxBody = 64 << 20
	// documentedREST and documentedGraphQL are the calls in five minutes.
	documentedREST    = 1200
	documentedGraphQL = 300
)

// Client makes calls with one set of credentials. It is safe for concurrent use.
type Client struct {
	config  Config
	base    string
	http    *http.Client
	now     func() time.Time
	rest    *budget
	graphql *budget
	policy  retryPolicy
}

// New makes a Client. The http.Client's redirect policy is replaced, as a
// redirect would carry the credentials along and can turn a POST into a GET.
func New(config Config) *Client {
	c := &Client{config: config, base: strings.TrimRight(config.BaseURL, "/"), now: config.Now, policy: defaultRetryPolicy}
	if c.base == "" {
		c.base = DefaultURL
	}
	if c.now == nil {
		c.now = time.Now
	}
	wire := http.Client{}
	if config.HTTP != nil {
		wire = *config.HTTP
	}
	wire.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &wire
	c.rest = newBudget(restAPI, documentedREST, config.Reserve, c.now)
	c.graphql = newBudget(graphqlAPI, documentedGraphQL, config.Reserve, c.now)
	return c
}

// Get calls a path below the base URL. Its segments are escaped by the caller
// with url.PathEscape. Errors are *Error.
func (c *Client) Get(ctx context.Context, path string, q url.Values) (*Envelope, error) {
	text := path
	if len(q) > 0 {
		text += "?" + q.Encode()
	}
	var envelope *Envelope
	err := c.do(ctx, c.rest, call{
		method: http.MethodGet, path: text, text: "GET " + text,
		decode: func(status int, answer []byte) *Error {
			var failed *Error
			envelope, failed = decodeREST(status, answer)
			return failed
		},
	})
	return envelope, err
}

// Budgets says what is known of the rate limits, REST first.
func (c *Client) Budgets() []BudgetState {
	return []BudgetState{c.rest.state(), c.graphql.state()}
}

// Close fails the calls that wait and frees idle connections. Calls that run
// end as their callers' contexts say; new ones fail.
func (c *Client) Close() {
	c.rest.close()
	c.graphql.close()
	c.http.CloseIdleConnections()
}

// call is one request, which can be made several times.
type call struct {
	method, path, text string
	payload            []byte
	decode             func(status int, answer []byte) *Error
}

// attempt makes a call once. h are the answer's headers, nil if none came.
func (c *Client) attempt(ctx context.Context, k call) (h http.Header, size int, err *Error) {
	request, err := c.request(ctx, k)
	if err != nil {
		return nil, 0, err
	}
	response, failed := c.http.Do(request)
	if failed != nil {
		return nil, 0, c.transportError(failed)
	}
	defer func() { _ = response.Body.Close() }()
	status := response.StatusCode
	if status >= 300 && status < 400 {
		return response.Header, 0, newError(status, nil)
	}
	body, failed := readAll(response)
	if failed != nil {
		if errors.Is(failed, errTooLarge) {
			return response.Header, len(body), malformed(status, "it is larger than 64 MiB")
		}
		err := c.transportError(failed)
		if err.Kind != KindTimeout {
			err = malformed(status, "the connection broke before its end")
			err.Err = failed
		}
		return response.Header, len(body), err
	}
	err = k.decode(status, body)
	if err != nil {
		err.Message = c.scrub(err.Message)
	}
	return response.Header, len(body), err
}

func (c *Client) request(ctx context.Context, k call) (*http.Request, *Error) {
	request, failed := http.NewRequestWithContext(ctx, k.method, c.base+k.path, bytes.NewReader(k.payload))
	if failed != nil {
		return nil, &Error{Kind: KindBadRequest, Message: "The API URL is not a valid address. Correct it in the data source's settings."}
	}
	if k.payload == nil {
		request.Body, request.GetBody, request.ContentLength = http.NoBody, nil, 0
	} else {
		request.Header.Set("Content-Type", "application/json")
		if c.config.AccountRateLimit {
			request.Header.Set("X-Rate-Limit-Type", "account-based")
		}
	}
	request.Header.Set("Accept", "application/json")
	if credentials := c.config.Credentials; credentials.Token != "" {
		request.Header.Set("Authorization", "Bearer "+credentials.Token)
	} else {
		request.Header.Set("X-Auth-Email", credentials.Email)
		request.Header.Set("X-Auth-Key", credentials.Key)
	}
	return request, nil
}

var errTooLarge = errors.New("body too large")

// readAll reads a bounded body. The announced length only sizes the buffer.
func readAll(response *http.Response) ([]byte, error) {
	var buffer bytes.Buffer
	if n := response.ContentLength; n > 0 && n <= 4<<20 {
		buffer.Grow(int(n) + bytes.MinRead)
	}
	n, err := buffer.ReadFrom(io.LimitReader(response.Body, maxBody+1))
	if err == nil && n > maxBody {
		err = errTooLarge
	}
	return buffer.Bytes(), err
}

// scrub takes the credentials out of a text, should Cloudflare or the network
// repeat them.
func (c *Client) scrub(text string) string {
	for _, secret := range []string{c.config.Credentials.Token, c.config.Credentials.Key, c.config.Credentials.Email} {
		if len(secret) >= 4 {
			text = strings.ReplaceAll(text, secret, "[removed]")
		}
	}
	return text
}

// String keeps the credentials out of formatted output.
func (c Credentials) String() string {
	kind := "API token"
	if c.Token == "" {
		kind = "API key"
	}
	return fmt.Sprintf("credentials (%s)", kind)
}

// GoString keeps the credentials out of %#v.
func (c Credentials) GoString() string { return c.String() }
