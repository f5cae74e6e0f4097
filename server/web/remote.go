package web

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
	"github.com/hearthkey/hearthkey/server/device"
)

// RemotePage is the remote of a TV. Its script speaks to the TV through a socket;
// without one each key is a form.
type RemotePage struct {
	Frame
	Device   protocol.DeviceID
	Name     string
	State    RemoteState
	Showing  string            // the title on the TV's screen; empty: not known
	Keyboard tvremote.Keyboard // what is being typed there
	Told     RemoteTold
}

// Digits are in the order of a telephone's.
func (RemotePage) Digits() []string {
	return []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "0"}
}

// States are those that the script comes to.
func (RemotePage) States() []RemoteState {
	return []RemoteState{RemoteIdle, RemoteOn, RemoteOffline, RemoteRefused, RemoteOld, RemoteBusy, RemoteFast, RemoteAgain}
}

// InputType is how a browser shows what is typed: a secret hidden.
func (p RemotePage) InputType() string {
	switch p.Keyboard {
	case tvremote.KeyboardPassword:
		return "password"
	case tvremote.KeyboardEmail:
		return "email"
	}
	return "text"
}

// Socket is where the script controls the TV.
func (p RemotePage) Socket() string { return "/v1/devices/" + string(p.Device) + "/remote" }

// RemoteState is how far the control of a TV is.
type RemoteState string

// The states.
const (
	RemoteIdle    RemoteState = "waiting" // nothing was sent yet, or the TV has not answered
	RemoteOn      RemoteState = "on"
	RemoteOffline RemoteState = "offline"
	RemoteRefused RemoteState = "refused" // somebody at the TV ended it, or has not allowed it
	RemoteOld     RemoteState = "old"     // the TV's program has no such thing
	RemoteBusy    RemoteState = "busy"    // too many control it
	RemoteFast    RemoteState = "fast"    // the script sent what no person does
	RemoteAgain   RemoteState = "lost"    // its socket was lost, and it makes another
)

// RemoteTold is what became of the key or text that a form sent.
type RemoteTold string

// What can become of it.
const (
	RemoteNothing RemoteTold = ""
	RemoteDone    RemoteTold = "done"
	RemoteLost    RemoteTold = "lost"     // the TV did not answer in time
	RemoteNoField RemoteTold = "no_field" // nothing is being typed there
	RemoteTooFast RemoteTold = "too_fast"
	RemoteBadText RemoteTold = "bad_text" // it has none, too much, or what cannot be typed
)

// remoteKeys are the keys of the page, as package keyseq spells them.
var remoteKeys = []string{"Up", "Down", "Left", "Right", "OK", "Back", "Home", "Menu", "PlayPause", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}

// stateOfControl is what a TV's page says before anything was sent.
func stateOfControl(c device.Control) RemoteState {
	switch {
	case !c.Online:
		return RemoteOffline
	case !c.Told:
		return RemoteOld
	case !c.Allowed:
		return RemoteRefused
	}
	return RemoteIdle
}

func (s *Site) remote(v *visit) error {
	c, err := s.c.Devices.Control(v.ctx(), v.now, v.session.Account, pathDevice(v))
	if err != nil {
		return err
	}
	page := RemotePage{Frame: v.frame("Remote for "+c.Name, "devices"), Device: c.Device, Name: c.Name, State: stateOfControl(c), Keyboard: tvremote.KeyboardNone}
	if h := s.holds.find(holdKey{v.session.ID, c.Device}); h != nil && page.State == RemoteIdle {
		page.Showing, page.Keyboard, page.State = h.shows()
	}
	page.Told = RemoteTold(v.r.URL.Query().Get("told"))
	if !page.Told.known() {
		page.Told = RemoteNothing
	}
	return v.show(http.StatusOK, page)
}

func (t RemoteTold) known() bool {
	switch t {
	case RemoteDone, RemoteLost, RemoteNoField, RemoteTooFast, RemoteBadText:
		return true
	}
	return false
}

// remotePress sends one key or text, where the page has no script.
func (s *Site) remotePress(v *visit) error {
	c, err := s.c.Devices.Control(v.ctx(), v.now, v.session.Account, pathDevice(v))
	if err != nil {
		return err
	}
	back := "/account/devices/" + string(c.Device) + "/remote"
	frame, told := v.pressed()
	if told == RemoteNothing && stateOfControl(c) == RemoteIdle {
		var h *hold
		if h, err = s.hold(v, c); err != nil {
			return err
		}
		told = h.send(v.ctx(), frame)
	}
	if told != RemoteNothing && told != RemoteDone {
		back += "?told=" + string(told)
	}
	v.redirect(back)
	return nil
}

// pressed reads a form's key or text: a function that makes its frame of a number, or
// what is wrong with it.
func (v *visit) pressed() (frame func(seq int64) tvremote.Frame, told RemoteTold) {
	if text := v.form("text"); text != "" || v.form("key") == "" {
		n := utf8.RuneCountInString(text)
		if n < 1 || n > tvremote.MaxText || strings.IndexFunc(text, unicode.IsControl) >= 0 {
			return nil, RemoteBadText
		}
		return func(seq int64) tvremote.Frame { return tvremote.Text{Seq: seq, Text: protocol.Secret(text)} }, RemoteNothing
	}
	for _, k := range remoteKeys {
		if k == v.form("key") {
			return func(seq int64) tvremote.Frame { return tvremote.Key{Seq: seq, Key: k, Action: tvremote.Press} }, RemoteNothing
		}
	}
	return nil, RemoteBadText
}
