package api

import "time"

// setEndDate sets when a device is signed out by itself.
func (a *API) setEndDate(c *call) error {
	var in struct {
		Ends string `json:"ends"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	id, err := c.knownDevice()
	if err := first(err, text("ends", in.Ends, 1, maxShort)); err != nil {
		return err
	}
	ends, err := endDate(in.Ends)
	if err != nil {
		return err
	}
	return c.done(a.cfg.Devices.SetEndDate(c.ctx(), c.now, c.who, id, ends))
}

// removeEndDate lets a device stay signed in.
func (a *API) removeEndDate(c *call) error {
	id, err := c.knownDevice()
	if err != nil {
		return err
	}
	return c.done(a.cfg.Devices.SetEndDate(c.ctx(), c.now, c.who, id, time.Time{}))
}

// endDate reads an end date: RFC 3339, or "" for none.
func endDate(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, &badBody{"ends", `The member "ends" is no date and time, such as 2026-12-12T11:00:00Z.`}
	}
	return t.UTC(), nil
}
