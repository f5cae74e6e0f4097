package e2e

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
	"github.com/hearthkey/hearthkey/tools/drive"
)

// cmdEntersBy signs somebody in with a password, and the access code where one
// is asked for. Negated, the password must be refused.
func cmdEntersBy(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, len(args) == 3, "[!] enters-by URL EMAIL PASSWORD")
	ctx, cancel := waiting()
	defer cancel()
	who := &drive.Account{URL: args[0], Email: args[1]}
	err := who.SignIn(ctx, args[2])
	if !neg {
		ts.Check(err)
		return
	}
	var p *drive.Problem
	if !errors.As(err, &p) || p.Status != 401 {
		ts.Fatalf("sign-in with a wrong password: %v", err)
	}
}

// cmdHash looks at how the password of an account is stored: its hash must
// begin so. The server must be stopped.
func cmdHash(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 3, "hash DATABASE EMAIL BEGINNING")
	ctx := context.Background()
	driver, err := sqlite.Open(ctx, sqlite.Config{Path: ts.MkAbs(args[0])})
	ts.Check(err)
	db, err := store.Open(ctx, driver, slog.New(slog.DiscardHandler))
	ts.Check(err)
	defer db.Close()
	ts.Check(db.View(ctx, func(tx *store.Tx) error {
		acc, err := tx.AccountByEmail(args[1])
		if err == nil && !strings.HasPrefix(acc.Password, args[2]) {
			ts.Fatalf("the hash of %s begins with %.12s", args[1], acc.Password)
		}
		return err
	}))
}
