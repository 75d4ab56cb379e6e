package cloudflare

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// KindOf is an error's class: its Kind, canceled or timeout for a bare error of
// a context, or KindOther.
func KindOf(err error) Kind {
	e, ok := errors.AsType[*Error](err)
	switch {
	case ok:
		return e.Kind
	case errors.Is(err, context.Canceled):
		return KindCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return KindTimeout
	}
	return KindOther
}

// Refusal says that no call would fare better, whatever part of the data it asks
// for, so the query fails. That includes every error that is no *Error.
func Refusal(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err != nil
	}
	return slices.Contains([]Kind{KindAuth, KindPermission, KindNotFound, KindBadRequest}, e.Kind)
}

// Transient says that another call may well succeed. A used-up rate limit and a
// canceled query are neither transient nor refusals: they end a scan, but what is
// known by then is still shown.
func Transient(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && slices.Contains([]Kind{KindUnavailable, KindMalformed, KindTimeout}, e.Kind)
}

// apiError is one element of the envelope's errors. Its message is scrubbed.
type apiError struct {
	code    int
	message string
}

// verdict is what a code or a status means. The text says in whole sentences what
// happened and what to do.
type verdict struct {
	kind Kind
	text string
}

const (
	badToken     = "Cloudflare rejects the credentials. Check that the API token or key is complete, active, and not expired."
	noPermission = "The credentials lack a permission for this call. Add the permission to the API token, for this account."
	wrongAccount = "Cloudflare does not know the account, or the credentials have no access to it. Check the account ID."
	badRequest   = "Cloudflare rejects the request. Change the query. If the problem persists, check the data source's settings."
	busy         = "Cloudflare cannot answer right now. Try again in a few minutes."
)

// verdicts are Cloudflare's codes, as far as they are known: there is no official
// list. Codes 10000 and 9109 depend on the status and the text too: see judge.
var verdicts = map[int]verdict{
	971:   {KindRateLimit, "You have reached Cloudflare's rate limit."},
	1000:  {KindAuth, badToken},
	6003:  {KindAuth, "Cloudflare cannot read the credentials. Check that the API token or the API key is in the right field."},
	6103:  {KindAuth, "This is not an API key. If it is an API token, switch the authentication to API token."},
	6111:  {KindAuth, "This is not an API token. If it is an API key, switch the authentication to email and API key."},
	7000:  {KindNotFound, "Cloudflare has nothing at this address. Check the account ID and the API URL."},
	7003:  {KindNotFound, wrongAccount},
	7403:  {KindPermission, wrongAccount},
	9103:  {KindAuth, "Cloudflare does not know the API key or its email address. Check both."},
	9106:  {KindAuth, "The call has no credentials. Enter an API token, or an API key and its email address."},
	9109:  {KindPermission, noPermission},
	10000: {KindAuth, badToken},
	10001: {KindAuth, "Cloudflare cannot authenticate the call. A new API token takes up to a minute to work. Wait and try again. If the problem persists, check the token."},
}

// precedence orders codes that come together. The one that says most goes first.
var precedence = []int{971, 6103, 6111, 7403, 9103, 9106, 9109, 10001, 10000, 7003, 6003, 7000, 1000}

// judge finds what a refused call means. The codes say more than the status,
// except with 5xx, which carries the codes of refusals too.
func judge(status int, list []apiError) verdict {
	limited := slices.ContainsFunc(list, func(e apiError) bool { return e.code == 971 })
	if status >= 500 && !limited {
		return judgeStatus(status)
	}
	for _, code := range precedence {
		i := slices.IndexFunc(list, func(e apiError) bool { return e.code == code })
		if i < 0 {
			continue
		}
		switch text := strings.ToLower(list[i].message); {
		case code == 1000 && status != 401 && status != 403:
			continue
		case code == 10000 && status == 403:
			// Cloudflare says "Authentication error" for both.
			return verdict{KindPermission, noPermission + " Also check that the token is active."}
		case code == 10000 && strings.Contains(text, "rate limit"):
			return verdicts[971]
		case code == 9109 && (status == 401 || strings.Contains(text, "invalid access token")):
			return verdicts[10000]
		}
		return verdicts[code]
	}
	if status < 300 && len(list) > 0 {
		return verdict{KindBadRequest, badRequest}
	}
	return judgeStatus(status)
}

func judgeStatus(status int) verdict {
	switch {
	case status == 429:
		return verdicts[971]
	case status == 401:
		return verdicts[10000]
	case status == 403:
		return verdicts[9109]
	case status == 404:
		return verdicts[7000]
	case status == 408:
		return verdict{KindTimeout, busy}
	case status >= 500 || status == 425:
		return verdict{KindUnavailable, busy}
	case status < 300:
		return verdict{KindUnavailable, "Cloudflare reports a failure without a reason. Try again in a few minutes."}
	case status < 400:
		return verdict{KindMalformed, "The API URL answers with a redirect, which the data source does not follow, to protect the credentials. Check the API URL."}
	}
	return verdict{KindBadRequest, badRequest}
}

// newError is the error of an answer that Cloudflare marked as failed.
func newError(status int, list []apiError) *Error { return judge(status, list).newError(status, list) }

// newError adds to the verdict what Cloudflare answered.
func (v verdict) newError(status int, list []apiError) *Error {
	e := &Error{Kind: v.kind, Status: status}
	said := []string{fmt.Sprintf("HTTP %d", status)}
	bare := slices.Clone(said)
	for _, item := range list {
		text := quotable(item.message)
		if item.code != 0 {
			e.Codes = append(e.Codes, item.code)
			code := fmt.Sprintf("code %d", item.code)
			text = code + " " + text
			bare = append(bare, code)
		}
		if text = strings.TrimRight(text, ". "); text != "" && len(said) <= 3 && !slices.Contains(said, text) {
			said = append(said, text)
		}
	}
	const answered = " Cloudflare answered: "
	e.Message = v.text + answered + strings.Join(said, "; ") + "."
	e.bare = v.text + answered + strings.Join(slices.Compact(bare), "; ") + "."
	return e
}

// malformed is an answer that is no envelope. The fault is in our own words, as
// the body can hold anything.
func malformed(status int, fault string) *Error {
	return &Error{Kind: KindMalformed, Status: status, Message: fmt.Sprintf(
		"The data source cannot use Cloudflare's answer: %s (HTTP %d). Try again. If the problem persists, check the API URL and any proxy.", fault, status)}
}

// refuseUntil completes the error of a call that Cloudflare refused for its rate
// limit.
func (e *Error) refuseUntil(at, now time.Time) {
	e.RetryAt = at
	e.Message = verdicts[971].text + nextCall(at, now)
}

// errBudget is a call that was not made, as Cloudflare would have refused it, or as
// the rest of the limit is kept for others.
func errBudget(api string, class Priority, at, now time.Time) *Error {
	name := map[string]string{restAPI: "REST", graphqlAPI: "GraphQL"}[api]
	var left error
	if class != Alert {
		left = errLeftToAlerts
	}
	return &Error{Kind: KindRateLimit, RetryAt: at, Err: left, Message: fmt.Sprintf(
		"The query would exceed Cloudflare's rate limit for the %s API.", name) + nextCall(at, now)}
}

// errBeyondAllowance is a call that was not made, as its purpose has used up its
// part of the budget.
func errBeyondAllowance(p Purpose, at, now time.Time) *Error {
	what := map[Purpose]string{Lookups: "Suggestions and look-ups", Enrichment: "Names and details beside answers"}[p]
	return &Error{Kind: KindRateLimit, RetryAt: at, Err: errAllowance, Message: fmt.Sprintf(
		"%s have used up their part of Cloudflare's rate limit. The rest is kept for queries and alerts. The next call is possible at %s (in %s).",
		what, at.UTC().Format("15:04:05 UTC"), max(at.Sub(now).Round(time.Second), 0))}
}

// errBeyondBound is a call that was not made, as those of its Trace are bounded.
func errBeyondBound() *Error {
	return &Error{Kind: KindRateLimit, Err: errBound, Message: "The question takes more calls to Cloudflare than the data source makes for one."}
}

func nextCall(at, now time.Time) string {
	return fmt.Sprintf(" The next call is possible at %s (in %s). Refresh less often, or select a shorter time range.",
		at.UTC().Format("15:04:05 UTC"), max(at.Sub(now).Round(time.Second), 0))
}

func errClosed() *Error {
	return &Error{Kind: KindCanceled, Message: "The data source's settings changed during the query. Run the query again.", Err: context.Canceled}
}

// contextError is a caller that went away or whose time is over.
func contextError(ctx context.Context) *Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Kind: KindTimeout, Message: "Cloudflare did not answer before the query timed out. Select a shorter time range, or increase the timeout.", Err: ctx.Err()}
	}
	return &Error{Kind: KindCanceled, Message: "Grafana canceled the query. Run the query again.", Err: context.Canceled}
}

// transportError is a call without an answer. Of url.Error only the cause is
// kept, as the address can hold personal data.
func (c *Client) transportError(err error) *Error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	e := &Error{Kind: KindUnavailable, Err: err}
	dns, unknownHost := errors.AsType[*net.DNSError](err)
	netError, ok := errors.AsType[net.Error](err)
	switch {
	case unknownHost:
		e.Message = fmt.Sprintf("The data source cannot find the host %s. Check the API URL and the network.", dns.Name)
	case untrusted(err):
		e.Message = "The data source does not trust Cloudflare's certificate. Check the API URL, the TLS settings, and any proxy."
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Message = "Cloudflare's address refuses the connection. Check the API URL, the network, and any proxy."
	case errors.Is(err, context.DeadlineExceeded), ok && netError.Timeout():
		e.Kind, e.Message = KindTimeout, "Cloudflare did not answer in time. Try again, or select a shorter time range."
	default:
		e.Message = fmt.Sprintf("The connection to Cloudflare failed (%s). Try again.", quotable(c.secrets.Replace(err.Error())))
	}
	return e
}

// lasting says that trying again cannot help.
func lasting(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound || untrusted(err)
}

func untrusted(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}
