package protocol

// Server names the WebSocket endpoint and its bounds.
const (
	Path        = "/v1/device"   // the WebSocket endpoint
	Subprotocol = "hearthkey.v1" // Sec-WebSocket-Protocol

	MaxFrame       = 64 << 10 // bytes of one frame from the server
	MaxDeviceFrame = 32 << 10 // bytes of one frame from the device
	MaxPart        = 24 << 10 // bytes of a blob in one part, before base64
	MaxSnapshot    = 128 << 10
	MaxCatalog     = 256 << 10
	MaxActivity    = 64 // items in one activity frame
)

// Frame is one message on the wire. The set is closed: see the tables in
// codec.go.
type Frame interface {
	// Type is the value of the frame's "t" member.
	Type() string
	// check reports the first bound that the frame breaks.
	check() error
}

// Frames from the server.
type (
	// Hello is the first frame on every connection. Its time is untrusted.
	Hello struct {
		Nonce  Bytes      `json:"nonce"` // 32 random bytes, for the signature of auth or enrol
		Time   Millis     `json:"time"`
		Cap    Capability `json:"cap"`
		Server string     `json:"server"` // the operator's name for this service, part of what is signed
	}

	// UserCode answers [Enrol]: what the TV shows for the owner to approve.
	UserCode struct {
		Code      string `json:"code"`       // 8 letters of [UserCodeAlphabet], without the dash that screens show
		URI       string `json:"uri"`        // where a person types the code
		FullURI   string `json:"full_uri"`   // the same with the code, for the QR
		ExpiresIn int64  `json:"expires_in"` // seconds
	}

	// Enrolled says that the owner approved. A state follows on the same socket.
	Enrolled struct {
		Device  DeviceID  `json:"device"`
		Account AccountID `json:"account"`
		Epoch   Epoch     `json:"epoch"`
		Root    Bytes     `json:"root"` // Ed25519 public key that signs key lists; pinned from now on
		Keys    string    `json:"keys"` // JWS of [KeysClaims], signed by the root key
	}

	// State carries a JWS of [StateClaims].
	State struct {
		JWS string `json:"jws"`
	}

	// Still carries a JWS of [StillClaims]: nothing changed, and the lease of
	// the open ask begins anew.
	Still struct {
		JWS string `json:"jws"`
	}

	// Part is a piece of the blob (snapshot or catalogue) with this digest.
	Part struct {
		Digest Digest `json:"digest"`
		Offset int    `json:"offset"`
		Total  int    `json:"total"`
		Data   Bytes  `json:"data"`
	}

	// Pins carries a JWS of [PinsClaims]. The device never stores it.
	Pins struct {
		JWS string `json:"jws"`
	}

	// Keys carries a JWS of [KeysClaims].
	Keys struct {
		JWS string `json:"jws"`
	}

	// ReceiptAck says that the proof (receipt or signed-out-here) with this
	// digest is stored. The device may forget it.
	ReceiptAck struct {
		Digest Digest `json:"digest"`
	}

	// ActivityAck says that every activity item up to Through is stored.
	ActivityAck struct {
		Through int64 `json:"through"`
	}

	// Error reports why the server will not do something. See [Codes].
	Error struct {
		Code       Code   `json:"code"`
		RetryAfter int64  `json:"retry_after_ms,omitempty"`
		Ref        string `json:"ref,omitempty"` // to find the matching line in the operator's log
	}
)

// Frames from the device.
type (
	// Enrol asks for a user code. It is idempotent by public key until the code
	// expires: after an approval that the device did not hear of, it is
	// answered with [Enrolled].
	Enrol struct {
		PublicKey Bytes      `json:"public_key"` // Ed25519, 32 bytes
		Name      string     `json:"name"`       // what the owner will read: 1 to 64 characters
		Model     string     `json:"model,omitempty"`
		Kind      string     `json:"kind,omitempty"` // "tv", "box" or "stick"
		Cap       Capability `json:"cap"`
		// Epoch is the highest that this identity has had; 0: none. The sign-in gets
		// a higher one, also from a server that has lost the last (a restored backup).
		// Since capability 5.
		Epoch Epoch `json:"epoch,omitempty"`
		Conn  int64 `json:"conn"` // connections so far, from the vault
		Ask   Bytes `json:"n"`    // 32 random bytes, as in [Ask]
		Sig   Bytes `json:"sig"`
	}

	// Auth proves a signed-in device.
	Auth struct {
		Device DeviceID   `json:"device"`
		Cap    Capability `json:"cap"`
		Conn   int64      `json:"conn"`
		Have   Have       `json:"have"`
		Ask    Bytes      `json:"n"`
		Sig    Bytes      `json:"sig"`
	}

	// Have says what the device holds, so that the server sends what is newer.
	// It is a frame of its own when the device is in doubt.
	Have struct {
		Epoch    Epoch   `json:"epoch"`
		Version  Version `json:"version"`
		Status   Status  `json:"status"`
		Snapshot Digest  `json:"snapshot,omitempty"`
		Catalog  Digest  `json:"catalog,omitempty"`
		Pins     int64   `json:"pins"`
		Keys     int64   `json:"keys"`
		Tries    int64   `json:"tries,omitempty"`   // number of the newest [PINCounts]
		Library  int64   `json:"library,omitempty"` // number of the newest whole [Library]
		Wishes   int64   `json:"wishes,omitempty"`  // number of the newest [RemoteWishes] that were dealt with
		Ends     Millis  `json:"ends,omitempty"`    // as in [StateClaims]; since capability 6
		// State is the newest signed state the device holds: sent after the
		// server offered an older one (a restored backup).
		State string `json:"state,omitempty"`
	}

	// Ask asks for a new lease grant that repeats these 32 random bytes.
	Ask struct {
		Nonce Bytes `json:"n"`
	}

	// Receipt carries a JWS of [ReceiptClaims]. It is accepted without auth.
	Receipt struct {
		JWS string `json:"jws"`
	}

	// SignedOutHere carries a JWS of [SignedOutHereClaims]: the person at this
	// TV ended its session. It is accepted without auth.
	SignedOutHere struct {
		JWS string `json:"jws"`
	}

	// Activity is a batch of what was watched, numbered from 1 within the epoch.
	Activity struct {
		Epoch Epoch          `json:"epoch"`
		Items []ActivityItem `json:"items"`
	}

	// ProfileSelected says who is watching. The empty profile means the gate.
	ProfileSelected struct {
		Profile ProfileID `json:"profile"`
	}
)

// ActivityItem is one thing that a profile did with a title.
type ActivityItem struct {
	Seq      int64        `json:"seq"`
	Profile  ProfileID    `json:"profile"`
	Title    TitleID      `json:"title"`
	What     ActivityKind `json:"what"`
	At       Millis       `json:"at"`               // server time as the device knows it
	Position int64        `json:"position"`         // seconds from the start of the title
	Length   int64        `json:"length,omitempty"` // seconds of the whole title, where known
}

// ActivityKind tells the kinds of [ActivityItem] apart.
type ActivityKind string

// The kinds of activity.
const (
	Started  ActivityKind = "started"
	Progress ActivityKind = "progress"
	Stopped  ActivityKind = "stopped"
	Listed   ActivityKind = "listed"   // put on the profile's own list; since capability 3
	Unlisted ActivityKind = "unlisted" // taken off it; since capability 3
)

// Valid reports whether k is a known kind.
func (k ActivityKind) Valid() bool {
	switch k {
	case Started, Progress, Stopped, Listed, Unlisted:
		return true
	}
	return false
}

// UserCodeAlphabet holds the letters of a user code: consonants only, so that
// no word appears (RFC 8628, section 6.1). 20^8 codes are 34.5 bits.
const UserCodeAlphabet = "BCDFGHJKLMNPQRSTVWXZ"

// UserCodeLength is the number of letters in a user code.
const UserCodeLength = 8

func (Hello) Type() string           { return "hello" }
func (UserCode) Type() string        { return "user_code" }
func (Enrolled) Type() string        { return "enrolled" }
func (State) Type() string           { return "state" }
func (Still) Type() string           { return "still" }
func (Part) Type() string            { return "part" }
func (Pins) Type() string            { return "pins" }
func (Keys) Type() string            { return "keys" }
func (ReceiptAck) Type() string      { return "receipt_ack" }
func (ActivityAck) Type() string     { return "activity_ack" }
func (Error) Type() string           { return "error" }
func (Enrol) Type() string           { return "enrol" }
func (Auth) Type() string            { return "auth" }
func (Have) Type() string            { return "have" }
func (Ask) Type() string             { return "ask" }
func (Receipt) Type() string         { return "receipt" }
func (SignedOutHere) Type() string   { return "signed_out_here" }
func (Activity) Type() string        { return "activity" }
func (ProfileSelected) Type() string { return "profile_selected" }
