package web

import (
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
)

// ActivityPage lists what was watched, on which TV and by which profile.
type ActivityPage struct {
	Frame
	Viewings []ViewingRow
	Full     bool // there may be more than is shown
}

// ViewingRow is one title that was watched.
type ViewingRow struct {
	Title  string // empty: not on offer any more
	Face   *Face  // nil: the profile is deleted
	Device string // empty: the TV is gone
	From   time.Time
	To     time.Time
}

// Lasting is how long the title was watched, as far as the TV said.
func (r ViewingRow) Lasting() time.Duration { return r.To.Sub(r.From) }

// activityShown is how many viewings the page lists.
const activityShown = 100

// activity shows titles of locked profiles too: the page asks for a proof
// (product rule P10).
func (s *Site) activity(v *visit) error {
	list, err := s.c.Devices.Watched(v.ctx(), v.session.Account, device.Show{N: activityShown, Proved: true})
	if err != nil {
		return err
	}
	profiles, err := s.c.Profiles.List(v.ctx(), v.session.Account)
	if err != nil {
		return err
	}
	faces := map[protocol.ProfileID]*Face{}
	for _, p := range profiles {
		f := faceOf(p)
		faces[p.ID] = &f
	}
	page := ActivityPage{Frame: v.frame("Activity", "activity"), Full: list.Older != ""}
	for _, w := range list.List {
		page.Viewings = append(page.Viewings, ViewingRow{Title: s.c.Titles(w.Title), Face: faces[w.Profile], Device: w.Name, From: w.From, To: w.To})
	}
	return v.show(http.StatusOK, page)
}
