package web

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/profile"
)

// Errors that handlers return for an error page.
var (
	errNotFound = errors.New("web: no such page")
	errBadForm  = errors.New("web: form cannot be read")
	errTooLarge = errors.New("web: form too large")
	errNotForm  = errors.New("web: not a form")
	errMethod   = errors.New("web: method not allowed")
	errTooMany  = errors.New("web: too many live pages")
)

// fail answers with an error page.
func (v *visit) fail(err error) {
	switch {
	case errors.Is(err, context.Canceled) && v.ctx().Err() != nil:
		return // nobody listens any more
	case errors.Is(err, account.ErrSignedOut):
		v.signedOut()
		return
	}
	if errors.Is(err, account.ErrProofNeeded) { // it ran out meanwhile
		v.detour("/proof?next=" + url.QueryEscape(v.here()))
		return
	}
	if errors.Is(err, account.ErrCheckNeeded) {
		v.redirect(checkAddress(v.here()))
		return
	}
	status, page := v.explain(err)
	if err := v.show(status, page); err != nil {
		v.s.c.Log.Error("render error page", slog.Any("err", err))
		http.Error(v.w, "Something went wrong.", http.StatusInternalServerError)
	}
}

// signedOut leads to the sign-in where the session ended meanwhile. Where only the
// token is an old one, another tab has just got the new cookie: it stays.
func (v *visit) signedOut() {
	_, err := v.s.c.Accounts.Authenticate(v.ctx(), v.now, v.cookie(cookieSession))
	if errors.Is(err, account.ErrSignedOut) && !errors.Is(err, account.ErrOldToken) {
		v.drop(cookieSession)
		v.leaveNotice("ended")
	}
	v.redirect("/signin?next=" + url.QueryEscape(v.here()))
}

// explain words an error for a person.
func (v *visit) explain(err error) (int, ErrorPage) {
	page := ErrorPage{Icon: "question", Back: "Home", BackTo: "/"}
	status := http.StatusInternalServerError
	e, expected := api.Explain(err)
	switch {
	case errors.Is(err, errNotFound), expected && e.Status == http.StatusNotFound:
		status = http.StatusNotFound
		page.Heading, page.Text = "There is nothing here", "The address is wrong, or what was here is gone."
	case errors.Is(err, errBadForm):
		status = http.StatusBadRequest
		page.Heading, page.Text = "That form did not arrive in one piece", "Please go back and try once more."
	case errors.Is(err, errTooLarge):
		status = http.StatusRequestEntityTooLarge
		page.Heading, page.Text = "That was too much at once", "The form is larger than anything we ask for. Nothing was changed; please go back and write less."
	case errors.Is(err, errNotForm):
		status = http.StatusUnsupportedMediaType
		page.Heading, page.Text = "That was not one of our forms", "It came in a shape that we do not read. Nothing was changed; please go back and use the form itself."
	case errors.Is(err, errMethod):
		status = http.StatusMethodNotAllowed
		page.Heading, page.Text = "It does not work that way", "This address cannot be asked for like that. Nothing was changed; please start from home."
	case errors.Is(err, errTooMany):
		status = http.StatusTooManyRequests
		page.Heading, page.Text = "A little too much at once", "This account has many pages open. Close some and try again."
	case expected:
		status = e.Status
		page.Icon = "clock"
		page.Heading, page.Text = headings[e.Status], e.Text
		v.retryAfter(e.RetryAfter)
	default:
		page.Ref = rand.Text()[:10]
		page.Icon = "alert"
		page.Heading, page.Text = "Something went wrong on our side", "It is not your fault. Please try again in a moment. If it stays like this, tell support the reference."
		v.s.c.Log.Error("page failed", slog.String("ref", page.Ref), slog.String("method", v.r.Method),
			slog.String("route", v.r.Pattern), slog.Any("err", err))
	}
	if page.Heading == "" {
		page.Heading = "That did not work"
	}
	page.Frame = v.frame(page.Heading, "")
	return status, page
}

// headings of error pages by status.
var headings = map[int]string{
	http.StatusTooManyRequests:    "A little too fast",
	http.StatusServiceUnavailable: "Very busy right now",
}

// retryAfter tells programs when to come back, in whole seconds.
func (v *visit) retryAfter(d time.Duration) {
	if d > 0 {
		v.w.Header().Set("Retry-After", strconv.Itoa(int((d+time.Second-1)/time.Second)))
	}
}

// refuseCrossSite answers a form that another site posted.
func (s *Site) refuseCrossSite(w http.ResponseWriter, r *http.Request) {
	v := &visit{s: s, w: w, r: r, now: s.c.Now()}
	page := ErrorPage{
		Frame: Frame{Service: s.c.ServiceName, Title: "Not from here", Now: v.now, Lang: v.speaks()},
		Icon:  "shield", Heading: "That did not come from this site",
		Text: "Another page tried to do something in your name, so we refused. Nothing was changed.",
		Back: "Home", BackTo: "/",
	}
	if err := v.show(http.StatusForbidden, page); err != nil {
		http.Error(w, "Refused.", http.StatusForbidden)
	}
}

// own are the sentences that a page can word better than the common table,
// because it knows what the person is looking at.
var own = []struct {
	is error
	Problem
}{
	{account.ErrAddress, Problem{"email", "That does not look like an email address. Is something missing?"}},
	{account.ErrCodeExpired, Problem{"code", "That code has run out. Send a new one."}},
	{account.ErrFactorNeeded, Problem{"factor", "Type the code first: without it nothing is changed."}},
	{account.ErrFactor, Problem{"factor", "That code does not match, or was used before. Nothing was changed."}},
	{account.ErrAddressTaken, Problem{"code", "The code is right, but this address has an account of its own. Choose another address, or delete that account first."}},
	{account.ErrNoSMS, Problem{"", "This service sends no text messages. Choose email."}},
	{account.ErrPhoneTaken, Problem{"code", "The code is right, but this number belongs to another account. Remove it there first."}},
	{account.ErrPhone, Problem{"phone", "That does not look like a mobile number. Try it with + and the country’s code, e.g. +49 1512 3456789."}},
	{account.ErrPasskey, Problem{"", "That passkey does not match, or it took too long. Try again."}},
	{errNoPasskey, Problem{"", "This account has no passkey. Use the password."}},
	{account.ErrPasskeyKnown, Problem{"", "This passkey is added already."}},
	{account.ErrTooManyPasskeys, Problem{"", "The account has as many passkeys as it can have. Remove one first."}},
	{account.ErrNoPasskeys, Problem{"", "Passkeys cannot be used at this address."}},
	{account.ErrFactorName, Problem{"name", "A name has 1 to 64 characters."}},
	{profile.ErrAvatar, Problem{"", "Choose one of the avatars."}},
	{profile.ErrAbove, Problem{"", "Choose one of the maturity levels."}},
	{profile.ErrLevel, Problem{"", "Choose one of the maturity levels."}},
	{profile.ErrLanguage, Problem{"", "Choose one of the languages."}},
	{profile.ErrKidsLevel, Problem{"kids", "A kids profile has the level Little kids or Older kids. Choose one of these, or leave the tick out."}},
	{profile.ErrPIN, Problem{"pin", "A PIN is exactly four digits."}},
	{profile.ErrTitle, Problem{"title", "No title on offer is called that. Check the spelling, or type only its beginning."}},
	{device.ErrCode, Problem{"code", "No TV is waiting with that code. Check each letter; if it ran out, the TV shows a new one."}},
	{device.ErrLimit, Problem{"", "The account has as many TVs signed in as this service allows, so this one was not. Sign one out first: the TV keeps its code while you do."}},
	{device.ErrRefused, Problem{"code", "This TV was refused. It shows a new code if it asks again."}},
}

// rejected turns an action's error into a problem of its form, and the answer's
// status. Where the error is no matter of the form, it comes back as it was.
func (v *visit) rejected(err error) (Problem, int, error) {
	var wrong *account.WrongCodeError
	v.codeOver = errors.Is(err, account.ErrCodeExpired) || (errors.As(err, &wrong) && wrong.Left <= 0)
	for _, o := range own {
		if errors.Is(err, o.is) {
			return o.Problem, http.StatusUnprocessableEntity, nil
		}
	}
	e, expected := api.Explain(err)
	switch {
	case !expected, errors.Is(err, account.ErrSignedOut), e.Status == http.StatusNotFound && e.Field == "":
		return Problem{}, 0, err
	case e.Status == http.StatusTooManyRequests, e.Status == http.StatusServiceUnavailable:
		v.retryAfter(e.RetryAfter)
		return Problem{Text: e.Text}, e.Status, nil
	}
	return Problem{e.Field, e.Text}, http.StatusUnprocessableEntity, nil
}

// mark puts a problem beside its field and reports whether it was that field's.
func (f *Field) mark(p Problem) bool {
	if p.Field != f.Name {
		return false
	}
	f.Error = p.Text
	f.Focus = true
	return true
}

// tidy trims what people type around a value.
func tidy(s string) string { return strings.TrimSpace(s) }
