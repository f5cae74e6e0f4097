package nav

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
)

// field is what is typed into, in the order of a sign-in.
type field int

const (
	noField field = iota
	atEmail
	atPassword
	atCode
	atProfileName
	atOwnerPassword
	atQuery // of a search
)

var fieldScreens = [...]Screen{atEmail: ScreenEmail, atPassword: ScreenPassword, atCode: ScreenAccessCode}

// Bounds of what can be typed, in characters.
const (
	maxPassword = 128 // product rule A3
	maxRecovery = 32
	codeDigits  = 6 // product rules V1 and V3
)

// forgetAfter is how long a typed password is kept without another key. It is
// forgotten sooner where it was right, and where the person goes elsewhere.
const forgetAfter = 5 * time.Minute

// asked is what was sent to the server.
type asked int

const (
	nothing  asked = iota
	aCheck         // of a password or code
	aSending       // of another code
)

// typing is a sign-in by password, as far as the person has typed it.
type typing struct {
	at       field
	email    string
	name     string // of a profile
	query    string // of a search
	password Secret
	code     Secret
	channel  protocol.ChannelKind // where the code comes from
	shown    bool                 // the person asked to see a secret field
	layout   layout
	keyAt    string // the key that has the focus, kept while it is elsewhere
	place    int    // where Up and Down look, in quarter keys

	problem Problem
	hint    message // why the field cannot be sent on, where no server said so
	news    bool    // one of these came with this step
	tries   int     // left with the code
	asked   asked   // what the server has not answered
	answers int     // of the server, so far
	waitEnd time.Duration
	resend  time.Duration // when another code can be sent
	refused time.Duration // when one can that the server would not send
	forget  time.Duration // when the password is forgotten
}

// startTyping begins a sign-in by password.
func (s *stepper) startTyping() {
	s.enrolling, s.acked = true, true
	s.typing = typing{at: atEmail, answers: s.signIn().Answers}
	s.emit(StartEnrol{})
}

// toField goes to another field. What was typed into a secret one is forgotten.
func (s *stepper) toField(f field) {
	t := &s.typing
	t.at, t.layout, t.shown, t.keyAt, t.place = f, lower, false, "", 0
	t.problem, t.hint, t.code, t.asked = ProblemNone, 0, "", nothing
	if f != atPassword {
		t.password = ""
	}
}

// signIn is how far the server is with it.
func (m Model) signIn() SignIn {
	if m.world.SignIn == nil || m.typing.at == atQuery || m.typing.at.ofProfile() {
		return SignIn{}
	}
	return *m.world.SignIn
}

// entered is what is in the field.
func (t typing) entered() string {
	switch t.at {
	case atPassword, atOwnerPassword:
		return string(t.password)
	case atCode:
		return string(t.code)
	case atProfileName:
		return t.name
	case atQuery:
		return t.query
	}
	return t.email
}

// room is how many characters the field takes.
func (t typing) room() int {
	switch {
	case t.at == atPassword || t.at == atOwnerPassword:
		return maxPassword
	case t.at == atProfileName:
		return maxProfileName
	case t.at == atQuery:
		return maxQuery
	case t.at == atCode && t.channel.Digits():
		return codeDigits
	case t.at == atCode:
		return maxRecovery
	}
	return protocol.MaxLogin
}

// setField replaces what is in the field; the message about what was there goes.
func (s *stepper) setField(v string) {
	t := &s.typing
	switch t.at {
	case atPassword, atOwnerPassword:
		t.password, t.forget = Secret(v), s.now+forgetAfter
	case atProfileName:
		t.name = v
	case atQuery:
		t.query = v
	case atCode:
		t.code = Secret(v)
	default:
		t.email = v
	}
	t.hint = 0
	if s.waitLeftToSignIn() == 0 {
		t.problem = ProblemNone
	}
}

// write types text: what the field cannot hold is left out.
func (s *stepper) write(typed string) {
	t := s.typing
	if s.signIn().Checking {
		return
	}
	old := t.entered()
	n := utf8.RuneCountInString(old)
	var b strings.Builder
	b.WriteString(old)
	for _, r := range typed {
		if n < t.room() && t.takes(r) {
			b.WriteRune(r)
			n++
		}
	}
	if b.Len() == len(old) {
		return
	}
	s.setField(b.String())
	if t.at == atCode && t.channel.Digits() && n == codeDigits {
		s.submit()
	}
}

// takes reports whether a character can be in the field.
func (t typing) takes(r rune) bool {
	switch {
	case r == utf8.RuneError || !unicode.IsGraphic(r):
		return false
	case t.at == atCode && t.channel.Digits():
		return r >= '0' && r <= '9'
	case t.at == atEmail:
		return r != ' ' || t.email == "" || strings.Trim(t.email, "+0123456789 ") == "" // a phone number
	}
	return true
}

// erase deletes the last character.
func (s *stepper) erase() {
	if s.signIn().Checking {
		return
	}
	if old := s.typing.entered(); old != "" {
		_, size := utf8.DecodeLastRuneInString(old)
		s.setField(old[:len(old)-size])
	}
}

// typingKey handles a key of the remote control.
func (s *stepper) typingKey(p Press) {
	s.typing.news = false
	if d, ok := p.Key.Digit(); ok {
		s.write(itoa(d))
		return
	}
	switch {
	case p.Key.Arrow():
		s.moveKey(p.Key, p.Repeat)
	case p.Key == keyseq.Back && s.typing.entered() != "":
		s.erase()
	case p.Key == keyseq.Back && !p.Repeat:
		s.fieldBefore()
	case p.Key == keyseq.OK && s.focus == "pair":
		s.askRole(p.Source)
	case p.Key == keyseq.OK && indexOf(s.items(), s.focus) >= 0:
		s.besideKeyboard(s.focus)
	case p.Key == keyseq.OK && !s.signIn().Checking:
		s.pressKey()
	}
}

// typed handles text from a keyboard. Its Enter is OK, so the focus goes to what
// ends the field.
func (s *stepper) typed(ev Text) {
	if !s.heard(ev.Source) {
		return
	}
	if s.screen() == ScreenHome && s.dialog == noDialog && !s.menu {
		s.openSearch()
		s.focusOn = ScreenSearch // the Enter of a keyboard goes to what it finds
	}
	if !s.isTyping() || s.dialog != noDialog || s.menu {
		return
	}
	s.found.inRows = false
	s.typing.news = false
	s.focus = "next"
	s.write(ev.Text)
}

// isTyping reports whether a field is on the screen.
func (m Model) isTyping() bool {
	switch m.screen() {
	case ScreenEmail, ScreenPassword, ScreenAccessCode, ScreenProfileName, ScreenProfilePassword, ScreenSearch:
		return true
	}
	return false
}

// fieldBefore goes back: to the address, or away.
func (s *stepper) fieldBefore() {
	switch {
	case s.typing.at.ofProfile():
		s.draftFieldBefore()
	case s.signIn().Checking:
	case s.typing.at == atEmail:
		s.cancelEnrol()
	default:
		s.toField(atEmail)
	}
}

// submit sends the field on, or says why it cannot be.
func (s *stepper) submit() {
	t := &s.typing
	s.focus = "next"
	switch {
	case t.at.ofProfile():
		s.submitDraft()
	case t.at == atQuery:
		s.toFound()
	case t.at == atEmail && t.email == "":
		s.hint(msgEmailEmpty)
	case t.at == atEmail && !likeLogin(t.email):
		s.hint(msgEmailOdd)
	case t.at == atEmail:
		s.toField(atPassword)
	case t.entered() == "":
		s.hint(map[field]message{atPassword: msgPasswordEmpty, atCode: msgCodeEmpty}[t.at])
	case t.at == atCode && t.channel.Digits() && len(t.code) < codeDigits:
		s.hint(msgCodeShort)
	case s.waitLeftToSignIn() > 0:
		t.news = true
	case s.problem() != ProblemNone:
		s.signInChoice("again")
	case t.at == atPassword:
		t.asked = aCheck
		s.emit(SignInWithPassword{Login: strings.TrimSpace(t.email), Password: t.password})
	default:
		t.asked = aCheck
		s.emit(EnterCode{Channel: t.channel, Code: t.code})
	}
}

func (s *stepper) hint(m message) {
	s.typing.hint, s.typing.problem, s.typing.news = m, ProblemNone, true
}

// likeLogin reports whether s could be an address or a phone number. The server
// knows better; this only catches a slip.
func likeLogin(s string) bool {
	s = strings.TrimSpace(s)
	if digits := strings.Trim(s, "+ "); len(digits) >= 6 && strings.Trim(digits, "0123456789 -./()") == "" {
		return true
	}
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(strings.Trim(domain, "."), ".") || ok && domain == "localhost"
}

// waitLeftToSignIn is how long the next try has to wait.
func (m Model) waitLeftToSignIn() time.Duration { return max(m.typing.waitEnd-m.now, 0) }

// checkSignIn takes over what the server said since the last World.
func (s *stepper) checkSignIn() {
	t, w := &s.typing, s.signIn()
	if t.at == noField {
		return
	}
	if c := w.Challenge; c != nil {
		t.resend, t.tries = s.now+c.RetryIn, c.TriesLeft
	}
	if w.Answers == t.answers {
		return
	}
	asked := t.asked
	if t.answers, t.asked = w.Answers, nothing; asked == nothing {
		return // to something that the person has turned away from
	}
	if asked == aSending && w.Problem == ProblemWait {
		t.refused = s.now + w.Wait // the code that was sent before may still be entered
		s.say(msgResendWait, "in", inShort(w.Wait))
		return
	}
	t.problem, t.hint, t.news = w.Problem, 0, true
	t.waitEnd = 0
	if w.Wait > 0 {
		t.waitEnd = s.now + w.Wait
	}
	s.answered(w)
}

// answered goes where an answer leads.
func (s *stepper) answered(w SignIn) {
	t := &s.typing
	switch w.Problem {
	case ProblemNone:
		if w.Challenge != nil {
			s.toChallenge(*w.Challenge)
		}
	case ProblemOver:
		s.toField(atPassword)
		t.problem = ProblemOver
	case ProblemLocked:
		s.toField(atPassword)
		t.problem = ProblemLocked
	case ProblemUserCode:
		s.toUserCode(msgUseUserCode)
	case ProblemFactor:
		s.toUserCode(msgFactorRefused)
	case ProblemCredentials: // whoever mistyped it cannot see where
		t.password, t.shown, t.layout, s.focus = "", false, lower, ""
	case ProblemCode, ProblemCodeExpired:
		t.code = ""
		if w.Problem == ProblemCodeExpired {
			s.focus = "resend"
		}
	}
}

// toUserCode shows the code that a phone or computer signs this TV in with.
func (s *stepper) toUserCode(why message) {
	s.typing = typing{}
	s.say(why)
}

// forgetSecrets forgets what was typed into secret fields.
func (s *stepper) forgetSecrets() {
	s.typing.password, s.typing.code, s.typing.shown = "", "", false
}
