// Package api is the server's border for programs: the JSON API under /v1 for
// everything that the account pages do, and the WebSocket on which TVs live.
//
// It holds no rule of the domain. It bounds and decodes what comes in, asks one
// of the domain services, and puts the answer into words: [Explain] is the one
// place where an error becomes a status, a close code and a sentence that tells
// a person what to do. The API describes itself at /v1/openapi.json (OpenAPI
// 3.1); errors are RFC 9457 problem documents.
//
// Callers of the JSON API prove themselves by "Authorization: Bearer" and the
// token that sign-in returned, or by the pages' session cookie, which is taken
// only from requests of the same origin. What asks for a fresh proof is the same
// as on the pages, and docs/security.md says why; a browser gets a new token only
// as its cookie.
//
// # Concurrency and duties
//
// [API.Handler] and [TVs] are safe for concurrent use. [TVs.Run] must run while
// devices are served; what it owes devices is in its comment.
//
// # Tests
//
// Over real listeners on a real database: a TV written for the test signs its
// frames, enrols, is approved through the JSON API and proves its sign-out.
// Tables of hostile frames and bad bodies, each with the state it must leave
// untouched; the OpenAPI document is held against the registered routes, every
// answer of the tests against the document, and every operation against the
// bodies that its schema makes wrong.
package api
