// Command simulate checks the protocol by random histories of the real code in
// fake time.
//
// A history is one or two accounts of one server, each with an owner's browsers,
// one or two TVs that go from account to account, one or two processes of the
// server and a faulty network. The server is the real domain (server/device,
// server/profile, server/grant, server/account, server/operator) on the real
// SQLite store, with the real keys; a TV is the real agent/session machine with
// what it keeps on a disk. In between, peer.go does what server/api and server/hub
// do, without sockets and goroutines, so that a seed replays a history. Anything
// may happen in any order: sign-ins by user code and by password, approvals with
// and without an end date, sign-outs of each kind by owners and operators,
// reports of stolen TVs, locks, sign-outs of everyone, films that play, changed
// profiles and keys, pulled plugs between any two effects of a TV, full disks,
// wrong clocks, standby; cut, stuck, lossy connections whose frames arrive after
// those of later ones; lost hints, processes that crash or lose the database;
// backups restored. A call of the server that takes several transactions can have
// another one happen between any two of them.
//
// The judge (judge.go and the files that it names) knows only what people and TVs
// were shown, and verifies receipts and play grants by code of its own. After
// every step it holds that
//
//   - a TV shows no profile once the board said confirmed, nor past the bound
//     that the board showed, nor past the latest end date that it had; in contact,
//     not for long after it was signed out;
//   - the board says confirmed only with a receipt that verifies, was sent by
//     that TV, and by a TV whose disk is empty; it tells the end date that was set,
//     and of a deactivated device no place;
//   - no record, board or screen goes back to an older state;
//   - no sign-in and no act of a browser that began before a sign-out everywhere
//     survives it, no sign-in to a locked account happens, and none of a TV that was
//     reported stolen;
//   - a TV is signed in to one account at a time, and an account has no more
//     devices, and plays on no more, than the operator allows;
//   - a play grant is given to nobody whose sign-in has ended, is good for five
//     minutes and not past an end date, and stands for nobody who asks the server
//     once its time, its sign-in or its key has ended;
//   - no TV is taken for a clone of itself;
//
// and when all has healed, that nothing is lost: every TV and the board agree
// with the database, and that with what owners were told; no TV waits for a lease of
// a sign-in that a restored database has lost; stolen TVs report where
// they are and were; every TV has the newest keys and believes none that leaked;
// who may play does.
//
// To see that it can fail, its tests plant bugs around the real code: in TVs and
// nodes (bugs.go) and in the SQL, and want each found. A run tells how often each
// step was taken, and how often each rule had something to hold (coverage.go).
package main
