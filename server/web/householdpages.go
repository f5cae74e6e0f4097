package web

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// ProfilesPage lists the profiles.
type ProfilesPage struct {
	Frame
	Profiles      []ProfileRow
	Most          int // the operator's limit
	Parental      []string
	ParentalTries *TriesView
}

// CanAdd reports whether there is room for one more profile.
func (p ProfilesPage) CanAdd() bool { return len(p.Profiles) < p.Most }

// ProfileRow is one profile of the list.
type ProfileRow struct {
	Face
	Level      parental.Level
	Language   string
	Main, Kids bool
	Blocked    int        // titles
	Tries      *TriesView // nil: no wrong tries
}

// TriesView is the wrong tries at a PIN, with the way to forgive them.
type TriesView struct {
	Wrong  int
	Last   time.Time // zero: the PIN was right since
	Many   bool      // every further try waits an hour
	Next   time.Time // until then nobody can try; zero: nobody waits
	Whose  string    // PIN it is; empty: the parental PIN
	Unlock string    // where the form posts; empty: so few hold nobody up
}

// ProfilePage adds or changes a profile.
type ProfilePage struct {
	Frame
	Problems  []Problem
	Face      Face // the zero value while adding
	Name      Field
	Avatars   []Option
	Levels    []Option
	Languages []Option
	Main      bool
	Kids      bool
	Blocked   int    // titles
	Action    string // where the form posts
}

// Adding reports whether the profile does not exist yet.
func (p ProfilePage) Adding() bool { return p.Face.ID == "" }

// ProfileDeletePage asks before a profile is deleted.
type ProfileDeletePage struct {
	Frame
	Face Face
	TVs  int    // signed-in TVs that will drop it
	Kept string // for how long activity is kept
}

// ProfileLockPage sets, resets or removes a profile lock, or the parental PIN.
type ProfileLockPage struct {
	Frame
	Problems      []Problem
	Face          Face // of the profile; Locked also tells of the parental PIN
	Parental      bool // it is about the parental PIN
	Password, PIN Field
	Weak          bool // the PIN is easily guessed: the form then offers to use it all the same
	Keep          bool // which is chosen already
	Tries         *TriesView
	Action, Back  string
}

// TitleRow is a title of a list that can be made shorter.
type TitleRow struct {
	ID     protocol.TitleID
	Name   string // empty: nobody knows it
	Detail string // e.g. "Series · 2021"
	Series bool
}

// TitlePicker asks for a title by its name.
type TitlePicker struct {
	Action  string // where the form posts
	Field   Field
	Choices []TitleRow // more than one title is meant: which?
	More    bool       // there are more than these
	Full    bool       // no more can be added
}

// BlockedPage lists the titles that a profile may never play.
type BlockedPage struct {
	Frame
	Problems []Problem
	Face     Face
	Titles   []TitleRow
	Picker   TitlePicker
}

// ParentalPage is the household's parental control.
type ParentalPage struct {
	Frame
	Problems    []Problem
	HasPIN      bool
	Tries       *TriesView
	Above       []Option
	AddNeedsPIN bool
	MainLocked  bool // the main profile has a PIN, which adding then asks for
	Titles      []TitleRow
	Picker      TitlePicker
}

// PINPage is where a TV sends whoever forgot a PIN.
type PINPage struct {
	Frame
	Locks []LockRow
}

// LockRow is one PIN of the household.
type LockRow struct {
	Face     Face // of a profile
	Parental bool
	Tries    *TriesView
	Reset    string // the page that sets a new PIN
}
