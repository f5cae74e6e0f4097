// Package device keeps what should be true of every TV, and what each TV has
// proved.
//
// The database holds the desired state; versions only grow and nothing is sent
// as a command. A change commits first, then a hint wakes whoever holds the
// device's connection, and that reads the truth ([Service.State]). A lost hint
// costs latency, never truth.
//
// # Promises
//
//   - Within an epoch a status only gets stricter, whoever sets it; only a new
//     sign-in leaves it.
//   - A sign-in racing a sign-out loses: each change is one statement with the
//     check of what it relies on.
//   - A [Bound] is never earlier than the truth.
//
// A [Service] is safe for concurrent use. The tests run it on a real database:
// races, forged, replayed and stale proofs, clones, a restored backup, and a
// table of bounds.
package device

import (
	"errors"
	"io"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

// Errors of this package; test with errors.Is. What an owner's ended web
// session asks for fails with account.ErrSignedOut, too many requests with
// *account.ThrottledError.
var (
	ErrSignature  = errors.New("device: signature does not match")          // protocol.CodeBadSignature
	ErrUnknown    = errors.New("device: no such device")                    // protocol.CodeUnknown
	ErrStaleEpoch = errors.New("device: about an earlier sign-in")          // protocol.CodeStaleEpoch
	ErrClone      = errors.New("device: two devices use one identity")      // protocol.CodeClone
	ErrReplaced   = errors.New("device: a newer connection took over")      // protocol.CodeReplaced
	ErrStolen     = errors.New("device: reported stolen")                   // protocol.CodeStolen
	ErrEnds       = errors.New("device: end date out of bounds")            //
	ErrNotActive  = errors.New("device: not signed in")                     //
	ErrNotStolen  = errors.New("device: not reported stolen")               //
	ErrCode       = errors.New("device: no such user code, or it ran out")  // protocol.CodeExpired
	ErrRefused    = errors.New("device: refused by the owner")              // protocol.CodeRefused
	ErrLimit      = errors.New("device: as many devices as allowed")        // protocol.CodeLimit
	ErrName       = errors.New("device: a name has 1 to 64 characters")     //
	ErrProof      = errors.New("device: proof does not fit what it is for") // protocol.CodeBadFrame
	ErrPending    = errors.New("device: not approved yet")                  //
	ErrEnded      = errors.New("device: the sign-in has ended")             // a state says so
)

// Meta says where a connection comes from and which node holds it.
type Meta struct {
	IP    string // textual address
	Place string // approximate; may be empty
	Node  string // id of this process: see Service.Heartbeat
	// Greeted is when this connection was given its nonce. What comes over it
	// after the device has made another one is late and no sign of a clone. Zero:
	// not known.
	Greeted time.Time
}

// Session is a device's sign-in on one connection.
type Session struct {
	Account protocol.AccountID
	Device  protocol.DeviceID
	Epoch   protocol.Epoch
	Conn    int64 // the device's number of this connection
	Cap     protocol.Capability
}

// Enrolment answers an enrol frame: a user code to show, or, after the
// approval, what the device is told and its session.
type Enrolment struct {
	Code     *protocol.UserCode
	Enrolled *protocol.Enrolled
	Session  Session       // with Enrolled only
	Have     protocol.Have // what the device has with Enrolled
}

// Request is a TV that asks to be signed in, as the approval page shows it.
type Request struct {
	Code  string // 8 letters, to compare with the TV's screen
	Name  string
	Model string
	Kind  string
	IP    string
	Place string
	Asked time.Time
	Until time.Time // the code's end
}

// Answer is what to send to a device, in order, and what is true of it then.
type Answer struct {
	Frames  []protocol.Frame // empty where the device has it all and asked for nothing
	Session Session          // as given, or with the epoch that was found
	Version protocol.Version
	Library int64  // number of the account's library
	Edition int32  // changes of the catalogue and of the keys that are in it
	ends    uint32 // the end date in seconds since 1970, by which every grant ends; 0: none
	Status  protocol.Status
	Granted bool // a grant that repeats the ask is among the frames
	// Have is what the device has once it took the frames: to be given to the
	// next State of this connection.
	Have protocol.Have
}

// Gone is a connection that has ended.
type Gone struct {
	Session     Session
	LastGrant   time.Time // when the last grant was signed; zero: there was none
	LastContact time.Time // when the device was last heard
}

// Row is one device on the owner's page.
type Row struct {
	ID        protocol.DeviceID
	Name      string
	Model     string
	Kind      string
	Epoch     protocol.Epoch
	Online    bool
	FirstSeen time.Time
	SignedIn  time.Time // of this epoch
	Ends      time.Time // signed out by itself then; zero: never
	LastSeen  time.Time
	IP        string
	Place     string             // approximate
	Profile   protocol.ProfileID // who is watching; empty: the gate
	Wish      Wish
	PublicKey []byte
}

// Wish is what should be true of a device, and how far it is.
type Wish struct {
	Status    protocol.Status
	Since     time.Time
	By        protocol.By // empty while active
	Where     string      // e.g. "Firefox on Linux"
	Confirmed time.Time   // when the device's proof arrived; zero: not yet, or active
	Left      time.Time   // when it proved a milder end that erased it already; only where not Confirmed
	Bound     Bound       // of a device that is to stop and has not confirmed, or is offline and would be
}

// Bound is how long a device that has not confirmed can still show anything
// (promise 1 of the product). The zero Bound says nothing.
type Bound struct {
	LocksBy    time.Time     // if it stays on; may be past
	FurtherUse time.Duration // if it was switched off: at most this much more use
}

// Receipt is a proof that a device gave, as it was signed.
type Receipt struct {
	Digest    protocol.Digest
	Kind      string // the JWS's typ: protocol.TypReceipt or protocol.TypSignedOutHere
	Epoch     protocol.Epoch
	Status    protocol.Status
	Version   protocol.Version
	Applied   time.Time // by the device's idea of the server's time
	Received  time.Time
	Erased    []protocol.Erased
	By        protocol.By // who ended the sign-in, of signed-out-here; empty: the person at the TV
	Dropped   int64
	JWS       string
	Answers   protocol.Digest // of the state that it answers; empty for signed-out-here
	State     string          // JWS of the state that it answers; empty where that is not kept
	PublicKey []byte          // Ed25519, 32 bytes
}

// Catalog is where the titles that TVs show come from. They may change at any
// time; it is safe for concurrent use.
type Catalog interface {
	// Document returns the catalogue's exact bytes, at most
	// [protocol.MaxCatalog], which nobody changes; the digest that names them;
	// and a number that grows when they change. Without a catalogue there are no
	// bytes.
	Document() (data []byte, blob protocol.Blob, edition int32)
}

// Config is what a [Service] needs.
type Config struct {
	DB       *store.DB
	Keys     *keyring.Ring
	Profiles *profile.Service
	Rand     io.Reader // nil: crypto/rand

	Server  string        // the server's name in the handshake
	LinkURL string        // page where a person types a user code; "?code=" is added for the QR
	Lease   time.Duration // 0: 8 h, which is also the most
	Catalog Catalog       // what TVs show; nil: nothing

	MaxDevices int // signed in per account; 0: 50

	// KeepActivity is for how long activity is kept (1 day to 3 years; 0: 1 year),
	// KeepAddresses for how long addresses and places are, of the timeline, of
	// sessions and of past sign-ins too (1 day to KeepActivity; 0: 90 days, or
	// KeepActivity where that is less).
	KeepActivity, KeepAddresses time.Duration

	// Notify writes a message into the outbox, in the caller's transaction.
	Notify func(*store.Tx, account.Notice) error
	// Changed hears, after the commit, that an account is at a version. It
	// must not block. It is a hint: it can get lost.
	Changed func(protocol.AccountID, protocol.Version)
	// Watched hears, as Changed, that an account's library is at a number.
	// Optional.
	Watched func(protocol.AccountID, int64)
	// Ahead hears that a device has a key list of a number above the newest here:
	// keys were restored from an old copy. Optional. It must not block.
	Ahead func(id protocol.DeviceID, number int64)
	// Restored hears, after the commit, that a device has proved a version
	// above the database's: a backup was restored, and what came after it is
	// lost. Optional. It must not block.
	Restored func(protocol.AccountID, protocol.DeviceID, protocol.Version)
	// Decided hears, after the commit, that a TV's request was approved or
	// refused: ask Enrolled. It must not block, and is a hint as well: also
	// ask every 2 s.
	Decided func(protocol.DeviceID)
	// Confirmed hears, after the commit, how long after the end of a TV's sign-in its
	// proof came. Optional. It must not block.
	Confirmed func(time.Duration)
}
