package session

import (
	"crypto"
	"crypto/ed25519"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// Now is the time in three readings, of which none is trusted alone.
type Now struct {
	Running time.Duration // since boot, standby included (CLOCK_BOOTTIME)
	Boot    string        // names this boot (/proc/sys/kernel/random/boot_id); "" makes every start a boot
	Wall    int64         // the wall clock in milliseconds since the Unix epoch; may be anything
}

// Identity is the device's key. The key's public half is the device.
type Identity struct {
	Device protocol.DeviceID
	Key    crypto.Signer // Ed25519
}

// IdentityOf returns the identity of the holder of key, which must be Ed25519.
func IdentityOf(key crypto.Signer) Identity {
	public, _ := key.Public().(ed25519.PublicKey)
	return Identity{protocol.DeviceIDOf(public), key}
}

func (id Identity) public() ed25519.PublicKey {
	if id.Key == nil {
		return nil
	}
	public, _ := id.Key.Public().(ed25519.PublicKey)
	return public
}

// Config is what never changes while the agent runs, but for the identity,
// which [Erased] may replace.
type Config struct {
	Identity Identity
	Name     string // what the owner reads: 1 to 64 characters
	Model    string // at most 64 characters
	Kind     string // "tv", "box" or "stick"
}

// Held says what the agent holds of what the server sent.
type Held struct {
	Snapshot protocol.Digest // "" for none
	Catalog  protocol.Digest
	Pins     int64 // version of the PIN verifiers, 0 for none
	Tries    int64 // number of the other devices' PIN counts, 0 for none
	Library  int64 // number of the libraries, 0 for none
}

// Event is something that happened, and when.
type Event struct {
	Now     Now
	Entropy [32]byte // fresh random bytes, never used twice
	Unsent  int64    // activity items in the queue that are not acknowledged
	What    What
}

// What happened: one of the types below.
type What interface{ what() }

// From the agent.
type (
	// Start is the first event: the vault's record, and what the cache holds of
	// it. A cache that does not match Saved's digests is to be reported as
	// empty.
	Start struct {
		Saved Saved
		Held  Held
	}
	// Tick says that time passed: see [Model.Wake].
	Tick struct{}
	// VaultFailed says that a [SaveVault] of the step before failed and the
	// effects after it were skipped.
	VaultFailed struct{ Err error }
	// CacheApplied answers [ApplyCache].
	CacheApplied struct {
		Epoch   protocol.Epoch
		Version protocol.Version
	}
	// CacheLost says that an [ApplyCache] or [StorePins] failed or that the cache
	// was set aside. Held is what it holds now.
	CacheLost struct {
		Held Held
		Err  error
	}
	// PinsStored answers [StorePins].
	PinsStored struct {
		Epoch   protocol.Epoch
		Version int64
	}
	// PINsTried says how many wrong tries this TV counts against each PIN, at most
	// [protocol.MaxPINCounts], after Start and after every change.
	PINsTried struct{ Tries []protocol.PINTry }
	// CountsKept answers [KeepCounts]. Number is 0 where some of the counts are of
	// a PIN that this TV does not know yet: they are asked for again.
	CountsKept struct {
		Epoch  protocol.Epoch
		Number int64
	}
	// LibraryKept answers [KeepLibrary].
	LibraryKept struct {
		Epoch  protocol.Epoch
		Number int64
	}
	// Erased answers [Erase]. New is the new identity where the old one was erased.
	Erased struct{ New *Identity }
	// ActivityReady offers the oldest unacknowledged items, at most
	// [protocol.MaxActivity]. They are dropped where they cannot be sent now:
	// [WantActivity] or [ActivityAcked] asks again.
	ActivityReady struct{ Items []protocol.ActivityItem }
	// ProfileSelected says who is watching; "" is the gate.
	ProfileSelected struct{ Profile protocol.ProfileID }
)

// From the person at the TV.
type (
	SignIn       struct{} // show a user code
	CancelSignIn struct{} // no more
	SignOutHere  struct{} // end this TV's session; works offline
	Deactivate   struct{} // the same, and forget the identity
	Reset        struct{} // as Deactivate, with all that the TV holds: a factory reset
	StartOver    struct{} // fetch the cache again
	TryAgain     struct{} // connect now, whatever was stopped or waited for
)

// From the person at the TV, after [SignIn]; [Status].SignIn says what came of
// each. What was typed is in these events and in the frames that they become,
// and nowhere else.
type (
	// SignInWithPassword begins anew, whatever was asked for before.
	SignInWithPassword struct {
		Login    string // email address or phone number: 1 to [protocol.MaxLogin] characters
		Password protocol.Secret
	}
	// ChooseChannel has a code sent.
	ChooseChannel struct{ Channel protocol.ChannelKind }
	// EnterCode answers the challenge.
	EnterCode struct {
		Channel protocol.ChannelKind
		Code    protocol.Secret
	}
)

// From the person at the TV, about profiles; [Status].Request says what came of
// it. What was typed goes into the frame, and nowhere else. A second one before
// the answer is impossible.
type (
	// AddProfile asks the server for a profile.
	AddProfile struct {
		Name, Avatar string
		Level        parental.Level
		Kids         bool
		PIN          protocol.Secret
		Password     protocol.Secret
	}
	// EditProfile changes the name and avatar of the profile in use.
	EditProfile struct {
		Profile      protocol.ProfileID
		Name, Avatar string
	}
)

// From the link. Conn is the number that [Dial] gave; events of any other
// connection than the latest are ignored.
type (
	Connected struct{ Conn uint64 }
	Received  struct {
		Conn  uint64
		Frame protocol.Frame
	}
	// Closed ends every connection, also one that was never made.
	Closed struct {
		Conn       uint64
		Code       protocol.Code // from the close code; 0 for none
		RetryAfter time.Duration // the server's wish; 0 for none
		Err        error
	}
)

func (Start) what()           {}
func (Tick) what()            {}
func (VaultFailed) what()     {}
func (CacheApplied) what()    {}
func (CacheLost) what()       {}
func (PinsStored) what()      {}
func (Erased) what()          {}
func (ActivityReady) what()   {}
func (ProfileSelected) what() {}
func (SignIn) what()          {}
func (CancelSignIn) what()    {}
func (SignOutHere) what()     {}
func (Deactivate) what()      {}
func (Reset) what()           {}
func (StartOver) what()       {}
func (TryAgain) what()        {}

func (PINsTried) what()   {}
func (CountsKept) what()  {}
func (LibraryKept) what() {}
func (AddProfile) what()  {}
func (EditProfile) what() {}

func (SignInWithPassword) what() {}
func (ChooseChannel) what()      {}
func (EnterCode) what()          {}

func (Connected) what() {}
func (Received) what()  {}
func (Closed) what()    {}

// Effect is something to do: one of the types below. The package's comment
// says in which order.
type Effect interface{ effect() }

type (
	// SaveVault writes Saved to the vault. It is durable before the next effect
	// runs.
	SaveVault struct{ Saved Saved }
	// ApplyCache writes the documents to the cache in one transaction; nil means
	// unchanged. Answered by [CacheApplied] or [CacheLost].
	ApplyCache struct {
		Epoch    protocol.Epoch
		Version  protocol.Version
		Snapshot *Document
		Catalog  *Document
	}
	// StorePins turns the PIN material into verifiers and stores those, in place
	// of all that were there. Answered by [PinsStored] or [CacheLost]. The claims
	// are never stored, logged or hashed.
	StorePins struct{ Claims protocol.PinsClaims }
	// KeepCounts puts what other devices count beside the TV's own counters, in the
	// vault. It is durable before the next effect runs, and fails as SaveVault does.
	// Answered by [CountsKept].
	KeepCounts struct{ Counts protocol.PINCounts }
	// KeepLibrary writes the libraries of all profiles to the cache, in place of
	// what was there. Answered by [LibraryKept] or [CacheLost].
	KeepLibrary struct {
		Number   int64
		Profiles []protocol.Library
	}
	// Erase empties the cache (profiles, verifiers, activity) and replaces its
	// data key and the device secret by new ones; with Identity, also the
	// identity key. Safe to repeat. Answered by [Erased].
	Erase struct{ Identity bool }

	// Dial opens connection Conn. Answered by [Connected] or [Closed].
	Dial struct{ Conn uint64 }
	// Send queues a frame on connection Conn.
	Send struct {
		Conn  uint64
		Frame protocol.Frame
	}
	// Hangup closes connection Conn. Its [Closed] is welcome but ignored.
	Hangup struct{ Conn uint64 }

	// WantActivity asks for an [ActivityReady] if anything is queued.
	WantActivity struct{}
	// ActivityAcked says that items up to Through are stored by the server; the
	// agent forgets them and offers the next, if any.
	ActivityAcked struct{ Through int64 }
	// Log is for the operator's or integrator's eyes. Message is constant.
	Log struct {
		Message string
		Err     error
	}
)

// Document is a whole blob whose digest was checked.
type Document struct {
	Digest protocol.Digest
	Data   []byte
}

func (SaveVault) effect()     {}
func (ApplyCache) effect()    {}
func (StorePins) effect()     {}
func (KeepCounts) effect()    {}
func (KeepLibrary) effect()   {}
func (Erase) effect()         {}
func (Dial) effect()          {}
func (Send) effect()          {}
func (Hangup) effect()        {}
func (WantActivity) effect()  {}
func (ActivityAcked) effect() {}
func (Log) effect()           {}
