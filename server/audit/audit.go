// Package audit is the log of what operators did and of what happened to the service
// itself (product rule O3), which shows whether anybody changed it afterwards, with
// the rights of the database or of the machine.
//
// # How
//
// Entries are numbered without a gap. Each has a hash over its content and the hash
// of the one before, and a seal: a signature by the server's signing key over number
// and hash. Whoever changes, inserts, moves or takes out an entry must make all
// hashes after it anew, and has no seal for them. What no signature can show is that
// the newest entries are missing, so the newest number and hash are also kept outside
// of the database: in a [HeadFile] of each node, in the node's log, and wherever an
// operator puts what [Verify] is given as anchors.
//
// Old entries are removed at the beginning, and an entry says up to where. A restored
// backup leaves a gap, and an entry says which. A gap that nobody answers for is
// written down too, by the next server that starts.
//
// # Promises
//
//   - An entry is written in the transaction of what it is about: neither is there
//     without the other.
//   - Several nodes write one log: they take turns at its head.
//   - It holds no secret, and names accounts and devices by their ids, so that it says
//     nothing about anybody who was erased.
//
// A [Log] is safe for concurrent use. [Verify] and the reader of exports hold nothing
// in memory but what they found. The tests tamper with every column of a real log, on
// both engines, and fuzz the reader.
package audit

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// Server is the actor of what no operator did.
const Server = "(server)"

// The acts of the service itself. Values are stored.
const (
	// ActKeys: another key list, or another key that signs. About says which.
	ActKeys = "keys-changed"
	// ActDataKey: everything that the database seals was sealed anew.
	ActDataKey = "data-key-rotated"
	// ActTrim: entries were removed because they were old. About: their numbers.
	ActTrim = "audit-trimmed"
	// ActRestored: a backup was put in the place of the database. About: the numbers
	// of the entries that are lost with it; Outcome: until when the backup is whole.
	ActRestored = "restored"
	// ActCut: entries that this node had seen are gone, and no restore says why.
	// About: their numbers.
	ActCut = "audit-cut"
	// ActOutcome: how the act of another entry went.
	ActOutcome = "outcome"
)

// typ is that of seals.
const typ = "hearthkey-audit+jwt"

// claims are what a seal says.
type claims struct {
	Server string `json:"srv"`
	Seq    int64  `json:"seq"`
	Hash   string `json:"hash"`
}

// Config is what a [Log] works with.
type Config struct {
	// Keys seal the entries; nil where there are none yet, before a server's first
	// start: the first entry after it vouches for those before.
	Keys *keyring.Ring
	// Node names this process; empty: a command with the data folder.
	Node string
	// Head is kept as the newest entry of this node; the zero value: nowhere.
	Head HeadFile
	// Log gets each entry's number, hash, act and ids. Default: nowhere.
	Log *slog.Logger
}

// Log writes entries.
type Log struct{ c Config }

// New returns a log.
func New(c Config) *Log {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Log{c}
}

// Entry is what to write.
type Entry struct {
	ID        string // UUIDv7; empty: one is made
	OutcomeOf string // ID of the entry whose outcome this is
	Actor     string
	Act       string
	About     string
	Reason    string
	Outcome   string
}

// Append writes an entry in the caller's transaction.
func (l *Log) Append(tx *store.Tx, now time.Time, e Entry) error {
	head, err := tx.LockAuditHead()
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return l.append(tx, now, head, head.Seq+1, e)
}

// append writes the entry with number seq after head.
func (l *Log) append(tx *store.Tx, now time.Time, head store.AuditHead, seq int64, e Entry) error {
	row, err := l.sealed(now, head.Hash, seq, e)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if err := tx.InsertAudit(row); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	tx.OnCommit(func() {
		l.c.Log.Info("audit", "seq", row.Seq, "hash", row.Hash, "act", row.Act, "actor", row.Actor, "about", row.About, "entry", row.ID)
		if err := l.c.Head.Raise(Anchor{row.Seq, row.Hash, row.At}); err != nil {
			l.c.Log.Error("newest audit entry not kept outside of the database", "error", err)
		}
	})
	return nil
}

func (l *Log) sealed(now time.Time, prev string, seq int64, e Entry) (store.AuditRow, error) {
	if e.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return store.AuditRow{}, err
		}
		e.ID = id.String()
	}
	row := store.AuditRow{
		Seq: seq, ID: e.ID, OutcomeOf: e.OutcomeOf, At: now.Truncate(time.Millisecond), Node: l.c.Node,
		Actor: e.Actor, Act: e.Act, About: valid(e.About), Reason: valid(e.Reason), Outcome: valid(e.Outcome), Prev: prev,
	}
	row.Hash = hashOf(row)
	if l.c.Keys == nil {
		return row, nil
	}
	var err error
	row.Seal, err = l.c.Keys.Sign(typ, claims{l.c.Keys.Server(), row.Seq, row.Hash})
	return row, err
}

// valid drops what an engine would not give back as it was.
func valid(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "") }

// span is how the numbers of entries that are gone are written.
func span(from, to int64) string { return fmt.Sprintf("%d-%d", from, to) }

// parseSpan reads span.
func parseSpan(s string) (from, to int64, ok bool) {
	n, err := fmt.Sscanf(s, "%d-%d", &from, &to)
	return from, to, err == nil && n == 2 && from <= to && span(from, to) == s
}

// Trim removes the entries that are, like all before them, from before t, and says so
// in a new one. The newest entry always stays.
func (l *Log) Trim(tx *store.Tx, now, t time.Time) error {
	last, err := tx.OldAudits(t)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("trim audit log: %w", err)
	}
	first, err := tx.AuditsAfter(-1, 1)
	if err != nil || len(first) == 0 {
		return err
	}
	err = l.Append(tx, now, Entry{Actor: Server, Act: ActTrim, About: span(first[0].Seq, last.Seq), Outcome: last.Hash})
	if err == nil {
		err = tx.DeleteAudits(last.Seq)
	}
	if err != nil {
		return fmt.Errorf("trim audit log: %w", err)
	}
	return nil
}
