package web

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/hearthkey/hearthkey/server/account"
)

const (
	appPath   = securityPath + "/app"
	codesPath = securityPath + "/codes"
)

// AppPage adds an authenticator app.
type AppPage struct {
	Frame
	Problems   []Problem
	On         bool // an app is on already
	Begun      bool // the secret below waits for a code of the app
	QR         template.HTML
	URI        template.URL // opens an app on the phone itself
	Secret     string
	Code       Field
	Everywhere bool
}

func (s *Site) appForm(v *visit) error { return s.showApp(v, http.StatusOK, false, nil) }

func (s *Site) showApp(v *visit, status int, everywhere bool, problem *Problem) error {
	page := AppPage{Frame: v.frame("Authenticator app", "security"), Everywhere: everywhere, Code: appCodeField()}
	setup, err := s.c.Accounts.BegunTOTP(v.ctx(), v.now, v.session)
	switch {
	case errors.Is(err, account.ErrFactorExists):
		page.On = true
	case errors.Is(err, account.ErrNoFactor): // not begun yet
	case err != nil:
		return err
	default:
		page.Begun, page.Secret, page.URI = true, setup.Secret, template.URL(setup.URI)
		if page.QR, err = qrCode(setup.URI); err != nil {
			return err
		}
	}
	page.Code.Focus = problem != nil
	if problem != nil && !page.Code.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func appCodeField() Field {
	return Field{
		Name: "code", Label: "Code in the app", Autocomplete: "one-time-code", Class: "code-input",
		Digits: true, MaxLength: 6, Required: true,
	}
}

// qrCode draws text as a QR code (ISO/IEC 18004) with its quiet zone of four,
// dark on light in every colour scheme. It is part of the page: a picture with
// an address of its own could be fetched and kept.
func qrCode(text string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", fmt.Errorf("web: qr code: %w", err)
	}
	const quiet = 4
	size := code.Size + 2*quiet
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
			}
			x += max(run, 1)
		}
	}
	return template.HTML(fmt.Sprintf(`<svg class="qr" role="img" aria-label="QR code for the authenticator app" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="%s"/></svg>`,
		size, size, size, size, path.String())), nil
}

func (s *Site) appBegin(v *visit) error {
	_, err := s.c.Accounts.BeginTOTP(v.ctx(), v.now, v.session)
	if err != nil && !errors.Is(err, account.ErrFactorExists) { // the page says so
		return err
	}
	v.redirect(appPath)
	return nil
}

func (s *Site) appConfirm(v *visit) error {
	everywhere := v.ticked("everywhere")
	web, codes, err := s.c.Accounts.ConfirmTOTP(v.ctx(), v.now, v.session, v.form("code"), everywhere)
	var (
		wrong     *account.WrongCodeError
		throttled *account.ThrottledError
	)
	switch {
	case errors.As(err, &wrong):
		text := "That code does not match. Type the one that the app shows now; check that the phone’s clock is right."
		return s.showApp(v, http.StatusUnprocessableEntity, everywhere, &Problem{"code", text})
	case errors.As(err, &throttled):
		v.retryAfter(throttled.RetryAfter)
		text := "Too many codes in a row did not match. Check that the phone’s clock is right, and try again in " + duration(throttled.RetryAfter) + "."
		return s.showApp(v, http.StatusTooManyRequests, everywhere, &Problem{"code", text})
	case errors.Is(err, account.ErrFactorExists): // the page with the recovery codes was loaded again
		return v.done("appOnAlready", codesPath)
	case errors.Is(err, account.ErrNoFactor):
		v.redirect(appPath)
		return nil
	case err != nil:
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showApp(v, status, everywhere, &p)
	}
	v.renew(web)
	s.Changed(v.session.Account)
	return s.afterFactor(v, "appAdded", codes, everywhere)
}

func (s *Site) appRemoveForm(v *visit) error {
	f, err := s.c.Accounts.Factors(v.ctx(), v.session)
	if err != nil {
		return err
	}
	if !f.TOTP {
		return errNotFound
	}
	return v.show(http.StatusOK, FactorRemovePage{
		Frame: v.frame("Remove the authenticator app", "security"), Action: appPath + "/remove", Last: len(f.Passkeys) == 0,
	})
}

func (s *Site) appRemove(v *visit) error {
	everywhere := v.ticked("everywhere")
	web, err := s.c.Accounts.RemoveTOTP(v.ctx(), v.now, v.session, everywhere)
	if errors.Is(err, account.ErrNoFactor) {
		return v.done("noFactor", securityPath)
	}
	if err != nil {
		return err
	}
	v.renew(web)
	s.Changed(v.session.Account)
	return s.afterFactor(v, "appRemoved", nil, everywhere)
}

// CodesPage makes new recovery codes, or shows those just made.
type CodesPage struct {
	Frame
	Problems   []Problem
	Left       int
	Codes      []string // shown once
	Email      string
	Made       time.Time
	Everywhere bool
}

// AsText is the codes one a line, to be copied.
func (p CodesPage) AsText() string { return strings.Join(p.Codes, "\n") }

func (s *Site) codesForm(v *visit) error {
	f, err := s.c.Accounts.Factors(v.ctx(), v.session)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, CodesPage{Frame: v.frame("Recovery codes", "security"), Left: f.Codes})
}

func (s *Site) codesMake(v *visit) error {
	everywhere := v.ticked("everywhere")
	web, codes, err := s.c.Accounts.NewRecoveryCodes(v.ctx(), v.now, v.session, everywhere)
	if err != nil {
		return err
	}
	v.renew(web)
	s.Changed(v.session.Account)
	return s.showCodes(v, "codesMade", codes, everywhere)
}

func (s *Site) showCodes(v *visit, n noticeID, codes []string, everywhere bool) error {
	if everywhere {
		n += "All"
	}
	page := CodesPage{Frame: v.frame("Recovery codes", "security"), Left: len(codes), Codes: codes, Email: v.session.Email, Made: v.now}
	page.Notices = append(page.Notices, notices[n])
	return v.show(http.StatusOK, page)
}
