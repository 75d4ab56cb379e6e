package cloudflare

import (
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxQuote bounds what an error quotes of one text, in characters.
	maxQuote = 200
	// minSecret is the shortest secret that is taken out of texts: a shorter one
	// would be found in ordinary words.
	minSecret = 4
	removed   = "[removed]"
)

// scrubber takes the credentials out of a text, in every form in which Cloudflare
// or the network may repeat them: as they are, inside a URL or a JSON string, and
// in base64. It must see a text before the text is cut, because a fragment of a
// secret is not found any more.
func scrubber(c Credentials) *strings.Replacer {
	secrets := []string{c.Token, c.Key, c.Email}
	if c.Key != "" {
		secrets = append(secrets, c.Email+":"+c.Key)
	}
	var forms []string
	for _, secret := range secrets {
		if len(secret) < minSecret {
			continue
		}
		escaped, _ := json.Marshal(secret) // A string can always be encoded.
		forms = append(forms, secret, url.QueryEscape(secret), url.PathEscape(secret), string(escaped[1:len(escaped)-1]),
			base64.RawStdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)))
	}
	// The longest form goes first, so that none leaves the rest of another behind.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range forms {
		pairs = append(pairs, form, removed)
	}
	return strings.NewReplacer(pairs...)
}

// quotable bounds a scrubbed text and takes out what can be personal: words that
// are or hold an email or an IP address.
func quotable(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	for i, word := range words {
		if isPersonal(word) {
			words[i] = removed
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
