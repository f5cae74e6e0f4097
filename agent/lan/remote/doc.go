// Package remote is where remote controls on the home network reach a TV: it serves
// the WebSocket subprotocol of package tvremote over TLS, pairs remotes, and hands
// the keys of paired ones over.
//
//	strangers ─▶ gate ─▶ TLS 1.3 ─▶ hello ─┬─ key is known ───▶ keys, text
//	                                       └─ unknown ─▶ pair ──┘
//
// # Use
//
//	s, err := remote.Start(remote.Config{Listen: ":8713", …})
//	s.Show(state)                   // on every change
//	s.SetRemotes(list)              // whoever is not in it loses its connection
//	s.Open(tvremote.Household, …)   // somebody at the TV wants to pair
//	s.Close()
//
// # Who may do what
//
// A peer must have an address of a home network, and no browser's page gets in: a
// request that names an origin is refused. Every peer shows a TLS certificate, whose
// key is its name: what a key may do depends on whether it was paired, never on who
// signed the certificate. Strangers can open few connections for a short time, and
// where there are too many the oldest of whoever has most gives way, so that they cannot
// keep a paired remote out. Pairing needs an open [Window]; a wrong code costs one of its tries as
// soon as the TV has answered it.
//
// # Concurrency and duties of the caller
//
// Every method may be called from any goroutine, and none waits for a peer. The
// functions of [Config] are called from connections' goroutines, without a lock
// held, and may call back. Press, Type and Keep must return when the agent stops, or
// Close waits for them. Press and Type check again that the remote is still paired:
// a key can be on its way when it is removed.
//
// Each connection has two goroutines: its reader, which is that of its HTTP request,
// and its writer, which also repeats a key that is held. Each ends the other, and
// Close waits for all.
//
// # Tests
//
// The window is a value, tested without sockets. Everything else runs over real
// sockets: pairing, keys, and the attacks on both.
package remote
