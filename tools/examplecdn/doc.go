// Command examplecdn shows how an operator's CDN, player or licence server checks
// play grants: it serves the segments of titles only with a grant that stands. It
// is an example to be read and copied; it knows nothing of Hearthkey but what
// docs/operators.md tells a stranger, and reads grants with another library.
//
//	examplecdn -server https://tv.example -audience tv.example -files ./titles \
//		-client cdn -secret-file ./secret
//	curl -H "Authorization: Bearer $GRANT" http://127.0.0.1:8790/titles/t-hill/1.ts
//
// A grant is checked twice. Its signature and its time say that the server let this
// device play this title within the last five minutes: that takes no request, so
// it goes on where the server is out of reach. Asking the server (RFC 7662) makes
// a sign-out hold at once; the answer is kept for a moment, so that the server is
// not asked for each segment. Without a secret only the first is done, and what was
// revoked is served until its grant ends.
//
// The handler is safe for concurrent use. The test runs it against the real server
// and a real TV.
package main
