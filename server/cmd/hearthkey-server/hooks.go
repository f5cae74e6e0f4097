package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/hearthkey/hearthkey/server/admin"
)

// webhooks are the commands about addresses that hear of security events.
type webhooks struct {
	Add    addWebhook    `cmd:"" help:"Tell an address of security events. Prints the webhook's id and the secret that signs, once."`
	List   listWebhooks  `cmd:"" help:"List the webhooks and how they do."`
	Rotate rotateWebhook `cmd:"" help:"Give a webhook another secret; the one before signs too for a while."`
	Remove removeWebhook `cmd:"" help:"End a webhook with all that waits for it."`
	Failed failedEvents  `cmd:"" help:"List events that were set aside."`
	Retry  retryWebhook  `cmd:"" help:"Try at once what waits for a webhook or was set aside."`
}

// secrets is where a webhook's secret comes from and goes to. It is never an
// argument.
type secrets struct {
	SecretFile string `name:"secret-file" placeholder:"FILE" help:"File with the secret (whsec_ and base64 of 24 to 64 bytes), readable by nobody else. Default: one is made."`
	Save       string `placeholder:"FILE" help:"New file for the secret, readable by nobody else. Default: the standard output."`
}

func (c secrets) given() (string, error) {
	if c.SecretFile == "" {
		return "", nil
	}
	text, err := readToken(c.SecretFile)
	return strings.TrimSpace(text), err
}

// handOver gets a secret by ask and writes it where it belongs.
func (c secrets) handOver(s streams, ask func(given string) (admin.Secret, error)) error {
	given, err := c.given()
	if err != nil {
		return fmt.Errorf("--secret-file: %w", err)
	}
	var file *os.File
	if c.Save != "" {
		file, err = os.OpenFile(c.Save, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s is there already: it is not overwritten", c.Save)
		}
		if err != nil {
			return fmt.Errorf("--save: %w", err)
		}
		defer file.Close()
	}
	made, err := ask(given)
	switch {
	case err != nil:
		if c.Save != "" {
			os.Remove(c.Save)
		}
		return err
	case c.Save != "":
		fmt.Fprintln(s.out, made.Webhook)
		_, err = fmt.Fprintln(file, made.Secret)
	case given != "":
		fmt.Fprintln(s.out, made.Webhook)
	default:
		fmt.Fprintln(s.out, made.Webhook, made.Secret)
	}
	return err
}

type addWebhook struct {
	URL     string   `arg:"" help:"Where events are posted: https, or http to this machine."`
	Events  []string `placeholder:"KIND,…" help:"Kinds, as the timeline names them, e.g. signed_in,device_added. Default: all."`
	Private bool     `help:"The host has an address in a private network. Without it those are refused."`
	Reason  string   `placeholder:"TEXT" help:"Why: the log keeps it."`
	secrets
	asking
}

func (c addWebhook) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		return c.handOver(s, func(given string) (admin.Secret, error) {
			return a.AddWebhook(ctx, c.URL, c.Events, c.Private, given, c.Reason)
		})
	})
}

type rotateWebhook struct {
	Webhook string        `arg:"" help:"Its id."`
	Keep    time.Duration `default:"24h" help:"For how long the secret before signs too, at most 168h."`
	Reason  string        `placeholder:"TEXT" help:"Why: the log keeps it."`
	secrets
	asking
}

func (c rotateWebhook) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		return c.handOver(s, func(given string) (admin.Secret, error) {
			return a.RotateWebhook(ctx, c.Webhook, given, c.Keep, c.Reason)
		})
	})
}

type listWebhooks struct{ asking }

func (c listWebhooks) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		list, err := a.Webhooks(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "WEBHOOK\tURL\tEVENTS\tDELIVERED\tLAST\tWAITING\tSET ASIDE\tSTATE")
		for _, h := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%d\t%d\t%s\n", h.ID, h.URL, or(strings.Join(h.Events, ","), "all"), h.Delivered, at(h.LastOK),
				h.Waiting, h.SetAside, hookState(h))
		}
		return w.Flush()
	})
}

func hookState(h admin.Webhook) string {
	switch {
	case !h.Disabled.IsZero():
		return "disabled: it answered 410 Gone on " + at(h.Disabled)
	case h.LastError != "":
		return "failing: " + h.LastError
	case !h.PreviousUntil.IsZero():
		return "two secrets until " + at(h.PreviousUntil)
	}
	return "good"
}

type removeWebhook struct {
	Webhook string `arg:"" help:"Its id."`
	Reason  string `placeholder:"TEXT" help:"Why: the log keeps it."`
	asking
}

func (c removeWebhook) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		if err := a.RemoveWebhook(ctx, c.Webhook, c.Reason); err != nil {
			return err
		}
		fmt.Fprintln(s.out, "It is told nothing any more.")
		return nil
	})
}

type failedEvents struct {
	Last int `default:"50" help:"How many, 1 to 500."`
	asking
}

func (c failedEvents) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		list, err := a.FailedEvents(ctx, c.Last)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "HAPPENED\tKIND\tTRIES\tREASON\tSET ASIDE\tACCOUNT\tEVENT\tWEBHOOK")
		for _, e := range list {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", at(e.Created), e.Kind, e.Attempts, e.Reason, at(e.SetAside), e.Account, e.ID, e.Webhook)
		}
		return w.Flush()
	})
}

type retryWebhook struct {
	Webhook string `arg:"" help:"Its id."`
	Reason  string `placeholder:"TEXT" help:"Why: the log keeps it."`
	asking
}

func (c retryWebhook) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		n, err := a.RetryWebhook(ctx, c.Webhook, c.Reason)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%d events are tried now.\n", n)
		return nil
	})
}
