package web

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

// Errors that handlers return for an error page.
var (
	errNotFound = errors.New("web: no such page")
	errBadForm  = errors.New("web: form cannot be read")
	errTooMany  = errors.New("web: too many live pages")
)

// later reports whether err asks to come back, and when.
func later(err error) (time.Duration, bool) {
	var throttled *account.ThrottledError
	if errors.As(err, &throttled) {
		return throttled.RetryAfter, true
	}
	var busy *admit.BusyError
	if errors.As(err, &busy) {
		return busy.RetryAfter, true
	}
	if errors.Is(err, store.ErrBusy) {
		return 2 * time.Second, true
	}
	return 0, false
}

// fail answers with an error page.
func (v *visit) fail(err error) {
	switch {
	case errors.Is(err, context.Canceled) && v.ctx().Err() != nil:
		return // nobody listens any more
	case errors.Is(err, account.ErrSignedOut):
		v.drop(cookieSession)
		v.leaveNotice("ended")
		v.redirect("/signin")
		return
	}
	status, page := v.explain(err)
	if err := v.show(status, page); err != nil {
		v.s.c.Log.Error("render error page", slog.Any("error", err))
		http.Error(v.w, "Something went wrong.", http.StatusInternalServerError)
	}
}

// explain words an error for a person.
func (v *visit) explain(err error) (int, ErrorPage) {
	page := ErrorPage{Icon: "question", Back: "Home", BackTo: "/"}
	status := http.StatusInternalServerError
	wait, again := later(err)
	switch {
	case errors.Is(err, errNotFound), errors.Is(err, profile.ErrUnknown), errors.Is(err, device.ErrUnknown), errors.Is(err, account.ErrNoSession):
		status = http.StatusNotFound
		page.Heading, page.Text = "There is nothing here", "The address is wrong, or what was here is gone."
	case errors.Is(err, errBadForm):
		status = http.StatusBadRequest
		page.Heading, page.Text = "That form did not arrive in one piece", "Please go back and try once more."
	case errors.Is(err, errTooMany), again:
		status = http.StatusTooManyRequests
		v.retryAfter(wait)
		page.Icon = "clock"
		page.Heading, page.Text = "A little too fast", "Please wait "+waiting(wait)+" and try again."
	default:
		page.Ref = rand.Text()[:10]
		page.Icon = "alert"
		page.Heading, page.Text = "Something went wrong on our side", "It is not your fault and nothing was lost. Please try again in a moment. If it stays like this, tell support the reference."
		v.s.c.Log.Error("page failed", slog.String("ref", page.Ref), slog.String("method", v.r.Method),
			slog.String("route", v.r.Pattern), slog.Any("error", err))
	}
	page.Frame = v.frame(page.Heading, "")
	return status, page
}

// retryAfter tells programs when to come back, in whole seconds, at least one.
func (v *visit) retryAfter(d time.Duration) {
	v.w.Header().Set("Retry-After", strconv.Itoa(max(1, int((d+time.Second-1)/time.Second))))
}

// waiting says how long in the unit that a person waits in.
func waiting(d time.Duration) string {
	if d <= time.Minute {
		return count(max(1, int((d+time.Second-1)/time.Second)), "second", "seconds")
	}
	return duration(d)
}

// refuseCrossSite answers a form that another site posted.
func (s *Site) refuseCrossSite(w http.ResponseWriter, r *http.Request) {
	v := &visit{s: s, w: w, r: r, now: s.c.Now()}
	page := ErrorPage{
		Frame: Frame{Service: s.c.ServiceName, Title: "Not from here", Now: v.now},
		Icon:  "shield", Heading: "That did not come from this site",
		Text: "Another page tried to do something in your name, so we refused. Nothing was changed.",
		Back: "Home", BackTo: "/",
	}
	if err := v.show(http.StatusForbidden, page); err != nil {
		http.Error(w, "Refused.", http.StatusForbidden)
	}
}

// trouble maps what a form's action can fail with to a problem of the form. An
// error that is not the person's to mend is not among them.
func trouble(err error) (Problem, bool) {
	var code *account.WrongCodeError
	var password *account.PasswordError
	wait, again := later(err)
	switch {
	case again:
		return Problem{Text: "Too many tries. Please wait " + waiting(wait) + " and try again."}, true
	case errors.As(err, &code) && code.Left == 0:
		return Problem{"code", "That was not the code, and its tries are used up. Send a new one."}, true
	case errors.As(err, &code):
		return Problem{"code", "That is not the code. " + count(code.Left, "try", "tries") + " left."}, true
	case errors.As(err, &password):
		return Problem{"password", password.Advice}, true
	}
	for known, p := range troubles {
		if errors.Is(err, known) {
			return p, true
		}
	}
	return Problem{}, false
}

var troubles = map[error]Problem{
	account.ErrCredentials: {"password", "The email address or the password is not right."},
	account.ErrAddress:     {"email", "That does not look like an email address. Is something missing?"},
	account.ErrCodeExpired: {"code", "That code has run out. Send a new one."},
	profile.ErrTooMany:     {"", "All profiles are in use. Delete one to add another."},
	profile.ErrMain:        {"", "The main profile stays: it belongs to the account."},
	profile.ErrName:        {"name", "A name has 1 to 32 characters."},
	profile.ErrAvatar:      {"", "Choose one of the avatars."},
	profile.ErrLevel:       {"", "Choose one of the maturity levels."},
	profile.ErrLanguage:    {"language", "Choose one of the languages."},
	profile.ErrPIN:         {"pin", "A PIN is exactly four digits."},
	device.ErrCode:         {"code", "No TV is waiting with that code. Check each letter; if it ran out, the TV shows a new one."},
	device.ErrStolen:       {"", "This TV was reported stolen and cannot sign in."},
	device.ErrLimit:        {"", "The account has as many devices as allowed. Sign one out first."},
	device.ErrName:         {"name", "A name has 1 to 64 characters."},
	device.ErrRefused:      {"code", "This TV was refused. It shows a new code if it asks again."},
}

// rejected turns an action's error into the form's problem and its status.
// Where the error is no matter of the form, it comes back as it was.
func (v *visit) rejected(err error) (Problem, int, error) {
	p, ok := trouble(err)
	if !ok {
		return Problem{}, 0, err
	}
	if wait, again := later(err); again {
		v.retryAfter(wait)
		return p, http.StatusTooManyRequests, nil
	}
	return p, http.StatusUnprocessableEntity, nil
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
