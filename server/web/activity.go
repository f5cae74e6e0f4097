package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/profile"
)

// ActivityPage lists what was watched, on which TV and by which profile. What
// locked profiles watched shows only after a proof (product rule P10).
type ActivityPage struct {
	Frame
	Kids     []KidCard // the parents' view; on the first page of everything only
	Choose   ActivityForm
	Of       *Face // the profile that is shown; nil: all
	Viewings []ViewingRow
	Withheld []Face // locked profiles that a proof would show
	Prove    string // address of the proof; empty: it was given
	Older    string // address of the next page; empty: this is the last
	Newest   string // address of the first; empty: this is it
	Kept     string // for how long activity is kept
}

// KidCard is what a kids profile watched lately.
type KidCard struct {
	Face     Face
	Titles   int           // that it watched within a week
	Lasting  time.Duration // of them
	Viewings []ViewingRow  // the newest few
	Hidden   bool          // it is locked, and there is no proof
	All      string        // address of everything that it watched
}

// ViewingRow is one title that was watched.
type ViewingRow struct {
	Title  string // empty: nobody knows it
	Face   *Face  // nil: the profile is deleted
	Device string // empty: the TV is gone
	From   time.Time
	To     time.Time
}

// Lasting is how long the title was watched, as far as the TV said.
func (r ViewingRow) Lasting() time.Duration { return r.To.Sub(r.From) }

// StreamingPage lists when and from where TVs streamed. It tells no titles.
type StreamingPage struct {
	Frame
	Choose        ActivityForm
	Sittings      []SittingRow
	Older, Newest string // as in ActivityPage
	KeptAddresses string
}

// SittingRow is one stretch of streaming.
type SittingRow struct {
	Face    *Face  // nil: the profile is deleted
	Device  string // empty: the TV is gone
	From    time.Time
	To      time.Time
	Address string // empty: not kept any more
	Place   string // approximate; empty: not known
}

// Lasting is how long it took, as far as the TV said.
func (r SittingRow) Lasting() time.Duration { return r.To.Sub(r.From) }

// ActivityForm chooses of which profile and TV a list is.
type ActivityForm struct {
	Action            string
	Profiles, Devices []Option
	Chosen            bool // not everything is shown
}

// Bounds of the lists.
const (
	activityShown = 40
	kidShown      = 3
	kidSince      = 7 * 24 * time.Hour
)

const (
	activityPath  = "/account/activity"
	streamingPath = "/account/activity/streaming"
)

// choice is what a visitor asks a list for.
type choice struct {
	path     string
	profile  protocol.ProfileID
	device   protocol.DeviceID
	before   string
	profiles []protocol.Profile
	devices  []device.Row
}

// choice reads the address. What is not the account's is not there.
func (s *Site) choice(v *visit, path string) (c choice, err error) {
	q := v.r.URL.Query()
	c = choice{path: path, profile: protocol.ProfileID(q.Get("profile")), device: protocol.DeviceID(q.Get("device")), before: q.Get("before")}
	if c.profiles, err = s.c.Profiles.List(v.ctx(), v.session.Account); err != nil {
		return c, err
	}
	if c.devices, err = s.c.Devices.List(v.ctx(), v.now, v.session.Account); err != nil {
		return c, err
	}
	known := c.profile == "" || slices.ContainsFunc(c.profiles, func(p protocol.Profile) bool { return p.ID == c.profile })
	if known = known && (c.device == "" || slices.ContainsFunc(c.devices, func(d device.Row) bool { return d.ID == c.device })); !known {
		return c, errNotFound
	}
	return c, nil
}

// everything reports whether nothing was chosen: the first page of all.
func (c choice) everything() bool { return c.profile == "" && c.device == "" && c.before == "" }

func (c choice) show(proved bool) device.Show {
	return device.Show{Profile: c.profile, Device: c.device, Before: c.before, N: activityShown, Proved: proved}
}

// address is that of the same list before a place in it; empty: the newest.
func (c choice) address(before string) string {
	q := url.Values{}
	for name, value := range map[string]string{"profile": string(c.profile), "device": string(c.device), "before": before} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return c.path
	}
	return c.path + "?" + q.Encode()
}

// pages returns the addresses of the next page and the first.
func (c choice) pages(older string) (next, newest string) {
	if older != "" {
		next = c.address(older)
	}
	if c.before != "" {
		newest = c.address("")
	}
	return next, newest
}

func (c choice) form() ActivityForm {
	f := ActivityForm{
		Action: c.path, Chosen: c.profile != "" || c.device != "",
		Profiles: []Option{{Label: "All profiles", Chosen: c.profile == ""}},
		Devices:  []Option{{Label: "All TVs", Chosen: c.device == ""}},
	}
	for _, p := range c.profiles {
		f.Profiles = append(f.Profiles, Option{Value: string(p.ID), Label: p.Name, Chosen: p.ID == c.profile})
	}
	for _, d := range c.devices {
		f.Devices = append(f.Devices, Option{Value: string(d.ID), Label: d.Name, Chosen: d.ID == c.device})
	}
	return f
}

// face returns who a profile is, or nil where it is deleted.
func (c choice) face(id protocol.ProfileID) *Face {
	for _, p := range c.profiles {
		if p.ID == id {
			f := faceOf(p)
			return &f
		}
	}
	return nil
}

// activity is open to whoever the household let in at this browser, as the TV's
// home is; a child sees it only with the owner's proof.
func (s *Site) activity(v *visit) error {
	c, err := s.choice(v, activityPath)
	if err != nil {
		return err
	}
	proved := v.session.Fresh(v.now)
	for _, p := range c.profiles {
		if p.ID == v.who.ID && profile.Child(p) && !proved {
			v.redirect(v.proofOf(v.here()))
			return nil
		}
	}
	list, err := s.c.Devices.Watched(v.ctx(), v.session.Account, c.show(proved))
	if errors.Is(err, device.ErrCursor) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	page := ActivityPage{Frame: v.frame("Activity", "activity"), Choose: c.form(), Of: c.face(c.profile), Viewings: s.viewings(c, list.List)}
	page.Older, page.Newest = c.pages(list.Older)
	for _, id := range list.Withheld {
		page.Withheld = append(page.Withheld, *c.face(id))
	}
	if !proved {
		page.Prove = v.proofOf(v.here())
	}
	kept, _ := s.c.Devices.Kept()
	page.Kept = days(kept)
	if c.everything() {
		if page.Kids, err = s.kidCards(v, c, proved); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, page)
}

// proofOf is the address that asks for a proof and then goes on to next.
func (v *visit) proofOf(next string) string { return "/proof?next=" + url.QueryEscape(next) }

func (s *Site) viewings(c choice, list []device.Viewing) []ViewingRow {
	var out []ViewingRow
	for _, w := range list {
		out = append(out, ViewingRow{Title: s.c.Titles(w.Title), Face: c.face(w.Profile), Device: w.Name, From: w.From, To: w.To})
	}
	return out
}

// kidCards is the parents' view (product rule P11).
func (s *Site) kidCards(v *visit, c choice, proved bool) ([]KidCard, error) {
	viewed, err := s.c.Devices.ViewedSince(v.ctx(), v.session.Account, v.now.Add(-kidSince))
	if err != nil {
		return nil, err
	}
	var out []KidCard
	for _, p := range c.profiles {
		if !p.Kids {
			continue
		}
		kid := choice{path: c.path, profile: p.ID}
		card := KidCard{Face: faceOf(p), All: kid.address(""), Hidden: p.Locked && !proved}
		if !card.Hidden {
			show := kid.show(proved)
			show.N = kidShown
			list, err := s.c.Devices.Watched(v.ctx(), v.session.Account, show)
			if err != nil {
				return nil, err
			}
			card.Titles, card.Lasting, card.Viewings = viewed[p.ID].Titles, viewed[p.ID].Lasting, s.viewings(c, list.List)
		}
		out = append(out, card)
	}
	return out, nil
}

// streaming tells addresses: it asks for a proof, as the devices do.
func (s *Site) streaming(v *visit) error {
	c, err := s.choice(v, streamingPath)
	if err != nil {
		return err
	}
	list, err := s.c.Devices.Streamed(v.ctx(), v.session.Account, c.show(true))
	if errors.Is(err, device.ErrCursor) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	page := StreamingPage{Frame: v.frame("Recent streaming", "activity"), Choose: c.form()}
	page.Older, page.Newest = c.pages(list.Older)
	_, kept := s.c.Devices.Kept()
	page.KeptAddresses = days(kept)
	for _, r := range list.List {
		page.Sittings = append(page.Sittings, SittingRow{
			Face: c.face(r.Profile), Device: r.Name, From: r.From, To: r.To, Address: r.IP, Place: r.Place,
		})
	}
	return v.show(http.StatusOK, page)
}

// days says how long something is kept.
func days(d time.Duration) string {
	n := int(d / (24 * time.Hour))
	if n%365 == 0 && n > 0 {
		return count(n/365, "year", "years")
	}
	return count(n, "day", "days")
}
