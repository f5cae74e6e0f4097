package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/hearthkey/hearthkey/server"
)

// importing is the import of accounts. It takes the flags of the server, whose
// database and keys it opens.
type importing struct {
	File string `arg:"" help:"JSON lines: {\"email\":…, \"passwordHash\":…, \"language\":…, \"phone\":…}. - reads the standard input."`
	serve
}

func (c importing) run(ctx context.Context, stdout, stderr io.Writer) error {
	in := io.Reader(os.Stdin)
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("the file cannot be read: %w", err)
		}
		defer file.Close()
		in = file
	}
	left := 0
	added, err := server.ImportAccounts(ctx, c.config(c.logger(stderr)), in, func(line int, err error) {
		left++
		fmt.Fprintf(stderr, "line %d left out: %v\n", line, err)
	})
	fmt.Fprintf(stdout, "%d accounts added, %d lines left out\n", added, left)
	return err
}

// resetting begins the removal of a second factor by support.
type resetting struct {
	Email    string `arg:"" help:"Address of the account."`
	Operator string `placeholder:"NAME" help:"Who does it: the timeline keeps it."`
	Reason   string `placeholder:"TEXT" help:"Why, and how the owner was identified: the owner gets to read it."`
	serve
}

func (c resetting) run(ctx context.Context, stdout, stderr io.Writer) error {
	due, err := server.ResetFactor(ctx, c.config(c.logger(stderr)), c.Email, c.Operator, c.Reason)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "The second factor will be removed after %s, unless the owner stops it.\n", due.UTC().Format(time.RFC3339))
	return nil
}
