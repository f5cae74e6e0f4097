package main

import (
	"context"
	"errors"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/device"
)

// attempt is a sign-in at a TV whose password was right and that was told to
// give a code.
type attempt struct {
	home *household
	born int // sign-outs everywhere that were over then
}

// types is a person who types a password at a TV, or the code that came by mail.
func (w *world) types(t *television) {
	st, h := t.model.Status(t.now()), w.homes[w.n(len(w.homes))]
	wrong := w.n(4) == 0
	switch {
	case !t.on || st.Code == nil || st.SignIn.Checking:
	case st.SignIn.Challenge != nil:
		w.did("read the mail with a code")
		code := h.code
		if wrong || code == "" {
			code = "000000"
		}
		t.step(session.EnterCode{Channel: protocol.ChannelMail, Code: protocol.Secret(code)})
	case w.passwords > 0:
		w.passwords--
		what := protocol.Secret(password)
		if wrong {
			what = "incorrect horse"
		}
		t.step(session.SignInWithPassword{Login: h.email, Password: what})
		w.flow(w.n(20))
		w.types(t)
	}
}

// takeTyped is what server/api does with a password and a code: the service of the
// web decides.
func (p *peer) takeTyped(f protocol.Frame) error {
	w, n := p.n.w, p.n
	ctx, now, accounts := context.Background(), w.now, w.lab.accounts
	id := protocol.DeviceIDOf([]byte(p.enrol.PublicKey))
	known, begin := n.devices.Known(id), n.devices.BySignIn(now, id)
	from := account.Client{Agent: "a TV", IP: p.wire.ip, Kind: "tv"}
	switch f := f.(type) {
	case protocol.SignIn:
		step, err := accounts.SignInElsewhere(ctx, now, account.SignInRequest{
			Login: f.Login, Password: string(f.Password), Device: known, From: from,
		}, begin)
		w.typed("type a password at a TV", err)
		if err != nil {
			return p.refuse(err)
		}
		if c := step.Challenge; c != nil {
			p.needs(f.Login, c)
			return nil
		}
		for _, h := range w.homes {
			if h.email == f.Login {
				w.judge.unlocked(w, h)
				w.judge.approved(w, h, id, stay{})
			}
		}
	case protocol.EnterCode:
		err := accounts.ContinueElsewhere(ctx, now, string(f.Challenge), account.Answer{Code: string(f.Code)}, known, from, begin)
		w.typed("type a code at a TV", err)
		if err != nil {
			return p.refuse(err)
		}
		a := w.attempts[f.Challenge]
		if a.born < w.judge.ends[a.home.account] {
			w.fail("a sign-in at a TV was told to give a code, before a sign-out everywhere, and survived that")
		}
		w.judge.unlocked(w, a.home)
		w.judge.approved(w, a.home, id, stay{})
	}
	p.decided()
	return nil
}

func (w *world) typed(what string, err error) {
	w.trace("%s: %v", what, err)
	w.dirty = true
	if err != nil {
		what += ": refused"
	}
	w.did(what)
}

// needs has a TV ask for the code.
func (p *peer) needs(login string, c *account.Challenge) {
	w := p.n.w
	f := protocol.CodeNeeded{Challenge: protocol.ChallengeID(c.ID), TriesLeft: account.CodeTries, ExpiresIn: 600}
	for _, to := range c.Channels {
		f.Channels = append(f.Channels, protocol.Channel{Kind: protocol.ChannelKind(to.Channel), To: to.Address})
	}
	f.Sent = protocol.ChannelKind(c.Code.Channel)
	for _, h := range w.homes {
		if h.email == login {
			w.attempts[f.Challenge] = attempt{h, w.judge.ends[h.account]}
		}
	}
	p.send(f)
}

// refuse says why a sign-in at a TV does not go on.
func (p *peer) refuse(err error) error {
	var (
		throttled *account.ThrottledError
		wrong     *account.WrongCodeError
		f         protocol.SignInRefused
	)
	switch {
	case errors.Is(err, account.ErrCredentials), errors.Is(err, account.ErrLocked):
		f.Reason = protocol.RefusalCredentials
	case errors.As(err, &throttled):
		f.Reason, f.RetryAfter = protocol.RefusalWait, max(throttled.RetryAfter.Milliseconds(), 1000)
	case errors.As(err, &wrong) && wrong.Left > 0:
		f.Reason, f.TriesLeft = protocol.RefusalCode, wrong.Left
	case errors.Is(err, account.ErrCodeExpired), wrong != nil:
		f.Reason = protocol.RefusalCodeExpired
	case errors.Is(err, account.ErrAttempt), errors.Is(err, account.ErrAnswer):
		f.Reason = protocol.RefusalOver
	case errors.Is(err, device.ErrLimit):
		f.Reason = protocol.RefusalLimit
	default:
		return err
	}
	p.send(f)
	return nil
}
