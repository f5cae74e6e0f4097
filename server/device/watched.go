package device

import (
	"context"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// Viewing is one title that a profile watched on a device without another one
// between.
type Viewing struct {
	Device   protocol.DeviceID
	Name     string // of the device now; empty: it is gone
	Profile  protocol.ProfileID
	Title    protocol.TitleID
	From, To time.Time // first and last word of it
	Position int64     // seconds from the start of the title, at the last word
}

// maxItems bounds the items that are read for a list of viewings.
const maxItems = 2000

// Watched returns the account's newest viewings, newest first, n at most. It is
// made of the newest 2,000 items: a list may be shorter than what there is.
func (s *Service) Watched(ctx context.Context, account protocol.AccountID, n int) ([]Viewing, error) {
	var out []Viewing
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		items, err := tx.Activity(account, maxItems)
		if err != nil {
			return err
		}
		devices, err := tx.Devices(account, maxListed)
		if err != nil {
			return err
		}
		out = viewings(items, n)
		for i := range out {
			for _, d := range devices {
				if d.ID == out[i].Device {
					out[i].Name = d.Name
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("watched: %w", err)
	}
	return out, nil
}

// viewings joins items, newest first, that follow each other on one device.
func viewings(items []store.ActivityRow, n int) []Viewing {
	var out []Viewing
	last := map[protocol.DeviceID]int{} // the oldest viewing of each device so far
	for _, it := range items {
		at := it.At.Time()
		i, seen := last[it.Device]
		if seen && out[i].Profile == it.Profile && out[i].Title == it.Title {
			out[i].From = at
			continue
		}
		if len(out) == n {
			delete(last, it.Device) // an older viewing ends the one that is shown
			continue
		}
		last[it.Device] = len(out)
		out = append(out, Viewing{Device: it.Device, Profile: it.Profile, Title: it.Title, From: at, To: at, Position: it.Position})
	}
	return out
}
