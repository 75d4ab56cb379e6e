package answer

import "time"

// Reason says why an answer is not complete.
type Reason string

// Reasons for an answer that does not hold all that was asked for.
const (
	ReasonLimit      Reason = "limit"      // the query's limit cut rows
	ReasonMaxRows    Reason = "max_rows"   // the data source's maxRows ended the scan
	ReasonRetention  Reason = "retention"  // Cloudflare no longer has a part of the range
	ReasonRateLimit  Reason = "rate_limit" // the budget or Cloudflare refused a call
	ReasonUpstream   Reason = "upstream"   // a part of the range failed at Cloudflare
	ReasonUnverified Reason = "unverified" // a filter could not be checked against the rows
	ReasonBadRows    Reason = "bad_rows"   // rows have no readable time, or a value that is not of its kind
	ReasonPageSize   Reason = "page_size"  // more groups in an instant than Cloudflare gives
	ReasonTimeout    Reason = "timeout"    // the caller's deadline came first
	ReasonSampled    Reason = "sampled"    // Cloudflare counted a sample, which does not tell what was asked
)

// Coverage says how much of the question the answer covers. It is in every
// frame as meta.custom.coverage.
type Coverage struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Complete bool      `json:"complete"`
	Reason   Reason    `json:"reason,omitempty"`
	// Rows are the events in the answer: listed, or counted.
	Rows int64 `json:"rows"`
	// UpstreamCalls were made for this query; calls that it shared with another
	// query count for the one that made them.
	UpstreamCalls int `json:"upstreamCalls"`
	// SavedCalls is how many more there would have been without the event log.
	SavedCalls int   `json:"savedCalls"`
	CachedRows int64 `json:"cachedRows"`
	// CachedAt is when the oldest cached part was fetched.
	CachedAt *time.Time `json:"cachedAt,omitempty"`
	// FilteredHere names the fields whose filters the data source applied alone.
	FilteredHere []string `json:"filteredHere"`
	// Sampled says that Cloudflare counted a sample; SampleInterval is its own
	// average interval, 1 where nothing was left out.
	Sampled        bool    `json:"sampled"`
	SampleInterval float64 `json:"sampleInterval,omitempty"`
	// RetryAt is when the next call is possible, where a limit stopped this one.
	RetryAt *time.Time `json:"retryAt"`
	// Newest is the time of the newest event in the answer.
	Newest *time.Time `json:"newest,omitempty"`
}
