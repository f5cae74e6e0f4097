package api

import (
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// maxRegion bounds a region, in bytes: "DE".
const maxRegion = 8

// contactAnswer is how the account is reached.
type contactAnswer struct {
	Email string       `json:"email"`
	Phone *phoneAnswer `json:"phone,omitempty"`
	SMS   bool         `json:"sms"` // the service sends text messages
	// Reset is when support gives the account another address.
	Reset time.Time `json:"reset,omitzero"`
}

type phoneAnswer struct {
	Number  string    `json:"number"`
	Proved  time.Time `json:"proved"`
	Notices bool      `json:"notices"`
}

func (a *API) contact(c *call) error {
	phone, err := a.cfg.Accounts.Phone(c.ctx(), c.who)
	out := contactAnswer{Email: c.who.Email, SMS: a.cfg.Accounts.SendsSMS()}
	if phone.Number != "" {
		out.Phone = &phoneAnswer{phone.Number, phone.Proved.UTC(), phone.Notices}
	}
	if err != nil {
		return err
	}
	reset, err := a.cfg.Accounts.ContactReset(c.ctx(), c.who)
	out.Reset = utc(reset)
	return c.ok(out, err)
}

func (a *API) liftContactReset(c *call) error {
	return c.done(a.cfg.Accounts.LiftContactReset(c.ctx(), c.now, c.who))
}

// changeAnswer is a change that waits for its access code.
type changeAnswer struct {
	Kind string     `json:"kind"`
	To   string     `json:"to,omitempty"` // what is new
	Code codeAnswer `json:"code"`
}

func changeOf(ch account.Change) changeAnswer {
	return changeAnswer{string(ch.Kind), ch.To, codeOf(ch.Sent)}
}

func codeOf(s account.CodeSent) codeAnswer {
	return codeAnswer{string(s.Channel), s.To, s.Expires.UTC(), s.ResendAt.UTC()}
}

func (a *API) changeEmail(c *call) error {
	var in struct {
		Email      string `json:"email"`
		Current    string `json:"current"`
		Everywhere bool   `json:"everywhere"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := first(text("email", in.Email, 1, maxEmail), text("current", in.Current, 0, maxPassword)); err != nil {
		return err
	}
	ch, err := a.cfg.Accounts.ChangeEmail(c.ctx(), c.now, c.who, in.Current, in.Email, in.Everywhere)
	return c.accepted(changeOf(ch), err)
}

func (a *API) changePhone(c *call) error {
	var in struct {
		Number     string `json:"number"`
		Region     string `json:"region"`
		Current    string `json:"current"`
		Notices    bool   `json:"notices"`
		Everywhere bool   `json:"everywhere"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := first(
		text("number", in.Number, 1, maxShort),
		text("region", in.Region, 0, maxRegion),
		text("current", in.Current, 1, maxPassword),
	); err != nil {
		return err
	}
	ch, err := a.cfg.Accounts.ChangePhone(c.ctx(), c.now, c.who, in.Current, in.Number, in.Region, in.Notices, in.Everywhere)
	return c.accepted(changeOf(ch), err)
}

func (a *API) removePhone(c *call) error {
	var in struct {
		Current    string `json:"current"`
		Everywhere bool   `json:"everywhere"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := text("current", in.Current, 1, maxPassword); err != nil {
		return err
	}
	web, err := a.cfg.Accounts.RemovePhone(c.ctx(), c.now, c.who, in.Current, in.Everywhere)
	return a.renewed(c, web, err)
}

// change names what waits for a code in this session.
func (c *call) change() account.ChangeKind { return account.ChangeKind(c.r.PathValue("kind")) }

func (a *API) waitingChange(c *call) error {
	ch, err := a.cfg.Accounts.Waiting(c.ctx(), c.now, c.who, c.change())
	return c.ok(changeOf(ch), err)
}

func (a *API) resendChange(c *call) error {
	ch, err := a.cfg.Accounts.ResendChange(c.ctx(), c.now, c.who, c.change())
	return c.accepted(changeOf(ch), err)
}

func (a *API) confirmChange(c *call) error {
	var in struct {
		Code string `json:"code"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := text("code", in.Code, 1, maxShort); err != nil {
		return err
	}
	web, err := a.cfg.Accounts.ConfirmChange(c.ctx(), c.now, c.who, c.change(), in.Code)
	return a.renewed(c, web, err)
}

// preferencesBody is what an owner chose about security. All are said each
// time, so that nothing is switched by being left out.
type preferencesBody struct {
	CodeOnNewDevice *bool `json:"code_on_new_device"`
	SignInMails     *bool `json:"sign_in_mails"`
	RemindDevices   *bool `json:"remind_devices"`
	RemindPassword  *bool `json:"remind_password"`
	SMSNotices      *bool `json:"sms_notices"`
}

func (a *API) preferences(c *call) error {
	p, err := a.cfg.Accounts.Preferences(c.ctx(), c.who)
	return c.ok(preferencesBody{&p.CodeOnNewDevice, &p.SignInMails, &p.RemindDevices, &p.RemindPassword, &p.SMSNotices}, err)
}

func (a *API) setPreferences(c *call) error {
	var in preferencesBody
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := first(
		present("code_on_new_device", in.CodeOnNewDevice),
		present("sign_in_mails", in.SignInMails),
		present("remind_devices", in.RemindDevices),
		present("remind_password", in.RemindPassword),
		present("sms_notices", in.SMSNotices),
	); err != nil {
		return err
	}
	return c.done(a.cfg.Accounts.SetPreferences(c.ctx(), c.now, c.who, account.Preferences{
		CodeOnNewDevice: *in.CodeOnNewDevice, SignInMails: *in.SignInMails,
		RemindDevices: *in.RemindDevices, RemindPassword: *in.RemindPassword, SMSNotices: *in.SMSNotices,
	}))
}

// setLanguage changes what the account's mails, pages and TVs speak.
func (a *API) setLanguage(c *call) error {
	var in struct {
		Language string `json:"language"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := text("language", in.Language, 1, maxLanguage); err != nil {
		return err
	}
	who, err := a.cfg.Accounts.SetLanguage(c.ctx(), c.now, c.who, in.Language)
	return c.ok(sessionOf("", who), err)
}

// bounceAnswer is a message that did not arrive.
type bounceAnswer struct {
	ID      string    `json:"id"`
	Channel string    `json:"channel"`
	To      string    `json:"to"`
	Kind    string    `json:"kind"`
	Subject string    `json:"subject,omitempty"`
	At      time.Time `json:"at"`
	Reason  string    `json:"reason"`
}

// listed is how many entries a list without pages has at most.
const listed = 100

func (a *API) bounces(c *call) error {
	list, err := a.cfg.Bounces(c.ctx(), c.who.Account, listed)
	out := make([]bounceAnswer, len(list))
	for i, b := range list {
		out[i] = bounceAnswer{b.ID, string(b.Channel), b.To, b.Kind, b.Subject, b.At.UTC(), b.Reason}
	}
	return c.ok(map[string]any{"bounces": out}, err)
}
