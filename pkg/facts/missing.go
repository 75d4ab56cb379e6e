package facts

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// ownReason is why something was not read that is no error of a call; the text has
// a place for what it is.
type ownReason struct{ text string }

func (r *ownReason) Error() string { return r.text }

var (
	errSpared        = &ownReason{"the question took so many calls that the data source did not ask for %s"}
	errTooLong       = &ownReason{"there is more of %s than the data source reads for a question"}
	errGone          = &ownReason{"Cloudflare does not have %s of that time, or not for this account"}
	errNoApplication = &ownReason{"%s is not among those that Cloudflare shows these credentials"}
	errTooManyLogins = &ownReason{"Cloudflare does not filter logins by their Ray ID, and there are more than the data source reads to find one in %s. " +
		"Select a time range of a few minutes around the login"}
)

// errNoList is an answer that is not the list it should be.
var errNoList = &cloudflare.Error{Kind: cloudflare.KindMalformed}

// missing says why something could not be read, as what follows a "because".
func missing(what, permission string, err error) explain.Missing {
	if own, ok := errors.AsType[*ownReason](err); ok {
		return explain.Missing{Why: fmt.Sprintf(own.text, what)}
	}
	if _, ok := errors.AsType[*query.InvalidError](err); ok {
		return missing(what, permission, errGone) // Nothing else can be wrong with our own questions.
	}
	if cloudflare.BeyondBound(err) {
		return missing(what, permission, errSpared)
	}
	status := ""
	if upstream, ok := errors.AsType[*cloudflare.Error](err); ok && upstream.Status > 0 {
		status = fmt.Sprintf(" (HTTP %d)", upstream.Status)
	}
	switch cloudflare.KindOf(err) {
	case cloudflare.KindPermission, cloudflare.KindAuth:
		return explain.Missing{Why: "Cloudflare refused " + what + status, Permission: permission}
	case cloudflare.KindNotFound:
		return explain.Missing{Why: "Cloudflare did not find " + what + status}
	case cloudflare.KindRateLimit:
		return explain.Missing{Why: "the rate limit did not allow for " + what + status}
	case cloudflare.KindTimeout:
		return explain.Missing{Why: "Cloudflare did not send " + what + " in time"}
	}
	return explain.Missing{Why: "Cloudflare failed to send " + what + status}
}

// incomplete says why a log was not read as a whole.
func incomplete(reason answer.Reason) error {
	switch reason {
	case answer.ReasonRateLimit:
		return &cloudflare.Error{Kind: cloudflare.KindRateLimit}
	case answer.ReasonTimeout:
		return &cloudflare.Error{Kind: cloudflare.KindTimeout}
	case answer.ReasonLimit, answer.ReasonMaxRows, answer.ReasonPageSize:
		return errTooLong
	}
	return &cloudflare.Error{Kind: cloudflare.KindUnavailable}
}

func firstMissing(all ...*explain.Missing) *explain.Missing {
	i := slices.IndexFunc(all, func(m *explain.Missing) bool { return m != nil })
	if i < 0 {
		return nil
	}
	return all[i]
}
