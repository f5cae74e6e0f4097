package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

func (s *tour) signUp(ctx context.Context) (err error) {
	s.owner, err = s.home.NewOwner(ctx)
	return err
}

func (s *tour) signInTV(i int) func(context.Context) error {
	return s.signInBy(i, func(ctx context.Context) error { return household.SignInByCode(ctx, s.tv[i], s.owner) })
}

// typeIn signs a TV in with the keyboard on its screen.
func (s *tour) typeIn(i int) func(context.Context) error {
	return s.signInBy(i, func(ctx context.Context) error {
		return household.SignInByPassword(ctx, s.tv[i], s.owner, household.Password)
	})
}

func (s *tour) signInBy(i int, how func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if s.tv[i].View().Screen == nav.ScreenSignedOut {
			if _, err := s.tv[i].Press(ctx, keyseq.OK); err != nil {
				return err
			}
		}
		if _, err := s.tv[i].WaitScreen(ctx, nav.ScreenWelcome); err != nil {
			return err
		}
		if err := how(ctx); err != nil {
			return err
		}
		_, err := s.owner.WaitDevice(ctx, tvName(i), "online and active", func(d drive.Device) bool {
			return d.Online && d.Status == protocol.Active
		})
		return err
	}
}

func (s *tour) usedCode(ctx context.Context) error {
	err := s.owner.Approve(ctx, "BCDF-GHJK")
	var p *drive.Problem
	if !errors.As(err, &p) || p.Status < 400 || p.Status >= 500 {
		return fmt.Errorf("approving a code that no TV shows = %v", err)
	}
	return nil
}

// pageShows reads the devices page as a browser does.
func (s *tour) pageShows(want ...string) func(context.Context) error {
	return func(ctx context.Context) error {
		page, err := s.browser.Get(ctx, "/account/devices")
		if err != nil {
			return err
		}
		for _, w := range want {
			if !strings.Contains(page, w) {
				return fmt.Errorf("the devices page does not show %q", w)
			}
		}
		return nil
	}
}

// openPage signs a browser in by the forms.
func (s *tour) openPage(ctx context.Context) error {
	list, err := s.owner.Profiles(ctx)
	if err != nil {
		return err
	}
	if s.browser, err = drive.NewBrowser(s.owner.URL); err != nil {
		return err
	}
	if err := s.browser.SignIn(ctx, household.Email, household.Password, list[0].ID); err != nil {
		return err
	}
	return s.pageShows(household.Names[:]...)(ctx)
}

func (s *tour) pin(ctx context.Context) error {
	if err := household.EnterPIN(ctx, s.tv[0], "9999"); err != nil {
		return err
	}
	if err := household.PINRefused(ctx, s.tv[0]); err != nil {
		return err
	}
	return household.OpenHome(ctx, s.tv[0], household.PIN)
}

// settings goes from home by the menu to the settings.
func (s *tour) settings(ctx context.Context, i int) error {
	for range 10 {
		if s.tv[i].View().Menu != nil {
			break
		}
		if _, err := s.tv[i].Press(ctx, keyseq.Left); err != nil {
			return err
		}
	}
	if _, err := s.tv[i].Choose(ctx, keyseq.Down, "Settings"); err != nil {
		return err
	}
	_, err := s.tv[i].WaitScreen(ctx, nav.ScreenSettings)
	return err
}

func (s *tour) menu(ctx context.Context) error {
	if err := s.settings(ctx, 0); err != nil {
		return err
	}
	if _, err := s.tv[0].Choose(ctx, keyseq.Down, "Sign out"); err != nil {
		return err
	}
	v, err := s.tv[0].Wait(ctx, "a question", func(v nav.View) bool { return v.Dialog != nil })
	if err != nil {
		return err
	}
	if it := drive.Focused(v); it == nil || it.Label != "No" {
		return fmt.Errorf("the question's focus is %q, want No", v.Focus)
	}
	if _, err := s.tv[0].Press(ctx, keyseq.OK); err != nil {
		return err
	}
	if _, err = s.tv[0].WaitScreen(ctx, nav.ScreenSettings); err != nil {
		return err
	}
	if _, err = s.tv[0].Press(ctx, keyseq.Back); err != nil {
		return err
	}
	_, err = s.tv[0].WaitScreen(ctx, nav.ScreenHome)
	return err
}

func (s *tour) checkNetwork(ctx context.Context) error {
	if err := household.SequenceChoice(ctx, s.tv[0], "Check network"); err != nil {
		return err
	}
	_, err := s.tv[0].Wait(ctx, "a good end of the network check", func(v nav.View) bool {
		return v.Screen == nav.ScreenNetwork && strings.Contains(v.Title+strings.Join(v.Text, " "), "Your network is fine")
	})
	if err != nil {
		return err
	}
	_, err = s.tv[0].Press(ctx, keyseq.Back)
	return err
}

func (s *tour) startOver(ctx context.Context) error {
	if err := household.SequenceChoice(ctx, s.tv[0], "Start over"); err != nil {
		return err
	}
	if v := s.tv[0].View(); v.Dialog != nil {
		if _, err := s.tv[0].Choose(ctx, keyseq.Left, "Yes"); err != nil {
			return err
		}
	}
	if _, err := s.tv[0].WaitScreen(ctx, nav.ScreenGate); err != nil {
		return err
	}
	return household.OpenHome(ctx, s.tv[0], household.PIN)
}

// toGate goes back to the gate.
func (s *tour) toGate(ctx context.Context, i int) error {
	if err := household.SequenceChoice(ctx, s.tv[i], "Start over"); err != nil {
		return err
	}
	_, err := s.tv[i].WaitScreen(ctx, nav.ScreenGate)
	return err
}

// newPIN changes the PIN on the account. The new one must open the profile
// within a second, and then the old one must not.
func (s *tour) newPIN(ctx context.Context) error {
	const other = "8642"
	if err := s.toGate(ctx, 0); err != nil {
		return err
	}
	list, err := s.owner.Profiles(ctx)
	if err != nil {
		return err
	}
	if err := s.owner.SetPIN(ctx, list[0].ID, other); err != nil {
		return err
	}
	quick, cancel := drive.Timeout(ctx, s.slow*time.Second)
	defer cancel()
	if err := drive.Poll(quick, func() error { return s.tryPIN(quick, 0, other) }); err != nil {
		return err
	}
	if err := s.toGate(ctx, 0); err != nil {
		return err
	}
	if err := household.EnterPIN(ctx, s.tv[0], household.PIN); err != nil {
		return err
	}
	if err := household.PINRefused(ctx, s.tv[0]); err != nil {
		return fmt.Errorf("the old PIN: %w", err)
	}
	if err := household.OpenHome(ctx, s.tv[0], other); err != nil {
		return err
	}
	return s.owner.SetPIN(ctx, list[0].ID, household.PIN)
}

// tryPIN enters a PIN and reports whether it opens home. A new PIN that reaches
// the TV between two digits empties the entry: then it is not complete.
func (s *tour) tryPIN(ctx context.Context, i int, digits string) error {
	if err := household.EnterPIN(ctx, s.tv[i], digits); err != nil {
		return err
	}
	v, err := s.tv[i].Wait(ctx, "an answer to the PIN", func(v nav.View) bool {
		return v.Screen != nav.ScreenPIN || v.PIN != nil && !v.PIN.Checking && v.PIN.Entered < v.PIN.Length
	})
	if err == nil && v.Screen != nav.ScreenHome {
		err = fmt.Errorf("not opened: %s", drive.Describe(v))
	}
	return err
}

func (s *tour) confirmed(ctx context.Context, i int, want protocol.Status) (drive.Device, error) {
	return s.owner.WaitDevice(ctx, tvName(i), "confirmed", func(d drive.Device) bool {
		return d.Status == want && !d.Confirmed.IsZero()
	})
}

func (s *tour) device(ctx context.Context, i int) (drive.Device, error) {
	return s.owner.WaitDevice(ctx, tvName(i), "there", func(drive.Device) bool { return true })
}

func (s *tour) signOutOne(ctx context.Context) error {
	d, err := s.device(ctx, 1)
	if err != nil {
		return err
	}
	if err := s.owner.SignOutDevice(ctx, d.ID); err != nil {
		return err
	}
	if _, err := s.confirmed(ctx, 1, protocol.SignedOut); err != nil {
		return err
	}
	if _, err := s.tv[1].WaitScreen(ctx, nav.ScreenSignedOut); err != nil {
		return err
	}
	return s.pageShows("onfirmed")(ctx)
}

func (s *tour) receipt(ctx context.Context) error {
	d, err := s.device(ctx, 1)
	if err != nil {
		return err
	}
	proofs, err := s.owner.Proofs(ctx, d.ID)
	if err != nil {
		return err
	}
	if len(proofs) == 0 {
		return errors.New("the account has no receipt of the TV")
	}
	if out, err := s.verify(ctx, proofs[0]); err != nil || !bytes.Contains(out, []byte("Genuine")) || !bytes.Contains(out, []byte("signed out")) {
		return fmt.Errorf("verify-receipt = %w: %s", err, out)
	}
	forged := proofs[0]
	forged.JWS = forged.JWS[:len(forged.JWS)-10] + "AAAAAAAAAA"
	if out, err := s.verify(ctx, forged); err == nil {
		return fmt.Errorf("verify-receipt took a forged receipt: %s", out)
	}
	return nil
}

// verify runs verify-receipt as a program of its own.
func (s *tour) verify(ctx context.Context, f protocol.ProofFile) ([]byte, error) {
	data, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(s.dir, "receipt.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, filepath.Join(s.bin, "hearthkey"), "verify-receipt", path).CombinedOutput()
}

func (s *tour) everywhere(ctx context.Context) error {
	s.home.Unplug(1)
	if _, err := s.owner.WaitDevice(ctx, tvName(1), "offline", func(d drive.Device) bool { return !d.Online }); err != nil {
		return err
	}
	if err := s.owner.SignOutEverywhere(ctx); err != nil {
		return err
	}
	if _, err := s.confirmed(ctx, 0, protocol.SignedOut); err != nil {
		return err
	}
	if err := s.pageShows("Devices")(ctx); err == nil {
		return errors.New("the other browser is still signed in")
	}
	if err := s.openPage(ctx); err != nil {
		return err
	}
	return s.bound(ctx)
}

// bound checks what the account is told of the unplugged TV.
func (s *tour) bound(ctx context.Context) error {
	d, err := s.device(ctx, 1)
	if err != nil {
		return err
	}
	if !d.Confirmed.IsZero() || d.Bound == nil {
		return fmt.Errorf("an unplugged TV has confirmed %s and the bound %v", d.Confirmed, d.Bound)
	}
	const lease = 8 * time.Hour
	if left := time.Until(d.Bound.LocksBy); left <= lease-time.Hour || left > lease+time.Minute { // it is shown in whole minutes
		return fmt.Errorf("the TV locks itself in %s, want just under %s", left, lease)
	}
	if use := time.Duration(d.Bound.FurtherUse) * time.Second; use <= 0 || use > lease {
		return fmt.Errorf("further use of %s", use)
	}
	return s.pageShows("ocks itself by", "switched off")(ctx)
}

func (s *tour) restart(ctx context.Context) error {
	s.home.Server.Kill()
	if err := s.home.StartServer(ctx); err != nil {
		return err
	}
	if _, err := s.confirmed(ctx, 0, protocol.SignedOut); err != nil {
		return err
	}
	return s.bound(ctx)
}

func (s *tour) plugIn(ctx context.Context) error {
	if err := s.home.PlugIn(ctx, 1); err != nil {
		return err
	}
	if _, err := s.confirmed(ctx, 1, protocol.SignedOut); err != nil {
		return err
	}
	if err := s.attach(ctx, 1); err != nil {
		return err
	}
	_, err := s.tv[1].WaitScreen(ctx, nav.ScreenSignedOut)
	return err
}

func (s *tour) bothAgain(ctx context.Context) error {
	return errors.Join(s.signInTV(0)(ctx), s.signInTV(1)(ctx))
}

func (s *tour) offline(ctx context.Context) error {
	s.home.Server.Kill()
	s.home.Unplug(0)
	if err := s.home.PlugIn(ctx, 0); err != nil {
		return err
	}
	if err := s.attach(ctx, 0); err != nil {
		return err
	}
	if err := household.OpenHome(ctx, s.tv[0], household.PIN); err != nil {
		return err
	}
	if err := s.home.StartServer(ctx); err != nil {
		return err
	}
	if _, err := s.tv[0].Press(ctx, keyseq.OK); err != nil { // any key
		return err
	}
	_, err := s.owner.WaitDevice(ctx, tvName(0), "back online", func(d drive.Device) bool { return d.Online })
	return err
}

func (s *tour) deactivate(ctx context.Context) error {
	before, err := s.owner.WaitDevice(ctx, tvName(1), "online", func(d drive.Device) bool { return d.Online })
	if err != nil {
		return err
	}
	if err := s.owner.Deactivate(ctx, before.ID); err != nil {
		return err
	}
	if _, err := s.confirmed(ctx, 1, protocol.Deactivated); err != nil {
		return err
	}
	_, err = s.tv[1].WaitScreen(ctx, nav.ScreenDeactivated)
	return err
}

func (s *tour) signOutHere(ctx context.Context) error {
	if s.tv[0].View().Screen != nav.ScreenHome {
		if _, err := s.tv[0].Press(ctx, keyseq.Home); err != nil {
			return err
		}
	}
	if err := s.settings(ctx, 0); err != nil {
		return err
	}
	if _, err := s.tv[0].Choose(ctx, keyseq.Down, "Sign out"); err != nil {
		return err
	}
	if _, err := s.tv[0].Choose(ctx, keyseq.Left, "Yes"); err != nil {
		return err
	}
	d, err := s.confirmed(ctx, 0, protocol.SignedOut)
	if err != nil {
		return err
	}
	if d.By != string(protocol.ByThisTV) {
		return fmt.Errorf("the account says that %q signed the TV out", d.By)
	}
	_, err = s.tv[0].WaitScreen(ctx, nav.ScreenWelcome)
	return err
}

func (s *tour) outbox(ctx context.Context) error {
	mail, err := s.owner.Outbox(ctx)
	if err != nil {
		return err
	}
	kinds := map[string]int{}
	for _, m := range mail {
		kinds[m.Kind]++
	}
	if len(kinds) < 3 {
		return fmt.Errorf("the outbox has only %v", kinds)
	}
	return s.owner.Call(ctx, http.MethodPost, "/v1/sign-out", nil, nil)
}
