// Package local is the agent's API for the box's own software: JSON-RPC 2.0 over a
// Unix socket, and over a WebSocket on loopback for middleware that is a web page.
// What the screen's page does with keys, middleware does here, and more: it reads the
// state, asks for decisions, takes play grants, reports what its own player plays, and
// signs the TV out.
//
//	s, err := local.Start(local.Config{Socket: "/run/hearthkey/api", Do: do})
//	s.Tell(local.TopicView, view) // on every change
//	s.Close()
//
// # The wire
//
// On the Unix socket each message is one line, on the WebSocket one text message. A
// message is at most 4 KiB towards the agent. It holds one request; batches are
// refused. Requests of one connection are carried out one after another, in order:
//
//	→ {"jsonrpc":"2.0","id":1,"method":"hello","params":{"client":"demo"}}
//	← {"jsonrpc":"2.0","id":1,"result":{"api":1,"agent":"1.2.0"}}
//	→ {"jsonrpc":"2.0","id":2,"method":"subscribe","params":{"events":["view"]}}
//	← {"jsonrpc":"2.0","method":"view","params":{"screen":"gate",…}}
//	← {"jsonrpc":"2.0","id":2,"result":{}}
//
// Calls, results, events and errors are the types in api.go. A field that is not known is refused:
// a misspelt one would otherwise do nothing, in silence.
//
// # What is promised
//
// [Version] is the API's number. Within it nothing is taken away and nothing changes
// its meaning: testdata/api.v1.txt lists what there is, and a test fails where a
// line of it does not hold any more. New calls, and new optional fields anywhere, may
// come: a client ignores fields of results and events that it does not know, and asks hello for the
// number.
//
// # Who may connect
//
// The Unix socket has mode 0600 and takes only processes of the agent's own user and
// root, told by the kernel (SO_PEERCRED); with a Group it has 0660, and the kernel holds
// it to that group. The WebSocket is on loopback only, answers only to a loopback name, and
// takes nothing but hello with the token until that is right, and that from no page of the network. Whoever may connect can do what a
// person with the remote can, and more: sign the TV out. It is given no secret but play grants.
//
// # Concurrency
//
// Tell may be called from any goroutine and never waits for a client: for each event a
// client is sent the newest value when it is ready for one, and those between are left out. An
// event that belongs to a call (the view that includes a key) is sent before the call's
// result. A client that does not read is waited for by nobody: its requests are not
// read either, and after 5 s it is cut off. [Config.Do] is called from the
// goroutine of the connection; it must return when the agent ends.
package local
