package admin

import (
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/server/operator"
)

func (a *API) webhooks(c *call) error {
	list, err := a.cfg.Operators.Webhooks(c.ctx())
	if err != nil {
		return err
	}
	out := hooksAnswer{make([]Webhook, 0, len(list))}
	for _, h := range list {
		out.Webhooks = append(out.Webhooks, Webhook{
			h.ID, h.URL, h.Events, h.Private, h.Created, h.CreatedBy, h.PreviousUntil, h.Disabled, h.Hold, h.Delivered, h.LastOK, h.LastError,
			h.Waiting, h.Oldest, h.SetAside,
		})
	}
	return reply(c, http.StatusOK, out)
}

func (a *API) addWebhook(c *call) error {
	var in addHookBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	id, secret, err := a.cfg.Operators.AddWebhook(c.ctx(), c.now, c.by, operator.NewHook{
		URL: in.URL, Events: in.Events, Private: in.Private, Secret: in.Secret, Reason: in.Reason,
	})
	if err != nil {
		return err
	}
	return reply(c, http.StatusCreated, Secret{id, secret})
}

func (a *API) rotateWebhook(c *call) error {
	var in rotateHookBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	keep := time.Duration(-1)
	if in.KeepSeconds != nil {
		if *in.KeepSeconds < 0 || *in.KeepSeconds > 1<<30 {
			return operator.ErrHookKeep
		}
		keep = time.Duration(*in.KeepSeconds) * time.Second
	}
	secret, err := a.cfg.Operators.RotateWebhook(c.ctx(), c.now, c.by, in.Webhook, in.Secret, keep, in.Reason)
	if err != nil {
		return err
	}
	return reply(c, http.StatusOK, Secret{in.Webhook, secret})
}

func (a *API) removeWebhook(c *call) error {
	var in hookBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	if err := a.cfg.Operators.RemoveWebhook(c.ctx(), c.now, c.by, in.Webhook, in.Reason); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) retryWebhook(c *call) error {
	var in hookBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	n, err := a.cfg.Operators.RetryWebhook(c.ctx(), c.now, c.by, in.Webhook, in.Reason)
	if err != nil {
		return err
	}
	return reply(c, http.StatusOK, Retried{n})
}

func (a *API) failedEvents(c *call) error {
	limit, err := limitOf(c, operator.MaxMessages)
	if err != nil {
		return err
	}
	list, err := a.cfg.Operators.FailedWebhookEvents(c.ctx(), limit)
	if err != nil {
		return err
	}
	out := failedAnswer{make([]FailedEvent, 0, len(list))}
	for _, e := range list {
		out.Events = append(out.Events, FailedEvent{e.ID, e.Hook, string(e.Account), e.Kind, e.Created, e.Attempts, e.Failed, e.LastError})
	}
	return reply(c, http.StatusOK, out)
}
