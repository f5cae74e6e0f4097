// Package ecp takes keys by the External Control Protocol, which home automation
// and many apps speak to Roku's players, for households that switch it on.
//
//	s, err := ecp.Start(ecp.Config{Listen: ":8060", TV: tv, Press: press, Type: typed})
//	defer s.Close()
//
// Source: https://developer.roku.com/docs/developer-program/dev-tools/external-control-api.md.
// Of it there are keypress, keydown and keyup for the keys that this TV has and for
// text, launch for the two of
// them that are told of as apps, query/device-info, query/apps, query/active-app and query/media-player, a
// description at "/", and the answer to a search by SSDP for roku:ecp. It says
// nothing about what plays, who is signed in or which box this is: serial number
// and device id are a random one.
//
// # Who may use it
//
// The protocol knows no code and no encryption: whoever is on the home network may
// press keys, and the caller tells nav so by the source of each. What this package
// holds is that nobody else may:
//
//   - only IPv4 peers with a private, link-local or loopback address are let in;
//   - a request must be for the address that it came to, as a number, so that no name
//     that a web page's owner points here reaches it (DNS rebinding);
//   - a request in which a browser says that a page made it (Origin, Referer,
//     Sec-Fetch-Site) is refused, and what only asks changes nothing;
//   - sources that the caller has blocked get no answer to anything;
//   - keys, connections, sizes and times are bounded, for each peer and in all.
//
// # Concurrency
//
// Press and Type are called from the goroutine of a connection, one source's keys in
// the order in which it sends them where it waits for each answer. Blocked may be
// called from any goroutine.
//
// # Duties of the caller
//
// Press and Type must return when the agent stops, or Close waits for them.
//
// # Tests
//
// The tests carry out the attacks above over real sockets; tools/lanpeers/ecp lets
// npm's roku-client find and drive a TV in a network of its own.
package ecp
