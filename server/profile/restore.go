package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// kept is what an account's profiles, locks and parental control were before a
// change. The PINs'
// keys in it are sealed already; whoever keeps it seals it whole.
type kept struct {
	Profiles []store.ProfileRow // with their blocked titles
	Pins     []store.PinRow     // the parental one too
	Parental *store.ParentalRow // nil: kept by a version that knew of none

	// What goes with a profile that is removed, by its id: of all but the main
	// one, which stays. What they watched stays too, under the old id.
	Libraries map[protocol.ProfileID]keptLibrary `json:",omitempty"`
}

// keptLibrary is a profile's own list and how far it is in what it began. Both are
// bounded by package device; here they are short, since each notice has one.
type keptLibrary struct {
	List  []keptTitle `json:"l,omitempty"`
	Begun []keptTitle `json:"b,omitempty"`
}

// keptTitle is a title on a list, or begun.
type keptTitle struct {
	ID       protocol.TitleID `json:"i"`
	At       protocol.Millis  `json:"t"`
	Listed   bool             `json:"l,omitempty"`
	Position int64            `json:"p,omitempty"` // seconds
	Length   int64            `json:"n,omitempty"` // seconds
	Done     bool             `json:"d,omitempty"`
}

func read(tx *store.Tx, acc protocol.AccountID) (k kept, err error) {
	if k.Profiles, err = tx.Profiles(acc); err != nil {
		return k, err
	}
	if k.Pins, err = tx.Pins(acc); err != nil {
		return k, err
	}
	rules, err := tx.Parental(acc)
	k.Parental = &rules
	return k, err
}

// keep returns what [Restore] takes.
func keep(tx *store.Tx, acc protocol.AccountID) ([]byte, error) {
	k, err := read(tx, acc)
	if err != nil {
		return nil, err
	}
	if k.Libraries, err = libraries(tx, acc, k.Profiles); err != nil {
		return nil, err
	}
	out, err := json.Marshal(k)
	if err != nil {
		return nil, fmt.Errorf("profile: keep: %w", err)
	}
	return out, nil
}

// libraries returns what goes with each of the profiles that can be removed.
func libraries(tx *store.Tx, acc protocol.AccountID, of []store.ProfileRow) (map[protocol.ProfileID]keptLibrary, error) {
	out := map[protocol.ProfileID]keptLibrary{}
	for _, p := range of {
		if p.Main {
			continue
		}
		list, err := tx.OwnList(acc, p.ID)
		if err != nil {
			return nil, err
		}
		begun, err := tx.Progress(acc, p.ID)
		if err != nil {
			return nil, err
		}
		var k keptLibrary
		for _, r := range list {
			k.List = append(k.List, keptTitle{ID: r.Title, At: r.At, Listed: r.Listed})
		}
		for _, r := range begun {
			k.Begun = append(k.Begun, keptTitle{ID: r.Title, At: r.At, Position: r.Position, Length: r.Length, Done: r.Done})
		}
		if len(k.List)+len(k.Begun) > 0 {
			out[p.ID] = k
		}
	}
	return out, nil
}

// restoreLibrary puts back what went with a profile. Devices hear of it.
func restoreLibrary(tx *store.Tx, acc protocol.AccountID, id protocol.ProfileID, k keptLibrary) error {
	for _, t := range k.List {
		if err := tx.PutOnList(store.ListRow{Account: acc, Profile: id, Title: t.ID, Listed: t.Listed, At: t.At}); err != nil {
			return err
		}
	}
	for _, t := range k.Begun {
		w := protocol.Watched{Title: t.ID, Position: t.Position, Length: t.Length, At: t.At}
		if err := tx.PutProgress(store.ProgressRow{Account: acc, Profile: id, Watched: w, Done: t.Done}); err != nil {
			return err
		}
	}
	return tx.NextLibrary(acc)
}

// Restore makes the account's profiles, locks and parental control what they were
// before a change, and reports whether anything was different:
// account.Config.RestoreProfiles. Profiles added since are removed, removed ones
// come back under their old ids with their locks, their own lists and what they had
// begun; what they watched was kept under that id and is theirs again. A PIN that comes back gets a new version, so that TVs take it.
func Restore(tx *store.Tx, acc protocol.AccountID, before []byte) (bool, error) {
	var was kept
	if err := json.Unmarshal(before, &was); err != nil {
		return false, fmt.Errorf("profile: restore: %w", err)
	}
	is, err := read(tx, acc)
	if err != nil {
		return false, err
	}
	rows, err := restoreRows(tx, acc, was, is)
	if err != nil {
		return false, err
	}
	locks, err := restoreLocks(tx, acc, was, is)
	if err != nil || was.Parental == nil || reflect.DeepEqual(was.Parental, is.Parental) {
		return rows || locks, err
	}
	return true, tx.SetParental(acc, *was.Parental)
}

// restoreRows puts the profiles back, without their locks.
func restoreRows(tx *store.Tx, acc protocol.AccountID, was, is kept) (changed bool, err error) {
	now := map[protocol.ProfileID]protocol.Profile{}
	for _, r := range is.Profiles {
		now[r.ID] = bare(r.Profile)
	}
	for _, r := range was.Profiles {
		r.Account = acc
		have, ok := now[r.ID]
		delete(now, r.ID)
		switch {
		case !ok:
			err = tx.InsertProfile(r)
		case !reflect.DeepEqual(have, bare(r.Profile)):
			err = tx.UpdateProfile(r)
		default:
			continue
		}
		changed = true
		if err == nil {
			err = tx.SetBlocked(acc, r.ID, r.Blocked)
		}
		if k, had := was.Libraries[r.ID]; err == nil && had && !ok {
			err = restoreLibrary(tx, acc, r.ID, k)
		}
		if err != nil {
			return changed, err
		}
	}
	for id, p := range now { // added since
		if p.Main {
			return changed, errors.New("profile: restore: another main profile")
		}
		changed = true
		if err := tx.DeleteProfile(acc, id); err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// bare returns p without what its lock says.
func bare(p protocol.Profile) protocol.Profile {
	p.Locked, p.PIN, p.Unlocks = false, 0, 0
	return p
}

// restoreLocks puts the locks of the profiles back that are there again.
func restoreLocks(tx *store.Tx, acc protocol.AccountID, was, is kept) (bool, error) {
	now := map[protocol.ProfileID]store.PinRow{}
	for _, r := range is.Pins {
		now[r.Profile] = r
	}
	var back []store.PinRow
	for _, r := range was.Pins {
		if !bytes.Equal(now[r.Profile].Sealed, r.Sealed) {
			back = append(back, r)
		}
		delete(now, r.Profile)
	}
	if len(back) == 0 && len(now) == 0 {
		return false, nil
	}
	version, err := tx.BumpPins(acc)
	if err != nil {
		return false, err
	}
	for _, r := range back {
		r.Account, r.Version = acc, version
		if err := tx.SetPin(r); err != nil {
			return true, err
		}
	}
	for id := range now { // set since; gone already where its profile is
		if _, err := tx.DeletePin(acc, id); err != nil {
			return true, err
		}
	}
	return true, nil
}
