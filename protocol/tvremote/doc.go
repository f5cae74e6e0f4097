// Package tvremote is the contract between a remote control on the home network
// and a TV: the frames of the WebSocket subprotocol [Subprotocol]. The owner's page
// speaks the same frames through the server, without those about pairing.
// docs/protocol.md is its reader's edition.
//
// # Connection
//
// The remote opens a WebSocket at [Path] of the TV's own port, over TLS 1.3 with a
// certificate of its own. Each text frame is one flat JSON object of at most
// [MaxFrame] bytes with the member "t", its type. Unknown types and members are
// ignored. A known type with bad content, a member twice, or anything that is not
// such an object ends the connection with [CodeBadFrame].
//
//	remote: hello
//	TV:     welcome, state…           its key is paired
//	   or:  unpaired                  it is not
//
//	paired:   key, text → ack each, in order · ping → pong · state whenever it changes
//	unpaired: pair → pair_share
//	          pair_confirm → paired, welcome, state…
//	error comes before the end of a connection, or says why there was no pairing.
//
// # Pairing
//
// It is CPace (package cpace) over the 6 digits or the QR code's secret that the TV
// shows. The remote is the initiator, and confirms first.
//
//	sid = nonce of unpaired ‖ nonce of pair
//	CI  = see [ChannelID]: the way (code or qr) and both TLS keys
//	ADa = the remote's name, ADb = the TV's id
//
// # Concurrency and tests
//
// Everything here is a value or a pure function, safe for concurrent use. The tests
// replay golden frames (testdata) and fuzz both decoders.
package tvremote

// Subprotocol is the WebSocket subprotocol.
const Subprotocol = "tvremote.v1"

// Path is where the TV serves it.
const Path = "/v1/remote"

// Version is the version of this source tree, in hello and welcome. What changes
// behaviour raises it, with a line of history here:
//
//	1 (2026-11-26): the first version
const Version = 1

// Bounds.
const (
	MaxFrame     = 4 << 10   // bytes of a frame
	MaxName      = 64        // characters of a TV's or remote's name and of a model
	MaxNameBytes = 128       // bytes of a remote's name in UTF-8: the TV keeps it where there is little room
	MaxKey       = 16        // bytes of a key's name
	MaxText      = 256       // characters of a text frame
	MaxTitle     = 200       // characters of a screen's title
	MaxSeq       = 1<<53 - 1 // highest number of a key or text: the largest whole number of JavaScript
	MaxWait      = 24 * 3600 // seconds of retry_after
	NonceSize    = 16        // bytes
	ShareSize    = 32        // bytes of a CPace share
	TagSize      = 64        // bytes of a CPace confirmation
	KeyHash      = 32        // bytes of the SHA-256 of a TLS public key (SubjectPublicKeyInfo)
	SecretSize   = 16        // bytes of a QR code's secret
	CodeLength   = 6         // digits of a pairing code
)
