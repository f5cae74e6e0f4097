package nav

import (
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

// TestWantedKeyboard: a phone shows the keyboard that the screen can use.
func TestWantedKeyboard(t *testing.T) {
	field := func(at field) View {
		return View{Keyboard: &Keyboard{Kind: typing{at: at, channel: protocol.ChannelMail}.wanted()}}
	}
	recovery := View{Keyboard: &Keyboard{Kind: typing{at: atCode, channel: protocol.ChannelRecovery}.wanted()}}
	for _, c := range []struct {
		name string
		v    View
		want KeyboardKind
	}{
		{"nothing to type", View{Screen: ScreenGate}, KeyboardNone},
		{"an address", field(atEmail), KeyboardEmail},
		{"a password", field(atPassword), KeyboardPassword},
		{"the owner's password", field(atOwnerPassword), KeyboardPassword},
		{"a code of digits", field(atCode), KeyboardDigits},
		{"a recovery code", recovery, KeyboardPassword},
		{"a name", field(atProfileName), KeyboardText},
		{"a search", field(atQuery), KeyboardText},
		{"home, where letters search", View{Screen: ScreenHome, Types: true}, KeyboardText},
		{"a PIN", View{Screen: ScreenPIN, PIN: &PIN{}}, KeyboardDigits},
		{"a question above a field", View{Keyboard: &Keyboard{Kind: KeyboardText}, Dialog: &Dialog{}}, KeyboardNone},
		{"the menu above a field", View{Keyboard: &Keyboard{Kind: KeyboardText}, Menu: []Item{{ID: "home"}}}, KeyboardNone},
	} {
		if got := Wanted(c.v); got != c.want {
			t.Errorf("%s: Wanted = %q, want %q", c.name, got, c.want)
		}
	}
}
