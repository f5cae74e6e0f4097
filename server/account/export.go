package account

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// exportPage is how many rows are read at once: memory stays bounded, and no
// transaction waits for the reader.
const exportPage = 500

// exportFormat names the document's form.
const exportFormat = "hearthkey.account.v1"

// leftOut is said in the document.
const leftOut = "Passwords, PINs, codes, links and session tokens are stored only as hashes or sealed, and keys of devices, " +
	"authenticator apps and passkeys are secrets: they are left out. So are the texts of messages, which are erased when they are sent."

// Export writes everything that is held about who's account as one JSON
// document (product rule A10, GDPR articles 15 and 20). It asks for a fresh
// proof. Where it fails after it began to write, what was written is no valid
// document. Errors: ErrProofNeeded, ErrSignedOut, the writer's.
func (s *Service) Export(ctx context.Context, now time.Time, who Session, w io.Writer) error {
	if !who.Fresh(now) {
		return ErrProofNeeded
	}
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := Live(tx, who); err != nil {
			return err
		}
		return who.Record(tx, now, timeline.Entry{Kind: timeline.DataExported})
	})
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	out := bufio.NewWriter(w)
	head, err := json.Marshal(map[string]string{
		"format": exportFormat, "exported": now.UTC().Format(time.RFC3339), "leftOut": leftOut,
	})
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	_, _ = out.Write(head[:len(head)-1]) // a bufio.Writer keeps its error for Flush
	for _, t := range store.ExportTables() {
		if err := s.exportTable(ctx, who, t, out); err != nil {
			return fmt.Errorf("export %s: %w", t.Name, err)
		}
	}
	_, _ = out.WriteString("\n}\n")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

func (s *Service) exportTable(ctx context.Context, who Session, t store.ExportTable, out *bufio.Writer) error {
	fmt.Fprintf(out, ",\n%q:[", t.Name)
	for offset, more := 0, true; more; offset += exportPage {
		var rows []json.RawMessage
		err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
			if err := Live(tx, who); err != nil {
				return err
			}
			rows, err = tx.ExportPage(t, who.Account, offset, exportPage)
			return err
		})
		if err != nil {
			return err
		}
		for i, row := range rows {
			if offset+i > 0 {
				_ = out.WriteByte(',')
			}
			_, _ = out.WriteString("\n")
			_, _ = out.Write(row)
		}
		more = len(rows) == exportPage
	}
	return out.WriteByte(']')
}
