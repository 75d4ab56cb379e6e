package facts

import (
	"errors"
	"fmt"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

// Reasons of our own.
var (
	errSpared        = errors.New("the question took so many calls before that the data source did not ask for it")
	errTooLong       = errors.New("there is more of it than the data source reads for a question")
	errNoApplication = errors.New("no application that Cloudflare shows these credentials fits the login")
	errNobody        = errors.New("the login names no user")
)

// missing says why something could not be read, as what follows a "because".
func missing(what, permission string, err error) explain.Missing {
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
	case cloudflare.KindOther:
		return explain.Missing{Why: err.Error()}
	}
	return explain.Missing{Why: "Cloudflare failed to send " + what + status}
}

// whyIncomplete says why a log was not read as a whole.
var whyIncomplete = map[answer.Reason]string{
	answer.ReasonLimit:      "there are more events than the data source reads for this",
	answer.ReasonMaxRows:    "there are more events than the data source reads for this",
	answer.ReasonRetention:  "Cloudflare no longer has a part of the time",
	answer.ReasonRateLimit:  "the rate limit did not allow for all calls",
	answer.ReasonUpstream:   "Cloudflare failed to send a part of the log",
	answer.ReasonUnverified: "the events could not be checked",
	answer.ReasonBadRows:    "Cloudflare sent events without a time",
	answer.ReasonPageSize:   "Cloudflare has more events at one time than it sends",
	answer.ReasonTimeout:    "Cloudflare did not send all of the log in time",
}
