package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

// cookieKind is one of our cookies.
type cookieKind string

const (
	cookieSession  cookieKind = ""          // the web session's token
	cookieProfile  cookieKind = "-profile"  // which profile was chosen in it
	cookieAttempt  cookieKind = "-attempt"  // a sign-up waiting for its access code
	cookieSignIn   cookieKind = "-signin"   // a sign-in that needs something more
	cookieDevice   cookieKind = "-device"   // what makes this a known device
	cookieRecover  cookieKind = "-recover"  // a recovery under way
	cookieWalk     cookieKind = "-walk"     // "my account was hacked" is under way
	cookieLanguage cookieKind = "-language" // what the pages are read in
	cookieNotice   cookieKind = "-notice"   // what the last action did, for the next page
)

// CookieName is the name of the web session's cookie. Over TLS the prefix makes
// browsers refuse one that another host or an unsafe page set.
func CookieName(secure bool) string {
	if secure {
		return "__Host-hearthkey"
	}
	return "hearthkey"
}

func (s *Site) cookieName(k cookieKind) string { return CookieName(s.secure) + string(k) }

func (v *visit) cookie(k cookieKind) string {
	c, err := v.r.Cookie(v.s.cookieName(k))
	if err != nil || len(c.Value) > 4096 {
		return ""
	}
	return c.Value
}

// put sets a cookie; without an age it ends with the browser.
func (v *visit) put(k cookieKind, value string, age time.Duration) {
	http.SetCookie(v.w, &http.Cookie{
		Name: v.s.cookieName(k), Value: value, Path: "/", MaxAge: int(age / time.Second),
		HttpOnly: true, Secure: v.s.secure, SameSite: http.SameSiteLaxMode,
	})
}

func (v *visit) drop(k cookieKind) {
	http.SetCookie(v.w, &http.Cookie{
		Name: v.s.cookieName(k), Path: "/", MaxAge: -1,
		HttpOnly: true, Secure: v.s.secure, SameSite: http.SameSiteLaxMode,
	})
}

// sessionAge is how long a browser keeps the session's cookie. The session
// itself ends at the server.
const sessionAge = account.SessionLimit

// begin makes w the browser's session, and this a known device. No profile is
// chosen in it yet.
func (v *visit) begin(w account.SignedIn) {
	v.put(cookieSession, w.Token, sessionAge)
	v.put(cookieDevice, w.Device, account.DeviceLife)
	v.drop(cookieSignIn)
	v.drop(cookieProfile)
	v.drop(cookieAttempt)
	v.session, v.signed, v.who = w.Session, true, nil
}

// renew keeps the browser's session under its new token, and the profile in it.
func (v *visit) renew(w account.Web) {
	v.put(cookieSession, w.Token, sessionAge)
	v.session = w.Session
	if v.who != nil {
		v.choose(v.who.ID)
	}
}

// The chosen profile is kept beside the session's id, so that the choice does
// not survive a new sign-in.

func (v *visit) choose(id protocol.ProfileID) {
	v.put(cookieProfile, string(v.session.ID)+"."+string(id), sessionAge)
}

func (v *visit) chosenProfile() protocol.ProfileID {
	session, id, ok := strings.Cut(v.cookie(cookieProfile), ".")
	if !ok || account.SessionID(session) != v.session.ID {
		return ""
	}
	return protocol.ProfileID(id)
}

// remember keeps a sign-up in the browser that began it.
func (v *visit) remember(a account.Attempt) {
	data, err := json.Marshal(a)
	if err != nil {
		return // cannot happen: text and times
	}
	v.put(cookieAttempt, base64.RawURLEncoding.EncodeToString(data), time.Hour)
}

// attempt returns the sign-up under way in this browser. Nothing in it is
// trusted but as an id to look up and words to show to the same person.
func (v *visit) attempt() (account.Attempt, bool) {
	var a account.Attempt
	data, err := base64.RawURLEncoding.DecodeString(v.cookie(cookieAttempt))
	if err != nil || json.Unmarshal(data, &a) != nil || a.ID == "" {
		return account.Attempt{}, false
	}
	return a, true
}

// noticeID names one of the sentences that an action can leave for the next
// page.
type noticeID string

var notices = map[noticeID]Notice{
	"verified":          {"ok", "Your address is verified and your account is ready."},
	"password":          {"ok", "Your password is changed."},
	"passwordAll":       {"ok", "Your password is changed. Every TV and every other browser has to sign in again: watch them confirm below."},
	"profileAdded":      {"ok", "The profile is added. Your TVs have it in a moment."},
	"profileSaved":      {"ok", "The profile is saved. Your TVs have it in a moment."},
	"profileDeleted":    {"ok", "The profile is deleted."},
	"locked":            {"ok", "The profile lock is set. Your TVs ask for the new PIN from now on."},
	"lockedWeak":        {"wait", "The profile lock is set, with a PIN that is easily guessed."},
	"unlocked":          {"ok", "The profile lock is removed."},
	"triesForgiven":     {"ok", "Saved: the wrong tries are forgiven. The PIN can be typed at once, on every TV that is online."},
	"blocked":           {"ok", "Saved: the title is blocked. A TV that plays it stops."},
	"unblocked":         {"ok", "Saved: the title is no longer blocked."},
	"parental":          {"ok", "Parental control is saved. Your TVs have it in a moment."},
	"parentalTitle":     {"ok", "Saved: the title asks for the parental PIN."},
	"parentalTitleGone": {"ok", "Saved: the title asks for the parental PIN no longer."},
	"parentalPIN":       {"ok", "The parental PIN is saved. Your TVs ask for it from now on."},
	"parentalPINWeak":   {"wait", "The parental PIN is saved, but it is easily guessed."},
	"parentalPINGone":   {"ok", "The parental PIN is removed. Nothing asks for it any more."},
	"signedOut":         {"ok", "You are signed out of this browser."},
	"ended":             {"wait", "This browser was signed out. Sign in again to go on."},
	"deviceOut":         {"ok", "The TV is signed out. Its card below shows when it has confirmed."},
	"deviceEnded":       {"ok", "The TV is deactivated. Its card below shows when it has confirmed."},
	"endDate":           {"ok", "The end date is saved. The TV is signed out by itself then."},
	"noEndDate":         {"ok", "The TV has no end date: it stays signed in until you sign it out."},
	"deviceStolen":      {"ok", "The TV is reported stolen. Its card below shows when it has locked itself, and where it reports from."},
	"deviceFinished":    {"ok", "The stolen TV is finished: it is deactivated, and its reports are deleted."},
	"deviceRenamed":     {"ok", "The new name is saved."},
	"browserOut":        {"ok", "That browser is signed out."},
	"everywhere":        {"ok", "You signed out everywhere but here. Below you see each TV confirm."},
	"refused":           {"ok", "The TV was refused. It cannot use that code any more."},
	"codeSent":          {"ok", "A new code is on its way. The one before no longer works."},
	"proveAgain":        {"wait", "Please do that once more: your password had to be asked for first."},
	"signInOver":        {"wait", "That sign-in has ended. Please sign in again."},
	"attemptOver":       {"wait", "That sign-up has ended. Please start again."},
	"changeOver":        {"wait", "That change has ended and nothing was saved. Please start again."},
	"email":             {"ok", "Your new email address is saved. The old one got a link that undoes the change for 7 days."},
	"emailAll":          {"ok", "Your new email address is saved. Every TV and every other browser has to sign in again: watch them confirm below."},
	"phone":             {"ok", "Your phone number is saved."},
	"phoneAll":          {"ok", "Your phone number is saved. Every TV and every other browser has to sign in again: watch them confirm below."},
	"phoneRemoved":      {"ok", "Your phone number is removed."},
	"phoneRemovedAll":   {"ok", "Your phone number is removed. Every TV and every other browser has to sign in again: watch them confirm below."},
	"noPhone":           {"wait", "There is no phone number to remove."},
	"noFactor":          {"wait", "That was not possible any more: look below at what is on now."},
	"preferences":       {"ok", "Your choices are saved."},
	"language":          {"ok", "The new language is saved. Mails, text messages, pages and TVs while nobody is watching speak it from now on."},
	"appAsks":           {"wait", "The authenticator app’s code is asked for as long as the app is on. Remove the app to stop that."},
	"appOnAlready":      {"wait", "The authenticator app is on. Its recovery codes were shown once: if you did not keep them, make new ones here."},
	"passkeyOnAlready":  {"wait", "This passkey is added already. If recovery codes were shown with it and you did not keep them, make new ones here."},
	"appAdded":          {"ok", "The authenticator app is on. Its code is asked for after the password from now on."},
	"appAddedAll":       {"ok", "The authenticator app is on. Every TV and every other browser has to sign in again."},
	"appRemoved":        {"ok", "The authenticator app is removed."},
	"appRemovedAll":     {"ok", "The authenticator app is removed. Every TV and every other browser has to sign in again: watch them confirm below."},
	"passkeyAdded":      {"ok", "The passkey is added. You can sign in with it from now on."},
	"passkeyAddedAll":   {"ok", "The passkey is added. Every TV and every other browser has to sign in again."},
	"passkeyRenamed":    {"ok", "The new name is saved."},
	"passkeyRemoved":    {"ok", "The passkey is removed. Delete it where it was kept, too."},
	"passkeyRemovedAll": {"ok", "The passkey is removed. Every TV and every other browser has to sign in again: watch them confirm below."},
	"secondOn":          {"ok", "Saved: a passkey is asked for after the password from now on."},
	"secondOnAll":       {"ok", "Saved: a passkey is asked for after the password. Every TV and every other browser has to sign in again: watch them confirm below."},
	"secondOff":         {"ok", "Saved: the password alone signs in."},
	"secondOffAll":      {"ok", "Saved: the password alone signs in. Every TV and every other browser has to sign in again: watch them confirm below."},
	"codesMade":         {"ok", "New recovery codes are made. Those before no longer work."},
	"codesMadeAll":      {"ok", "New recovery codes are made. Every TV and every other browser has to sign in again."},
	"leaving":           {"wait", "Your account will be erased in 7 days, and everything is signed out. Until then you can sign in and press “Keep the account”."},
	"kept":              {"ok", "Your account stays. TVs and other browsers have to sign in again."},
	"codeAsked":         {"ok", "If there is such an account, a new code is on its way. The one before no longer works."},
	"factorTries":       {"bad", "Five wrong codes: that sign-in has ended, so that nobody can go on guessing. Sign in again. If your app’s codes do not match, set the phone’s clock to automatic, or use a recovery code."},
	"recoverOver":       {"wait", "That recovery has ended. Please start again."},
	"keptByLink":        {"ok", "Your account stays. Everything was signed out when its deletion was asked for: sign in again. If it was not you who asked, change the password."},
	"factorKept":        {"ok", "Your second factor stays. If it was not you who asked support to remove it, change the password."},
	"addressKept":       {"ok", "Your account keeps its address. If it was not you who asked support for another one, change the password."},
	"noMove":            {"wait", "That was not possible any more: nothing is to be stopped."},
	"notYet":            {"wait", "Nothing was changed yet: we have to know first that it is you. After that, please fill in the form once more."},
	"walkStep":          {"wait", "Another step comes first."},
	"walkEnded":         {"ok", "Closed. You can start again at any time."},
	"addressHasOwner":   {"wait", "This address has an account already. Sign in with it."},
}

func (v *visit) leaveNotice(n noticeID) { v.put(cookieNotice, string(n), time.Minute) }

func (v *visit) takeNotices() []Notice {
	n, ok := notices[noticeID(v.cookie(cookieNotice))]
	if !ok {
		return nil
	}
	v.drop(cookieNotice)
	return []Notice{n}
}
