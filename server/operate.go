package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// Bounds of an import.
const (
	maxImportLine = 16 << 10 // bytes
	importChunk   = 1000     // rows that are held at once
)

// ErrImportLine: a line of an import is not a JSON object that is known here.
var ErrImportLine = errors.New("not a JSON object with email, passwordHash, language and phone")

// ImportAccounts adds the accounts of another system to the database of cfg,
// while no server has it open (product rule O3). in has one JSON object a line,
// an [account.ImportRow]. What cannot be used is passed to left with its line,
// counted from 1, and left out. It returns how many were added, also with an
// error; running it again leaves out those.
func ImportAccounts(ctx context.Context, cfg Config, in io.Reader, left func(line int, err error)) (added int, err error) {
	err = offline(ctx, cfg, func(p *parts) error {
		lines := bufio.NewScanner(in)
		lines.Buffer(make([]byte, 0, maxImportLine), maxImportLine)
		for number, more := 0, true; more; {
			var (
				rows []account.ImportRow
				at   []int // their lines
			)
			for len(rows) < importChunk {
				if more = lines.Scan(); !more {
					break
				}
				number++
				row, ok, err := importLine(lines.Bytes())
				if err != nil {
					left(number, err)
				}
				if ok {
					rows, at = append(rows, row), append(at, number)
				}
			}
			n, bad, err := p.accounts.Import(ctx, p.cfg.Now(), rows)
			added += n
			for _, b := range bad {
				left(at[b.Row], b.Err)
			}
			if err != nil {
				return err
			}
		}
		if err := lines.Err(); err != nil {
			return operator(err, "The file cannot be read further (%v): a line has at most %d bytes.", err, maxImportLine)
		}
		return nil
	})
	return added, err
}

// importLine reads one line; an empty one is no row.
func importLine(line []byte) (row account.ImportRow, ok bool, err error) {
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return row, false, nil
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&row); err != nil || d.More() {
		return row, false, ErrImportLine
	}
	return row, true, nil
}

// ResetFactor begins the removal of the second factor of the account with this
// email address, while no server has the database open (product rule O3). The
// owner is told when the server runs again, and can stop it. It returns when it
// will be done.
func ResetFactor(ctx context.Context, cfg Config, email, name, reason string) (due time.Time, err error) {
	err = offline(ctx, cfg, func(p *parts) error {
		id, err := p.accounts.Find(ctx, email)
		if err != nil {
			return err
		}
		due, err = p.accounts.AskFactorReset(ctx, p.cfg.Now(), id, name, reason)
		return err
	})
	switch {
	case errors.Is(err, account.ErrUnknownAccount):
		err = operator(err, "No account has the address %s.", email)
	case errors.Is(err, account.ErrReason):
		err = operator(err, "Say who you are with --operator, and why with --reason: the owner and the timeline get to read it.")
	case errors.Is(err, account.ErrFactorNeeded):
		err = operator(err, "The account %s has no second factor.", email)
	case errors.Is(err, account.ErrResetting):
		err = operator(err, "The second factor of %s is being removed already.", email)
	}
	return due, err
}

// offline opens everything but listens to nothing, and closes it again.
func offline(ctx context.Context, cfg Config, do func(*parts) error) error {
	set, err := cfg.check()
	if err != nil {
		return err
	}
	p, err := assemble(ctx, set)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer p.close()
	return do(p)
}
