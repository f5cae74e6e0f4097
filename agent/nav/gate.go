package nav

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/pin"
)

func (s *stepper) gateKey(k keyseq.Key) {
	switch k {
	case keyseq.Left, keyseq.Right:
		s.moveFocus(k, horizontal)
	case keyseq.OK:
		p, ok := findProfile(s.world.Profiles, protocol.ProfileID(s.focused()))
		switch {
		case s.focused() == addTile:
			s.startDraft()
		case !ok:
		case p.Locked:
			s.place, s.entry = atPIN, pinEntry{profile: p.ID, pin: p.PIN}
		default:
			s.enter(p)
		}
	}
}

func (m Model) gateItems() []Item {
	items := make([]Item, len(m.world.Profiles))
	for i, p := range m.world.Profiles {
		items[i] = profileItem(p)
	}
	if m.mayAdd() {
		items = append(items, Item{ID: addTile, Label: text(msgAddProfile), Add: true})
	}
	return items
}

func profileItem(p protocol.Profile) Item {
	it := Item{ID: string(p.ID), Label: p.Name, Avatar: p.Avatar, Locked: p.Locked}
	if p.Kids {
		it.Detail = text(msgKids)
	}
	return it
}

// pinEntry is a PIN that is being entered.
type pinEntry struct {
	profile protocol.ProfileID
	pin     int64 // version of the PIN that is asked for
	digits  Digits
	group   keyseq.Key // the arrow that chose a group of digits; 0 for none
	check   int        // the check that runs; 0 for none
	message string
	wish    wish // what plays after the parental PIN
}

// second is the place in its group that a second key chooses.
var second = map[keyseq.Key]int{keyseq.Left: 0, keyseq.OK: 1, keyseq.Right: 2}

// groups says which digits an arrow chooses among, in the order of the second
// key: Left, OK, Right. Back takes back a digit, Menu helps who forgot the PIN.
var groups = map[keyseq.Key][3]keyseq.Key{
	keyseq.Up:    {keyseq.Digit1, keyseq.Digit2, keyseq.Digit3},
	keyseq.Left:  {keyseq.Digit4, keyseq.Digit5, keyseq.Digit6},
	keyseq.Right: {keyseq.Digit7, keyseq.Digit8, keyseq.Digit9},
	keyseq.Down:  {keyseq.Back, keyseq.Digit0, keyseq.Menu},
}

// pinKey handles the PIN screen. Digits enter themselves; an arrow chooses a
// group and a second key the digit in it. Back takes back the last key, and
// leaves when there is none.
func (s *stepper) pinKey(p Press) {
	e, k := &s.entry, p.Key
	switch {
	case k == keyseq.Back:
		s.pinBack()
		return
	case e.check == 0 && s.asksForHelp(k, e.group):
		s.openForgot()
		return
	case !p.Source.trusted(): // a key that is held elsewhere proves nothing
		s.say(msgPINRemote)
		return
	}
	if e.check != 0 || s.waitLeft(e.profile) > 0 {
		return
	}
	if e.group != 0 {
		if i, ok := second[k]; ok {
			k, e.group = groups[e.group][i], 0
		}
	}
	if k == keyseq.Back {
		s.deleteDigit()
		return
	}
	if k.Arrow() {
		e.group = k
		return
	}
	if d, ok := k.Digit(); ok {
		s.enterDigit(d)
	}
}

func (s *stepper) pinBack() {
	e := &s.entry
	switch {
	case e.check == 0 && e.group != 0:
		e.group = 0
	case e.check == 0 && len(e.digits) > 0:
		s.deleteDigit()
	default:
		s.leaveEntry()
	}
}

// toGate leaves the PIN screen; the profile asked for keeps the focus.
func (s *stepper) toGate() {
	profile := s.entry.profile
	s.place, s.entry = atGate, pinEntry{}
	if !s.network.open {
		s.focusOn, s.focus = ScreenGate, string(profile)
	}
}

func (s *stepper) deleteDigit() {
	if n := len(s.entry.digits); n > 0 {
		s.entry.digits = s.entry.digits[:n-1]
	}
}

func (s *stepper) enterDigit(d int) {
	e := &s.entry
	e.group, e.message = 0, ""
	e.digits += Digits(rune('0' + d))
	if len(e.digits) < pin.Length {
		return
	}
	s.checks++
	e.check = s.checks
	s.emit(CheckPIN{Check: e.check, Profile: e.profile, Digits: e.digits})
}

// pinChecked takes the answer to the check that runs. The answer to any other is
// old: it opens nothing.
func (s *stepper) pinChecked(ev PINChecked) {
	if s.place != atPIN || s.entry.check == 0 || ev.Check != s.entry.check {
		return
	}
	e := &s.entry
	e.check, e.digits, e.group, e.message = 0, "", 0, ""
	version, locked := s.lockOf(e.profile)
	switch {
	case !locked || version != e.pin: // applyWorld has seen to it already
		s.leaveEntry()
	case ev.Outcome == PINRight && s.asksParental():
		s.parentalProved(ev)
	case ev.Outcome == PINRight:
		p, _ := findProfile(s.world.Profiles, e.profile)
		s.setWait(p.ID, 0, false)
		s.enter(p)
		s.notice, s.noticeEnds = wrongTries(text(msgThePIN, "name", p.Name), ev), 0
		if s.place == atPlayer { // a launch waited: nothing is pressed for long
			s.noticeEnds = s.now + noticeFor
		}
	case ev.Outcome == PINWrong, ev.Outcome == PINWaiting:
		if ev.Outcome == PINWrong {
			e.message = text(msgPINWrong)
		}
		s.setWait(e.profile, ev.Wait, s.waitsAfar(e.profile))
	default:
		e.message = text(msgPINUnavailable)
	}
}

// wrongTries is the sentence about tries that were not right, if there were any.
func wrongTries(pin string, ev PINChecked) string {
	switch {
	case ev.Wrong <= 0:
		return ""
	case ev.Since == "":
		return text(msgWrongTries, "pin", pin, "n", itoa(ev.Wrong))
	}
	return text(msgWrongTriesSince, "pin", pin, "n", itoa(ev.Wrong), "since", moment(ev.Since))
}

// waitLeft returns how long the profile's PIN has to wait.
func (m Model) waitLeft(id protocol.ProfileID) time.Duration {
	for _, w := range m.waits {
		if w.profile == id {
			return max(w.at-m.now, 0)
		}
	}
	return 0
}

// waitsAfar reports whether the wait is for tries at other TVs.
func (m Model) waitsAfar(id protocol.ProfileID) bool {
	for _, w := range m.waits {
		if w.profile == id {
			return w.afar && w.at > m.now
		}
	}
	return false
}

// setWait notes that the profile's PIN has to wait.
func (s *stepper) setWait(id protocol.ProfileID, left time.Duration, afar bool) {
	waits := make([]deadline, 0, len(s.waits)+1)
	for _, w := range s.waits {
		if w.profile != id {
			waits = append(waits, w)
		}
	}
	if left > 0 {
		waits = append(waits, deadline{id, s.now + left, afar})
	}
	s.waits = waits
}

func (m Model) viewPIN(v *View) {
	e := m.entry
	if m.asksParental() {
		m.viewParental(v)
	} else {
		p, _ := findProfile(m.world.Profiles, e.profile)
		who := profileItem(p)
		v.Title, v.Who = text(msgPIN, "name", p.Name), &who
	}
	v.Text = []string{text(msgPINHelp)}
	if m.asksParental() && m.forKids() {
		v.Text = []string{text(msgAskGrownUp), text(msgPINHelp)}
	}
	v.PIN = &PIN{
		Entered: len(e.digits), Length: pin.Length, Group: e.group != 0,
		Checking: e.check != 0, Message: e.message,
	}
	if v.PIN.Checking {
		v.PIN.Message = text(msgPINChecking)
	}
	if left := m.waitLeft(e.profile); left > 0 {
		v.PIN.Wait = seconds(left)
		v.PIN.Message = text(msgPINWait)
		if m.waitsAfar(e.profile) {
			v.PIN.Message = text(msgPINWaitAfar)
		}
	}
}
