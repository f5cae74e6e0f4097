package nav

import "github.com/hearthkey/hearthkey/agent/keyseq"

// openForgot shows how a new PIN is set (product rule P4). What was entered goes.
func (s *stepper) openForgot() {
	s.entry.digits, s.entry.group, s.entry.message = "", 0, ""
	s.place = atForgot
}

// forgotItems is the way from a PIN to a new one. It has the focus while nothing
// is entered: arrows and digits enter the PIN, and OK alone means nothing yet.
func (m Model) forgotItems() []Item {
	if m.link(m.world.ForgotPIN) == nil {
		return nil
	}
	e := m.entry
	busy := e.check != 0 || e.group != 0 || len(e.digits) > 0
	return []Item{{ID: "forgot", Label: text(msgForgot), Info: busy}}
}

func (s *stepper) forgotKey(k keyseq.Key) {
	if k == keyseq.OK || k == keyseq.Back {
		s.place = atPIN
	}
}

func (m Model) viewForgot(v *View) {
	v.Title = text(msgForgot)
	v.Text = []string{text(msgForgotText), text(msgForgotNext)}
	if !m.world.Online {
		v.Text[1] = text(msgForgotOffline)
	}
	v.Link = m.link(m.world.ForgotPIN)
}

// mayForget reports whether OK opens the way to a new PIN just now.
func (m Model) mayForget() bool {
	items := m.forgotItems()
	return len(items) > 0 && !items[0].Info
}
