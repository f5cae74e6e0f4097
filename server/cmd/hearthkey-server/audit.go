package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/audit"
	"github.com/hearthkey/hearthkey/server/store"
)

// auditing are the commands about the audit log. They read the database beside a
// running server, and need no operator's token: whoever may read keys/ may.
type auditing struct {
	Verify verifyAudit `cmd:"" help:"Look whether the audit log is whole and as it was written; exit status 1 where it is not."`
	Export exportAudit `cmd:"" help:"Write the audit log into a file, a JSON object a line, with hashes and seals."`
}

// auditFlags are where the log is.
type auditFlags struct {
	folder
	Database string `placeholder:"URL" help:"The PostgreSQL database. It holds a secret: better in HEARTHKEY_DATABASE. Default: the file in --data."`
	Head     string `name:"audit-head" placeholder:"FILE" help:"File with the newest entry that a server saw. Default: audit.head in --data."`
}

func (c auditFlags) config() server.Config {
	return server.Config{Data: c.Data, Database: c.Database, AuditHead: c.Head}
}

type verifyAudit struct {
	File   string   `placeholder:"EXPORT" help:"Check this export, by the keys in --data, and not the database."`
	Anchor []string `placeholder:"SEQ:HASH" help:"An entry that was noted elsewhere, which must be there: verify prints the newest as such, and the server's log tells each. May be given several times."`
	auditFlags
}

func (c verifyAudit) run(ctx context.Context, s streams) error {
	var anchors []audit.Anchor
	for _, text := range c.Anchor {
		a, err := audit.ParseAnchor(text)
		if err != nil {
			return fmt.Errorf("%q is not SEQ:HASH", text)
		}
		anchors = append(anchors, a)
	}
	var report audit.Report
	var err error
	if c.File != "" {
		report, err = server.VerifyExport(c.config(), c.File, anchors...)
	} else {
		report, err = server.VerifyAudit(ctx, c.config(), anchors...)
	}
	if err != nil {
		return err
	}
	return printReport(s.out, report)
}

// printReport prints what was found; it fails where something is wrong.
func printReport(w io.Writer, r audit.Report) error {
	out := bufio.NewWriter(w)
	for _, n := range r.Notices {
		fmt.Fprintf(out, "note      %6d  %s\n", n.Seq, n.Text)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(out, "%-8s  %6d  %s\n", f.Kind, f.Seq, f.Text)
	}
	if r.More > 0 {
		fmt.Fprintf(out, "and %d more\n", r.More)
	}
	if r.Entries == 0 {
		fmt.Fprintln(out, "There is no entry.")
	} else {
		fmt.Fprintf(out, "%d entries, %d to %d; the newest: %s\n", r.Entries, r.First, r.Last, r.Head)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if !r.Sound() {
		return errors.New("the audit log is not as it was written")
	}
	return nil
}

type exportAudit struct {
	File string `arg:"" help:"New file for the export, readable by nobody else; - is the standard output."`
	From int64  `default:"1" placeholder:"SEQ" help:"The first entry to write."`
	auditFlags
}

func (c exportAudit) run(ctx context.Context, s streams) (err error) {
	w := s.out
	if c.File != "-" {
		file, err := os.OpenFile(c.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("%s cannot be written: %w", c.File, errors.Unwrap(err))
		}
		defer func() { err = errors.Join(err, file.Sync(), file.Close()) }()
		w = file
	}
	out := bufio.NewWriter(w)
	n := 0
	err = server.ExportAudit(ctx, c.config(), c.From, func(r store.AuditRow) error { n++; return audit.Write(out, r) })
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	if c.File != "-" {
		fmt.Fprintf(s.out, "%d entries are in %s.\n", n, c.File)
	}
	return nil
}
