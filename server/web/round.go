package web

import (
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// roundShown is how long a sign-out everywhere stays on the board after the last
// device confirmed it.
const roundShown = 24 * time.Hour

// everywhere reports whether a device left with all others.
func everywhere(d DeviceCard) bool { return d.By == protocol.ByAll || d.By == protocol.ByPassword }

// lastRound is when the last sign-out everywhere was that a device is still out
// by; zero: none.
func lastRound(cards []DeviceCard) time.Time {
	var at time.Time
	for _, d := range cards {
		if everywhere(d) && d.ChangedAt.After(at) {
			at = d.ChangedAt
		}
	}
	return at
}

// roundOf finds the last sign-out everywhere among the devices that it
// concerned, while it is unfinished or fresh. A device stays counted when it is
// deactivated or signed in again since: a number on the board never shrinks to what
// looks like success. happened is the account's timeline, newest first.
func roundOf(now time.Time, cards []DeviceCard, happened []timeline.Entry) *Round {
	r := Round{At: lastRound(cards)}
	if r.At.IsZero() {
		return nil
	}
	finished := r.At
	for _, d := range cards {
		confirmed, in := r.outcome(d, happened)
		switch {
		case !in:
			continue
		case confirmed.IsZero():
			r.Waiting = append(r.Waiting, d)
		default:
			r.Confirmed++
			if confirmed.After(finished) {
				finished = confirmed
			}
		}
		r.Total++
	}
	if r.Done() && now.Sub(finished) > roundShown {
		return nil
	}
	r.Changed = slices.ContainsFunc(happened, func(e timeline.Entry) bool {
		return e.Kind == timeline.PasswordChanged && !e.At.Before(r.At)
	})
	return &r
}

// outcome returns when a device confirmed that it was signed out in r, zero for not
// yet, and whether r concerned it at all.
func (r Round) outcome(d DeviceCard, happened []timeline.Entry) (confirmed time.Time, in bool) {
	switch {
	case everywhere(d) && d.ChangedAt.Equal(r.At):
		return d.Confirmed, true
	case d.Since.After(r.At): // signed in again, if it was there before
		return firstConfirmed(d.ID, r.At, happened)
	case d.CanReport() || !d.ChangedAt.After(r.At) || (!d.Left.IsZero() && d.Left.Before(r.At)):
		return time.Time{}, false
	case !d.Left.IsZero():
		return d.Left, true
	}
	return d.Confirmed, true // something stricter was done to it since
}

// firstConfirmed looks for the first thing that is known of a device from since
// on: a receipt, where it left then.
func firstConfirmed(id protocol.DeviceID, since time.Time, happened []timeline.Entry) (time.Time, bool) {
	for _, e := range slices.Backward(happened) {
		if e.Device != id || e.At.Before(since) {
			continue
		}
		switch e.Kind {
		case timeline.DeviceConfirmed:
			return e.At, true
		case timeline.DeviceAdded:
			return time.Time{}, false
		}
	}
	return time.Time{}, false
}
