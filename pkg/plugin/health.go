package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/directory"
)

// healthTimeout bounds Save & test, which a person waits for.
const healthTimeout = 25 * time.Second

// Verdicts of a probe.
const (
	verdictOK      = "ok"
	verdictMissing = "permission missing"
	verdictFailed  = "failed"
	// verdictRefused means that Cloudflare did not take the credentials at all.
	verdictRefused = "credentials refused"
)

// probeResult is a row of the permission table.
type probeResult struct {
	Surface    string `json:"surface"`
	Permission string `json:"permission"`
	Verdict    string `json:"verdict"`
	Remedy     string `json:"remedy,omitempty"`
	optional   bool
	// said is what the failed probe answered.
	said string
}

// CheckHealth asks every surface that the credentials should reach: that a
// token is active says nothing of its permissions. The answer is a verdict,
// never a failed call.
func (d *Datasource) CheckHealth(ctx context.Context, _ *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	if d.problem != nil {
		return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: upperFirst(d.problem.Error()) + "."}, nil
	}
	ctx, cancel := inTime(ctx)
	defer cancel()
	ctx, cancelHealth := context.WithTimeout(ctx, healthTimeout)
	defer cancelHealth()
	probes := d.surfaces.Directory().Probes()
	results := make([]probeResult, len(probes))
	var wg sync.WaitGroup
	for i, p := range probes {
		wg.Go(func() { results[i] = judge(p, p.Ask(ctx)) })
	}
	wg.Wait()
	return health(results), nil
}

func judge(p directory.Probe, err error) probeResult {
	r := probeResult{Surface: p.Title, Permission: p.Permission, Verdict: verdictOK, optional: p.Optional}
	if err == nil {
		return r
	}
	r.said = classify(err).err.Error()
	r.Verdict, r.Remedy = verdictFailed, r.said
	var upstream *cloudflare.Error
	if errors.As(err, &upstream) {
		switch upstream.Kind {
		case cloudflare.KindPermission:
			r.Verdict = verdictMissing
			r.Remedy = fmt.Sprintf("Add the permission %q to the token in Cloudflare.", p.Permission)
		case cloudflare.KindAuth:
			// Cloudflare uses the same code for a wrong secret and for a missing
			// permission; which of them it is shows in the other surfaces.
			r.Verdict = verdictRefused
		}
	}
	return r
}

// health sums up: at least one surface that answers is OK, with what is missing.
func health(results []probeResult) *backend.CheckHealthResult {
	reached, refused, required := 0, 0, 0
	for _, r := range results {
		if r.optional {
			continue
		}
		required++
		switch r.Verdict {
		case verdictOK:
			reached++
		case verdictRefused, verdictMissing:
			refused++
		}
	}
	for i, r := range results {
		if r.Verdict == verdictRefused && reached > 0 {
			results[i].Verdict = verdictMissing
			results[i].Remedy = fmt.Sprintf("Add the permission %q to the token in Cloudflare.", r.Permission)
		}
	}
	details, err := json.Marshal(map[string]any{"surfaces": results})
	if err != nil {
		return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: "The result of the check cannot be written."}
	}
	out := &backend.CheckHealthResult{JSONDetails: details, Status: backend.HealthStatusError}
	if reached == 0 {
		out.Message = unreachable(results, refused == required)
		return out
	}
	out.Status = backend.HealthStatusOk
	out.Message = fmt.Sprintf("Connected to Cloudflare: %d of %d query types can be used.", reached, required)
	if missing := listMissing(results); missing != "" {
		out.Message += "\n" + missing
	}
	return out
}

// unreachable says why no surface answers: once, where all say the same.
func unreachable(results []probeResult, refused bool) string {
	said := map[string]bool{}
	permissions := make([]string, 0, len(results))
	for _, r := range results {
		if !r.optional {
			said[r.said] = true
			permissions = append(permissions, r.Permission)
		}
	}
	switch {
	case refused:
		slices.Sort(permissions)
		return "Cloudflare rejects every call with these credentials. Check that the token is complete, active, and valid for this account, and that it has the permissions " +
			strings.Join(slices.Compact(permissions), ", ") + ". Cloudflare says: " + results[0].said
	case len(said) == 1:
		return "The data source cannot read Cloudflare Access. " + results[0].said
	}
	return "The data source cannot read Cloudflare Access.\n" + listMissing(results)
}

func listMissing(results []probeResult) string {
	var lines []string
	for _, r := range results {
		if r.Verdict != verdictOK {
			lines = append(lines, fmt.Sprintf("- %s: %s. %s", r.Surface, r.Verdict, r.Remedy))
		}
	}
	return strings.Join(lines, "\n")
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
