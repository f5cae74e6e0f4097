package device

import (
	"strings"

	"github.com/hearthkey/hearthkey/protocol"
)

// noName is what a TV is called that gives no name that can be read.
const noName = "TV"

// readable is what a TV says of itself, as it is shown to its owner: characters that
// hide, break the line or turn the text round are left out (see [protocol.Legible]),
// and where nothing shows that way, it is other. A TV with a bad name is signed in all
// the same: it cannot change it, and the owner can.
func readable(s, other string) string {
	if protocol.Legible(s) {
		return s
	}
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !protocol.Legible("x" + string(r)) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "")))
	if !protocol.Legible(s) {
		return other
	}
	return s
}
