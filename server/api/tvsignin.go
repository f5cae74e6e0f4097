package api

import (
	"context"
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/hub"
)

// takeTyped answers a password, a code, or the wish for one, on a connection
// that shows a user code. The rules are the web's: the same service counts,
// sends and decides. Only who asks differs: the TV is the client, and a TV that
// signed in to the account before is a known device of it. A password is answered
// on the beat, as there.
func (v *tv) takeTyped(ctx context.Context, f protocol.Frame) error {
	if v.stage != pending || v.enrol.Cap < protocol.PasswordCapability {
		return errOutOfOrder
	}
	if v.t.cfg.Accounts == nil {
		return hub.Send(v.conn, protocol.SignInRefused{Reason: protocol.RefusalUserCode})
	}
	came := time.Now()
	challenge, err := v.ask(ctx, f)
	if _, password := f.(protocol.SignIn); password && !errors.As(err, new(*admit.BusyError)) {
		waitForBeat(ctx, came, v.t.cfg.Beat)
	}
	if err != nil {
		return v.refuse(err, f)
	}
	if challenge == nil {
		return v.decided(ctx)
	}
	answer, ok := codeNeeded(challenge, v.t.cfg.Now())
	if !ok {
		return hub.Send(v.conn, protocol.SignInRefused{Reason: protocol.RefusalUserCode})
	}
	return hub.Send(v.conn, answer)
}

// ask puts the frame to the account service. Without a challenge the TV is
// approved.
func (v *tv) ask(ctx context.Context, f protocol.Frame) (*account.Challenge, error) {
	id := protocol.DeviceIDOf(v.enrolKey())
	now, accounts := v.t.cfg.Now(), v.t.cfg.Accounts
	from := v.client()
	known, begin := v.t.cfg.Devices.Known(id), v.t.cfg.Devices.BySignIn(now, id)
	switch f := f.(type) {
	case protocol.SignIn:
		step, err := accounts.SignInElsewhere(ctx, now, account.SignInRequest{
			Login: f.Login, Password: string(f.Password), Device: known, From: from,
		}, begin)
		return step.Challenge, err
	case protocol.SendCode:
		return accounts.SendSignInCode(ctx, now, string(f.Challenge), account.Channel(f.Channel), from)
	case protocol.EnterCode:
		var a account.Answer
		switch f.Channel {
		case protocol.ChannelTOTP:
			a.TOTP = string(f.Code)
		case protocol.ChannelRecovery:
			a.RecoveryCode = string(f.Code)
		default:
			a.Code = string(f.Code)
		}
		return nil, accounts.ContinueElsewhere(ctx, now, string(f.Challenge), a, known, from, begin)
	}
	return nil, errOutOfOrder
}

// client is the TV that asks, as its owner sees it: without its name, which
// whoever tries passwords there chose.
func (v *tv) client() account.Client {
	return account.Client{Agent: "a TV", IP: v.ip, Place: v.place(), Kind: "tv"}
}

// codeNeeded says a challenge to a TV. It is not ok where the account has no
// way that a TV offers: only passkeys.
func codeNeeded(c *account.Challenge, now time.Time) (f protocol.CodeNeeded, ok bool) {
	f = protocol.CodeNeeded{
		Challenge: protocol.ChallengeID(c.ID), TriesLeft: account.CodeTries, ExpiresIn: wholeSeconds(c.Expires.Sub(now)),
	}
	for _, d := range c.Channels {
		f.Channels = append(f.Channels, protocol.Channel{Kind: protocol.ChannelKind(d.Channel), To: d.Address})
	}
	for _, factor := range c.Factors {
		switch factor {
		case account.TOTP:
			f.Channels = append(f.Channels, protocol.Channel{Kind: protocol.ChannelTOTP})
		case account.RecoveryCode:
			f.Channels = append(f.Channels, protocol.Channel{Kind: protocol.ChannelRecovery})
		}
	}
	if c.Code.Channel != "" {
		f.Sent, f.RetryIn = protocol.ChannelKind(c.Code.Channel), max(0, wholeSeconds(c.Code.ResendAt.Sub(now)))
	}
	f.ExpiresIn = max(f.ExpiresIn, 1)
	return f, len(f.Channels) > 0
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// refuse tells the TV why a sign-in does not go on. What is wrong with the
// connection itself ends it.
func (v *tv) refuse(err error, f protocol.Frame) error {
	answer := protocol.SignInRefused{}
	var (
		throttled *account.ThrottledError
		busy      *admit.BusyError
		wrong     *account.WrongCodeError
	)
	switch {
	case errors.Is(err, account.ErrCredentials):
		answer.Reason = protocol.RefusalCredentials
	case errors.Is(err, account.ErrLocked):
		answer.Reason = locked(v.enrol.Cap)
	case errors.As(err, &throttled):
		answer.Reason, answer.RetryAfter = protocol.RefusalWait, atLeastASecond(throttled.RetryAfter).Milliseconds()
	case errors.As(err, &busy):
		answer.Reason, answer.RetryAfter = protocol.RefusalBusy, atLeastASecond(busy.RetryAfter).Milliseconds()
	case errors.As(err, &wrong):
		answer.Reason, answer.TriesLeft = protocol.RefusalCode, wrong.Left
		if wrong.Left == 0 {
			answer.Reason = usedUp(f)
		}
	case errors.Is(err, account.ErrCodeExpired):
		answer.Reason = protocol.RefusalCodeExpired
	case errors.Is(err, account.ErrAttempt), errors.Is(err, account.ErrAnswer), errors.Is(err, account.ErrChannel):
		answer.Reason = protocol.RefusalOver
	case errors.Is(err, account.ErrFactorRefused):
		answer.Reason = factorRefused(v.enrol.Cap)
	case errors.Is(err, device.ErrLimit):
		answer.Reason = protocol.RefusalLimit
	default:
		e, expected := Explain(err)
		if !expected || e.Code != protocol.CodeBusy {
			return err
		}
		answer.Reason, answer.RetryAfter = protocol.RefusalBusy, e.RetryAfter.Milliseconds()
	}
	answer.RetryAfter = min(answer.RetryAfter, (24 * time.Hour).Milliseconds())
	return hub.Send(v.conn, answer)
}

// factorRefused is what a TV is told after too many wrong codes in a row. One of
// an older version has no sentence for it and begins anew.
func factorRefused(peer protocol.Capability) protocol.Refusal {
	if peer < protocol.HouseholdCapability {
		return protocol.RefusalOver
	}
	return protocol.RefusalFactor
}

// locked is what a TV is told of an account that support has locked. It learns so
// only after the right password and whatever code that asked for, so a stranger
// learns nothing. One of an older version has no sentence for it.
func locked(peer protocol.Capability) protocol.Refusal {
	if peer < protocol.EndsCapability {
		return protocol.RefusalCredentials
	}
	return protocol.RefusalLocked
}

// usedUp is what follows the last wrong try: another code where one can be sent,
// and for the others the password again.
func usedUp(f protocol.Frame) protocol.Refusal {
	if code, ok := f.(protocol.EnterCode); ok && !code.Channel.Sent() {
		return protocol.RefusalOver
	}
	return protocol.RefusalCodeExpired
}
