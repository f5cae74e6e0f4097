package tvremote

import "github.com/hearthkey/hearthkey/protocol"

// Way is what a pairing proves.
type Way string

// The ways.
const (
	ByCode Way = "code" // the 6 digits on the screen
	ByQR   Way = "qr"   // the secret of the QR code on the screen
)

// Unpaired answers hello where the TV does not know the remote's key.
type Unpaired struct {
	TV    string         `json:"tv"`                    // the TV's id: 16 hex digits
	Nonce protocol.Bytes `json:"nonce"`                 // 16 bytes, for pair
	Open  bool           `json:"open"`                  // a pairing window is open
	Retry int            `json:"retry_after,omitempty"` // seconds until one can be opened, after wrong codes
}

// Pair begins a pairing. The TV counts it as a try as soon as it has sent its
// [PairShare], whatever comes after.
type Pair struct {
	By    Way            `json:"by"`    // code or qr
	Name  string         `json:"name"`  // what the TV lists the remote as: 1 to 64 characters in at most 128 bytes; it is ADa
	Nonce protocol.Bytes `json:"nonce"` // 16 fresh bytes
	Share protocol.Bytes `json:"share"` // Ya of CPace, 32 bytes
}

// PairShare answers pair.
type PairShare struct {
	Share protocol.Bytes `json:"share"` // Yb of CPace, 32 bytes
}

// PairConfirm proves that the remote knows what the screen shows.
type PairConfirm struct {
	Tag protocol.Bytes `json:"tag"` // Ta of CPace, 64 bytes
}

// Paired proves that the TV does. The remote keeps nothing before it has checked it.
// Then it keeps the TV's id and the SHA-256 of the TV's public key, and the welcome
// follows.
type Paired struct {
	Tag protocol.Bytes `json:"tag"` // Tb of CPace, 64 bytes
}

// Type implements [Frame].
func (Unpaired) Type() string { return "unpaired" }

// Type implements [Frame].
func (Pair) Type() string { return "pair" }

// Type implements [Frame].
func (PairShare) Type() string { return "pair_share" }

// Type implements [Frame].
func (PairConfirm) Type() string { return "pair_confirm" }

// Type implements [Frame].
func (Paired) Type() string { return "paired" }

// channelContext keeps this use of CPace apart from every other.
const channelContext = "hearthkey tvremote.v1 pairing"

// ChannelID is CPace's CI for a pairing: the context, the way, and the SHA-256 of
// the remote's and the TV's SubjectPublicKeyInfo, as TLS has them, each after its
// length in one byte. Whoever sits between the two has another key on one side.
func ChannelID(by Way, remote, tv [KeyHash]byte) []byte {
	var out []byte
	for _, part := range []string{channelContext, string(by), string(remote[:]), string(tv[:])} {
		out = append(out, byte(len(part)))
		out = append(out, part...)
	}
	return out
}

// SessionID is CPace's sid for a pairing.
func SessionID(unpaired, pair protocol.Bytes) []byte {
	return append(append([]byte(nil), unpaired...), pair...)
}
