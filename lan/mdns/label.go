package mdns

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLabel is how many bytes one part of a name may have.
const maxLabel = 63

// Label makes a name that people read one part of a DNS name: without dots, which
// would part it, and control characters, with single spaces, of at most 63 bytes, cut
// between characters. A name with nothing left is "-".
func Label(name string) string { return label(name, 1) }

// label is the label of the n-th service that wants a name: "Living room (2)".
func label(name string, n int) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r == '.' || unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, name)
	clean = strings.Join(strings.Fields(clean), " ")
	suffix := ""
	if n > 1 {
		suffix = " (" + strconv.Itoa(n) + ")"
	}
	for len(clean)+len(suffix) > maxLabel {
		_, size := utf8.DecodeLastRuneInString(clean)
		clean = clean[:len(clean)-size]
	}
	if clean = strings.TrimSpace(clean); clean == "" {
		clean = "-"
	}
	return clean + suffix
}

// instance is the first label of a name below a service type.
func instance(name, service string) (string, bool) {
	if !strings.HasSuffix(fold(name), "."+fold(service)) {
		return "", false
	}
	label := name[:len(name)-len(service)-1]
	return label, label != "" && !strings.Contains(label, ".") && utf8.ValidString(label)
}
