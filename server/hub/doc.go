// Package hub knows the devices that are connected to this process, and sees
// to it that each is told what should be true.
//
// It decides nothing and stores nothing. A change is committed first; then a
// nudge ("this account is at version 93, its library at 7") reaches [Hub.Nudge], and the hub has
// the truth read and sent, for the connected devices of that account and no
// others. A nudge may be lost, doubled or late: while [Hub.Run] runs, the hub
// asks every few seconds which accounts changed, and nudges itself.
//
//	Add ──▶ idle ──Nudge──▶ waiting ──worker──▶ running ──▶ idle
//	                           ▲                   │ Nudge
//	                           └────── again ◀─────┘
//
// Each device waits at most once, whatever the number of nudges, and the truth
// is read when its turn comes: the latest wins. Devices of an account that a nudge
// found together are told together: one read, everything encoded, then the writes. One
// whose turn somebody else has is left to a push of its own, and on connections whose
// Send may wait each has a goroutine to itself. A device that does not take
// what it is sent is dropped when the write deadline passes, and comes back by
// itself; it holds up nobody until then.
//
// What concerns everybody, another edition of the catalogue or of the key list, is sent by
// [Hub.NudgeAll], which leaves most of the workers to what concerns one account.
//
// # Concurrency
//
// All methods are safe for concurrent use. Everything that carries a state to
// one device goes through [Session.Do], which reads and sends under the
// device's turn, so that an older truth never follows a newer one. Lock order:
// Session.turn, then the hub's own locks, of which none is held while anything
// is read or sent.
//
// # Duties of the caller
//
// Session fields are set before Add. Remove is called once for each session
// that was added, when its connection has ended. Run runs until its context
// ends; then Drain, and last Close.
//
// # Tests
//
// Fake connections under synctest for time, order and load, and real sockets
// for what only they can show.
package hub
