package api

import (
	"errors"
	"strconv"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/profile"
)

// maxPage bounds a page of activity.
const maxPage = 200

// viewingAnswer is one title that was watched.
type viewingAnswer struct {
	Device   string    `json:"device"`
	Name     string    `json:"device_name,omitempty"` // absent: the device is gone
	Profile  string    `json:"profile"`
	Title    string    `json:"title"`
	Called   string    `json:"title_name,omitempty"` // absent: nobody knows it
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Position int64     `json:"position_seconds"`
	Length   int64     `json:"length_seconds,omitempty"` // absent: not known
}

// sittingAnswer is one stretch of streaming.
type sittingAnswer struct {
	Device  string    `json:"device"`
	Name    string    `json:"device_name,omitempty"`
	Profile string    `json:"profile"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	IP      string    `json:"ip,omitempty"`    // absent: not kept any more
	Place   string    `json:"place,omitempty"` // approximate
}

// activity tells what was watched. Without a fresh proof it leaves locked
// profiles out, and says which, as the pages do (product rule P10); and as there, a
// browser that a child uses needs the proof for all of it.
func (a *API) activity(c *call) error {
	show, err := c.show()
	if err != nil {
		return err
	}
	show.Proved = c.who.Fresh(c.now)
	if !show.Proved {
		if err := a.adult(c); err != nil {
			return err
		}
	}
	list, err := a.cfg.Devices.Watched(c.ctx(), c.who.Account, show)
	out := make([]viewingAnswer, len(list.List))
	for i, w := range list.List {
		out[i] = viewingAnswer{
			string(w.Device), w.Name, string(w.Profile), string(w.Title), a.cfg.Titles(w.Title), w.From.UTC(), w.To.UTC(), w.Position, w.Length,
		}
	}
	withheld := make([]string, len(list.Withheld))
	for i, id := range list.Withheld {
		withheld[i] = string(id)
	}
	return c.ok(page(map[string]any{"viewings": out, "withheld": withheld}, list.Older), badPlace(err))
}

// adult refuses a caller with the pages' cookies in whose browser a child's profile
// was chosen.
func (a *API) adult(c *call) error {
	id := a.chosenProfile(c)
	if id == "" {
		return nil
	}
	list, err := a.cfg.Profiles.List(c.ctx(), c.who.Account)
	if err != nil {
		return err
	}
	for _, p := range list {
		if p.ID == id && profile.Child(p) {
			return account.ErrProofNeeded
		}
	}
	return nil
}

// streaming tells when and from where devices streamed: addresses need a proof.
func (a *API) streaming(c *call) error {
	show, err := c.show()
	if err != nil {
		return err
	}
	list, err := a.cfg.Devices.Streamed(c.ctx(), c.who.Account, show)
	out := make([]sittingAnswer, len(list.List))
	for i, s := range list.List {
		out[i] = sittingAnswer{string(s.Device), s.Name, string(s.Profile), s.From.UTC(), s.To.UTC(), s.IP, s.Place}
	}
	return c.ok(page(map[string]any{"streaming": out}, list.Older), badPlace(err))
}

// show reads which page of activity is asked for.
func (c *call) show() (device.Show, error) {
	q := c.r.URL.Query()
	show := device.Show{
		Profile: protocol.ProfileID(q.Get("profile")), Device: protocol.DeviceID(q.Get("device")), Before: q.Get("before"), N: listed,
	}
	if s := q.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > maxPage {
			return show, &badBody{"limit", "The limit is a number from 1 to 200."}
		}
		show.N = n
	}
	return show, first(
		text("profile", string(show.Profile), 0, maxShort),
		text("device", string(show.Device), 0, maxShort),
		text("before", show.Before, 0, maxShort),
	)
}

// page adds the place after an answer's last entry, where there is more.
func page(answer map[string]any, older string) map[string]any {
	if older != "" {
		answer["older"] = older
	}
	return answer
}

// badPlace says what is wrong with a place that nobody was given.
func badPlace(err error) error {
	if errors.Is(err, device.ErrCursor) {
		return &badBody{"before", "That is no place in the list. Take it from the member \"older\" of the page before."}
	}
	return err
}
