package profile

import (
	"errors"
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

// TestV7_ARemovedProfileComesBackWithItsLibrary: by the link of its removal, and by
// that of a change before.
func TestV7_ARemovedProfileComesBackWithItsLibrary(t *testing.T) {
	for name, link := range map[string]int{"of the removal": 1, "of the change before": 2} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			kids := f.list(t)[1].ID
			f.watch(t, kids)
			want, number := f.library(t, kids)
			if _, err := f.Edit(f.ctx, f.now, f.who, kids, teen); err != nil {
				t.Fatal(err)
			}
			if err := f.Delete(f.ctx, f.now, f.who, kids); err != nil {
				t.Fatal(err)
			}
			if gone, _ := f.library(t, kids); len(gone.List)+len(gone.Begun) != 0 {
				t.Fatalf("with the profile removed: %+v", gone)
			}
			if changed, err := f.restore(t, f.notices[len(f.notices)-link].Before); err != nil || !changed {
				t.Fatalf("Restore = %t, %v", changed, err)
			}
			got, after := f.library(t, kids)
			if diff := cmp.Diff(want, got); diff != "" || len(got.List) != 2 || len(got.Begun) != 2 {
				t.Errorf("library (-before +after):\n%s", diff)
			}
			if after <= number+1 {
				t.Errorf("library number %d after %d: TVs would not hear of it", after, number)
			}
		})
	}
}

// watch gives a profile a list and titles that it began.
func (f *fixture) watch(t *testing.T, id protocol.ProfileID) {
	t.Helper()
	at := protocol.MillisOf(f.now)
	err := f.c.DB.Update(f.ctx, func(tx *store.Tx) error {
		_, err := tx.BumpLibrary(f.who.Account, f.now)
		return errors.Join(err,
			tx.PutOnList(store.ListRow{Account: f.who.Account, Profile: id, Title: "salt", Listed: true, At: at}),
			tx.PutOnList(store.ListRow{Account: f.who.Account, Profile: id, Title: "orbit", At: at + 1}),
			tx.PutProgress(store.ProgressRow{Account: f.who.Account, Profile: id, Watched: protocol.Watched{Title: "otter", Position: 61, Length: 600, At: at}}),
			tx.PutProgress(store.ProgressRow{Account: f.who.Account, Profile: id, Watched: protocol.Watched{Title: "salt", Position: 9, At: at - 1}, Done: true}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// profileLibrary is what watch gave.
type profileLibrary struct {
	List  []store.ListRow
	Begun []store.ProgressRow
}

func (f *fixture) library(t *testing.T, id protocol.ProfileID) (l profileLibrary, number int64) {
	t.Helper()
	err := f.c.DB.View(f.ctx, func(tx *store.Tx) (err error) {
		if l.List, err = tx.OwnList(f.who.Account, id); err != nil {
			return err
		}
		if l.Begun, err = tx.Progress(f.who.Account, id); err != nil {
			return err
		}
		acc, err := tx.Account(f.who.Account)
		number = acc.Library
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, number
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
