package api

import "github.com/hearthkey/hearthkey/server/account"

// checkAnswer is what a change of the account's protection asks for beside the
// proof.
type checkAnswer struct {
	Done     bool              `json:"done"`
	Factors  []account.Factor  `json:"factors,omitempty"`
	Channels map[string]string `json:"channels,omitempty"` // where a code can go, masked
	Code     *codeAnswer       `json:"code,omitempty"`
}

func checkOf(ch account.Check) checkAnswer {
	out := checkAnswer{Done: ch.Done, Factors: ch.Factors}
	for _, d := range ch.Channels {
		if out.Channels == nil {
			out.Channels = map[string]string{}
		}
		out.Channels[string(d.Channel)] = d.Address
	}
	if ch.Code.Channel != "" {
		code := codeOf(ch.Code)
		out.Code = &code
	}
	return out
}

func (a *API) check(c *call) error {
	ch, err := a.cfg.Accounts.Check(c.ctx(), c.now, c.who)
	return c.ok(checkOf(ch), err)
}

func (a *API) sendCheck(c *call) error {
	var in struct {
		Channel string `json:"channel"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	by, err := channel(in.Channel)
	if err != nil {
		return err
	}
	ch, err := a.cfg.Accounts.SendCheck(c.ctx(), c.now, c.who, by)
	return c.accepted(checkOf(ch), err)
}

// answerCheck takes a code. A passkey answers at /v1/session/prove/passkey,
// which proves as well.
func (a *API) answerCheck(c *call) error {
	var in struct {
		Code         string `json:"code"`
		TOTP         string `json:"totp"`
		RecoveryCode string `json:"recovery_code"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := first(
		text("code", in.Code, 0, maxShort),
		text("totp", in.TOTP, 0, maxShort),
		text("recovery_code", in.RecoveryCode, 0, maxShort),
		oneOf("code, totp and recovery_code", in.Code != "", in.TOTP != "", in.RecoveryCode != ""),
	); err != nil {
		return err
	}
	web, err := a.cfg.Accounts.AnswerCheck(c.ctx(), c.now, c.who, account.Answer{Code: in.Code, TOTP: in.TOTP, RecoveryCode: in.RecoveryCode})
	return a.renewed(c, web, err)
}
