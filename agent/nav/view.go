package nav

import "github.com/hearthkey/hearthkey/protocol/words"

// View is what a screen shows: all that the page, the terminal or middleware
// needs to draw it, and nothing else. It holds no digit of a PIN, no key, and of a
// password how long it is; the password itself only while the person chose to see
// it. (On a keyboard on the screen the focus does show what is typed next, as on
// any TV: signing in with the code is the first choice.) Element ids are unique
// within a view.
type View struct {
	Screen   Screen    `json:"screen"`
	Title    string    `json:"title,omitempty"`
	Text     []string  `json:"text,omitempty"`   // paragraphs under the title
	Focus    string    `json:"focus,omitempty"`  // id of the focused item; of the top layer
	Items    []Item    `json:"items,omitempty"`  // buttons, profiles or settings, in order
	Rows     []Row     `json:"rows,omitempty"`   // titles: home; on the title screen of a series its episodes; what a search found
	Poster   string    `json:"poster,omitempty"` // on the title screen: its id, whose poster is drawn behind
	Badge    string    `json:"badge,omitempty"`  // on the title screen: its age rating
	Code     *Code     `json:"code,omitempty"`   // signing in, or pairing a remote
	Link     *Link     `json:"link,omitempty"`   // where the person goes on, with a phone or computer
	Grid     int       `json:"grid,omitempty"`   // Items lie in rows of so many; 0: in one
	Kids     bool      `json:"kids,omitempty"`   // a kids profile is in use: simpler and bigger
	PIN      *PIN      `json:"pin,omitempty"`
	Player   *Player   `json:"player,omitempty"`
	Keyboard *Keyboard `json:"keyboard,omitempty"` // typing: beside Items; of a search above Rows, with suggestions in Items
	Menu     []Item    `json:"menu,omitempty"`     // the left menu, open above the screen
	Dialog   *Dialog   `json:"dialog,omitempty"`   // above everything else
	Who      *Item     `json:"who,omitempty"`      // the chosen profile, with its avatar
	Banner   *Banner   `json:"banner,omitempty"`   // a strip: offline, the lease's end
	Toast    string    `json:"toast,omitempty"`    // shown for a few seconds
	Say      string    `json:"say,omitempty"`      // for the screen reader's live region
	Tell     string    `json:"tell,omitempty"`     // the same without what has the focus, for a page that gives that to the browser
	Types    bool      `json:"types,omitempty"`    // there is no field, but letters are taken: they open the search
	Page     *Page     `json:"page,omitempty"`     // a long text, of which arrows turn the pages
	Contrast bool      `json:"contrast,omitempty"` // this TV draws in high contrast
	Calm     bool      `json:"calm,omitempty"`     // and without motion
	Words    *Words    `json:"words,omitempty"`    // what a drawing says beside all this

	Lang words.Language  `json:"lang,omitempty"` // of all texts
	Dir  words.Direction `json:"dir,omitempty"`  // which way it is written: the screen is drawn that way round

	Locked   bool    `json:"locked,omitempty"`   // on the title screen: a padlock beside the badge, it asks for the parental PIN
	Progress float64 `json:"progress,omitempty"` // on the title screen: how much of it was watched, 0 to 1
	Card     *Card   `json:"card,omitempty"`     // the next episode, before it plays by itself: above its Poster, beside Items
}

// Screen names a screen.
type Screen string

// The screens.
const (
	ScreenStarting    Screen = "starting"    // the agent opens its store, or waits for the first snapshot
	ScreenWelcome     Screen = "welcome"     // not signed in
	ScreenCode        Screen = "code"        // the user code with its QR
	ScreenEmail       Screen = "email"       // typing an address
	ScreenPassword    Screen = "password"    // typing its password
	ScreenAccessCode  Screen = "accessCode"  // typing a code that is needed too
	ScreenGate        Screen = "gate"        // who is watching?
	ScreenPIN         Screen = "pin"         // a profile's PIN, or the parental PIN before a title: then Poster is that title's
	ScreenHome        Screen = "home"        // rows of titles
	ScreenSearch      Screen = "search"      // a keyboard, and what it finds
	ScreenTitle       Screen = "title"       // one title: a film, a series with its episodes, or an episode
	ScreenPlayer      Screen = "player"      // the stand-in player
	ScreenNext        Screen = "next"        // an episode has ended: the next one plays by itself in a few seconds
	ScreenSettings    Screen = "settings"    // the list of what follows, and signing out
	ScreenAccount     Screen = "account"     // who owns it, and where it is managed
	ScreenThisTV      Screen = "thisTV"      // name, model, service, connection
	ScreenLook        Screen = "look"        // contrast and motion
	ScreenLanguage    Screen = "language"    // which one this TV speaks
	ScreenAbout       Screen = "about"       // this program
	ScreenLicences    Screen = "licences"    // what it is made of
	ScreenLicence     Screen = "licence"     // the text of one
	ScreenServices    Screen = "services"    // which service to sign in to
	ScreenRemotes     Screen = "remotes"     // what else controls this TV
	ScreenRemote      Screen = "remote"      // one paired remote
	ScreenPairRole    Screen = "pairRole"    // who a remote is for that is to be paired
	ScreenPairing     Screen = "pairing"     // the pairing window, and what became of it
	ScreenNetwork     Screen = "network"     // what "Check network" found
	ScreenLeaseEnded  Screen = "leaseEnded"  // connect to continue
	ScreenSignedOut   Screen = "signedOut"   // signed out from elsewhere: who, when
	ScreenDeactivated Screen = "deactivated" // removed from the account
	ScreenStolen      Screen = "stolen"      // locked
	ScreenUpdate      Screen = "update"      // this agent is too old

	ScreenProfileAvatar   Screen = "profileAvatar"   // a grid of drawings
	ScreenProfileName     Screen = "profileName"     // typing a profile's name
	ScreenProfileLevel    Screen = "profileLevel"    // its maturity level, and whether it is for kids
	ScreenProfilePIN      Screen = "profilePIN"      // the main profile's PIN, for the server
	ScreenProfilePassword Screen = "profilePassword" // the account's password, for the server
	ScreenProfileAdding   Screen = "profileAdding"   // the server is asked, or said no
	ScreenProfileEdit     Screen = "profileEdit"     // what can be changed of the profile in use
	ScreenProfileLocks    Screen = "profileLocks"    // where the rest is changed
	ScreenForgotPIN       Screen = "forgotPIN"       // where a new PIN is set
)

// Item is something that can have the focus.
type Item struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Detail string `json:"detail,omitempty"` // a second, quieter line
	Avatar string `json:"avatar,omitempty"` // name of a built-in drawing
	Poster string `json:"poster,omitempty"` // title id, from which a poster is drawn
	Badge  string `json:"badge,omitempty"`  // e.g. the age rating
	Locked bool   `json:"locked,omitempty"` // a padlock: it asks for a PIN, the profile's or, on a title, the parental PIN
	Danger bool   `json:"danger,omitempty"` // a destructive choice
	Info   bool   `json:"info,omitempty"`   // only to be read: never has the focus
	Choice bool   `json:"choice,omitempty"` // one of several, of which one is chosen
	Switch bool   `json:"switch,omitempty"` // on where it is chosen
	Chosen bool   `json:"chosen,omitempty"`
	Add    bool   `json:"add,omitempty"`  // something new, drawn as a plus
	Wide   int    `json:"wide,omitempty"` // of a key of the keyboard: its width in half keys

	Progress float64 `json:"progress,omitempty"` // of a title: how much of it was watched, 0 to 1
	Series   bool    `json:"series,omitempty"`   // a title of many, drawn as a stack
}

// Row is one row of titles.
type Row struct {
	Label string `json:"label"`
	Items []Item `json:"items"`
}

// Code is what a person needs to sign this TV in.
type Code struct {
	Text    string   `json:"text"`              // "BCDF-GHJK", or of a pairing "482 913"
	URI     string   `json:"uri"`               // to be typed; empty of a pairing
	QR      []string `json:"qr,omitempty"`      // rows of '1' (dark) and '0', without quiet zone
	Expires int64    `json:"expires"`           // seconds left
	Of      int64    `json:"of,omitempty"`      // of so many, where that is known
	Problem string   `json:"problem,omitempty"` // why it cannot go on just now
}

// Link is an address to go on at.
type Link struct {
	URI string   `json:"uri"`          // to be typed
	QR  []string `json:"qr,omitempty"` // as of [Code]
}

// PIN is the state of a PIN entry. How many digits are entered is shown, which
// ones never is.
type PIN struct {
	Entered int `json:"entered"`
	Length  int `json:"length"`
	// Group says that an arrow has chosen a group of digits (Up 1 2 3, Left
	// 4 5 6, Right 7 8 9, Down ⌫ 0) and that the next key chooses in it: Left,
	// OK, Right for its first, second, third. Up and Down choose another group.
	Group    bool   `json:"group,omitempty"`
	Checking bool   `json:"checking,omitempty"` // the hash is being computed
	Wait     int64  `json:"wait,omitempty"`     // seconds until the next try
	Message  string `json:"message,omitempty"`
}

// Keyboard is a field that is typed into, and the keys on the screen for it.
type Keyboard struct {
	Label    string       `json:"label"`            // of the field
	Kind     KeyboardKind `json:"kind"`             // which keyboard a phone shows for it
	Text     string       `json:"text,omitempty"`   // what is entered; of a secret only where the person chose to see it
	Length   int          `json:"length"`           // how many characters are entered
	Size     int          `json:"size,omitempty"`   // how many are wanted, where that is known
	Hidden   bool         `json:"hidden,omitempty"` // they are drawn as dots
	Keys     [][]Item     `json:"keys"`             // in rows of the same width
	Checking bool         `json:"checking,omitempty"`
	Wait     int64        `json:"wait,omitempty"` // seconds until the next try
	Message  string       `json:"message,omitempty"`
}

// Page is a part of a text that fits on the screen.
type Page struct {
	Lines []string `json:"lines"`
	At    int      `json:"at"` // from 1
	Of    int      `json:"of"`
	Label string   `json:"label"` // "Page 1 of 3"
}

// Words are what is drawn beside what a View tells, in its language. What stands
// in braces is filled in by whoever draws it.
type Words struct {
	Menu     string `json:"menu"`
	Scan     string `json:"scan"`     // under a picture for a phone
	Picture  string `json:"picture"`  // what that is
	Life     string `json:"life"`     // of a code, for {time}
	Code     string `json:"code"`     // {code}
	First    string `json:"first"`    // of a group of digits
	Second   string `json:"second"`   // of it
	Third    string `json:"third"`    // of it
	Press    string `json:"press"`    // a key for one of the three
	Digits   string `json:"digits"`   // they can be pressed as well
	NextTry  string `json:"nextTry"`  // beside the time until then
	Moment   string `json:"moment"`   // something is being checked
	Locked   string `json:"locked"`   // it has a padlock
	Watched  string `json:"watched"`  // {n} of a hundred
	Entered  string `json:"entered"`  // {n} of {length} digits
	Typed    string `json:"typed"`    // {n} characters in the field {label}
	Away     string `json:"away"`     // the agent does not run
	AwayText string `json:"awayText"` // and what comes of that
}

// Player is the stand-in player's state.
type Player struct {
	Title    string `json:"title"`
	Poster   string `json:"poster"`
	Paused   bool   `json:"paused,omitempty"`
	Position int64  `json:"position"` // seconds
	Length   int64  `json:"length"`   // seconds

	Detail string `json:"detail,omitempty"` // of an episode, whose Title is its series: "S1 E3 · Salt Water"
	Said   string `json:"-"`                // of the last key, for the live region
	Next   string `json:"next,omitempty"`   // the episode after this one, which Down goes on to: "S1 E4 · The Letter"
}

// Card is an episode that plays by itself when its time has run down.
type Card struct {
	Title  string `json:"title"`            // of its series
	Detail string `json:"detail,omitempty"` // "S1 E4 · The Letter"
	Badge  string `json:"badge,omitempty"`  // its age rating
	Locked bool   `json:"locked,omitempty"` // it will ask for the parental PIN
	Left   int64  `json:"left"`             // seconds, of Of
	Of     int64  `json:"of"`               // 0: it waits for the person
}

// Dialog is a question above the screen.
type Dialog struct {
	Title string   `json:"title"`
	Text  []string `json:"text,omitempty"`
	Items []Item   `json:"items"`
}

// Banner is a strip at the edge of the screen.
type Banner struct {
	Kind string `json:"kind"` // "control", "offline", "warning" or "info"
	Text string `json:"text"`
	Key  string `json:"key,omitempty"`  // of "control": what Back is called, which ends it
	Does string `json:"does,omitempty"` // and what that does: "Stop"
	Said string `json:"-"`              // all of that, for the live region, where it is more than Text
}
