// Package drive uses Hearthkey as people do, without a person: it starts the
// real programs, presses keys on a TV through its screen's socket, and acts on
// an account through the JSON API. The demo household, the smoke tour, the
// end-to-end tests and the benchmarks are written with it.
//
// A [Process] and a [TV] each own one goroutine, which ends with Stop, Kill or
// Close. Nothing here is safe for concurrent use, except where it says so.
// Waiting is always for a thing that happens, with a deadline from the context,
// and what was seen last is part of the error.
package drive
