package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/hearthkey/hearthkey/server/store"
)

// SQLSTATE codes (PostgreSQL, Appendix A).
const (
	codeReadOnly       = "25006"
	codeForeignKey     = "23503"
	codeUnique         = "23505"
	codePassword       = "28P01"
	codeAuthorization  = "28000"
	codeNoDatabase     = "3D000"
	codeSerialization  = "40001"
	codeDeadlock       = "40P01"
	codePrivilege      = "42501"
	codeDiskFull       = "53100"
	codeTooMany        = "53300"
	codeLockTimeout    = "55P03"
	codeCanceled       = "57014"
	codeAdminShutdown  = "57P01"
	codeCrashShutdown  = "57P02"
	codeCannotConnect  = "57P03"
	codeIdleInTx       = "25P03"
	codeIO             = "58030"
	codeDamaged        = "XX001"
	codeIndexDamaged   = "XX002"
	classConnection    = "08"
	codeStatementState = "26000" // a prepared statement is gone, behind a pooler
)

// code returns the SQLSTATE of err, or "".
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Classify implements store.Driver.
func (d *Driver) Classify(err error) error {
	switch code(err) {
	case codeUnique:
		return store.ErrExists
	case codeForeignKey:
		return store.ErrReference
	case codeReadOnly, codePrivilege:
		return store.ErrReadOnly
	case codeDiskFull:
		return store.ErrFull
	case codeIO:
		return store.ErrIO
	case codeDamaged, codeIndexDamaged:
		return store.ErrDamaged
	case codeSerialization, codeDeadlock, codeLockTimeout, codeCanceled:
		return store.ErrBusy
	case "":
		if errors.Is(err, sql.ErrNoRows) {
			return store.ErrNotFound
		}
	}
	if lost(err) && !errors.Is(err, store.ErrIO) {
		return store.ErrBusy
	}
	return nil
}

// conflicts reports whether a transaction failed for another's sake.
func conflicts(err error) bool {
	c := code(err)
	return c == codeSerialization || c == codeDeadlock
}

// lost reports whether the connection is gone, or there is none to be had now. What
// ran on it and was not committed is undone.
func lost(err error) bool {
	switch c := code(err); {
	case c == codeAdminShutdown, c == codeCrashShutdown, c == codeCannotConnect, c == codeTooMany, c == codeIdleInTx, c == codeStatementState:
		return true
	case c != "":
		return strings.HasPrefix(c, classConnection)
	}
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.As(err, &network) || isConnect(err) || pgconn.Timeout(err) || isClosed(err)
}

func isConnect(err error) bool {
	var e *pgconn.ConnectError
	return errors.As(err, &e)
}

// isClosed reports whether pgx says that a connection was closed before: it has no
// type for that.
func isClosed(err error) bool {
	return err != nil && strings.Contains(err.Error(), "conn closed")
}

// explained adds to an error of connecting what an operator can do about, without
// pgx's text where that may show what was in the address.
func explained(err error) error {
	switch code(err) {
	case codeNoDatabase:
		return ErrNoDatabase
	case codePassword, codeAuthorization, codePrivilege:
		return fmt.Errorf("%w: SQLSTATE %s", ErrRefused, code(err))
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	if lost(err) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %s", ErrUnreachable, reason(err))
	}
	return err
}

// reason is the part of an error of connecting that names no user and no password.
func reason(err error) string {
	if c := code(err); c != "" {
		return "SQLSTATE " + c
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.Err
	}
	return "no answer"
}
