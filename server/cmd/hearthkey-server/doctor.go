package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/doctor"
)

// examining looks at the installation that the flags of serve describe.
type examining struct {
	serve
	Connect bool `help:"Connect to the mail server, the SMS gateway, the bus and --public-url too."`
	JSON    bool `help:"Print JSON: a list of check, level (ok, skip, warn, bad), text and do."`
}

// run prints what was found; it fails where something is bad.
func (c examining) run(ctx context.Context, s streams) error {
	report := server.Examine(ctx, c.config(slog.New(slog.DiscardHandler)), c.Connect)
	if c.JSON {
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		if err := e.Encode(report); err != nil {
			return err
		}
	} else if err := report.Write(s.out); err != nil {
		return err
	}
	if n := report.Count(doctor.Bad); n > 0 {
		return fmt.Errorf("%d of the findings are bad", n)
	}
	return nil
}
