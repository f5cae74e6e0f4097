package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
)

// StolenPage asks before a device is reported stolen.
type StolenPage struct {
	Frame
	Device DeviceCard
}

// TheftPage shows what a stolen device reported.
type TheftPage struct {
	Frame
	Device  DeviceCard
	Reports []TheftReport // the newest first
	Most    int           // reports that are kept
	Days    int           // for how long each is
	Command string        // that checks the download
	Root    string        // the server's root key
}

// TheftReport is a stay of a stolen device at one address.
type TheftReport struct {
	What         string
	Since, Until time.Time // Until is zero where nothing is known of an end
	Now          bool      // it is connected from there
	Times        int
	Address      string
	Place        string // approximate
}

// FinishPage asks before a stolen device is finished.
type FinishPage struct {
	Frame
	Device  DeviceCard
	Reports int
}

// stolen asks whether a device is to be reported stolen, or shows what one that
// was reported has told since.
func (s *Site) stolen(v *visit) error {
	d, err := s.card(v)
	switch {
	case err != nil:
		return err
	case d.Status == protocol.Stolen:
		return s.showTheft(v, d)
	case !d.CanReport():
		return errNotFound
	}
	return v.show(http.StatusOK, StolenPage{Frame: v.frame("Report "+d.Name+" stolen", "devices"), Device: d})
}

func (s *Site) reportStolen(v *visit) error {
	if err := s.c.Devices.ReportStolen(v.ctx(), v.now, v.session, pathDevice(v)); err != nil {
		return err
	}
	s.Changed(v.session.Account)
	return v.done("deviceStolen", "/account/devices")
}

func (s *Site) showTheft(v *visit, d DeviceCard) error {
	theft, err := s.theft(v, d.ID)
	if err != nil {
		return err
	}
	file, err := s.c.Devices.SignedReports(v.ctx(), v.now, v.session.Account, d.ID)
	if err != nil {
		return err
	}
	page := TheftPage{
		Frame: v.frame("Reports of "+d.Name, "devices"), Device: d, Most: protocol.MaxReports,
		Days:    int(s.c.Devices.KeptAddresses().Hours() / 24),
		Command: "hearthkey verify-reports " + reportsName(d.ID), Root: base64.RawURLEncoding.EncodeToString(file.Root),
	}
	for _, r := range theft.Reports {
		page.Reports = append(page.Reports, theftReportOf(r))
	}
	return v.show(http.StatusOK, page)
}

// orNotFound answers as for an unknown device where one is not stolen.
func orNotFound(err error) error {
	if errors.Is(err, device.ErrNotStolen) {
		return errNotFound
	}
	return err
}

// theft returns what a stolen device reported; errNotFound for any other.
func (s *Site) theft(v *visit, id protocol.DeviceID) (device.Theft, error) {
	t, err := s.c.Devices.Theft(v.ctx(), v.now, v.session.Account, id)
	return t, orNotFound(err)
}

func theftReportOf(r device.StolenReport) TheftReport {
	what := map[protocol.ReportKind]string{
		protocol.ReportLastContact:   "Last heard before you reported it",
		protocol.ReportConnection:    "Connected",
		protocol.ReportSignInRefused: "Somebody tried to sign it in: refused",
	}[r.How]
	return TheftReport{
		What: what, Since: r.Since, Until: r.Until, Now: r.Now, Times: r.Times, Address: r.IP, Place: r.Place,
	}
}

func (s *Site) finishForm(v *visit) error {
	d, err := s.card(v)
	if err != nil {
		return err
	}
	t, err := s.theft(v, d.ID)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, FinishPage{Frame: v.frame("Finish "+d.Name, "devices"), Device: d, Reports: len(t.Reports)})
}

func (s *Site) finish(v *visit) error {
	if err := s.c.Devices.Finish(v.ctx(), v.now, v.session, pathDevice(v)); err != nil {
		return orNotFound(err)
	}
	s.Changed(v.session.Account)
	return v.done("deviceFinished", "/account/devices")
}

func reportsName(id protocol.DeviceID) string { return "reports-" + string(id) + ".json" }

// reportsFile is the signed reports with all that is needed to check them.
func (s *Site) reportsFile(v *visit) error {
	f, err := s.c.Devices.SignedReports(v.ctx(), v.now, v.session.Account, pathDevice(v))
	if err != nil {
		return orNotFound(err)
	}
	return v.download(reportsName(pathDevice(v)), f)
}

// download sends v as a file of JSON.
func (v *visit) download(name string, content any) error {
	data, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	v.w.Write(append(data, '\n'))
	return nil
}
