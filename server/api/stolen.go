package api

import (
	"time"

	"github.com/hearthkey/hearthkey/server/device"
)

func (a *API) reportStolen(c *call) error {
	id, err := c.knownDevice()
	if err != nil {
		return err
	}
	return c.done(a.cfg.Devices.ReportStolen(c.ctx(), c.now, c.who, id))
}

func (a *API) finishStolen(c *call) error {
	id, err := c.knownDevice()
	if err != nil {
		return err
	}
	return c.done(a.cfg.Devices.Finish(c.ctx(), c.now, c.who, id))
}

// reportAnswer is a stay of a stolen device at one address.
type reportAnswer struct {
	How   string    `json:"how"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until,omitzero"` // absent: not known to have ended
	Now   bool      `json:"now"`
	Times int       `json:"times"`
	IP    string    `json:"ip,omitempty"`
	Place string    `json:"place,omitempty"`
}

func reportOf(r device.StolenReport) reportAnswer {
	return reportAnswer{string(r.How), r.Since.UTC(), utc(r.Until), r.Now, r.Times, r.IP, r.Place}
}

func (a *API) stolenReports(c *call) error {
	id, err := c.knownDevice()
	if err != nil {
		return err
	}
	t, err := a.cfg.Devices.Theft(c.ctx(), c.now, c.who.Account, id)
	out := make([]reportAnswer, len(t.Reports))
	for i, r := range t.Reports {
		out[i] = reportOf(r)
	}
	return c.ok(map[string]any{"reports": out}, err)
}

// signedReports answers with the file that "hearthkey verify-reports" reads.
func (a *API) signedReports(c *call) error {
	id, err := c.knownDevice()
	if err != nil {
		return err
	}
	f, err := a.cfg.Devices.SignedReports(c.ctx(), c.now, c.who.Account, id)
	return c.ok(f, err)
}
