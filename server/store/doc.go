// Package store keeps everything the server must remember, in one SQL
// database, and is the only place where SQL is written.
//
// A [DB] is opened over a [Driver] (package sqlite; the contract is what
// another engine has to meet, and package storetest checks it). Callers run
// transactions:
//
//	err := db.Update(ctx, func(tx *store.Tx) error {
//		account, err := tx.Account(id)
//		...
//		return tx.SetPassword(...)
//	})
//
// The methods of [Tx] are sorted by domain into files: plain SQL in the subset
// that SQLite and PostgreSQL share, $1 placeholders, times as BIGINT
// milliseconds since 1970 (UTC), UUIDv7 as text, account_id first in primary
// keys, so that the same schema can be sharded later.
//
// # Promises
//
//   - When [DB.Update] returns nil the change is on disk: it survives kill -9
//     and a power cut. When it returns an error, nothing of it is there, except
//     after a failed commit of a failing disk, where the outcome is unknown.
//   - Transactions are serializable. A View sees one moment and blocks nobody.
//   - A DB may be used by any number of goroutines. A Tx belongs to the
//     function it was given to, and ends with it.
//
// # Duties of the caller
//
//   - The function may run again after a conflict: it touches nothing but its
//     Tx and variables it sets anew. What must follow a commit goes into
//     [Tx.OnCommit].
//   - The function does no I/O and does not wait: other writers queue behind it.
//   - A statement that fails ends the transaction (as in PostgreSQL): "insert,
//     and if it exists do something else" is written with ON CONFLICT.
//     [ErrNotFound] is no failure in this sense.
//   - Update inside Update waits for itself until [TxLimit]; pass the Tx along.
package store
