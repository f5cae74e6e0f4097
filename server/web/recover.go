package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// Recovery (product rule V10) in four pages: who, the code, a new password,
// done. A known and an unknown account see the same of the first two.
const recoverPath = "/recover"

// RecoverPage asks whose password is lost and which way a code should go.
type RecoverPage struct {
	Frame
	Problems []Problem
	Login    Field
	SMS      bool // chosen
}

// RecoverCodePage asks for the code.
type RecoverCodePage struct {
	Frame
	Problems []Problem
	Typed    string // what was typed on the page before
	Safety   *Safety
	Code     Field
	Sent     CodeState
}

// Safety is what "It wasn't me" did, as the pages after it tell.
type Safety struct {
	Reverted bool // address, number and second factor are what they were
	Profiles bool // and profiles and their locks
}

func (r recovering) safety() *Safety {
	if !r.Safe {
		return nil
	}
	return &Safety{r.Back, r.Family}
}

// RecoverPasswordPage asks for the new password.
type RecoverPasswordPage struct {
	Frame
	Problems   []Problem
	Typed      string  // for password managers; may be empty
	Safety     *Safety // after "It wasn't me": what was done is told first
	New, Again Field
}

// RecoverDonePage says what a recovery did, and what comes next.
type RecoverDonePage struct{ Frame }

// recovering is a recovery under way in this browser. Nothing in it is trusted
// but as a secret to look up and words to show to the same person.
type recovering struct {
	ID     string           `json:"id"`
	Typed  string           `json:"typed,omitempty"`
	Sent   account.CodeSent `json:"sent"`
	Proved bool             `json:"proved,omitempty"`
	Safe   bool             `json:"safe,omitempty"`     // it began with "It wasn't me"
	Back   bool             `json:"reverted,omitempty"` // and undid a chain of changes
	Family bool             `json:"profiles,omitempty"` // and changes of profiles
	Done   bool             `json:"done,omitempty"`
}

func (v *visit) keepRecovery(r recovering) {
	data, err := json.Marshal(r)
	if err != nil {
		return // cannot happen: text and times
	}
	v.put(cookieRecover, base64.RawURLEncoding.EncodeToString(data), time.Hour)
}

func (v *visit) recovery() (recovering, bool) {
	var r recovering
	data, err := base64.RawURLEncoding.DecodeString(v.cookie(cookieRecover))
	if err != nil || json.Unmarshal(data, &r) != nil || r.ID == "" {
		return recovering{}, false
	}
	return r, true
}

func (v *visit) recoveryOver() error {
	v.drop(cookieRecover)
	return v.done("recoverOver", recoverPath)
}

func (s *Site) recoverForm(v *visit) error { return s.showRecover(v, http.StatusOK, "", false, nil) }

func (s *Site) showRecover(v *visit, status int, login string, sms bool, problem *Problem) error {
	page := RecoverPage{Frame: v.frame("Recover your account", ""), Login: loginField(login)}
	page.SMS = sms && page.CanSMS
	page.Login.Autocomplete = "username"
	page.Login.Focus = problem == nil
	if problem != nil && !page.Login.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

// channel is the way for a code that a form asks for: by mail unless it says
// otherwise.
func (v *visit) channel() account.Channel {
	if v.form("channel") == string(account.BySMS) {
		return account.BySMS
	}
	return account.ByMail
}

func (s *Site) recoverBegin(v *visit) error {
	login, by := tidy(v.form("email")), v.channel()
	r, err := s.c.Accounts.Recover(v.ctx(), v.now, login, v.region(), v.language(), by, v.cookie(cookieDevice), v.client())
	if err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		if p.Field == "email" {
			p.Text = "That is neither an email address nor a phone number. Write a number with + and the country’s code."
		}
		return s.showRecover(v, status, login, by == account.BySMS, &p)
	}
	v.keepRecovery(recovering{ID: r.ID, Typed: login, Sent: r.Sent})
	v.redirect(recoverPath + "/code")
	return nil
}

func (s *Site) recoverCodeForm(v *visit) error {
	r, ok := v.recovery()
	if !ok {
		return v.recoveryOver()
	}
	if r.Proved {
		v.redirect(recoverPath + "/password")
		return nil
	}
	return s.showRecoverCode(v, http.StatusOK, r, nil)
}

func (s *Site) showRecoverCode(v *visit, status int, r recovering, problem *Problem) error {
	page := RecoverCodePage{
		Frame: v.frame("Enter the code", ""), Typed: r.Typed, Safety: r.safety(), Code: codeField(), Sent: v.codeState(r.Sent, recoverPath+"/code/resend"),
	}
	page.Sent.Ways = []CodeWay{{Channel: string(account.ByMail)}}
	if page.CanSMS && !r.Safe {
		page.Sent.Ways = append(page.Sent.Ways, CodeWay{Channel: string(account.BySMS), SMS: true})
	}
	if page.Sent.SMS && len(page.Sent.Ways) > 1 {
		page.Sent.Ways[0], page.Sent.Ways[1] = page.Sent.Ways[1], page.Sent.Ways[0]
	}
	if problem != nil && !page.Code.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (s *Site) recoverCode(v *visit) error {
	r, ok := v.recovery()
	if !ok {
		return v.recoveryOver()
	}
	err := s.c.Accounts.ProveRecovery(v.ctx(), v.now, r.ID, tidy(v.form("code")))
	if errors.Is(err, account.ErrNoRecovery) {
		return v.recoveryOver()
	}
	if err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		r.Sent.Over = r.Sent.Over || v.codeOver
		v.keepRecovery(r)
		return s.showRecoverCode(v, status, r, &p)
	}
	r.Proved = true
	v.keepRecovery(r)
	v.redirect(recoverPath + "/password")
	return nil
}

func (s *Site) recoverResend(v *visit) error {
	r, ok := v.recovery()
	if !ok {
		return v.recoveryOver()
	}
	next, err := s.c.Accounts.ResendRecovery(v.ctx(), v.now, r.ID, v.channel(), v.cookie(cookieDevice), v.client())
	if errors.Is(err, account.ErrNoRecovery) {
		return v.recoveryOver()
	}
	if err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showRecoverCode(v, status, r, &p)
	}
	r.Sent = next.Sent
	v.keepRecovery(r)
	return v.done("codeAsked", recoverPath+"/code")
}

func (s *Site) recoverPasswordForm(v *visit) error {
	r, ok := v.recovery()
	if !ok || !r.Proved {
		return v.recoveryOver()
	}
	return s.showRecoverPassword(v, http.StatusOK, r, nil)
}

func (s *Site) showRecoverPassword(v *visit, status int, r recovering, problem *Problem) error {
	page := RecoverPasswordPage{
		Frame: v.frame("Choose a new password", ""), Typed: r.Typed, Safety: r.safety(),
		New: newPasswordField("password", "New password"), Again: newPasswordField("again", "New password again"),
	}
	page.New.Hint = s.passwordHint()
	page.New.Focus = problem == nil && !r.Safe
	if problem != nil && !page.New.mark(*problem) && !page.Again.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (s *Site) recoverPassword(v *visit) error {
	r, ok := v.recovery()
	if !ok || !r.Proved {
		return v.recoveryOver()
	}
	next := v.r.PostForm.Get("password")
	if next != v.r.PostForm.Get("again") {
		return s.showRecoverPassword(v, http.StatusUnprocessableEntity, r, &Problem{"again", "The two new passwords are not the same."})
	}
	done, err := s.c.Accounts.FinishRecovery(v.ctx(), v.now, r.ID, next, v.cookie(cookieDevice), v.client())
	if errors.Is(err, account.ErrNoRecovery) || errors.Is(err, account.ErrCredentials) {
		return v.recoveryOver()
	}
	if err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showRecoverPassword(v, status, r, &p)
	}
	if done.Token != "" {
		if err := s.takeOver(v, done); err != nil {
			return err
		}
		s.Changed(done.Session.Account)
	}
	v.keepRecovery(recovering{ID: r.ID, Done: true})
	v.redirect(recoverPath + "/done")
	return nil
}

func (s *Site) recoverDone(v *visit) error {
	r, ok := v.recovery()
	if !ok || !r.Done {
		v.redirect(recoverPath)
		return nil
	}
	return v.show(http.StatusOK, RecoverDonePage{v.frame("Your new password is set", "")})
}
