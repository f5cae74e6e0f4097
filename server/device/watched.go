package device

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// ErrCursor means that a place in a list is none.
var ErrCursor = errors.New("device: not a place in the list")

// maxShown bounds one page of a list.
const maxShown = 200

// Show chooses a page of what was watched.
type Show struct {
	Profile protocol.ProfileID // empty: of every profile
	Device  protocol.DeviceID  // empty: on every device
	Before  string             // Older of the page before; empty: from the newest
	N       int                // 1 to 200
	// Proved says that the owner was proved just now (product rule A8). Without
	// it what locked profiles watched is left out (P10), and what deleted ones
	// did, which may have been locked.
	Proved bool
}

// Viewing is one title that a profile watched on a device.
type Viewing struct {
	Device   protocol.DeviceID
	Name     string // of the device now; empty: it is gone
	Profile  protocol.ProfileID
	Title    protocol.TitleID
	From, To time.Time // first and last word of it
	Position int64     // seconds from the start of the title, at the last word
	Length   int64     // of the title, seconds; 0: not known
}

// Viewings is a page of viewings, newest first.
type Viewings struct {
	List     []Viewing
	Older    string               // for Show.Before; empty: there is nothing older
	Withheld []protocol.ProfileID // locked profiles that a proof would show
}

// Sitting is one stretch of streaming: a profile on a device, from one place,
// without a pause of more than an hour.
type Sitting struct {
	Device   protocol.DeviceID
	Name     string // of the device now; empty: it is gone
	Profile  protocol.ProfileID
	From, To time.Time
	IP       string // empty: not known any more
	Place    string // approximate; empty: not known
}

// Sittings is a page of sittings, newest first.
type Sittings struct {
	List  []Sitting
	Older string // as in Viewings
}

// Watched returns a page of what the account's profiles watched. Errors: ErrCursor.
func (s *Service) Watched(ctx context.Context, acc protocol.AccountID, show Show) (Viewings, error) {
	var out Viewings
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		q, err := show.query(acc)
		if err != nil {
			return err
		}
		if !show.Proved {
			if q.Only, out.Withheld, err = unlocked(tx, acc, show.Profile); err != nil {
				return err
			}
		}
		rows, names, err := page(tx, acc, q, tx.Activity)
		if err != nil {
			return err
		}
		rows, out.Older = cut(rows, show.N)
		for _, r := range rows {
			out.List = append(out.List, Viewing{
				Device: r.Device, Name: names[r.Device], Profile: r.Profile, Title: r.Title,
				From: r.At.Time(), To: r.Ended.Time(), Position: r.Position, Length: r.Length,
			})
		}
		return nil
	})
	if err != nil {
		return Viewings{}, fmt.Errorf("watched: %w", err)
	}
	return out, nil
}

// Streamed returns a page of when and from where the account's devices streamed.
// It tells no titles; show.Proved changes nothing. Errors: ErrCursor.
func (s *Service) Streamed(ctx context.Context, acc protocol.AccountID, show Show) (Sittings, error) {
	var out Sittings
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		q, err := show.query(acc)
		if err != nil {
			return err
		}
		rows, names, err := page(tx, acc, q, tx.Sittings)
		if err != nil {
			return err
		}
		rows, out.Older = cut(rows, show.N)
		for _, r := range rows {
			out.List = append(out.List, Sitting{
				Device: r.Device, Name: names[r.Device], Profile: r.Profile,
				From: r.At.Time(), To: r.Ended.Time(), IP: r.IP, Place: r.Place,
			})
		}
		return nil
	})
	if err != nil {
		return Sittings{}, fmt.Errorf("streamed: %w", err)
	}
	return out, nil
}

// Kept tells for how long activity is kept, and its addresses and places.
func (s *Service) Kept() (activity, addresses time.Duration) {
	return s.c.KeepActivity, s.c.KeepAddresses
}

// Viewed is how much a profile watched.
type Viewed struct {
	Titles  int           // each once
	Lasting time.Duration // as far as the devices said
}

// ViewedSince returns how much each profile watched from t on; profiles that
// watched nothing are left out.
func (s *Service) ViewedSince(ctx context.Context, acc protocol.AccountID, t time.Time) (map[protocol.ProfileID]Viewed, error) {
	out := map[protocol.ProfileID]Viewed{}
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.ViewedSince(acc, t)
		for p, v := range rows {
			out[p] = Viewed(v)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("viewed: %w", err)
	}
	return out, nil
}

// unlocked returns the account's profiles without a lock (never nil), and those
// with one: all, or only the one given.
func unlocked(tx *store.Tx, acc protocol.AccountID, only protocol.ProfileID) (open, locked []protocol.ProfileID, err error) {
	all, err := tx.Profiles(acc)
	open = []protocol.ProfileID{}
	for _, p := range all {
		switch {
		case only != "" && only != p.ID:
		case p.Locked:
			locked = append(locked, p.ID)
		default:
			open = append(open, p.ID)
		}
	}
	return open, locked, err
}

// page reads one row more than is shown, and the devices' names.
func page(tx *store.Tx, acc protocol.AccountID, q store.ActivityQuery, read func(store.ActivityQuery) ([]store.ActivityRow, error)) ([]store.ActivityRow, map[protocol.DeviceID]string, error) {
	rows, err := read(q)
	if err != nil {
		return nil, nil, err
	}
	devices, err := tx.Devices(acc, maxListed)
	names := make(map[protocol.DeviceID]string, len(devices))
	for _, d := range devices {
		names[d.ID] = d.Name
	}
	return rows, names, err
}

// cut returns the first n rows and, where there are more, the place after them.
func cut(rows []store.ActivityRow, n int) ([]store.ActivityRow, string) {
	if len(rows) <= n {
		return rows, ""
	}
	p := rows[n-1].PlaceOf()
	return rows[:n], fmt.Sprintf("%d.%s.%d.%d", p.At, p.Device, p.Epoch, p.Seq)
}

func (show Show) query(acc protocol.AccountID) (store.ActivityQuery, error) {
	if show.N < 1 || show.N > maxShown {
		return store.ActivityQuery{}, fmt.Errorf("%w: %d rows, want 1 to %d", ErrCursor, show.N, maxShown)
	}
	before, err := parsePlace(show.Before)
	return store.ActivityQuery{Account: acc, Profile: show.Profile, Device: show.Device, Before: before, Limit: show.N + 1}, err
}

// parsePlace reads what cut made.
func parsePlace(s string) (p store.ActivityPlace, err error) {
	if s == "" {
		return p, nil
	}
	fields := strings.Split(s, ".")
	if len(fields) != 4 || len(s) > 128 {
		return p, ErrCursor
	}
	numbers := [3]int64{}
	for i, f := range []string{fields[0], fields[2], fields[3]} {
		if numbers[i], err = strconv.ParseInt(f, 10, 64); err != nil || numbers[i] < 0 {
			return p, ErrCursor
		}
	}
	return store.ActivityPlace{
		At: protocol.Millis(numbers[0]), Device: protocol.DeviceID(fields[1]), Epoch: protocol.Epoch(numbers[1]), Seq: numbers[2],
	}, nil
}
