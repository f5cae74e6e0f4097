// Command simulate checks the protocol by random histories of the real code in
// fake time.
//
// A history is an account with an owner's browsers, one or two TVs, one or two
// processes of the server and a faulty network. The server is the real domain
// (server/device and server/profile) on the real SQLite store; a TV is the real
// agent/session machine with what it keeps on a disk. In between, peer.go does
// what server/api and server/hub do, without sockets and goroutines, so that a
// seed replays a history. Anything may happen in any order: sign-ins, approvals,
// sign-outs of each kind, changed profiles, pulled plugs between any two effects
// of a TV, full disks, wrong clocks, standby; cut, stuck, lossy connections whose
// frames arrive after those of later ones; lost hints, processes that crash or
// lose the database; backups restored. A call of the server that takes several
// transactions can have another one happen between any two of them.
//
// The judge (judge.go, proofs.go) knows only what people and TVs were shown, and
// verifies receipts by code of its own. After every step it holds that
//
//   - a TV shows no profile once the board said confirmed, nor past the bound
//     that the board showed;
//   - the board says confirmed only with a receipt that verifies, was sent by
//     that TV, and by a TV whose disk is empty;
//   - no record, board or screen goes back to an older state;
//   - no sign-in that began before a sign-out everywhere survives it;
//   - no TV is taken for a clone of itself;
//
// and when all has healed, that nothing is lost: every TV and the board agree
// with the database, and that with what owners were told.
//
// To see that it can fail, its tests plant bugs around the real code: in TVs and
// nodes (bugs.go) and in the SQL, and want each found.
package main
