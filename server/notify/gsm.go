package notify

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The alphabet of an SMS: 3GPP TS 23.038 §6.2.1, and §6.2.1.1 for the signs
// that take two places.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

const (
	oneSMS = 160     // places in one SMS
	twoSMS = 2 * 153 // in two that belong together, TS 23.040 §9.2.3.24.1
)

// gsmLength returns how many places s takes in an SMS, and whether it can be
// written in its alphabet at all.
func gsmLength(s string) (places int, ok bool) {
	for _, r := range s {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			places++
		case strings.ContainsRune(gsmExtended, r):
			places += 2
		default:
			return 0, false
		}
	}
	return places, true
}

// gsm writes a name in the alphabet of an SMS, without accents where it lacks
// them and without what it lacks altogether; n characters at most.
func gsm(s string, n int) string {
	var out strings.Builder
	for _, r := range plain(s) {
		if strings.ContainsRune(gsmBasic, r) {
			out.WriteRune(r)
			continue
		}
		for _, part := range norm.NFKD.String(string(r)) {
			if part != '\n' && part != '\r' && !unicode.Is(unicode.Mn, part) && strings.ContainsRune(gsmBasic, part) {
				out.WriteRune(part)
			}
		}
	}
	runes := []rune(strings.Join(strings.Fields(out.String()), " "))
	return strings.TrimSpace(string(runes[:min(len(runes), n)]))
}
