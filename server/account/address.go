package account

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"github.com/hearthkey/hearthkey/protocol"
)

// Bounds of an address, in bytes (RFC 5321, section 4.5.3.1).
const (
	maxAddress = 254
	maxLocal   = 64
)

// parseAddress tidies an email address and returns it with the key under which
// its account is found: lower case, so that one person has one account however
// a keyboard capitalises. Domains are ASCII (with xn-- for others) and have a
// dot.
func parseAddress(s string) (address, key string, err error) {
	s = norm.NFC.String(strings.TrimSpace(s))
	at := strings.LastIndexByte(s, '@')
	if at < 1 || len(s) > maxAddress || !utf8.ValidString(s) {
		return "", "", ErrAddress
	}
	local, domain := s[:at], strings.ToLower(s[at+1:])
	if len(local) > maxLocal || !validLocal(local) || !validDomain(domain) {
		return "", "", ErrAddress
	}
	return local + "@" + domain, strings.ToLower(local) + "@" + domain, nil
}

// validLocal accepts a dot-atom (RFC 5322, section 3.2.3; RFC 6531 for letters
// beyond ASCII) and nothing quoted.
func validLocal(s string) bool {
	for _, atom := range strings.Split(s, ".") {
		if atom == "" {
			return false
		}
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsGraphic(r) || strings.ContainsRune(`()<>[]:;@\,"`, r)
	}) < 0
}

func validDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.HasPrefix(l, "-") || strings.HasSuffix(l, "-") ||
			strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// parseLanguage returns the canonical form of a BCP 47 tag, or "en".
func parseLanguage(s string) string {
	if tag, err := language.Parse(s); err == nil && len(s) <= 35 && tag != language.Und {
		return tag.String()
	}
	return "en"
}

// Network returns the part of an address that one household or office usually
// shares: an IPv4 /24 or an IPv6 /64. Throttles count by it.
func Network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return "?"
	}
	bits := 64
	if a = a.Unmap().WithZone(""); a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return "?"
	}
	return p.String()
}

// tidy bounds what a client says of itself.
func (c Client) tidy() Client {
	return Client{Agent: printable(c.Agent, 128), IP: printable(c.IP, 64), Place: printable(c.Place, 128), Kind: printable(c.Kind, 16)}
}

// printable drops characters that hide, or act on what shows them, and cuts s to n
// characters.
func printable(s string, n int) string {
	out := make([]rune, 0, min(len(s), n))
	for _, r := range s {
		if len(out) == n {
			break
		}
		if r != utf8.RuneError && !protocol.Hides(r) {
			out = append(out, r)
		}
	}
	return string(out)
}
