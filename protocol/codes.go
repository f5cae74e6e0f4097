package protocol

// Code numbers an error. Numbers are append-only. The same number plus
// [CloseBase] is the WebSocket close code.
type Code int

// CloseBase is added to a [Code] to give a WebSocket close code in the range
// for private use (RFC 6455, section 7.4.2).
const CloseBase = 4000

// The error codes.
const (
	CodeBadFrame     Code = 1  // a known frame type with content out of bounds
	CodeTooLarge     Code = 2  // a frame above its bound
	CodeOutOfOrder   Code = 3  // a frame that the connection's state does not allow
	CodeUpdateNeeded Code = 4  // the agent's capability is below the operator's minimum
	CodeBadSignature Code = 5  // the signature does not match the key
	CodeUnknown      Code = 6  // no session for this device; unsigned, so it never erases anything
	CodeExpired      Code = 7  // the user code ran out; ask for another
	CodeRefused      Code = 8  // the owner refused this TV
	CodeTooMany      Code = 9  // slow down
	CodeBusy         Code = 10 // the server is full or draining: come back later
	CodeInternal     Code = 11 // the server failed; Ref finds the log line
	CodeClone        Code = 12 // two devices use one identity
	CodeStolen       Code = 13 // reported stolen: cannot sign in until the owner finishes it
	CodeReplaced     Code = 14 // a newer connection of the same device took over
	CodeStaleEpoch   Code = 15 // about an earlier sign-in of this device
	CodeLimit        Code = 16 // the account has as many devices as the operator allows
)

// Action is what a device does about an error.
type Action int

// The actions.
const (
	Retry   Action = iota + 1 // reconnect after the server's delay, or the usual back-off
	NewCode                   // ask for another user code
	Stop                      // stop trying until the person or the integrator does something
)

// Codes says, for each code, its name and what the device does.
var Codes = map[Code]struct {
	Name   string
	Action Action
}{
	CodeBadFrame:     {"bad frame", Retry},
	CodeTooLarge:     {"frame too large", Retry},
	CodeOutOfOrder:   {"frame out of order", Retry},
	CodeUpdateNeeded: {"update needed", Stop},
	CodeBadSignature: {"bad signature", Retry},
	CodeUnknown:      {"not signed in", Retry},
	CodeExpired:      {"user code expired", NewCode},
	CodeRefused:      {"refused by the owner", Stop},
	CodeTooMany:      {"too many requests", Retry},
	CodeBusy:         {"server busy", Retry},
	CodeInternal:     {"server error", Retry},
	CodeClone:        {"identity used twice", Stop},
	CodeStolen:       {"reported stolen", Stop},
	CodeReplaced:     {"replaced by a newer connection", Retry},
	CodeStaleEpoch:   {"an earlier sign-in", Retry},
	CodeLimit:        {"too many devices", Stop},
}

// Action returns what a device does about c. A code newer than this program is
// answered with [Retry].
func (c Code) Action() Action {
	if v, ok := Codes[c]; ok {
		return v.Action
	}
	return Retry
}
