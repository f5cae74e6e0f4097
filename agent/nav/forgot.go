package nav

import "github.com/hearthkey/hearthkey/agent/keyseq"

// openForgot shows how a new PIN is set (product rule P4). What was entered goes.
func (s *stepper) openForgot() {
	if s.place == atNewPIN {
		s.draft.pad, s.place = pad{}, atDraftForgot
		return
	}
	s.entry.digits, s.entry.group, s.entry.message = "", 0, ""
	s.place = atForgot
}

// asksForHelp reports whether k is how somebody asks for help with a forgotten
// PIN: Down and then Right, as for a digit; the Menu key, where a remote has one;
// and OK while nothing can be entered.
func (m Model) asksForHelp(k, group keyseq.Key) bool {
	if m.link(m.world.ForgotPIN) == nil {
		return false
	}
	if i, ok := second[k]; ok && group != 0 {
		k = groups[group][i]
	}
	return k == keyseq.Menu || k == keyseq.OK && m.pinWaits()
}

// pinWaits reports whether the PIN on the screen cannot be entered yet.
func (m Model) pinWaits() bool {
	if m.place == atNewPIN {
		return m.draftWait() > 0
	}
	return m.waitLeft(m.entry.profile) > 0
}

// forgotItems is the way from a PIN to a new one. While digits can be entered all
// keys belong to them, and it only says which two lead there; it has the focus
// while they cannot.
func (m Model) forgotItems() []Item {
	if m.link(m.world.ForgotPIN) == nil {
		return nil
	}
	it := Item{ID: "forgot", Label: text(msgForgot)}
	if !m.pinWaits() {
		it.Info, it.Detail = true, text(msgForgotKeys)
	}
	return []Item{it}
}

func (s *stepper) forgotKey(k keyseq.Key) {
	if k != keyseq.OK && k != keyseq.Back {
		return
	}
	if s.place == atDraftForgot {
		s.place = atNewPIN
		return
	}
	s.place = atPIN
}

func (m Model) viewForgot(v *View) {
	v.Title = text(msgForgot)
	v.Text = []string{text(msgForgotText), text(msgForgotNext)}
	if !m.world.Online {
		v.Text[1] = text(msgForgotOffline)
	}
	v.Link = m.link(m.world.ForgotPIN)
}
