package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// board reads everything that the devices page shows. who is the profile that
// was chosen in the browser that asks.
func (s *Site) board(ctx context.Context, now time.Time, sess account.Session, who *Face) (Board, error) {
	rows, err := s.c.Devices.List(ctx, now, sess.Account)
	if err != nil {
		return Board{}, err
	}
	profiles, err := s.c.Profiles.List(ctx, sess.Account)
	if err != nil {
		return Board{}, err
	}
	webs, err := s.c.Accounts.Sessions(ctx, sess)
	if err != nil {
		return Board{}, err
	}
	b := Board{Now: now, Devices: cardsOf(now, rows, profiles), Webs: websOf(webs, who)}
	if b.Restored, err = s.c.Devices.LastRestored(ctx, now); err != nil {
		return Board{}, err
	}
	if lastRound(b.Devices).IsZero() {
		return b, nil
	}
	happened, err := s.c.Timeline(ctx, sess.Account, "", timeline.MaxPage)
	b.Round = roundOf(now, b.Devices, happened)
	return b, err
}

// cardsOf orders the devices so that nothing jumps while one looks at it: what
// is signed in by name, then what left, the latest first.
func cardsOf(now time.Time, rows []device.Row, profiles []protocol.Profile) []DeviceCard {
	faces := map[protocol.ProfileID]Face{}
	for _, p := range profiles {
		faces[p.ID] = faceOf(p)
	}
	cards := make([]DeviceCard, 0, len(rows))
	for _, r := range rows {
		cards = append(cards, cardOf(now, r, faces))
	}
	slices.SortStableFunc(cards, func(a, b DeviceCard) int {
		switch {
		case a.State.SignedIn() && b.State.SignedIn():
			if c := natural(a.Name, b.Name); c != 0 {
				return c
			}
			return strings.Compare(string(a.ID), string(b.ID))
		case a.State.SignedIn():
			return -1
		case b.State.SignedIn():
			return 1
		}
		return b.ChangedAt.Compare(a.ChangedAt)
	})
	return cards
}

func cardOf(now time.Time, r device.Row, faces map[protocol.ProfileID]Face) DeviceCard {
	d := DeviceCard{
		ID: r.ID, Name: r.Name, Model: r.Model, Kind: kindWord(r.Kind), Icon: "tv", Address: r.IP, Place: r.Place,
		First: r.FirstSeen, Last: r.LastSeen, Online: r.Online,
		Status: r.Wish.Status, By: r.Wish.By, ChangedAt: r.Wish.Since, Confirmed: r.Wish.Confirmed, Left: r.Wish.Left, Ends: r.Ends, Since: r.SignedIn, Epoch: r.Epoch,
		State: stateOf(r),
	}
	if d.Online {
		d.Last = time.Time{} // it is now; the board would change with every frame
	}
	if face, ok := faces[r.Profile]; ok && d.State == StateActive {
		d.Profile = &face
	}
	if bound := r.Wish.Bound; !bound.LocksBy.IsZero() {
		d.Bound = &Bound{LocksBy: bound.LocksBy, Further: bound.FurtherUse, Past: !now.Before(bound.LocksBy)}
	}
	return d
}

func stateOf(r device.Row) CardState {
	switch {
	case r.Wish.Status == protocol.Active:
		return StateActive
	case !r.Wish.Confirmed.IsZero():
		return StateConfirmed
	case r.Online:
		return StateAsked
	}
	return StateUnreached
}

func websOf(list []account.Listed, who *Face) []WebCard {
	out := make([]WebCard, 0, len(list))
	for _, l := range list {
		w := WebCard{
			ID: string(l.ID), Name: l.Client.Agent, Icon: "laptop", Address: l.Client.IP, Place: l.Client.Place,
			First: l.Created, Last: l.LastSeen, This: l.Current,
		}
		if w.Name == "" {
			w.Name = "A browser"
		}
		if onPhone(w.Name) {
			w.Icon = "phone"
		}
		if w.This {
			w.Profile, w.Last = who, time.Time{}
		}
		out = append(out, w)
	}
	slices.SortStableFunc(out, func(a, b WebCard) int {
		if a.This != b.This {
			if a.This {
				return -1
			}
			return 1
		}
		return b.First.Compare(a.First)
	})
	return out
}

// onPhone reports whether a browser's name is that of a phone or tablet.
func onPhone(name string) bool {
	return strings.HasSuffix(name, "Android") || strings.HasSuffix(name, "iOS")
}
