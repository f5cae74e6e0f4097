package api

import (
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// walkAnswer is how far an owner is in "my account was hacked".
type walkAnswer struct {
	Begun time.Time          `json:"begun,omitzero"`
	Done  []account.WalkStep `json:"done"`
	Next  account.WalkStep   `json:"next,omitempty"`
}

func walkOf(w account.Walk) walkAnswer {
	out := walkAnswer{utc(w.Begun), w.Done, w.Next}
	if out.Done == nil {
		out.Done = []account.WalkStep{}
	}
	return out
}

func (a *API) hacked(c *call) error {
	w, err := a.cfg.Accounts.Hacked(c.ctx(), c.now, c.who)
	return c.ok(walkOf(w), err)
}

func (a *API) beginHacked(c *call) error {
	w, err := a.cfg.Accounts.BeginHacked(c.ctx(), c.now, c.who)
	return c.ok(walkOf(w), err)
}

func (a *API) lookedAt(c *call) error {
	var in struct {
		Step string `json:"step"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := text("step", in.Step, 1, maxShort); err != nil {
		return err
	}
	w, err := a.cfg.Accounts.LookedAt(c.ctx(), c.now, c.who, account.WalkStep(in.Step))
	return c.ok(walkOf(w), err)
}

func (a *API) endHacked(c *call) error {
	return c.done(a.cfg.Accounts.EndHacked(c.ctx(), c.now, c.who))
}

// export sends everything that is held about the account. It is a POST: the
// timeline notes it.
func (a *API) export(c *call) error {
	out := &download{c: c}
	err := a.cfg.Accounts.Export(c.ctx(), c.now, c.who, out)
	if err != nil && out.begun {
		// The status is sent: what can be done is to break the answer off, so that
		// nobody takes half a file for a whole one.
		panic(http.ErrAbortHandler)
	}
	return err
}

// download sends the file's head before its first byte.
type download struct {
	c     *call
	begun bool
}

func (d *download) Write(p []byte) (int, error) {
	if !d.begun {
		d.begun = true
		h := d.c.w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Content-Disposition", `attachment; filename="account-`+d.c.now.UTC().Format(time.DateOnly)+`.json"`)
	}
	return d.c.w.Write(p)
}

// erasureAnswer says when the account is to be erased; absent: it stays.
type erasureAnswer struct {
	Due time.Time `json:"due,omitzero"`
}

func (a *API) erasure(c *call) error {
	due, err := a.cfg.Accounts.Leaving(c.ctx(), c.who)
	return c.ok(erasureAnswer{utc(due)}, err)
}

// askErasure signs out everywhere, the caller too.
func (a *API) askErasure(c *call) error {
	var in struct {
		Current string `json:"current"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := text("current", in.Current, 1, maxPassword); err != nil {
		return err
	}
	due, err := a.cfg.Accounts.AskErasure(c.ctx(), c.now, c.who, in.Current)
	if err == nil && c.cookie {
		a.setCookie(c.w, a.cfg.Cookie, "", 0)
	}
	return c.accepted(erasureAnswer{utc(due)}, err)
}

func (a *API) cancelErasure(c *call) error {
	return c.done(a.cfg.Accounts.KeepAccount(c.ctx(), c.now, c.who))
}
