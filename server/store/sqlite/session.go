package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"

	"github.com/hearthkey/hearthkey/server/store"
)

// session is one connection with its prepared statements. Its owner uses it
// from one goroutine at a time.
//
// Statements are never interrupted: an interrupt in the middle of a write
// would roll back the whole group. Contexts are looked at between statements.
type session struct {
	db    *sql.DB
	conn  *sql.Conn // nil until first used, and after discard
	stmts map[string]*sql.Stmt
}

// maxStmts bounds the prepared statements of a session. The texts are
// constants of package store; the bound is for the day when one is not.
const maxStmts = 512

func (s *session) prepare(query string) (*sql.Stmt, error) {
	if s.conn == nil {
		conn, err := s.db.Conn(context.Background())
		if err != nil {
			return nil, err
		}
		s.conn, s.stmts = conn, map[string]*sql.Stmt{}
	}
	if stmt, ok := s.stmts[query]; ok {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	if len(s.stmts) >= maxStmts {
		for text, old := range s.stmts {
			delete(s.stmts, text)
			old.Close()
			break
		}
	}
	s.stmts[query] = stmt
	return stmt, nil
}

func (s *session) exec(query string) error {
	stmt, err := s.prepare(query)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(context.Background())
	return err
}

// rollback ends the transaction, if SQLite has not done so itself, and leaves
// a session that can begin another.
func (s *session) rollback() {
	if s.conn == nil {
		return
	}
	// The plain error code is "no transaction is active".
	if err := s.exec("ROLLBACK"); err != nil && code(err) != codeError {
		s.discard()
	}
}

// discard gives up a connection in an unknown state.
func (s *session) discard() {
	s.conn.Raw(func(any) error { return sqldriver.ErrBadConn })
	s.close()
}

func (s *session) close() error {
	if s.conn == nil {
		return nil
	}
	var errs []error
	for _, stmt := range s.stmts {
		errs = append(errs, stmt.Close())
	}
	errs = append(errs, s.conn.Close())
	s.conn, s.stmts = nil, nil
	return errors.Join(errs...)
}

// querier runs one function's statements.
type querier struct {
	s    *session
	lost error // SQLite may have rolled back; nothing more must run
}

var _ store.Querier = (*querier)(nil)

// ExecContext implements store.Querier.
func (q *querier) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := q.ready(ctx, query)
	if err != nil {
		return nil, err
	}
	res, err := stmt.ExecContext(context.WithoutCancel(ctx), args...)
	return res, q.note(err)
}

// QueryContext implements store.Querier.
func (q *querier) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := q.ready(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(context.WithoutCancel(ctx), args...)
	return rows, q.note(err)
}

func (q *querier) ready(ctx context.Context, query string) (*sql.Stmt, error) {
	if q.lost != nil {
		return nil, q.lost
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	stmt, err := q.s.prepare(query)
	return stmt, q.note(err)
}

// note remembers an error after which SQLite may have rolled the transaction
// back by itself (sqlite.org/lang_transaction.html, "Response To Errors Within
// A Transaction"): a further statement would commit on its own.
func (q *querier) note(err error) error {
	if err != nil && rollsBack(err) {
		q.lost = err
	}
	return err
}
