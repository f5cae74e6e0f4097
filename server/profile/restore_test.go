package profile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

func (f *fixture) restore(t *testing.T, before []byte) (changed bool, err error) {
	t.Helper()
	err = f.c.DB.Update(f.ctx, func(tx *store.Tx) (err error) {
		changed, err = Restore(tx, f.who.Account, before)
		return err
	})
	return changed, err
}

// TestRestoreIsExact: what is the same already is left alone, and each PIN that
// comes back has a version that no TV has seen.
func TestRestoreIsExact(t *testing.T) { // V7
	f := newFixture(t)
	main, kids := f.list(t)[0].ID, f.list(t)[1].ID
	for _, p := range []protocol.ProfileID{main, kids} {
		if _, err := f.SetPIN(f.ctx, f.now, f.who, p, "2846"); err != nil {
			t.Fatal(err)
		}
	}
	was := f.list(t)
	if _, err := f.Edit(f.ctx, f.now, f.who, main, teen); err != nil {
		t.Fatal(err)
	}
	before := f.notices[len(f.notices)-1].Before
	if _, err := f.SetPIN(f.ctx, f.now, f.who, kids, "9305"); err != nil {
		t.Fatal(err)
	}
	if changed, err := f.restore(t, before); err != nil || !changed {
		t.Fatalf("Restore = %t, %v", changed, err)
	}
	want := []protocol.Profile{was[0], was[1]}
	want[1].PIN = 4 // set at 2, replaced at 3
	if diff := cmp.Diff(want, f.list(t)); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
	if changed, err := f.restore(t, before); err != nil || changed {
		t.Errorf("a second Restore = %t, %v, want nothing to do", changed, err)
	}
	if _, version, err := f.Pins(f.ctx, f.who.Account); err != nil || version != 4 {
		t.Errorf("PINs at version %d, %v, want 4", version, err)
	}
}

func TestRestoreRefusesNonsense(t *testing.T) {
	f := newFixture(t)
	was := f.list(t)
	for _, bad := range []string{"", "{", "[]", "{}", `{"Profiles":[{"id":"x","main":true}]}`} {
		if changed, err := f.restore(t, []byte(bad)); err == nil {
			t.Errorf("Restore(%q) = %t, want an error", bad, changed)
		}
	}
	if diff := cmp.Diff(was, f.list(t)); diff != "" {
		t.Errorf("profiles after errors (-want +got):\n%s", diff)
	}
}
