package tvremote

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hearthkey/hearthkey/protocol"
)

// InvitationScheme begins the text of a TV's pairing QR code.
const InvitationScheme = "hearthkey-pair:"

// MaxAddresses is how many addresses an invitation has at most, each of at most
// MaxAddress bytes.
const (
	MaxAddresses = 4
	MaxAddress   = 64
)

// ErrInvitation is wrapped by ParseInvitation for what is none.
var ErrInvitation = errors.New("not a pairing code of a TV")

// Invitation is what a TV's QR code says while its pairing window is open:
//
//	hearthkey-pair:1/<tv>/<key>/<secret>/<address>,<address>…
//
// tv is the TV's id, key the SHA-256 of its TLS key's SubjectPublicKeyInfo and
// secret what [ByQR] proves, both in unpadded base64url; an address is host:port, with
// IPv6 in brackets and without a zone. Whoever scans it needs no discovery, and knows
// the TV's key before the first connection. All of it is ASCII.
type Invitation struct {
	TV        string
	Key       protocol.Bytes // 32 bytes
	Secret    protocol.Bytes // 16 bytes; as good as the 6 digits, and as secret
	Addresses []string       // 1 to 4
}

// Text is the invitation as the QR code has it.
func (i Invitation) Text() string {
	key, _ := i.Key.MarshalText() // cannot fail
	secret, _ := i.Secret.MarshalText()
	return InvitationScheme + "1/" + i.TV + "/" + string(key) + "/" + string(secret) + "/" + strings.Join(i.Addresses, ",")
}

// String leaves out the secret.
func (i Invitation) String() string { return fmt.Sprintf("invitation of %s", i.TV) }

// ParseInvitation reads what a QR code said. Errors wrap [ErrInvitation].
func ParseInvitation(text string) (Invitation, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), InvitationScheme)
	part := strings.Split(rest, "/")
	if !ok || len(rest) > 512 {
		return Invitation{}, ErrInvitation
	}
	switch {
	case part[0] != "1":
		return Invitation{}, fmt.Errorf("%w: of another version", ErrInvitation)
	case len(part) != 5:
		return Invitation{}, fmt.Errorf("%w: cut short", ErrInvitation)
	}
	i := Invitation{TV: part[1], Addresses: strings.Split(part[4], ",")}
	err := errors.Join(i.Key.UnmarshalText([]byte(part[2])), i.Secret.UnmarshalText([]byte(part[3])))
	switch {
	case err != nil, len(i.Key) != KeyHash, len(i.Secret) != SecretSize:
		return Invitation{}, fmt.Errorf("%w: cut short", ErrInvitation)
	case !hexID(i.TV), len(i.Addresses) > MaxAddresses:
		return Invitation{}, fmt.Errorf("%w: bad id or too many addresses", ErrInvitation)
	}
	for _, a := range i.Addresses {
		if !address(a) {
			return Invitation{}, fmt.Errorf("%w: bad address", ErrInvitation)
		}
	}
	return i, nil
}

// hexID reports whether s is 16 lower-case hex digits.
func hexID(s string) bool { return len(s) == 16 && strings.Trim(s, "0123456789abcdef") == "" }

// address reports whether s looks like an IP address and a port. Dialing it tells
// more.
func address(s string) bool {
	at := strings.LastIndexByte(s, ':')
	return at > 0 && len(s) <= MaxAddress && strings.Trim(s[:at], "0123456789abcdef.:[]") == "" &&
		at+1 < len(s) && len(s)-at <= 6 && strings.Trim(s[at+1:], "0123456789") == ""
}
