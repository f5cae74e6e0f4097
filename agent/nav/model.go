package nav

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/titles"
)

// Model is the state of the screens. The zero Model is ready: it shows that the
// TV is starting until the first [World].
type Model struct {
	world   World // with its profiles made sound
	titles  *titles.Index
	now     time.Duration
	sources []sourceKeys

	place     place    // where in the signed-in part
	watching  watching // who chose a profile and, where it is locked, proved its PIN
	home      home
	rules     parental.Rules // what the household decided for who is watching
	rulesNo   int            // grows with each change of them
	library   *Library       // of who is watching; nil where it is not here. Never changed, only replaced
	entry     pinEntry
	proof     pinProof
	wish      wish             // was launched at the gate, and waits for somebody
	title     protocol.TitleID // whose page is open
	page      page
	found     found
	player    player
	upNext    upNext
	typing    typing
	draft     draft
	arrival   map[protocol.ProfileID]bool // who was there when a profile was asked for; nil: none was
	enrolling bool                        // the person asked for a code and did not cancel
	renewed   bool                        // the code shown has run out and a new one was asked for
	acked     bool                        // the person has read why the session ended

	settings settings
	pairing  pairing
	pairNews bool     // a wrong code came with this step
	blocking blocking // a program that is told of
	told     []string // ids of programs that were

	focus    string // of the screen in focusOn
	focusOn  Screen
	network  network
	menu     bool
	menuAt   string // focus in the menu
	dialog   dialog
	dialogAt string // focus in the dialog

	layer    layer  // the top one, after the last step
	cameWith string // the focus that it came with

	checks     int           // PIN checks so far; numbers the next one
	notice     string        // wrong tries at a PIN
	noticeEnds time.Duration // when the notice goes by itself; 0: it does not
	end        endDate
	newsEnds   time.Duration // until when a new warning in the banner is said
	toast      string
	toastTo    time.Duration // when the toast goes
	toastSaid  bool          // the person has gone on since it came
	wake       time.Duration // the Tick asked for; 0 for none

	codeEnds  time.Duration // when the code runs out
	leaseEnds time.Duration // 0 for none
	leaseOver bool          // the lease has ended by this TV's own count
	waits     []deadline    // PINs that wait
}

// place is a screen of the phase Active.
type place int

const (
	atGate place = iota
	atPIN
	atHome
	atTitle
	atPlayer
	atSettings
	atSearch
	atNext      // above the page of what has ended
	atNewAvatar // the screens of a draft, from here
	atNewName
	atNewLevel
	atNewPIN
	atNewPassword
	atAdding
	atEdit
	atLocks
	atDraftForgot // above atNewPIN
	atForgot      // above atPIN
)

// watching is the profile in use. It is set only by enter.
type watching struct {
	id     protocol.ProfileID // empty at the gate
	locked bool               // as of when the profile was entered or last confirmed
	pin    int64              // version of the PIN, likewise
	name   string             // for the sentence when it is gone
}

// deadline is when a profile's PIN may be tried again.
type deadline struct {
	profile protocol.ProfileID
	at      time.Duration
	afar    bool // for tries at other TVs
}

// toastFor is how long a toast is shown.
const toastFor = 6 * time.Second

// Step takes an event and returns the new state and what is to be done. It
// changes nothing that m points to. An event that makes no sense where m stands
// (the answer to a check that was cancelled, an unknown key) changes nothing.
func Step(m Model, ev Event) (Model, []Effect) {
	s := stepper{Model: m}
	warned := m.warning()
	switch ev.(type) {
	case World, Tick, NetworkReport, Licences: // nothing that the person did
	default:
		s.toastSaid = true
	}
	switch ev := ev.(type) {
	case Press:
		s.elapse(ev.At)
		s.press(ev)
	case Text:
		s.elapse(ev.At)
		s.typed(ev)
	case Tick:
		s.wake = 0
		s.elapse(ev.At)
	case Resumed:
		s.closeAll()
		s.leave()
		s.forgetSecrets()
		s.elapse(ev.At)
	case World: // what was decided counts before what time does
		s.now = max(s.now, ev.At)
		s.applyWorld(ev)
		s.elapse(ev.At)
	case Launch:
		s.elapse(ev.At)
		s.launch(ev)
	case PlayRefused:
		s.elapse(ev.At)
		s.playRefused(ev)
	case PINChecked:
		s.elapse(ev.At)
		s.pinChecked(ev)
	case NetworkReport:
		s.networkReport(ev)
	case Licences:
		s.takeLicences(ev.List)
	}
	s.settle()
	s.dropDraft()
	s.refocus()
	s.schedule()
	if now := s.warning(); now != "" && now != warned {
		s.newsEnds = s.now + toastFor
	}
	return s.Model, s.effects
}

// stepper is a Model in the middle of a step.
type stepper struct {
	Model
	effects []Effect
}

func (s *stepper) emit(e Effect) { s.effects = append(s.effects, e) }

// Watching returns the profile in use; it is empty at the gate.
func (m Model) Watching() protocol.ProfileID { return m.watching.id }

// Playing returns what plays, if anything does.
func (m Model) Playing() (Playback, bool) {
	return m.playback(), m.place == atPlayer
}

// Path returns how what plays was asked for; it is empty where nothing plays.
func (m Model) Path() parental.Path { return m.player.path }

// Proved reports whether the parental PIN was entered for t, and still counts.
func (m Model) Proved(t parental.Title) bool { return m.question(parental.Open, &t).Parental }

// profile returns the profile in use as the newest World has it.
func (m Model) profile() (protocol.Profile, bool) {
	return findProfile(m.world.Profiles, m.watching.id)
}

// screen derives which screen lies under the menu and the dialog.
func (m Model) screen() Screen {
	if m.network.open {
		return ScreenNetwork
	}
	if m.pairing.stage == pairAsks {
		return ScreenPairRole
	}
	if m.pairing.stage != noPairing {
		return ScreenPairing
	}
	switch m.phase() {
	case SignedOut, Enrolling, Deactivated:
		if m.settings.above {
			return sectionScreens[m.settings.section]
		}
		return m.signInScreen()
	case Active:
		if len(m.world.Profiles) == 0 {
			return ScreenStarting
		}
		if m.place == atSettings {
			return sectionScreens[m.settings.section]
		}
		if screen, ok := draftPlaces[m.place]; ok {
			return screen
		}
		return placeScreens[m.place]
	case LeaseEnded:
		return ScreenLeaseEnded
	case Stolen:
		return ScreenStolen
	case Update:
		return ScreenUpdate
	}
	return ScreenStarting
}

var placeScreens = [...]Screen{
	atGate: ScreenGate, atPIN: ScreenPIN, atHome: ScreenHome, atTitle: ScreenTitle,
	atPlayer: ScreenPlayer, atSettings: ScreenSettings, atSearch: ScreenSearch, atNext: ScreenNext,
}

// phase is the phase of the newest World, but for a lease that has ended since.
func (m *Model) phase() Phase {
	if m.world.Phase == Active && m.leaseOver {
		return LeaseEnded
	}
	return m.world.Phase
}

// signedIn reports whether there is a session to end.
func (m Model) signedIn() bool {
	switch m.world.Phase {
	case Active, LeaseEnded, Update:
		return true
	}
	return false
}

// enter makes p the profile in use. The caller has made sure that p is not
// locked or that its PIN was right.
func (s *stepper) enter(p protocol.Profile) {
	s.watching = watching{id: p.ID, locked: p.Locked, pin: p.PIN, name: p.Name}
	s.entry = pinEntry{}
	s.home = home{}
	s.setRules()
	s.takeLibrary()
	s.place = atHome
	s.emit(SelectProfile{Profile: p.ID})
	s.launchWaiting()
}

// leave goes to the gate: nobody is watching any more.
func (s *stepper) leave() {
	s.stop()
	if s.watching.id != "" && (s.world.Phase == Active || s.world.Phase == LeaseEnded) {
		s.emit(SelectProfile{})
	}
	s.watching, s.entry, s.proof, s.wish = watching{}, pinEntry{}, pinProof{}, wish{}
	s.home, s.page, s.found, s.title, s.upNext = home{}, page{}, found{}, "", upNext{}
	if s.typing.at == atQuery || s.typing.at.ofProfile() {
		s.typing = typing{}
	}
	s.setRules()
	s.takeLibrary()
	s.place, s.menu, s.notice, s.noticeEnds = atGate, false, "", 0
	s.focusOn = ""
}

// closeAll closes every layer above the screen.
func (s *stepper) closeAll() {
	s.menu, s.dialog, s.network = false, noDialog, network{}
	if s.pairing.stage != noPairing {
		s.endPairing()
	}
	s.settings.above = false
}

func (s *stepper) say(id message, pairs ...string) {
	s.toast, s.toastTo, s.toastSaid = text(id, pairs...), s.now+toastFor, false
}

// sourceKeys is the key sequence as far as one source has come.
type sourceKeys struct {
	source  Source
	matcher keyseq.Matcher
}

// maxSources bounds the sources whose sequences are followed; the one that has
// been quiet for longest is forgotten.
const maxSources = 8

// sequence feeds the source's own matcher and reports whether the key sequence
// is complete. Sources that are not trusted have none.
func (s *stepper) sequence(p Press) bool {
	if !p.Source.trusted() {
		return false
	}
	rest := make([]sourceKeys, 1, maxSources)
	rest[0].source = p.Source
	for _, k := range s.sources {
		if k.source == p.Source {
			rest[0] = k
		} else if len(rest) < maxSources {
			rest = append(rest, k)
		}
	}
	var done bool
	rest[0].matcher, done = keyseq.Step(rest[0].matcher, keyseq.Press{Key: p.Key, Repeat: p.Repeat, At: p.At})
	s.sources = rest
	return done
}
