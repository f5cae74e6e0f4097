package lan

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Features are what a service says it can do, or does right now.
type Features uint32

// The features there are. Others are kept and mean nothing.
const (
	Remotes Features = 1 << iota // it takes remote controls that are paired
	Pairing                      // right now somebody may pair one
)

// Bounds on what is told. What is beyond them is not taken.
const (
	idLength   = 16 // hex digits: 64 random bits
	MaxName    = 64 // characters
	maxVersion = 32 // bytes of printable ASCII
	maxString  = 255
	maxStrings = 32
)

// About is what a service tells of itself, in its TXT record (RFC 6763, section 6):
//
//	txtvers=1 id fn md ve ca fp
type About struct {
	ID          string   // id: 16 hex digits, at random; a conflict of names does not change it
	Name        string   // fn: 1 to 64 characters that people read, at most 252 bytes
	Model       string   // md: optional, as Name
	Version     string   // ve: optional, of the program
	Features    Features // ca
	Fingerprint string   // fp: the first 16 hex digits of the SHA-256 of the TLS key's SubjectPublicKeyInfo
}

// text checks what is told and puts it into strings.
func (a *About) text() ([]string, error) {
	switch {
	case !isHex(a.ID):
		return nil, fmt.Errorf("%w: id must be %d hex digits", ErrSettings, idLength)
	case !isHex(a.Fingerprint):
		return nil, fmt.Errorf("%w: fingerprint must be %d hex digits", ErrSettings, idLength)
	case readable(a.Name) == "":
		return nil, fmt.Errorf("%w: no name", ErrSettings)
	case !isVersion(a.Version):
		return nil, fmt.Errorf("%w: version must be at most %d bytes of ASCII", ErrSettings, maxVersion)
	}
	out := []string{"txtvers=1", "id=" + a.ID, "fn=" + readable(a.Name)}
	if m := readable(a.Model); m != "" {
		out = append(out, "md="+m)
	}
	if a.Version != "" {
		out = append(out, "ve="+a.Version)
	}
	return append(out, "ca="+strconv.FormatUint(uint64(a.Features), 10), "fp="+a.Fingerprint), nil
}

// parseAbout reads what a service tells. False means that it is none of ours, or not
// well told. Keys that are not known are passed over, so that later versions can tell
// more.
func parseAbout(text []string) (About, bool) {
	if len(text) > maxStrings {
		return About{}, false
	}
	values := make(map[string]string)
	for _, s := range text {
		key, value, _ := strings.Cut(s, "=")
		key = strings.ToLower(key)
		if _, twice := values[key]; !twice { // the first counts (RFC 6763, section 6.4)
			values[key] = value
		}
	}
	a := About{ID: values["id"], Name: readable(values["fn"]), Model: readable(values["md"]), Version: values["ve"], Fingerprint: values["fp"]}
	if ca := values["ca"]; ca != "" {
		n, err := strconv.ParseUint(ca, 10, 32)
		if err != nil {
			return About{}, false
		}
		a.Features = Features(n)
	}
	ok := values["txtvers"] == "1" && isHex(a.ID) && isHex(a.Fingerprint) && a.Name != "" && isVersion(a.Version)
	return a, ok
}

func isHex(s string) bool {
	for i := range len(s) {
		if !('0' <= s[i] && s[i] <= '9' || 'a' <= s[i] && s[i] <= 'f') {
			return false
		}
	}
	return len(s) == idLength
}

func isVersion(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= maxVersion
}

// readable leaves of a text what can be read: no control characters, and none that
// turn the direction of what follows; at most 64 characters and what a string holds.
func readable(s string) string {
	if !utf8.ValidString(s) {
		return ""
	}
	var b strings.Builder
	n := 0
	for _, r := range s {
		const joiner = '\u200d' // between the parts of one emoji
		if !unicode.IsGraphic(r) && r != joiner {
			continue
		}
		if n++; n > MaxName || b.Len()+utf8.RuneLen(r) > maxString-len("fn=") {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}
