package web

import (
	"errors"
	"net/http"

	"github.com/nyaruka/phonenumbers"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/api"
)

// PhonePage adds or changes the phone number.
type PhonePage struct {
	Frame
	Problems   []Problem
	Now        string // the present number; empty: none
	Number     Field
	Current    Field
	SMS        bool // security notices go there too
	Everywhere bool
}

// NoSMSPage says that no number can be added, as nothing verifies it.
type NoSMSPage struct {
	Frame
	Now string // the present number; empty: none
}

// PhoneRemovePage asks before the number is removed.
type PhoneRemovePage struct {
	Frame
	Problems   []Problem
	Number     string
	Current    Field
	Everywhere bool
}

// phoneForm is what a person typed.
type phoneForm struct {
	number              string
	notices, everywhere bool
}

func (s *Site) phoneForm(v *visit) error {
	phone, err := s.c.Accounts.Phone(v.ctx(), v.session)
	if err != nil {
		return err
	}
	return s.showPhone(v, http.StatusOK, phoneForm{notices: phone.Notices}, nil)
}

func (s *Site) showPhone(v *visit, status int, f phoneForm, problem *Problem) error {
	phone, err := s.c.Accounts.Phone(v.ctx(), v.session)
	if err != nil {
		return err
	}
	if !s.c.Accounts.SendsSMS() {
		return v.show(status, NoSMSPage{v.frame("Phone number", "membership"), spaced(phone.Number)})
	}
	page := PhonePage{
		Frame: v.frame("Phone number", "membership"), Now: spaced(phone.Number), SMS: f.notices, Everywhere: f.everywhere,
		Current: currentField(),
		Number: Field{
			Name: "phone", Label: "Mobile number", Type: "tel", Value: f.number, Autocomplete: "tel", MaxLength: 40, Required: true,
			Hint: "As you would write it. With + and the country’s code it works from everywhere.", Focus: problem == nil,
		},
	}
	if problem != nil && !page.Number.mark(*problem) && !page.Current.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (s *Site) changePhone(v *visit) error {
	f := phoneForm{tidy(v.form("phone")), v.ticked("notices"), v.ticked("everywhere")}
	current := v.r.PostForm.Get("current")
	if !s.c.Accounts.SendsSMS() {
		return s.showPhone(v, http.StatusUnprocessableEntity, f, nil)
	}
	_, err := s.c.Accounts.ChangePhone(v.ctx(), v.now, v.session, current, f.number, v.region(), f.notices, f.everywhere)
	if err != nil {
		p, status, err := v.rejectedContact(err, "phone", "This is your number already.")
		if err != nil {
			return err
		}
		return s.showPhone(v, status, f, &p)
	}
	v.redirect(codeAddress(account.ChangesPhone))
	return nil
}

// region is the country of the browser's first language where it names one, for
// numbers written as at home: "de-CH" gives "CH".
func (v *visit) region() string { return api.Region(v.r) }

func (s *Site) phoneRemoveForm(v *visit) error {
	return s.showPhoneRemove(v, http.StatusOK, false, nil)
}

func (s *Site) showPhoneRemove(v *visit, status int, everywhere bool, problem *Problem) error {
	phone, err := s.c.Accounts.Phone(v.ctx(), v.session)
	if err != nil {
		return err
	}
	if phone.Number == "" {
		return v.done("noPhone", membershipPath)
	}
	page := PhoneRemovePage{
		Frame: v.frame("Remove the phone number", "membership"), Number: spaced(phone.Number), Current: currentField(), Everywhere: everywhere,
	}
	if problem != nil && !page.Current.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (s *Site) removePhone(v *visit) error {
	everywhere := v.ticked("everywhere")
	web, err := s.c.Accounts.RemovePhone(v.ctx(), v.now, v.session, v.r.PostForm.Get("current"), everywhere)
	if errors.Is(err, account.ErrNoPhone) {
		return v.done("noPhone", membershipPath)
	}
	if err != nil {
		p, status, err := v.rejectedContact(err, "current", "")
		if err != nil {
			return err
		}
		return s.showPhoneRemove(v, status, everywhere, &p)
	}
	return s.changed(v, web, "phoneRemoved")
}

// spaced writes an E.164 number as people do abroad: "+49 1512 3456789".
func spaced(number string) string {
	if number == "" {
		return ""
	}
	n, err := phonenumbers.Parse(number, "ZZ")
	if err != nil {
		return number
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}
