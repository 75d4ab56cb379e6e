package cloudflare

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// maxQuote bounds what is quoted of Cloudflare's own messages, in characters.
const maxQuote = 200

// apiError is one element of the envelope's errors.
type apiError struct {
	code    int
	message string
}

// verdict is how a code or a status is understood: what happened, and what to do.
type verdict struct {
	kind Kind
	text string
}

const (
	badToken     = "Cloudflare does not accept the credentials. Check that the API token is whole, active and not expired"
	noPermission = "Cloudflare refuses this call to the credentials. Give the API token the permission for it, for this account"
	wrongAccount = "Cloudflare does not know the account, or it is not one of the credentials' accounts. Check the account ID"
	badRequest   = "Cloudflare did not accept the request"
	busy         = "Cloudflare could not answer right now. Try again in a few minutes"
)

// verdicts are Cloudflare's codes, as far as known; there is no official list.
// 10000 and 9109 depend on the status and the text: see judge.
var verdicts = map[int]verdict{
	971:   {KindRateLimit, "Cloudflare's rate limit is used up"},
	1000:  {KindAuth, badToken},
	6003:  {KindAuth, "Cloudflare cannot read the credentials. Check that the API token is not in the field of the API key, nor the key in the field of the token"},
	6103:  {KindAuth, "This is not an API key. If it is an API token, choose the authentication by API token"},
	6111:  {KindAuth, "This is not an API token. If it is an API key, choose the authentication by API key"},
	7000:  {KindNotFound, "Cloudflare has no such address. Check the account ID and the API URL"},
	7003:  {KindNotFound, wrongAccount},
	7403:  {KindPermission, wrongAccount},
	9103:  {KindAuth, "Cloudflare does not know the API key or its e-mail address. Check both"},
	9106:  {KindAuth, "The call carried no credentials. Enter an API token, or an API key and its e-mail address"},
	9109:  {KindPermission, noPermission},
	10000: {KindAuth, badToken},
	10001: {KindAuth, "Cloudflare could not authenticate the call. A new token needs up to a minute; otherwise check the API token"},
}

// precedence orders codes that come together: the one that says most is judged.
var precedence = []int{971, 6103, 6111, 7403, 9103, 9106, 9109, 10001, 10000, 7003, 6003, 7000, 1000}

// judge finds what a refused call means. The codes say more than the status, but
// for 5xx: those come with codes of refusals, too.
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
			return verdict{KindPermission, noPermission + ", and check that it is active"}
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
		return verdict{KindUnavailable, "Cloudflare reports a failure and does not say which. Try again in a few minutes"}
	case status < 400:
		return verdict{KindMalformed, "Cloudflare's address answers with a redirect, which is not followed, as it would carry the credentials along. Check the API URL"}
	}
	return verdict{KindBadRequest, badRequest}
}

// newError makes the error of an answer that Cloudflare marked as failed.
func newError(status int, list []apiError) *Error {
	v := judge(status, list)
	e := &Error{Kind: v.kind, Status: status}
	var said []string
	for _, item := range list {
		if item.code != 0 {
			e.Codes = append(e.Codes, item.code)
		}
		if len(said) < 3 {
			said = append(said, describe(item))
		}
	}
	e.Message = v.text + " (" + strings.Join(append([]string{statusText(status)}, said...), "; ") + ")."
	return e
}

func statusText(status int) string { return fmt.Sprintf("HTTP %d", status) }

func describe(item apiError) string {
	text := quotable(item.message)
	if item.code == 0 {
		return text
	}
	return strings.TrimSpace(fmt.Sprintf("code %d %s", item.code, text))
}

// malformed is an answer that is no envelope. what is one of our own texts, as
// the body could hold anything.
func malformed(status int, what string) *Error {
	return &Error{Kind: KindMalformed, Status: status, Message: fmt.Sprintf("Cloudflare's answer cannot be used: %s (%s). Try again; if it stays, check the API URL and any proxy in between.", what, statusText(status))}
}

// errRateLimit is a call that Cloudflare refused for its rate limit.
func errRateLimit(e *Error, until, now time.Time) {
	e.RetryAt = until
	e.Message = fmt.Sprintf("Cloudflare's rate limit is used up (%s). Calls are possible again %s.", statusText(e.Status), clock(until, now))
}

// errBudget is a call that was not made, as Cloudflare would have refused it.
func errBudget(api string, at, now time.Time) *Error {
	name := map[string]string{restAPI: "REST", graphqlAPI: "GraphQL"}[api]
	return &Error{Kind: KindRateLimit, RetryAt: at, Message: fmt.Sprintf(
		"Cloudflare's rate limit for its %s API leaves no call in time. The next one is possible %s. Refresh less often, or ask for a shorter time range.", name, clock(at, now))}
}

func clock(at, now time.Time) string {
	wait := at.Sub(now).Round(time.Second)
	return fmt.Sprintf("at %s (in %s)", at.UTC().Format("15:04:05 UTC"), max(wait, 0))
}

func errClosed() *Error {
	return &Error{Kind: KindCanceled, Message: "The data source's settings changed while the query ran. Run it again.", Err: context.Canceled}
}

// contextError is a caller that went away or whose time is over.
func contextError(ctx context.Context) *Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Kind: KindTimeout, Message: "Cloudflare did not answer within the query's time. Ask for a shorter time range, or raise the timeout.", Err: ctx.Err()}
	}
	return &Error{Kind: KindCanceled, Message: "The query was cancelled.", Err: context.Canceled}
}

// transportError is a call without an answer. Of url.Error only the cause is
// kept, as the address can hold personal data.
func (c *Client) transportError(err error) *Error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	e := &Error{Kind: KindUnavailable, Err: err}
	var netError net.Error
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.As(err, &dns):
		e.Message = fmt.Sprintf("The host %s cannot be found. Check the API URL and the network.", dns.Name)
	case errors.As(err, &certificate), errors.As(err, &authority):
		e.Message = "Cloudflare's certificate is not trusted. Check the API URL, the TLS settings and any proxy in between."
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Message = "The connection to Cloudflare was refused. Check the API URL, the proxy and the network."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netError) && netError.Timeout():
		e.Kind, e.Message = KindTimeout, "Cloudflare did not answer in time. Try again, or ask for a shorter time range."
	default:
		e.Message = fmt.Sprintf("The connection to Cloudflare broke (%s). Try again.", c.scrub(quotable(err.Error())))
	}
	return e
}

// lasting says that trying again cannot help.
func lasting(err error) bool {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	return errors.As(err, &dns) && dns.IsNotFound || errors.As(err, &certificate) || errors.As(err, &authority)
}

// quotable bounds a message of Cloudflare's and takes out what can be personal:
// words that are or hold an e-mail or an IP address.
func quotable(message string) string {
	words := strings.FieldsFunc(message, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	for i, word := range words {
		if isPersonal(word) {
			words[i] = "[removed]"
		}
	}
	return bounded(strings.Join(words, " "), maxQuote)
}

func isPersonal(word string) bool {
	if strings.Contains(word, "@") {
		return true
	}
	for _, part := range strings.FieldsFunc(word, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF.:/", r) }) {
		part = strings.Trim(part, ".:/")
		if address, _, _ := strings.Cut(part, "/"); strings.ContainsAny(address, ".:") {
			if _, err := netip.ParseAddr(address); err == nil {
				return true
			}
			if _, err := netip.ParseAddrPort(address); err == nil {
				return true
			}
		}
	}
	return false
}

// bounded cuts a text to a number of characters.
func bounded(s string, most int) string {
	if len(s) <= most {
		return s
	}
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
