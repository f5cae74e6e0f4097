package server

import (
	"context"
	"crypto/rand"
	"errors"

	operators "github.com/hearthkey/hearthkey/server/operator"
	"github.com/hearthkey/hearthkey/server/store"
)

// AddOperator makes an operator in the database of cfg, while no server has it
// open: the first one, or one after all tokens are lost (product rule O3). It
// returns the token, which is kept nowhere. Whoever holds the folder may do it.
func AddOperator(ctx context.Context, cfg Config, name string, role operators.Role) (operators.Token, error) {
	set, err := cfg.check()
	if err != nil {
		return "", err
	}
	p := &parts{cfg: set}
	if err := p.openStore(ctx); err != nil {
		if errors.Is(err, store.ErrInUse) {
			err = operator(err, "A hearthkey-server has the database in %s open: give an operator's token to ask that server, or stop it.", set.Data)
		}
		return "", err
	}
	log, err := auditOf(set)
	if err != nil {
		return "", errors.Join(err, p.db.Close())
	}
	token, err := operators.First(ctx, p.db, log, rand.Reader, set.Now(), name, role)
	if err = errors.Join(err, p.db.Close()); err != nil {
		return "", explainOperator(err)
	}
	return token, nil
}

// explainOperator says what an operator can do about an operator that could
// not be made.
func explainOperator(err error) error {
	for _, known := range []struct {
		is   error
		text string
	}{
		{operators.ErrName, "A name has 1 to 32 of a-z, 0-9, hyphen and dot, and begins with a letter."},
		{operators.ErrRole, "A role is viewer, support or admin."},
		{operators.ErrTaken, "This name was given before. The log needs another one."},
		{operators.ErrTooMany, "There are as many operators as allowed, disabled ones included."},
	} {
		if errors.Is(err, known.is) {
			return operator(err, "%s", known.text)
		}
	}
	return err
}
