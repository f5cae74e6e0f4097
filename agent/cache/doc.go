// Package cache keeps on the device what the server can send again: documents
// by their digest (snapshot, catalogue), PIN verifiers, the profiles' libraries
// and the queue of activity. It is Badger inside the envelope that was measured to
// be safe on small boxes, and it is never the truth: that is package vault.
//
// # What it promises
//
// Nothing wrong is ever served as good. Every value is sealed (XChaCha20-
// Poly1305) with its key name as associated data, because Badger's own
// encryption has no keyed checksum. A document is checked against its digest,
// the verifiers against their inventory. What Badger cannot promise after
// damage is that the newest values are there: a damaged log brings older ones
// back. So the caller compares [Cache.PinsVersion] and the digests with its
// vault, and what is missing stays locked until the server sends it again.
//
// A write is on disk when its method returns nil; only Progress items of
// activity, and those that are about to be acknowledged, wait to be written
// together (see [Cache.Enqueue] and [Cache.EnqueueWaiting]).
//
// # Opening
//
// [Open] looks at every file before Badger does, since Badger ends the process
// on some damage. A damaged folder is renamed to "<dir>.damaged-1" and built
// anew, empty; [Cache.Rebuilt] says why. A folder under another key is what an
// erasure left behind, and is removed. [ErrDiskFull], [ErrInUse] and
// [ErrFilesystem] change nothing; the caller may go on with Config.InMemory.
//
// One thing remains that no code in the process can catch: a fault in one of
// Badger's own goroutines. [Mark] is the caller's part: kept in the vault, it
// counts openings that never ended and chooses memory after two in a row.
//
// # Concurrency
//
// A Cache is safe for concurrent use. Reads do not wait for writes to reach the
// disk. Close ends every goroutine.
//
// Tested with kill -9 loops, damage at random places of every kind of file,
// planted empty files, a full tmpfs, and all of it as GOARCH=386 too.
package cache
