package nav

import (
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
)

// signInScreen is the screen while there is no session.
func (m Model) signInScreen() Screen {
	switch {
	case m.enrolling && m.typing.at != noField:
		return fieldScreens[m.typing.at]
	case m.enrolling:
		return ScreenCode
	case m.acked:
		return ScreenWelcome
	case m.world.Phase == Deactivated:
		return ScreenDeactivated
	case m.world.Phase == SignedOut && m.world.Cause != nil && m.world.Cause.By != protocol.ByThisTV:
		return ScreenSignedOut
	}
	return ScreenWelcome
}

func (s *stepper) signInKey(p Press) {
	switch p.Key {
	case keyseq.Up, keyseq.Down:
		s.moveFocus(p.Key, vertical)
	case keyseq.OK:
		if s.focused() == "pair" {
			s.askRole(p.Source)
			return
		}
		s.signInChoice(s.focused())
	case keyseq.Back:
		if s.screen() == ScreenCode {
			s.cancelEnrol()
		}
	}
}

func (s *stepper) signInChoice(id string) {
	switch id {
	case "signIn":
		s.enrolling, s.acked = true, true
		s.emit(StartEnrol{})
	case "password":
		s.startTyping()
	case "cancel":
		s.cancelEnrol()
	case "again":
		s.say(msgTrying)
		if s.problem().needsPerson() {
			s.emit(StartEnrol{})
		} else {
			s.emit(TryAgain{})
		}
	case "checkNetwork":
		s.openNetwork()
	case "settings":
		s.openSettings(allSettings)
	case "service":
		s.openSettings(allServices)
	case "ok":
		s.acked = true
	}
}

func (s *stepper) cancelEnrol() {
	if s.enrolling {
		s.enrolling, s.acked, s.typing = false, true, typing{}
		s.emit(CancelEnrol{})
	}
}

// problem is what keeps the sign-in from going on.
func (m Model) problem() Problem {
	if m.world.Phase != Enrolling || m.world.Code == nil {
		return ProblemNone
	}
	return m.world.Code.Problem
}

// needsPerson reports whether a new code has to be asked for by the person: the
// device does not try again by itself.
func (p Problem) needsPerson() bool {
	return p == ProblemRefused || p == ProblemLimit || p == ProblemStolen
}

func (m Model) signInItems() []Item {
	switch m.screen() {
	case ScreenWelcome:
		items := []Item{{ID: "signIn", Label: text(msgSignIn)}, {ID: "password", Label: text(msgSignInPassword)}}
		if service, several := m.serviceItem(); several {
			items = append(items, service)
		}
		if m.servesRemotes() {
			items = append(items, Item{ID: "pair", Label: text(msgPair)})
		}
		return append(items, Item{ID: "checkNetwork", Label: text(msgCheckNetwork)}, Item{ID: "settings", Label: text(msgSettings)})
	case ScreenCode:
		cancel := Item{ID: "cancel", Label: text(msgCancel)}
		if m.problem() == ProblemNone {
			return []Item{cancel}
		}
		return []Item{{ID: "again", Label: text(msgTryAgain)}, cancel}
	}
	return []Item{{ID: "ok", Label: text(msgOK)}}
}

func (m Model) startingItems() []Item {
	if m.world.Phase == Active && !m.world.Online {
		return []Item{{ID: "again", Label: text(msgTryAgain)}}
	}
	return nil
}

func (m Model) viewStarting(v *View) {
	v.Title, v.Text = text(msgLoading), []string{text(msgLoadingText)}
	switch {
	case m.world.Storage == StorageStuck:
		v.Title, v.Text[0] = text(msgStuck), text(msgStuckText)
	case m.world.Phase != Active:
		v.Title, v.Text[0] = text(msgStarting), text(msgStartingText)
	case m.world.Storage == StorageRebuilding:
		v.Text[0] = text(msgLoadingRebuild)
		if !m.world.Online {
			v.Text = append(v.Text, text(msgLoadingOffline))
		}
	case !m.world.Online:
		v.Text[0] = text(msgLoadingOffline)
	}
}

var problems = map[Problem]message{
	ProblemOffline: msgProblemOffline, ProblemBusy: msgProblemBusy, ProblemRefused: msgProblemRefused,
	ProblemLimit: msgProblemLimit, ProblemStolen: msgProblemStolen, ProblemServer: msgProblemServer,
	ProblemSecure: msgProblemSecure, ProblemStorage: msgProblemStorage,
}

func (m Model) viewCode(v *View) {
	v.Title = text(msgCode)
	v.Code = &Code{}
	if p := m.problem(); p != ProblemNone {
		id, ok := problems[p]
		if !ok {
			id = msgProblemServer
		}
		v.Code.Problem = text(id)
	}
	code := m.world.Code
	switch {
	case m.world.Phase == Enrolling && code != nil && code.Code != "" && m.codeEnds > m.now:
		v.Text = []string{text(msgCodeText)}
		v.Code.Text = dashed(clean(code.Code, maxID))
		v.Code.URI = clean(code.URI, maxDetail)
		v.Code.QR = soundQR(code.QR)
		v.Code.Expires = seconds(m.codeEnds - m.now)
	case v.Code.Problem != "":
	case m.renewed:
		v.Text = []string{text(msgCodeAgain)}
	default:
		v.Text = []string{text(msgCodeGetting)}
	}
}

// dashed shows a user code in two halves: BCDF-GHJK.
func dashed(code string) string {
	if len(code) != protocol.UserCodeLength || !plain(code) {
		return code
	}
	return code[:len(code)/2] + "-" + code[len(code)/2:]
}

var causes = map[protocol.By]message{
	protocol.ByOwner: msgByOwner, protocol.ByAll: msgByAll, protocol.ByPassword: msgByPassword,
	protocol.ByOperator: msgByOperator, protocol.BySafety: msgBySafety,
	protocol.ByEndDate: msgByEndDate,
}

// viewEnded says who ended the session, and when.
func (m Model) viewEnded(v *View) {
	c := m.world.Cause
	if m.world.Phase == Deactivated {
		v.Title, v.Text = text(msgDeactivated), []string{text(msgDeactivatedText)}
	} else {
		v.Title = text(msgSignedOut)
		id := msgByUnknown
		if c != nil && causes[c.By] != 0 {
			id = causes[c.By]
		}
		v.Text = []string{text(id)}
	}
	v.Text = append(v.Text, causeLines(c)...)
	if m.world.Storage == StorageStuck {
		v.Text = append(v.Text, text(msgErasedLater))
		return
	}
	v.Text = append(v.Text, text(msgErased))
}

func causeLines(c *Cause) []string {
	var lines []string
	if c != nil && c.At != "" {
		lines = append(lines, text(msgWhen, "at", moment(c.At)))
	}
	if c != nil && c.Where != "" {
		lines = append(lines, text(msgWhere, "where", program(clean(c.Where, maxLabel))))
	}
	return lines
}
