package cloudflare

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// GraphQL posts a query and returns the raw JSON of data. An answer with errors
// is an error, whatever its status: Cloudflare sends HTTP 200 with errors, and
// with parts of data beside them.
//
// Errors are *Error; of those about the query itself, GraphQLMessages has
// Cloudflare's texts.
func (c *Client) GraphQL(ctx context.Context, query string, variables map[string]any) ([]byte, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables"`
	}{query, variables}); err != nil {
		return nil, &Error{Kind: KindBadRequest, Message: "The data source cannot encode the query. Report this problem.", Err: err}
	}
	payload := bytes.TrimSpace(body.Bytes())
	var data []byte
	err := c.do(ctx, c.graphql, call{
		method: http.MethodPost, path: "/graphql", payload: payload, most: maxGroups,
		text: "POST /graphql " + string(payload),
		decode: func(status int, answer []byte) *Error {
			var failed *Error
			data, failed = decodeGraphQL(status, answer, c.secrets)
			return failed
		},
	})
	return data, err
}

// decodeGraphQL reads a GraphQL answer; a gateway in front can also send the
// REST envelope.
func decodeGraphQL(status int, body []byte, secrets *strings.Replacer) ([]byte, *Error) {
	p, ok := split(body)
	if !ok {
		return nil, noJSON(status, body)
	}
	failures := p.failures(secrets)
	switch {
	case len(failures) > 0:
		return nil, graphQLError(status, p, failures)
	case failedStatus(status), p.success.Type == gjson.False:
		return nil, newError(status, nil)
	case p.errors.Type != gjson.Null && !p.errors.IsArray():
		return nil, malformed(status, "its errors are not a list")
	case !p.data.IsObject():
		return nil, malformed(status, "it contains neither data nor errors")
	}
	return p.raw(p.data), nil
}

// graphQLPhrases are texts that Cloudflare documents, in lower case.
// https://developers.cloudflare.com/analytics/graphql-api/errors/
var graphQLPhrases = []struct {
	phrase  string
	verdict verdict
}{
	{"rate limiter budget depleted", verdicts[971]},
	{"has exceeded its rate limit", verdicts[971]},
	{"unauthorized", verdicts[10000]},
	{"not authorized for that account", verdicts[7403]},
	{"does not have access to the path", verdicts[9109]},
	{"does not have access to the field", verdict{KindPermission, "The account's plan or the credentials do not include a field of this query. Remove the field from the query."}},
	{"unable to execute query", verdict{KindUnavailable, busy}},
	{"too many queries in progress", verdict{KindUnavailable, busy}},
	{"consumed excessive resources", verdict{KindUnavailable, "The query is too expensive for Cloudflare. Select a shorter time range or fewer fields."}},
	{"internal server error", verdict{KindUnavailable, busy}},
}

func graphQLError(status int, p parts, list []apiError) *Error {
	v := judge(status, list)
	if !slices.ContainsFunc(list, func(item apiError) bool { return item.code != 0 }) {
		v = judgeGraphQL(status, p, list)
	}
	e := v.newError(status, list)
	for _, item := range list {
		e.said = append(e.said, bounded(item.message, maxTracedText))
	}
	return e
}

// judgeGraphQL finds what errors without codes mean.
func judgeGraphQL(status int, p parts, list []apiError) verdict {
	if slices.ContainsFunc(p.errors.Array(), func(item gjson.Result) bool {
		return strings.EqualFold(item.Get("extensions.code").String(), "budget")
	}) {
		return verdicts[971]
	}
	for _, item := range list {
		text := strings.ToLower(item.message)
		for _, known := range graphQLPhrases {
			if strings.Contains(text, known.phrase) {
				return known.verdict
			}
		}
	}
	return judge(status, list)
}

// GraphQLMessages are Cloudflare's own texts of a refused GraphQL query, for
// code that reads limits out of them. They are not for the user: Message is.
func (e *Error) GraphQLMessages() []string { return e.said }
