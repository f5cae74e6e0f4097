// Package postgres keeps the server's database in PostgreSQL 13 or newer, through
// pgx and database/sql. Several servers may share one database.
//
// Every Update is a SERIALIZABLE transaction: what fails for another's sake (40001,
// 40P01) runs again, with growing pauses, until its context ends. So does what the
// loss of a connection cut off before its COMMIT was sent: a database that restarts
// costs time, and no request. Where the connection is lost while a COMMIT is under
// way nobody knows what became of it: that is store.ErrIO and never runs again. A View
// is one REPEATABLE READ snapshot, read only.
//
// The SQL and this driver stay within what CockroachDB and YugabyteDB take too: no
// advisory locks, no LISTEN, no serial columns, no FOR UPDATE. What is PostgreSQL's
// own is left out where the database says that it is another one: see [Driver.Scrub]
// and the check of its version.
//
// Statements are not interrupted when a request is given up, which would cost the
// connection: contexts are looked at between statements, and the database ends what
// takes longer than store.TxLimit.
//
// A [Driver] may be used by any number of goroutines. It owns two pools of
// connections, one for Updates and one for Views, which [Driver.Close] waits for.
//
// Tests: the conformance suite of package storetest on a throw-away PostgreSQL
// (package pgcluster), which is restarted and killed under it; what a scrub leaves in
// the raw files.
package postgres
