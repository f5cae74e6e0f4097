package device

import (
	"errors"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// Bounds of what is remembered of a profile's library beyond what its devices
// show, so that a word that comes late changes nothing.
const (
	keptUnlisted = 200 // titles taken off the own list
	keptBegun    = 200 // titles begun, seen to the end or not
)

// A title counts as seen to its end within these of it.
const (
	endTime = 60 // seconds
	endPart = 50 // a fiftieth: 2 %
)

// seen reports whether who left a title of this length at position has seen it
// to the end, in seconds. A title of unknown length is never seen.
func seen(position, length int64) bool {
	return length > 0 && position >= length-max(endTime, length/endPart)
}

// remember applies items to the own lists and to what was begun. Of two words
// about a title the later one counts, whichever comes first. Where what the
// devices show may be another, the library gets its next number: progress alone
// changes nothing that another device has to hear at once.
func (s *Service) remember(tx *store.Tx, now time.Time, acc protocol.AccountID, items []protocol.ActivityItem) error {
	shows, loud := false, make([]bool, len(items))
	for i, it := range items {
		loud[i] = loud[i] || it.What != protocol.Progress
		if j := superseded(it, items[i+1:]); j >= 0 {
			loud[i+1+j] = loud[i+1+j] || loud[i]
			continue
		}
		apply := progress
		if onList(it) {
			apply = list
		}
		changed, err := apply(tx, acc, it)
		if err != nil {
			return err
		}
		shows = shows || changed && loud[i]
	}
	if !shows {
		return nil
	}
	number, err := tx.BumpLibrary(acc, now)
	if err == nil && s.c.Watched != nil {
		tx.OnCommit(func() { s.c.Watched(acc, number) })
	}
	return err
}

// superseded returns which later item says all that it does, or -1.
func superseded(it protocol.ActivityItem, later []protocol.ActivityItem) int {
	return slices.IndexFunc(later, func(l protocol.ActivityItem) bool {
		return l.Profile == it.Profile && l.Title == it.Title && l.At >= it.At && onList(l) == onList(it) && (l.Length > 0 || it.Length == 0)
	})
}

// onList reports whether it is about the own list, not about watching.
func onList(it protocol.ActivityItem) bool {
	return it.What == protocol.Listed || it.What == protocol.Unlisted
}

// list puts a title on a profile's own list, or takes it off.
func list(tx *store.Tx, acc protocol.AccountID, it protocol.ActivityItem) (changed bool, err error) {
	rows, err := tx.OwnList(acc, it.Profile)
	if err != nil {
		return false, err
	}
	next := store.ListRow{Account: acc, Profile: it.Profile, Title: it.Title, Listed: it.What == protocol.Listed, At: it.At}
	left := map[bool]int{true: protocol.MaxOwnList, false: keptUnlisted}
	left[next.Listed]--
	for _, r := range rows { // the newest first
		if r.Title == it.Title {
			if r.At > it.At {
				return false, nil
			}
			continue
		}
		if left[r.Listed]--; left[r.Listed] < 0 {
			if err := tx.DropFromList(r); err != nil {
				return false, err
			}
		}
	}
	return true, tx.PutOnList(next)
}

// progress notes how far a profile is in a title.
func progress(tx *store.Tx, acc protocol.AccountID, it protocol.ActivityItem) (changed bool, err error) {
	next := store.ProgressRow{
		Account: acc, Profile: it.Profile,
		Watched: protocol.Watched{Title: it.Title, Position: it.Position, Length: it.Length, At: it.At},
	}
	before, err := tx.ProgressIn(acc, it.Profile, it.Title)
	switch {
	case errors.Is(err, store.ErrNotFound):
		err = makeRoom(tx, acc, it.Profile)
	case err == nil && before.At > it.At:
		return false, nil
	case next.Length == 0:
		next.Length = before.Length
	}
	if err != nil {
		return false, err
	}
	next.Done = seen(next.Position, next.Length)
	return true, tx.PutProgress(next)
}

// makeRoom forgets the titles that a profile began longest ago, so that one more
// can be kept.
func makeRoom(tx *store.Tx, acc protocol.AccountID, profile protocol.ProfileID) error {
	rows, err := tx.Progress(acc, profile)
	if err != nil {
		return err
	}
	for _, r := range rows[min(len(rows), keptBegun-1):] {
		if err := tx.DropProgress(r); err != nil {
			return err
		}
	}
	return nil
}

// library returns the frames that tell the libraries of all profiles.
func library(tx *store.Tx, acc protocol.AccountID, number int64) ([]protocol.Frame, error) {
	if number == 0 {
		return nil, nil // nothing was ever watched or listed
	}
	all, err := tx.Profiles(acc)
	if err != nil {
		return nil, err
	}
	lists, begun, err := tx.Libraries(acc)
	if err != nil {
		return nil, err
	}
	return libraryFrames(number, all, lists, begun), nil
}

// libraryFrames makes one frame for each profile, the last of which says so.
func libraryFrames(number int64, all []store.ProfileRow, lists []store.ListRow, begun []store.ProgressRow) []protocol.Frame {
	var out []protocol.Frame
	for i, p := range all {
		f := protocol.Library{Number: number, Profile: p.ID, Last: i == len(all)-1}
		for _, r := range lists {
			if r.Profile == p.ID && len(f.List) < protocol.MaxOwnList {
				f.List = append(f.List, r.Title)
			}
		}
		for _, r := range begun {
			if r.Profile == p.ID && len(f.Watched) < protocol.MaxWatched {
				f.Watched = append(f.Watched, r.Watched)
			}
		}
		out = append(out, f)
	}
	return out
}
