package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

// TestKills pulls the plug of a TV or of the server at random moments while the

// TV is signed in, while it is signed out, and while it checks a PIN. Each time

// the end must be right: whoever asked for something got it, the TV that is

// signed out has proved it and holds nothing that can be read, and no try at a

// PIN is forgotten.

func TestKills(t *testing.T) {
	t.Run("native", func(t *testing.T) { pullPlugs(t, nil, *killsFlag) })
	e := emulated[0]
	t.Run(e.name, func(t *testing.T) { pullPlugs(t, []string{e.emulator, program(e.agent)}, *armFlag) })
}

// familyKills is for how many kills a household lasts: a server lets so many

// TVs of one network ask to be signed in per hour.

const familyKills = 50

func pullPlugs(t *testing.T, agent []string, kills int) {
	r := rand.New(rand.NewPCG(seed(t), 0))
	for first := 0; first < kills; first += familyKills {
		last := min(first+familyKills, kills)
		t.Run(fmt.Sprintf("%d-%d", first+1, last), func(t *testing.T) {
			f := startFamily(t, agent, r)
			rounds := f.rounds()
			for n := first; n < last; n++ {
				round := rounds[n%len(rounds)]
				if err := round.do(patient(t, patience)); err != nil {
					t.Fatalf("kill %d, %s: %v", n+1, round.what, err)
				}
			}
		})
	}
}

// family is a household whose plugs are pulled. Its second TV only watches.

type round struct {
	what string
	do   func(context.Context) error
}

func (f *family) rounds() []round {
	return []round{
		{"TV while it signs in", func(ctx context.Context) error { return f.killInSignIn(ctx, f.killTV) }},
		{"TV while it checks a PIN", f.killInPIN},
		{"TV while the owner signs it out", func(ctx context.Context) error { return f.killInSignOut(ctx, f.killTV) }},
		{"server while the TV signs in", func(ctx context.Context) error { return f.killInSignIn(ctx, f.killServer) }},
		{"TV while it checks a PIN", f.killInPIN},
		{"server while the owner signs the TV out", func(ctx context.Context) error { return f.killInSignOut(ctx, f.killServer) }},
		{"TV while it signs in", func(ctx context.Context) error { return f.killInSignIn(ctx, f.killTV) }},
		{"TV while the person at it signs out", f.killInSignOutHere},
		{"server while the TV signs in", func(ctx context.Context) error { return f.killInSignIn(ctx, f.killServer) }},
		{"both while the owner signs the TV out", func(ctx context.Context) error { return f.killInSignOut(ctx, f.killBoth) }},
	}
}

// soon is a random moment from now; the process is killed then.

// killInSignIn ends with a TV that is signed in, once.

func (f *family) killInSignIn(ctx context.Context, kill kill) error {
	if err := f.toWelcome(ctx); err != nil {
		return err
	}
	go func() { // it may or may not get through
		if v, err := f.tv.Press(ctx, keyseq.OK); err == nil && v.Code != nil && v.Code.Text != "" {
			_ = f.owner.Approve(ctx, v.Code.Text)
		}
	}()
	if err := kill(ctx, 40*time.Millisecond); err != nil {
		return err
	}
	return f.signedIn(ctx)
}

// toWelcome waits until the TV offers to sign in, and sees to it that it does.

// signedIn does what is left of a sign-in: a person looks at the screen and goes

// on from there.

// killInSignOut ends with a TV that proved its sign-out: an order that was

// acknowledged is carried out whatever ends when; one that was not is given again.

func (f *family) killInSignOut(ctx context.Context, kill kill) error {
	if err := f.signedIn(ctx); err != nil {
		return err
	}
	d, err := f.device(ctx, "there", func(drive.Device) bool { return true })
	if err != nil {
		return err
	}
	keys, err := f.secrets()
	if err != nil {
		return err
	}
	ordered := make(chan error, 1)
	go func() { ordered <- f.owner.SignOutDevice(ctx, d.ID) }()
	if err := kill(ctx, 30*time.Millisecond); err != nil {
		return err
	}
	if err := <-ordered; err != nil { // the server was killed before it said yes
		if err := f.owner.SignOutDevice(ctx, d.ID); err != nil {
			return err
		}
	}
	return f.signedOut(ctx, keys)
}

// killInSignOutHere signs out at the TV. Once the screen says so it stays so.

func (f *family) killInSignOutHere(ctx context.Context) error {
	if err := f.signedIn(ctx); err != nil {
		return err
	}
	keys, err := f.secrets()
	if err != nil {
		return err
	}
	if err := f.askToSignOut(ctx); err != nil {
		return err
	}
	said := make(chan bool, 1)
	go func() {
		v, err := f.tv.Press(ctx, keyseq.OK)
		said <- err == nil && v.Screen == nav.ScreenWelcome
	}()
	if err := f.killTV(ctx, 20*time.Millisecond); err != nil {
		return err
	}
	v, err := f.tv.Wait(ctx, "the gate or the welcome", func(v nav.View) bool {
		return v.Screen == nav.ScreenGate || v.Screen == nav.ScreenWelcome
	})
	if err != nil {
		return err
	}
	if v.Screen == nav.ScreenGate {
		if <-said {
			return errors.New("the TV said that it is signed out, and after a restart it is signed in")
		}
		if err := f.askToSignOut(ctx); err != nil {
			return err
		}
		if _, err := f.tv.Press(ctx, keyseq.OK); err != nil {
			return err
		}
	}
	return f.signedOut(ctx, keys)
}

// askToSignOut goes up to the last key of a sign-out at the TV.

func (f *family) askToSignOut(ctx context.Context) error {
	if err := household.SequenceChoice(ctx, f.tv, "Sign out"); err != nil {
		return err
	}
	return f.tv.FocusOn(ctx, keyseq.Left, func(it nav.Item) bool { return it.Label == "Yes" })
}

// signedOut waits for the proof, and looks for what should not be on the disk.

func (f *family) signedOut(ctx context.Context, keys [][]byte) error {
	if _, err := f.device(ctx, "signed out and confirmed", func(d drive.Device) bool {
		return d.Status == protocol.SignedOut && !d.Confirmed.IsZero()
	}); err != nil {
		return err
	}
	if _, err := f.tv.Wait(ctx, "a screen of a TV that is signed out", func(v nav.View) bool {
		return v.Screen == nav.ScreenSignedOut || v.Screen == nav.ScreenWelcome
	}); err != nil {
		return err
	}
	f.pin, f.tries = household.PIN, tries{} // the counters went with the session
	return errors.Join(f.listedOnce(ctx), f.nothingReadable(keys))
}

// secrets returns the keys that the TV's vault holds now, as they are on the

// disk, to be looked for after they should have gone.

// nothingReadable looks through all that the TV has on its disk for its old

// keys and for names of the household.

// tries is how often the newest version of the PIN was tried wrong.

// counted reads the counter from the vault of the TV, which must not run.

// killInPIN enters a wrong PIN and pulls the plug at a random moment around its

// check. The count never goes back, and a try that was under way counts.

func (f *family) killInPIN(ctx context.Context) error {
	if err := f.signedIn(ctx); err != nil {
		return err
	}
	if f.tries.Wrong >= 3 { // a fifth would have to wait
		if err := f.newPIN(ctx); err != nil {
			return err
		}
	}
	if err := household.EnterPIN(ctx, f.tv, "999"); err != nil {
		return err
	}
	handled := make(chan error, 1) // the key's acknowledgement comes after the charge
	go func() {
		_, err := f.tv.Press(ctx, keyseq.Digit9)
		handled <- err
	}()
	<-f.soon(60 * time.Millisecond)
	f.Unplug(victim)
	now, err := f.counted()
	if err != nil {
		return err
	}
	if now.less(f.tries) {
		return fmt.Errorf("the PIN counter went back from %+v to %+v", f.tries, now)
	}
	if <-handled == nil && !f.tries.less(now) {
		return fmt.Errorf("a try that was under way is not counted: %+v, before %+v", now, f.tries)
	}
	f.tries = now
	if err := f.plugIn(ctx); err != nil {
		return err
	}
	_, err = f.tv.WaitScreen(ctx, nav.ScreenGate)
	return err
}

// newPIN sets another PIN on the account, whose count begins anew, and waits

// until the TV has it.

// TestKilledPINChecks pulls the plug five times between a try and its result:

// each has been charged, so the profile waits then.

func TestKilledPINChecks(t *testing.T) {
	e := emulated[0] // slow enough to be caught at it
	f := startFamily(t, []string{e.emulator, program(e.agent)}, nil)
	ctx := patient(t, 2*time.Minute)
	if err := f.signedIn(ctx); err != nil {
		t.Fatal(err)
	}
	caught := 0
	for n := range 5 {
		if err := household.EnterPIN(ctx, f.tv, "9999"); err != nil {
			t.Fatal(err)
		}
		if p := f.tv.View().PIN; p != nil && p.Checking {
			caught++
		}
		f.Unplug(victim)
		got, err := f.counted()
		if err != nil || got.Wrong != n+1 {
			t.Fatalf("after %d killed checks the vault counts %+v, %v", n+1, got, err)
		}
		if err := f.plugIn(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if caught == 0 {
		t.Error("no check was caught before its result")
	}
	if err := household.AskPIN(ctx, f.tv); err != nil {
		t.Fatal(err)
	}
	v, err := f.tv.Wait(ctx, "a wait", func(v nav.View) bool { return v.PIN != nil && v.PIN.Wait > 0 })
	if err != nil {
		t.Fatal(err)
	}
	if v.PIN.Wait > 60 {
		t.Errorf("a wait of %d s, want at most a minute", v.PIN.Wait)
	}
	if _, err := f.tv.Press(ctx, household.Digits(household.PIN)...); err != nil {
		t.Fatal(err)
	}
	if v := f.tv.View(); v.Screen != nav.ScreenPIN {
		t.Errorf("the right PIN opened %s while it has to wait", v.Screen)
	}
}
