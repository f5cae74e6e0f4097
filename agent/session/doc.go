// Package session is the pure heart of a TV's membership of an account: how it
// signs in, keeps its connection, applies the desired state that the server
// signs, proves that it did, and counts its lease.
//
// [Step] takes the model and one event and returns the next model and what is
// to be done, in order. There is no goroutine, clock, I/O or randomness here:
// every event carries the time ([Now]) and 32 fresh random bytes.
//
//	       wanted                due              Connected
//	off ─────────▶ waiting ─────────▶ dialing ─────────▶ greeting
//	 ▲               ▲  Closed, silence, error             │ hello
//	 │ nothing       │◀───────── from every ◀──────┐       ▼
//	 │ wanted        │           stage             │    proving  (unsent proofs, until each is acknowledged)
//	 │               │                             │    │     │
//	 └───────────────┴──── live ◀─ state, still ─ entering   enrolling ─ enrolled ─▶ live
//
// While it enrols, a person may type a password ([SignInWithPassword]) instead of
// using the code: see [SignInStatus]. What they type passes through and is not
// kept, so that after a lost connection it has to be given again.
//
// # What the caller must do
//
//   - Call Step from one goroutine; the model given to it is used up.
//   - Run the effects of one step in order, each finished before the next, except
//     that [Dial], [Send] and [Hangup] only start something. [SaveVault] must be
//     on the disk when it returns; so must [KeepCounts]. If one fails, skip the
//     rest of that step's effects and make [VaultFailed] the very next event.
//   - After Start, and whenever a count of wrong PINs changes, send [PINsTried].
//   - After Start, and whenever it changes, say what controls this TV ([RemotesChanged]).
//   - Say what plays ([PlayTitle], [TitleEnded]), and stop what [Model.Play] says
//     was refused.
//   - After each step ask [Model.Wake] and send a [Tick] then, and also when the
//     box comes back from standby.
//   - Ask [Model.Status] what the screen may show. It says so for a given time:
//     the lease can end between two events.
//
// # Promises
//
//   - A state is never replaced by an older one, and within an epoch the status
//     only gets stricter, whatever arrives in whatever order.
//   - The vault holds a connection's number before auth is sent, and a new status
//     with its signed receipt before anything is erased; the receipt is sent after
//     the erasing is done, and forgotten only when it is acknowledged.
//   - An impossible event or a hostile frame ends in a [Log], at worst in a
//     reconnect; never in a panic, an erasure or a longer lease.
//
// The tests are conversations (testdata/*.txt), property tests of the lease, and
// a model server that loses, repeats and reorders frames while the TV is
// restarted between any two effects.
package session
