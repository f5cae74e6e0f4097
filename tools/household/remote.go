package household

import (
	"context"
	"fmt"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/tools/drive"
)

// Sequence is the key sequence of the remote control.
var Sequence = []keyseq.Key{
	keyseq.Up, keyseq.Up, keyseq.Down, keyseq.Down, keyseq.Left, keyseq.Right,
	keyseq.Left, keyseq.Right, keyseq.Up, keyseq.Up, keyseq.Up, keyseq.Up,
}

// Digits are the keys of a PIN.
func Digits(pin string) []keyseq.Key {
	var keys []keyseq.Key
	for _, d := range pin {
		keys = append(keys, keyseq.Digit0+keyseq.Key(d-'0'))
	}
	return keys
}

// FocusProfile moves the focus of the gate to a profile.
func FocusProfile(ctx context.Context, tv *drive.TV, name string) error {
	if _, err := tv.WaitScreen(ctx, nav.ScreenGate); err != nil {
		return err
	}
	if _, err := tv.Press(ctx, keyseq.Left, keyseq.Left, keyseq.Left, keyseq.Left); err != nil {
		return err
	}
	return tv.FocusOn(ctx, keyseq.Right, func(it nav.Item) bool { return it.Label == name })
}

// AskPIN goes from the gate to the PIN of the locked profile, where the screen
// is not there already.
func AskPIN(ctx context.Context, tv *drive.TV) error {
	if tv.View().Screen == nav.ScreenPIN {
		return emptyPIN(ctx, tv)
	}
	if err := FocusProfile(ctx, tv, Locked); err != nil {
		return err
	}
	if _, err := tv.Press(ctx, keyseq.OK); err != nil {
		return err
	}
	_, err := tv.WaitScreen(ctx, nav.ScreenPIN)
	return err
}

// emptyPIN deletes digits that were entered before.
func emptyPIN(ctx context.Context, tv *drive.TV) error {
	for {
		v, err := tv.Wait(ctx, "the end of a check", func(v nav.View) bool { return v.PIN == nil || !v.PIN.Checking })
		if err != nil || v.PIN == nil || v.PIN.Entered == 0 {
			return err
		}
		if _, err := tv.Press(ctx, keyseq.Back); err != nil {
			return err
		}
	}
}

// EnterPIN chooses the locked profile and types digits.
func EnterPIN(ctx context.Context, tv *drive.TV, digits string) error {
	if err := AskPIN(ctx, tv); err != nil {
		return err
	}
	_, err := tv.Press(ctx, Digits(digits)...)
	return err
}

// PINRefused waits until an entered PIN is refused.
func PINRefused(ctx context.Context, tv *drive.TV) error {
	_, err := tv.Wait(ctx, "the refusal of a wrong PIN", func(v nav.View) bool {
		return v.Screen == nav.ScreenPIN && v.PIN != nil && !v.PIN.Checking && v.PIN.Entered == 0 && v.PIN.Message != ""
	})
	return err
}

// OpenHome opens the locked profile.
func OpenHome(ctx context.Context, tv *drive.TV, pin string) error {
	if err := EnterPIN(ctx, tv, pin); err != nil {
		return err
	}
	_, err := tv.WaitScreen(ctx, nav.ScreenHome)
	return err
}

// SequenceChoice presses the key sequence and chooses from what it opens.
func SequenceChoice(ctx context.Context, tv *drive.TV, label string) error {
	v, err := tv.Press(ctx, Sequence...)
	if err != nil {
		return err
	}
	if v.Dialog == nil || len(v.Dialog.Items) < 4 {
		return fmt.Errorf("the key sequence opened nothing: %s", drive.Describe(v))
	}
	for n, want := range []string{"Sign out", "Start over", "Deactivate", "Check network"} {
		if got := v.Dialog.Items[n].Label; got != want {
			return fmt.Errorf("choice %d of the key sequence is %q, want %q", n+1, got, want)
		}
	}
	_, err = tv.Choose(ctx, keyseq.Down, label)
	return err
}
