package nav

import "github.com/hearthkey/hearthkey/agent/keyseq"

// dialog is a question above everything else. Every one of them is reached by
// the key sequence, ends a sign-in or says who controls this TV, so none takes
// keys from a source that is not trusted (product rule D11).
type dialog int

const (
	noDialog dialog = iota
	sequenceDialog
	signOutDialog
	deactivateDialog
	forgetDialog // of a remote
	ecpDialog
)

// openSequence opens the choices of the key sequence.
func (s *stepper) openSequence() {
	s.menu = false
	s.dialog, s.dialogAt = sequenceDialog, ""
	s.dialogAt = first(s.dialogItems())
}

// askSignOut asks "Sign out of this TV?".
func (s *stepper) askSignOut(from Source) {
	if !from.trusted() {
		s.say(msgUseRemote)
		return
	}
	s.dialog, s.dialogAt = signOutDialog, "no"
}

func (m Model) dialogItems() []Item {
	switch m.dialog {
	case signOutDialog, deactivateDialog:
		return []Item{{ID: "yes", Label: text(msgYes), Danger: true}, {ID: "no", Label: text(msgNo)}}
	case forgetDialog:
		return []Item{{ID: "yes", Label: text(msgForget), Danger: true}, {ID: "no", Label: text(msgCancel)}}
	case ecpDialog:
		return []Item{{ID: "yes", Label: text(msgAllow)}, {ID: "no", Label: text(msgCancel)}}
	case sequenceDialog:
		check := Item{ID: "network", Label: text(msgCheckNetwork)}
		switch m.world.Phase {
		case Stolen, LeaseEnded, Starting:
			return []Item{check}
		}
		return []Item{
			{ID: "signOut", Label: text(msgSignOut), Danger: true},
			{ID: "startOver", Label: text(msgStartOver)},
			{ID: "deactivate", Label: text(msgDeactivate), Danger: true},
			check,
		}
	}
	return nil
}

func (s *stepper) dialogKey(p Press) {
	if !p.Source.trusted() {
		return
	}
	switch p.Key {
	case keyseq.Up, keyseq.Down, keyseq.Left, keyseq.Right:
		s.dialogAt = move(s.dialogItems(), s.dialogAt, p.Key, both)
	case keyseq.Back, keyseq.Home, keyseq.Menu:
		s.dialog = noDialog
	case keyseq.OK:
		was := s.dialog
		s.dialog = noDialog
		s.choose(was, s.dialogAt)
	}
}

// choose carries out what was chosen in the dialog.
func (s *stepper) choose(d dialog, id string) {
	switch {
	case id == "network":
		s.openNetwork()
	case id == "startOver":
		s.startOver()
	case (id == "signOut" || id == "deactivate") && !s.signedIn():
		s.say(msgNotSignedIn)
	case id == "signOut":
		s.dialog, s.dialogAt = signOutDialog, "no"
	case id == "deactivate":
		s.dialog, s.dialogAt = deactivateDialog, "no"
	case id == "yes" && d == signOutDialog:
		s.closeAll()
		s.leave()
		s.emit(SignOutHere{})
	case id == "yes" && d == deactivateDialog:
		s.closeAll()
		s.leave()
		s.emit(Deactivate{})
	case id == "yes" && d == forgetDialog:
		s.forget()
	case id == "yes" && d == ecpDialog:
		s.setECP(true)
	}
}

// startOver goes back to where this TV begins: the gate, or the welcome screen.
func (s *stepper) startOver() {
	s.closeAll()
	s.leave()
	if !s.signedIn() {
		s.cancelEnrol()
		s.acked = true
		return
	}
	s.emit(StartOver{})
	s.say(msgStartedOver)
}

func (m Model) viewDialog() *Dialog {
	d := &Dialog{Items: m.dialogItems()}
	switch m.dialog {
	case signOutDialog:
		d.Title, d.Text = text(msgSignOutTitle), []string{text(msgSignOutText)}
	case deactivateDialog:
		d.Title, d.Text = text(msgDeactivateTitle), []string{text(msgDeactivateText)}
	case forgetDialog:
		d.Title, d.Text = text(msgForgetTitle, "name", m.remote().Name), []string{text(msgForgetText)}
	case ecpDialog:
		d.Title, d.Text = text(msgECPTitle), []string{text(msgECPAsk), text(msgECPBounds)}
	default:
		d.Title, d.Text = text(msgSequence), []string{text(msgSequenceText)}
	}
	return d
}
