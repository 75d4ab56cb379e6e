package explain

import (
	"encoding/json"
	"time"
)

// Answer is the judgement. All texts are masked already.
type Answer struct {
	Verdict  Verdict
	Checks   []Check
	Timeline []Entry
}

// Verdict is why the login was decided as it was.
type Verdict struct {
	// Time is the login's; zero where no login was found.
	Time                                       time.Time
	RayID, UserEmail, AppName, AppUID, Outcome string
	Verdict                                    string
	Reason                                     string
	PolicyName, PolicyID, Rule                 string
	Certainty                                  string
	AsOf                                       time.Time
	NextStep                                   string
}

// The verdicts.
const (
	AllowedByPolicy       = "allowed_by_policy"
	BlockedByPolicy       = "blocked_by_policy"
	NoPolicyMatched       = "no_policy_matched"
	LoginMethodNotAllowed = "login_method_not_allowed"
	ServiceAuthFailed     = "service_auth_failed"
	Bypassed              = "bypassed"
	ApprovalNeeded        = "approval_needed"
	NotBlockedByAccess    = "not_blocked_by_access"
	NotFound              = "not_found"
	VerdictUnknown        = "unknown"
)

// How sure a verdict is.
const (
	// Certain: every rule that decides was seen in data of the login, or of a time
	// so near that it can't have changed, under the configuration of that moment.
	Certain = "certain"
	// Likely: it follows from what was logged, or from data or a configuration of
	// another moment.
	Likely = "likely"
	// CertaintyUnknown: nothing is claimed.
	CertaintyUnknown = "unknown"
)

// The outcomes that are logged.
const (
	OutcomeAllowed = "allowed"
	OutcomeBlocked = "blocked"
)

// Check is one rule of one policy.
type Check struct {
	// Order counts from 1, in the order in which Access evaluates.
	Order                int
	PolicyName, PolicyID string
	// Decision and RuleType have Cloudflare's keys.
	Decision, Section, RuleType string
	Rule, Wanted, Seen          string
	Result                      string
	Decisive                    bool
	Source, Note                string
}

// The results of a check.
const (
	Met     = "met"
	NotMet  = "not_met"
	Unknown = "unknown"
)

// Entry is one line of the timeline.
type Entry struct {
	Time                 time.Time
	What, Outcome, Title string
	RayID                string
	// Detail is a JSON object.
	Detail json.RawMessage
}
