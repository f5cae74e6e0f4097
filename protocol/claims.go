package protocol

import "github.com/hearthkey/hearthkey/protocol/parental"

// The typ header of every JWS. Each kind has its own, and it is checked, so
// that one kind can never be taken for another.
const (
	TypState         = "hearthkey-state+jwt"
	TypStill         = "hearthkey-still+jwt"
	TypPins          = "hearthkey-pins+jwt"
	TypKeys          = "hearthkey-keys+jwt"
	TypReceipt       = "hearthkey-receipt+jwt"
	TypSignedOutHere = "hearthkey-signed-out-here+jwt"
	TypGrant         = "hearthkey-grant+jwt"
)

// StateClaims is the desired state of one device, signed by the server.
type StateClaims struct {
	Device  DeviceID  `json:"device"`
	Account AccountID `json:"account"`
	Epoch   Epoch     `json:"epoch"`
	Status  Status    `json:"status"`
	Version Version   `json:"version"`
	Issued  Millis    `json:"issued"` // when it was signed; unless active: when its cause was, so that it is the same each time
	// Lease is the length of the grant in seconds, at most [MaxLease]. It
	// extends the device's lease only where Ask repeats the device's open ask.
	Lease    int64  `json:"lease"`
	Ask      Bytes  `json:"n,omitempty"`
	Snapshot *Blob  `json:"snapshot,omitempty"` // absent unless active
	Catalog  *Blob  `json:"catalog,omitempty"`
	Pins     int64  `json:"pins"`            // version of the PIN material; 0 for none
	Keys     int64  `json:"keys"`            // number of the newest key list
	Cause    *Cause `json:"cause,omitempty"` // why the status is not active
	// Ends is when the end date that the owner set signs the device out; 0: there
	// is none. Since capability 5. Absent means none, not unchanged.
	Ends Millis `json:"ends,omitempty"`
}

// MaxLease is the longest lease that a device accepts, in seconds: 8 hours.
const MaxLease = 8 * 60 * 60

// Blob names a document that travels in parts.
type Blob struct {
	Digest Digest `json:"digest"`
	Size   int    `json:"size"` // bytes
}

// Cause says who changed a device's status, and when.
type Cause struct {
	By    By     `json:"by"`
	At    Millis `json:"at"`
	Where string `json:"where,omitempty"` // e.g. "Firefox on Linux"
}

// By says who caused a change.
type By string

// Who can change a device's status.
const (
	ByOwner    By = "owner"    // on the account page or by the API, this device
	ByAll      By = "all"      // sign out everywhere
	ByPassword By = "password" // the password changed
	ByThisTV   By = "this_tv"  // with the remote, at the TV
	ByOperator By = "operator"
	ByEndDate  By = "end_date" // the end date that the owner set has come
	ByReset    By = "reset"    // with all that the TV holds: a factory reset
	ByRestore  By = "restore"  // done before a backup was restored, and again then
	BySafety   By = "safety"   // the server's own doubt: a clone, a restored backup
)

// StillClaims renews a lease where nothing changed.
type StillClaims struct {
	Device  DeviceID `json:"device"`
	Epoch   Epoch    `json:"epoch"`
	Version Version  `json:"version"`
	Issued  Millis   `json:"issued"`
	Lease   int64    `json:"lease"` // seconds
	Ask     Bytes    `json:"n"`
}

// PinsClaims carries the PIN material of every locked profile. It would be an
// oracle for 10,000 guesses, so the device turns it into verifiers under its
// own secret at once and keeps neither it nor its digest.
type PinsClaims struct {
	Device  DeviceID      `json:"device"`
	Epoch   Epoch         `json:"epoch"`
	Version int64         `json:"version"`
	Pins    []PinMaterial `json:"pins"`
}

// PinMaterial is one profile's PIN as package pin derives it.
type PinMaterial struct {
	Profile ProfileID `json:"profile"`
	Version int64     `json:"version"` // grows with every change of this PIN
	Salt    Bytes     `json:"salt"`    // 16 bytes
	Memory  uint32    `json:"m"`       // KiB
	Passes  uint32    `json:"t"`
	Key     Bytes     `json:"k"` // 32 bytes
}

// ReceiptClaims is the device's signed word that it applied a state.
type ReceiptClaims struct {
	Device  DeviceID  `json:"device"`
	Account AccountID `json:"account"`
	Epoch   Epoch     `json:"epoch"`
	Status  Status    `json:"status"`
	Version Version   `json:"version"`
	Applied Millis    `json:"applied"` // server time as the device knows it
	Erased  []Erased  `json:"erased,omitempty"`
	Dropped int64     `json:"dropped"` // activity items that were never sent
	Answers Digest    `json:"answers"` // of the state's compact JWS
}

// SignedOutHereClaims is the device's signed word that the person at the TV, or
// its end date, ended its session: Status is signed_out or deactivated.
type SignedOutHereClaims struct {
	Device  DeviceID  `json:"device"`
	Account AccountID `json:"account"`
	Epoch   Epoch     `json:"epoch"`
	Status  Status    `json:"status"`
	Applied Millis    `json:"applied"`
	Erased  []Erased  `json:"erased,omitempty"`
	Dropped int64     `json:"dropped"`
	// By is [ByEndDate] where the end date came while the server was out of reach,
	// [ByReset] where the TV was made as new; "": the person at the TV. Since
	// capability 5. A value that a server does not know is the person at the TV.
	By By `json:"by,omitempty"`
}

// Erased names what a device erased.
type Erased string

// What a device can erase.
const (
	ErasedProfiles  Erased = "profiles"
	ErasedVerifiers Erased = "verifiers"
	ErasedActivity  Erased = "activity"
	ErasedSession   Erased = "session"
	ErasedIdentity  Erased = "identity"
)

// Snapshot is what a TV keeps to work offline. It travels as a blob: the
// digest in the state is that of its exact bytes.
type Snapshot struct {
	Owner              string    `json:"owner"`                 // the account's email, for the settings screen
	Language           string    `json:"language,omitempty"`    // BCP 47, of the screens while no profile is in use; empty: the main profile's
	AccountURL         string    `json:"account_url,omitempty"` // where the owner manages profiles and PINs
	Profiles           []Profile `json:"profiles"`
	MaxProfiles        int       `json:"max_profiles,omitempty"` // as many as the operator allows
	AddProfileNeedsPIN bool      `json:"add_profile_needs_pin,omitempty"`
	Parental           *Parental `json:"parental,omitempty"` // absent: no parental PIN
}

// Bounds of a snapshot's lists.
const (
	MaxBlocked     = 500 // blocked titles, over all profiles of an account
	MaxParentTitle = 100 // titles that ask for the parental PIN
)

// Parental is the household's parental PIN and what it guards.
type Parental struct {
	PIN     int64          `json:"pin"`               // version of the PIN
	Unlocks int64          `json:"unlocks,omitempty"` // as [Profile.Unlocks]
	Above   parental.Level `json:"above,omitempty"`   // asked for above this level; 0: by no level
	Titles  []TitleID      `json:"titles,omitempty"`  // and for these titles and series
}

// ParentalPIN stands in the place of a profile wherever the parental PIN is
// meant: in PIN material, try counts and unlocks.
const ParentalPIN ProfileID = "parental"

// Rules returns what the household decided for p, as the play decision reads it.
func (s Snapshot) Rules(p Profile) parental.Rules {
	r := parental.Rules{Level: p.Level, Blocked: titleStrings(p.Blocked)}
	if s.Parental != nil {
		r.HasPIN, r.PINAbove, r.PINTitles = true, s.Parental.Above, titleStrings(s.Parental.Titles)
	}
	return r
}

func titleStrings(ids []TitleID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// Profile is one member of the household.
type Profile struct {
	ID       ProfileID      `json:"id"`
	Name     string         `json:"name"`
	Avatar   string         `json:"avatar"` // name of a built-in drawing
	Level    parental.Level `json:"level"`
	Language string         `json:"language"` // BCP 47
	Kids     bool           `json:"kids,omitempty"`
	Main     bool           `json:"main,omitempty"`
	Locked   bool           `json:"locked,omitempty"` // has a profile lock: without a verifier it stays locked
	PIN      int64          `json:"pin,omitempty"`    // version of the PIN
	// Unlocks grows whenever the owner forgives this PIN's wrong tries. A device
	// that sees it grow forgets what it counted.
	Unlocks int64     `json:"unlocks,omitempty"`
	Blocked []TitleID `json:"blocked,omitempty"` // titles and series it may never play
}

// Catalog is the set of rows that a TV's home shows, before it is filtered for
// a profile. It travels as a blob.
type Catalog struct {
	Rows   []CatalogRow     `json:"rows"`
	Titles []parental.Title `json:"titles"`
}

// CatalogRow is one row of titles on the home screen.
type CatalogRow struct {
	Name   string    `json:"name"`
	Titles []TitleID `json:"titles"`
}

// ProofFile is a device's proof with all that is needed to check it: what the
// account page offers for download and "hearthkey verify-receipt" reads.
type ProofFile struct {
	JWS       string `json:"jws"`        // of [ReceiptClaims] or [SignedOutHereClaims]
	PublicKey Bytes  `json:"public_key"` // of the device, Ed25519
	// State is the JWS of the state that a receipt answers, where the server
	// still has it.
	State string `json:"state,omitempty"`
}
