// Package web serves the account pages: what the household sees in a browser.
//
// Pages are rendered on the server from one typed struct each, work without
// scripts, and come alive with one small module: local times, and the devices
// board by server-sent events. A GET never acts; every action is a POST that
// answers with a redirect.
//
// # Promises
//
//   - Every page carries a strict content security policy; posts from other
//     sites are refused; the session's cookie is HttpOnly and SameSite=Lax.
//   - A stream of the board checks its web session before each event and at
//     least every 5 s: a signed-out browser sees nothing more.
//   - No error text of Go reaches a reader: a form says what to do, and an
//     unexpected failure shows a reference that finds the log line.
//   - [Site.Changed] never blocks; streams are bounded per account and in all.
//
// # Duties of the caller
//
// Call [Site.Changed] whenever an account's version moves, a device connects or
// leaves, or a receipt arrives. Losing such a call costs up to 5 s. Call
// [Site.Close] before the HTTP server's shutdown waits for requests: it ends the
// streams.
//
// A [Site] is safe for concurrent use. The tests render every page empty and
// full, and drive the handlers over real services on a real database.
package web
