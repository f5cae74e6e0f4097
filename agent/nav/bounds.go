package nav

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol"
)

// Bounds that keep a View below 64 KiB of JSON, whatever the server sends.
const (
	maxProfiles = 12
	maxRows     = 24
	maxRowItems = 40
	homeBudget  = 36 << 10 // bytes of JSON for the home's rows
	ownBudget   = 8 << 10  // and for those of what the profile watches
	pageBudget  = 40 << 10 // for the episodes of a series, and for what a search found
	maxID       = 64       // bytes
	maxLabel    = 80       // characters of a name
	maxDetail   = 200      // characters of an address
	maxText     = 600      // characters of a paragraph
	maxQR       = 177      // modules of the largest QR code (ISO/IEC 18004, version 40)
	maxSteps    = 12       // of a network check
)

// clean returns s as one line of at most n characters of text.
func clean(s string, n int) string {
	if len(s) <= n && plain(s) {
		return s
	}
	s = s[:min(len(s), (n+1)*utf8.UTFMax)]
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError {
			return -1
		}
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	count := 0
	for i := range s {
		if count == n-1 && utf8.RuneCountInString(s[i:]) > 1 {
			return s[:i] + "…"
		}
		count++
	}
	return s
}

// plain reports whether s is printable ASCII.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// cost is the size of s in JSON, as encoding/json writes it.
func cost(s string) int {
	n := len(s) + 2
	for i := range len(s) {
		switch s[i] {
		case '"', '\\', '<', '>', '&':
			n += 5
		}
	}
	return n
}

// soundID reports whether id can name an item.
func soundID(id string) bool { return id != "" && len(id) <= maxID && plain(id) }

// soundProfiles returns the profiles that can be shown: with an id of their own.
func soundProfiles(list []protocol.Profile) []protocol.Profile {
	out := make([]protocol.Profile, 0, min(len(list), maxProfiles))
	for _, p := range list {
		if len(out) == maxProfiles {
			break
		}
		if _, double := findProfile(out, p.ID); double || !soundID(string(p.ID)) || p.ID == protocol.ParentalPIN {
			continue
		}
		p.Name = clean(p.Name, maxLabel)
		if p.Name == "" {
			p.Name = sentence(msgUnnamed)
		}
		p.Avatar = clean(p.Avatar, maxID)
		out = append(out, p)
	}
	return out
}

func findProfile(list []protocol.Profile, id protocol.ProfileID) (protocol.Profile, bool) {
	for _, p := range list {
		if p.ID == id {
			return p, true
		}
	}
	return protocol.Profile{}, false
}

// soundQR returns rows if they make up a QR code.
func soundQR(rows []string) []string {
	if len(rows) > maxQR {
		return nil
	}
	for _, r := range rows {
		if len(r) != len(rows) || strings.Trim(r, "01") != "" {
			return nil
		}
	}
	return rows
}
