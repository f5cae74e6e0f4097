// Package loadtv is many TVs in one process: clients of the device protocol with
// identity keys, real handshakes and signed receipts, but without an agent
// behind them. They keep no screen, no store and no PINs, so thousands fit
// beside the server that they put load on.
//
// A [Fleet] is households of TVs. Each household is an account of its own that
// signs up and approves its TVs through the public API, with the access code
// from the development outbox, and lives in a loopback network (a /24 of
// 127.0.0.0/8) of its own: the server's limits per network hold as they do for
// real homes, and nothing is relaxed for the load.
//
// Only servers on this machine are spoken to: [New] refuses any other address,
// and every connection is checked again after the dial.
//
// # Concurrency
//
// The methods of a Fleet are called one at a time. Each connected TV owns one
// goroutine; Hangup, Close and the end of the context stop them, and wait.
//
// The tests run a small fleet against a real server in the same process.
package loadtv
