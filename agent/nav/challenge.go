package nav

import (
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// viaPrefix begins the id of every choice of another channel.
const viaPrefix = "via-"

// toChallenge asks for the code.
func (s *stepper) toChallenge(c Challenge) {
	t := &s.typing
	list := known(c.Channels)
	if len(list) == 0 { // nothing that can be typed here
		s.toUserCode(msgUseUserCode)
		return
	}
	s.toField(atCode)
	t.channel = list[0].Kind
	if channelOf(list, c.Sent).Kind != "" {
		t.channel = c.Sent
	}
}

// known returns the channels that this TV can show.
func known(list []protocol.Channel) []protocol.Channel {
	var out []protocol.Channel
	for _, c := range list {
		if channelChoices[c.Kind] != 0 && channelOf(out, c.Kind).Kind == "" && len(out) < protocol.MaxChannels {
			out = append(out, c)
		}
	}
	return out
}

func channelOf(list []protocol.Channel, k protocol.ChannelKind) protocol.Channel {
	for _, c := range list {
		if c.Kind == k {
			return c
		}
	}
	return protocol.Channel{}
}

var (
	channelChoices = map[protocol.ChannelKind]message{
		protocol.ChannelMail: msgViaMail, protocol.ChannelSMS: msgViaSMS, protocol.ChannelTOTP: msgViaTOTP, protocol.ChannelRecovery: msgViaRecovery,
	}
	channelTexts = map[protocol.ChannelKind]message{
		protocol.ChannelMail: msgCodeByMail, protocol.ChannelSMS: msgCodeBySMS, protocol.ChannelTOTP: msgCodeByTOTP, protocol.ChannelRecovery: msgCodeByRecovery,
	}
)

// channels returns those of the challenge.
func (m Model) channels() []protocol.Channel {
	if c := m.signIn().Challenge; c != nil {
		return known(c.Channels)
	}
	return nil
}

// challengeItems are the other ways to a code.
func (m Model) challengeItems() []Item {
	var items []Item
	if m.typing.channel.Sent() {
		again := Item{ID: "resend", Label: text(msgResend)}
		if left := m.resendLeft(); left > 0 {
			again.Detail = inShort(left)
		}
		items = append(items, again)
	}
	for _, c := range m.channels() {
		if c.Kind != m.typing.channel {
			items = append(items, Item{ID: viaPrefix + string(c.Kind), Label: text(channelChoices[c.Kind]), Detail: clean(c.To, maxLabel)})
		}
	}
	return append(items, Item{ID: "restart", Label: text(msgStartAgain)})
}

// challengeChoice does what was chosen beside the keyboard.
func (s *stepper) challengeChoice(id string) {
	via, isVia := strings.CutPrefix(id, viaPrefix)
	kind := protocol.ChannelKind(via)
	switch {
	case s.signIn().Checking:
	case id == "restart":
		s.toField(atEmail)
	case id == "resend":
		s.sendCode(s.typing.channel)
	case isVia && kind.Sent():
		s.sendCode(kind)
	case isVia:
		s.toField(atCode)
		s.typing.channel = kind
	}
}

// resendLeft is how long no other code can be sent.
func (m Model) resendLeft() time.Duration { return max(m.typing.resend, m.typing.refused) - m.now }

// inShort writes a time as "28 s" or "12 min".
func inShort(d time.Duration) string {
	if d > 2*time.Minute {
		return text(msgMinutes, "m", itoa(int(ceil(d, time.Minute))))
	}
	return text(msgSeconds, "n", itoa(int(seconds(d))))
}

// sendCode asks for a code, where it is time for one.
func (s *stepper) sendCode(k protocol.ChannelKind) {
	switch left := s.resendLeft(); {
	case left > 0:
		s.say(msgResendWait, "in", inShort(left))
	case s.problem() != ProblemNone:
		s.signInChoice("again")
	default:
		s.typing.asked = aSending
		s.emit(SendCode{Channel: k})
	}
}

// viewTyping describes the field and its keyboard.
func (m Model) viewTyping(v *View) {
	t := m.typing
	w := m.signIn()
	k := &Keyboard{Kind: t.wanted(), Keys: m.keys(), Checking: w.Checking, Wait: seconds(m.waitLeftToSignIn())}
	entered := t.entered()
	k.Length = len([]rune(entered))
	switch t.at {
	case atEmail:
		v.Title, v.Text, k.Label = text(msgEmail), []string{text(msgEmailText)}, text(msgEmailLabel)
		k.Text = entered
	case atPassword:
		v.Title, v.Text, k.Label = text(msgPassword), []string{clean(t.email, maxDetail), text(msgPasswordText)}, text(msgPasswordLabel)
		k.Hidden = true
	default:
		v.Title, k.Label = text(msgAccessCode), text(msgAccessCodeLabel)
		v.Text = []string{text(channelTexts[t.channel])}
		if to := channelOf(m.channels(), t.channel).To; to != "" {
			v.Text = append(v.Text, text(msgCodeTo, "to", clean(to, maxDetail)))
		}
		if k.Hidden = !t.channel.Digits(); !k.Hidden {
			k.Size, k.Text = codeDigits, entered
		}
	}
	if k.Hidden && t.shown {
		k.Hidden, k.Text = false, entered
	}
	if w.Checking && t.at != atEmail {
		k.Text, k.Hidden = "", true
	}
	k.Message = m.typingMessage()
	v.Keyboard = k
}

var typingProblems = map[Problem]message{
	ProblemCredentials: msgWrongPassword, ProblemCodeExpired: msgCodeExpired, ProblemOver: msgSignInOver,
	ProblemLocked:  msgAccountLocked,
	ProblemOffline: msgTypingOffline, ProblemBusy: msgTypingBusy,
}

// typingMessage says in place what is wrong.
func (m Model) typingMessage() string {
	t := m.typing
	switch p := t.problem; {
	case t.hint != 0:
		return text(t.hint)
	case m.waitLeftToSignIn() > 0:
		return text(msgSignInWait)
	case p == ProblemWait || p == ProblemNone && m.problem() == ProblemNone:
		return ""
	case p == ProblemCode:
		return text(msgWrongCode, "n", itoa(max(t.tries, 0)))
	case p == ProblemNone:
		p = m.problem()
		fallthrough
	default:
		if id, ok := typingProblems[p]; ok {
			return text(id)
		}
		if id, ok := problems[p]; ok {
			return text(id)
		}
		return text(msgTypingBusy)
	}
}
