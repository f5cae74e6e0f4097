// Package protocol is the contract between the agent on a TV and the server:
// frames, versions, identifiers, error and close codes. It is the
// specification; docs/protocol.md is its reader's edition.
//
// # Connection
//
// The device opens a WebSocket at [Path] with the subprotocol [Subprotocol].
// Each text frame is one JSON object with the member "t", its type. Unknown
// types and members are ignored; a known type with bad content closes the
// connection with [CloseBase] plus a [Code].
//
//	server: hello
//	device: enrol                     server: user_code … enrolled, state, part…
//	        sign_in, send_code, code  server: code_needed | sign_in_refused | enrolled, …
//	   or:  auth                      server: state | still, pins, part…
//	   or:  receipt, signed_out_here  server: receipt_ack
//	then:   ask → still | state · have → what is newer · activity → activity_ack
//	        pin_tries → pin_counts · add_profile, edit_profile → profile_answer · library
//	        play → grant | play_refused · play_end
//	        remotes · remote_wishes · relay → relay_state
//
// # State, not commands
//
// The server signs what should be true ([StateClaims]); the device applies it
// (vault first, then cache) and signs that it did ([ReceiptClaims]). States are
// ordered by epoch, then version ([Newer]); an older one is never applied.
// Sending one twice is harmless.
//
// # Concurrency and tests
//
// Everything here is a value or a pure function, safe for concurrent use. The
// tests replay golden frames of every version (testdata) and fuzz each decoder.
package protocol

// Capability is the single number by which both sides tell what the other can
// do. What changes behaviour raises it, with a line of history here:
//
//	1 (2026-11-25): the first version
//	2 (2026-11-25): sign_in, send_code and code after enrol. A device sends them
//	  only where the server's hello says 2; a server takes them only after an
//	  enrol that says so.
//	3 (2026-11-25): pin_tries and pin_counts, add_profile, edit_profile and
//	  profile_answer, library, the activity kinds listed and unlisted. Each side
//	  sends them only to one that says 3.
//	4 (2026-11-25): play, play_end, grant and play_refused. Each side sends them
//	  only to one that says 4.
//	5 (2026-11-26): the epoch in enrol, which a device sends only where hello says
//	  5; the end date (ends) in a state, which others ignore, and who ended the
//	  session (by) in signed_out_here; the refusal locked.
//	  A key list can name another root key, and keys that were removed. An older
//	  device does not follow a change of the root key: it stays signed in for as
//	  long as the keys of the last list by its own root key sign.
//	6 (2026-11-26): remotes and remote_wishes, relay and relay_state, wishes in
//	  have. Each side sends them only to one that says 6. The end date (ends) in
//	  have.
type Capability int

// CurrentCapability is the capability of this source tree.
const CurrentCapability Capability = 6

// PasswordCapability is the first with sign-in by password.
const PasswordCapability Capability = 2

// HouseholdCapability is the first with PIN counts, profiles added at the TV and
// libraries.
const HouseholdCapability Capability = 3

// GrantCapability is the first with play grants.
const GrantCapability Capability = 4

// EndsCapability is the first with end dates in a state, an epoch in enrol and the
// refusal of a locked account.
const EndsCapability Capability = 5

// RemotesCapability is the first with paired remotes that the account page knows,
// and with a remote there.
const RemotesCapability Capability = 6
