package settings

import (
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

// allowedHostsVariable holds the hosts that data sources may send a secret to, separated by
// commas or spaces. Grafana sets it from allowed_hosts in the section
// [plugin.cfaccess-logs-datasource] of its configuration
// (github.com/grafana/grafana, pkg/services/pluginsintegration/pluginconfig/envvars.go),
// which only those who run the Grafana server can write. Whoever may edit data sources
// could send the saved secret to a host of their own otherwise.
const allowedHostsVariable = "GF_PLUGIN_ALLOWED_HOSTS"

// loopback stands for this machine, on which a simulated account runs.
const loopback = "loopback"

// defaultHosts are allowed where the server's configuration names none.
var defaultHosts = []string{"api.cloudflare.com", loopback}

// allowedHosts are those of the server's configuration.
func allowedHosts() []string {
	list := strings.FieldsFunc(os.Getenv(allowedHostsVariable), func(r rune) bool { return r == ',' || r == ' ' })
	if len(list) == 0 {
		return defaultHosts
	}
	return list
}

// apiURL checks the address that the secret is sent to.
func (p *problems) apiURL(text string, allowed []string) string {
	text = strings.TrimRight(strings.TrimSpace(text), "/")
	if text == "" {
		text = cloudflare.DefaultURL
	}
	u, err := url.Parse(text)
	// A lone ? or # leaves no trace in the parsed address, but would swallow the paths
	// that are added to it.
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || strings.ContainsAny(text, "?#") {
		p.add("apiUrl must be an address such as %s, without a user, query, or fragment", cloudflare.DefaultURL)
		return cloudflare.DefaultURL
	}
	switch host, plain := admits(allowed, u); {
	case !host:
		p.add("apiUrl names a host that the Grafana server does not allow; allowed are %s. To allow another one, set allowed_hosts in the section [plugin.cfaccess-logs-datasource] of Grafana's configuration",
			strings.Join(allowed, ", "))
	case u.Scheme == "http" && !plain:
		p.add("apiUrl must start with https:// because the secret must not travel unencrypted; http:// is allowed for this machine, and for hosts that allowed_hosts in Grafana's configuration lists with http://")
	}
	return text
}

// admits says whether an address has an allowed host, and whether the secret may travel
// there unencrypted. An entry is a host, a host with a port, or either after http://.
func admits(allowed []string, u *url.URL) (host, plain bool) {
	for _, entry := range allowed {
		name, unencrypted := strings.CutPrefix(strings.ToLower(strings.TrimSpace(entry)), "http://")
		if name == loopback && isLoopback(u.Hostname()) {
			return true, true
		}
		if strings.EqualFold(name, u.Hostname()) || strings.EqualFold(name, u.Host) {
			host, plain = true, plain || unencrypted
		}
	}
	return host, plain
}

// isLoopback says whether a host is this machine. Names that only look like its
// addresses, such as 127.example.com, are not.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.Unmap().IsLoopback()
}
