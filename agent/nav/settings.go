package nav

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// section is a screen of the settings.
type section int

const (
	allSettings section = iota
	aboutAccount
	aboutTV
	aboutLook
	aboutLanguage
	aboutProgram
	allLicences
	oneLicence
	allServices
	allRemotes
	oneRemote
)

var sectionScreens = [...]Screen{
	allSettings: ScreenSettings, aboutAccount: ScreenAccount, aboutTV: ScreenThisTV, aboutLook: ScreenLook, aboutLanguage: ScreenLanguage,
	aboutProgram: ScreenAbout, allLicences: ScreenLicences, oneLicence: ScreenLicence, allServices: ScreenServices,
	allRemotes: ScreenRemotes, oneRemote: ScreenRemote,
}

// settings is where in the settings the person is. Signed in they are a place of
// their own; before that they lie above the welcome screen.
type settings struct {
	above    bool
	section  section
	licences []Licence // empty until they are read
	licence  int       // which one is open
	page     int       // of its text
	remote   RemoteID  // which one is open
}

// inSettings reports whether a screen of the settings is on top.
func (m Model) inSettings() bool { return m.settings.above || m.place == atSettings }

// openSettings opens them from the menu, or from the welcome screen.
func (s *stepper) openSettings(at section) {
	s.settings = settings{section: at, above: s.phase() != Active}
	if s.settings.above {
		return
	}
	s.place, s.title, s.page = atSettings, "", page{}
}

// sectionKey handles every screen of the settings.
func (s *stepper) sectionKey(p Press) {
	if s.settings.section == oneLicence && s.turnLicence(p.Key) {
		return
	}
	switch p.Key {
	case keyseq.Up, keyseq.Down:
		s.moveFocus(p.Key, vertical)
	case keyseq.Back:
		s.sectionBack()
	case keyseq.OK:
		s.sectionChoice(s.focused(), p.Source)
	default:
		if s.settings.section == allSettings && !s.settings.above {
			s.opensMenu(p)
		}
	}
}

// sectionsUnder says what lies under a section; the settings' list where nothing
// else does.
var sectionsUnder = map[section]section{allLicences: aboutProgram, oneLicence: allLicences, oneRemote: allRemotes}

// sectionBack goes back to what lies under, where the focus is as it was.
func (s *stepper) sectionBack() {
	was := s.settings
	switch was.section {
	case allSettings, allServices:
		if s.settings = (settings{}); was.above {
			s.focusOn, s.focus = ScreenWelcome, map[section]string{allSettings: "settings", allServices: "service"}[was.section]
		} else {
			s.place = atHome
		}
		return
	case oneLicence:
		s.focusOn, s.focus = ScreenLicences, licenceID(was.licence)
	case oneRemote:
		s.focusOn, s.focus = ScreenRemotes, remotePrefix+string(was.remote)
	default:
		s.focusOn, s.focus = sectionScreens[sectionsUnder[was.section]], sectionIDs[was.section]
	}
	s.settings.section, s.settings.page = sectionsUnder[was.section], 0
}

// sectionIDs are the items that open a section.
var sectionIDs = map[section]string{
	aboutAccount: "account", aboutTV: "thisTV", aboutLook: "look", aboutLanguage: "language", aboutProgram: "about", allLicences: "licences",
	allRemotes: "remotes",
}

func (s *stepper) sectionChoice(id string, from Source) {
	for section, opens := range sectionIDs {
		if id == opens {
			if section == allRemotes && !from.trusted() {
				s.say(msgOwnRemote)
				return
			}
			s.settings.section = section
			if section == allLicences && len(s.settings.licences) == 0 {
				s.emit(ReadLicences{})
			}
			return
		}
	}
	switch {
	case id == "back":
		s.sectionBack()
	case id == "checkNetwork":
		s.openNetwork()
	case id == "signOutHere":
		s.askSignOut(from)
	case id == "contrast":
		look := s.world.Look
		look.Contrast = !look.Contrast
		s.changeLook(look)
	case id == "calm":
		look := s.world.Look
		look.Calm = !look.Calm
		s.changeLook(look)
	case s.settings.section == allRemotes, s.settings.section == oneRemote:
		s.remotesChoice(id, from)
	case s.settings.section == aboutLanguage:
		s.chooseLanguage(id)
	case s.settings.section == allLicences:
		s.openLicence(id)
	case s.settings.section == allServices:
		s.chooseService(id)
	}
}

// changeLook is seen at once; who carries it out remembers it.
func (s *stepper) changeLook(l Look) {
	s.world.Look = l
	s.emit(SetLook{l})
}

func (m Model) sectionItems() []Item {
	back := Item{ID: "back", Label: text(msgBack)}
	switch m.settings.section {
	case aboutTV:
		return append(m.aboutTVItems(), back)
	case aboutLook:
		return []Item{
			{ID: "contrast", Label: text(msgContrast), Detail: text(msgContrastText), Switch: true, Chosen: m.world.Look.Contrast},
			{ID: "calm", Label: text(msgCalm), Detail: text(msgCalmText), Switch: true, Chosen: m.world.Look.Calm}, back,
		}
	case aboutLanguage:
		return append(m.languageItems(), back)
	case aboutProgram:
		return []Item{
			{ID: "version", Label: text(msgVersion), Detail: clean(m.world.TV.Version, maxLabel), Info: true},
			{ID: "licences", Label: text(msgLicences)}, back,
		}
	case allLicences:
		return m.licenceItems()
	case allServices:
		return m.serviceItems()
	case allRemotes:
		return m.remotesItems()
	case oneRemote:
		return m.remoteItems()
	case allSettings:
		return m.settingsItems()
	}
	return []Item{back}
}

func (m Model) settingsItems() []Item {
	items := make([]Item, 0, 8)
	if m.signedIn() {
		items = append(items, Item{ID: "account", Label: text(msgAccount), Detail: clean(m.world.Owner, maxDetail)})
	}
	items = append(items,
		Item{ID: "thisTV", Label: text(msgThisTV), Detail: clean(m.world.TV.Name, maxLabel)})
	if it, ok := m.remotesItem(); ok {
		items = append(items, it)
	}
	items = append(items,
		Item{ID: "look", Label: text(msgLook)},
		Item{ID: "language", Label: text(msgLanguage), Detail: m.language().Own()},
		Item{ID: "checkNetwork", Label: text(msgCheckNetwork), Detail: m.connection()},
		Item{ID: "about", Label: text(msgAbout)},
	)
	if m.signedIn() {
		items = append(items, Item{ID: "signOutHere", Label: text(msgSignOut), Danger: true})
	}
	return items
}

// connection says whether this TV is online; nothing where it need not be.
func (m Model) connection() string {
	switch {
	case m.phase() != Active:
		return ""
	case m.world.Online:
		return text(msgOnline)
	case m.world.OfflineSince != "":
		return text(msgOfflineSince, "since", moment(m.world.OfflineSince))
	}
	return text(msgOffline)
}

// aboutTVItems are what there is to know of this TV.
func (m Model) aboutTVItems() []Item {
	tv := m.world.TV
	items := make([]Item, 0, 6)
	add := func(id string, label message, detail string) {
		if detail != "" {
			items = append(items, Item{ID: id, Label: text(label), Detail: detail, Info: true})
		}
	}
	add("name", msgTVName, clean(tv.Name, maxLabel))
	add("model", msgTVModel, clean(tv.Model, maxLabel))
	add("service", msgServer, clean(tv.Server, maxDetail))
	add("connection", msgConnection, m.connection())
	if left := m.leaseEnds - m.now; m.phase() == Active && left > 0 {
		add("lease", msgWithout, inHours(left))
	}
	add("ends", msgEnds, moment(m.world.Ends))
	switch m.world.Storage {
	case StorageMemory:
		add("storage", msgStorage, text(msgStorageMemory))
	case StorageStuck:
		add("storage", msgStorage, text(msgStorageStuck))
	}
	return items
}

// inHours writes a time as "7 h 59 min".
func inHours(d time.Duration) string {
	minutes := int(ceil(d, time.Minute))
	if minutes < 60 {
		return text(msgMinutes, "m", itoa(minutes))
	}
	return text(msgHours, "h", itoa(minutes/60), "m", itoa(minutes%60))
}

// viewSection describes a screen of the settings.
func (m Model) viewSection(v *View) {
	switch m.settings.section {
	case allSettings:
		v.Title = text(msgSettings)
	case aboutAccount:
		v.Title = text(msgAccount)
		v.Text = []string{text(msgAccountOwner, "owner", clean(m.world.Owner, maxDetail))}
		if v.Link = m.link(m.world.Account); v.Link != nil {
			v.Text = append(v.Text, text(msgAccountText))
		}
	case aboutTV:
		v.Title = text(msgThisTV)
	case aboutLook:
		v.Title, v.Text = text(msgLook), []string{text(msgLookText)}
	case aboutLanguage:
		v.Title, v.Text = text(msgLanguage), []string{text(msgLanguageText)}
	case aboutProgram:
		v.Title, v.Text = text(msgAbout), []string{text(msgAboutText)}
	case allLicences:
		v.Title, v.Text = text(msgLicences), []string{text(msgLicencesText)}
	case oneLicence:
		m.viewLicence(v)
	case allServices:
		v.Title, v.Text = text(msgServices), []string{text(msgServicesText)}
	case allRemotes:
		m.viewRemotes(v)
	case oneRemote:
		m.viewRemote(v)
	}
}
