// Package settings reads and checks what is set for a data source, and what the Grafana
// server's configuration allows.
package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/frame"
)

// Bounds and defaults of the settings.
const (
	defaultCacheLimitMB = 256
	maxCacheLimitMB     = 64 * 1024
	defaultSealAfter    = 15 * time.Minute
	maxSealAfter        = 24 * time.Hour
	defaultKeepFor      = 24 * time.Hour
	minKeepFor          = time.Minute
	// maxKeepFor is Cloudflare's longest retention of Access logs
	// (developers.cloudflare.com/cloudflare-one/insights/logs).
	maxKeepFor = 180 * 24 * time.Hour
	// DefaultMaxRows is the most events that one query scans.
	DefaultMaxRows = 100_000
	maxMaxRows     = 10_000_000
	defaultReserve = 10
	maxReserve     = 90
	// minMaskKey is in characters. With a shorter key, who sees a pseudonym of a known
	// address can try all keys.
	minMaskKey = 16
)

const (
	authToken = "apiToken"
	authKey   = "apiKey"
)

// DataSource are the checked settings of one data source.
type DataSource struct {
	// CanConnect says that address and credentials are usable, whatever else is
	// wrong: the accounts can then be listed for the user to choose from.
	CanConnect  bool
	AccountID   string
	APIURL      string
	Credentials cloudflare.Credentials
	// CacheLimit is the size of the event log in bytes; 0 keeps nothing.
	CacheLimit int64
	// SealAfter is the age after which Cloudflare is taken to have delivered all.
	SealAfter time.Duration
	// KeepFor is the greatest age of anything that is kept between queries.
	KeepFor time.Duration
	// MaxRows is the most events that one query scans.
	MaxRows int
	// Reserve is the share of the rate limit left to others, 0 to 1.
	Reserve          float64
	AccountRateLimit bool
	Mask             frame.Mask
	MaskKey          string
	// MinRoles are the smallest roles that may ask for a query type or a resource, by
	// name. What is not in it is for everybody.
	MinRoles map[string]Role
}

// model is jsonData as it is stored. Numbers are read leniently: forms
// and provisioning files write them as texts too.
type model struct {
	AccountID        string            `json:"accountId"`
	AuthType         string            `json:"authType"`
	Email            string            `json:"email"`
	APIURL           string            `json:"apiUrl"`
	CacheLimitMB     flexNumber        `json:"cacheLimitMb"`
	SealAfter        string            `json:"sealAfter"`
	KeepFor          string            `json:"keepFor"`
	MaxRows          flexNumber        `json:"maxRows"`
	ReservePercent   flexNumber        `json:"reservePercent"`
	AccountRateLimit bool              `json:"accountRateLimit"`
	MaskIdentities   string            `json:"maskIdentities"`
	MinRoles         map[string]string `json:"minRoles"`
}

// flexNumber is a JSON number, or a text that holds one; empty means unset.
type flexNumber struct{ text string }

func (n *flexNumber) UnmarshalJSON(b []byte) error {
	n.text = strings.Trim(strings.TrimSpace(string(b)), `"`)
	if n.text == "null" {
		n.text = ""
	}
	return nil
}

var accountID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// Load checks settings and lists every problem in one error.
func Load(s backend.DataSourceInstanceSettings) (*DataSource, error) {
	m := model{}
	if len(s.JSONData) > 0 {
		if err := json.Unmarshal(s.JSONData, &m); err != nil {
			var typed *json.UnmarshalTypeError
			if errors.As(err, &typed) {
				return nil, fmt.Errorf("the settings cannot be read: %s cannot be a %s", typed.Field, typed.Value)
			}
			return nil, errors.New("the settings cannot be read: jsonData is not valid JSON")
		}
	}
	p := &problems{}
	out := &DataSource{
		AccountID:        strings.ToLower(strings.TrimSpace(m.AccountID)),
		CacheLimit:       int64(p.number("cacheLimitMb", m.CacheLimitMB, defaultCacheLimitMB, 0, maxCacheLimitMB)) << 20,
		MaxRows:          p.number("maxRows", m.MaxRows, DefaultMaxRows, 1, maxMaxRows),
		Reserve:          float64(p.number("reservePercent", m.ReservePercent, defaultReserve, 0, maxReserve)) / 100,
		AccountRateLimit: m.AccountRateLimit,
		SealAfter:        p.duration("sealAfter", m.SealAfter, defaultSealAfter, 0, maxSealAfter, "from 0s to 24h, such as 15m"),
		KeepFor:          p.duration("keepFor", m.KeepFor, defaultKeepFor, minKeepFor, maxKeepFor, "from 1m to 4320h, such as 24h"),
		MinRoles:         p.minRoles(m.MinRoles),
	}
	switch {
	case out.AccountID == "":
		p.add("accountId is missing: it is the 32 hexadecimal digits in the address of your Cloudflare dashboard")
	case !accountID.MatchString(out.AccountID):
		p.add("accountId must be 32 hexadecimal digits, as in the address of your Cloudflare dashboard")
	}
	before := len(p.list)
	out.APIURL = p.apiURL(m.APIURL, allowedHosts())
	out.Credentials = p.credentials(m, s.DecryptedSecureJSONData)
	out.CanConnect = len(p.list) == before
	out.Mask, out.MaskKey = p.mask(m.MaskIdentities, s.DecryptedSecureJSONData["maskKey"])
	return out, p.err()
}

// problems collects what is wrong, so that a user mends all of it at once.
type problems struct{ list []string }

func (p *problems) add(format string, args ...any) {
	p.list = append(p.list, fmt.Sprintf(format, args...))
}

func (p *problems) err() error {
	switch len(p.list) {
	case 0:
		return nil
	case 1:
		return errors.New("the settings have a problem: " + p.list[0])
	}
	return fmt.Errorf("the settings have %d problems: %s", len(p.list), strings.Join(p.list, "; "))
}

func (p *problems) number(name string, n flexNumber, missing, least, most int) int {
	if n.text == "" {
		return missing
	}
	var v int
	if err := json.Unmarshal([]byte(n.text), &v); err != nil || v < least || v > most {
		p.add("%s must be a whole number from %d to %d", name, least, most)
		return missing
	}
	return v
}

// duration reads a Go duration; allowed says its bounds.
func (p *problems) duration(name, text string, missing, least, most time.Duration, allowed string) time.Duration {
	if strings.TrimSpace(text) == "" {
		return missing
	}
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil || d < least || d > most {
		p.add("%s must be a duration %s", name, allowed)
		return missing
	}
	return d
}

func (p *problems) credentials(m model, secrets map[string]string) cloudflare.Credentials {
	switch m.AuthType {
	case "", authToken:
		token := strings.TrimSpace(secrets["apiToken"])
		if token == "" {
			p.add("the API token is missing: create one in Cloudflare and paste it")
		}
		p.headerSafe("the API token", token)
		return cloudflare.Credentials{Token: token}
	case authKey:
		c := cloudflare.Credentials{Email: strings.TrimSpace(m.Email), Key: strings.TrimSpace(secrets["apiKey"])}
		if !strings.Contains(c.Email, "@") {
			p.add("email must be the email address that the API key belongs to")
		}
		if c.Key == "" {
			p.add("the API key is missing: paste the global API key, or use an API token")
		}
		p.headerSafe("email", c.Email)
		p.headerSafe("the API key", c.Key)
		return c
	}
	p.add("authType must be %s or %s", authToken, authKey)
	return cloudflare.Credentials{}
}

// headerSafe refuses what could not be sent as an HTTP header, without showing it.
func (p *problems) headerSafe(name, value string) {
	if strings.ContainsFunc(value, func(r rune) bool { return r < 0x21 || r > 0x7e }) {
		p.add("%s contains a space or a character that cannot be sent; paste it again", name)
	}
}

func (p *problems) mask(text, key string) (frame.Mask, string) {
	mask, ok := frame.ParseMask(text)
	if !ok {
		p.add("maskIdentities must be none, pseudonym, or redact")
	}
	switch {
	case mask != frame.MaskPseudonym:
	case key == "":
		p.add("maskKey is missing: enter the key that makes the pseudonyms")
	case utf8.RuneCountInString(key) < minMaskKey:
		p.add("maskKey must have at least %d characters, because whoever guesses it can undo the pseudonyms", minMaskKey)
	}
	return mask, key
}
