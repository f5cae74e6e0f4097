package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/hearthkey/hearthkey/server/admin"
)

// outbox is the commands about mails and SMS on their way.
type outbox struct {
	List listOutbox `cmd:"" help:"List messages that were set aside, with the reason, or those that wait."`
}

type listOutbox struct {
	Waiting bool `help:"Those that wait, the oldest first, instead of those that were set aside."`
	Last    int  `default:"50" help:"How many, 1 to 500."`
	asking
}

func (c listOutbox) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		state := admin.StateSetAside
		if c.Waiting {
			state = admin.StateWaiting
		}
		list, err := a.Outbox(ctx, state, c.Last)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "WRITTEN\tKIND\tBY\tTO\tTRIES\tREASON\tNEXT\tSET ASIDE\tACCOUNT\tMESSAGE")
		for _, m := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", at(m.Created), m.Kind, m.Channel, m.To, m.Attempts,
				or(m.Reason, "(not tried yet)"), at(m.Next), at(m.SetAside), orNone(m.Account), m.ID)
		}
		return w.Flush()
	})
}
