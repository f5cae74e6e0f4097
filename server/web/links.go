package web

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/notify"
)

// The pages that links in notices lead to. Opening one shows what would happen
// and changes nothing, however often it is opened (product rule V9); its one
// button is a POST, and does it.

// NotMePage asks for the one confirmation of "It wasn't me".
type NotMePage struct {
	Frame
	Problems  []Problem
	Link      string // the token
	About     string // what the notice said
	At        time.Time
	Expires   time.Time
	Stolen    bool // a device that was reported stolen is deactivated
	Less      bool // codes on new devices and mails at new sign-ins are switched on again
	LessAsked bool // and it is about their being switched off: notices by SMS too
	Profiles  bool // profiles and locks go back to what they were before At
	Language  bool // the account gets its language of before At
	Fresh     bool // the new password needs no code
	Reverts   bool
	Since     time.Time // what was before this is restored; only with Reverts
	Factor    *Field    // the second factor of that time by a code; nil: not asked for
	Passkey   bool      // or by a passkey of that time
}

// KeepPage asks for the one confirmation that keeps an account, its second factor
// or its address.
type KeepPage struct {
	Frame
	Link   string
	Factor bool // the second factor is kept, and not the account
	Here   bool // the account keeps its address
	Until  time.Time
}

// LinkOverPage says that a link does nothing any more.
type LinkOverPage struct{ Frame }

func (s *Site) linkOver(v *visit) error {
	return v.show(http.StatusGone, LinkOverPage{v.frame("This link no longer works", "")})
}

// linkParam bounds what is taken for a token.
func linkParam(typed string) string {
	const most = 256
	if len(typed) > most {
		return ""
	}
	return typed
}

func (s *Site) notMeForm(v *visit) error {
	return s.showNotMe(v, http.StatusOK, linkParam(v.r.URL.Query().Get(notify.LinkParam)), nil)
}

func (s *Site) showNotMe(v *visit, status int, link string, problem *Problem) error {
	undo, err := s.c.Accounts.Look(v.ctx(), v.now, link)
	if errors.Is(err, account.ErrLink) {
		return s.linkOver(v)
	}
	if err != nil {
		return err
	}
	page := NotMePage{
		Frame: v.frame("It wasn’t you?", ""), Link: link, About: aboutNotice(undo.About), At: undo.At, Expires: undo.Expires,
		Less: undo.Less, LessAsked: undo.About == account.NoticeLessAsked,
		Stolen: undo.Stolen, Profiles: undo.Profiles, Language: undo.Language, Fresh: !undo.NeedsCode, Reverts: undo.Reverts, Since: undo.Since,
	}
	page.Passkey = s.c.Passkeys && slices.Contains(undo.Factors, account.Passkeys)
	if slices.Contains(undo.Factors, account.TOTP) || slices.Contains(undo.Factors, account.RecoveryCode) {
		page.Factor = &Field{
			Name: "factor", Label: "Code of your authenticator app, or a recovery code", Autocomplete: "off", MaxLength: 64,
			Required: true, Literal: true, Hint: "Those that you had before the change work here.",
		}
	}
	if problem != nil && (page.Factor == nil || !page.Factor.mark(*problem)) {
		page.Problems = []Problem{{Text: problem.Text}}
	}
	return v.show(status, page)
}

func (s *Site) notMe(v *visit) error {
	link := linkParam(v.form(notify.LinkParam))
	undone, err := s.c.Accounts.NotMe(v.ctx(), v.now, link, tidy(v.form("factor")), v.client())
	return s.undone(v, link, undone, err)
}

func (s *Site) notMePasskeyBegin(v *visit) error {
	c, err := s.c.Accounts.BeginNotMePasskey(v.ctx(), v.now, linkParam(v.form(notify.LinkParam)))
	if errors.Is(err, account.ErrLink) || errors.Is(err, account.ErrNoFactor) { // the script obeys: the page says so
		v.redirect(notify.NotMePath)
		return nil
	}
	return v.ceremony(c, err)
}

func (s *Site) notMePasskey(v *visit) error {
	link := linkParam(v.form(notify.LinkParam))
	undone, err := s.c.Accounts.NotMeByPasskey(v.ctx(), v.now, link, v.passkeyAnswer(), v.client())
	if errors.Is(err, account.ErrFactor) {
		err = account.ErrPasskey
	}
	return s.undone(v, link, undone, err)
}

// undone goes on after "It wasn't me": with a new password.
func (s *Site) undone(v *visit, link string, undone account.Undone, err error) error {
	switch {
	case errors.Is(err, account.ErrLink):
		return s.linkOver(v)
	case errors.Is(err, account.ErrAddressTaken):
		return s.showNotMe(v, http.StatusUnprocessableEntity, link, &Problem{Text: "Your old address has an account of its own by now, so nothing was changed. Delete that account first, or ask support."})
	case err != nil:
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showNotMe(v, status, link, &p)
	}
	v.keepRecovery(recovering{
		ID: undone.Recovery, Proved: undone.Proved, Sent: undone.Sent, Safe: true, Back: undone.Reverted, Family: undone.Profiles,
	})
	if !undone.Proved {
		v.redirect(recoverPath + "/code")
		return nil
	}
	v.redirect(recoverPath + "/password")
	return nil
}

func (s *Site) keepForm(v *visit) error {
	link := linkParam(v.r.URL.Query().Get(notify.LinkParam))
	kept, err := s.c.Accounts.LookKeep(v.ctx(), v.now, link)
	if errors.Is(err, account.ErrLink) {
		return s.linkOver(v)
	}
	if err != nil {
		return err
	}
	page := KeepPage{Link: link, Factor: kept.About == account.NoticeFactorReset, Here: kept.About == account.NoticeContactReset, Until: kept.Until}
	title := "Keep your account?"
	switch {
	case page.Factor:
		title = "Keep your second factor?"
	case page.Here:
		title = "Keep your address?"
	}
	page.Frame = v.frame(title, "")
	return v.show(http.StatusOK, page)
}

func (s *Site) keepByLink(v *visit) error {
	kept, err := s.c.Accounts.Keep(v.ctx(), v.now, linkParam(v.form(notify.LinkParam)), v.client())
	switch {
	case errors.Is(err, account.ErrLink), errors.Is(err, account.ErrNotLeaving), errors.Is(err, account.ErrNoReset), errors.Is(err, account.ErrNoMove):
		return s.linkOver(v)
	case err != nil:
		return err
	}
	notice, next := noticeID("keptByLink"), "/signin"
	switch kept.About {
	case account.NoticeFactorReset:
		notice = "factorKept"
	case account.NoticeContactReset:
		notice = "addressKept"
	}
	if v.signed {
		next = "/account/security"
	}
	return v.done(notice, next)
}

// aboutNotice names what a notice said, to go after "about".
func aboutNotice(kind account.NoticeKind) string {
	if text, ok := noticeNames[kind]; ok {
		return text
	}
	return noticeNames[""]
}

var noticeNames = map[account.NoticeKind]string{
	"": "a change in your account", // any other kind

	account.NoticeNewSignIn:        "a new sign-in",
	account.NoticeSuspicious:       "a suspicious sign-in",
	account.NoticeGuessing:         "wrong passwords in a row",
	account.NoticePasswordRefused:  "very many wrong passwords",
	account.NoticeFactorChanged:    "a changed second factor",
	account.NoticeRecoveryCode:     "a recovery code that was used",
	account.NoticePasswordChanged:  "a new password",
	account.NoticeRecovered:        "a new password after a recovery",
	account.NoticeNewDevice:        "a new device",
	account.NoticeDeviceSignedOut:  "a device that was signed out",
	account.NoticeDeviceRemoved:    "a device that was deactivated",
	account.NoticeDeviceStolen:     "a device that was reported stolen",
	account.NoticeDeviceCloned:     "a device that was copied",
	account.NoticeEverywhere:       "a sign-out everywhere",
	account.NoticeLockChanged:      "a changed profile lock",
	account.NoticeProfileChanged:   "a changed profile",
	account.NoticeParentalChanged:  "changed parental control",
	account.NoticePINGuessing:      "wrong PINs in a row",
	account.NoticePINUnlocked:      "wrong PINs that were forgiven",
	account.NoticeEmailChanged:     "a new email address",
	account.NoticeEmailSet:         "a new email address",
	account.NoticePhoneChanged:     "a changed phone number",
	account.NoticeLessAsked:        "fewer codes or notices",
	account.NoticeLanguageChanged:  "another language of the account",
	account.NoticeFactorResetEnded: "a second factor that support removed",

	account.NoticeErasureAsked:       "deleting the account",
	account.NoticeErasureCancelled:   "an account that stays",
	account.NoticeFactorReset:        "support removing the second factor",
	account.NoticeContactReset:       "support giving the account another address",
	account.NoticeContactResetEnded:  "another address, given by support",
	account.NoticeContactResetLifted: "an address that stays",
	account.NoticeFactorResetLifted:  "a second factor that stays",
	account.NoticeSupportSignOut:     "a sign-out by support",
	account.NoticeUnlocked:           "an account that support unlocked",
}
