package api

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

// A new token is told once, and to one: a caller with a bearer token, or with
// none yet, reads it in the answer; a browser with the pages' cookie gets it as
// the cookie and nowhere else, so that no script ever holds it.

// renewed answers with a session that goes on under a new token.
func (a *API) renewed(c *call, web account.Web, err error) error {
	if err != nil {
		return err
	}
	return c.ok(a.shown(c, web), nil)
}

// shown is a session under a new token, as the caller may see it.
func (a *API) shown(c *call, web account.Web) sessionAnswer {
	if !c.cookie {
		return sessionOf(web.Token, web.Session)
	}
	a.setCookie(c.w, a.cfg.Cookie, web.Token, account.SessionLimit)
	return sessionOf("", web.Session)
}

// entered answers a complete sign-in: with the session, and with what makes the
// device known from now on. The session that a browser held until now ends with
// it, as on the pages.
func (a *API) entered(c *call, status int, done account.SignedIn, err error) error {
	if err != nil {
		return err
	}
	if c.cookie && len(c.token) <= maxToken {
		_, err := a.cfg.Accounts.SignOutToken(c.ctx(), c.now, c.token, c.client)
		if err != nil && !errors.Is(err, account.ErrSignedOut) {
			return err
		}
	}
	out := a.shown(c, done.Web)
	if c.cookie {
		a.setCookie(c.w, a.deviceCookie(), done.Device, account.DeviceLife)
	} else {
		out.Device = done.Device
	}
	return c.reply(status, out)
}

func (a *API) deviceCookie() string { return a.cfg.Cookie + "-device" }

// deviceOf is what makes the caller's device known: what it says, or a
// browser's cookie.
func (a *API) deviceOf(c *call, said string) string {
	if cookie, err := c.r.Cookie(a.deviceCookie()); err == nil && c.cookie && said == "" && len(cookie.Value) <= maxToken {
		return cookie.Value
	}
	return said
}

// setCookie sets a cookie as the pages do. The empty value drops it.
func (a *API) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	age := int(life / time.Second)
	if value == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: age, HttpOnly: true,
		Secure: strings.HasPrefix(a.cfg.Cookie, "__Host-"), SameSite: http.SameSiteLaxMode,
	})
}

// chosenProfile is the profile that was chosen on the pages, in the same browser
// and session; empty: none, or the caller is no browser.
func (a *API) chosenProfile(c *call) protocol.ProfileID {
	cookie, err := c.r.Cookie(a.cfg.Cookie + "-profile")
	if err != nil || !c.cookie {
		return ""
	}
	session, id, ok := strings.Cut(cookie.Value, ".")
	if !ok || session != string(c.who.ID) {
		return ""
	}
	return protocol.ProfileID(id)
}
