package e2e

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

// TestP9_TriesAtOneTVCountAtTheOther: somebody who is made to wait at one TV waits
// at the other too, also after its plug was pulled; the owner is told at the tenth
// try, and ends the wait on both.
func TestP9_TriesAtOneTVCountAtTheOther(t *testing.T) {
	f, other := both(t)
	ctx := patient(t, 3*patience)
	list, err := f.owner.Profiles(ctx)
	if err != nil {
		t.Fatal(err)
	}
	waits := func(v nav.View) bool { return v.PIN != nil && v.PIN.Wait > 0 }
	for n := range 5 {
		if err := errors.Join(household.EnterPIN(ctx, other, "9999"), household.PINRefused(ctx, other)); err != nil && n < 4 {
			t.Fatal(err)
		}
	}
	if _, err := other.Wait(ctx, "a wait at the TV of the tries", waits); err != nil {
		t.Fatal(err)
	}
	if err := household.AskPIN(ctx, f.tv); err != nil {
		t.Fatal(err)
	}
	if _, err := f.tv.Wait(ctx, "a wait at the other TV", waits); err != nil {
		t.Fatal(err)
	}
	f.Server.Kill()
	f.Unplug(victim)
	if err := f.plugIn(ctx); err != nil {
		t.Fatal(err)
	}
	if err := household.AskPIN(ctx, f.tv); err != nil {
		t.Fatal(err)
	}
	if _, err := f.tv.Wait(ctx, "the wait after a pulled plug, offline", waits); err != nil {
		t.Fatal(err)
	}
	if err := f.StartServer(ctx); err != nil {
		t.Fatal(err)
	}
	for _, name := range household.Names { // else what one tells may cross the owner's word
		if _, err := f.owner.WaitDevice(ctx, name, "online", func(d drive.Device) bool { return d.Online }); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.owner.Call(ctx, "POST", "/v1/profiles/"+url.PathEscape(list[0].ID)+"/unlock", nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, tv := range []*drive.TV{f.tv, other} {
		if _, err := tv.Wait(ctx, "the end of the wait", func(v nav.View) bool { return v.PIN != nil && v.PIN.Wait == 0 }); err != nil {
			t.Fatal(err)
		}
		if err := household.OpenHome(ctx, tv, household.PIN); err != nil {
			t.Error(err)
		}
	}
}

// TestP10_TheOwnListFollowsTheProfile to another TV, and to no other profile there.
func TestP10_TheOwnListFollowsTheProfile(t *testing.T) {
	f, other := both(t)
	ctx := patient(t, 2*patience)
	for _, tv := range []*drive.TV{f.tv, other} {
		if err := household.OpenHome(ctx, tv, household.PIN); err != nil {
			t.Fatal(err)
		}
	}
	if err := focusTitle(ctx, f.tv, film); err != nil {
		t.Fatal(err)
	}
	if _, err := f.tv.Press(ctx, keyseq.OK); err != nil {
		t.Fatal(err)
	}
	if _, err := f.tv.Choose(ctx, keyseq.Down, "Add to my list"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Wait(ctx, "the list at the other TV", func(v nav.View) bool { return inRow(v, "My list", film) }); err != nil {
		t.Fatal(err)
	}
	if err := household.SequenceChoice(ctx, other, "Start over"); err != nil {
		t.Fatal(err)
	}
	if err := household.FocusProfile(ctx, other, "Sasha"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Press(ctx, keyseq.OK); err != nil {
		t.Fatal(err)
	}
	v, err := other.WaitScreen(ctx, nav.ScreenHome)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range v.Rows {
		if strings.Contains(r.Label, "My list") || strings.Contains(r.Label, "Continue") {
			t.Errorf("another profile's home has the row %q", r.Label)
		}
	}
}
