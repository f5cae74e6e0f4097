// Package sqlite keeps the server's database in one SQLite file (WAL,
// synchronous=FULL), through modernc.org/sqlite, without cgo.
//
// SQLite has one writer at a time, and a durable commit costs an fsync. So all
// transactions that write pass through one goroutine, which takes those that
// wait into one transaction, each in a savepoint, and commits them together:
//
//	Update ──▶ queue (bounded) ──▶ writer: BEGIN IMMEDIATE
//	                                  SAVEPOINT, first function, RELEASE
//	                                  SAVEPOINT, second fails, ROLLBACK TO
//	                                  …
//	                                COMMIT (one fsync), then everybody is answered
//
// The functions run in their callers' own goroutines, one at a time when the
// writer says so: a panic or a test's Fatal unwinds where it belongs, and takes
// down only its own savepoint. If the group as a whole fails (a full disk, a
// failed commit), each member runs again alone, so that none suffers for
// another.
//
// Readers have connections of their own, with query_only set, and each View
// sees one snapshot.
//
// A [Driver] may be used by any number of goroutines. It owns one goroutine,
// which [Driver.Close] waits for. Two processes cannot open one file: a lock
// file beside it says who has it.
//
// Tests: the conformance suite of package storetest; a child process that is
// killed while it commits; files that are damaged, read-only, full or in use.
package sqlite
