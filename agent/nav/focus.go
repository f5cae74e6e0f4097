package nav

import (
	"strings"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// axis is how a list lies on the screen.
type axis int

const (
	vertical axis = iota
	horizontal
	both
)

// move returns the id of the item that k moves to from at: the same one at the
// end of the list. Items that are only read are passed over.
func move(items []Item, at string, k keyseq.Key, ax axis) string {
	step := 0
	switch {
	case ax != horizontal && k == keyseq.Up, ax != vertical && k == keyseq.Left:
		step = -1
	case ax != horizontal && k == keyseq.Down, ax != vertical && k == keyseq.Right:
		step = 1
	default:
		return at
	}
	for i := indexOf(items, at) + step; i >= 0 && i < len(items); i += step {
		if !items[i].Info {
			return items[i].ID
		}
	}
	return at
}

func indexOf(items []Item, id string) int {
	for i := range items {
		if items[i].ID == id {
			return i
		}
	}
	return -1
}

// first returns the id of the first item that can have the focus.
func first(items []Item) string {
	for i := range items {
		if !items[i].Info {
			return items[i].ID
		}
	}
	return ""
}

// moveFocus moves the focus of the screen.
func (s *stepper) moveFocus(k keyseq.Key, ax axis) {
	s.focus = move(s.items(), s.focus, k, ax)
}

// items returns the screen's list, of which one item has the focus. The home has
// rows instead.
func (m Model) items() []Item {
	switch m.screen() {
	case ScreenNetwork:
		return m.networkItems()
	case ScreenWelcome, ScreenCode, ScreenSignedOut, ScreenDeactivated:
		return m.signInItems()
	case ScreenPairRole, ScreenPairing:
		return m.pairItems()
	case ScreenEmail, ScreenPassword:
		return m.phoneItems()
	case ScreenAccessCode:
		return m.challengeItems()
	case ScreenStarting:
		return m.startingItems()
	case ScreenLeaseEnded, ScreenUpdate:
		return []Item{{ID: "again", Label: text(msgTryAgain)}, {ID: "checkNetwork", Label: text(msgCheckNetwork)}}
	case ScreenGate:
		return m.gateItems()
	case ScreenTitle:
		return m.titleItems()
	case ScreenSearch:
		return m.found.suggest
	case ScreenNext:
		return m.nextItems()
	case ScreenPIN:
		return m.forgotItems()
	}
	if m.inSettings() {
		return m.sectionItems()
	}
	if m.screen() == draftPlaces[m.place] {
		return m.draftItems()
	}
	return nil
}

// focused returns the id of the item of the screen that has the focus.
func (m Model) focused() string {
	if g := m.focusGrid(); g != nil {
		return g.focused()
	}
	return m.focus
}

// topFocus returns the focus of the top layer.
func (m Model) topFocus() string {
	switch {
	case m.dialog != noDialog:
		return m.dialogAt
	case m.menu:
		return m.menuAt
	}
	return m.focused()
}

// refocus gives a screen that has just come the focus it begins with, and moves
// the focus of one whose focused item is gone.
func (s *stepper) refocus() {
	if s.menu && !s.hasMenu() {
		s.menu = false
	}
	if s.menu && indexOf(s.menuItems(), s.menuAt) < 0 {
		s.menuAt = "home"
	}
	screen, items := s.screen(), s.items()
	if screen != s.focusOn {
		s.focusOn, s.focus = screen, ""
		if i := indexOf(items, string(s.world.LastProfile)); screen == ScreenGate && i >= 0 {
			s.focus = items[i].ID
		}
	}
	if s.focusGrid() != nil { // the rows keep their own
	} else if s.isTyping() {
		s.refocusKey(items)
	} else if i := indexOf(items, s.focus); i < 0 || items[i].Info {
		s.focus = first(items)
	}
	if s.dialog != noDialog {
		if items := s.dialogItems(); indexOf(items, s.dialogAt) < 0 {
			s.dialogAt = first(items)
		}
	}
	if top := (layer{screen, s.menu, s.dialog, s.pairing.stage}); top != s.layer {
		s.layer, s.cameWith = top, s.topFocus()
	}
}

// refocusKey gives a keyboard the focus it begins with: its first letter, or its
// first digit.
func (s *stepper) refocusKey(items []Item) {
	rows := s.keys()
	if row, _ := findKey(rows, s.focus); row >= 0 || indexOf(items, s.focus) >= 0 {
		return
	}
	s.focus = rows[0][0].ID
	if strings.HasPrefix(s.focus, keyPrefix+"1") && len(rows[0]) > len(digitRows[0]) {
		s.focus = rows[1][0].ID
	}
	s.typing.keyAt, s.typing.place = s.focus, 0
}

// layer tells what lies on top.
type layer struct {
	screen Screen
	menu   bool
	dialog dialog
	stage  pairStage
}

// hasMenu reports whether the menu may lie above the screen.
func (m Model) hasMenu() bool {
	switch m.screen() {
	case ScreenHome, ScreenTitle, ScreenSearch:
		return true
	case ScreenSettings:
		return !m.settings.above
	}
	return false
}
