// Package poller owns the sockets of devices. It upgrades the HTTP request,
// reads and bounds what a device sends and hands each whole message to the
// connection's [Handler]; it writes what others send.
//
// The handler never reads: it is called. So a connection needs no code of its
// own while it is idle, and how the poller waits for bytes is its own affair.
// This is the portable way: one goroutine per connection that only reads, small
// read buffers, write buffers from a pool, no goroutine and no channel for
// writing. The caller of [Poller.Accept] returns from its HTTP handler at once,
// and net/http's buffers are freed.
//
// # Concurrency
//
// Calls of one connection's handler never overlap; [Handler.Closed] is the last
// one. All methods of [Conn] are safe for concurrent use, also from within the
// handler, and none waits longer than the write timeout. [Poller.Close] waits
// for every goroutine of the package.
//
// # Tests
//
// Real sockets on loopback, a reader that stops reading, floods, oversized and
// half-sent messages, ten thousand connects, and a check that no goroutine is
// left.
package poller
