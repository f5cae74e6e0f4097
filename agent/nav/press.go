package nav

import "github.com/hearthkey/hearthkey/agent/keyseq"

// press gives the key to the top layer. The key sequence runs beside that: its
// keys keep their normal effect.
func (s *stepper) press(p Press) {
	if !p.Key.Valid() {
		return
	}
	if !s.heard(p.Source) || s.endsControl(p) {
		return
	}
	done := s.sequence(p)
	s.normal(p)
	if done {
		s.openSequence()
	}
}

func (s *stepper) normal(p Press) {
	if s.mirrored() {
		p.Key = mirror(p.Key)
	}
	if p.Repeat && !s.repeats(p.Key) {
		return
	}
	switch {
	case s.dialog != noDialog:
		s.dialogKey(p)
	case s.guarded() && !p.Source.trusted():
		s.say(msgOwnRemote)
	case p.Key == keyseq.Home && s.watching.id != "":
		s.goHome()
	case s.menu:
		s.menuKey(p.Key)
	default:
		s.screenKey(p)
	}
}

// repeats says whether holding k down does anything: arrows move on, but not
// where they enter a PIN, nor from a title's end into what comes after it; and
// Back deletes what is typed.
func (m Model) repeats(k keyseq.Key) bool {
	screen := m.screen()
	return k.Arrow() && screen != ScreenPIN && screen != ScreenNext || k == keyseq.Back && m.isTyping()
}

func (s *stepper) screenKey(p Press) {
	switch s.screen() {
	case ScreenNetwork:
		s.networkKey(p.Key)
	case ScreenPairRole, ScreenPairing:
		s.pairKey(p)
	case ScreenWelcome, ScreenCode, ScreenSignedOut, ScreenDeactivated:
		s.signInKey(p)
	case ScreenEmail, ScreenPassword, ScreenAccessCode, ScreenProfileName, ScreenProfilePassword:
		s.typingKey(p)
	case ScreenStarting, ScreenLeaseEnded, ScreenUpdate:
		s.waitingKey(p.Key)
	case ScreenGate:
		s.gateKey(p.Key)
	case ScreenPIN:
		s.pinKey(p)
	case ScreenHome:
		s.homeKey(p)
	case ScreenTitle:
		s.titleKey(p)
	case ScreenSearch:
		s.searchKey(p)
	case ScreenPlayer:
		s.playerKey(p)
	case ScreenNext:
		s.nextKey(p.Key)
	default:
		if s.inSettings() {
			s.sectionKey(p)
			return
		}
		s.draftKey(p)
	}
}

// waitingKey handles the screens that wait for a connection or an update.
func (s *stepper) waitingKey(k keyseq.Key) {
	switch {
	case k == keyseq.Up || k == keyseq.Down:
		s.moveFocus(k, vertical)
	case k == keyseq.OK && s.focused() == "again":
		s.emit(TryAgain{})
		s.say(msgTrying)
	case k == keyseq.OK && s.focused() == "checkNetwork":
		s.openNetwork()
	}
}

// goHome is the Home key: everything above the profile's home closes.
func (s *stepper) goHome() {
	s.stop()
	s.closeAll()
	s.place, s.title, s.page, s.entry, s.upNext = atHome, "", page{}, pinEntry{}, upNext{}
	s.settings = settings{}
}

// opensMenu opens the menu for Menu and for a fresh Left, and reports whether it
// did. Holding Left to reach the first column does not open it.
func (s *stepper) opensMenu(p Press) bool {
	if p.Key != keyseq.Menu && (p.Key != keyseq.Left || p.Repeat) {
		return false
	}
	s.menu, s.menuAt = true, "home"
	switch s.place {
	case atSettings:
		s.menuAt = "settings"
	case atSearch:
		s.menuAt = "search"
	}
	return true
}

func (s *stepper) menuKey(k keyseq.Key) {
	switch k {
	case keyseq.Up, keyseq.Down:
		s.menuAt = move(s.menuItems(), s.menuAt, k, vertical)
	case keyseq.Right, keyseq.Back, keyseq.Menu:
		s.menu = false
	case keyseq.OK:
		s.menu = false
		switch s.menuAt {
		case "search":
			s.openSearch()
		case "home":
			s.goHome()
		case "list":
			s.openList()
		case "switch":
			s.leave()
		case "edit":
			s.startEdit()
		case "settings":
			s.openSettings(allSettings)
		}
	}
}

func (m Model) menuItems() []Item {
	items := []Item{
		{ID: "search", Label: text(msgSearch)},
		{ID: "home", Label: text(msgMenuHome)},
	}
	if m.listRow() >= 0 {
		items = append(items, Item{ID: "list", Label: text(msgMyList)})
	}
	items = append(items, Item{ID: "switch", Label: text(msgMenuSwitch)})
	if !m.forKids() {
		items = append(items, Item{ID: "edit", Label: text(msgEdit)})
	}
	return append(items, Item{ID: "settings", Label: text(msgMenuSettings)})
}
