package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hearthkey/hearthkey/server/audit"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/postgres"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

// auditEvery is how often a node looks whether the entries that it saw are there, and
// keeps the newest of all nodes.
const auditEvery = time.Minute

// openAudit opens the audit log and holds it against what this server had seen.
func (p *parts) openAudit(ctx context.Context) error {
	p.audit = audit.New(audit.Config{Keys: p.keys, Node: p.node, Head: audit.NewHeadFile(p.cfg.AuditHead), Log: p.cfg.Log})
	if err := p.suspect(p.audit.Begin(ctx, p.db, p.cfg.Now())); err != nil {
		return err
	}
	return p.noteKeys(ctx)
}

// suspect raises the alarm where the audit log was tampered with, and returns what
// else went wrong.
func (p *parts) suspect(err error) error {
	switch {
	case errors.Is(err, audit.ErrCut):
		if !p.cut.Swap(true) {
			p.cfg.Log.Error("audit entries are gone, and no restore says why: hearthkey-server audit verify says which", "error", err)
		}
		return nil
	case errors.Is(err, audit.ErrAnchor):
		p.cfg.Log.Error("the file with the newest audit entry is damaged: it is written anew", "file", p.cfg.AuditHead, "error", err)
		return nil
	}
	return err
}

func (p *parts) noteKeys(ctx context.Context) error {
	return p.audit.Keys(ctx, p.db, p.cfg.Now(), fmt.Sprintf("list %d, %s signs", p.keys.Number(), p.keys.InUse()))
}

// watchAudit looks at the audit log until ctx ends.
func (p *parts) watchAudit(ctx context.Context) {
	tick := time.NewTicker(auditEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := p.suspect(p.audit.Look(ctx, p.db)); err != nil && ctx.Err() == nil {
			p.cfg.Log.Warn("audit log not looked at", "error", err)
		}
	}
}

// auditOf is the log for a command with the data folder. Before the first start there
// are no keys to seal with.
func auditOf(set settings) (*audit.Log, error) {
	keys, err := keyring.Reopen(filepath.Join(set.Data, "keys"))
	if err != nil && !errors.Is(err, keyring.ErrIncomplete) {
		return nil, err
	}
	return audit.New(audit.Config{Keys: keys, Head: audit.NewHeadFile(set.AuditHead), Log: set.Log}), nil
}

// VerifyAudit reads the audit log of the installation of cfg through, whether its
// servers run or not, and holds it against anchors and the file of cfg.AuditHead.
func VerifyAudit(ctx context.Context, cfg Config, anchors ...audit.Anchor) (audit.Report, error) {
	set, err := cfg.check()
	if err != nil {
		return audit.Report{}, err
	}
	var report audit.Report
	err = set.readDatabase(ctx, func(q store.Querier) (err error) {
		report, err = set.verifyAudit(ctx, q, anchors)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = operator(err, "This database has no audit log yet: it comes with the next start of this version.")
	}
	return report, err
}

func (s settings) verifyAudit(ctx context.Context, q store.Querier, anchors []audit.Anchor) (audit.Report, error) {
	seals, err := keyring.ReadSeals(filepath.Join(s.Data, "keys"))
	if err != nil {
		return audit.Report{}, err
	}
	seen, err := audit.NewHeadFile(s.AuditHead).Read()
	if err != nil {
		return audit.Report{}, err
	}
	head, err := store.ReadAudit(ctx, q, func(store.AuditRow) error { return nil })
	if err != nil {
		return audit.Report{}, err
	}
	source := func(each func(store.AuditRow) error) error {
		_, err := store.ReadAudit(ctx, q, each)
		return err
	}
	return audit.Verify(source, seals, head, append(anchors, seen)...)
}

// ExportAudit calls each for every audit entry from the number from on.
func ExportAudit(ctx context.Context, cfg Config, from int64, each func(store.AuditRow) error) error {
	set, err := cfg.check()
	if err != nil {
		return err
	}
	return set.readDatabase(ctx, func(q store.Querier) error {
		_, err := store.ReadAudit(ctx, q, func(r store.AuditRow) error {
			if r.Seq < from {
				return nil
			}
			return each(r)
		})
		return err
	})
}

// VerifyExport checks an export by the keys in cfg.Data.
func VerifyExport(cfg Config, file string, anchors ...audit.Anchor) (audit.Report, error) {
	set, err := cfg.check()
	if err != nil {
		return audit.Report{}, err
	}
	seals, err := keyring.ReadSeals(filepath.Join(set.Data, "keys"))
	if err != nil {
		return audit.Report{}, err
	}
	source := func(each func(store.AuditRow) error) error {
		in, err := os.Open(file)
		if err != nil {
			return err
		}
		defer in.Close()
		return audit.Read(in, each)
	}
	return audit.Verify(source, seals, store.AuditHead{}, anchors...)
}

// readDatabase lends look a transaction that only reads, beside a running server.
func (s settings) readDatabase(ctx context.Context, look func(store.Querier) error) error {
	if s.Database != "" {
		d, err := postgres.Open(ctx, postgres.Config{URL: s.Database, Log: s.Log})
		if err != nil {
			return explainPostgres(postgres.Name(s.Database), err)
		}
		return errors.Join(d.View(ctx, look), d.Close())
	}
	path := databaseOf(s.Data)
	err := sqlite.Inspect(ctx, path, look)
	if errors.Is(err, fs.ErrNotExist) {
		return operator(err, "There is no database %s.", path)
	}
	return explainStore(path, err)
}
