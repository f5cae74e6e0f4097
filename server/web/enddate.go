package web

import (
	"net/http"
	"strconv"
	"time"
)

// EndDatePage asks when a device is to be signed out by itself.
type EndDatePage struct {
	Frame
	Problems []Problem
	Device   DeviceCard
	Ends     EndField
}

// EndField is an end date that somebody types: in UTC, or where there is a script
// in the time zone of the browser, which it then names.
type EndField struct {
	Value string // layoutTyped, in UTC or as it was typed
	Zone  string // minutes east of UTC that Value was typed in; empty: none was given
	Error string
}

// layoutTyped is how a browser sends a date and time.
const layoutTyped = "2006-01-02T15:04"

// longestOffset is the most that a time zone differs from UTC.
const longestOffset = 14 * 60 // minutes

// endDate reads the end date of a form: zero where none was typed, ok false where
// it is no date.
func (v *visit) endDate() (ends time.Time, field EndField, ok bool) {
	field = EndField{Value: tidy(v.form("ends")), Zone: tidy(v.form("zone"))}
	if field.Value == "" {
		return time.Time{}, field, true
	}
	zone, err := strconv.Atoi(field.Zone)
	if field.Zone != "" && (err != nil || zone < -longestOffset || zone > longestOffset) {
		return time.Time{}, field, false
	}
	for _, layout := range []string{layoutTyped, layoutTyped + ":05", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, field.Value); err == nil {
			return t.Add(-time.Duration(zone) * time.Minute), field, true
		}
	}
	return time.Time{}, field, false
}

// noDate is what a form says of a date that cannot be read.
const noDate = "That is no date and time. Write it like 2026-12-12T11:00."

func (s *Site) endDateForm(v *visit) error {
	d, err := s.card(v)
	if err != nil {
		return err
	}
	if !d.CanSignOut() {
		return errNotFound
	}
	field := EndField{}
	if !d.Ends.IsZero() {
		field.Value = d.Ends.UTC().Format(layoutTyped)
	}
	return s.showEndDate(v, http.StatusOK, d, field, nil)
}

func (s *Site) showEndDate(v *visit, status int, d DeviceCard, field EndField, problem *Problem) error {
	page := EndDatePage{Frame: v.frame("End date of "+d.Name, "devices"), Device: d, Ends: field}
	if problem != nil && problem.Field == "ends" {
		page.Ends.Error = problem.Text
	} else if problem != nil {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (s *Site) setEndDate(v *visit) error {
	d, err := s.card(v)
	if err != nil {
		return err
	}
	ends, field, ok := v.endDate()
	if !ok {
		return s.showEndDate(v, http.StatusUnprocessableEntity, d, field, &Problem{"ends", noDate})
	}
	notice := noticeID("endDate")
	if v.form("do") == "none" || ends.IsZero() {
		ends, notice = time.Time{}, "noEndDate"
	}
	if err := s.c.Devices.SetEndDate(v.ctx(), v.now, v.session, d.ID, ends); err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showEndDate(v, status, d, field, &p)
	}
	s.Changed(v.session.Account)
	return v.done(notice, "/account/devices")
}
