package nav

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// Event is something that happened: a [Press], [Text], [World], [PINChecked],
// [NetworkReport], [Licences], [Launch], [Tick] or [Resumed]. Every At is running time
// (CLOCK_BOOTTIME): only differences count, and standby counts.
type Event interface{ event() }

// Press is a key press.
type Press struct {
	Key    keyseq.Key
	Source Source
	Repeat bool // made by holding the key down
	At     time.Duration
}

// Text types into the field on the screen: from a keyboard, or from a phone that
// stands in for one. Where there is no field it is nothing.
type Text struct {
	Text   string // what cannot be in the field is left out
	Source Source
	At     time.Duration
}

// Source is what sent a key. Every source has a key sequence of its own.
type Source struct {
	Kind SourceKind
	ID   string // tells the sources of one kind apart
}

// SourceKind says how a key came here. The zero SourceKind is not trusted.
type SourceKind string

// The kinds of sources.
const (
	Local   SourceKind = "local"   // at this TV: its remote, a keyboard, its screen page, the terminal
	Paired  SourceKind = "paired"  // a remote on the home network that was paired with the code on the screen
	Guest   SourceKind = "guest"   // such a remote with the role of a guest
	Relayed SourceKind = "relayed" // the owner's page, through the server
	ECP     SourceKind = "ecp"     // external control protocol, from anything on the home network
)

// trusted says whether keys from s may reach the key sequence and its choices,
// the confirmation of a sign-out, a PIN, and the list of remotes with its pairing
// (product rule D11).
func (s Source) trusted() bool { return s.Kind == Local || s.Kind == Paired }

// Tick says that the time asked for with [WakeAt] has come. A Tick that nobody
// asked for does no harm.
type Tick struct{ At time.Duration }

// Resumed says that the TV came out of standby: whoever was watching is asked
// again (product rule D10).
type Resumed struct{ At time.Duration }

// PINChecked answers [CheckPIN].
type PINChecked struct {
	Check   int // of the CheckPIN that is answered; any other number is ignored
	Outcome Outcome
	Wait    time.Duration // until the next try, for PINWrong and PINWaiting; 0 for none
	Wrong   int           // for PINRight: wrong tries since the PIN was last right
	Since   string        // for PINRight: when the first of these was, as [When] writes it
	At      time.Duration
}

// Outcome is what came of a PIN check.
type Outcome string

// The outcomes.
const (
	PINRight       Outcome = "right"
	PINWrong       Outcome = "wrong"
	PINWaiting     Outcome = "waiting"     // not checked: too early after wrong tries
	PINUnavailable Outcome = "unavailable" // this TV has no verifier for the PIN just now: it stays locked
)

// NetworkReport answers [CheckNetwork], as often as there is something new.
type NetworkReport struct {
	Steps []NetworkStep // in the order of the checks; those after a failed one may be missing
	Done  bool          // nothing more will come
}

// NetworkStep is one thing that was checked.
type NetworkStep struct {
	What   NetworkCheck
	OK     bool
	Detail string // a name, an address or a time; never an error text
}

// NetworkCheck names what is checked.
type NetworkCheck string

// What is checked, in order.
const (
	CheckAddress NetworkCheck = "address" // this TV has an address on a network
	CheckName    NetworkCheck = "name"    // the server's name is known to the name service
	CheckReach   NetworkCheck = "reach"   // the server accepts a connection
	CheckSecure  NetworkCheck = "secure"  // the connection is encrypted and the server is who it should be
	CheckAnswer  NetworkCheck = "answer"  // the service answers; Detail is the time it took
)

// Licences answers [ReadLicences].
type Licences struct{ List []Licence }

// Look is how this TV draws its screens, whoever is signed in.
type Look struct {
	Contrast bool // high contrast
	Calm     bool // less motion

	Language words.Language // of this TV, whoever is watching; empty: that of the profile in use
}

// World is everything outside nav that screens show. Each World replaces the
// one before it. What it points to must not change after it was passed in.
type World struct {
	At    time.Duration
	Phase Phase
	Cause *Cause    // who ended the session, in SignedOut, Deactivated and Stolen; nil where unknown
	Code  *UserCode // in Code; nil until the server has given one

	SignIn *SignIn // how far a sign-in by password is, in Enrolling; nil: none was tried

	Look     Look
	Language words.Language // before a profile is in use; empty: the household's
	Services []Service      // that this TV can be signed in to; one or none: there is no choice
	Service  string         // the one that was chosen

	TV         TV
	Owner      string // the account's email
	AccountURL string // where the owner manages the account; may be empty

	Profiles    []protocol.Profile // empty until the first snapshot is here
	Household   Household
	Library     *Library           // of the profile in use; nil at the gate and until it is here
	Answer      *ProfileAnswer     // nil: nothing was asked
	ForgotPIN   *Help              // where the owner sets a new PIN; nil where unknown
	Account     *Help              // AccountURL with its picture; nil where unknown
	Catalog     *protocol.Catalog  // nil until it is here
	LastProfile protocol.ProfileID // who watched last, for the gate's focus

	Online       bool
	OfflineSince string        // as [When] writes it; may be empty
	LeaseLeft    time.Duration // running time until the lease ends; 0 where there is none
	LeaseLength  time.Duration // of a whole lease; 0 where unknown

	Ends   string        // when the owner has this TV signed out by itself, as a person reads it; empty: never
	EndsIn time.Duration // running time until then, with Ends
	Over   bool          // that has come: in LeaseEnded, until this TV ends by itself or hears of a later date

	Remotes *Remotes // nil: nothing else than what is at this TV can control it

	Waits   []Wait // profiles whose PIN has to wait
	Storage Storage
}

// Phase is where the device stands.
type Phase string

// The phases. The zero Phase is Starting.
const (
	Starting    Phase = ""            // the agent opens its store
	SignedOut   Phase = "signedOut"   // not signed in, and not asking for a code
	Enrolling   Phase = "enrolling"   // shows a user code, or waits for one
	Active      Phase = "active"      // signed in, with a lease
	LeaseEnded  Phase = "leaseEnded"  // signed in, but the server was out of reach for too long
	Stolen      Phase = "stolen"      // reported stolen
	Deactivated Phase = "deactivated" // removed from the account, and no longer the device it was
	Update      Phase = "update"      // this agent is too old for the server
)

// Cause is who ended this TV's session, and when.
type Cause struct {
	By    protocol.By
	At    string // as [When] writes it; may be empty
	Where string // e.g. "Firefox on Linux"; may be empty
}

// UserCode is what a person needs to sign this TV in.
type UserCode struct {
	Code      string // 8 letters, without a dash; empty while there is none
	URI       string
	QR        []string      // of the full URI: rows of '1' (dark) and '0', without quiet zone
	ExpiresIn time.Duration // from World.At
	Problem   Problem
}

// SignIn is what the server said to a password or code.
type SignIn struct {
	Checking  bool          // it has not answered the last one yet
	Answers   int           // its answers so far: a change is an answer
	Problem   Problem       // of the last one
	Wait      time.Duration // until the next try, from World.At
	Challenge *Challenge    // nil where no code is wanted
}

// Challenge is a code that is wanted beside the password.
type Challenge struct {
	Channels  []protocol.Channel   // kinds that are not known are left out
	Sent      protocol.ChannelKind // where a code is on its way to; may be empty
	RetryIn   time.Duration        // until another can be sent, from World.At
	TriesLeft int                  // with the present code
}

// Problem is why a sign-in cannot go on just now.
type Problem string

// The problems. Others are shown as [ProblemServer].
const (
	ProblemNone    Problem = ""
	ProblemOffline Problem = "offline" // no connection to the server
	ProblemBusy    Problem = "busy"    // the server asks to come back later
	ProblemRefused Problem = "refused" // the owner refused this TV
	ProblemLimit   Problem = "limit"   // the account has as many devices as it may
	ProblemStolen  Problem = "stolen"  // this TV was reported stolen
	ProblemServer  Problem = "server"  // the server failed
	ProblemSecure  Problem = "secure"  // the server could not prove who it is
	ProblemStorage Problem = "storage" // this TV cannot save anything: [StorageStuck]

	ProblemCredentials Problem = "credentials" // the address or the password is wrong
	ProblemWait        Problem = "wait"        // too many tries
	ProblemCode        Problem = "code"        // that is not the code
	ProblemCodeExpired Problem = "codeExpired" // another code is needed
	ProblemOver        Problem = "over"        // it took too long: the password again
	ProblemUserCode    Problem = "userCode"    // this account signs TVs in with the code only
	ProblemFactor      Problem = "factor"      // after too many wrong codes no second factor is taken here
	ProblemLocked      Problem = "locked"      // the password was right, and support has locked the account
)

// TV describes this TV on the settings screen.
type TV struct {
	Name    string
	Model   string
	Version string // of the agent
	Server  string // the operator's name for the service, or its address
}

// Wait is how long a profile's PIN has to wait.
type Wait struct {
	Profile   protocol.ProfileID // or [protocol.ParentalPIN]
	Left      time.Duration      // from World.At
	Elsewhere bool               // mostly for wrong tries at the account's other TVs
}

// Storage is the state of the disk.
type Storage string

// The states of the disk. The zero Storage is StorageFine.
const (
	StorageFine       Storage = ""
	StorageRebuilding Storage = "rebuilding" // the cache was damaged, and is fetched again
	StorageMemory     Storage = "memory"     // the cache cannot be written; it is kept in memory until the next start
	StorageStuck      Storage = "stuck"      // nothing at all can be written: no contact, and no profile opens
)

// Effect is something that nav wants done. Effects are carried out in order.
type Effect interface{ effect() }

// The effects.
type (
	// CheckPIN asks whether these digits are the profile's PIN. It is answered
	// by [PINChecked] with the same Check.
	CheckPIN struct {
		Check   int
		Profile protocol.ProfileID // or [protocol.ParentalPIN]
		Digits  Digits
	}

	// SelectProfile says who is watching; the empty profile means the gate.
	SelectProfile struct{ Profile protocol.ProfileID }

	// StartEnrol asks for a (new) user code: when the person wants to sign in,
	// and once when the code shown has run out. It is answered by a World in the
	// phase Enrolling, and harmless where a new code is on its way already.
	StartEnrol struct{}
	// SignInWithPassword, SendCode and EnterCode are answered by a World whose
	// SignIn has one more answer, and Checking until then.
	SignInWithPassword struct {
		Login    string
		Password Secret
	}
	// SendCode asks for a code by mail or SMS.
	SendCode struct{ Channel protocol.ChannelKind }
	// EnterCode gives the code that was typed.
	EnterCode struct {
		Channel protocol.ChannelKind
		Code    Secret
	}
	// CancelEnrol ends the phase Enrolling.
	CancelEnrol struct{}
	// TryAgain asks to connect now rather than after the usual delay.
	TryAgain struct{}

	// SignOutHere ends this TV's session, as the person at the TV confirmed.
	SignOutHere struct{}
	// Deactivate also erases this TV's identity, as the person confirmed.
	Deactivate struct{}
	// StartOver asks to fetch the cache again, still signed in.
	StartOver struct{}
	// CheckNetwork is answered by [NetworkReport].
	CheckNetwork struct{}

	// SetLook is answered by a World with this Look, now and after every start.
	SetLook struct{ Look }
	// ChooseService says which service to sign in to from now on.
	ChooseService struct{ ID string }
	// ReadLicences is answered by [Licences].
	ReadLicences struct{}

	// StartTitle says that a title began to play.
	StartTitle struct{ Playback }
	// ProgressTitle says how far it is, once a minute and at a pause.
	ProgressTitle struct{ Playback }
	// StopTitle says that it ended. Every StartTitle is followed by one.
	StopTitle struct{ Playback }

	// WakeAt asks for a [Tick] at this running time, in place of the Tick asked
	// for before. Zero: none.
	WakeAt struct{ At time.Duration }
)

// Playback is what the effects about a title carry.
type Playback struct {
	Profile  protocol.ProfileID
	Title    protocol.TitleID
	Position int64 // seconds from the title's start
	Length   int64 // seconds of the whole title; 0 where unknown
}

// Digits is an entered PIN. It does not show itself in logs; string(d) does.
type Digits string

const hidden = "[hidden]"

// String hides the digits.
func (Digits) String() string { return hidden }

// GoString hides the digits.
func (Digits) GoString() string { return hidden }

// MarshalText hides the digits.
func (Digits) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Secret is a typed password or code, and hides like [Digits].
type Secret string

// String hides the secret.
func (Secret) String() string { return hidden }

// GoString hides the secret.
func (Secret) GoString() string { return hidden }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

func (Press) event()         {}
func (Text) event()          {}
func (Tick) event()          {}
func (Resumed) event()       {}
func (PINChecked) event()    {}
func (NetworkReport) event() {}
func (Licences) event()      {}
func (World) event()         {}

func (CheckPIN) effect()      {}
func (SelectProfile) effect() {}
func (StartEnrol) effect()    {}
func (CancelEnrol) effect()   {}

func (SignInWithPassword) effect() {}
func (SendCode) effect()           {}
func (EnterCode) effect()          {}

func (TryAgain) effect()      {}
func (SignOutHere) effect()   {}
func (Deactivate) effect()    {}
func (StartOver) effect()     {}
func (CheckNetwork) effect()  {}
func (SetLook) effect()       {}
func (ChooseService) effect() {}
func (ReadLicences) effect()  {}
func (StartTitle) effect()    {}
func (ProgressTitle) effect() {}
func (StopTitle) effect()     {}
func (WakeAt) effect()        {}
