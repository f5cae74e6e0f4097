package admin

import (
	"context"
	"strconv"
	"time"
)

// Webhook is an address that hears of security events.
type Webhook struct {
	ID            string    `json:"webhook"`
	URL           string    `json:"url"`
	Events        []string  `json:"events"`  // empty: all
	Private       bool      `json:"private"` // its host may have a private address
	Created       time.Time `json:"created"`
	CreatedBy     string    `json:"created_by"`
	PreviousUntil time.Time `json:"previous_until,omitzero"` // the secret before signs too
	Disabled      time.Time `json:"disabled,omitzero"`       // it answered that it is gone
	Hold          time.Time `json:"hold_until,omitzero"`     // left alone until then, after failures
	Delivered     int64     `json:"delivered"`
	LastOK        time.Time `json:"last_ok,omitzero"`
	LastError     string    `json:"last_error,omitempty"`
	Waiting       int64     `json:"waiting"`
	Oldest        time.Time `json:"oldest,omitzero"` // that waits
	SetAside      int64     `json:"set_aside"`
}

// Secret is a webhook's, which is given once.
type Secret struct {
	Webhook string `json:"webhook"`
	Secret  string `json:"secret"`
}

// Retried is how many events are tried again.
type Retried struct {
	Events int64 `json:"events"`
}

// FailedEvent is one that was set aside.
type FailedEvent struct {
	ID       string    `json:"event"`
	Webhook  string    `json:"webhook"`
	Account  string    `json:"account"`
	Kind     string    `json:"kind"`
	Created  time.Time `json:"created"`
	Attempts int       `json:"attempts"`
	SetAside time.Time `json:"set_aside"`
	Reason   string    `json:"reason"`
}

// The bodies of requests.
type (
	addHookBody struct {
		URL     string   `json:"url"`
		Events  []string `json:"events"`
		Private bool     `json:"private"`
		Secret  string   `json:"secret"` // empty: one is made
		Reason  string   `json:"reason"`
	}
	rotateHookBody struct {
		Webhook     string `json:"webhook"`
		Secret      string `json:"secret"`       // empty: one is made
		KeepSeconds *int64 `json:"keep_seconds"` // absent: a day
		Reason      string `json:"reason"`
	}
	hookBody struct {
		Webhook string `json:"webhook"`
		Reason  string `json:"reason"`
	}
	hooksAnswer struct {
		Webhooks []Webhook `json:"webhooks"`
	}
	failedAnswer struct {
		Events []FailedEvent `json:"events"`
	}
)

// Webhooks lists the webhooks.
func (c *Client) Webhooks(ctx context.Context) ([]Webhook, error) {
	var out hooksAnswer
	err := c.ask(ctx, "GET", "webhooks", nil, &out)
	return out.Webhooks, err
}

// AddWebhook makes a webhook: with the secret that is given, or a new one.
func (c *Client) AddWebhook(ctx context.Context, url string, events []string, private bool, secret, reason string) (Secret, error) {
	var out Secret
	err := c.ask(ctx, "POST", "webhooks", addHookBody{url, events, private, secret, reason}, &out)
	return out, err
}

// RotateWebhook gives one another secret; the one before signs too for keep.
func (c *Client) RotateWebhook(ctx context.Context, webhook, secret string, keep time.Duration, reason string) (Secret, error) {
	var out Secret
	seconds := int64(keep / time.Second)
	err := c.ask(ctx, "POST", "webhooks/rotate", rotateHookBody{webhook, secret, &seconds, reason}, &out)
	return out, err
}

// RemoveWebhook ends one.
func (c *Client) RemoveWebhook(ctx context.Context, webhook, reason string) error {
	return c.ask(ctx, "POST", "webhooks/remove", hookBody{webhook, reason}, nil)
}

// RetryWebhook has tried at once what waits or was set aside.
func (c *Client) RetryWebhook(ctx context.Context, webhook, reason string) (int64, error) {
	var out Retried
	err := c.ask(ctx, "POST", "webhooks/retry", hookBody{webhook, reason}, &out)
	return out.Events, err
}

// FailedEvents lists up to n events that were set aside, the newest first.
func (c *Client) FailedEvents(ctx context.Context, n int) ([]FailedEvent, error) {
	var out failedAnswer
	err := c.ask(ctx, "GET", "webhooks/failed?limit="+strconv.Itoa(n), nil, &out)
	return out.Events, err
}
