package nav

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// Household is what the account decided about profiles, beyond each profile
// itself.
type Household struct {
	Parental           *protocol.Parental // nil: no parental PIN
	AddProfileNeedsPIN bool
	Language           words.Language // while no profile is in use; empty: the main profile's
	MaxProfiles        int            // as many as the operator allows; 0 where unknown
}

// Help is an address where the owner goes on, e.g. after a forgotten PIN.
type Help struct {
	URI string   // to be typed
	QR  []string // rows of '1' (dark) and '0', without quiet zone
}

// Library is what the profile in use has on its list and has begun to watch,
// newest first. It is never that of another profile (product rule P10).
type Library struct {
	Profile protocol.ProfileID
	List    []protocol.TitleID
	Watched []protocol.Watched
}

// ProfileAnswer is what the server said to the last [AddProfile] or
// [EditProfile].
type ProfileAnswer struct {
	Asking  bool                    // it has not answered the last one yet
	Answers int                     // its answers so far: a change is an answer
	Refusal protocol.ProfileRefusal // of the last one; empty: done
	Wait    time.Duration           // until the next try, from World.At
	Offline bool                    // it could not be asked: no connection
}

// Launch asks to play a title from outside the screens: a deep link of another
// app or of the box, or a remote. It goes through the same decision, the profile
// gate and the PINs as any other way.
type Launch struct {
	Title  protocol.TitleID
	Path   parental.Path // DeepLink or Remote
	Source Source        // for Remote; keys held elsewhere prove no PIN
	At     time.Duration
}

// The effects about profiles and lists.
type (
	// AddProfile asks the server for a profile. It is answered by a World whose
	// ProfileAnswer has one more answer.
	AddProfile struct {
		Name, Avatar string
		Level        parental.Level
		Kids         bool
		PIN          Secret // the main profile's, where it is needed
		Password     Secret // the account's, where that has none
	}
	// EditProfile changes the name and avatar of the profile in use, answered as
	// AddProfile.
	EditProfile struct {
		Profile      protocol.ProfileID
		Name, Avatar string
	}
	// ListTitle puts a title on the profile's own list, or takes it off. It works
	// offline.
	ListTitle struct {
		Profile protocol.ProfileID
		Title   protocol.TitleID
		On      bool
	}
)

func (Launch) event() {}

func (AddProfile) effect()  {}
func (EditProfile) effect() {}
func (ListTitle) effect()   {}
