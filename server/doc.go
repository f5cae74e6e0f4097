// Package server puts the server together: it is the only place that picks
// drivers and knows all parts.
//
//	HTTP ─▶ web ──┐                     ┌─▶ store ─▶ sqlite
//	     ─▶ api ──┼─▶ account, profile, ┤
//	TVs  ─▶ api.TVs │  device           └─▶ keyring, notify
//	          ▲    ▼
//	         hub ◀── bus ◀── "account A is at version N"
//
// [New] opens everything and listens; [Server.Run] serves until its context
// ends, then drains: it stops listening, ends pages' streams, tells every
// device when to come back (spread over [Config.Drain]), waits for what is
// under way, writes down when each device was last heard, and closes the
// database.
//
// # Errors
//
// What an operator can do something about is an [*OperatorError]: a sentence
// that says what is wrong and what to do.
//
// # Tests
//
// A real server on a loopback port and a database in a temporary folder; a TV
// written for the test; hostile frames and bodies; and what an operator can get
// wrong.
package server
