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

	"golang.org/x/sync/singleflight"
)

const (
	// documentedREST and documentedGraphQL are how many calls Cloudflare allows in
	// five minutes, as long as no header says otherwise.
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
	secrets *strings.Replacer
	shared  singleflight.Group
	long    bodies
	// ctx ends with the Client.
	ctx    context.Context
	cancel context.CancelFunc
}

// New makes a Client. It replaces the http.Client's redirect policy, because a
// redirect would carry the credentials along and can turn a POST into a GET.
func New(config Config) *Client {
	c := &Client{
		config: config, base: strings.TrimRight(config.BaseURL, "/"), now: config.Now,
		policy: defaultRetryPolicy, long: make(bodies, 1), secrets: scrubber(config.Credentials),
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
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

// Get calls a path below the base URL. The caller escapes the path's segments
// with url.PathEscape. Errors are *Error.
func (c *Client) Get(ctx context.Context, path string, q url.Values) (*Envelope, error) {
	text := path
	if len(q) > 0 {
		text += "?" + q.Encode()
	}
	var envelope *Envelope
	err := c.do(ctx, c.rest, call{
		method: http.MethodGet, path: text, text: "GET " + text, most: maxPage,
		decode: func(status int, answer []byte) *Error {
			var failed *Error
			envelope, failed = decodeREST(status, answer, c.secrets)
			return failed
		},
	})
	return envelope, err
}

// Budgets is what is known of the rate limits, REST first.
func (c *Client) Budgets() []BudgetState {
	return []BudgetState{c.rest.state(), c.graphql.state()}
}

// Close frees idle connections and fails the calls that wait, as well as all new
// ones. Calls that run end as their callers' contexts say.
func (c *Client) Close() {
	c.cancel()
	c.rest.close()
	c.graphql.close()
	c.http.CloseIdleConnections()
}

// sharedTimeout bounds what is shared, whose callers may all have gone away.
const sharedTimeout = time.Minute

// Share fetches once for all who ask for the same key for the same purpose at the
// same time; alert rules, which may call where others may not, among themselves. What is shared does not end because the caller that started it did.
func Share[T any](ctx context.Context, c *Client, key string, fetch func(context.Context) (T, error)) (value T, err error) {
	answer := c.shared.DoChan(fmt.Sprintf("%d %t %s", SpenderOf(ctx).Purpose, PriorityOf(ctx) == Alert, key), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sharedTimeout)
		defer cancel()
		defer context.AfterFunc(c.ctx, cancel)()
		return fetch(ctx)
	})
	select {
	case <-ctx.Done():
		return value, ctx.Err()
	case r := <-answer:
		if r.Shared && OthersMayCall(ctx, r.Err) {
			return Share(ctx, c, key, fetch)
		}
		value, _ = r.Val.(T) // nil where there is an error
		return value, r.Err
	}
}

// call is one request, which can be made several times.
type call struct {
	method, path, text string
	payload            []byte
	// most is how long the answer may be.
	most   int
	decode func(status int, answer []byte) *Error
}

// attempt makes a call once. The headers are nil if no answer came.
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
	body, release, failed := c.long.read(ctx, response, k.most)
	if failed != nil {
		release()
		if errors.Is(failed, errTooLarge) {
			return response.Header, len(body), malformed(status, fmt.Sprintf("it is larger than %d MiB", k.most>>20))
		}
		err = c.transportError(failed)
		if err.Kind != KindTimeout {
			err = malformed(status, "the connection broke before its end")
			err.Err = failed
		}
		return response.Header, len(body), err
	}
	if err = k.decode(status, body); err != nil {
		release()
	} else {
		keep(ctx, release)
	}
	return response.Header, len(body), err
}

func (c *Client) request(ctx context.Context, k call) (*http.Request, *Error) {
	var body io.Reader
	if k.payload != nil {
		body = bytes.NewReader(k.payload)
	}
	request, failed := http.NewRequestWithContext(ctx, k.method, c.base+k.path, body)
	if failed != nil {
		return nil, &Error{Kind: KindBadRequest, Message: "The API URL is not a valid address. Correct it in the data source's settings."}
	}
	if k.payload != nil {
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
