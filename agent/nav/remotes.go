package nav

import "time"

// Remotes are what else than the remote in the hand controls this TV, and how
// another phone comes to do so.
type Remotes struct {
	Paired []Remote       // newest first
	Window *PairingWindow // nil: none is open, and nothing is to be said about the last one

	Unserved bool // this TV serves none on its home network: none can be paired

	RelayAllowed bool   // the account page may control this TV
	RelayedBy    string // who does just now, as a person is called: "Mara"; empty: nobody

	ECPOffered bool       // the box permits "Other apps on this network": only then there is a switch
	ECP        bool       // and the person has switched it on
	ECPSource  *ECPSource // whose first key has just come; nil: no new one. It may stay: each ID is told of once

	Advertised bool // phones on the home network find this TV
	HotelMode  bool // they do only while the pairing window is open
}

// RemoteID tells one paired remote from another.
type RemoteID string

// Remote is a paired remote.
type Remote struct {
	ID        RemoteID // plain ASCII, at most 64 bytes
	Name      string   // as it calls itself: "Mara's phone"
	Role      RemoteRole
	LastUsed  string // as [When] writes it; empty: never
	Connected bool
}

// RemoteRole is what a paired remote may do. The zero RemoteRole is that of a guest.
type RemoteRole string

// The roles.
const (
	RoleHousehold RemoteRole = "household" // all that the remote in the hand may: its source is [Paired]
	RoleGuest     RemoteRole = "guest"     // not the key sequence, a sign-out, a PIN or this list: its source is [Guest]
)

// PairingWindow is the time in which a remote can be paired.
type PairingWindow struct {
	Code      string        // 6 digits, to be typed into the remote; empty while there is none
	QR        []string      // rows of '1' (dark) and '0', without quiet zone
	ExpiresIn time.Duration // from World.At; 0 or less: closed
	Role      RemoteRole    // of whoever is paired
	TriesLeft int           // wrong codes until the window closes
	Problem   PairingProblem
	Wait      time.Duration // from World.At until a window can be opened again, with [PairingWait]
	Paired    string        // the name of the remote that was paired; the window is closed then, and stays to say so until [ClosePairing]
}

// PairingProblem is why a remote was not paired.
type PairingProblem string

// The problems. Others are shown as [PairingOff].
const (
	PairingFine      PairingProblem = ""
	PairingWrongCode PairingProblem = "wrongCode" // the last code was wrong; the window is open
	PairingWait      PairingProblem = "wait"      // too many wrong codes: the window is closed for [PairingWindow.Wait]
	PairingExpired   PairingProblem = "expired"   // nobody came
	PairingFull      PairingProblem = "full"      // as many remotes are paired as can be
	PairingOff       PairingProblem = "off"       // this TV is on no home network, or does not listen there
)

// ECPSource is a program on the home network that sends keys by the external
// control protocol.
type ECPSource struct {
	ID   string // as [BlockECP] is to name it
	Name string // a name or an address
}

// The effects about remotes. All but the last two of the relay's and ECP's are
// answered by a World with other Remotes.
type (
	// OpenPairing opens the pairing window, or opens it anew with another code.
	OpenPairing struct{ Role RemoteRole }
	// ClosePairing closes it, and ends what is said about it.
	ClosePairing struct{}
	// ForgetRemote unpairs a remote. Its connection ends at once.
	ForgetRemote struct{ ID RemoteID }
	// SetRemoteRole gives a remote another role, from its next key on.
	SetRemoteRole struct {
		ID   RemoteID
		Role RemoteRole
	}
	// AllowRelay says whether the account page may control this TV.
	AllowRelay struct{ Allowed bool }
	// RefuseRelay ends the account page's control now, and does what
	// AllowRelay{false} does: it does not begin again until it is allowed here.
	RefuseRelay struct{}
	// SetECP switches the external control protocol on or off. Switched off, it
	// also forgets who was blocked.
	SetECP struct{ On bool }
	// BlockECP takes no more keys from this source.
	BlockECP struct{ ID string }
)

// KeyboardKind is which keyboard a phone should show for a View.
type KeyboardKind string

// The kinds of keyboards.
const (
	KeyboardNone     KeyboardKind = "none"     // nothing is typed here
	KeyboardText     KeyboardKind = "text"     // any text
	KeyboardEmail    KeyboardKind = "email"    // an address or a phone number
	KeyboardPassword KeyboardKind = "password" // a secret: not remembered, not corrected
	KeyboardDigits   KeyboardKind = "digits"   // a code, or a PIN
)

// wanted is which keyboard a phone shows for the field. A recovery code is as
// secret as a password, and has letters.
func (t typing) wanted() KeyboardKind {
	switch {
	case t.at == atEmail:
		return KeyboardEmail
	case t.at == atCode && t.channel.Digits():
		return KeyboardDigits
	case t.at == atPassword, t.at == atOwnerPassword, t.at == atCode:
		return KeyboardPassword
	}
	return KeyboardText
}

// Wanted returns which keyboard a phone should show for v. What is typed there
// is for [Text]; where v has a PIN, which is no text, it is for [Press].
func Wanted(v View) KeyboardKind {
	switch {
	case v.Dialog != nil || v.Menu != nil:
		return KeyboardNone
	case v.Keyboard != nil:
		return v.Keyboard.Kind
	case v.PIN != nil:
		return KeyboardDigits
	case v.Types:
		return KeyboardText
	}
	return KeyboardNone
}

func (OpenPairing) effect()   {}
func (ClosePairing) effect()  {}
func (ForgetRemote) effect()  {}
func (SetRemoteRole) effect() {}
func (AllowRelay) effect()    {}
func (RefuseRelay) effect()   {}
func (SetECP) effect()        {}
func (BlockECP) effect()      {}
