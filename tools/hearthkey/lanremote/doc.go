// Package lanremote is the remote control of the hearthkey command: it remembers the
// TVs that it was paired with, finds them again on the network wherever they are, and
// passes on what is typed in a terminal.
//
//	book, err := lanremote.OpenBook(path)
//	w := lanremote.Wizard{Book: book, Look: look, …}
//	tv, conn, err := w.Pair(ctx, "482913")     // or the QR code's text
//	conn, err = w.Connect(ctx, tv)
//	err = lanremote.Attend(ctx, …)             // until q
//
// A TV is known by its id and its key. An address is only where it was last: where it
// does not answer there, or somebody else does, the network is asked.
//
// A Book belongs to one process at a time; who writes last wins. Nothing here is safe
// for concurrent use but what says so. The tests run it against the TV's real side,
// over a pipe and over a pseudo terminal.
package lanremote
