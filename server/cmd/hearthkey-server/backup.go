package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/hearthkey/hearthkey/server"
)

// folder is where the commands about a folder, and not about a running server, look.
type folder struct {
	Data string `default:"data/server" placeholder:"FOLDER" help:"Folder of the database and the keys."`
}

type backingUp struct {
	File string `arg:"" help:"New file for the copy, readable by nobody else. It is not overwritten."`
	folder
}

func (c backingUp) run(ctx context.Context, s streams) error {
	if err := server.Backup(ctx, server.Config{Data: c.Data}, c.File); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "The database is in %s. The keys are not: keep a copy of %s/keys somewhere else.\n", c.File, c.Data)
	return nil
}

type restoring struct {
	File      string `arg:"" help:"The backup."`
	Deletions string `placeholder:"FILE" help:"Journal of deletions. Default: deletions.log in --data."`
	Without   bool   `name:"without-deletions" help:"Restore without a journal, where it is lost: what was deleted after the backup comes back."`
	folder
}

func (c restoring) run(ctx context.Context, s streams) error {
	cfg := server.Config{Data: c.Data, Deletions: c.Deletions, Log: slog.New(slog.NewTextHandler(s.err, nil))}
	did, err := server.Restore(ctx, cfg, c.File, c.Without)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "The database is that of %s; what happened since is lost. Deletions done again: %d.\n",
		did.Backup.UTC().Format(time.DateTime+" UTC"), did.Repeated)
	if did.Audit > 0 {
		fmt.Fprintf(s.out, "Of the audit log %d entries since the backup were taken over.\n", did.Audit)
	}
	if did.Aside != "" {
		fmt.Fprintf(s.out, "The one before is kept in %s: delete it when you do not need it any more.\n", did.Aside)
	}
	if did.NoOld {
		fmt.Fprintln(s.out, "That one could not be read: a deletion of its last seconds may have come back.")
	}
	fmt.Fprintln(s.out, "Owners sign in again; TVs go on as they are, and keep the stricter state where theirs is newer.")
	return nil
}

type replaying struct {
	Database  string   `required:"" placeholder:"URL" help:"The PostgreSQL database. It holds a secret: better in HEARTHKEY_DATABASE."`
	Deletions []string `placeholder:"FILE" help:"Journal of deletions of a node. Give each node's."`
	Without   bool     `name:"without-deletions" help:"Go on without journals, where they are lost: what was deleted after the backup comes back."`
}

func (c replaying) run(ctx context.Context, s streams) error {
	cfg := server.Config{Database: c.Database, Log: slog.New(slog.NewTextHandler(s.err, nil))}
	did, err := server.Replay(ctx, cfg, c.Deletions, c.Without)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "The database is that of %s; what happened since is lost. Deletions done again: %d. The servers can start.\n",
		did.Backup.UTC().Format(time.DateTime+" UTC"), did.Repeated)
	fmt.Fprintln(s.out, "Owners sign in again; TVs go on as they are, and keep the stricter state where theirs is newer.")
	return nil
}
