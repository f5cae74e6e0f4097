package admin

import (
	"net/http"
	"strconv"

	"github.com/hearthkey/hearthkey/server/operator"
)

func (a *API) me(c *call) error { return reply(c, http.StatusOK, operatorOf(c.by)) }

// find takes a body, so that what is looked for stands in no log of addresses.
func (a *API) find(c *call) error {
	var in findBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	f, err := a.cfg.Operators.Find(c.ctx(), c.now, c.by, in.What)
	if err != nil {
		return err
	}
	return reply(c, http.StatusOK, accountOf(f))
}

func (a *API) resetFactor(c *call) error {
	var in resetBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	due, err := a.cfg.Operators.ResetFactor(c.ctx(), c.now, c.by, in.Who, in.Reason)
	if err != nil {
		return err
	}
	return reply(c, http.StatusAccepted, Reset{due})
}

func (a *API) liftFactorReset(c *call) error {
	var in resetBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	if err := a.cfg.Operators.LiftFactorReset(c.ctx(), c.now, c.by, in.Who, in.Reason); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) resetContact(c *call) error {
	var in contactBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	due, err := a.cfg.Operators.ResetContact(c.ctx(), c.now, c.by, in.Who, in.Reason, in.Email)
	if err != nil {
		return err
	}
	return reply(c, http.StatusAccepted, Reset{due})
}

func (a *API) liftContactReset(c *call) error {
	var in resetBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	if err := a.cfg.Operators.LiftContactReset(c.ctx(), c.now, c.by, in.Who, in.Reason); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) importAccounts(c *call) error {
	var in importBody
	if err := decode(c, maxBatch, &in); err != nil {
		return err
	}
	added, left, err := a.cfg.Operators.Import(c.ctx(), c.now, c.by, in.Reason, in.Lines)
	if err != nil {
		return err
	}
	out := Imported{added, make([]Left, 0, len(left))}
	for _, l := range left {
		out.Left = append(out.Left, Left{l.Line, sayLine(l.Err)})
	}
	return reply(c, http.StatusOK, out)
}

func (a *API) operators(c *call) error {
	list, err := a.cfg.Operators.List(c.ctx())
	if err != nil {
		return err
	}
	out := operatorsAnswer{make([]Operator, 0, len(list))}
	for _, o := range list {
		out.Operators = append(out.Operators, operatorOf(o))
	}
	return reply(c, http.StatusOK, out)
}

func (a *API) addOperator(c *call) error {
	var in addBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	token, err := a.cfg.Operators.Add(c.ctx(), c.now, c.by, in.Name, in.Role, in.Reason)
	if err != nil {
		return err
	}
	return reply(c, http.StatusCreated, Added{string(token)})
}

func (a *API) disableOperator(c *call) error {
	var in disableBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	if err := a.cfg.Operators.Disable(c.ctx(), c.now, c.by, in.Name, in.Reason); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// outbox lists what was set aside, or with state=waiting what waits.
func (a *API) outbox(c *call) error {
	state := c.r.URL.Query().Get("state")
	limit, err := limitOf(c, operator.MaxMessages)
	if err == nil && state != "" && state != StateSetAside && state != StateWaiting {
		err = errQuery
	}
	if err != nil {
		return err
	}
	list, err := a.cfg.Operators.Outbox(c.ctx(), state != StateWaiting, limit)
	if err != nil {
		return err
	}
	out := outboxAnswer{make([]Message, 0, len(list))}
	for _, m := range list {
		out.Messages = append(out.Messages, Message{m.ID, string(m.Account), m.Channel, m.To, m.Kind, m.Created, m.Attempts, m.Next, m.SetAside, m.Reason})
	}
	return reply(c, http.StatusOK, out)
}

// limitOf reads limit= of the query: most where it is absent.
func limitOf(c *call, most int) (int, error) {
	text := c.r.URL.Query().Get("limit")
	if text == "" {
		return most, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, errQuery
	}
	return n, nil
}

func (a *API) log(c *call) error {
	before := c.r.URL.Query().Get("before")
	limit, err := limitOf(c, operator.MaxLog)
	if err != nil {
		return err
	}
	if len(before) != 0 && len(before) != 36 {
		return errQuery
	}
	entries, err := a.cfg.Operators.Log(c.ctx(), before, limit)
	if err != nil {
		return err
	}
	out := logAnswer{make([]Entry, 0, len(entries))}
	for _, e := range entries {
		out.Entries = append(out.Entries, Entry{e.ID, e.At, e.Operator, string(e.Act), e.About, e.Reason, e.Outcome})
	}
	return reply(c, http.StatusOK, out)
}
