// Package poller owns the sockets of devices. It upgrades the HTTP request,
// reads and bounds what a device sends and hands each whole message to the
// connection's [Handler]; it writes what others send.
//
// The handler never reads: it is called. So a connection needs no code of its
// own while it is idle, and how the poller waits for bytes is its own affair. There are
// two ways, of which the second is what the first must equal, test by test:
//
//   - [Epoll], on Linux: no goroutine and no buffer for an idle device. After the
//     upgrade the socket is taken away from net/http; one goroutine waits for all of
//     them, reads, cuts what came into frames and answers pings. Whole messages go to a
//     worker, which has gorilla/websocket decode them without a socket and calls the
//     handler. Who sends writes to the socket at once; what it does not take waits for
//     it and for nobody else.
//   - [Portable]: one goroutine per connection that only reads, small read buffers,
//     write buffers from a pool. It serves other systems.
//
// TLS that ends in this process is the standard library's in both. With [Epoll] it takes
// no goroutine either: [NewTLSListener].
//
// The caller of [Poller.Accept] returns from its HTTP handler at once, and net/http's
// buffers are freed.
//
// # Concurrency
//
// Calls of one connection's handler never overlap; [Handler.Closed] is the last
// one. All methods of [Conn] are safe for concurrent use, also from within the
// handler, and none waits longer than the write timeout; with [Epoll] none waits at all. [Poller.Close] waits
// for every goroutine of the package.
//
// # Tests
//
// One suite for both ways, with real sockets on loopback: a reader that stops reading,
// floods, oversized and half-sent messages, ten thousand connects, and a check that no
// goroutine is left. A fuzz target holds the cutting of frames against gorilla's own
// reader. Descriptors that change hands, half-open and half-closed sockets, and full
// ones have a test each.
package poller
