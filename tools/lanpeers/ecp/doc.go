// Package ecp meets npm's roku-client, which we did not write, on a home network of
// its own: it finds a TV of ours by its search, reads what it tells, and drives it. A
// browser on that network opens a page that tries to, and somebody from elsewhere.
//
// It is nothing but its test. Its Node packages are installed by tools/needs.sh.
package ecp
