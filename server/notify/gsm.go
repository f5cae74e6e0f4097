package notify

import (
	"strings"
	"unicode"
	"unicode/utf16"

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

	oneWide = 70     // UTF-16 units in one of any script
	twoWide = 2 * 67 // in two
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
	return strings.TrimSpace(cutTo(strings.Join(strings.Fields(out.String()), " "), n))
}

func cutTo(s string, n int) string {
	runes := []rune(s)
	return string(runes[:min(len(runes), n)])
}

// fits reports whether a text goes into so many SMS, one or two: in their own
// alphabet, or else in UCS-2, which has room for 70 and twice 67 (TS 23.038
// §6.2.3, TS 23.040 §9.2.3.24.1).
func fits(s string, messages int) bool {
	if places, ok := gsmLength(s); ok {
		return places <= oneSMS || messages > 1 && places <= twoSMS
	}
	units := len(utf16.Encode([]rune(s)))
	return units <= oneWide || messages > 1 && units <= twoWide
}
