package nav

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// View derives what the screen shows. It is the only place that does, and it
// shares rows with the Model: they are not to be changed.
func (m Model) View() View {
	v := View{Screen: m.screen(), Items: m.items(), Focus: m.topFocus(), Who: m.who(), Toast: m.toast, Banner: m.banner(), Kids: m.forKids()}
	v.Contrast, v.Calm = m.world.Look.Contrast, m.world.Look.Calm
	v.Types = v.Screen == ScreenHome && !m.menu && m.dialog == noDialog
	m.viewScreen(&v)
	if m.menu {
		v.Menu = m.menuItems()
	}
	if m.dialog != noDialog {
		v.Dialog = m.viewDialog()
	}
	m.sayIn(&v)
	v.Say, v.Tell = m.said(m.spoken(v, true)), m.said(m.spoken(v, false))
	return v
}

// spoken is what a screen reader says after this change: what is new, and where
// the focus is; without focus, where that is read by itself.
func (m Model) spoken(v View, focus bool) string {
	said := v.spoken(v.Focus == m.cameWith, focus)
	if m.typing.news && v.Keyboard != nil && v.Keyboard.Message != "" && v.Dialog == nil {
		said = v.Keyboard.Message
	}
	if m.pairNews && v.Screen == ScreenPairing && v.Code != nil && v.Dialog == nil {
		said = v.Code.Problem
	}
	if m.found.news && v.Screen == ScreenSearch && v.Dialog == nil && v.Menu == nil {
		said = sentences([]string{m.found.spoken(), said})
	}
	if m.now < m.newsEnds && v.Banner != nil {
		said = sentences([]string{cmp.Or(v.Banner.Said, v.Banner.Text), said})
	}
	if m.toast != "" && !m.toastSaid { // once: what the person does next is said by itself
		said = sentences([]string{m.toast, said})
	}
	return said
}

func (m Model) viewScreen(v *View) {
	switch v.Screen {
	case ScreenStarting:
		m.viewStarting(v)
	case ScreenWelcome:
		v.Title, v.Text = text(msgWelcome), []string{text(msgWelcomeText)}
		if m.world.Storage == StorageStuck {
			v.Text = []string{text(msgProblemStorage)}
		}
	case ScreenCode:
		m.viewCode(v)
	case ScreenEmail, ScreenPassword, ScreenAccessCode:
		m.viewTyping(v)
	case ScreenSignedOut, ScreenDeactivated:
		m.viewEnded(v)
	case ScreenPairRole:
		v.Title, v.Text = text(msgRoleTitle), []string{text(msgRoleText)}
	case ScreenPairing:
		m.viewPairing(v)
	case ScreenGate:
		v.Title = text(msgGate)
		if name := m.waitingTitle(); name != "" {
			v.Title = text(msgGateFor, "title", name)
		}
	case ScreenPIN:
		m.viewPIN(v)
	case ScreenHome:
		m.viewHome(v)
	case ScreenTitle:
		m.viewTitle(v)
	case ScreenSearch:
		m.viewSearch(v)
	case ScreenPlayer:
		m.viewPlayer(v)
	case ScreenNext:
		m.viewNext(v)
	case ScreenNetwork:
		m.viewNetwork(v)
	case ScreenLeaseEnded:
		m.viewLeaseEnded(v)
		if m.world.OfflineSince != "" && m.world.Storage != StorageStuck {
			v.Text = append(v.Text, text(msgOfflineSince, "since", moment(m.world.OfflineSince)))
		}
	case ScreenStolen:
		v.Title, v.Text = text(msgStolen), append([]string{text(msgStolenText)}, causeLines(m.world.Cause)...)
	case ScreenUpdate:
		v.Title, v.Text = text(msgUpdate), []string{text(msgUpdateText)}
	default:
		if m.inSettings() {
			m.viewSection(v)
			return
		}
		m.viewDraft(v)
	}
}

// banner is the strip: who controls this TV from elsewhere first, then the end date's or the lease's end first, then what the profile must know,
// then the connection, then the storage.
func (m Model) banner() *Banner {
	if it := m.control(); it != nil {
		return it
	}
	if m.phase() != Active || len(m.world.Profiles) == 0 {
		return nil
	}
	switch {
	case m.world.Storage == StorageStuck: // why the rest is so
		return &Banner{Kind: "warning", Text: text(msgBannerStuck)}
	case m.endsSoon():
		return m.endBanner()
	case m.leaseShort():
		minutes := int(ceil(max(m.leaseEnds-m.now, 1), time.Minute))
		return &Banner{Kind: "warning", Text: text(msgBannerLeaseMinutes, "n", itoa(minutes))}
	case m.notice != "":
		return &Banner{Kind: "warning", Text: m.notice}
	case !m.world.Online && m.world.OfflineSince != "":
		return &Banner{Kind: "offline", Text: text(msgBannerOfflineSince, "since", moment(m.world.OfflineSince))}
	case !m.world.Online:
		return &Banner{Kind: "offline", Text: text(msgBannerOffline)}
	case m.world.Storage == StorageRebuilding:
		return &Banner{Kind: "info", Text: text(msgBannerRebuilding)}
	case m.world.Storage == StorageMemory:
		return &Banner{Kind: "info", Text: text(msgBannerMemory)}
	}
	return nil
}

// leaseShort reports whether the lease ends soon (product rule D14).
func (m *Model) leaseShort() bool {
	return m.phase() == Active && m.leaseEnds > 0 && m.leaseEnds-m.now <= m.warnFrom() && !m.endsFirst()
}

// warning tells one warning of the banner from another. The minutes of a
// countdown are no news.
func (m *Model) warning() string {
	if it := m.control(); it != nil {
		return it.Text
	}
	switch {
	case m.phase() == Active && m.world.Storage == StorageStuck:
		return text(msgBannerStuck)
	case m.endsSoon():
		return text(msgBannerEndsMinutes)
	case m.leaseShort():
		return text(msgBannerLeaseMinutes)
	}
	return m.notice
}

// spoken is where the focus is; and of a layer that has just come, what it is.
func (v View) spoken(came, focus bool) string {
	switch {
	case v.Dialog == nil && v.PIN != nil && v.PIN.says():
		return v.PIN.spoken()
	case v.Dialog == nil && v.Page != nil:
		return sentences([]string{v.Title, v.Page.Label, strings.Join(v.Page.Lines, " ")})
	}
	var parts []string
	if came {
		parts = v.introduction(focus || v.Focus != "") // what has no item in focus is read by its title
	}
	switch it, ok := v.focusedItem(); {
	case !ok || !focus:
	case v.Screen == ScreenTitle && v.Dialog == nil && v.Menu == nil:
		parts = append(parts, it.spokenTitle())
	default:
		parts = append(parts, it.spoken())
	}
	return sentences(parts)
}

// says reports whether there is more to hear of a PIN than that it is wanted.
func (p PIN) says() bool { return p.Message != "" || p.Group || p.Entered > 0 }

// spoken is how far a PIN is, and never which digits or group: others listen.
func (p PIN) spoken() string {
	switch {
	case p.Message != "" && p.Wait > 0:
		return sentences([]string{p.Message, text(msgSayPINWait, "n", itoa(int((p.Wait+59)/60)))})
	case p.Message != "":
		return p.Message
	case p.Group:
		return text(msgSayPINGroup, "n", itoa(p.Entered), "length", itoa(p.Length))
	}
	return text(msgSayPIN, "n", itoa(p.Entered), "length", itoa(p.Length))
}

// introduction is what the top layer says of itself.
func (v View) introduction(title bool) []string {
	switch {
	case v.Dialog != nil:
		return append([]string{v.Dialog.Title}, v.Dialog.Text...)
	case v.Menu != nil:
		return nil
	}
	parts := append([]string{"", v.Badge}, v.Text...)
	if title {
		parts[0] = v.Title
	}
	if v.PIN != nil {
		parts = append(parts, text(msgSayPINArrows))
	}
	if v.Code != nil {
		parts = append(parts, v.Code.Problem, strings.Join(strings.Split(v.Code.Text, ""), " "))
	}
	if v.Keyboard != nil {
		parts = append(parts, v.Keyboard.Label)
	}
	if v.Player != nil && v.Player.Said != "" {
		return []string{v.Player.Said}
	}
	if v.Player != nil {
		parts = append(parts, v.Player.Title, v.Player.Detail)
	}
	if v.Card != nil {
		parts = append(parts, v.Card.Title, v.Card.Detail, text(msgSayNext, "n", itoa(int(v.Card.Of))))
	}
	return parts
}

func (it Item) spoken() string {
	switch {
	case it.Choice || it.Switch:
		return it.spokenChoice()
	case it.Poster != "":
		return it.spokenTitle()
	case it.Locked:
		return text(msgSayLocked, "label", it.Label)
	case it.Detail != "":
		return text(msgSayFocus, "label", it.Label, "detail", it.Detail)
	}
	return spokenKey(it.Label)
}

// spokenTitle is what a screen reader says of a title in a row, or of a button
// that plays one.
func (it Item) spokenTitle() string {
	parts := []string{it.Label, it.Detail, it.Badge}
	if it.Progress > 0 {
		parts = append(parts, text(msgSayProgress, "n", itoa(int(it.Progress*100+0.5))))
	}
	if it.Locked {
		parts = append(parts, text(msgSayNeedsPIN))
	}
	said := parts[0]
	for _, p := range parts[1:] {
		if p != "" {
			said = text(msgSayFocus, "label", said, "detail", p)
		}
	}
	return said
}

// sentences puts parts one after another; each gets an end when it is said.
func sentences(parts []string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), string(fullStop))
}

// focusedItem finds the item of the top layer that has the focus.
func (v View) focusedItem() (Item, bool) {
	lists := make([][]Item, 0, 1+len(v.Rows))
	switch {
	case v.Dialog != nil:
		lists = append(lists, v.Dialog.Items)
	case v.Menu != nil:
		lists = append(lists, v.Menu)
	default:
		lists = append(lists, v.Items)
		for _, r := range v.Rows {
			lists = append(lists, r.Items)
		}
		if v.Keyboard != nil {
			lists = append(lists, v.Keyboard.Keys...)
		}
	}
	for _, items := range lists {
		if i := indexOf(items, v.Focus); i >= 0 {
			return items[i], true
		}
	}
	return Item{}, false
}

func itoa(n int) string { return strconv.Itoa(n) }
